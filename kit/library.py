"""Where the contracts that come with Tael are: beside this package when installed, in the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

from kit.problem import missing

_PLACES = (Path(__file__).parent / "contracts", Path(__file__).parent.parent / "contracts")


def library_folder() -> Path:
    """The folder of the contracts that come with Tael."""
    for place in _PLACES:
        if (place / "examples").is_dir():
            return place
    raise missing("the contracts that come with Tael are not there", "Install Tael again.")


def example(name: str) -> Path:
    """The file of an example, such as "escrow"."""
    return library_folder() / "examples" / f"{name}.tael"
