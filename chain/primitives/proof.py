"""Proofs that a key has a value in the state, or none: checked with a state root and nothing else.

The hashes are those of the ICS-23 `SmtSpec`; see `docs/ledger.md`, "Tree".
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from chain.primitives.codec import as_bytes, as_int, as_list, decode, encode
from chain.primitives.hash import HASH_BYTES

EMPTY_ROOT = bytes(HASH_BYTES)
PATH_STEPS_MAX = 256


@dataclass(frozen=True, slots=True)
class Proof:
    """`value` None proves absence: `other` is then the leaf (key hash, value hash) at the key's place, or
    None.

    `path` has the sibling hashes from the leaf up.
    """

    key: bytes
    value: bytes | None
    path: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None = None

    @property
    def encoded(self) -> bytes:
        """The one byte string of this proof."""
        if self.value is not None:
            return encode([0, self.key, self.value, list(self.path)])
        return encode([1, self.key, None if self.other is None else list(self.other), list(self.path)])


def decode_proof(data: bytes) -> Proof:
    """The proof of a byte string. Raises `Refusal` Malformed."""
    tag, key, content, path_plain = as_list(decode(data), "a proof", size=4)
    as_int(tag, 0, 1, "a proof's kind")
    path = tuple(as_bytes(step, "a step", size=HASH_BYTES) for step in as_list(path_plain, "a path", most=PATH_STEPS_MAX))
    as_bytes(key, "a key")
    if tag == 0:
        return Proof(key, as_bytes(content, "a value"), path)
    if content is None:
        return Proof(key, None, path)
    other_key, other_value = as_list(content, "a leaf", size=2)
    as_bytes(other_key, "a key hash", size=HASH_BYTES)
    return Proof(key, None, path, (other_key, as_bytes(other_value, "a value hash", size=HASH_BYTES)))


def leaf_hash(key_hash: bytes, value_hash: bytes) -> bytes:
    """The hash of a leaf from the hashes of its key and value."""
    return sha256(b"\x00" + key_hash + value_hash).digest()


def inner_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node from those of its children."""
    return sha256(b"\x01" + left + right).digest()


def bit(key_hash: bytes, depth: int) -> int:
    """Bit `depth` of a key's hash, the most significant first; 1 goes right."""
    return key_hash[depth >> 3] >> (7 - (depth & 7)) & 1


def verify_proof(proof: Proof, root: bytes) -> bool:
    """Whether the proof holds under a state root of 32 bytes."""
    depth = len(proof.path)
    if depth > PATH_STEPS_MAX or len(root) != HASH_BYTES or any(len(step) != HASH_BYTES for step in proof.path):
        return False
    key_hash = sha256(proof.key).digest()
    if proof.value is not None:
        if proof.other is not None:
            return False
        node = leaf_hash(key_hash, sha256(proof.value).digest())
    elif proof.other is None:
        node = EMPTY_ROOT
    else:
        other_key, other_value = proof.other
        if len(other_key) != HASH_BYTES or len(other_value) != HASH_BYTES or other_key == key_hash:
            return False
        if any(bit(other_key, i) != bit(key_hash, i) for i in range(depth)):
            return False
        node = leaf_hash(other_key, other_value)
    for level, sibling in enumerate(proof.path):
        right = bit(key_hash, depth - 1 - level)
        node = inner_hash(sibling, node) if right else inner_hash(node, sibling)
    return node == root
