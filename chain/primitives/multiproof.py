"""One proof of many keys, present and absent, under one state root: every sibling once; see `docs/ledger.md`, "Proofs for
others".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby, pairwise
from typing import Any

from chain.primitives.codec import as_bytes, as_int, as_list, decode, encode
from chain.primitives.hash import HASH_BYTES
from chain.primitives.limits import PROOF_BYTES_MAX, PROOF_KEYS_MAX
from chain.primitives.proof import EMPTY_ROOT, PATH_STEPS_MAX, Proof, bit, inner_hash, leaf_hash
from chain.primitives.refusal import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Place:
    """Where the paths of some keys end, `depth` bits down: a leaf with one of them (`entry`, key and value), a leaf with another
    key (`other`, the hashes of key and value) or nothing. `absent` are the keys that would have to be there, by their hashes.
    """

    depth: int
    entry: tuple[bytes, bytes] | None
    other: tuple[bytes, bytes] | None
    absent: tuple[bytes, ...]

    @property
    def leaf(self) -> tuple[bytes, bytes] | None:
        """The hashes of the key and value of what stands here."""
        if self.entry is None:
            return self.other
        key, value = self.entry
        return sha256(key).digest(), sha256(value).digest()


@dataclass(frozen=True, slots=True)
class MultiProof:
    """Places from left to right, and the siblings that no place is below, in the order in which a walk from the root down, left
    before right, meets them.
    """

    places: tuple[Place, ...]
    siblings: tuple[bytes, ...]

    @property
    def entries(self) -> dict[bytes, bytes | None]:
        """What is shown: the value of each key, None where it is absent."""
        shown: dict[bytes, bytes | None] = {}
        for place in self.places:
            if place.entry is not None:
                shown[place.entry[0]] = place.entry[1]
            shown.update(dict.fromkeys(place.absent))
        return shown

    @property
    def encoded(self) -> bytes:
        """The one byte string of this proof. Raises `Refusal` TooLarge."""
        keys = sum(len(place.absent) + (place.entry is not None) for place in self.places)
        data = encode([2, [_place_plain(place) for place in self.places], list(self.siblings)])
        _check_keys(keys)
        if len(data) > PROOF_BYTES_MAX:
            raise Refusal(Refused.TOO_LARGE, f"a proof of {len(data)} bytes; at most {PROOF_BYTES_MAX} are made")
        return data


def _check_keys(keys: int) -> None:
    if keys > PROOF_KEYS_MAX:
        raise Refusal(Refused.TOO_LARGE, f"{keys} keys; at most {PROOF_KEYS_MAX} are proved at once")


def _place_plain(place: Place) -> list[object]:
    if place.entry is not None:
        return [place.depth, [1, *place.entry], list(place.absent)]
    return [place.depth, None if place.other is None else [0, *place.other], list(place.absent)]


def decode_multiproof(data: bytes) -> MultiProof:
    """The proof of a byte string. Raises `Refusal` TooLarge, Malformed."""
    tag, places, siblings = as_list(decode(data, bytes_max=PROOF_BYTES_MAX), "a proof of many keys", size=3)
    as_int(tag, 2, 2, "the kind of a proof of many keys")
    multi = MultiProof(
        tuple(_read_place(place) for place in as_list(places, "places", most=PROOF_KEYS_MAX)),
        tuple(as_bytes(sibling, "a sibling", size=HASH_BYTES) for sibling in as_list(siblings, "siblings")),
    )
    _check_keys(sum(len(place.absent) + (place.entry is not None) for place in multi.places))
    return multi


def _read_place(plain: Any) -> Place:
    depth, leaf, absent_plain = as_list(plain, "a place", size=3)
    as_int(depth, 0, PATH_STEPS_MAX, "a depth")
    absent = tuple(as_bytes(key, "a key") for key in as_list(absent_plain, "absent keys", most=PROOF_KEYS_MAX))
    if leaf is None:
        return Place(depth, None, None, absent)
    tag, first, second = as_list(leaf, "a leaf", size=3)
    if as_int(tag, 0, 1, "a leaf's kind"):
        return Place(depth, (as_bytes(first, "a key"), as_bytes(second, "a value")), None, absent)
    other = as_bytes(first, "a key hash", size=HASH_BYTES), as_bytes(second, "a value hash", size=HASH_BYTES)
    return Place(depth, None, other, absent)


# Making.


def merge_proofs(proofs: Iterable[Proof]) -> MultiProof:
    """The one proof of all that some proofs show. They must be right, and of one tree; a key may come twice."""
    by_path = sorted({sha256(proof.key).digest(): proof for proof in proofs}.items())
    groups = [[proof for _, proof in group] for _, group in groupby(by_path, lambda item: _prefix(*item))]
    places = [_merge_place(group) for group in groups]
    ways = [group[0].path[::-1] for group in groups]  # siblings from the root down
    paths = [sha256(group[0].key).digest() for group in groups]
    siblings: list[bytes] = []

    def gather(first: int, last: int, depth: int) -> None:
        if last - first == 1 and places[first].depth == depth:
            return
        middle = _middle(paths, first, last, depth)
        for low, high in ((first, middle), (middle, last)):
            if low == high:
                siblings.append(ways[first][depth])
            else:
                gather(low, high, depth + 1)

    if places:
        gather(0, len(places), 0)
    return MultiProof(tuple(places), tuple(siblings))


def _prefix(path: bytes, proof: Proof) -> tuple[int, int]:
    """The place at which a proof ends, the same for all that end there."""
    depth = len(proof.path)
    return depth, int.from_bytes(path) >> (PATH_STEPS_MAX - depth)


def _merge_place(proofs: Sequence[Proof]) -> Place:
    present = [(proof.key, proof.value) for proof in proofs if proof.value is not None]
    absent = tuple(proof.key for proof in proofs if proof.value is None)
    if present:
        return Place(len(proofs[0].path), present[0], None, absent)
    return Place(len(proofs[0].path), None, proofs[0].other, absent)


def _middle(paths: Sequence[bytes], first: int, last: int, depth: int) -> int:
    """The first of sorted paths, all the same above `depth`, that goes right there."""
    return bisect_left(paths, 1, first, last, key=lambda path: bit(path, depth))


# Checking.


def verify_multiproof(multi: MultiProof, root: bytes) -> bool:
    """Whether all that it shows (`entries`) holds under a state root of 32 bytes."""
    paths = [_place_path(place) for place in multi.places]
    known = [path for path in paths if path is not None]
    if not paths or len(known) < len(paths) or any(a >= b for a, b in pairwise(known)):
        return False
    siblings = iter(multi.siblings)
    try:
        node = _fold(multi.places, known, siblings, 0, len(known), 0)
    except _Broken:
        return False
    return node == root and next(siblings, None) is None


class _Broken(Exception):
    """The places and siblings of a proof do not make a tree."""


def _place_path(place: Place) -> bytes | None:
    """The hash of a key of the place, or None if what it says about its keys does not fit together."""
    leaf = place.leaf
    absent = [sha256(key).digest() for key in place.absent]
    if not 0 <= place.depth <= PATH_STEPS_MAX or (place.entry is None and not absent):
        return None
    if place.other is not None and (place.entry is not None or any(len(part) != HASH_BYTES for part in place.other)):
        return None
    path = absent[0] if leaf is None else leaf[0]
    if any(a >= b for a, b in pairwise(absent)) or (leaf is not None and leaf[0] in absent):
        return None
    unread = PATH_STEPS_MAX - place.depth
    prefix = int.from_bytes(path) >> unread
    return path if all(int.from_bytes(other) >> unread == prefix for other in absent) else None


def _fold(places: Sequence[Place], paths: Sequence[bytes], siblings: Iterator[bytes], first: int, last: int, depth: int) -> bytes:
    """The hash of the subtree, `depth` bits down, that has the places `first` to `last`. Raises `_Broken`."""
    place = places[first]
    if last - first == 1 and place.depth == depth:
        return EMPTY_ROOT if place.leaf is None else leaf_hash(*place.leaf)
    if place.depth <= depth:
        raise _Broken
    middle = _middle(paths, first, last, depth)
    nodes: list[bytes] = []
    for low, high in ((first, middle), (middle, last)):
        node = next(siblings, None) if low == high else _fold(places, paths, siblings, low, high, depth + 1)
        if node is None or len(node) != HASH_BYTES:
            raise _Broken
        nodes.append(node)
    return inner_hash(*nodes)
