"""Wallets of several keys, of other schemes, and whose keys change: in blocks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ledger_world import ALICE, BOB, CHAIN_ID, GAS_LIMIT, KEYS, World

from chain.ledger.admission import intrinsic_gas
from chain.primitives.address import wallet_address
from chain.primitives.keys import P256SecretKey, SecretKey, Signer
from chain.primitives.limits import GAS_SIGNATURE_ED25519, GAS_SIGNATURE_P256, POLICY_KEYS_MAX
from chain.primitives.policy import PolicyPlain, make_policy
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Body, OpenWallet, Pay, SetPolicy, Transaction, decode_transaction, sign

SIGNERS: list[Signer] = [
    SecretKey.development("policies", 0),
    P256SecretKey(bytes(31) + b"\x07"),
    SecretKey.development("policies", 1),
    P256SecretKey(bytes(31) + b"\x08"),
]


def of(threshold: int, signers: Sequence[Signer]) -> PolicyPlain:
    """The policy of some signers."""
    return make_policy(threshold, [signer.public for signer in signers]).plain()


def opened(world: World, policy: PolicyPlain, funds: int = 500) -> bytes:
    """The wallet of a policy, opened and funded by Alice."""
    address = wallet_address(policy)
    assert world.send("alice", OpenWallet(policy), Pay(address, "CNY", funds)).ok
    return address


class Lane:
    """Transactions of one wallet, one after the other."""

    def __init__(self, world: World, sender: bytes) -> None:
        self._world = world
        self._sender = sender
        self.sequence = 0

    def signed(self, signers: Sequence[Signer], *actions: Action, payer: bytes | None = None) -> Transaction:
        """The next one, signed by some."""
        body = Body(CHAIN_ID, self._sender, self.sequence, GAS_LIMIT, 0, actions, expiry_height=100, fee_payer=payer)
        return sign(body, signers)

    def send(self, signers: Sequence[Signer], *actions: Action, payer: bytes | None = None) -> Receipt:
        """Commit it, from its bytes. Raises `Refusal`."""
        receipt = self._world.commit(decode_transaction(self.signed(signers, *actions, payer=payer).encoded)).receipts[0]
        self.sequence += 1
        return receipt

    def refused(self, signers: Sequence[Signer], *actions: Action, payer: bytes | None = None) -> Refused:
        """The code with which it is refused."""
        with pytest.raises(Refusal) as caught:
            self.send(signers, *actions, payer=payer)
        return caught.value.code


@pytest.fixture
def world() -> World:
    """A small chain."""
    return World()


@pytest.mark.parametrize("signer", SIGNERS[:2], ids=["Ed25519", "P-256"])
def test_a_wallet_of_either_scheme_pays(world: World, signer: Signer) -> None:
    """Its key alone signs for it."""
    lane = Lane(world, opened(world, of(1, [signer])))
    assert lane.send([signer], Pay(BOB, "CNY", 5)).ok
    assert lane.refused([KEYS["bob"]], Pay(BOB, "CNY", 5)) is Refused.MISSING_SIGNATURE


def test_two_of_three_sign_no_fewer_and_no_more(world: World) -> None:
    """Any two do, of whatever schemes; one is missing, a third is one too many, a stranger's does not count."""
    three = SIGNERS[:3]
    lane = Lane(world, opened(world, of(2, three)))
    for left_out in range(3):
        assert lane.send([signer for i, signer in enumerate(three) if i != left_out], Pay(BOB, "CNY", 1)).ok
    for signer in three:
        assert lane.refused([signer], Pay(BOB, "CNY", 1)) is Refused.MISSING_SIGNATURE
    assert lane.refused(three, Pay(BOB, "CNY", 1)) is Refused.EXTRA_SIGNATURE
    assert lane.refused([three[0], SIGNERS[3]], Pay(BOB, "CNY", 1)) is Refused.MISSING_SIGNATURE
    assert lane.refused([*three[:2], SIGNERS[3]], Pay(BOB, "CNY", 1)) is Refused.EXTRA_SIGNATURE


