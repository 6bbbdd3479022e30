"""The state tree against a naive model, and its proofs against forgers."""

from __future__ import annotations

import random
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.primitives.proof import EMPTY_ROOT, Proof, bit, decode_proof, inner_hash, leaf_hash, verify_proof
from chain.primitives.refusal import StoreFailed
from chain.state.tree import ROOT_KEY, Tree
from chain.state.tree_build import build
from chain.state.tree_page import make_leaf

KEY = st.integers(0, 40).map(lambda i: b"%d" % i)
CHANGES = st.lists(st.tuples(KEY, st.none() | st.binary(max_size=3)), max_size=30)


def naive_root(items: dict[bytes, bytes]) -> bytes:
    """The root by the definition, without pages and without batches."""

    def subtree(leaves: list[tuple[bytes, bytes]], depth: int) -> bytes:
        if not leaves:
            return EMPTY_ROOT
        if len(leaves) == 1:
            return leaf_hash(*leaves[0])
        sides: tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]] = ([], [])
        for leaf in leaves:
            sides[bit(leaf[0], depth)].append(leaf)
        return inner_hash(subtree(sides[0], depth + 1), subtree(sides[1], depth + 1))

    return subtree([(sha256(k).digest(), sha256(v).digest()) for k, v in items.items()], 0)


class Forest:
    """A tree over stored pages, and a dictionary beside it."""

    def __init__(self) -> None:
        self.pages: dict[bytes, bytes] = {}
        self.items: dict[bytes, bytes] = {}

    def update(self, changes: list[tuple[bytes, bytes | None]]) -> bytes:
        """A batch, through storage."""
        update = Tree(self.pages.get).update(changes)
        for table, entries in ((self.pages, update.pages.items()), (self.items, changes)):
            for key, value in entries:
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value
        return update.root


@given(st.lists(CHANGES, max_size=5))
def test_the_root_is_that_of_the_definition(batches: list[list[tuple[bytes, bytes | None]]]) -> None:
    """After every batch of insertions, changes and removals, and when read again."""
    forest = Forest()
    for batch in batches:
        assert forest.update(batch) == naive_root(forest.items) == Tree(forest.pages.get).root


@given(CHANGES, st.randoms(use_true_random=False))
def test_one_set_of_entries_has_one_tree(changes: list[tuple[bytes, bytes | None]], chance: random.Random) -> None:
    """The same entries in another order, in other batches, after detours, give the same root and the same
    pages.
    """
    straight, detour = Forest(), Forest()
    straight.update(changes)
    detour.update([(b"%d" % i, b"x") for i in range(60)])
    detour.update([(b"%d" % i, None) for i in range(60)])
    entries = list(straight.items.items())
    chance.shuffle(entries)
    for key, value in entries:
        detour.update([(key, value)])
    assert detour.pages == straight.pages


@given(CHANGES)
def test_every_key_is_proved_present_or_absent(changes: list[tuple[bytes, bytes | None]]) -> None:
    """Proofs hold under the root, and come back from their bytes."""
    forest = Forest()
    root = forest.update(changes)
    tree = Tree(forest.pages.get)
    for number in range(45):
        key = b"%d" % number
        proof = tree.prove(key, forest.items.get(key))
        assert proof.value == forest.items.get(key)
        assert verify_proof(proof, root)
        assert decode_proof(proof.encoded) == proof


def filled() -> tuple[Tree, dict[bytes, bytes]]:
    """A tree of 200 entries."""
    items = {b"key %d" % i: b"value %d" % i for i in range(200)}
    tree = Tree({}.get)
    tree.adopt(tree.update(items.items()).pages)
    return tree, items


def test_altered_proofs_are_refused() -> None:
    """Another value, key, step, length of the path, or claim of absence does not hold."""
    tree, items = filled()
    for key in list(items)[:40]:
        proof = tree.prove(key, items[key])
        lies = [
            replace(proof, value=b"other"),
            replace(proof, key=b"other"),
            replace(proof, value=None),
            replace(proof, path=proof.path[1:]),
            replace(proof, path=(*proof.path, EMPTY_ROOT)),
            replace(proof, path=proof.path[::-1]),
            replace(proof, value=None, other=(sha256(key).digest(), sha256(items[key]).digest())),
            *(replace(proof, path=(*proof.path[:i], bytes(32), *proof.path[i + 1 :])) for i in range(len(proof.path))),
        ]
        assert verify_proof(proof, tree.root)
        assert not any(verify_proof(lie, tree.root) for lie in lies if lie != proof)


