"""Old states and going back to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from store_world import block, changes, contents

from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state import writing as writing_module
from chain.state.sealed import TABLES
from chain.state.store import Store
from chain.state.tree import Tree
from chain.state.undo import decode_undo, encode_undo
from chain.state.versions import Folds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An open store with genesis."""
    opened = Store(tmp_path / "data")
    opened.commit(block(opened, {b"k%05d" % n: b"genesis" for n in range(0, 60, 2)}))
    yield opened
    opened.close()


def grow(store: Store, blocks: int, seed: int = 1) -> list[dict[bytes, bytes]]:
    """So many more blocks of random changes; the state before them and after each."""
    chance = random.Random(seed)
    states = [dict(store.entries())]
    for _ in range(blocks):
        store.commit(block(store, changes(chance, 60, 12), fork=b"%d" % seed))
        states.append(dict(store.entries()))
    return states


def state_at(store: Store, height: int) -> dict[bytes, bytes | None]:
    """What an old view says of every key that there can be."""
    view = store.at(height)
    return {key: value for n in range(60) if (value := view.get(key := b"k%05d" % n)) is not None}


def refusal_of(store: Store, height: int) -> Refusal:
    """How the state at a height is refused."""
    with pytest.raises(Refusal) as caught:
        store.at(height)
    return caught.value


# Reading.


def test_every_old_state_is_what_the_state_was(store: Store) -> None:
    """Keys that were changed, born and removed since, at every height, the head's too."""
    states = grow(store, 40)
    for height in [*range(41), *range(40, -1, -3)]:
        assert state_at(store, height) == states[height]


def test_an_old_view_stays_as_it_is_while_blocks_come(store: Store) -> None:
    """It is opened once and read after every block."""
    states = grow(store, 5)
    view = store.at(3)
    for seed in range(2, 8):
        grow(store, 3, seed)
        assert {key: value for n in range(60) if (value := view.get(key := b"k%05d" % n)) is not None} == states[3]


def test_the_changes_of_an_old_view_give_the_old_tree(store: Store) -> None:
    """The head's tree, updated with them, has the old root and proves under it."""
    roots = [Tree(store.page).root]
    chance = random.Random(3)
    for _ in range(20):
        store.commit(block(store, changes(chance, 60, 12)))
        roots.append(Tree(store.page).root)
    for height, root in enumerate(roots):
        assert Tree(store.page).update(store.at(height).changes().items()).root == root


def test_a_height_that_is_not_there_yet_is_not_found(store: Store) -> None:
    """The answer has the newest."""
    refusal = refusal_of(store, 1)
    assert (refusal.code, refusal.data["head"]) == (Refused.NOT_FOUND, 0)
    assert refusal_of(store, -1).code is Refused.NOT_FOUND


def test_states_past_what_is_kept_are_refused_with_what_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight blocks are kept here: the state before the oldest of them can be read, and none before."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 8)
    states = grow(store, 20)
    assert store.oldest() == 12
    assert state_at(store, 12) == states[12]
    refusal = refusal_of(store, 11)
    assert (refusal.code, refusal.data) == (Refused.PRUNED, {"oldest": 12, "head": 20})
    assert "heights 12 to 20" in refusal.message


