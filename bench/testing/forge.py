"""Forge, the test runner of Foundry in Rust, brought by npm with the compiler of Solidity as JavaScript.

Both lie in the user's cache folder, outside of the repository. npm holds what it brings against the checksums of its
registry. Forge takes a program for `solc`: a script of a few lines stands in for it that feeds the compiler in JavaScript, so
compiling is slow; it is done before anything is timed, and no figure has it in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.testing import work
from bench.testing.running import Broken, Ran, run

VERSION = "1.7.1"
SOLC_VERSION = "0.8.30"
PACKAGES = {f"forge-{VERSION}": f"@foundry-rs/forge-linux-amd64@{VERSION}", f"solc-{SOLC_VERSION}": f"solc@{SOLC_VERSION}"}
INSTALL_SECONDS_MAX = 300

SOLC = """#!/bin/sh
case "$*" in
*--version*) printf 'solc, the solidity compiler commandline interface\\nVersion: {version}+commit.73712a01.Linux.g++\\n' ;;
*) exec {node} -e 'process.stdout.write(require("{module}").compile(require("fs").readFileSync(0, "utf8")))' ;;
esac
"""
SETTINGS = """[profile.default]
src = "src"
test = "test"
solc = "{solc}"
optimizer = true
offline = true
threads = 1
[fuzz]
runs = {runs}
seed = "0x1"
[invariant]
runs = {histories}
depth = {steps}
fail_on_revert = false
"""


class Absent(Exception):
    """Forge cannot be had here; the text says why."""


def _brought(folder: str, inside: str) -> Path:
    """Something that npm brings, if it is not there yet. Raises `Absent`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tael-bench" / folder
    found = cache / "node_modules" / inside
    if not found.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise Absent("there is no npm to bring it")
        cache.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(cache), PACKAGES[folder]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS_MAX)
        if done.returncode or not found.exists():
            raise Absent(f"npm does not bring {PACKAGES[folder]}: {(done.stderr.strip().splitlines() or ['nothing said'])[-1]}")
    return found


@dataclass(frozen=True, slots=True)
class Forge:
    """A project in a folder, compiled."""

    program: Path
    folder: Path

    @classmethod
    def prepared(cls, folder: Path, *, runs: int, histories: int) -> Forge:
        """The project with all tests, compiled. Raises `Absent`, `Broken`."""
        program = _brought(f"forge-{VERSION}", "@foundry-rs/forge-linux-amd64/bin/forge")
        module = _brought(f"solc-{SOLC_VERSION}", "solc")
        node = shutil.which("node")
        if node is None:
            raise Absent("there is no node to compile Solidity with")
        for name in ("src", "test"):
            (folder / name).mkdir(parents=True)
        shutil.copy(work.ROOT / "bench" / "peers" / "token.sol", folder / "src" / "Token.sol")
        for name, text in (
            ("Unit", work.unit_solidity()),
            ("Fuzz", work.fuzz_solidity()),
            ("Stateful", work.stateful_solidity()),
        ):
            (folder / "test" / f"{name}.t.sol").write_text(text, encoding="utf-8")
        solc = folder / "solc"
        solc.write_text(SOLC.format(version=SOLC_VERSION, node=node, module=module), encoding="utf-8")
        solc.chmod(0o755)
        settings = SETTINGS.format(solc=solc, runs=runs, histories=histories, steps=work.STEPS)
        (folder / "foundry.toml").write_text(settings, encoding="utf-8")
        built = run([str(program), "build"], folder)
        if built.code:
            raise Broken(f"Forge does not build: {built.output[-300:]}")
        return cls(program, folder)

    def run(self, contract: str) -> tuple[Ran, dict[str, Any]]:
        """Run the tests of one contract: the process, and each test's report. Raises `Broken`."""
        return self._run("--match-contract", contract)

    def run_one(self) -> Ran:
        """Run a single test: what everything takes but the tests. Raises `Broken`."""
        return self._run("--match-test", r"test_unit_0\(")[0]

    def _run(self, *choice: str) -> tuple[Ran, dict[str, Any]]:
        ran = run([str(self.program), "test", "--json", *choice], self.folder)
        if ran.code or "{" not in ran.output:
            raise Broken(f"Forge fails: {ran.output[-300:]}")
        suites = json.loads(ran.output[ran.output.index("{") :])
        return ran, {name: test for suite in suites.values() for name, test in suite["test_results"].items()}
