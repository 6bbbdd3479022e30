"""The real node through what one seed makes happen, held against a plain model: see `sim/simulation.py`."""

from __future__ import annotations

from collections import Counter

import pytest
from sim.simulation import simulate

from chain.ledger.apply import Applied
from chain.node.node import Node
from chain.primitives.refusal import Refusal
from chain.state.reader import Reader
from chain.state.store import Store
from chain.state.writing import Writing


@pytest.mark.parametrize("seed", range(6))
def test_a_ledger_keeps_its_promises_whatever_happens(seed: int) -> None:
    """Nothing acknowledged is lost, nothing is there twice, money adds up, and it replays to its root."""
    assert simulate(seed, 300).model.newest.places


@pytest.mark.long
def test_the_histories_are_worth_it() -> None:
    """Between them they have every action with success and most without, full disks, and blocks that were pruned."""
    happened = Counter[str]()
    for seed in range(2_000, 2_030):
        happened += simulate(seed, 600).happened
    actions = ("Pay", "Deploy", "Call", "Grant", "Revoke", "SetRules", "SetPolicy", "OpenWallet", "session")
    wanted = {f"{action} {how}" for action in actions for how in ("done", "failed")} - {"SetRules failed", "SetPolicy failed"}
    assert wanted | {"a full disk", "blocks pruned", "restore", "events"} <= {name for name, count in happened.items() if count}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_300))
def test_a_ledger_keeps_its_promises_for_long(seed: int) -> None:
    """Three hundred seeds, with more steps each."""
    assert simulate(seed, 1_500).model.newest.places


def test_a_seed_is_the_same_history_each_time() -> None:
    """To the byte of the newest block, so that what a seed finds can be looked at."""
    first, second = simulate(7, 150), simulate(7, 150)
    assert first.node.head.encoded == second.node.head.encoded
    assert first.model.newest.places == second.model.newest.places


def _forgets_places(patch: pytest.MonkeyPatch) -> None:
    """What is on disk is not found again."""
    patch.setattr(Reader, "find", lambda *_: None)


def _forgets_what_is_under_way(patch: pytest.MonkeyPatch) -> None:
    """Blocks that are made and not written are nobody's business when a transaction comes again."""
    make = Node.make_block

    def make_and_forget(node: Node) -> Applied:
        applied = make(node)
        node._unwritten = dict.fromkeys(node._unwritten, (0, 0))
        return applied

    patch.setattr(Node, "make_block", make_and_forget)


def _goes_back_too_little(patch: pytest.MonkeyPatch) -> None:
    """Going back leaves the newest block."""
    revert = Node.revert
    patch.setattr(Node, "revert", lambda node, height: revert(node, min(height + 1, node.head.height)))


def _goes_on_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    """A store whose disk was full is written to as if nothing had been."""
    patch.setattr(Store, "_failed", property(lambda _: False, lambda *_: None), raising=False)


def _prunes_one_too_many(patch: pytest.MonkeyPatch) -> None:
    """The oldest block that is to stay goes too."""
    honest = Writing.prune

    def prune(writing: Writing, before: int) -> int:
        done = honest(writing, before)
        writing._remove_body(max(1, done))
        return done

    patch.setattr(Writing, "prune", prune)


@pytest.mark.parametrize(
    "fault",
    [
        _forgets_places,
        _forgets_what_is_under_way,
        _goes_back_too_little,
        _goes_on_after_a_failure,
        pytest.param(_prunes_one_too_many, marks=pytest.mark.long),
    ],
)
def test_a_faulty_node_is_found_out(fault: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """By some seed, with the command that runs it again."""
    assert callable(fault)
    fault(monkeypatch)
    with pytest.raises((AssertionError, Refusal)) as caught:
        for seed in range(8):
            simulate(seed, 300)
    assert "simulation.py" in caught.value.__notes__[0]
