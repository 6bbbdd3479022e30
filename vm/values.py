"""Values: which Python values belong to a type, and the one byte string of each.

`decode` and `decode_arguments` accept what `encode` and `encode_arguments` produce and nothing else. What
does not belong to its type is refused with `vm.failure.Failure` WrongArguments, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import call
from typing import Any, Final

import msgpack

from vm.failure import Code, Failure
from vm.limits import CURRENCY_CODE_CHARACTERS_MAX, LIST_ELEMENTS_MAX
from vm.types import (
    ADDRESS_BYTES,
    AMOUNT_MAX,
    Address,
    Amount,
    Bool,
    Bytes,
    Coin,
    CoinValue,
    Enum,
    Int,
    List,
    Option,
    Resource,
    ResourceValue,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    bounds,
    parts,
    type_name,
)

_WORD_LOW: Final = -(2**63)
_WORD_HIGH: Final = 2**64 - 1
_BIN: Final = 0xC4  # first byte of a byte string of up to 255 bytes
_WORD_FORMS: Final = {(0xCC, 2): 2**7, (0xCD, 3): 2**8, (0xCE, 5): 2**16, (0xCF, 9): 2**32}
"""First byte and length of the forms of unsigned integers in msgpack, and the least number that has no shorter one."""
pack: Final[Callable[[Any], bytes]] = msgpack.Packer(use_bin_type=True).pack
"""The canonical msgpack of a wire form."""
_CODE_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def is_currency_code(code: object) -> bool:
    """A letter A-Z, then letters and digits, `CURRENCY_CODE_CHARACTERS_MAX` at most."""
    return (
        isinstance(code, str)
        and 0 < len(code) <= CURRENCY_CODE_CHARACTERS_MAX
        and not code[0].isdigit()
        and _CODE_CHARACTERS.issuperset(code)
    )


def text_bytes(value: str) -> int:
    """The length of a text in UTF-8."""
    return len(value) if value.isascii() else len(value.encode())


def belongs(kind: Type, value: object) -> bool:
    """Whether a Python value is a value of the type. Nothing belongs to a map, a set or a vault but a
    vault's sum.
    """
    match kind:
        case Int(_, low, high):
            return type(value) is int and low <= value <= high
        case Amount() | Vault():
            return type(value) is int and 0 <= value <= AMOUNT_MAX
        case Bool():
            return type(value) is bool
        case Address():
            return type(value) is bytes and len(value) == ADDRESS_BYTES
        case Text(most):
            return type(value) is str and len(value) <= most and _is_utf8(value) and text_bytes(value) <= most
        case Bytes(most):
            return type(value) is bytes and len(value) <= most
        case List(element, most):
            return type(value) is tuple and len(value) <= most and _all_of(element, value)
        case Tuple(items):
            return _all_belong(items, value)
        case Struct(_, fields):
            return _all_belong([part for _, part in fields], value)
        case Option() | Enum():
            if type(value) is not tuple or not value or type(value[0]) is not int:
                return False
            carried = payload(kind, value[0])
            return carried is not None and _all_belong(carried, value[1:])
        case Resource(name, fields):
            return (
                isinstance(value, ResourceValue)
                and value.name == name
                and _all_belong([part for _, part in fields], value.fields)
            )
        case Coin():
            return (
                isinstance(value, CoinValue)
                and is_currency_code(value.currency)
                and type(value.amount) is int
                and 0 <= value.amount <= AMOUNT_MAX
            )
    return False


def payload(kind: Option | Enum, tag: int) -> Sequence[Type] | None:
    """The types that a variant carries, or None if there is no such variant."""
    if isinstance(kind, Option):
        return ((), (kind.element,))[tag] if tag in (0, 1) else None
    if 0 <= tag < len(kind.variants):
        return [part for _, part in kind.variants[tag][1]]
    return None


def length(value: str | bytes | tuple[Any, ...]) -> int:
    """The elements of a list, the bytes of a text or byte string."""
    return text_bytes(value) if isinstance(value, str) else len(value)


def to_wire(kind: Type, value: Any) -> Any:
    """A value that belongs to its type as what msgpack packs."""
    match kind:
        case Int() | Amount() | Vault():
            return int_to_wire(value)
        case List(element, _):
            return [to_wire(element, x) for x in value]
        case Tuple(items):
            return [to_wire(part, x) for part, x in zip(items, value, strict=True)]
        case Struct(_, fields):
            return [to_wire(part, x) for (_, part), x in zip(fields, value, strict=True)]
        case Option() | Enum():
            carried = payload(kind, value[0])
            assert carried is not None
            return [value[0], *(to_wire(part, x) for part, x in zip(carried, value[1:], strict=True))]
        case Resource(_, fields):
            return [to_wire(part, x) for (_, part), x in zip(fields, value.fields, strict=True)]
        case Coin():
            return [value.currency, int_to_wire(value.amount)]
    return value


def from_wire(kind: Type, wire: Any) -> Any:
    """The value that `to_wire` gave. Raises `Failure` WrongArguments if it is none of the type's."""
    match kind:
        case Bool() | Address() | Text() | Bytes():
            value: Any = wire
        case Int() | Amount() | Vault():
            value = _int_from_wire(wire)
        case List(element, most):
            _expect(kind, type(wire) is list and len(wire) <= most)
            return tuple([from_wire(element, x) for x in wire])
        case Tuple(items):
            return _parts_from_wire(kind, items, wire)
        case Struct(_, fields):
            return _parts_from_wire(kind, [part for _, part in fields], wire)
        case Option() | Enum():
            _expect(kind, type(wire) is list and len(wire) > 0 and type(wire[0]) is int)
            carried = payload(kind, wire[0])
            if carried is None:
                raise _refusal(kind)
            return (wire[0], *_parts_from_wire(kind, carried, wire[1:]))
        case Resource(name, fields):
            return ResourceValue(name, _parts_from_wire(kind, [part for _, part in fields], wire))
        case Coin():
            _expect(kind, type(wire) is list and len(wire) == 2)
            amount: Any = _int_from_wire(wire[1])
            value = CoinValue(wire[0], amount)
        case _:
            value = wire
    _expect(kind, belongs(kind, value))
    return value


