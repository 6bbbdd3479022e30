"""Subscriptions over WebSocket on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from ledger_world import call, deploy
from starlette.websockets import WebSocket

from chain.client.client import Client
from chain.client.subscription import Subscription
from chain.node import subscriptions
from chain.node.development import SEED, development_wallets, devnet_specification
from chain.node.devnet import Devnet, start_devnet
from chain.node.node import Node
from chain.primitives.address import contract_address, format_address
from chain.primitives.limits import SUBSCRIPTIONS_MAX
from chain.primitives.refusal import Refusal, StoreFailed
from chain.primitives.transaction import sign
from chain.state.store import Store
from vm.types import CoinValue

ALICE, BOB, CAROL = development_wallets()[:3]


@pytest.fixture
def subscription(devnet: Devnet) -> Iterator[Subscription]:
    """A connection that listens to nothing yet."""
    with Subscription(devnet.address) as opened:
        yield opened


def test_old_blocks_and_new_ones_come_once_each_in_order(client: Client, subscription: Subscription) -> None:
    """From the beginning on, while more are made; and again from a cursor in the middle."""
    for _ in range(3):
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    subscription.subscribe("blocks", "all", cursor="")
    assert subscription.receive()["type"] == "subscribed"
    for _ in range(3):
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    head = client.status()["height"]
    told = [subscription.receive() for _ in range(head + 1)]
    assert [message["header"]["height"] for message in told] == list(range(head + 1))
    subscription.subscribe("blocks", "again", cursor=told[2]["cursor"])
    assert subscription.receive()["cursor"] == told[2]["cursor"]
    assert subscription.receive()["header"]["height"] == 3


def test_events_come_of_one_contract_and_one_name(client: Client, subscription: Subscription) -> None:
    """Decoded, with the cursor of `GET /v1/events`."""
    body = client.build(CAROL.address, [deploy("escrow", BOB.address, 100, 1_000)])
    client.commit(sign(body, [CAROL.key]))
    escrow = contract_address(CAROL.address, body.identity, 0)
    _, before = client.events(limit=1_000)
    subscription.subscribe("events", "settled", contract=format_address(escrow), event="Settled")
    subscription.subscribe("events", "others", contract=format_address(ALICE.address))
    assert {subscription.receive()["id"] for _ in range(2)} == {"settled", "others"}
    client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100))])
    client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "accept")])
    told = subscription.receive()
    assert (told["id"], told["event"], told["fields"]["amount"]) == ("settled", "Settled", "100")
    events, _ = client.events(before)
    assert told["cursor"] in [event["cursor"] for event in events]


def test_transactions_of_a_wallet_come_whoever_sent_them(client: Client, subscription: Subscription) -> None:
    """Those of others do not."""
    subscription.subscribe("transactions", "bob", wallet=format_address(BOB.address))
    subscription.receive()
    client.pay(ALICE.key, ALICE.address, CAROL.address, "CNY", 1)
    to = client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 2)
    by = client.pay(BOB.key, BOB.address, ALICE.address, "CNY", 3)
    told = [subscription.receive()["receipt"]["id"] for _ in range(2)]
    assert told == [to.receipt.identity.hex(), by.receipt.identity.hex()]


def test_what_is_wrong_is_refused_and_the_connection_stays(client: Client, subscription: Subscription) -> None:
    """Typed: an unknown kind, a wrong cursor, a taken id, one subscription too many."""
    subscription.subscribe("weather", "a")
    subscription.subscribe("blocks", "a", cursor="00")
    subscription.unsubscribe("a")
    assert [subscription.receive()["code"] for _ in range(3)] == ["BadRequest"] * 3
    for number in range(SUBSCRIPTIONS_MAX):
        subscription.subscribe("blocks", str(number))
        assert subscription.receive()["type"] == "subscribed"
    subscription.subscribe("blocks", "0")
    assert subscription.receive()["code"] == "BadRequest"
    subscription.subscribe("blocks", "more")
    assert subscription.receive()["code"] == "SenderFull"


def test_who_listens_is_told_that_blocks_were_taken_back(tmp_path: Path) -> None:
    """And reads the blocks that came in their place, from the height on to which the ledger went back."""
    with start_devnet(tmp_path) as running, Client(running.address) as client, Subscription(running.address) as listening:
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
        listening.subscribe("blocks", "all")
        listening.receive()
        client.post("/devnet/snapshot", {})
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 2)
        gone = listening.receive()["header"]
        client.post("/devnet/revert", {})
        assert listening.receive() == {"type": "reverted", "height": 1}
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 3)
        come = listening.receive()["header"]
        assert (gone["height"], come["height"]) == (2, 2)
        assert come["hash"] == client.block(2)["header"]["hash"] != gone["hash"]


def test_damage_that_is_read_for_a_listener_stops_the_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As damage that is read for a request does."""
    running = start_devnet(tmp_path)
    with Subscription(running.address) as listening:

        def fail(self: Store, height: int) -> bytes | None:
            raise StoreFailed("the row is not as it was written")

        monkeypatch.setattr(Store, "header", fail)
        listening.subscribe("blocks", "all", cursor="")
        with pytest.raises(Refusal):
            for _ in range(3):
                listening.receive()
    with pytest.raises(StoreFailed):
        running.stop()


class Deaf:
    """A WebSocket whose other side subscribes, takes so many messages and then no more."""

    def __init__(self, taken: int) -> None:
        self.left = taken
        self.asked = ['{"subscribe": "blocks", "id": "a", "from": ""}']

    async def accept(self) -> None:
        """Always."""

    async def receive_text(self) -> str:
        """The question, then nothing."""
        if not self.asked:
            await asyncio.Event().wait()
        return self.asked.pop()

    async def send_text(self, text: str) -> None:
        """As long as there is room."""
        if not self.left:
            await asyncio.Event().wait()
        self.left -= 1


def test_a_reader_that_takes_nothing_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, whether it stopped at the first message or at a later one; nobody is kept waiting for it."""
    monkeypatch.setattr(subscriptions, "SUBSCRIBER_SECONDS_MAX", 0.01)
    node = Node(tmp_path, devnet_specification(SEED), clock=lambda: 0)
    for taken in (0, 1):
        served = subscriptions.Subscriptions(node, pytest.fail).serve(cast(WebSocket, Deaf(taken)))
        asyncio.run(asyncio.wait_for(served, 30))
    node.close()
