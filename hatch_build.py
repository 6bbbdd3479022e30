"""Compiles the modules that take most of a node's time with mypyc, for who builds a wheel with `HATCH_BUILD_HOOKS_ENABLE=1`.

It needs a C compiler. Without it the same modules run as they are, with the same outcome (docs/architecture.md, "Compiled
modules"). Nothing is written into the source tree: all is made in a directory that goes when the wheel is there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("vm", "lang", "chain", "kit")
COMPILED = {
    "chain/primitives": "account address codec ed25519 hash header keys keyspace policy receipt transaction",
    "chain/state": "overlay pending sealed tree tree_build tree_cache tree_page undo writing",
    "chain/currency": "mandates records supply wallets",
    "chain/ledger": "admission apply contracts execution machine parameters residence",
    "chain/node": "agenda batch commit frames node outcome pool pool_accounts pool_lane pool_order producer remote waiting",
    "vm": "journal machine values",
}
"""The names of the modules, by their folder."""
_SETUP = """
import sys
from mypyc.build import mypycify
from setuptools import setup
setup(name="tael-compiled", packages=[], ext_modules=mypycify(sys.argv.pop().split(","), opt_level="1", debug_level="0"))
"""
_MYPY = "[mypy]\nstrict = true\nignore_missing_imports = true\n"


class CompileModules(BuildHookInterface[Any]):
    """Puts a compiled module beside each of `COMPILED`, which Python imports before it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the installation is to follow the sources as they change. Raises `CalledProcessError`."""
        if version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp(prefix="tael-build-"))
        for package in PACKAGES:
            shutil.copytree(Path(self.root, package), self._folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        (self._folder / "setup.py").write_text(_SETUP)
        (self._folder / "mypy.ini").write_text(_MYPY)
        files = [f"{folder}/{name}.py" for folder, names in COMPILED.items() for name in names.split()]
        subprocess.run(
            [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", ",".join(files)], cwd=self._folder, check=True
        )
        made = [path for path in self._folder.rglob("*.so") if "build" not in path.relative_to(self._folder).parts]
        build_data["force_include"].update({str(path): str(path.relative_to(self._folder)) for path in made})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made on the way."""
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)