def encode(kind: Type, value: Any) -> bytes:
    """The one byte string of a value. Raises `Failure` WrongArguments if it does not belong to the type."""
    _expect(kind, belongs(kind, value))
    return pack(to_wire(kind, value))


def decode(kind: Type, data: bytes) -> Any:
    """The value of a byte string. Raises `Failure` WrongArguments for any but the one that `encode` gives."""
    return from_wire(kind, unpack(data))


def decoder(kind: Type) -> Callable[[bytes], Any]:
    """`decode` for many values of one type."""
    if not isinstance(kind, Int | Amount | Vault):
        return partial(decode, kind)
    low, high = (0, AMOUNT_MAX) if isinstance(kind, Vault) else bounds(kind)

    def number(data: bytes) -> int:
        value = None
        if data:
            value = _wide_number(data) if data[0] == _BIN else _unsigned_word(data)
        if value is not None and low <= value <= high:
            return value
        of_another_form: int = decode(kind, data)
        return of_another_form

    return number


def encoder(kind: Type) -> Callable[[Any], bytes]:
    """What encodes many values of one type, which belong to it."""
    if is_direct(kind):
        return pack
    if isinstance(kind, Int | Amount | Vault):
        return lambda value: pack(value if _WORD_LOW <= value <= _WORD_HIGH else int_to_wire(value))
    return lambda value: pack(to_wire(kind, value))


def _wide_number(data: bytes) -> int | None:
    """The number beyond 64 bits that one canonical msgpack byte string holds; None for anything else."""
    size = len(data) - 2
    if size < 1 or data[1] != size:
        return None
    value = int.from_bytes(data[2:], "big", signed=True)
    return value if size == _signed_bytes(value) and not _WORD_LOW <= value <= _WORD_HIGH else None


def _unsigned_word(data: bytes) -> int | None:
    """The number that one canonical msgpack integer of 0 … 2**64 - 1 holds; None for anything else."""
    size = len(data)
    if size == 1:
        return data[0] if data[0] < 2**7 else None
    least = _WORD_FORMS.get((data[0], size))
    if least is None:
        return None
    value = int.from_bytes(data[1:], "big")
    return value if value >= least else None


def is_direct(kind: Type) -> bool:
    """Whether msgpack packs the values of a plain type as they are: no part is a number that may need more than 64 bits."""
    match kind:
        case Int(_, low, high):
            return low >= _WORD_LOW and high <= _WORD_HIGH
        case Bool() | Address() | Text() | Bytes():
            return True
        case List() | Option() | Tuple() | Struct() | Enum():
            return all(map(is_direct, parts(kind)))
    return False


