"""Contracts by file and name: found, compiled once, put on the ledger of the tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from chain.client.handles import Contract
from kit.problem import Problem
from kit.project import SUFFIX, find_project
from kit.pytesting.lab import LabLedger
from lang.compiler import Compilation, Compiled, compile_file
from lang.render import render

_compiled: dict[tuple[Path, int], Compilation] = {}


class Deployer:
    """`deploy("token.tael", 1_000, sender=alice)`: see `__call__`."""

    def __init__(self, ledger: LabLedger, root: Path) -> None:
        """`root` is the folder of the tests' project."""
        self._ledger = ledger
        self._root = root

    def __call__(self, what: Any, /, *arguments: Any, **named: Any) -> Any:
        """Put a contract on the ledger and give its handle.

        `what` is a file (`"token.tael"`), a contract in it (`"token.tael:FixedToken"`), the name of a contract of the project, or
        all that `Ledger.deploy` takes. A file is looked for beside the caller, in the project's folder of contracts, and in its
        root. The rest are the arguments of its `init` and terms; without a `sender` it is alice.
        """
        code = self.find(what, _caller()) if isinstance(what, str | Path) and not str(what).endswith(".tmod") else what
        named.setdefault("sender", self._ledger.wallets["alice"])
        return self._ledger.deploy(code, *arguments, **named)

    def at(self, what: Any, address: Any) -> Contract:
        """The handle of a contract that is there already."""
        found: Contract = self._ledger.contract(self.find(what, _caller()) if isinstance(what, str | Path) else what, address)
        return found

    def find(self, what: str | Path, here: Path | None = None) -> Compiled:
        """The compiled contract, looked for in the folder `here` first. Raises `Problem` with the compiler's findings."""
        return find_contract(what, here or self._root, self._root)


def find_contract(what: str | Path, here: Path, root: Path) -> Compiled:
    """A contract by its file, looked for in a folder and in the project of another one, or by its name in that project. Raises
    `Problem` that says what is wrong, with the compiler's findings.
    """
    text = str(what)
    path, _, name = text.rpartition(":") if SUFFIX + ":" in text else (text, "", "")
    if not path.endswith(SUFFIX):
        return _by_name(path, root)
    compilation = _compile(_place(path, here, root))
    if name and name not in compilation.contracts:
        raise Problem(f"{path} has no contract {name}", f"It has {', '.join(compilation.contracts) or 'none'}.")
    if not name and len(compilation.contracts) != 1:
        choices = ", ".join(f'"{path}:{contract}"' for contract in compilation.contracts)
        raise Problem(f"{path} has {len(compilation.contracts)} contracts", f"Say which: {choices}" if choices else "")
    return compilation.contracts[name or next(iter(compilation.contracts))]


def _place(path: str, here: Path, root: Path) -> Path:
    project = find_project(root)
    folders = dict.fromkeys([here, project.contracts_folder, project.root, root])
    for folder in folders:
        if (folder / path).is_file():
            return (folder / path).resolve()
    raise Problem(f"{path} is not there", f"Looked in {', '.join(map(str, folders))}.")


def _by_name(name: str, root: Path) -> Compiled:
    folder = find_project(root).contracts_folder
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        if f"contract {name}" in path.read_text("utf-8", "replace"):
            found = _compile(path).contracts
            if name in found:
                return found[name]
    raise Problem(f"no file in {folder} has a contract {name}", 'Name the file: "token.tael", "token.tael:FixedToken".')


def _caller() -> Path:
    """The folder of whoever calls the function that asks."""
    return Path(sys._getframe(2).f_code.co_filename).parent


def _compile(path: Path) -> Compilation:
    """Once for each file and time of change."""
    key = path, path.stat().st_mtime_ns
    if key not in _compiled:
        _compiled[key] = compile_file(path)
    compilation = _compiled[key]
    if not compilation.ok:
        findings = "\n\n".join(render(finding) for finding in compilation.findings if finding.is_error)
        raise Problem(f"{path} does not compile\n\n{findings}", "Mend it; `tael explain CODE` says more.", code="DoesNotCompile")
    return compilation