def test_absence_cannot_be_shown_by_a_leaf_of_another_place() -> None:
    """A leaf that is in the tree, but not where the key would be, proves nothing about the key."""
    tree, items = filled()
    absent = b"not there"
    for key, value in items.items():
        present = tree.prove(key, value)
        lie = Proof(absent, None, present.path, (sha256(key).digest(), sha256(value).digest()))
        agrees = all(bit(sha256(absent).digest(), i) == bit(sha256(key).digest(), i) for i in range(len(present.path)))
        assert verify_proof(lie, tree.root) == agrees


def test_an_inner_node_cannot_pass_for_a_leaf() -> None:
    """Leaves and inner nodes are hashed apart: a proof that stops one step early does not hold."""
    tree, items = filled()
    key, value = next(iter(items.items()))
    proof = tree.prove(key, value)
    left, right = proof.path[0], leaf_hash(sha256(key).digest(), sha256(value).digest())
    for pair in ((left, right), (right, left)):
        assert not verify_proof(Proof(b"x", None, proof.path[1:], pair), tree.root)


def test_the_empty_tree_proves_every_absence() -> None:
    """With an empty path, under 32 zero bytes."""
    assert verify_proof(Tree({}.get).prove(b"x", None), EMPTY_ROOT)


@given(st.lists(st.tuples(CHANGES, st.booleans()), max_size=6))
def test_one_tree_goes_on_from_block_to_block(blocks: list[tuple[list[tuple[bytes, bytes | None]], bool]]) -> None:
    """With its pages at hand: the root of the definition after each that was adopted, and one that was not is forgotten."""
    pages: dict[bytes, bytes] = {}
    items: dict[bytes, bytes] = {}
    tree = Tree(pages.get)
    for changes, is_kept in blocks:
        update = tree.update(changes)
        if is_kept:
            for table, entries in ((pages, update.pages.items()), (items, changes)):
                for key, value in entries:
                    if value is None:
                        table.pop(key, None)
                    else:
                        table[key] = value
            tree.adopt(update.pages)
            assert update.root == tree.root
        assert tree.root == naive_root(items)
    assert Tree(pages.get).root == tree.root


@given(st.sets(st.integers(0, 3_000), max_size=300))
def test_a_tree_that_is_built_is_the_one_that_grew(numbers: set[int]) -> None:
    """From sorted leaves: the same root, and the same pages to the byte."""
    entries = {b"%d" % number: b"v%d" % number for number in numbers}
    grown = Forest()
    grown.update(list(entries.items()))
    pages: dict[bytes, bytes | None] = {}
    leaves = sorted(make_leaf(sha256(key).digest(), sha256(value).digest()) for key, value in entries.items())
    assert build(leaves, pages.__setitem__) == naive_root(entries)
    assert pages == grown.pages


def test_a_fork_is_the_tree_with_other_pages() -> None:
    """It has the root of the update, proves under it, and leaves the tree as it was."""
    tree, items = filled()
    before = tree.root
    update = tree.update([(b"key 7", b"other"), (b"key 8", None)])
    fork = tree.fork(update.pages)
    assert (fork.root, tree.root) == (update.root, before)
    assert verify_proof(fork.prove(b"key 7", b"other"), update.root)
    assert verify_proof(tree.prove(b"key 7", items[b"key 7"]), before)


def test_a_damaged_page_is_refused_when_it_is_read() -> None:
    """Whichever byte of whichever page was changed, and also a whole page that is another one's."""
    forest = Forest()
    forest.update([(b"key %d" % i, b"value %d" % i) for i in range(300)])
    chance = random.Random(1)
    keys = sorted(forest.pages)
    for _ in range(300):
        key = chance.choice(keys)
        page = bytearray(forest.pages[key])
        page[chance.randrange(len(page))] ^= 1 << chance.randrange(8)
        _refuses({**forest.pages, key: bytes(page)})
    old = dict(forest.pages)
    forest.update([(b"key %d" % i, b"new") for i in range(300)])
    _refuses({**forest.pages, keys[-1]: old[keys[-1]]})  # whole, and of another time


