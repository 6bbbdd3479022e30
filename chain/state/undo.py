"""What a block has overwritten: one record a block, with which the state before it can be had again.

```
record   section…             in any order; a section of another kind is refused, not passed over
section  kind(1) length(4) bytes
kind h   the head before the block, as it was stored
kind s   count(4), length of every key(2), length of every old value(4), keys, old values
```

Numbers are big-endian. Old values are as they were stored, with their own checksums, and are looked at when they are
used; a length of FFFFFFFF says that there was none. Keys are sorted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct, error, pack, unpack_from

from chain.primitives.refusal import StoreFailed

_SECTION = Struct(">cI")
_COUNT = Struct(">I")
_HEAD, _STATE = b"h", b"s"
_NONE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Undo:
    """A record: the head before the block, and the old values of what it changed in the flat state, None where there was
    none. All as they were stored.
    """

    head: bytes
    state: Mapping[bytes, bytes | None]


def encode_undo(head: bytes, keys: Sequence[bytes], values: Sequence[bytes | None]) -> bytes:
    """The bytes of a record."""
    count = len(keys)
    state = b"".join(
        (
            _COUNT.pack(count),
            pack(f">{count}H", *map(len, keys)),
            pack(f">{count}I", *[_NONE if value is None else len(value) for value in values]),
            *keys,
            *[value for value in values if value is not None],
        )
    )
    return b"".join((_SECTION.pack(_HEAD, len(head)), head, _SECTION.pack(_STATE, len(state)), state))


def decode_undo(data: bytes) -> Undo:
    """The record of its bytes, whose checksum was right. Raises `StoreFailed` if it is none of this version."""
    sections: dict[bytes, bytes] = {}
    at = 0
    try:
        while at < len(data):
            kind, length = _SECTION.unpack_from(data, at)
            at += _SECTION.size + length
            if at > len(data) or kind in sections or kind not in (_HEAD, _STATE):
                raise _wrong()
            sections[kind] = data[at - length : at]
        return Undo(sections[_HEAD], _decode_state(sections[_STATE]))
    except (error, KeyError):
        raise _wrong() from None


def _decode_state(data: bytes) -> dict[bytes, bytes | None]:
    (count,) = _COUNT.unpack_from(data)
    if count * 6 > len(data):
        raise _wrong()
    key_sizes = unpack_from(f">{count}H", data, _COUNT.size)
    value_sizes = unpack_from(f">{count}I", data, _COUNT.size + 2 * count)
    at = _COUNT.size + 6 * count
    keys: list[bytes] = []
    for size in key_sizes:
        keys.append(data[at : at + size])
        at += size
    state: dict[bytes, bytes | None] = {}
    for key, size in zip(keys, value_sizes, strict=True):
        if size == _NONE:
            state[key] = None
        else:
            state[key] = data[at : at + size]
            at += size
    if at != len(data) or len(state) != count:
        raise _wrong()
    return state


def _wrong() -> StoreFailed:
    return StoreFailed("an undo record makes no sense")
