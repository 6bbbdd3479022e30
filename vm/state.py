"""What contracts remember, as one transaction sees it: decoded values over stored bytes, every change in the
journal. What is known of the store outlives the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final, TypeAlias

from vm.cells import Cells, grow
from vm.entrance import entrances
from vm.failure import Code, Defect, Failure
from vm.host import Host
from vm.journal import ABSENT_BEFORE, Journal
from vm.limits import CURRENCY_CODE_CHARACTERS_MAX, SLOT_BYTES
from vm.pricing import Scale, is_sized
from vm.types import AMOUNT, AMOUNT_MAX, BOOL, U8, Address, Bool, Bytes, Int, Map, Set, Text, Type, Vault, parts, size_max
from vm.values import decoder, encoder, length, pack, to_wire
from vm.verifier import Verified, once

PHASE_FIELD: Final = -1
"""The slot of a contract's phase."""
HOLDINGS_FIELD: Final = -2
"""The slots of the sums of a contract's vaults, by currency."""

ABSENT: Final = None
"""What a slot without a value reads as; no value of any type is `None`."""

Load: TypeAlias = Callable[[bytes, bytes], bytes | None]
"""`Host.load`."""


class Layout:
    """What a module's slots hold, worked out once: types of keys and values, how values are decoded and encoded, how much memory
    they take.
    """

    __slots__ = ("decoders", "encoders", "quick", "safe", "sizes", "slots")

    def __init__(self, verified: Verified) -> None:
        slots: dict[int, tuple[Type | None, Type]] = {
            PHASE_FIELD: (None, U8),
            HOLDINGS_FIELD: (Text(CURRENCY_CODE_CHARACTERS_MAX), AMOUNT),
        }
        for field, (_, kind) in enumerate(verified.module.fields):
            match kind:
                case Map(key, value):
                    slots[field] = (key, value)
                case Set(key):
                    slots[field] = (key, BOOL)
                case _:
                    slots[field] = (None, kind)
        self.slots: Final = slots
        self.safe: Final = frozenset(field for field, (key, _) in slots.items() if is_safe_key(key))
        self.decoders: Final = {field: decoder(kind) for field, (_, kind) in slots.items()}
        self.encoders: Final = {field: encoder(kind) for field, (_, kind) in slots.items()}
        self.quick: Final = frozenset(field for field, (_, kind) in slots.items() if is_quick(kind))
        self.sizes: Final = {field: _size(kind) for field, (_, kind) in slots.items()}

    def address(self, field: int, token: Any) -> bytes:
        """The address of a slot within its contract, for what `Contract.token` gave."""
        if self.slots[field][0] is None:
            return pack((field,))
        if field in self.safe:
            return pack((field, token))
        encoded: bytes = token
        return b"\x92" + pack(field) + encoded


def _size(kind: Type) -> int | Scale:
    """The abstract bytes of a value, or how they follow from its length."""
    if isinstance(kind, Vault):
        kind = AMOUNT
    return Scale.of(kind) if is_sized(kind) else size_max(kind)


_layout: Final = once(Layout)


class _Undecoded:
    """The bytes of a slot that was changed before anybody looked at its value."""

    __slots__ = ("data",)

    def __init__(self, data: bytes | None) -> None:
        self.data = data


