"""A store that turns out to be damaged as it is read, and the look at a pruned one."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest
from test_chain_node import open_node, payment

from chain.node.devnet import start_devnet
from chain.primitives.limits import UNDO_BLOCKS_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.store import Store


def ask(address: str, path: str) -> tuple[int, dict[str, object]]:
    """A bare request: (status, JSON)."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_damage_that_is_read_for_a_request_stops_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is told Stopped, and the server ends with what was found."""
    running = start_devnet()

    def fail(self: Store, after: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        raise StoreFailed("not as it was written")

    monkeypatch.setattr(Store, "events", fail)
    status, answer = ask(running.address, "/v1/events")
    assert (status, answer["code"]) == (503, Refused.STOPPED)
    with pytest.raises(StoreFailed, match="as it was written"):
        running.stop()


def test_opening_reads_the_bodies_of_the_newest_transactions_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chain of hashes is followed by headers alone."""
    node = open_node(tmp_path)
    for sequence in range(6):
        node.submit(payment(sequence).encoded)
        node.produce()
    node.close()
    read: list[int] = []
    block = Store.block

    def watched(self: Store, height: int) -> bytes | None:
        read.append(height)
        return block(self, height)

    monkeypatch.setattr(Store, "block", watched)
    monkeypatch.setattr("chain.node.node.TRANSACTIONS_CHECKED_AT_START", 2)
    open_node(tmp_path).close()
    assert read == [0, 6, 5]


def test_a_pruned_ledger_opens(tmp_path: Path) -> None:
    """Blocks whose bodies have gone are looked at by their headers."""
    node = open_node(tmp_path)
    node.submit(payment(0).encoded)
    for _ in range(UNDO_BLOCKS_MAX + 12):
        node.produce()
    assert node.store.prune(10) == 10
    node.close()
    again = open_node(tmp_path)
    assert again.head.height == UNDO_BLOCKS_MAX + 12
    with pytest.raises(Refusal) as caught:
        again.block(5)
    assert caught.value.code is Refused.PRUNED
    again.close()
