"""The calls of a transaction as lines, indented as they stand within one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Party = Callable[[str], str]
Amounts = Callable[[int, str], str]


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
