"""What contracts remember, as one transaction sees it: decoded values over stored bytes, every change in the
journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from vm.failure import Code, Failure
from vm.host import Host
from vm.journal import Journal
from vm.limits import CURRENCY_CODE_CHARACTERS_MAX
from vm.types import AMOUNT, AMOUNT_MAX, BOOL, U8, Address, Bool, Bytes, Int, Map, Set, Text, Type, Vault
from vm.values import decode, is_direct, pack, to_wire
from vm.verifier import Verified

PHASE_FIELD: Final = -1
"""The slot of a contract's phase."""
HOLDINGS_FIELD: Final = -2
"""The slots of the sums of a contract's vaults, by currency."""

ABSENT: Final = None
"""What a slot without a value reads as; no value of any type is `None`."""

Slot: TypeAlias = tuple[bytes, int, Any]
"""Contract, field, and what tells entries apart: see `Contract.token`."""


class Defect(Exception):
    """The machine, or the store below it, has broken its own rules. Nothing after this can be trusted."""


class Layout:
    """What a module's slots hold, worked out once: types of keys and values, and which of them need no conversion."""

    __slots__ = ("direct", "safe", "slots")

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
        self.direct: Final = frozenset(field for field, (_, kind) in slots.items() if is_direct(kind))


_LAYOUTS: Final[WeakKeyDictionary[Verified, Layout]] = WeakKeyDictionary()


def _layout(verified: Verified) -> Layout:
    known = _LAYOUTS.get(verified)
    if known is None:
        known = _LAYOUTS[verified] = Layout(verified)
    return known


class Contract:
    """A contract as one session knows it: address, code, home currency, and the types of its slots."""

    __slots__ = ("address", "home", "layout", "safe", "slots", "verified")

    def __init__(self, address: bytes, verified: Verified, home: str) -> None:
        self.address = address
        self.verified = verified
        self.home = home
        self.layout = _layout(verified)
        self.slots = self.layout.slots
        self.safe = self.layout.safe

    @property
    def vaults(self) -> list[str]:
        """The currencies of its vaults, in order."""
        kinds = [kind for _, kind in self.slots.values()]
        return sorted({kind.currency or self.home for kind in kinds if isinstance(kind, Vault)})

    def to_bytes(self, field: int, value: Any) -> bytes:
        """The encoding of a value of a field."""
        return pack(value if field in self.layout.direct else to_wire(self.slots[field][1], value))

    def token(self, field: int, key: Any) -> Any:
        """What stands for a key in tables: itself where Python hashes it well, else its encoding.

        Python's hashes of wide integers, and of tuples of integers, can be made to collide at will; those of bytes
        and texts cannot.
        """
        if field in self.safe:
            return key
        kind = self.slots[field][0]
        assert kind is not None
        return pack(to_wire(kind, key))

    def slot(self, field: int, token: Any) -> bytes:
        """The address of a slot within the contract."""
        if self.slots[field][0] is None:
            return pack((field,))
        if field in self.safe:
            return pack((field, token))
        encoded: bytes = token
        return b"\x92" + pack(field) + encoded


def is_safe_key(key: Type | None) -> bool:
    """Whether Python hashes the keys of a field well, whoever chooses them; None is a field without keys."""
    match key:
        case None | Bool() | Address() | Text() | Bytes():
            return True
        case Int(_, low, high):
            return low >= -(2**63) and high < 2**64
    return False


class State:
    """The slots of all contracts of one transaction."""

    def __init__(self, host: Host, journal: Journal) -> None:
        self._host = host
        self._journal = journal
        self.loaded: Final[dict[Slot, Any]] = {}
        self.written: Final[dict[Slot, Any]] = {}
        self.contracts: Final[dict[bytes, Contract]] = {}  # all that may have written

    def get(self, contract: Contract, field: int, key: Any) -> Any:
        """The value of a slot, or `ABSENT`."""
        token = contract.token(field, key)
        slot = (contract.address, field, token)
        if slot in self.written:
            return self.written[slot]
        if slot in self.loaded:
            return self.loaded[slot]
        return self.load(contract, field, token)

    def put(self, contract: Contract, field: int, key: Any, value: Any) -> None:
        """Give a slot a value, or take it away with `ABSENT`. Raises `Failure` LimitExceeded with the
        journal.
        """
        self.contracts[contract.address] = contract
        self._journal.set(self.written, (contract.address, field, contract.token(field, key)), value)

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

    def changes(self) -> Iterator[tuple[tuple[bytes, bytes], bytes | None]]:
        """The slots whose stored bytes differ from those at the beginning, in order of address and slot."""
        changed = []
        for (address, field, token), value in self.written.items():
            contract = self.contracts[address]
            slot = contract.slot(field, token)
            after = None if value is ABSENT else contract.to_bytes(field, value)
            if after != self._host.load(address, slot):
                changed.append(((address, slot), after))
        changed.sort(key=lambda change: change[0])
        return iter(changed)

    def load(self, contract: Contract, field: int, token: Any) -> Any:
        """Take the value of a slot out of the store, to be remembered. Raises `Defect`."""
        data = self._host.load(contract.address, contract.slot(field, token))
        value = ABSENT
        if data is not None:
            try:
                value = decode(contract.slots[field][1], data)
            except Failure as failure:
                raise Defect(f"the store holds no value in field {field} of {contract.address.hex()}") from failure
        self.loaded[contract.address, field, token] = value
        return value
