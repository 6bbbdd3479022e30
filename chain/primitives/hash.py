"""Hashes that cannot be taken for one another: SHA-256 behind a tag."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from chain.primitives.short_hash import sha256_of_few

TAG_WALLET: Final = b"tael/wallet/1"
TAG_CONTRACT: Final = b"tael/contract/1"
TAG_TRANSACTION: Final = b"tael/transaction/1"
TAG_SIGNATURE: Final = b"tael/signature/1"
TAG_HEADER: Final = b"tael/header/1"
TAG_GENESIS: Final = b"tael/genesis/1"
TAG_CERTIFICATE: Final = b"tael/certificate/1"
TAG_DEV_KEY: Final = b"tael/dev-key/1"
TAG_SANDBOX: Final = b"tael/sandbox/1"

HASH_BYTES = 32


def tagged_hash(tag: bytes, data: bytes) -> bytes:
    """SHA-256(byte(len(tag)) ‖ tag ‖ data), 32 bytes."""
    return sha256(bytes([len(tag)]) + tag + data).digest()


def merkle_root(items: list[bytes]) -> bytes:
    """The root of a list as RFC 6962 defines it."""
    if not items:
        return sha256(b"").digest()
    level = [sha256(b"\x00" + item).digest() for item in items]
    # Pairing neighbours and carrying an odd last node up gives the same tree as splitting at powers of two.
    while len(level) > 1:
        paired = [sha256_of_few(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + level[-1:] if len(level) % 2 else paired
    return level[0]


def merkle_path(items: list[bytes], index: int) -> list[bytes]:
    """The sibling hashes of item `index`, from the leaf up (RFC 6962, 2.1.1)."""
    assert 0 <= index < len(items)
    level = [sha256(b"\x00" + item).digest() for item in items]
    path = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        paired = [sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = paired + level[-1:] if len(level) % 2 else paired
        index //= 2
    return path


def merkle_verify(root: bytes, item: bytes, index: int, size: int, path: list[bytes]) -> bool:
    """Whether `item` is number `index` of the `size` items under `root`."""
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in path):
        return False
    node, steps = sha256(b"\x00" + item).digest(), iter(path)
    while size > 1:
        if index ^ 1 < size:
            sibling = next(steps, None)
            if sibling is None:
                return False
            left, right = (sibling, node) if index & 1 else (node, sibling)
            node = sha256(b"\x01" + left + right).digest()
        index //= 2
        size = (size + 1) // 2
    return next(steps, None) is None and node == root
