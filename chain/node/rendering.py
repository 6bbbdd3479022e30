"""Blocks, receipts, contracts and values as JSON: addresses in bech32m, bytes in hexadecimal, amounts as
text.
"""

from __future__ import annotations

from typing import Any

from chain.currency.records import read_currency
from chain.ledger.contracts import load_verified, read_contract
from chain.ledger.execution import failure_payload
from chain.primitives.address import format_address
from chain.primitives.codec import decode
from chain.primitives.header import Header
from chain.primitives.keyspace import currency_key
from chain.primitives.mandate import Mandate, Scope
from chain.primitives.money import format_money
from chain.primitives.policy import KeyOrPolicy, policy_of
from chain.primitives.receipt import Error, Receipt
from chain.primitives.refusal import Refusal
from chain.state.overlay import View
from vm.failure import Failure
from vm.module import Kind, Module, Record
from vm.types import (
    Address,
    Amount,
    Bytes,
    Coin,
    Enum,
    Int,
    List,
    Option,
    Struct,
    Tuple,
    Type,
    type_name,
)
from vm.values import decode as decode_value
from vm.values import decode_arguments

_EXACT_MAX = 2**53  # greater integers are written as text: many JSON readers round them
_ENTERED = (Kind.INIT, Kind.PUBLIC, Kind.VIEW, Kind.PURE, Kind.RULE)


def refusal_json(refusal: Refusal) -> dict[str, Any]:
    """The body of a refusal."""
    return {
        "code": str(refusal.code),
        "message": refusal.message,
        "remedy": refusal.remedy,
        "data": refusal.data,
    }


def money_json(amount: int, currency: str, view: View) -> dict[str, Any]:
    """An amount: minor units as text (they may be greater than what JSON readers keep exactly), and for
    people.
    """
    value = view.get(currency_key(currency))
    decimals = 0 if value is None else read_currency(currency, value).decimals
    return {"currency": currency, "amount": str(amount), "text": format_money(amount, currency, decimals)}


def policy_json(key: KeyOrPolicy) -> dict[str, Any]:
    """Who signs: how many of which keys, of a single one as of several."""
    policy = policy_of(key)
    return {"threshold": policy.threshold, "keys": [one.hex() for one in policy.keys]}


def mandate_json(session: bytes, mandate: Mandate, view: View) -> dict[str, Any]:
    """A session of a wallet: what it may do, and what it has done."""
    return {
        "session": session.hex(),
        "key": policy_json(mandate.key),
        "expiry_ms": mandate.expiry_ms,
        "granted_ms": mandate.granted_ms,
        **scope_json(mandate.scope, view),
        "uses": mandate.uses,
        "spent": [{"period": period, **money_json(amount, code, view)} for code, period, amount in mandate.spent],
    }


def scope_json(scope: Scope, view: View) -> dict[str, Any]:
    """What a session may do."""
    calls = scope.calls
    return {
        "limits": [
            {
                "single": money_json(limit.single, limit.currency, view),
                "total": money_json(limit.total, limit.currency, view),
                "period_ms": limit.period_ms,
            }
            for limit in scope.limits
        ],
        "payees": None if scope.payees is None else [format_address(payee) for payee in scope.payees],
        "calls": calls and [{"contract": format_address(contract), "functions": names} for contract, names in calls],
        "uses_max": scope.uses,
        "deploys": scope.deploys,
    }


def header_json(header: Header, view: View) -> dict[str, Any]:
    """A block's header."""
    return {
        "hash": header.hash.hex(),
        "chain_id": header.chain_id,
        "height": header.height,
        "time_ms": header.time_ms,
        "parent": header.parent.hex(),
        "transactions_root": header.transactions_root.hex(),
        "receipts_root": header.receipts_root.hex(),
        "state_root": header.state_root.hex(),
        "supply": [
            {
                "currency": supply.currency,
                "issued": str(supply.issued),
                "redeemed": str(supply.redeemed),
                "wallets": str(supply.wallets),
                "contracts": str(supply.contracts),
                "minted": str(supply.minted),
                "burned": str(supply.burned),
            }
            for supply in header.supply
        ],
        "gas_used": header.gas_used,
        "gas_limit": header.gas_limit,
        "proposer": format_address(header.proposer),
        "encoded": header.encoded.hex(),
    }


