"""Canonical msgpack: one value, one byte string; everything else is refused."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import msgpack

from chain.primitives.limits import AMOUNT_MAX, ARRAY_ELEMENTS_MAX, DECODE_DEPTH_MAX, VALUE_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused

Plain: TypeAlias = "bool | int | str | bytes | list[Plain] | None"
"""What the codec knows. Tuples are encoded as arrays and come back as lists."""

_INT_MAX = 2**64 - 1
_pack = msgpack.Packer(use_bin_type=True).pack  # one for all: to make one takes longer than to use it


def encode(value: object) -> bytes:
    """The one encoding of a plain value. Raises `Refusal` Malformed for anything that has none."""
    try:
        data: bytes = _pack(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise malformed(f"not encodable: {type(error).__name__}") from None
    return data


def array_header(size: int) -> bytes:
    """What an array of so many elements begins with; they follow it one after the other."""
    return cast(bytes, msgpack.Packer().pack_array_header(size))


def decode(data: bytes, *, bytes_max: int = VALUE_BYTES_MAX, elements_max: int = ARRAY_ELEMENTS_MAX) -> Any:
    """The value of a canonical encoding. Raises `Refusal` TooLarge or Malformed."""
    _check_size(data, bytes_max)
    if len(data) > _SMALL_BYTES_MAX:
        _check_shape(data, elements_max)
        return unpack_canonical(data, bytes_max=bytes_max, elements_max=elements_max)
    value = unpack_canonical(data, bytes_max=bytes_max, elements_max=min(elements_max, _SMALL_BYTES_MAX))
    _check_plain([value], DECODE_DEPTH_MAX)
    return value


def unpack_canonical(data: bytes, *, bytes_max: int, elements_max: int) -> Any:
    """As `decode`, but arrays may be as deep as msgpack goes (about a thousand): for who looks at every part of a value, and
    allows few elements an array, since room for them is made before they are seen. Raises `Refusal` TooLarge or Malformed.
    """
    _check_size(data, bytes_max)
    try:
        value = msgpack.unpackb(data, raw=False, use_list=True, max_array_len=elements_max, max_map_len=0, max_ext_len=0)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        # msgpack's own exceptions and UnicodeDecodeError are ValueErrors
        raise malformed(f"not msgpack: {type(error).__name__}") from None
    if encode(value) != data:
        raise malformed("not in the shortest form")
    return value


def unpack_stored(data: bytes, *, lists: bool = False) -> Any:
    """The value of bytes that this node made itself, and whose checksum it has compared if they were on disk; arrays come as
    tuples, or as lists. Raises `Refusal` Malformed.
    """
    try:
        return msgpack.unpackb(data, raw=False, use_list=lists)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise malformed(f"not msgpack: {type(error).__name__}") from None


def _check_size(data: bytes, bytes_max: int) -> None:
    if len(data) > bytes_max:
        raise Refusal(Refused.TOO_LARGE, f"{len(data)} bytes; at most {bytes_max} are taken", bytes_max=bytes_max)


def malformed(detail: str) -> Refusal:
    """The refusal of bytes that are not what they should be."""
    return Refusal(Refused.MALFORMED, detail)


_SMALL_BYTES_MAX = 1024
"""Up to here a value is looked at when it has been unpacked, which takes a quarter of the time: arrays that claim as many
elements as there are bytes, as deep as msgpack goes, come to three megabytes.
"""
_PLAIN = frozenset((bool, int, str, bytes, type(None)))


def _check_plain(values: list[Any], depth: int) -> None:
    """That there is nothing in values but what the codec knows, in at most so many arrays within each other."""
    for value in values:
        kind = type(value)
        if kind is list:
            if not depth:
                raise malformed(f"more than {DECODE_DEPTH_MAX} arrays deep")
            _check_plain(value, depth - 1)
        elif kind not in _PLAIN:
            raise malformed("maps, floats and extensions are not used")


_FIXED_BYTES: dict[int, int] = {
    0xC0: 0, 0xC2: 0, 0xC3: 0,
    0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
    0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip
"""Bytes that follow a type byte of fixed size: nil, booleans, integers."""
_LENGTH_BYTES: dict[int, int] = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
"""Bytes of the length that follows the type byte of a text or byte string."""
_ARRAY_LENGTH_BYTES: dict[int, int] = {0xDC: 2, 0xDD: 4}


def _check_shape(data: bytes, elements_max: int) -> None:
    """Walk the types before anything is allocated: depth, array lengths, no maps, floats or extensions."""
    position, size = 0, len(data)
    open_arrays = [1]  # values still expected on each level; the outermost expects one
    while open_arrays:
        if open_arrays[-1] == 0:
            open_arrays.pop()
            continue
        open_arrays[-1] -= 1
        if position >= size:
            raise malformed("ends too early")
        kind = data[position]
        position += 1
        if kind < 0x80 or kind >= 0xE0:
            continue
        if kind in _FIXED_BYTES:
            position += _FIXED_BYTES[kind]
        elif 0xA0 <= kind < 0xC0:
            position += kind & 0x1F
        elif kind in _LENGTH_BYTES:
            width = _LENGTH_BYTES[kind]
            position += width + int.from_bytes(data[position : position + width])
        elif 0x90 <= kind < 0xA0 or kind in _ARRAY_LENGTH_BYTES:
            width = _ARRAY_LENGTH_BYTES.get(kind, 0)
            count = int.from_bytes(data[position : position + width]) if width else kind & 0x0F
            position += width
            if count > min(elements_max, size - position):
                raise malformed("an array is longer than allowed")
            if len(open_arrays) > DECODE_DEPTH_MAX:
                raise malformed(f"more than {DECODE_DEPTH_MAX} arrays deep")
            open_arrays.append(count)
        else:
            raise malformed("maps, floats and extensions are not used")
    if position != size:
        raise malformed("ends too early" if position > size else "bytes after the value")


# Readers for decoded values: each takes a value and says what it should have been.


def as_int(value: object, low: int, high: int, what: str) -> int:
    """An integer in low … high. Raises `Refusal` Malformed."""
    if type(value) is not int or not low <= value <= high:
        raise malformed(f"{what} must be an integer from {low} to {high}")
    return value


def as_bool(value: object, what: str) -> bool:
    """A boolean. Raises `Refusal` Malformed."""
    if type(value) is not bool:
        raise malformed(f"{what} must be true or false")
    return value


def as_bytes(value: object, what: str, *, size: int | None = None, most: int | None = None) -> bytes:
    """A byte string, of exactly `size` bytes or at most `most`. Raises `Refusal` Malformed."""
    if type(value) is not bytes:
        raise malformed(f"{what} must be a byte string")
    if size is not None and len(value) != size:
        raise malformed(f"{what} must have {size} bytes, not {len(value)}")
    if most is not None and len(value) > most:
        raise malformed(f"{what} has {len(value)} bytes; at most {most} are taken")
    return value


def as_text(value: object, what: str, most: int) -> str:
    """A text of 1 … `most` characters. Raises `Refusal` Malformed."""
    if type(value) is not str or not 1 <= len(value) <= most:
        raise malformed(f"{what} must be a text of 1 to {most} characters")
    return value


def as_list(value: object, what: str, *, size: int | None = None, most: int | None = None) -> list[Any]:
    """An array, of exactly `size` or at most `most` elements. Raises `Refusal` Malformed."""
    if type(value) is not list:
        raise malformed(f"{what} must be an array")
    if size is not None and len(value) != size:
        raise malformed(f"{what} must have {size} elements, not {len(value)}")
    if most is not None and len(value) > most:
        raise malformed(f"{what} has {len(value)} elements; at most {most} are taken")
    return value


def as_amount(value: object, what: str) -> int:
    """An amount of minor units, as `amount_plain` writes it. Raises `Refusal` Malformed."""
    if type(value) is int and 0 <= value <= _INT_MAX:
        return value
    if type(value) is bytes and 9 <= len(value) <= 17:
        amount = int.from_bytes(value)
        if amount <= AMOUNT_MAX and amount_plain(amount) == value:
            return amount
    raise malformed(f"{what} must be an amount from 0 to 2**128 - 1")


def amount_plain(amount: int) -> int | bytes:
    """An amount as the machine encodes it: an integer below 2**64, else the shortest big-endian two's
    complement.
    """
    assert 0 <= amount <= AMOUNT_MAX
    return amount if amount <= _INT_MAX else amount.to_bytes(amount.bit_length() // 8 + 1)


def check_version(value: object, what: str, version: int = 1) -> None:
    """That version, or a `Refusal` UnknownVersion."""
    if type(value) is not int or value != version:
        raise Refusal(Refused.UNKNOWN_VERSION, f"{what} is not of version {version}")