class Slots(dict[Any, Any]):
    """The values of one field of one contract by token, as the transaction sees them now; `stored` has the address of each slot
    and what it held at the beginning.

    A slot that is asked for the first time is loaded: it takes SLOT_BYTES and the size of its value out of the memory of the
    transaction. Raises `Failure` LimitExceeded past MEMORY_BYTES_MAX, `Defect` for bytes that are no value of the field. Who
    changes a value notes it in the journal.

    `loaded` and `decoded` have what the store holds, for the transactions to come, which pay for memory all the same.
    """

    __slots__ = ("cells", "decoded", "field", "loaded", "of", "stored")

    def __init__(self, of: Tables, field: int) -> None:
        super().__init__()
        self.of = of
        self.cells = of.cells
        self.field = field
        self.stored: dict[Any, tuple[bytes, Any]] = {}
        self.loaded: dict[Any, tuple[bytes, bytes | None]] = {}  # address of the slot, and its bytes
        self.decoded: dict[Any, tuple[bytes, Any, int]] = {}  # address of the slot, value, the memory that it takes

    def present(self, token: Any) -> bool:
        """Whether there is a value, without decoding it, which nobody pays for."""
        if token in self:
            return self[token] is not ABSENT
        return (self.loaded.get(token) or self._load(token))[1] is not None

    def before(self, token: Any) -> Any:
        """What the journal is to note before a change of a slot: if its value is not known yet, it is not decoded, and after an
        undoing it will again be unknown.
        """
        if token in self:
            return self[token]
        slot, data = self.loaded.get(token) or self._load(token)
        grow(self.cells, SLOT_BYTES + len(data or b""))
        stored = self.stored
        if not stored:
            self.of.seen.append(self)
        stored[token] = slot, _Undecoded(data)
        return ABSENT_BEFORE

    def __missing__(self, token: Any) -> Any:
        slot, value, size = self.decoded.get(token) or self._decode(token)
        grow(self.cells, size)
        stored = self.stored
        if not stored:
            self.of.seen.append(self)
        stored[token] = slot, value
        self[token] = value
        return value

    def _load(self, token: Any) -> tuple[bytes, bytes | None]:
        of = self.of
        slot = of.layout.address(self.field, token)
        found = self.loaded[token] = slot, of.load(of.address, slot)
        of.seen.bytes += SLOT_BYTES + len(found[1] or b"")
        return found

    def _decode(self, token: Any) -> tuple[bytes, Any, int]:
        of = self.of
        slot, data = self.loaded.get(token) or self._load(token)
        value = ABSENT
        if data is not None:
            try:
                value = of.layout.decoders[self.field](data)
            except Failure as failure:
                raise Defect(f"the store holds no value in field {self.field} of {of.address.hex()}") from failure
        return self._remember(token, slot, value)

    def _remember(self, token: Any, slot: bytes, value: Any) -> tuple[bytes, Any, int]:
        of = self.of
        size = SLOT_BYTES
        if value is not ABSENT:
            each = of.layout.sizes[self.field]
            size += each if isinstance(each, int) else each.size(length(value))
        of.seen.bytes += size
        found = self.decoded[token] = slot, value, size
        return found

    def keep(self, token: Any, slot: bytes, data: bytes | None, value: Any) -> None:
        """Note that the store now holds this."""
        self.loaded[token] = slot, data
        self._remember(token, slot, value)

    def forget(self, token: Any) -> None:
        """Note that it is not known what the store holds."""
        self.loaded.pop(token, None)
        self.decoded.pop(token, None)


class Seen(list[Slots]):
    """The slots that the transaction has looked at, field by field. `bytes` counts what is remembered of slots for the
    transactions to come, in abstract bytes.
    """

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0


class Tables(dict[int, Slots]):
    """The slots of one contract by field; those of a field begin when it is asked for."""

    __slots__ = ("address", "cells", "layout", "load", "seen")

    def __init__(self, address: bytes, layout: Layout, load: Load, cells: Cells, seen: Seen) -> None:
        super().__init__()
        self.address = address
        self.layout = layout
        self.load = load
        self.cells = cells
        self.seen = seen

    def __missing__(self, field: int) -> Slots:
        slots = self[field] = Slots(self, field)
        return slots


class Contract:
    """A contract as one session knows it: address, code, home currency, and its slots. `code` is the compiled tier's."""

    __slots__ = ("address", "code", "entrances", "home", "layout", "tables", "verified")

    def __init__(self, address: bytes, verified: Verified, home: str, load: Load, cells: Cells, seen: Seen) -> None:
        self.address = address
        self.verified = verified
        self.home = home
        self.layout = _layout(verified)
        self.entrances = entrances(verified)
        self.tables = Tables(address, self.layout, load, cells, seen)
        self.code: Any = None

    @property
    def vaults(self) -> list[str]:
        """The currencies of its vaults, in order."""
        kinds = [kind for _, kind in self.layout.slots.values()]
        return sorted({kind.currency or self.home for kind in kinds if isinstance(kind, Vault)})

    def token(self, field: int, key: Any) -> Any:
        """What stands for a key in tables: itself where Python hashes it well, else its encoding.

        Python's hashes of wide integers, and of tuples of integers, can be made to collide at will; those of bytes
        and texts cannot.
        """
        if field in self.layout.safe:
            return key
        kind = self.layout.slots[field][0]
        assert kind is not None
        return pack(to_wire(kind, key))


