"""Proofs in the form of ICS-23 (github.com/cosmos/ics23, under its `SmtSpec`) and their verification; see `docs/ledger.md`,
"Proofs for others". Their bytes are in `ics23_codec`.

Absence is shown by the two neighbours of the key in the order of key hashes, so a proof of absence is about a gap.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from chain.primitives.hash import HASH_BYTES
from chain.primitives.proof import EMPTY_ROOT, PATH_STEPS_MAX, Proof, bit, inner_hash, leaf_hash
from chain.primitives.refusal import Refusal, Refused

Step: TypeAlias = "tuple[bool, bytes]"
"""Whether the sibling stands on the left, and its hash."""

_BEFORE_ALL, _AFTER_ALL = b"", b"\xff" * (HASH_BYTES + 1)  # of the hashes of keys


@dataclass(frozen=True, slots=True)
class Existence:
    """That `key` has `value`; `path` leads from the leaf up."""

    key: bytes
    value: bytes
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """That no key stands between two neighbours, or beyond one at the end."""

    left: Existence | None
    right: Existence | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Many of them; in bytes every step is written once."""

    entries: tuple[Existence | Absence, ...]


Commitment: TypeAlias = "Existence | Absence | Batch"


def existence(proof: Proof) -> Existence:
    """A proof of presence in this form. Raises `Refusal` WrongProof for an empty key or value, which the form does not know."""
    assert proof.value is not None, "a proof of presence"
    if not proof.key or not proof.value:
        raise Refusal(
            Refused.WRONG_PROOF,
            "ICS-23 has no proofs of empty keys and values",
            "Ask for a proof in the ledger's own form.",
        )
    path, depth = sha256(proof.key).digest(), len(proof.path)
    steps = ((bit(path, depth - 1 - level) == 1, sibling) for level, sibling in enumerate(proof.path))
    return Existence(proof.key, proof.value, tuple(steps))


def verify_commitment(commitment: Commitment, root: bytes, claims: Mapping[bytes, bytes | None]) -> bool:
    """Whether it shows under a state root that every key of `claims` has its value, or is absent where that is None.

    A batch may show more than is claimed, but nothing in it may be wrong.
    """
    entries = commitment.entries if isinstance(commitment, Batch) else (commitment,)
    if not entries or len(root) != HASH_BYTES or not all(_holds(entry, root) for entry in entries):
        return False
    values = {entry.key: entry.value for entry in entries if isinstance(entry, Existence)}
    gaps = sorted(_gap(entry) for entry in entries if isinstance(entry, Absence))
    return all(_in_a_gap(key, gaps) if value is None else values.get(key) == value for key, value in claims.items())


def _holds(entry: Existence | Absence, root: bytes) -> bool:
    """Whether an entry is true of the tree with this root, whatever it is about."""
    if isinstance(entry, Existence):
        return _root(entry) == root
    left, right = entry.left, entry.right
    if any(side is not None and _root(side) != root for side in (left, right)):
        return False
    if left is not None and right is not None:
        low, high = _gap(entry)
        return low < high and _adjacent(left.path, right.path)
    if right is not None:
        return _leftmost(right.path)
    return left is not None and _rightmost(left.path)


def _root(proof: Existence) -> bytes | None:
    """The root that a proof of presence leads to, or None if it cannot be one."""
    if not proof.key or not proof.value or len(proof.path) > PATH_STEPS_MAX:
        return None
    node = leaf_hash(sha256(proof.key).digest(), sha256(proof.value).digest())
    for on_the_left, sibling in proof.path:
        node = inner_hash(sibling, node) if on_the_left else inner_hash(node, sibling)
    return node


def _leftmost(path: Iterable[Step]) -> bool:
    return all(sibling == EMPTY_ROOT for on_the_left, sibling in path if on_the_left)


def _rightmost(path: Iterable[Step]) -> bool:
    return all(sibling == EMPTY_ROOT for on_the_left, sibling in path if not on_the_left)


def _adjacent(left: tuple[Step, ...], right: tuple[Step, ...]) -> bool:
    """Whether nothing stands between two leaves: they part at one node, and below it keep to each other's side."""
    common = 0
    while common < min(len(left), len(right)) and left[-1 - common] == right[-1 - common]:
        common += 1
    left, right = left[: len(left) - common], right[: len(right) - common]
    if not left or not right:
        return False
    return not left[-1][0] and right[-1][0] and _rightmost(left[:-1]) and _leftmost(right[:-1])


def _gap(entry: Absence) -> tuple[bytes, bytes]:
    """The key hashes between which there is none."""
    low = _BEFORE_ALL if entry.left is None else sha256(entry.left.key).digest()
    high = _AFTER_ALL if entry.right is None else sha256(entry.right.key).digest()
    return low, high


def _in_a_gap(key: bytes, gaps: list[tuple[bytes, bytes]]) -> bool:
    path = sha256(key).digest()
    # Gaps of one tree do not overlap: only the last one that begins before the key can have it.
    index = bisect_left(gaps, (path,)) - 1
    return index >= 0 and path < gaps[index][1]
