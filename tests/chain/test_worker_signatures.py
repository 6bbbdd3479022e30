"""What a worker spends on signatures before it is known whether anybody asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from ledger_world import ALICE, BOB, KEYS, World

from chain.ledger import admission
from chain.ledger.parameters import read_parameters
from chain.node.outcome import Row
from chain.node.remote import RemoteGateway
from chain.primitives.address import wallet_address
from chain.primitives.keys import P256SecretKey
from chain.primitives.limits import SIGNATURES_UNASKED_MAX
from chain.primitives.policy import make_policy
from chain.primitives.refusal import Refused
from chain.primitives.transaction import OpenWallet, Pay, Transaction, sign

MANY = [P256SecretKey((100 + n).to_bytes(32)) for n in range(16)]
POLICY = make_policy(3, [key.public for key in MANY[:3]])
SHARED = wallet_address(POLICY.plain())


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many signatures each look was about."""
    looks: list[int] = []
    check = admission.check_valid

    def counted(signatures: Sequence[tuple[bytes, bytes]], message: bytes) -> None:
        looks.append(len(signatures))
        check(signatures, message)

    monkeypatch.setattr(admission, "check_valid", counted)
    return looks


pytestmark = pytest.mark.interpreted


class Parent(RemoteGateway):
    """A gateway that keeps what it would have asked the parent."""

    def __init__(self, world: World) -> None:
        super().__init__(read_parameters(world.view), world.view, lambda: None)
        self.items: list[Any] = []

    async def _ask(self, kind: object, *rest: Any) -> Any:
        self.items = rest[1]
        return [[] for _ in self.items]


def passed(world: World, transaction: Transaction) -> tuple[Row, list[bool]]:
    """The row of a transaction that a worker got, and of each that it passed on whether its signatures were looked at."""
    parent = Parent(world)
    (row,) = asyncio.run(parent.submit([transaction], wait_seconds=None))
    return row, [looked_at for _, _, looked_at in parent.items]


def test_signatures_that_no_wallet_asks_for_are_not_verified(verified: list[int]) -> None:
    """With more than the limit they go to the parent as they are, which asks for names first; up to it they are looked at."""
    world = World()
    body = world.body("alice", [Pay(BOB, "CNY", 1)], gas_limit=2_000_000)
    row, looked_at = passed(world, sign(body, MANY))
    assert (row.status, looked_at, verified) == ("waiting", [False], [])
    passed(world, sign(body, MANY[:SIGNATURES_UNASKED_MAX]))
    assert verified == [SIGNATURES_UNASKED_MAX]


def test_signatures_that_a_wallet_asks_for_are_verified_by_the_worker(verified: list[int]) -> None:
    """All three of its keys, once; a wrong one is refused there."""
    world = World()
    assert world.send("alice", OpenWallet(POLICY), Pay(SHARED, "CNY", 1_000)).ok
    verified.clear()
    body = world.body("alice", [Pay(BOB, "CNY", 1)], sender=SHARED, sequence=0)
    good = sign(body, MANY[:3])
    assert passed(world, good)[1] == [True]
    assert verified == [3]
    forged = Transaction(body, tuple((key, bytes(63) + b"\x01") for key, _ in good.signatures))
    row, looked_at = passed(world, forged)
    assert row.refusal is not None and row.refusal.code is Refused.WRONG_SIGNATURE
    assert looked_at == []


def test_what_was_not_looked_at_is_refused_by_the_parent_for_its_names(verified: list[int]) -> None:
    """Before a signature is verified."""
    world = World()
    transaction = sign(world.body("alice", [Pay(BOB, "CNY", 1)], gas_limit=2_000_000), [KEYS["alice"], *MANY[:5]])
    with pytest.raises(Exception, match="ExtraSignature"):
        world.commit(transaction)
    assert verified == []
    assert world.balance(ALICE) == World().balance(ALICE)