def test_records_are_bounded_in_bytes_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their number, but the newest stays."""
    monkeypatch.setattr(writing_module, "UNDO_BYTES_MAX", 6 * 4_096)
    grow(store, 60)
    assert 40 < store.oldest() < 59
    monkeypatch.setattr(writing_module, "UNDO_BYTES_MAX", 0)
    states = grow(store, 20, 2)
    assert store.oldest() == store.height() - 1
    assert state_at(store, store.oldest()) == states[-2]


def test_a_smaller_limit_is_reached_a_few_records_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """No block does the work of a hundred."""
    grow(store, 40)
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 8)
    grow(store, 1, 2)
    assert store.oldest() == writing_module.UNDO_RECORDS_REMOVED_MAX
    grow(store, 12, 3)
    assert store.oldest() == store.height() - 8


def test_an_archive_keeps_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it is opened as one."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 2)
    archive = Store(tmp_path / "archive", archive=True)
    archive.commit(block(archive, {b"k00001": b"genesis"}))
    states = grow(archive, 20)
    assert archive.oldest() == 0
    assert state_at(archive, 0) == states[0]
    archive.close()


def test_folded_states_take_bounded_memory(store: Store) -> None:
    """Those that were not used last are forgotten and made again; one that alone is too large is refused."""
    states = grow(store, 30)
    store.folds = Folds(bytes_max=30_000)
    for height in [*range(10, 31), *range(10, 31, 5)]:
        assert state_at(store, height) == states[height]
        assert sum(fold.bytes for fold in store.folds._by_height.values()) <= 30_000
    store.folds = Folds(bytes_max=1_000)
    assert refusal_of(store, 10).code is Refused.PRUNED
    assert state_at(store, 30) == states[30]


def test_an_old_state_is_gone_back_to_a_slice_at_a_time(store: Store) -> None:
    """So many records a call, until there are none left; blocks that come in between and a fork are taken in too."""
    states = grow(store, 9)
    assert [store.folds.prepare(store, 2, 3) for _ in range(4)] == [False, False, True, True]
    assert state_at(store, 2) == states[2]
    later = grow(store, 4, 2)
    assert [store.folds.prepare(store, 2, 3) for _ in range(2)] == [False, True]
    assert (state_at(store, 2), state_at(store, 12)) == (states[2], later[3])
    assert store.folds.prepare(store, 5, 2) is False
    store.revert(4, tree_back_to(store, 4))
    grow(store, 3, 5)
    assert store.folds.prepare(store, 3, 9) is True
    assert (state_at(store, 3), state_at(store, 2)) == (states[3], states[2])


def test_a_reader_of_another_thread_sees_a_fork_as_one(store: Store) -> None:
    """Blocks taken back and made anew behind a reader: states at heights of both are the new ones, and a view of a block that
    has gone says so.
    """
    grow(store, 20)
    reader = store.beside()
    gone, kept = reader.at(15), reader.at(8)
    was = {key: kept.get(key) for key in (b"k%05d" % n for n in range(60))}
    store.revert(10, tree_back_to(store, 10))
    states = grow(store, 15, 7)
    reader.renew()
    assert {key: kept.get(key) for key in was} == was
    assert dict(reader.entries()) == states[15]
    for height in range(10, 26):
        view = reader.at(height)
        assert {key: value for key in was if (value := view.get(key)) is not None} == states[height - 10]
    with pytest.raises(Refusal, match="taken back"):
        gone.get(b"k00001")
    reader.close()


# Going back.


def tree_back_to(store: Store, height: int) -> dict[bytes, bytes | None]:
    """The changes of the head's tree that make it the tree at a height."""
    return Tree(store.page).update(store.at(height).changes().items()).pages


@pytest.mark.parametrize("height", [0, 1, 17, 39, 40])
def test_going_back_leaves_every_table_as_it_was(store: Store, height: int) -> None:
    """Byte for byte: the state, the tree, blocks, identities, index, receipts, events, records and head."""
    grow(store, height)
    before = contents(store)
    grow(store, 40 - height, 2)
    if height < 40:
        assert all(contents(store)[name] != before[name] for name in TABLES)
    store.revert(height, tree_back_to(store, height))
    assert contents(store) == before
    assert store.height() == height


def test_a_ledger_goes_on_from_where_it_went_back_to(store: Store, tmp_path: Path) -> None:
    """With other blocks, as if the first had never been; also after it was closed."""
    grow(store, 30)
    store.revert(12, tree_back_to(store, 12))
    store.close()
    again = Store(tmp_path / "data")
    states = grow(again, 10, 5)
    assert again.height() == 22
    assert [dict(again.entries()), state_at(again, 15)] == [states[10], states[3]]
    again.close()


