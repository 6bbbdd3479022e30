"""The calls of a transaction as lines, indented as they stand within one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kit.receipts import Book
from kit.values import show_address, show_money, show_value

if TYPE_CHECKING:
    from chain.node.node import Node
    from vm.types import Type

Party = Callable[[str], str]
Amounts = Callable[[int, str], str]
_LINES_MAX = 200  # of one transaction; the API's trace has more


def show_calls(node: Node, book: Book, identity: bytes) -> list[str]:
    """What the machine did for a transaction of a block: calls, changes of slots, money, events, with their values."""
    from chain.node.inquiries import trace_included
    from chain.primitives.refusal import Refusal
    from vm.types import Amount, Vault

    def show(contract: bytes, kind: Type, value: Any) -> str:
        home = book.contract(contract).currency if book.is_contract(contract) else None
        return show_value(value, Amount(kind.currency) if isinstance(kind, Vault) else kind, book.setting(home))

    try:
        traced = trace_included(node, identity, show)
    except Refusal as refusal:
        return [f"calls are not shown: {refusal.message}"]
    if traced is None:
        return []
    lines = list(tell_calls(traced["calls"], lambda text: _party(book, text), lambda amount, code: _money(book, amount, code)))
    cut = traced["cut"] or len(lines) > _LINES_MAX
    return [*lines[:_LINES_MAX], "…"] if cut else lines


def tell_calls(entries: list[dict[str, Any]], party: Party, money: Amounts, depth: int = 0) -> Iterator[str]:
    """Each entry of a trace, and what is inside of it one step further in. `party` has a name for the text of an address, `money`
    the text of minor units of a currency.
    """
    indent = "  " * depth
    for entry in entries:
        yield indent + _line(entry, party, money)
        if entry["kind"] == "call":
            yield from tell_calls(entry["inside"], party, money, depth + 1)
            if entry["failure"] is not None:
                yield f"{indent}  fails: {entry['failure']}"
            elif entry["result"] is not None:
                yield f"{indent}  gives {entry['result']}"


def _line(entry: dict[str, Any], party: Party, money: Amounts) -> str:
    match entry["kind"]:
        case "call":
            return f"{party(entry['contract'])}.{entry['function']}({_named(entry['arguments'])})"
        case "write":
            key = "" if entry["key"] is None else f"[{entry['key']}]"
            return f"{entry['field']}{key} = {'empty' if entry['value'] is None else entry['value']}"
        case "pay":
            return f"pays {money(int(entry['amount']), entry['currency'])} to {party(entry['to'])}"
        case _:
            return f"event {entry['event']}({_named(entry['fields'])})"


def _named(values: dict[str, str] | None) -> str:
    return "…" if values is None else ", ".join(f"{name}: {value}" for name, value in values.items())


def _money(book: Book, amount: int, currency: str) -> str:
    return show_money(amount, currency, book.setting())


def _party(book: Book, text: str) -> str:
    from chain.primitives.address import parse_address

    address = parse_address(text)
    return book.contract(address).module.name if book.is_contract(address) else show_address(address, book.setting())
