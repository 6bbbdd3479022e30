"""Sessions: keys that act for a wallet within a scope."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import ALICE, BOB, CAROL, FUNDS, KEYS, World, call, deploy

from chain.currency.mandates import find_mandate, list_mandates
from chain.primitives.codec import decode
from chain.primitives.keys import SecretKey
from chain.primitives.limits import SESSIONS_MAX
from chain.primitives.mandate import Limit, Scope, mandate_value, read_mandate
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Deploy, Grant, OpenWallet, Pay, Revoke, SetPolicy, SetRules, sign
from vm.types import CoinValue

SESSION = bytes(range(16))
KEY = SecretKey.development("sessions", 1)
HOUR_MS = 3_600_000


def granted(scope: Scope, **changes: Any) -> World:
    """A chain on which Alice has granted a session an hour."""
    world = World()
    fields = {"session": SESSION, "key": KEY.public, "scope": scope, "expiry_ms": world.time_ms + HOUR_MS, **changes}
    assert world.send("alice", Grant(**fields)).ok
    return world


def act(world: World, *actions: Action, **fields: Any) -> Receipt:
    """The receipt of a transaction that the session signs for Alice."""
    body = world.body("alice", actions, **{"authority": SESSION, **fields})
    return world.commit(sign(body, [KEY, *([KEYS["bob"]] if body.fee_payer == BOB else [])])).receipts[0]


def failed(receipt: Receipt) -> list[Any]:
    """The values of the SessionLimit with which a transaction ended."""
    assert receipt.error is not None
    assert receipt.error.name == "SessionLimit"
    values: list[Any] = decode(receipt.error.payload)
    return values


def refused(world: World, *actions: Action, **fields: Any) -> Refused:
    """The code with which a transaction of the session is refused."""
    with pytest.raises(Refusal) as caught:
        act(world, *actions, **fields)
    return caught.value.code


def test_a_session_pays_up_to_each_limit_and_not_past_it() -> None:
    """Single and total at the bound and one past it; what failed is not counted."""
    world = granted(Scope((Limit("CNY", 60, 100),)))
    assert failed(act(world, Pay(BOB, "CNY", 30), Pay(BOB, "CNY", 31))) == ["single", "CNY", 60, 61]
    assert act(world, Pay(BOB, "CNY", 60)).ok
    assert failed(act(world, Pay(BOB, "CNY", 41))) == ["total", "CNY", 100, 101]
    assert failed(act(world, Pay(BOB, "USD", 1))) == ["single", "USD", 0, 1]
    assert act(world, Pay(BOB, "CNY", 40)).ok
    assert world.balance(ALICE) == FUNDS - 100


def test_a_period_begins_with_the_grant_and_gives_the_total_anew() -> None:
    """One millisecond before its end nothing is left; at its end all is."""
    world = granted(Scope((Limit("CNY", 100, 100, 1_000),)))
    assert act(world, Pay(BOB, "CNY", 100)).ok
    world.time_ms += 999
    assert failed(act(world, Pay(BOB, "CNY", 1))) == ["total", "CNY", 100, 101]
    world.time_ms += 1
    assert act(world, Pay(BOB, "CNY", 100)).ok


def test_only_payees_and_functions_of_the_scope_are_reached() -> None:
    """Another payee, another contract and another function fail; those named do not."""
    world = World()
    bank = world.deploy("alice", "bank")
    scope = Scope((Limit("CNY", 100, 200),), payees=(BOB,), calls=((bank, ("deposit",)),))
    assert world.send("alice", Grant(SESSION, KEY.public, scope, world.time_ms)).ok
    assert act(world, Pay(BOB, "CNY", 1), call(bank, "bank", "deposit", CoinValue("CNY", 99))).ok
    assert failed(act(world, Pay(CAROL, "CNY", 1))) == ["payee", CAROL]
    assert failed(act(world, call(bank, "bank", "withdraw", 1))) == ["call", bank, "withdraw"]
    assert failed(act(world, call(bank, "bank", "deposit", CoinValue("CNY", 101)))) == ["single", "CNY", 100, 101]


@pytest.mark.parametrize(
    "action",
    [SetPolicy(ALICE, KEY.public), SetRules(ALICE, ()), Revoke(SESSION), OpenWallet(KEY.public), deploy("bank")],
    ids=lambda action: type(action).__name__,
)
def test_a_session_does_not_change_the_wallet(action: Action) -> None:
    """Neither policy, rules nor sessions; and it deploys only if it may."""
    assert failed(act(granted(Scope()), action)) == ["action", type(action).__name__]
    if isinstance(action, Deploy):
        assert act(granted(Scope(deploys=True)), action).ok


def test_a_session_grants_no_session() -> None:
    """Not even one of no scope."""
    world = granted(Scope())
    assert failed(act(world, Grant(bytes(16), KEY.public, Scope(), world.time_ms))) == ["action", "Grant"]


def test_uses_count_transactions_that_succeed() -> None:
    """A failed one is free; after the last use the session is refused."""
    world = granted(Scope((Limit("CNY", 5, 5),), uses=1))
    assert not act(world, Pay(BOB, "CNY", 6)).ok
    assert act(world, Pay(BOB, "CNY", 1)).ok
    assert refused(world, Pay(BOB, "CNY", 1)) is Refused.SESSION_LIMIT


def test_a_session_ends_with_its_time_and_at_once_when_revoked() -> None:
    """At its last millisecond it signs, one later not; a revoked one is as unknown as one that never was."""
    world = granted(Scope((Limit("CNY", 5, 5),)))
    assert refused(world, Pay(BOB, "CNY", 1), authority=bytes(16)) is Refused.NO_AUTHORITY
    world.time_ms += HOUR_MS
    assert act(world, Pay(BOB, "CNY", 1)).ok
    world.time_ms += 1
    assert refused(world, Pay(BOB, "CNY", 1)) is Refused.SESSION_EXPIRED
    assert world.send("alice", Revoke(SESSION)).ok
    assert refused(world, Pay(BOB, "CNY", 1)) is Refused.NO_AUTHORITY
    assert world.view.get(b"m" + ALICE) is None


def test_fees_count_against_the_total_even_of_what_fails() -> None:
    """The greatest fee must fit before; what was taken is noted after; a fee payer's money is not the session's."""
    world = granted(Scope((Limit("CNY", 1_000, 6_000),)))
    receipt = act(world, Pay(CAROL, "CNY", 1_001), gas_price=1_000)
    assert failed(receipt)[0] == "single"
    assert find_mandate(world.view, ALICE, SESSION).spent == (("CNY", 0, receipt.fee),)
    assert refused(world, Pay(BOB, "CNY", 1), gas_price=2_000) is Refused.SESSION_LIMIT
    assert act(world, Pay(CAROL, "CNY", 1), gas_price=2_000, fee_payer=BOB).ok
    assert find_mandate(world.view, ALICE, SESSION).spent == (("CNY", 0, receipt.fee + 1),)


def test_the_wallets_own_key_does_not_sign_for_a_session() -> None:
    """Nor does the session's key sign without naming it."""
    world = granted(Scope((Limit("CNY", 5, 5),)))
    for body, key in (
        (world.body("alice", [Pay(BOB, "CNY", 1)], authority=SESSION), KEYS["alice"]),
        (world.body("alice", [Pay(BOB, "CNY", 1)]), KEY),
    ):
        with pytest.raises(Refusal) as caught:
            world.commit(sign(body, [key]))
        assert caught.value.code is Refused.MISSING_SIGNATURE


