"""Receipts for people and for JSON: events, errors and results by the types of their contracts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from kit.meanings import FAILURES, FIELDS
from kit.output import Output
from kit.values import Setting, plain_money, plain_value, show_address, show_money, show_value

if TYPE_CHECKING:
    from chain.primitives.receipt import Error, Event, Move, Receipt
    from kit.network import OnLedger, Status
    from vm.module import Function
    from vm.types import Type

_REASONS = {"pay": "pays", "coins": "hands over", "payout": "pays out", "fee": "pays the fee"}


class Book(Protocol):
    """What has to be known to show a receipt: the contracts, the names of wallets, the decimals of currencies."""

    @property
    def status(self) -> Status:
        """What the chain is."""

    def setting(self, home: str | None = None) -> Setting:
        """How values are shown in a contract of a home currency."""

    def is_contract(self, address: bytes) -> bool:
        """Whether a contract is at the address."""

    def contract(self, address: bytes) -> OnLedger:
        """The contract at an address. Raises `Problem` if there is none."""

    def phase(self, contract: OnLedger) -> tuple[str, int] | None:
        """The present phase of a contract and the height at which it is in it; None if its module has no phases."""


def tell_receipt(out: Output, network: Book, receipt: Receipt, *, dry_run: bool = False) -> None:
    """Show a receipt to people; that of a dry run as what would be."""
    well, failed = ("would go well", "would fail") if dry_run else ("went well", "failed")
    outcome = out.style(well, "green", "bold") if receipt.ok else out.style(failed, "red", "bold")
    out.line(f"{outcome}  (nothing was sent)" if dry_run else f"{outcome}  in block {receipt.height:_}, place {receipt.index}")
    rows = [] if dry_run else [("transaction", receipt.identity.hex())]
    rows.append(("gas", f"{receipt.gas_used:_}"))
    base = network.status.base_currency
    rows.append(("fee", show_money(receipt.fee, base, network.setting(base))))
    if receipt.error is not None:
        rows.append(("error", show_error(network, receipt.error)))
        if _error_fields(network, receipt.error) is None and receipt.error.name in FAILURES:
            rows.append(("", FAILURES[receipt.error.name]))
    rows += [("event", show_event(network, event)) for event in receipt.events]
    rows += [("money", show_move(network, move)) for move in receipt.moves]
    out.pairs(rows)


def wrong_phase(network: Book, receipt: Receipt, contract: OnLedger, function: Function) -> dict[str, Any] | None:
    """If a call failed with WrongPhase in the contract that was called: its name, its phase, and the function's phases."""
    error = receipt.error
    if error is None or error.name != "WrongPhase" or error.contract not in (None, contract.address):
        return None
    present = network.phase(contract)
    if present is None:
        return None
    name, phases = contract.module.name, contract.module.phases
    allowed = [phase for n, phase in enumerate(phases) if function.phases is None or function.phases >> n & 1]
    return {"contract": name, "phase": present[0], "function": function.name, "allowed": allowed}


def plain_receipt(network: Book, receipt: Receipt) -> dict[str, Any]:
    """A receipt for JSON."""
    from chain.primitives.address import format_address

    base = network.status.base_currency
    return {
        "id": receipt.identity.hex(),
        "ok": receipt.ok,
        "height": receipt.height,
        "index": receipt.index,
        "gas_used": receipt.gas_used,
        "fee": plain_money(receipt.fee, base, network.setting(base)),
        "error": None if receipt.error is None else plain_error(network, receipt.error),
        "events": [plain_event(network, event) for event in receipt.events],
        "results": [None if result is None else "0x" + result.hex() for result in receipt.results],
        "moves": [
            {
                "from": None if move.source is None else format_address(move.source),
                "to": format_address(move.to),
                "reason": move.reason,
                **plain_money(move.amount, move.currency, network.setting(move.currency)),
            }
            for move in receipt.moves
        ],
    }


def show_event(network: Book, event: Event) -> str:
    """`Escrow.Settled(to: bob, amount: 100.00 CNY)`."""
    contract = network.contract(event.contract)
    record = contract.module.events[event.number]
    fields = _fields(network, contract.currency, record.fields, event.payload)
    return f"{contract.module.name}.{record.name}({fields})"


def plain_event(network: Book, event: Event) -> dict[str, Any]:
    """An event for JSON."""
    from chain.primitives.address import format_address

    contract = network.contract(event.contract)
    record = contract.module.events[event.number]
    return {
        "contract": format_address(event.contract),
        "module": contract.module.name,
        "event": record.name,
        "fields": _plain_fields(network, contract.currency, record.fields, event.payload),
    }


