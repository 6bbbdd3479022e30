"""Projects: `tael.toml`, where the contracts of a project are, and which files a command is about."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.problem import missing

FILE = "tael.toml"
SUFFIX = ".tael"
_SKIPPED = frozenset({"__pycache__", "node_modules", "out"})
_KEYS = {
    "project": {"name": str, "contracts": str, "out": str},
    "network": {"node": str, "from": str, "currency": str},
}


@dataclass(frozen=True, slots=True)
class Project:
    """What `tael.toml` says. Without one, `root` is the current folder and the rest are defaults."""

    root: Path
    file: Path | None = None
    name: str = ""
    contracts: str = ""
    out: str = "out"
    node: str | None = None
    wallet: str | None = None
    currency: str | None = None

    @property
    def contracts_folder(self) -> Path:
        """Where the project's contracts are."""
        return self.root / self.contracts

    @property
    def out_folder(self) -> Path:
        """Where `tael build` writes."""
        return self.root / self.out


def find_project(start: Path | None = None) -> Project:
    """The project of a folder: the nearest `tael.toml` in it or above it. Raises `Problem` if that is not in order."""
    folder = (start or Path.cwd()).absolute()
    for root in (folder, *folder.parents):
        if (root / FILE).is_file():
            return _read(root)
    return Project(folder)


def _read(root: Path) -> Project:
    file = root / FILE
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise missing(f"{_shown(file)} is not TOML: {error}", "Correct it; `tael new` writes a sound one.") from None
    for section, table in content.items():
        if section not in _KEYS or not isinstance(table, dict):
            raise missing(f"{_shown(file)}: [{section}] is not known", f"Known: {', '.join(f'[{s}]' for s in _KEYS)}")
        for key, value in table.items():
            if key not in _KEYS[section]:
                known = ", ".join(_KEYS[section])
                raise missing(f"{_shown(file)}: {key} is not known in [{section}]", f"Known: {known}")
            if not isinstance(value, _KEYS[section][key]):
                raise missing(f"{_shown(file)}: {key} in [{section}] must be a text", f'Write {key} = "…"')
    project: dict[str, Any] = content.get("project", {})
    for key in ("contracts", "out"):
        # A project is not trusted: what it says must not make Tael read or write elsewhere.
        folder = Path(project.get(key, ""))
        if folder.is_absolute() or ".." in folder.parts or not (root / folder).resolve().is_relative_to(root.resolve()):
            raise missing(f"{_shown(file)}: {key} leads out of the project", "Name a folder within the project.")
    network: dict[str, Any] = content.get("network", {})
    return Project(
        root,
        file,
        name=project.get("name", root.name),
        contracts=project.get("contracts", "contracts"),
        out=project.get("out", "out"),
        node=network.get("node"),
        wallet=network.get("from"),
        currency=network.get("currency"),
    )


def find_sources(paths: Sequence[str]) -> list[Path]:
    """The contract files that a command is about, sorted: the files and folders named, else the project's.

    Raises `Problem` when there are none, so that a typing error never looks like success.
    """
    if not paths:
        project = find_project()
        folder = project.contracts_folder
        if not folder.is_dir():
            raise missing(f"the project's folder {_shown(folder)} is not there", f"See contracts in {FILE}.")
        return _in_folder(folder, "Name one, or begin a project with `tael new NAME`.")
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            found.update(dict.fromkeys(_in_folder(path, f"Contracts are files that end in {SUFFIX}.")))
        elif path.is_file():
            found[path] = None
        else:
            said = "is neither a file nor a folder" if path.exists() else "is not there"
            raise missing(f"{text} {said}", "Check the path.")
    return list(found)


def _in_folder(folder: Path, remedy: str) -> list[Path]:
    found: list[Path] = []
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        found.extend(Path(top) / name for name in files if name.endswith(SUFFIX))
    if not found:
        where = "this folder" if _shown(folder) == "." else _shown(folder)
        raise missing(f"no {SUFFIX} files in {where}", remedy)
    return sorted(relative(path) for path in found)


def relative(path: Path) -> Path:
    """The path as seen from the current folder, where it lies below it."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


def read_source(path: Path) -> str:
    """The text of a contract. Raises `Problem` if it is not text in UTF-8."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise missing(f"{path} is not text in UTF-8 (byte {error.start})", "Save it as UTF-8.") from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside it first, then in its place. Keeps the mode of a file that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def split_target(text: str) -> tuple[Path, str | None]:
    """`escrow.tael:Escrow` as (file, contract); the contract may be left out. Raises `Problem` if there is no file."""
    path, colon, contract = text.rpartition(":")
    if not colon or Path(text).is_file():
        path, contract = text, ""
    if not Path(path).is_file():
        said = f"{path} is not a file" if Path(path).exists() else f"{path} is not there"
        raise missing(said, "Name a contract file, as in `contracts/escrow.tael` or `escrow.tael:Escrow`.")
    return Path(path), contract or None


def _shown(path: Path) -> str:
    return str(relative(path))
