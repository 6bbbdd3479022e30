"""`tael version`: what runs here, for a report."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from kit.options import command
from kit.output import Output

_STANDS_ON = (
    "click",
    "msgpack",
    "cryptography",
    "pynacl",
    "lmdb",
    "hypothesis",
    "starlette",
    "uvicorn",
)


def own_version() -> str:
    """The version of Tael that is installed."""
    return _version_of("tael") or "0 (not installed)"


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@command("version", examples="tael version\ntael version --json")
def version(out: Output) -> None:
    """Show the versions of Tael, of Python, and of the libraries it stands on."""
    libraries = {name: _version_of(name) or "not installed" for name in _STANDS_ON}
    out.line(f"tael {own_version()}")
    rows = [("python", f"{platform.python_implementation()} {platform.python_version()}")]
    rows += [("system", f"{sys.platform} {platform.machine()}"), *libraries.items()]
    out.pairs(rows)
    out.result({"ok": True, "tael": own_version(), "python": platform.python_version(), "libraries": libraries})