def test_each_signature_costs_by_its_scheme(world: World) -> None:
    """A transaction with one more of a scheme takes that scheme's gas more, beside its bytes."""
    lane = Lane(world, ALICE)
    none, one, other = (lane.signed(signers, Pay(BOB, "CNY", 1)) for signers in ([], SIGNERS[:1], SIGNERS[1:2]))
    plain = intrinsic_gas(none)
    assert intrinsic_gas(one) - plain - 10 * (len(one.encoded) - len(none.encoded)) == GAS_SIGNATURE_ED25519
    assert intrinsic_gas(other) - plain - 10 * (len(other.encoded) - len(none.encoded)) == GAS_SIGNATURE_P256


def test_a_wallet_of_the_most_keys_opens_itself_and_pays(world: World) -> None:
    """With the signatures of all; one key more is no policy."""
    keys = [SecretKey.development("many", number) for number in range(POLICY_KEYS_MAX + 1)]
    policy = of(POLICY_KEYS_MAX, keys[:-1])
    lane = Lane(world, wallet_address(policy))
    assert lane.send(keys[:-1], OpenWallet(policy)).ok
    assert lane.send(keys[:-1], Pay(BOB, "CNY", 0)).ok
    with pytest.raises(Refusal):
        of(POLICY_KEYS_MAX, keys)


def test_a_payer_of_several_keys_signs_beside_the_sender(world: World) -> None:
    """Both policies are met; a key that is in both signs once for both."""
    payer = opened(world, of(2, SIGNERS[:3]))
    lane = Lane(world, ALICE)
    lane.sequence = 1
    assert lane.refused([KEYS["alice"], SIGNERS[0]], Pay(BOB, "CNY", 1), payer=payer) is Refused.MISSING_SIGNATURE
    assert lane.send([KEYS["alice"], *SIGNERS[:2]], Pay(BOB, "CNY", 1), payer=payer).ok
    shared = opened_by(lane, of(1, [SIGNERS[0]]))
    own = Lane(world, shared)
    assert own.send(SIGNERS[:2], Pay(BOB, "CNY", 1), payer=payer).ok


def opened_by(lane: Lane, policy: PolicyPlain) -> bytes:
    """The wallet of a policy, opened by Alice in her lane."""
    address = wallet_address(policy)
    assert lane.send([KEYS["alice"]], OpenWallet(policy), Pay(address, "CNY", 9)).ok
    return address


def test_keys_change_and_the_address_stays(world: World) -> None:
    """From the next transaction on the new ones sign, and the old one does not; a failed transaction changes nothing."""
    old, new = SIGNERS[0], SIGNERS[1:3]
    address = opened(world, of(1, [old]))
    lane = Lane(world, address)
    assert not lane.send([old], SetPolicy(address, of(2, new)), Pay(BOB, "CNY", 10**9)).ok
    assert lane.send([old], SetPolicy(address, of(2, new))).ok
    assert lane.refused([old], Pay(BOB, "CNY", 1)) is Refused.MISSING_SIGNATURE
    assert lane.send(new, Pay(BOB, "CNY", 1)).ok
    assert world.balance(address) == 499
    again = world.send("alice", OpenWallet(of(1, [old])))
    assert again.error is not None and again.error.name == "WalletExists"


def test_only_the_owner_or_the_guardian_changes_keys(world: World) -> None:
    """Somebody else is not authorized; of a guarded wallet not even the owner is."""
    address = opened(world, of(1, SIGNERS[:1]))
    error = world.send("bob", SetPolicy(address, of(1, SIGNERS[1:2]))).error
    assert error is not None and error.name == "NotAuthorized"
    guarded = wallet_address(SIGNERS[0].public, ALICE)
    assert world.send("alice", OpenWallet(SIGNERS[0].public, guarded=True)).ok
    lane = Lane(world, guarded)
    error = lane.send(SIGNERS[:1], SetPolicy(guarded, SIGNERS[1].public)).error
    assert error is not None and error.name == "NotAuthorized"
    assert world.send("alice", SetPolicy(guarded, SIGNERS[1].public)).ok
    assert lane.send(SIGNERS[1:2], Pay(BOB, "CNY", 0)).ok
