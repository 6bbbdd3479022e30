"""The wallets of a genesis that has too many for a list: canonical msgpack rows one after the other, in the order of their keys,
each key once.

```
row      [key, [[currency, amount]…]]       currencies sorted, amounts from 1
```

They are what the description of a genesis has in it, so that a chain has the same genesis whether its wallets are listed or come
as rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

import msgpack

from chain.primitives.codec import amount_plain, as_amount, as_list, encode
from chain.primitives.keys import PUBLIC_KEY_BYTES_MAX, check_public_key
from chain.primitives.limits import CURRENCIES_MAX, CURRENCY_CODE_CHARACTERS_MAX
from chain.primitives.refusal import Refusal, Refused

Row: TypeAlias = tuple[bytes, list[list[Any]], bytes]
"""A key, plain balances, and the row itself."""


class WalletRows(Protocol):
    """Rows, wherever they are: how many, the SHA-256 of all their bytes, and these, in pieces of any size."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    @property
    def sha256(self) -> bytes:
        """Of all rows, 32 bytes."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes of all rows."""


def wallet_row(key: bytes, balances: Mapping[str, int]) -> bytes:
    """The row of a wallet. Balances of nothing have no place in it."""
    return encode([key, [[code, amount_plain(balances[code])] for code in sorted(balances) if balances[code]]])


def read_rows(rows: WalletRows, currencies: Collection[str]) -> Iterator[Row]:
    """The wallets of rows. Raises `Refusal` WrongGenesis where one is none, and at the end if they are not the named ones."""
    digest, count, before = sha256(), 0, b""
    for plain in _unpacked(rows.chunks()):
        key, balances = as_list(plain, "a wallet", size=2)
        if check_public_key(key) <= before:
            raise _wrong(f"key {key.hex()} is not after the one before it")
        before = key
        _check_balances(balances, currencies)
        row = encode(plain)
        digest.update(row)  # of what is the one encoding, so that bytes that are not do not have the hash
        count += 1
        yield key, balances, row
    if count != rows.count or digest.digest() != rows.sha256:
        raise _wrong(f"the file of wallets is another than is named: {count} rows with hash {digest.hexdigest()}")


def _unpacked(chunks: Iterable[bytes]) -> Iterator[Any]:
    unpacker = msgpack.Unpacker(
        raw=False,
        max_array_len=CURRENCIES_MAX,
        max_map_len=0,
        max_ext_len=0,
        max_bin_len=PUBLIC_KEY_BYTES_MAX,
        max_str_len=CURRENCY_CODE_CHARACTERS_MAX,
        max_buffer_size=0,
    )
    try:
        for chunk in chunks:
            unpacker.feed(chunk)
            yield from unpacker
    except (ValueError, TypeError, RecursionError) as error:
        raise _wrong(f"the file of wallets has something else in it: {type(error).__name__}") from None


def _check_balances(balances: object, currencies: Collection[str]) -> None:
    before = ""
    for pair in as_list(balances, "balances", most=CURRENCIES_MAX):
        code, amount = as_list(pair, "a balance", size=2)
        if type(code) is not str or code not in currencies or code <= before:
            raise _wrong(f"{code!r} is no currency, or is not after the one before it")
        if not as_amount(amount, "a balance"):
            raise _wrong("a balance is at least 1 minor unit")
        before = code


def _wrong(message: str) -> Refusal:
    return Refusal(Refused.WRONG_GENESIS, message)
