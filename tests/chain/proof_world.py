"""Trees with their values and keys at hand, for tests of proofs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from hashlib import sha256

from chain.state.proving import Provable
from chain.state.tree import Tree


class World:
    """A state of some entries: `state` is what proofs are made of, `ordered` the keys by their hashes."""

    def __init__(self, items: Mapping[bytes, bytes]) -> None:
        self.items = dict(items)
        tree = Tree({}.get)
        tree.adopt(tree.update(items.items()).pages)
        self.root = tree.root
        by_path = {sha256(key).digest(): key for key in items}
        self.ordered = [by_path[path] for path in sorted(by_path)]
        self.state = Provable(tree, self.items.get, by_path.get)


def random_world(size: int, chance: random.Random) -> World:
    """A state of `size` entries with keys of 1 to 40 bytes and values of 1 to 60."""
    items: dict[bytes, bytes] = {}
    while len(items) < size:
        items[chance.randbytes(chance.randint(1, 40))] = chance.randbytes(chance.randint(1, 60))
    return World(items)


def absent_key(world: World, chance: random.Random) -> bytes:
    """A key that the state does not have."""
    while (key := chance.randbytes(chance.randint(1, 40))) in world.items:
        pass
    return key
