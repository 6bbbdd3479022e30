"""The file of a chain's specification: how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chain.node.wallet_file import with_wallets
from chain.primitives.json_text import parse_json
from chain.primitives.limits import GENESIS_FILE_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused


def read_genesis(file: Path) -> dict[str, Any]:
    """The specification in a file, with the wallets of the file that it names; what it says is not looked at. Raises `Refusal`
    WrongGenesis.
    """
    try:
        if file.stat().st_size > GENESIS_FILE_BYTES_MAX:
            raise _wrong(f"{file} has more than {GENESIS_FILE_BYTES_MAX} bytes", "Name the file of the specification.")
        found = parse_json(file.read_bytes())
    except OSError as error:
        remedy = "`tael node genesis new FILE` writes a specification."
        raise _wrong(f"{file} cannot be read: {error.strerror}", remedy) from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _wrong(f"{file} is no genesis specification", "It is one JSON object.")
    return with_wallets(found, file.parent)


def _wrong(message: str, remedy: str) -> Refusal:
    return Refusal(Refused.WRONG_GENESIS, message, remedy)
