"""Mandates at work: granting and ending them, and what a transaction by a session may still do."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from chain.primitives.codec import as_bytes, as_list, decode, encode
from chain.primitives.keyspace import mandate_key
from chain.primitives.limits import AUTHORITY_BYTES, SESSIONS_MAX
from chain.primitives.mandate import Limit, Mandate, mandate_value, read_mandate
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Call, Deploy, Grant, Pay
from chain.state.overlay import TransactionOverlay
from vm.failure import Code, Failure

SESSION_LIMIT: Final = "SessionLimit"
SESSION_EXISTS: Final = "SessionExists"
NO_SESSION: Final = "NoSession"


class State(Protocol):
    """Whatever has the values of the flat state."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""


def find_mandate(state: State, wallet: bytes, session: bytes) -> Mandate:
    """What a wallet has granted to a session. Raises `Refusal` NoAuthority."""
    value = state.get(mandate_key(wallet, session))
    if value is None:
        raise Refusal(Refused.NO_AUTHORITY, f"the wallet has no authority {session.hex()}", authority=session.hex())
    return read_mandate(value)


def list_mandates(state: State, wallet: bytes) -> list[tuple[bytes, Mandate]]:
    """The sessions of a wallet, sorted by name, expired ones too."""
    return [(session, find_mandate(state, wallet, session)) for session in _sessions(state, wallet)]


class Mandates:
    """The mandates as a transaction changes them. Every failure is a `vm.failure.Failure`."""

    __slots__ = ("_overlay",)

    def __init__(self, overlay: TransactionOverlay) -> None:
        self._overlay = overlay

    def grant(self, wallet: bytes, grant: Grant, now_ms: int) -> None:
        """Let a session act for a wallet. Fails with SessionExists, LimitExceeded, SessionLimit if it has expired already."""
        sessions = _sessions(self._overlay, wallet)
        if grant.session in sessions:
            raise Failure(SESSION_EXISTS, (grant.session,))
        if len(sessions) >= SESSIONS_MAX:
            raise Failure(Code.LIMIT_EXCEEDED, ("sessions", SESSIONS_MAX), detail="revoke a session first")
        if grant.expiry_ms < now_ms:
            raise Failure(SESSION_LIMIT, ("expiry", grant.expiry_ms, now_ms))
        mandate = Mandate(grant.key, grant.scope, grant.expiry_ms, now_ms)
        self._overlay.set(mandate_key(wallet, grant.session), mandate_value(mandate))
        self._overlay.set(mandate_key(wallet), encode(sorted([*sessions, grant.session])))

    def revoke(self, wallet: bytes, session: bytes) -> None:
        """End a session of a wallet. Fails with NoSession."""
        sessions = _sessions(self._overlay, wallet)
        if session not in sessions:
            raise Failure(NO_SESSION, (session,))
        sessions.remove(session)
        self._overlay.set(mandate_key(wallet, session), None)
        self._overlay.set(mandate_key(wallet), encode(sessions) if sessions else None)

    def end_all(self, wallet: bytes) -> None:
        """End all sessions of a wallet: who had its keys may have granted them."""
        sessions = _sessions(self._overlay, wallet)
        for session in sessions:
            self._overlay.set(mandate_key(wallet, session), None)
        if sessions:
            self._overlay.set(mandate_key(wallet), None)


class Usage:
    """What one transaction by a session takes of its mandate, to be noted once it is known how it went."""

    __slots__ = ("_base", "_fee_max", "_limits", "_mandate", "_now_ms", "_place", "_taken")

    def __init__(self, mandate: Mandate, wallet: bytes, session: bytes, *, now_ms: int, base_currency: str, fee_max: int) -> None:
        """In a block of time `now_ms`; `fee_max` is what the wallet may have to pay as a fee, in minor units of the base
        currency. Raises `Refusal` SessionExpired, SessionLimit.
        """
        self._mandate = mandate
        self._place = mandate_key(wallet, session)
        self._now_ms = now_ms
        self._base = base_currency
        self._fee_max = fee_max
        self._limits = {limit.currency: limit for limit in mandate.scope.limits}
        self._taken: dict[str, int] = {}
        if mandate.expiry_ms < now_ms:
            raise Refusal(Refused.SESSION_EXPIRED, f"the session ended at {mandate.expiry_ms} ms", expiry_ms=mandate.expiry_ms)
        uses = mandate.scope.uses
        if uses is not None and mandate.uses >= uses:
            raise Refusal(Refused.SESSION_LIMIT, f"the session has had its {uses} uses", limit="uses", most=uses)
        if fee_max:
            limit = self._limits.get(base_currency)
            left = 0 if limit is None else limit.total - self._spent(limit)
            if fee_max > left:
                why = f"the fee may be {fee_max}; of the session's total in {base_currency}, {left} is left"
                raise Refusal(Refused.SESSION_LIMIT, why, limit="total", fee_max=fee_max, left=left)

    def check_action(self, action: Action) -> None:
        """That an action is within the scope, whatever it costs. Fails with SessionLimit."""
        scope = self._mandate.scope
        if isinstance(action, Pay):
            if scope.payees is not None and action.to not in scope.payees:
                raise Failure(SESSION_LIMIT, ("payee", action.to))
        elif isinstance(action, Call):
            functions = () if scope.calls is None else dict(scope.calls).get(action.contract, ())
            if scope.calls is not None and functions is not None and action.function not in functions:
                raise Failure(SESSION_LIMIT, ("call", action.contract, action.function))
        elif not (isinstance(action, Deploy) and scope.deploys):
            raise Failure(SESSION_LIMIT, ("action", type(action).__name__))

    def take(self, currency: str, amount: int) -> None:
        """Count minor units that leave the wallet. Fails with SessionLimit."""
        taken = self._taken[currency] = self._taken.get(currency, 0) + amount
        limit = self._limits.get(currency)
        single = 0 if limit is None else limit.single
        if taken > single:
            raise Failure(SESSION_LIMIT, ("single", currency, single, taken))
        total = 0 if limit is None else limit.total
        wanted = taken + (0 if limit is None else self._spent(limit)) + (self._fee_max if currency == self._base else 0)
        if wanted > total:
            raise Failure(SESSION_LIMIT, ("total", currency, total, wanted))

    def settle(self, overlay: TransactionOverlay, *, ok: bool, fee: int) -> None:
        """Note what was used: the fee in any case, all else if the transaction succeeded."""
        taken = dict(self._taken) if ok else {}
        if fee:
            taken[self._base] = taken.get(self._base, 0) + fee
        spent = []
        for limit in self._mandate.scope.limits:
            amount = self._spent(limit) + taken.get(limit.currency, 0)
            if amount:
                spent.append((limit.currency, self._period(limit), amount))
        mandate = replace(self._mandate, uses=self._mandate.uses + ok, spent=tuple(spent))
        overlay.set(self._place, mandate_value(mandate))

    def _period(self, limit: Limit) -> int:
        return 0 if limit.period_ms is None else (self._now_ms - self._mandate.granted_ms) // limit.period_ms

    def _spent(self, limit: Limit) -> int:
        """What has been spent of a limit in its present period, in minor units."""
        period = self._period(limit)
        return sum([amount for code, of, amount in self._mandate.spent if code == limit.currency and of == period])


def _sessions(state: State, wallet: bytes) -> list[bytes]:
    value = state.get(mandate_key(wallet))
    if value is None:
        return []
    listed = as_list(decode(value), "sessions", most=SESSIONS_MAX)
    return [as_bytes(session, "a session", size=AUTHORITY_BYTES) for session in listed]
