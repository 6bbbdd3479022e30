"""The condition of a node: alive, ready, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_chain_node import open_node, payment

from chain.node.measures import Measures
from chain.node.metrics import read, tell
from chain.node.node import Node
from chain.node.vitals import Stage, Vitals
from chain.primitives.limits import BEAT_SECONDS_MAX


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the test."""
    return Clock()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node with genesis only."""
    opened = open_node(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def vitals(clock: Clock, node: Node) -> Vitals:
    """Of a node that serves and makes blocks when there is something for them."""
    made = Vitals(Measures(), head_age_seconds_max=5, clock=clock)
    made.opened(node)
    made.stage = Stage.SERVING
    made.beat()
    return made


def test_a_node_is_not_ready_before_its_store_is_open(clock: Clock) -> None:
    """It is alive, however long that takes."""
    vitals = Vitals(Measures(), head_age_seconds_max=5, clock=clock)
    clock.now += 1_000
    assert vitals.alive() is None
    assert vitals.unready() == ["the store is being opened"]


def test_a_node_that_stops_is_alive_and_not_ready(vitals: Vitals) -> None:
    """Whoever sends it something is to go elsewhere."""
    assert vitals.unready() == []
    vitals.stage = Stage.DRAINING
    assert vitals.alive() is None
    assert vitals.unready() == ["the node is stopping"]


def test_a_node_that_does_nothing_is_not_alive(vitals: Vitals, clock: Clock) -> None:
    """It has so many seconds between two signs of life."""
    clock.now += BEAT_SECONDS_MAX
    assert vitals.alive() is None
    clock.now += 1
    assert vitals.alive() is not None
    vitals.beat()
    assert vitals.alive() is None


def test_a_node_that_has_failed_is_not_alive(vitals: Vitals, node: Node) -> None:
    """Its numbers are told all the same, without those of the store."""
    node.failure = OSError("gone")
    assert vitals.alive() is not None
    assert ("tael_store_bytes", ()) not in read(tell(vitals.metrics()))


def test_a_block_is_due_at_its_interval(vitals: Vitals, clock: Clock) -> None:
    """One that has not come for longer than the interval and what is allowed makes it not ready, until one is written."""
    vitals.block_time_ms = 2_000
    clock.now += 7
    vitals.beat()
    assert vitals.unready() == []
    clock.now += 1
    assert vitals.overdue_seconds() == 6
    assert len(vitals.unready()) == 1
    vitals.written()
    assert vitals.unready() == []


def test_without_an_interval_a_block_is_due_while_something_waits(vitals: Vitals, clock: Clock, node: Node) -> None:
    """An idle node is ready however old its head is; one that lets transactions wait is not."""
    clock.now += 1_000
    vitals.beat()
    assert vitals.unready() == []
    node.submit(payment(0).encoded)
    vitals.beat()
    clock.now += 6
    vitals.beat()
    assert len(vitals.unready()) == 1
    node.produce()
    vitals.written()
    vitals.beat()
    assert vitals.unready() == []


def test_the_oldest_that_waits_is_told(vitals: Vitals, clock: Clock, node: Node) -> None:
    """Since when the first of those that still wait has waited, to the second of the look before; nothing for an empty pool."""

    def oldest() -> float:
        return read(tell(vitals.metrics()))["tael_pool_oldest_seconds", ()]

    for sequence in range(3):
        node.submit(payment(sequence).encoded)
        clock.now += 1
        vitals.beat()
    assert oldest() == 2
    first = node.pool.in_order()[0].identity
    assert first in node.pool
    node.pool.drop_all()
    vitals.beat()
    assert oldest() == 0
    clock.now += 100
    node.submit(payment(0).encoded)
    vitals.beat()
    clock.now += 4
    assert oldest() == 4


def test_the_room_on_the_disk_is_told(vitals: Vitals, node: Node) -> None:
    """The file is as large as it says, and less than that is free."""
    for sequence in range(5):
        node.submit(payment(sequence).encoded)
        node.produce()
    found = read(tell(vitals.metrics()))
    size = (node.directory / "ledger" / "data.mdb").stat().st_size
    assert 0 < found["tael_store_bytes", ()] <= size
    assert 0 <= found["tael_store_free_bytes", ()] < size
    assert found["tael_undo_oldest_height", ()] == 0
    assert found["tael_height", ()] == 5


def test_a_disk_that_is_nearly_full_makes_a_node_not_ready(node: Node, clock: Clock) -> None:
    """Before a block finds no room; the log says so once."""
    for wanted, reasons in ((0, 0), (2**62, 1)):
        vitals = Vitals(Measures(), head_age_seconds_max=5, disk_free_bytes_min=wanted, clock=clock)
        vitals.opened(node)
        vitals.stage = Stage.SERVING
        vitals.beat()
        assert len(vitals.unready()) == reasons
        assert vitals.alive() is None


def test_a_store_that_closes_is_not_asked_any_more(vitals: Vitals, node: Node) -> None:
    """The operations port may be asked until the very end."""
    vitals.closes()
    node.close()
    assert ("tael_store_bytes", ()) not in read(tell(vitals.metrics()))
