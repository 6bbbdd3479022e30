"""Proofs that are asked of a node and checked here, in the ledger's own form or in that of ICS-23, for one key or many.

Keys are bytes, or named as the API takes them: `wallet:tael1…`, `field:tael1…:held`, `parameters` (docs/api.md). A key that is
named by a field is the node's word: what is proved then is the value of the key that it says the field has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chain.primitives.hash import merkle_verify
from chain.primitives.header import Header, decode_header
from chain.primitives.ics23 import verify_commitment
from chain.primitives.ics23_codec import decode_commitment
from chain.primitives.multiproof import decode_multiproof, verify_multiproof
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused

OWN, ICS23 = "own", "ics23"


class Asks(Protocol):
    """The client's part in it."""

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The JSON answer of a GET."""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON answer of a POST."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof has shown: the values of keys (None: absent) in the state of a header. `encoded` is the proof."""

    values: dict[bytes, bytes | None]
    header: Header
    form: str
    encoded: bytes


def prove_many(
    client: Asks,
    keys: Sequence[bytes | str],
    *,
    form: str = OWN,
    height: int | None = None,
    header: Header | None = None,
) -> Shown:
    """One proof of many keys, checked. With a `header` that you trust it must be under its root, and the height is the header's.

    Raises `Refusal`: the node's own; WrongProof if what it gave does not hold, or is about something else.
    """
    asked: dict[str, Any] = {"keys": [key if isinstance(key, str) else key.hex() for key in keys], "form": form}
    at = height if header is None else header.height
    answer = client.post("/v1/proofs", asked if at is None else {**asked, "height": at})
    under = _header(answer, header, at)
    try:
        values = {bytes.fromhex(row["key"]): _value(row["value"]) for row in answer["keys"]}
        told = [bytes.fromhex(row["key"]) for row in answer["keys"]]
        encoded = bytes.fromhex(answer["proof"])
    except (KeyError, TypeError, ValueError):
        raise _wrong("the node gave no proof") from None
    if len(told) != len(keys) or any(isinstance(key, bytes) and key != other for key, other in zip(keys, told, strict=True)):
        raise _wrong("the proof is of other keys")
    if not _shows(form, encoded, under.state_root, values):
        raise _wrong("the proof does not hold")
    return Shown(values, under, form, encoded)


def prove_receipt(client: Asks, identity: bytes, header: Header | None = None) -> tuple[Receipt, Header]:
    """A receipt that is under the receipts root of its block's header, checked. Raises `Refusal`, WrongProof if it is not so."""
    answer = client.get(f"/v1/receipts/{identity.hex()}/proof")
    under = _header(answer, header, None)
    try:
        encoded = bytes.fromhex(answer["receipt"]["encoded"])
        path = [bytes.fromhex(step) for step in answer["path"]]
        index, size = int(answer["index"]), int(answer["size"])
    except (KeyError, TypeError, ValueError):
        raise _wrong("the node gave no proof") from None
    receipt = decode_receipt(encoded)
    if (receipt.identity, receipt.height, receipt.index) != (identity, under.height, index):
        raise _wrong("the receipt is of another transaction")
    if not merkle_verify(under.receipts_root, encoded, index, size, path):
        raise _wrong("the proof does not hold")
    return receipt, under


def _shows(form: str, encoded: bytes, root: bytes, values: dict[bytes, bytes | None]) -> bool:
    if form == ICS23:
        return verify_commitment(decode_commitment(encoded), root, values)
    multi = decode_multiproof(encoded)
    return multi.entries == values and verify_multiproof(multi, root)


def _header(answer: dict[str, Any], trusted: Header | None, height: int | None) -> Header:
    """The header of an answer: the one that is trusted, or of the height that was asked for."""
    try:
        under = decode_header(bytes.fromhex(answer["header"]))
    except (KeyError, TypeError, ValueError):
        raise _wrong("the node gave no header") from None
    if trusted is not None and trusted.encoded != under.encoded:
        raise _wrong(f"the proof is under block {under.height}, not the one that is trusted")
    if height is not None and under.height != height:
        raise _wrong(f"the proof is under block {under.height}, and {height} was asked for")
    return under


def _value(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _wrong(message: str) -> Refusal:
    return Refusal(Refused.WRONG_PROOF, message)