def is_quick(kind: Type) -> bool:
    """Whether the values of a state field are decoded in no time worth paying for: numbers, truth values, addresses, vaults."""
    return not parts(kind) and not is_sized(kind)


def is_safe_key(key: Type | None) -> bool:
    """Whether Python hashes the keys of a field well, whoever chooses them; None is a field without keys."""
    match key:
        case None | Bool() | Address() | Text() | Bytes():
            return True
        case Int(_, low, high):
            return low >= -(2**63) and high < 2**64
    return False


class State:
    """The slots of all contracts, as one transaction after the other sees them."""

    def __init__(self, host: Host, journal: Journal, cells: Cells) -> None:
        self._cells: Final = cells
        self._load: Final = host.load
        self._journal = journal
        self.seen: Final = Seen()
        self._changed: list[_Change] = []

    def renew(self, journal: Journal) -> None:
        """Begin the next transaction. What was to change in the last one is forgotten if nobody said that the store has it."""
        self._journal = journal
        for slots in self.seen:
            slots.clear()
            slots.stored.clear()
        self.seen.clear()
        for (_, _), _, slots, token, _ in self._changed:
            slots.forget(token)
        self._changed = []

    def keep(self, past: Journal | None = None) -> None:
        """Note that the store holds what `changes` gave the last time. To undo `past` is to know what was known before."""
        for (_, slot), data, slots, token, value in self._changed:
            if past is not None:
                past.note(slots.loaded, token)
                past.note(slots.decoded, token)
            slots.keep(token, slot, data, value)
        self._changed = []

    def forget(self) -> None:
        """Note that contracts are opened anew from now on, so that nothing is remembered. Only between two transactions."""
        self.seen.bytes = 0

    def open(self, address: bytes, verified: Verified, home: str) -> Contract:
        """A contract whose slots are part of this state."""
        return Contract(address, verified, home, self._load, self._cells, self.seen)

    def get(self, contract: Contract, field: int, key: Any) -> Any:
        """The value of a slot, or `ABSENT`. Raises what `Slots` raises."""
        return contract.tables[field][contract.token(field, key)]

    def has(self, contract: Contract, field: int, key: Any) -> bool:
        """Whether a slot has a value."""
        return contract.tables[field].present(contract.token(field, key))

    def put(self, contract: Contract, field: int, key: Any, value: Any) -> None:
        """Give a slot a value, or take it away with `ABSENT`; whoever asks for it has seen that the journal has room. Raises what
        `Slots` raises.
        """
        slots, token = contract.tables[field], contract.token(field, key)
        self._journal.log.extend((slots, token, slots[token] if field in contract.layout.quick else slots.before(token)))
        slots[token] = value

    def move_money(self, contract: Contract, field: int, key: Any, currency: str, change: int) -> None:
        """Change a vault and the contract's holdings by so many minor units. Raises InsufficientFunds,
        Overflow.
        """
        held = self.get(contract, field, key) or 0
        holdings = self.get(contract, HOLDINGS_FIELD, currency) or 0
        if held + change < 0:
            raise Failure(Code.INSUFFICIENT_FUNDS)
        if holdings + change > AMOUNT_MAX:
            raise Failure(Code.OVERFLOW)
        if not held <= holdings:
            raise Defect(f"a vault of {contract.address.hex()} holds more than all its vaults")
        if change:
            self.put(contract, field, key, held + change or ABSENT)
            self.put(contract, HOLDINGS_FIELD, currency, holdings + change or ABSENT)

    def changes(self) -> dict[tuple[bytes, bytes], bytes | None]:
        """The slots whose values differ from those at the beginning, in order of address and slot, with their bytes."""
        changed: list[_Change] = []
        for slots in self.seen:
            of = slots.of
            for token, (slot, before) in slots.stored.items():
                value = slots.get(token, before)
                if value is before or value == before:
                    continue
                data = None if value is ABSENT else of.layout.encoders[slots.field](value)
                if not isinstance(before, _Undecoded) or data != before.data:
                    changed.append(((of.address, slot), data, slots, token, value))
        if len(changed) > 1:
            changed.sort(key=_PLACE)
        self._changed = changed
        return {change[0]: change[1] for change in changed}


_Change: TypeAlias = tuple[tuple[bytes, bytes], bytes | None, Slots, Any, Any]
"""A slot that a transaction leaves with another value: contract and slot, bytes; where it is in memory, and the value."""

_PLACE: Final = itemgetter(0)
