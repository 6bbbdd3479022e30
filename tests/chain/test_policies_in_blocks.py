"""Wallets of several keys and of every scheme, in blocks."""

from __future__ import annotations

from itertools import combinations

import pytest
from ledger_world import ALICE, BOB, KEYS, World
from passkey import Passkey

from chain.currency.mandates import list_mandates
from chain.ledger.admission import intrinsic_gas
from chain.primitives.address import wallet_address
from chain.primitives.keys import P256SecretKey, SecretKey, Signer
from chain.primitives.mandate import Scope
from chain.primitives.policy import make_policy
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Body, Grant, OpenWallet, Pay, SetPolicy, Transaction, sign

MIXED: list[Signer] = [SecretKey.development("policies", 1), P256SecretKey((7).to_bytes(32)), Passkey(9)]
POLICY = make_policy(2, [key.public for key in MIXED])
SHARED = wallet_address(POLICY.plain())


@pytest.fixture
def world() -> World:
    """A chain on which a wallet of two of three keys, one of each scheme, has money."""
    made = World()
    assert made.send("alice", OpenWallet(POLICY), Pay(SHARED, "CNY", 1_000)).ok
    return made


def body_of(world: World, sender: bytes, **fields: object) -> Body:
    """A payment of one minor unit to Bob."""
    sequence = 0 if (account := world.view.account(sender)) is None else account.sequences.get(0, 0)
    return world.body("alice", [Pay(BOB, "CNY", 1)], **{"sender": sender, "sequence": sequence, **fields})


def refusal_of(world: World, transaction: Transaction) -> Refused:
    """The code with which a transaction is refused."""
    with pytest.raises(Refusal) as caught:
        world.commit(transaction)
    return caught.value.code


@pytest.mark.parametrize("pair", list(combinations(range(3), 2)))
def test_any_two_of_three_schemes_sign_for_a_wallet(world: World, pair: tuple[int, int]) -> None:
    """Ed25519, P-256 and a passkey, in every pair, pay in a block that is applied again from its bytes."""
    assert world.commit(sign(body_of(world, SHARED), [MIXED[i] for i in pair])).receipts[0].ok
    assert world.balance(SHARED) == 999


def test_one_of_two_is_missing_and_three_are_too_many(world: World) -> None:
    """Exactly the threshold signs."""
    body = body_of(world, SHARED)
    assert refusal_of(world, sign(body, MIXED[:1])) is Refused.MISSING_SIGNATURE
    assert refusal_of(world, sign(body, MIXED)) is Refused.EXTRA_SIGNATURE
    assert refusal_of(world, sign(body, [*MIXED[:1], KEYS["bob"]])) is Refused.MISSING_SIGNATURE


@pytest.mark.parametrize(("number", "gas"), [(0, 15_000), (1, 30_000), (2, 38_000)])
def test_the_gas_of_a_signature_goes_by_its_scheme(world: World, number: int, gas: int) -> None:
    """Beside its bytes, which cost ten each."""
    bare = Transaction(body_of(world, SHARED))
    signed = sign(bare.body, [MIXED[number]])
    more = 10 * (len(signed.encoded) - len(bare.encoded))
    assert intrinsic_gas(signed) - intrinsic_gas(bare) - more == gas


def test_a_key_of_sender_and_payer_serves_both(world: World) -> None:
    """Alice's key is one of two in the wallet whose fee she pays: two signatures are enough."""
    policy = make_policy(2, [KEYS["alice"].public, MIXED[0].public])
    wallet = wallet_address(policy.plain())
    assert world.send("bob", OpenWallet(policy), Pay(wallet, "CNY", 5)).ok
    body = body_of(world, wallet, fee_payer=ALICE, gas_price=1_000)
    assert refusal_of(world, sign(body, [MIXED[0]])) is Refused.MISSING_SIGNATURE
    receipt = world.commit(sign(body, [MIXED[0], KEYS["alice"]])).receipts[0]
    assert receipt.ok
    assert world.balance(wallet) == 4


def test_an_owner_exchanges_its_key_and_the_address_stays(world: World) -> None:
    """From then on the new policy signs, the old key does not, and the sessions are gone."""
    grant = Grant(bytes(16), MIXED[0].public, Scope(), world.time_ms + 1)
    assert world.send("alice", grant).ok
    assert world.send("alice", SetPolicy(ALICE, POLICY)).ok
    body = body_of(world, ALICE)
    assert refusal_of(world, sign(body, [KEYS["alice"]])) is Refused.MISSING_SIGNATURE
    assert world.commit(sign(body, MIXED[1:])).receipts[0].ok
    assert list_mandates(world.view, ALICE) == []


def test_only_the_guardian_exchanges_the_key_of_a_guarded_wallet(world: World) -> None:
    """The owner may not, nor may a stranger; the guardian restores a wallet whose key is lost."""
    lost, new = MIXED[0], MIXED[2]
    wallet = wallet_address(lost.public, ALICE)
    assert world.send("alice", OpenWallet(lost.public, guarded=True), Pay(wallet, "CNY", 9)).ok
    own = world.body("alice", [SetPolicy(wallet, new.public)], sender=wallet, sequence=0)
    for refused in (world.commit(sign(own, [lost])).receipts[0], world.send("bob", SetPolicy(wallet, new.public))):
        assert refused.error is not None
        assert refused.error.name == "NotAuthorized"
    assert world.send("alice", SetPolicy(wallet, new.public)).ok
    assert world.commit(sign(body_of(world, wallet), [new])).receipts[0].ok


def test_a_signature_does_not_serve_another_lane(world: World) -> None:
    """The lane is in what is signed."""
    signed = sign(body_of(world, SHARED), MIXED[:2])
    assert refusal_of(world, Transaction(signed.body._replace(lane=1), signed.signatures)) is Refused.WRONG_SIGNATURE


def test_a_policy_opens_its_own_wallet() -> None:
    """As one key does, where gas is free."""
    world = World()
    body = world.body("alice", [OpenWallet(POLICY)], sender=SHARED, sequence=0)
    assert world.commit(sign(body, MIXED[:2])).receipts[0].ok
    account = world.view.account(SHARED)
    assert account is not None
    assert account.key == POLICY