def encode_arguments(types: Sequence[Type], values: Sequence[Any]) -> bytes:
    """The arguments of a call as one array. Raises `Failure` WrongArguments if number or types do not fit."""
    if len(types) != len(values):
        raise Failure(Code.WRONG_ARGUMENTS, detail=f"{len(values)} arguments where {len(types)} are expected")
    for kind, value in zip(types, values, strict=True):
        _expect(kind, belongs(kind, value))
    return pack([to_wire(kind, value) for kind, value in zip(types, values, strict=True)])


def decode_arguments(types: Sequence[Type], data: bytes) -> tuple[Any, ...]:
    """What `encode_arguments` encoded. Raises `Failure` WrongArguments for anything else."""
    return read_arguments([reader(kind) for kind in types], unpack(data))


def read_arguments(readers: Sequence[Callable[[Any], Any]], wire: Any) -> tuple[Any, ...]:
    """The arguments of a wire form, each read by its `reader`. Raises `Failure` WrongArguments."""
    if type(wire) is not list or len(wire) != len(readers):
        raise Failure(Code.WRONG_ARGUMENTS, detail=f"not an array of {len(readers)} arguments")
    return tuple(map(call, readers, wire))


def reader(kind: Type) -> Callable[[Any], Any]:
    """`from_wire` for many values of one type."""
    any_form = partial(from_wire, kind)
    match kind:
        case Int() | Amount():
            low, high = bounds(kind)
            return lambda wire: wire if type(wire) is int and low <= wire <= high else any_form(wire)
        case Address():
            return lambda wire: wire if type(wire) is bytes and len(wire) == ADDRESS_BYTES else any_form(wire)
    return any_form


def unpack(data: bytes, elements_max: int = LIST_ELEMENTS_MAX) -> Any:
    """The wire form of canonical msgpack: arrays, no maps, shortest forms, nothing behind. Raises
    `Failure`.
    """
    try:
        wire = msgpack.unpackb(data, raw=False, max_array_len=elements_max, max_map_len=0, max_ext_len=0, strict_map_key=True)
        canonical = pack(wire) == data
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise Failure(Code.WRONG_ARGUMENTS, detail="not msgpack of the kind used here") from error
    if not canonical:
        raise Failure(Code.WRONG_ARGUMENTS, detail="not the shortest encoding")
    return wire


def int_to_wire(value: int) -> int | bytes:
    """A number as what msgpack packs."""
    if _WORD_LOW <= value <= _WORD_HIGH:
        return value
    return value.to_bytes(_signed_bytes(value), "big", signed=True)


def _int_from_wire(wire: object) -> object:
    if type(wire) is not bytes:
        return wire
    value = int.from_bytes(wire, "big", signed=True)
    return value if len(wire) == _signed_bytes(value) and not _WORD_LOW <= value <= _WORD_HIGH else None


def _signed_bytes(value: int) -> int:
    return (value if value >= 0 else ~value).bit_length() // 8 + 1


def _is_utf8(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:  # a surrogate
        return False
    return True


def _all_of(kind: Type, values: tuple[Any, ...]) -> bool:
    """Whether all values are of one type; flat ones are looked at together, a tenth of the work."""
    if not values:
        return True
    match kind:
        case Int(_, low, high):
            return {*map(type, values)} == {int} and low <= min(values) and max(values) <= high
        case Bool():
            return {*map(type, values)} == {bool}
        case Address():
            return {*map(type, values)} == {bytes} and {*map(len, values)} == {ADDRESS_BYTES}
        case Bytes(most):
            return {*map(type, values)} == {bytes} and max(map(len, values)) <= most
    return all(belongs(kind, value) for value in values)


def _all_belong(kinds: Sequence[Type], values: object) -> bool:
    return (
        type(values) is tuple
        and len(values) == len(kinds)
        and all(belongs(kind, value) for kind, value in zip(kinds, values, strict=True))
    )


def _parts_from_wire(whole: Type, kinds: Sequence[Type], wire: Any) -> tuple[Any, ...]:
    _expect(whole, type(wire) is list and len(wire) == len(kinds))
    return tuple([from_wire(kind, x) for kind, x in zip(kinds, wire, strict=True)])


def _expect(kind: Type, holds: bool) -> None:
    if not holds:
        raise _refusal(kind)


def _refusal(kind: Type) -> Failure:
    return Failure(Code.WRONG_ARGUMENTS, detail=f"not a value of {type_name(kind)}")
