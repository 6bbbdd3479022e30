"""What contracts remember, as one transaction sees it: decoded values over stored bytes, every change in the
journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from vm.failure import Code, Failure
from vm.host import Host
from vm.journal import Journal
from vm.limits import CURRENCY_CODE_CHARACTERS_MAX
from vm.types import AMOUNT, AMOUNT_MAX, BOOL, U8, Address, Bool, Bytes, Int, Map, Set, Text, Type, Vault
from vm.values import decode, pack, to_wire
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


class Contract:
    """A contract as one session knows it: address, code, home currency, and the types of its slots."""

    __slots__ = ("address", "home", "safe", "slots", "vaults", "verified")

    def __init__(self, address: bytes, verified: Verified, home: str) -> None:
        self.address = address
        self.verified = verified
        self.home = home
        self.slots: dict[int, tuple[Type | None, Type]] = {
            PHASE_FIELD: (None, U8),
            HOLDINGS_FIELD: (Text(CURRENCY_CODE_CHARACTERS_MAX), AMOUNT),
        }
        vaults: list[Vault] = []
        for field, (_, kind) in enumerate(verified.module.fields):
            match kind:
                case Map(key, value):
                    self.slots[field] = (key, value)
                case Set(key):
                    self.slots[field] = (key, BOOL)
                case _:
                    self.slots[field] = (None, kind)
            held = self.slots[field][1]
            if isinstance(held, Vault):
                vaults.append(held)
        self.vaults = sorted({vault.currency or home for vault in vaults})
        self.safe = frozenset(field for field, (key, _) in self.slots.items() if _is_safe(key))

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
        kind = self.slots[field][0]
        if kind is None:
            return pack([field])
        return b"\x92" + pack(field) + (pack(to_wire(kind, token)) if field in self.safe else token)


def _is_safe(key: Type | None) -> bool:
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
        self._loaded: dict[Slot, Any] = {}
        self._written: dict[Slot, Any] = {}
        self._contracts: dict[bytes, Contract] = {}

    def get(self, contract: Contract, field: int, key: Any) -> Any:
        """The value of a slot, or `ABSENT`."""
        token = contract.token(field, key)
        slot = (contract.address, field, token)
        if slot in self._written:
            return self._written[slot]
        if slot in self._loaded:
            return self._loaded[slot]
        value = self._loaded[slot] = self._load(contract, field, token)
        return value

    def put(self, contract: Contract, field: int, key: Any, value: Any) -> None:
        """Give a slot a value, or take it away with `ABSENT`. Raises `Failure` LimitExceeded with the
        journal.
        """
        self._contracts[contract.address] = contract
        self._journal.set(self._written, (contract.address, field, contract.token(field, key)), value)

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
        for (address, field, token), value in self._written.items():
            contract = self._contracts[address]
            slot = contract.slot(field, token)
            after = None if value is ABSENT else pack(to_wire(contract.slots[field][1], value))
            if after != self._host.load(address, slot):
                changed.append(((address, slot), after))
        changed.sort(key=lambda change: change[0])
        return iter(changed)

    def _load(self, contract: Contract, field: int, token: Any) -> Any:
        data = self._host.load(contract.address, contract.slot(field, token))
        if data is None:
            return ABSENT
        try:
            return decode(contract.slots[field][1], data)
        except Failure as failure:
            raise Defect(f"the store holds no value in field {field} of {contract.address.hex()}") from failure