def receipt_json(receipt: Receipt, view: View) -> dict[str, Any]:
    """A receipt, its events and errors decoded by the interfaces of their contracts."""
    return {
        "id": receipt.identity.hex(),
        "height": receipt.height,
        "index": receipt.index,
        "ok": receipt.ok,
        "error": None if receipt.error is None else error_json(receipt.error, view),
        "gas_used": receipt.gas_used,
        "fee": str(receipt.fee),
        "events": [event_json(e.contract, e.number, e.payload, view) for e in receipt.events],
        "results": [None if result is None else result.hex() for result in receipt.results],
        "moves": [
            {
                "from": None if move.source is None else format_address(move.source),
                "to": format_address(move.to),
                "reason": move.reason,
                **money_json(move.amount, move.currency, view),
            }
            for move in receipt.moves
        ],
        "encoded": receipt.encoded.hex(),
    }


def event_json(contract: bytes, number: int, payload: bytes, view: View) -> dict[str, Any]:
    """An event by the name and with the fields of its contract's interface."""
    module = _module(contract, view)
    assert module is not None, "an event without its contract"
    record = module.events[number]
    return {
        "contract": format_address(contract),
        "module": module.name,
        "event": record.name,
        "fields": record_json(record, payload),
        "payload": payload.hex(),
    }


def error_json(error: Error, view: View) -> dict[str, Any]:
    """Why a transaction failed."""
    module = None if error.contract is None else _module(error.contract, view)
    record = next((r for r in module.errors if r.name == error.name), None) if module is not None else None
    fields = None if record is None else record_json(record, error.payload)
    return {
        "name": error.name,
        "fields": fields,
        "values": [_plain_json(value) for value in decode(error.payload)] if fields is None else None,
        "contract": None if error.contract is None else format_address(error.contract),
        "action": error.action,
        "payload": error.payload.hex(),
    }


def failure_json(failure: Failure, view: View) -> dict[str, Any]:
    """Why a read failed."""
    module = None if failure.contract is None else _module(failure.contract, view)
    return {
        "name": failure.name,
        "values": [_plain_json(value) for value in failure.values],
        "contract": None if failure.contract is None else format_address(failure.contract),
        "detail": failure.detail,
        "payload": failure_payload(failure, module).hex(),
    }


def record_json(record: Record, payload: bytes) -> dict[str, Any] | None:
    """The fields of an event or error, or None if the payload is not theirs."""
    try:
        values = decode_arguments([kind for _, kind in record.fields], payload)
    except Failure:
        return None
    return {name: value_json(kind, value) for (name, kind), value in zip(record.fields, values, strict=True)}


def result_json(kind: Type | None, encoded: bytes | None) -> Any:
    """The value of an encoded result."""
    return None if kind is None or encoded is None else value_json(kind, decode_value(kind, encoded))


def value_json(kind: Type, value: Any) -> Any:
    """A value of the machine in JSON."""
    match kind:
        case Address():
            return format_address(value)
        case Amount():
            return str(value)
        case Int():
            return value if abs(value) < _EXACT_MAX else str(value)
        case Bytes():
            return value.hex()
        case List(element, _):
            return [value_json(element, part) for part in value]
        case Tuple(items):
            return [value_json(item, part) for item, part in zip(items, value, strict=True)]
        case Struct(_, fields):
            return {name: value_json(part, x) for (name, part), x in zip(fields, value, strict=True)}
        case Option(element):
            return value_json(element, value[1]) if value[0] else None
        case Enum(_, variants):
            name, fields = variants[value[0]]
            parts = {field: value_json(part, x) for (field, part), x in zip(fields, value[1:], strict=True)}
            return {"variant": name, **({"fields": parts} if parts else {})}
        case Coin():
            return {"currency": value.currency, "amount": str(value.amount)}
    return value


def interface_json(module: Module) -> dict[str, Any]:
    """What can be called and read, and what may come of it."""
    return {
        "name": module.name,
        "currency": module.currency,
        "implements": list(module.implements),
        "phases": list(module.phases),
        "functions": [
            {
                "name": function.name,
                "kind": str(function.kind),
                "parameters": _fields_json(function.parameters),
                "result": None if function.result is None else type_name(function.result),
            }
            for function in module.functions
            if function.kind in _ENTERED
        ],
        "events": [{"name": r.name, "fields": _fields_json(r.fields)} for r in module.events],
        "errors": [{"name": r.name, "fields": _fields_json(r.fields)} for r in module.errors],
    }


def _fields_json(fields: tuple[tuple[str, Type], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": type_name(kind)} for name, kind in fields]


def _module(address: bytes, view: View) -> Module | None:
    contract = read_contract(view, address)
    return None if contract is None else load_verified(view, contract.code_hash).module


def _plain_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return format_address(value) if len(value) == 32 else value.hex()
    if isinstance(value, tuple | list):
        return [_plain_json(part) for part in value]
    return str(value) if type(value) is int and abs(value) >= _EXACT_MAX else value
