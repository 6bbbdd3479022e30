"""The bytes of proofs in the form of ICS-23: the message `CommitmentProof` of its `proofs.proto`.

Written is one form: fields in the order of their numbers, defaults left out, no key in a proof of absence (verifiers do not
read it, so its bytes would be without meaning), a batch always compressed. Read is that form only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from chain.primitives.hash import HASH_BYTES
from chain.primitives.ics23 import Absence, Batch, Commitment, Existence, Step
from chain.primitives.limits import PROOF_BYTES_MAX, PROOF_KEYS_MAX
from chain.primitives.proof import PATH_STEPS_MAX
from chain.primitives.protobuf import field, optional, packed, read_fields, read_packed
from chain.primitives.refusal import Refusal, Refused

_LEAF = bytes.fromhex("08011001 1801 2a0100")  # LeafOp of SmtSpec: SHA-256 of all three, lengths not written, prefix 00
_INNER_HASH = bytes.fromhex("0801")  # InnerOp: SHA-256
_INNER_PREFIX = b"\x01"
_EXIST, _NONEXIST, _COMPRESSED = 1, 2, 4  # of CommitmentProof; the first two also of an entry of a batch
_KEY, _VALUE, _LEAF_OP, _PATH = 1, 2, 3, 4  # of ExistenceProof
_LEFT, _RIGHT = 2, 3  # of NonExistenceProof
_ENTRIES, _LOOKUP = 1, 2  # of CompressedBatchProof

WritePath: TypeAlias = "Callable[[tuple[Step, ...]], bytes]"
ReadPath: TypeAlias = "Callable[[list[bytes]], tuple[Step, ...]]"


def encode_commitment(commitment: Commitment) -> bytes:
    """The one byte string of a proof. Raises `Refusal` TooLarge."""
    if isinstance(commitment, Batch):
        _check_count(len(commitment.entries))
        data = field(_COMPRESSED, _write_batch(commitment))
    else:
        data = _write_entry(commitment, _write_path)
    _check_size(data)
    return data


def decode_commitment(data: bytes) -> Commitment:
    """The proof of a byte string. Raises `Refusal` TooLarge, WrongProof."""
    _check_size(data)
    try:
        [(number, content)] = read_fields(data)
        if number == _COMPRESSED and isinstance(content, bytes):
            commitment: Commitment = _read_batch(content)
        else:
            commitment = _read_entry(data, _read_path)
    except ValueError as error:
        raise _wrong(str(error)) from None
    if encode_commitment(commitment) != data:
        raise _wrong("not in the one form")
    return commitment


def _wrong(detail: str) -> Refusal:
    return Refusal(Refused.WRONG_PROOF, f"not an ICS-23 proof of this tree: {detail}")


def _check_size(data: bytes) -> None:
    if len(data) > PROOF_BYTES_MAX:
        raise Refusal(Refused.TOO_LARGE, f"a proof of {len(data)} bytes; at most {PROOF_BYTES_MAX} are taken")


def _check_count(entries: int) -> None:
    if entries > PROOF_KEYS_MAX:
        raise Refusal(Refused.TOO_LARGE, f"{entries} entries; at most {PROOF_KEYS_MAX} are taken")


# Writing.


def _write_batch(batch: Batch) -> bytes:
    lookup: dict[Step, int] = {}

    def write_path(path: tuple[Step, ...]) -> bytes:
        return packed(_PATH, [lookup.setdefault(step, len(lookup)) for step in path])

    entries = [field(_ENTRIES, _write_entry(entry, write_path)) for entry in batch.entries]
    return b"".join([*entries, *(field(_LOOKUP, _write_step(step)) for step in lookup)])


def _write_entry(entry: Existence | Absence, write_path: WritePath) -> bytes:
    if isinstance(entry, Existence):
        return field(_EXIST, _write_existence(entry, write_path))
    sides = ((_LEFT, entry.left), (_RIGHT, entry.right))
    return field(_NONEXIST, b"".join([field(n, _write_existence(side, write_path)) for n, side in sides if side is not None]))


def _write_existence(proof: Existence, write_path: WritePath) -> bytes:
    return optional(_KEY, proof.key) + optional(_VALUE, proof.value) + field(_LEAF_OP, _LEAF) + write_path(proof.path)


def _write_path(path: tuple[Step, ...]) -> bytes:
    return b"".join([field(_PATH, _write_step(step)) for step in path])


def _write_step(step: Step) -> bytes:
    on_the_left, sibling = step
    prefix, suffix = (_INNER_PREFIX + sibling, b"") if on_the_left else (_INNER_PREFIX, sibling)
    return _INNER_HASH + field(2, prefix) + optional(3, suffix)


# Reading. What is left out or comes twice shows when the result is written again.


def _read_batch(data: bytes) -> Batch:
    fields = _bytes_fields(data, _ENTRIES, _LOOKUP)
    _check_count(len(fields[_ENTRIES]))
    lookup = [_read_step(step) for step in fields[_LOOKUP]]

    def read_path(parts: list[bytes]) -> tuple[Step, ...]:
        indexes = [index for part in parts for index in read_packed(part)]
        if any(index >= len(lookup) for index in indexes):
            raise ValueError("a step that is not there")
        return _bounded([lookup[index] for index in indexes])

    return Batch(tuple(_read_entry(entry, read_path) for entry in fields[_ENTRIES]))


def _read_entry(data: bytes, read_path: ReadPath) -> Existence | Absence:
    fields = _bytes_fields(data, _EXIST, _NONEXIST)
    if fields[_EXIST]:
        return _read_existence(fields[_EXIST][0], read_path)
    if not fields[_NONEXIST]:
        raise ValueError("a proof of nothing")
    sides = _bytes_fields(fields[_NONEXIST][0], _LEFT, _RIGHT)
    left, right = ([_read_existence(side, read_path) for side in sides[number]] for number in (_LEFT, _RIGHT))
    return Absence(left[0] if left else None, right[0] if right else None)


def _read_existence(data: bytes, read_path: ReadPath) -> Existence:
    fields = _bytes_fields(data, _KEY, _VALUE, _LEAF_OP, _PATH)
    return Existence(b"".join(fields[_KEY]), b"".join(fields[_VALUE]), read_path(fields[_PATH]))


def _read_path(parts: list[bytes]) -> tuple[Step, ...]:
    return _bounded([_read_step(part) for part in parts])


def _bounded(path: list[Step]) -> tuple[Step, ...]:
    if len(path) > PATH_STEPS_MAX:
        raise ValueError(f"{len(path)} steps; at most {PATH_STEPS_MAX} are taken")
    return tuple(path)


def _read_step(data: bytes) -> Step:
    # The sibling is the last of the bytes, whichever side it is on; the rest is made again.
    step = (len(data) == len(_write_step((True, bytes(HASH_BYTES)))), data[-HASH_BYTES:])
    if _write_step(step) != data:
        raise ValueError("a step that is not one of this tree")
    return step


def _bytes_fields(data: bytes, *numbers: int) -> dict[int, list[bytes]]:
    fields: dict[int, list[bytes]] = {number: [] for number in numbers}
    for number, content in read_fields(data):
        if number not in fields or not isinstance(content, bytes):
            raise ValueError(f"an unknown field {number}")
        fields[number].append(content)
    return fields
