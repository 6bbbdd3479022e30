"""Sessions by name: a session's 16 bytes are a short name, or anything in hexadecimal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kit.problem import usage
from kit.values import show_duration, show_time

if TYPE_CHECKING:
    from chain.primitives.mandate import Limit, Scope
    from kit.network import Network

_BYTES = 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}\Z")
_HEX = re.compile(r"[0-9a-f]{32}\Z")


def session_bytes(text: str) -> bytes:
    """The session of a name, or of 32 hexadecimal digits. Raises `Problem`."""
    if _HEX.match(text):
        return bytes.fromhex(text)
    if not _NAME.match(text):
        raise usage(
            f"{text!r} is not a name for a session", "Use 1 to 16 letters, digits, dots and dashes, or 32 hexadecimal digits."
        )
    return text.encode().ljust(_BYTES, b"\0")


def session_name(session: bytes) -> str:
    """The name that a session was given, else its hexadecimal digits."""
    try:
        name = session.rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        return session.hex()
    return name if _NAME.match(name) and session_bytes(name) == session else session.hex()


def scope_of(
    network: Network,
    *,
    totals: tuple[str, ...],
    singles: tuple[str, ...],
    every: str | None,
    payees: tuple[str, ...],
    calls: tuple[str, ...],
    uses: int | None,
    deploys: bool,
) -> Scope:
    """The scope that options say. Raises `Problem`."""
    from chain.primitives.mandate import Limit, Scope
    from kit.values import read_value
    from vm.types import DURATION

    at_once = dict(network.coin(text) for text in singles)
    period_ms = None if every is None else int(read_value(every, DURATION, network.setting()))
    limits = {}
    for text in totals:
        currency, total = network.coin(text)
        limits[currency] = Limit(currency, at_once.pop(currency, total), total, period_ms)
    if at_once:
        raise usage(f"--single names {next(iter(at_once))}, and --total does not", "Give --total too: the most in all.")
    scope_calls: dict[bytes, tuple[str, ...] | None] = {}
    for text in calls:
        address, colon, names = text.partition(":")
        contract = network.contract(network.address(address))
        for name in names.split(",") if colon else ():
            contract.function(name, _public(), "call")
        scope_calls[contract.address] = tuple(sorted(set(names.split(",")))) if colon else None
    return Scope(
        tuple(limits[currency] for currency in sorted(limits)),
        tuple(sorted({network.address(payee) for payee in payees})) if payees else None,
        tuple(sorted(scope_calls.items(), key=lambda entry: entry[0])) if calls or payees else None,
        uses,
        deploys,
    )


def _public() -> tuple[Any, ...]:
    from vm.module import Kind

    return (Kind.PUBLIC,)


def scope_lines(network: Network, scope: Scope) -> list[tuple[str, str]]:
    """What a session may do, in words."""
    from kit.receipts import show_party

    rows = [("may spend", _limit_line(network, limit)) for limit in scope.limits] or [("may spend", "nothing")]
    if scope.payees is None:
        rows.append(("pays", "anybody"))
    else:
        rows += [("pays", show_party(network, payee)) for payee in scope.payees] or [("pays", "nobody")]
    if scope.calls is None:
        rows.append(("calls", "any contract"))
    else:
        calls = [(contract, "any function" if names is None else ", ".join(names)) for contract, names in scope.calls]
        rows += [("calls", f"{names} of {show_party(network, contract)}") for contract, names in calls] or [("calls", "nothing")]
    rows.append(("deploys", "yes" if scope.deploys else "no"))
    if scope.uses is not None:
        rows.append(("uses", f"{scope.uses:_} at most"))
    return rows


def _limit_line(network: Network, limit: Limit) -> str:
    from kit.values import show_money

    setting = network.setting(limit.currency)
    total, single = (show_money(minor, limit.currency, setting) for minor in (limit.total, limit.single))
    period = "in all" if limit.period_ms is None else f"every {show_duration(limit.period_ms)}"
    return f"{total} {period}, {single} at once"


def told_sessions(network: Network, answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The sessions of a wallet as the node tells them, in words."""
    return [(session_name(bytes.fromhex(told["session"])), session_line(told)) for told in answer["sessions"]]


def session_line(told: dict[str, Any]) -> str:
    """A session in one line: what is left of it by what the node says."""
    spent = {entry["currency"]: entry["text"] for entry in told["spent"]}
    parts = [f"until {show_time(told['expiry_ms'])}"]
    for limit in told["limits"]:
        currency = limit["total"]["currency"]
        period = "" if limit["period_ms"] is None else f" every {show_duration(limit['period_ms'])}"
        used = f", {spent[currency]} spent" if currency in spent else ""
        parts.append(f"{limit['total']['text']}{period}, {limit['single']['text']} at once{used}")
    if not told["limits"]:
        parts.append("no money")
    if told["uses_max"] is not None:
        parts.append(f"{told['uses']} of {told['uses_max']} uses")
    return "; ".join(parts)
