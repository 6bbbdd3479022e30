"""Makes `ed25519.txt` and `p256.txt` from the public collections of test vectors.

    python tests/chain/vectors/make.py WYCHEPROOF CCTV SPECCHECK

Each argument is a clone of github.com/C2SP/wycheproof, github.com/C2SP/CCTV and github.com/novifinancial/ed25519-speccheck.

A line is `id key message signature theirs ours reason`: bytes in hexadecimal, `-` for none, `=` for those of the line
before; keys of P-256 compressed, all without the scheme's byte. `theirs` is the source's verdict, valid or wrong, or `-` where it
gives none; `ours` is what the words of the signature rule say, decided here from what the source tells of a vector and never
by asking the library. `reason` is why ours is what it is where theirs is another or none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CCTV_REASONS = {
    "low_order_A": "small-order-A",
    "low_order_R": "small-order-R",
    "non_canonical_A": "non-canonical-A",
    "non_canonical_R": "non-canonical-R",
    "low_order_residue": "needs-cofactor",
}
SPECCHECK = (
    *("wrong small-order-A-and-R", "wrong small-order-A", "wrong small-order-R", "valid mixed-order"),
    *("wrong needs-cofactor", "wrong needs-cofactor", "wrong S-not-below-L", "wrong S-not-below-L"),
    *("wrong non-canonical-R", "wrong non-canonical-R", "wrong non-canonical-A", "wrong non-canonical-A"),
)
"""Ours and why, of cases 0 to 11 as the README of the collection describes them."""


class Vector(NamedTuple):
    """A line of a file."""

    name: str
    key: str
    message: str
    signature: str
    theirs: str
    ours: str
    reason: str = "-"


def wycheproof_ed25519(root: Path) -> Iterator[Vector]:
    """Theirs is ours: the collection has no vectors on what libraries differ about."""
    for group in json.loads((root / "testvectors_v1/ed25519_test.json").read_text())["testGroups"]:
        for test in group["tests"]:
            verdict = {"valid": "valid", "invalid": "wrong"}[test["result"]]
            yield Vector(f"wycheproof/{test['tcId']}", group["publicKey"]["pk"], test["msg"], test["sig"], verdict, verdict)


def cctv(root: Path) -> Iterator[Vector]:
    """All combinations of points of small order, canonical and not, in A and R."""
    tests = json.loads((root / "ed25519/ed25519vectors.json").read_text())
    for test in sorted(tests, key=lambda test: (test["key"], test["sig"], test["number"])):
        reasons = [reason for flag, reason in CCTV_REASONS.items() if flag in (test["flags"] or ())]
        ours = "wrong" if reasons else "valid"
        reason = reasons[0] if reasons else "mixed-order" if test["flags"] else "plain"
        yield Vector(f"cctv/{test['number']}", test["key"], test["msg"].encode().hex(), test["sig"], "-", ours, reason)


def speccheck(root: Path) -> Iterator[Vector]:
    """One vector for each thing that libraries are known to differ about."""
    for number, test in enumerate(json.loads((root / "cases.json").read_text())):
        ours, reason = SPECCHECK[number].split()
        yield Vector(f"speccheck/{number}", test["pub_key"], test["message"], test["signature"], "-", ours, reason)


def wycheproof_p256(root: Path) -> Iterator[Vector]:
    """Ours is theirs, but that a high `s` is wrong."""
    for group in json.loads((root / "testvectors_v1/ecdsa_secp256r1_sha256_p1363_test.json").read_text())["testGroups"]:
        point = bytes.fromhex(group["publicKey"]["uncompressed"])
        key = bytes([2 + (point[-1] & 1)]) + point[1:33]
        for test in group["tests"]:
            theirs = {"valid": "valid", "invalid": "wrong"}[test["result"]]
            high = theirs == "valid" and int(test["sig"][64:], 16) > P256_ORDER // 2
            ours, reason = ("wrong", "high-s") if high else (theirs, "-")
            yield Vector(f"wycheproof/{test['tcId']}", key.hex(), test["msg"], test["sig"], theirs, ours, reason)


def lines(vectors: Iterator[Vector]) -> Iterator[str]:
    """The lines of a file, repetitions left out."""
    before = Vector(*[""] * len(Vector._fields))
    for vector in vectors:
        fields = [
            "=" if 1 <= place <= 3 and field and field == previous else field or "-"
            for place, (field, previous) in enumerate(zip(vector, before, strict=True))
        ]
        yield " ".join(fields)
        before = vector


def main() -> None:
    """Write both files."""
    wycheproof, edges, spec = (Path(argument) for argument in sys.argv[1:])
    ed25519 = [*lines(wycheproof_ed25519(wycheproof)), *lines(cctv(edges)), *lines(speccheck(spec))]
    head = [
        "# Made by make.py, which says what a line is, of facts from C2SP/wycheproof, C2SP/CCTV, novifinancial/ed25519-speccheck."
    ]
    (HERE / "ed25519.txt").write_text("\n".join([*head, *ed25519]) + "\n")
    head = ["# Made by make.py, which says what a line is, of facts from C2SP/wycheproof."]
    (HERE / "p256.txt").write_text("\n".join([*head, *lines(wycheproof_p256(wycheproof))]) + "\n")


if __name__ == "__main__":
    main()
