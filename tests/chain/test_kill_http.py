"""A devnet killed while clients send it batches: what it has acknowledged is there after each restart."""

from __future__ import annotations

from pathlib import Path
from random import Random
from shutil import rmtree

import pytest

from bench.kill import Run
from bench.node.history import Lane, Lost


def killed(folder: Path, kills: int, workers: int, seed: int) -> Run:
    """So many lives of one ledger, which is read from end to end afterwards."""
    run = Run(folder, workers, seed)
    for _ in range(kills):
        run.kill()
    _, transactions = run.finish()
    assert transactions == run.history.acknowledged() > 0
    return run


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_devnet_acknowledges_outlives_it(tmp_path: Path, workers: int) -> None:
    """Four kills of one process and of one with workers: each acknowledged payment is where it was said to be, once."""
    killed(tmp_path, 4, workers, seed=workers + 1)


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_devnet_acknowledges_outlives_a_hundred_kills(tmp_path: Path, workers: int) -> None:
    """At the start, while it is asked again, and under load."""
    run = killed(tmp_path, 100, workers, seed=workers + 3)
    assert set(run.kills) == {"start", "retry", "load"}


def test_a_ledger_that_is_gone_is_noticed(tmp_path: Path) -> None:
    """A folder emptied between two lives is not taken for a ledger that has kept its word."""
    run = Run(tmp_path, 0, seed=5)
    while run.history.acknowledged() < 50:
        run.kill()
    rmtree(tmp_path / "data")
    with pytest.raises(Lost):
        run.finish()


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((b"\x00" * 32, "committed", True, None, 1, 0), id="another transaction"),
        pytest.param((None, "waiting", None, None, None, None), id="not on disk"),
        pytest.param((None, "committed", False, "InsufficientFunds", 1, 0), id="another outcome"),
        pytest.param((None, "committed", True, None, 2, 0), id="another block"),
    ],
)
def test_an_answer_that_contradicts_what_is_known_is_noticed(row: tuple[object, ...]) -> None:
    """The history would find a ledger out that loses, changes or moves what it has acknowledged."""
    lane = Lane(0, 0)
    lane.more(1, Random(0))
    identity = lane.sent[0].identity
    lane.take([0], [(identity, "committed", True, None, 1, 0)])
    with pytest.raises(Lost):
        lane.take([0], [(row[0] or identity, *row[1:])])
