"""The file of a genesis with many wallets: rows (`chain.ledger.wallet_rows`) beside the specification, which names it with its
hash: `"wallets": {"file": "wallets.rows", "count": 1000000, "sha256": "…"}`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.ledger.wallet_rows import wallet_row
from chain.primitives.codec import as_int, as_text
from chain.primitives.keys import check_public_key
from chain.primitives.limits import GENESIS_WALLETS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.state.sorting import Sorting

_CHUNK_BYTES = 256 * 1024
_NAME_CHARACTERS_MAX = 128
_HASH_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class WalletFile:
    """The rows in a file, as `WalletRows`."""

    path: Path
    count: int
    sha256: bytes

    def __len__(self) -> int:
        return self.count

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the file. Raises `Refusal` WrongGenesis."""
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise _wrong(f"the file of wallets {self.path} cannot be read: {error.strerror}") from None


def with_wallets(specification: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A specification whose wallets are those of the file that it names, in the folder that it is from; one that lists them, as
    it is. Raises `Refusal` WrongGenesis.
    """
    named = specification.get("wallets")
    if not isinstance(named, Mapping):
        return dict(specification)
    if set(named) != {"file", "count", "sha256"}:
        raise _wrong("wallets are a list, or have the fields count, file and sha256")
    try:
        name = as_text(named["file"], "a file of wallets", _NAME_CHARACTERS_MAX)
        count = as_int(named["count"], 1, GENESIS_WALLETS_MAX, "a count of wallets")
        digest = bytes.fromhex(as_text(named["sha256"], "a hash of wallets", _HASH_CHARACTERS))
    except Refusal as refusal:
        raise _wrong(refusal.message) from None
    except ValueError:
        raise _wrong("the hash of the file of wallets is 32 bytes in hexadecimal") from None
    if Path(name).name != name:
        raise _wrong("the file of wallets is named without its folder: it is beside the specification")
    return {**specification, "wallets": WalletFile(folder / name, count, digest)}


def write_wallets(path: Path, wallets: Iterable[tuple[bytes, Mapping[str, int]]]) -> dict[str, Any]:
    """Write a file of wallets, given as public keys with minor units by currency in any order, however many; what stands for it
    in the specification beside it. A key that comes again is refused. Raises `Refusal` WrongGenesis, and `StoreFailed`.
    """
    with closing(Sorting(path.parent)) as rows:
        for key, balances in wallets:
            rows.add(wallet_row(check_public_key(key), balances))
        try:
            with path.open("xb") as file:
                count, digest = _write(rows, file.write)
        except OSError as error:
            raise _wrong(f"{path} cannot be written: {error.strerror}") from None
    return {"file": path.name, "count": count, "sha256": digest}


def _write(rows: Iterable[bytes], write: Callable[[bytes], object]) -> tuple[int, str]:
    digest, count, before = hashlib.sha256(), 0, b""
    for row in rows:
        key = row[3 : 3 + row[2]]  # after the array of two and the two bytes of a byte string's length
        if key == before:
            raise _wrong(f"the wallet of key {key.hex()} is there twice")
        before = key
        write(row)
        digest.update(row)
        count += 1
    return count, digest.hexdigest()


def _wrong(message: str) -> Refusal:
    return Refusal(Refused.WRONG_GENESIS, message)
