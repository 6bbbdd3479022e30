"""Mandates: what a wallet lets somebody else do in its stead. Today they are given to session keys."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import amount_plain, as_amount, as_bool, as_bytes, as_int, as_list, as_text, decode, encode, malformed
from chain.primitives.limits import (
    CURRENCY_CODE_CHARACTERS_MAX,
    FUNCTION_NAME_CHARACTERS_MAX,
    SESSION_CONTRACTS_MAX,
    SESSION_FUNCTIONS_MAX,
    SESSION_LIMITS_MAX,
    SESSION_PAYEES_MAX,
    SESSION_USES_MAX,
    TIME_MS_MAX,
)
from chain.primitives.policy import KeyOrPolicy, key_plain, read_key


class Limit(NamedTuple):
    """Of a currency, in minor units: `single` is the most that the actions of one transaction take, `total` the most of all
    and of the fees, in each period of `period_ms` from the grant on; None if there is one period without end.
    """

    currency: str
    single: int
    total: int
    period_ms: int | None = None


class Scope(NamedTuple):
    """What a mandate is for. Only currencies with a limit leave the wallet. `payees` and `calls` None stand for all; a
    contract's functions None for all of its. `uses` counts transactions that succeed.
    """

    limits: tuple[Limit, ...] = ()
    payees: tuple[bytes, ...] | None = None
    calls: tuple[tuple[bytes, tuple[str, ...] | None], ...] | None = None
    uses: int | None = None
    deploys: bool = False

    def plain(self) -> list[Any]:
        """The scope as the codec takes it."""
        return [
            [[code, amount_plain(single), amount_plain(total), period] for code, single, total, period in self.limits],
            self.payees,
            self.calls,
            self.uses,
            self.deploys,
        ]


@dataclass(frozen=True, slots=True)
class Mandate:
    """What was granted, to whom, and how much of it is used up: `spent` has (currency, number of the period, minor units)."""

    key: KeyOrPolicy
    scope: Scope
    expiry_ms: int
    granted_ms: int
    uses: int = 0
    spent: tuple[tuple[str, int, int], ...] = ()


def read_scope(plain: object) -> Scope:
    """The scope of its plain form, every list sorted, nothing twice. Raises `Refusal` Malformed."""
    limits, payees, calls, uses, deploys = as_list(plain, "a scope", size=5)
    read_limits = tuple([_read_limit(limit) for limit in as_list(limits, "limits", most=SESSION_LIMITS_MAX)])
    _check_sorted([limit.currency for limit in read_limits], "limits")
    return Scope(
        read_limits,
        None if payees is None else _read_payees(payees),
        None if calls is None else _read_calls(calls),
        None if uses is None else as_int(uses, 1, SESSION_USES_MAX, "uses"),
        as_bool(deploys, "deploys"),
    )


def mandate_value(mandate: Mandate) -> bytes:
    """The record of a mandate: `[key, scope, expiry_ms, granted_ms, uses, [[currency, period, amount]…]]`."""
    return encode(
        [
            key_plain(mandate.key),
            mandate.scope.plain(),
            mandate.expiry_ms,
            mandate.granted_ms,
            mandate.uses,
            [[code, period, amount_plain(amount)] for code, period, amount in mandate.spent],
        ]
    )


def read_mandate(value: bytes) -> Mandate:
    """The mandate of a record. Raises `Refusal` Malformed."""
    key, scope, expiry_ms, granted_ms, uses, spent = as_list(decode(value), "a mandate", size=6)
    return Mandate(
        read_key(key),
        read_scope(scope),
        as_int(expiry_ms, 0, TIME_MS_MAX, "expiry_ms"),
        as_int(granted_ms, 0, TIME_MS_MAX, "granted_ms"),
        as_int(uses, 0, SESSION_USES_MAX, "uses"),
        tuple([_read_spent(entry) for entry in as_list(spent, "spent", most=SESSION_LIMITS_MAX)]),
    )


def _read_limit(plain: object) -> Limit:
    currency, single, total, period = as_list(plain, "a limit", size=4)
    return Limit(
        as_text(currency, "a currency code", CURRENCY_CODE_CHARACTERS_MAX),
        as_amount(single, "a single limit"),
        as_amount(total, "a total limit"),
        None if period is None else as_int(period, 1, TIME_MS_MAX, "period_ms"),
    )


def _read_payees(plain: object) -> tuple[bytes, ...]:
    listed = as_list(plain, "payees", most=SESSION_PAYEES_MAX)
    payees = tuple([as_bytes(payee, "a payee", size=ADDRESS_BYTES) for payee in listed])
    _check_sorted(payees, "payees")
    return payees


def _read_calls(plain: object) -> tuple[tuple[bytes, tuple[str, ...] | None], ...]:
    calls = tuple([_read_call(call) for call in as_list(plain, "calls", most=SESSION_CONTRACTS_MAX)])
    _check_sorted([contract for contract, _ in calls], "contracts")
    return calls


def _read_call(plain: object) -> tuple[bytes, tuple[str, ...] | None]:
    contract, functions = as_list(plain, "a contract and its functions", size=2)
    address = as_bytes(contract, "a contract", size=ADDRESS_BYTES)
    if functions is None:
        return address, None
    listed = as_list(functions, "functions", most=SESSION_FUNCTIONS_MAX)
    names = tuple([as_text(name, "a function", FUNCTION_NAME_CHARACTERS_MAX) for name in listed])
    _check_sorted(names, "functions")
    return address, names


def _read_spent(plain: object) -> tuple[str, int, int]:
    currency, period, amount = as_list(plain, "what was spent", size=3)
    return (
        as_text(currency, "a currency code", CURRENCY_CODE_CHARACTERS_MAX),
        as_int(period, 0, TIME_MS_MAX, "a period"),
        as_amount(amount, "an amount"),
    )


def _check_sorted(values: tuple[Any, ...] | list[Any], what: str) -> None:
    if any(value >= following for value, following in pairwise(values)):
        raise malformed(f"the {what} of a scope must be sorted, each once")