def show_error(network: Book, error: Error) -> str:
    """`TooEarly(until: 2026-01-08T00:00:00Z)`, and where it came from."""
    fields = _error_fields(network, error)
    if fields is not None:
        currency, types = fields
        return f"{error.name}({_fields(network, currency, types, error.payload)}){_origin(network, error)}"
    texts = _untyped_texts(network, error.payload)
    names = _failure_fields(error, texts)
    values = ", ".join(texts if names is None else [f"{name}: {text}" for name, text in zip(names, texts, strict=True)])
    return f"{error.name}{f'({values})' if values else ''}{_origin(network, error)}"


def plain_error(network: Book, error: Error) -> dict[str, Any]:
    """An error for JSON."""
    from chain.primitives.address import format_address

    fields = _error_fields(network, error)
    plain: dict[str, Any] = {"name": error.name, "action": error.action}
    plain["contract"] = None if error.contract is None else format_address(error.contract)
    if fields is not None:
        currency, types = fields
        plain["fields"] = _plain_fields(network, currency, types, error.payload)
    else:
        plain["values"] = texts = _untyped_texts(network, error.payload)
        names = _failure_fields(error, texts)
        if names is not None:
            plain["fields"] = dict(zip(names, texts, strict=True))
    return plain


def show_move(network: Book, move: Move) -> str:
    """`alice hands over 100.00 CNY to Escrow at tael1…`."""
    setting = network.setting(move.currency)
    amount = show_money(move.amount, move.currency, setting)
    if move.source is None:
        return f"{amount} is paid out to {show_party(network, move.to)}"
    if move.reason == "minted":
        return f"{amount} is minted for {show_party(network, move.to)} by an edit"
    if move.reason == "burned":
        return f"{amount} of {show_party(network, move.source)} is burned by an edit"
    done = _REASONS.get(move.reason, move.reason)
    return f"{show_party(network, move.source)} {done} {amount} to {show_party(network, move.to)}"


def show_party(network: Book, address: bytes) -> str:
    """A wallet by name or address; a contract as such."""
    if network.is_contract(address):
        return f"{network.contract(address).module.name} {show_address(address, network.setting())}"
    return show_address(address, network.setting())


def _origin(network: Book, error: Error) -> str:
    if error.contract is None or not network.is_contract(error.contract):
        return ""
    return f" in {network.contract(error.contract).module.name}"


def _error_fields(network: Book, error: Error) -> tuple[str, tuple[tuple[str, Type], ...]] | None:
    """Home currency and fields of the contract's error that this is, or None if it is one of the machine's."""
    if error.contract is None or not network.is_contract(error.contract):
        return None
    contract = network.contract(error.contract)
    record = next((record for record in contract.module.errors if record.name == error.name), None)
    if record is None or len(record.fields) != len(_untyped(error.payload)):
        return None
    return contract.currency, record.fields


def _failure_fields(error: Error, texts: Sequence[str]) -> tuple[str, ...] | None:
    """The names of a failure's values, where it is one of the ledger's that has names for them."""
    names = FIELDS.get(error.name)
    return names if names is not None and len(names) == len(texts) else None


def _decode(fields: Sequence[tuple[str, Type]], payload: bytes) -> tuple[Any, ...]:
    from vm.values import decode_arguments

    return decode_arguments([kind for _, kind in fields], payload)


def _fields(network: Book, currency: str, fields: Sequence[tuple[str, Type]], payload: bytes) -> str:
    setting = network.setting(currency)
    values = _decode(fields, payload)
    shown = (f"{name}: {show_value(v, kind, setting)}" for (name, kind), v in zip(fields, values, strict=True))
    return ", ".join(shown)


def _plain_fields(network: Book, currency: str, fields: Sequence[tuple[str, Type]], payload: bytes) -> dict[str, Any]:
    setting = network.setting(currency)
    values = _decode(fields, payload)
    return {name: plain_value(v, kind, setting) for (name, kind), v in zip(fields, values, strict=True)}


def _untyped(payload: bytes) -> list[Any]:
    from chain.primitives.codec import decode

    values = decode(payload)
    return values if isinstance(values, list) else [values]


def _untyped_texts(network: Book, payload: bytes) -> list[str]:
    """The values of a failure that has no declared types. After a currency's code, integers are amounts of it."""
    values = _untyped(payload)
    code = values[0] if values and values[0] in network.status.decimals else None
    setting = network.setting(code)
    if code is not None and len(values) > 1 and all(type(value) is int for value in values[1:]):
        return [show_money(value, code, setting) for value in values[1:]]
    return [_plain_text(value) for value in values]


def _plain_text(value: Any) -> str:
    from chain.primitives.address import ADDRESS_BYTES, format_address

    if isinstance(value, bytes):
        return format_address(value) if len(value) == ADDRESS_BYTES else "0x" + value.hex()
    return f"{value:_}" if type(value) is int else str(value)