def test_a_wallet_has_so_many_sessions_and_no_more() -> None:
    """The one past the limit fails, as does a name that is taken, one unknown, and a time that has passed."""
    world = World()
    until = world.time_ms
    grants = [Grant(bytes([n]) * 16, KEY.public, Scope(), until) for n in range(SESSIONS_MAX + 1)]
    assert world.send("alice", *grants[:-1]).ok
    assert len(list_mandates(world.view, ALICE)) == SESSIONS_MAX
    wrong = (grants[-1], grants[0], Revoke(b"\xff" * 16))
    errors = [world.send("alice", action).error for action in wrong]
    assert [error and error.name for error in errors] == ["LimitExceeded", "SessionExists", "NoSession"]
    late = world.send("bob", Grant(SESSION, KEY.public, Scope(), until - 1))
    assert failed(late) == ["expiry", until - 1, until]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 400), st.booleans()), max_size=12))
def test_random_histories_agree_with_a_plain_model(steps: list[tuple[int, int, bool]]) -> None:
    """Payments at random times, some in a transaction that fails later: what goes through and what is noted."""
    world = granted(Scope((Limit("CNY", 60, 100, 1_000),)))
    begun, spent = world.time_ms, {}
    for amount, later_ms, breaks in steps:
        world.time_ms += later_ms
        period = (world.time_ms - begun) // 1_000
        fits = amount <= 60 and spent.get(period, 0) + amount <= 100 and not breaks
        receipt = act(world, Pay(BOB, "CNY", amount), *([Pay(BOB, "USD", 1)] if breaks else []))
        assert receipt.ok is fits
        if fits:
            spent[period] = spent.get(period, 0) + amount
    assert world.balance(ALICE) == FUNDS - sum(spent.values())
    mandate = find_mandate(world.view, ALICE, SESSION)
    assert read_mandate(mandate_value(mandate)) == mandate
