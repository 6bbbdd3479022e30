"""Proofs of a state for others: in the form of ICS-23, and of many keys at once.

What is proved is checked against the tree first, so that damage is not served.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from chain.primitives.ics23 import Absence, Batch, Existence, existence
from chain.primitives.ics23_codec import encode_commitment
from chain.primitives.limits import PROOF_KEYS_MAX
from chain.primitives.multiproof import merge_proofs
from chain.primitives.proof import Proof
from chain.primitives.refusal import Refusal, Refused
from chain.state.neighbours import Descends, neighbours

Lookup: TypeAlias = "Callable[[bytes], bytes | None]"


@dataclass(frozen=True, slots=True)
class Provable:
    """A state as of some block: its tree, its values by their keys, and the keys by their hashes (for the neighbours of what is
    absent).
    """

    tree: Descends
    value_of: Lookup
    key_of: Lookup


def prove(state: Provable, key: bytes) -> Proof:
    """The proof of a key, present or absent. Raises `Refusal` WrongStore if the state contradicts its tree."""
    path, value = sha256(key).digest(), state.value_of(key)
    leaf, beside = state.tree.descend(path)
    here = leaf is not None and leaf[0] == path
    if here != (value is not None) or (value is not None and leaf != (path, sha256(value).digest())):
        raise Refusal(Refused.WRONG_STORE, f"the value of key {key.hex()} is not the one in the tree")
    return Proof(key, value, beside[::-1], leaf if value is None else None)


def multiproof(state: Provable, keys: Iterable[bytes]) -> bytes:
    """One proof of many keys, in the ledger's own form. Raises `Refusal` TooLarge, WrongStore."""
    return merge_proofs([prove(state, key) for key in some_keys(keys)]).encoded


def existence_proof(state: Provable, key: bytes) -> bytes:
    """The ICS-23 proof of a key that is there. Raises `Refusal` NotFound, TooLarge, WrongProof, WrongStore."""
    proof = prove(state, key)
    if proof.value is None:
        raise Refusal(Refused.NOT_FOUND, f"there is no key {key.hex()}", "Ask for the proof of its absence.")
    return encode_commitment(existence(proof))


def absence_proof(state: Provable, key: bytes) -> bytes:
    """The ICS-23 proof that a key is not there. Raises `Refusal` NotFound, TooLarge, WrongProof, WrongStore."""
    if prove(state, key).value is not None:
        raise Refusal(Refused.NOT_FOUND, f"key {key.hex()} is not absent", "Ask for the proof of its value.")
    return encode_commitment(_absence(state, neighbours(state.tree, sha256(key).digest())))


def batch_proof(state: Provable, keys: Iterable[bytes]) -> bytes:
    """The ICS-23 proof of many keys, present and absent: an entry for each key that is there, and one for each gap.

    Raises `Refusal` TooLarge, WrongProof, WrongStore.
    """
    batch = BatchProof(state)
    for key in some_keys(keys):
        batch.add(prove(state, key))
    return batch.encoded()


class BatchProof:
    """An ICS-23 proof of many keys under construction. All raises `Refusal` WrongProof, WrongStore."""

    def __init__(self, state: Provable) -> None:
        self._state = state
        self._present: list[Existence | Absence] = []
        self._gaps: dict[tuple[bytes | None, bytes | None], None] = {}

    def add(self, proof: Proof) -> None:
        """One more key, which a proof of the same state is about."""
        if proof.value is not None:
            self._present.append(existence(proof))
        else:
            self._gaps[neighbours(self._state.tree, sha256(proof.key).digest())] = None

    def encoded(self) -> bytes:
        """The bytes of all that was added."""
        return encode_commitment(Batch((*self._present, *(_absence(self._state, gap) for gap in self._gaps))))


def some_keys(keys: Iterable[bytes]) -> list[bytes]:
    """Keys in one order, each once, not too many. Raises `Refusal` TooLarge."""
    ordered = sorted(set(keys))
    if not 1 <= len(ordered) <= PROOF_KEYS_MAX:
        raise Refusal(Refused.TOO_LARGE, f"{len(ordered)} keys; 1 to {PROOF_KEYS_MAX} are proved at once")
    return ordered


def _absence(state: Provable, gap: tuple[bytes | None, bytes | None]) -> Absence:
    left, right = (None if path is None else existence(_prove_path(state, path)) for path in gap)
    if left is None and right is None:
        raise Refusal(
            Refused.WRONG_PROOF,
            "ICS-23 has no proof of absence in an empty tree",
            "Compare the state root with 32 zero bytes.",
        )
    return Absence(left, right)


def _prove_path(state: Provable, path: bytes) -> Proof:
    """The proof of the key of a leaf. Raises `Refusal` WrongStore if it is not known or not there."""
    key = state.key_of(path)
    if key is None or sha256(key).digest() != path:
        raise Refusal(Refused.WRONG_STORE, f"the key of the leaf {path.hex()} is not known")
    proof = prove(state, key)
    assert proof.value is not None, "it has a leaf"
    return proof