def _refuses(pages: dict[bytes, bytes]) -> None:
    with pytest.raises(StoreFailed):
        tree = Tree(pages.get)
        for i in range(300):
            tree.prove(b"key %d" % i, None)


def put_pages(pages: dict[bytes, bytes], changes: dict[bytes, bytes | None]) -> None:
    """Store what an update gives."""
    for key, page in changes.items():
        if page is None:
            del pages[key]
        else:
            pages[key] = page


@pytest.mark.parametrize("cache_bytes_max", [0, 6_000, 10**9])
def test_a_tree_kept_across_blocks_gives_the_roots_of_the_definition(cache_bytes_max: int) -> None:
    """However many of its pages are at hand: random histories, some blocks of one key, that grow, shrink to nothing and grow
    again; a block that is not adopted leaves no trace.
    """
    chance = random.Random(cache_bytes_max)
    pages: dict[bytes, bytes] = {}
    items: dict[bytes, bytes] = {}
    tree = Tree(pages.get, cache_bytes_max=cache_bytes_max)
    for number in range(70):
        shrinking = number % 30 > 20
        size = chance.choice([1, 3, 200])
        entries = [(b"%d" % chance.randrange(600), None if shrinking else chance.randbytes(2)) for _ in range(size)]
        if number % 30 == 29:
            entries = [(key, None) for key in items]
        tree.update([(b"%d" % chance.randrange(600), chance.choice([None, b"lost"])) for _ in range(40)])
        update = tree.update(entries)
        for key, value in entries:
            if value is None:
                items.pop(key, None)
            else:
                items[key] = value
        put_pages(pages, update.pages)
        tree.adopt(update.pages)
        assert tree.root == update.root == naive_root(items) == Tree(pages.get).root
        for key in (b"%d" % chance.randrange(700) for _ in range(5)):
            assert verify_proof(tree.prove(key, items.get(key)), tree.root)
    assert items


def test_a_lone_leaf_rises_to_the_root() -> None:
    """When all keys but one go away, one after the other, every root is that of the definition, and one page is left."""
    forest = Forest()
    forest.update([(b"%d" % i, b"x") for i in range(60)])
    for number in range(59):
        assert forest.update([(b"%d" % number, None)]) == naive_root(forest.items)
    assert list(forest.pages) == [ROOT_KEY]
    assert forest.update([(b"59", None)]) == EMPTY_ROOT
    assert not forest.pages


def test_damaged_pages_are_refused() -> None:
    """Any byte changed, a byte less or more, a page missing, in another's place, or from before: whoever reads it is told."""
    forest = Forest()
    forest.update([(b"%d" % i, b"x") for i in range(200)])
    old = dict(forest.pages)
    forest.update([(b"%d" % i, b"y") for i in range(200)])
    chance = random.Random(1)
    below = [key for key in forest.pages if key != ROOT_KEY]

    def read_all(pages: dict[bytes, bytes]) -> None:
        tree = Tree(pages.get)
        for number in range(200):
            tree.prove(b"%d" % number, b"y")

    read_all(forest.pages)
    for key in forest.pages:
        page = forest.pages[key]
        for at in [*chance.sample(range(len(page)), 30), len(page) - 1]:
            bad = page[:at] + bytes([page[at] ^ 1 << chance.randrange(8)]) + page[at + 1 :]
            with pytest.raises(StoreFailed):
                read_all({**forest.pages, key: bad})
        for bad in (b"", page[:-1], page + b"\x00"):
            with pytest.raises(StoreFailed):
                read_all({**forest.pages, key: bad})
    for key in below:
        with pytest.raises(StoreFailed):
            read_all({other: page for other, page in forest.pages.items() if other != key})
        with pytest.raises(StoreFailed):
            read_all({**forest.pages, key: forest.pages[next(other for other in below if other != key)]})
        tree = Tree({**forest.pages, key: old[key]}.get)
        for _ in range(2):  # it is not at hand after the first time either
            with pytest.raises(StoreFailed):
                for number in range(200):
                    tree.prove(b"%d" % number, b"y")