def test_going_back_past_what_is_kept_changes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused with the oldest height that can be had, and the store goes on."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 8)
    grow(store, 20)
    before = contents(store)
    for height, code in ((11, Refused.PRUNED), (21, Refused.NOT_FOUND), (-1, Refused.NOT_FOUND)):
        with pytest.raises(Refusal) as caught:
            store.revert(height, {})
        assert caught.value.code is code
    assert contents(store) == before
    grow(store, 1, 2)


@dataclass
class History:
    """A store, and what it should hold: the state and block at every height."""

    directory: Path
    chance: random.Random
    store: Store
    states: list[dict[bytes, bytes]]
    blocks: list[bytes]
    pruned: int = 0

    def add(self) -> None:
        """One more block."""
        made = block(self.store, changes(self.chance, 60, 8), fork=self.chance.randbytes(2))
        self.store.commit(made)
        self.states.append(dict(self.store.entries()))
        self.blocks.append(made.block)

    def go_back(self) -> None:
        """To some height that is kept."""
        height = self.chance.randrange(self.store.oldest(), self.store.height() + 1)
        self.store.revert(height, tree_back_to(self.store, height))
        del self.states[height + 1 :], self.blocks[height + 1 :]

    def prune(self) -> None:
        """Below some height."""
        before = self.chance.randrange(self.store.height() + 2)
        floor = min(before, self.store.oldest())
        if floor > max(1, self.pruned):  # genesis stays
            self.pruned = floor
        assert self.store.prune(before) == self.pruned

    def reopen(self) -> None:
        """Close and open it."""
        self.store.close()
        self.store = Store(self.directory)

    def check(self) -> None:
        """The head, some old states, and what is to be had of every block."""
        top = len(self.states) - 1
        assert self.store.height() == top
        assert dict(self.store.entries()) == self.states[top]
        for height in self.chance.sample(range(self.store.oldest(), top + 1), min(3, top + 1 - self.store.oldest())):
            assert state_at(self.store, height) == self.states[height]
        for height, made in enumerate(self.blocks):
            if 0 < height < self.pruned:
                with pytest.raises(Refusal, match="headers only"):
                    self.store.block(height)
            else:
                assert self.store.block(height) == made
                assert [self.store.find(identity) for identity in self.store.identities(height)] == [(height, 0), (height, 1)]
            assert self.store.header(height) in made


def live(directory: Path, seed: int, steps: int) -> None:
    """A history of random steps."""
    store = Store(directory)
    genesis = block(store, {b"k%05d" % n: b"genesis" for n in range(30)})
    store.commit(genesis)
    history = History(directory, random.Random(seed), store, [dict(store.entries())], [genesis.block])
    for _ in range(steps):
        history.chance.choice([history.add] * 12 + [history.go_back, history.prune, history.reopen])()
        history.check()
    history.store.close()


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_are_what_they_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """80 blocks added, taken back, pruned, and the store closed in between."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 16)
    live(tmp_path, seed, 80)


@pytest.mark.long
def test_random_histories_are_what_they_should_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """60 histories of 300 steps."""
    monkeypatch.setattr(writing_module, "UNDO_BLOCKS_MAX", 16)
    for seed in range(60):
        live(tmp_path / str(seed), seed, 300)


# Records.


def test_a_record_comes_back_as_it_was_written() -> None:
    """Empty values, absent ones and none at all."""
    state = {b"a": b"", b"b" * 511: None, b"c": bytes(70_000)}
    assert decode_undo(encode_undo(b"head", list(state), list(state.values()))).state == state
    assert decode_undo(encode_undo(b"", [], [])).head == b""


def test_a_record_that_makes_no_sense_is_a_failure_of_the_store() -> None:
    """Cut off anywhere, or with a section that nobody knows."""
    data = encode_undo(b"head", [b"a", b"bc"], [b"1", None])
    for end in range(len(data)):
        with pytest.raises(StoreFailed):
            decode_undo(data[:end])
    with pytest.raises(StoreFailed):
        decode_undo(data + b"x" + bytes(4))
