"""The libraries that verify signatures, asked at the start of a node whether they keep the ledger's rule."""

from __future__ import annotations

from collections.abc import Callable

from chain.primitives.keys import verify
from chain.primitives.library_vectors import VECTORS
from chain.primitives.refusal import Refusal, Refused


def check_signature_library(verify: Callable[[bytes, bytes, bytes], bool] = verify) -> None:
    """That every vector gets the rule's verdict, in about two milliseconds. Raises `Refusal` WrongLibrary.

    A library may be swapped under a node (PyNaCl can be built on the system's libsodium) and may change its mind between two
    versions. A node on such a library would sooner or later leave the chain, so it does not start.
    """
    for vector in VECTORS:
        found = verify(bytes.fromhex(vector.key), bytes.fromhex(vector.message), bytes.fromhex(vector.signature))
        if found is not vector.valid:
            does, should = ("takes", "refuse") if found else ("refuses", "take")
            raise Refusal(
                Refused.WRONG_LIBRARY,
                f"the library for signatures {does} what it must {should}: {vector.what}",
                what=vector.what,
                source=vector.source,
            )
