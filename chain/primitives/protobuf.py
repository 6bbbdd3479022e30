"""As much of the Protocol Buffers wire format as proofs need: fields of bytes and of unsigned integers.

Reading takes every order and length of integers; who wants one form only encodes again and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

Field: TypeAlias = "tuple[int, int | bytes]"
"""Number and content of a field."""

_INTEGER, _BYTES = 0, 2  # wire types
_VARINT_BYTES_MAX = 5  # 32 bits: sizes, indexes and enumerations


def varint(value: int) -> bytes:
    """An integer of at most 32 bits, seven bits a byte, the least significant first."""
    assert 0 <= value < 2**32
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def field(number: int, content: bytes) -> bytes:
    """A field of bytes (a message, a byte string, packed integers)."""
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def optional(number: int, content: bytes) -> bytes:
    """The same, left out when it is empty: the default of version 3."""
    return field(number, content) if content else b""


def packed(number: int, values: Iterable[int]) -> bytes:
    """A field of repeated integers, left out when there are none."""
    return optional(number, b"".join(map(varint, values)))


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """The integer at a position, and the position after it. Raises `ValueError`."""
    value = 0
    for index in range(_VARINT_BYTES_MAX):
        if position + index >= len(data):
            break
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            if value >= 2**32:
                break
            return value, position + index + 1
    raise ValueError("not an integer of 32 bits")


def read_packed(data: bytes) -> Iterator[int]:
    """The integers of a packed field. Raises `ValueError`."""
    position = 0
    while position < len(data):
        value, position = read_varint(data, position)
        yield value


def read_fields(data: bytes) -> Iterator[Field]:
    """The fields of a message, in their order. Raises `ValueError`."""
    position = 0
    while position < len(data):
        tag, position = read_varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        content, position = read_varint(data, position)
        if wire_type == _INTEGER:
            yield number, content
        elif wire_type == _BYTES and content <= len(data) - position:
            yield number, data[position : position + content]
            position += content
        else:
            raise ValueError("a field of another type, or one that ends too early")
