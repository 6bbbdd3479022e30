"""Edits of a development chain: what each does to the state, and how the supply equation has it.

A slot is set as its contract would have left it: of its own type, absent where a contract would leave nothing, the sum of the
contract's vaults with it. Whether the contract's own promises still hold is for who edits to see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chain.currency.supply import record_edit
from chain.currency.wallets import UNKNOWN_CURRENCY, Wallets
from chain.ledger.contracts import load_verified, read_contract
from chain.primitives.address import NOBODY
from chain.primitives.codec import decode, encode
from chain.primitives.edits import PHASE_FIELD, Edit, SetBalance, SetSequence, SetSlot
from chain.primitives.keyspace import currency_key, slot_key
from chain.primitives.limits import AMOUNT_MAX
from chain.primitives.receipt import Move
from chain.state.overlay import TransactionOverlay
from vm.failure import Code, Failure
from vm.module import Module
from vm.types import BOOL, U8, VAULT, Map, Set, Type, Vault
from vm.values import decode as decode_value
from vm.values import encode as encode_value

WRONG_SLOT: Final = "WrongSlot"
"""The edit names no field of the contract, or its key or value is none of the field's type."""

PHASE_NAME: Final = "phase"

SUM_SLOT_PREFIX: Final = encode([-2, ""])[:2]
"""What the slots begin with that hold the sum of a contract's vaults of a currency."""

Record = Callable[[Move], None]


def perform_edit(edit: Edit, overlay: TransactionOverlay, wallets: Wallets, in_contracts: dict[str, int], record: Record) -> None:
    """Do it, undoably. `in_contracts` counts by how much, per currency, contracts grew. Fails with NoWallet, NoContract,
    UnknownCurrency, LimitExceeded, SequenceBack, WrongSlot.
    """
    match edit:
        case SetBalance(wallet, currency, amount):
            change = wallets.set_balance(wallet, currency, amount)
            _book(overlay, wallet, currency, change, record)
        case SetSequence(wallet, lane, sequence):
            wallets.set_sequence(wallet, lane, sequence)
        case SetSlot():
            _set_slot(edit, overlay, in_contracts, record)


def summed_currency(slot: bytes) -> str:
    """The currency of a slot that holds a sum."""
    currency: str = decode(slot)[1]
    return currency


def slot_sum(value: bytes | None) -> int:
    """The minor units in a slot of a vault or of a sum."""
    return 0 if value is None else int(decode_value(VAULT, value))


def field_name(module: Module, field: int) -> str:
    """What a field of a module is called; `phase` is no name of a field."""
    return PHASE_NAME if field == PHASE_FIELD else module.fields[field][0]


def slot_kinds(module: Module, field: int) -> tuple[Type | None, Type] | None:
    """The types of key and value of a field of a module; None if there is no such field."""
    if field == PHASE_FIELD:
        return (None, U8) if module.phases else None
    if field >= len(module.fields):
        return None
    match module.fields[field][1]:
        case Map(key, value):
            return key, value
        case Set(key):
            return key, BOOL
        case kind:
            return None, kind


def _set_slot(edit: SetSlot, overlay: TransactionOverlay, in_contracts: dict[str, int], record: Record) -> None:
    contract = read_contract(overlay, edit.contract)
    if contract is None:
        raise Failure(Code.NO_CONTRACT, (edit.contract,))
    module = load_verified(overlay, contract.code_hash).module
    kinds = slot_kinds(module, edit.field)
    if kinds is None or (kinds[0] is None) is not (edit.key is None):
        raise Failure(WRONG_SLOT, (edit.field,))
    key_kind, kind = kinds
    try:
        value = None if edit.value is None else decode_value(kind, edit.value)
        slot = encode([edit.field])
        if key_kind is not None:
            assert edit.key is not None
            decode_value(key_kind, edit.key)
            slot = b"\x92" + encode(edit.field) + edit.key
    except Failure:
        raise Failure(WRONG_SLOT, (edit.field,)) from None
    _check_value(module, edit.field, value)
    place = slot_key(edit.contract, slot)
    if isinstance(kind, Vault):
        change = (value or 0) - slot_sum(overlay.get(place))
        if change:
            _grow(edit.contract, kind.currency or contract.currency, change, overlay, in_contracts, record)
        value = value or None
    overlay.set(place, None if value is None else edit.value)


def _check_value(module: Module, field: int, value: Any) -> None:
    """That a contract could have left it: phases exist and are not taken away, and an entry of a set is there or not."""
    if field == PHASE_FIELD:
        if value is None or value >= len(module.phases):
            raise Failure(WRONG_SLOT, (field,))
    elif isinstance(module.fields[field][1], Set) and value is False:
        raise Failure(WRONG_SLOT, (field,), detail="an entry is taken out of a set by emptying its slot")


def _grow(
    address: bytes,
    currency: str,
    change: int,
    overlay: TransactionOverlay,
    in_contracts: dict[str, int],
    record: Record,
) -> None:
    """Let the vaults of a contract hold more of a currency, or less."""
    if overlay.get(currency_key(currency)) is None:
        raise Failure(UNKNOWN_CURRENCY, (currency,))
    place = slot_key(address, encode([-2, currency]))
    total = slot_sum(overlay.get(place)) + change
    if total > AMOUNT_MAX:
        raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="a contract cannot hold more")
    overlay.set(place, encode_value(VAULT, total) if total else None)
    overlay.journal.set(in_contracts, currency, in_contracts.get(currency, 0) + change)
    _book(overlay, address, currency, change, record)


def _book(overlay: TransactionOverlay, holder: bytes, currency: str, change: int, record: Record) -> None:
    """Enter in the supply equation what came from nowhere or went there."""
    if not change:
        return
    record_edit(overlay, currency, change)
    if change > 0:
        record(Move(NOBODY, holder, currency, change, "minted"))
    else:
        record(Move(holder, NOBODY, currency, -change, "burned"))
