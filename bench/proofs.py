"""Proofs of a state: bytes, and microseconds of processor time to make and to check them, by the number of keys proved.

    python bench/proofs.py [--keys 20000] [--values 110] [--json]

Proofs of one key are of a present or an absent one, of many keys half of each. `single` is as many proofs in the ledger's
own form, one by one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chain.primitives.ics23 import verify_commitment  # noqa: E402
from chain.primitives.ics23_codec import decode_commitment  # noqa: E402
from chain.primitives.multiproof import decode_multiproof, verify_multiproof  # noqa: E402
from chain.primitives.proof import decode_proof, verify_proof  # noqa: E402
from chain.state.proving import Provable, absence_proof, batch_proof, existence_proof, multiproof, prove  # noqa: E402
from chain.state.tree import Tree  # noqa: E402

COUNTS = (2, 10, 100, 1_000)
SAMPLES = 200  # keys of proofs of one key
SECONDS_MIN = 0.3  # of processor time of each figure
Row = tuple[str, int, int, float, float]
"""Form, keys, bytes, microseconds to make and to check."""


def microseconds(work: Callable[[], object]) -> float:
    """Processor time of one run, repeated until it is enough."""
    work()
    began, runs = time.process_time(), 0
    while (spent := time.process_time() - began) < SECONDS_MIN:
        work()
        runs += 1
    return spent / runs * 1e6


def checked(holds: bool) -> None:
    """Stop if a proof that is timed does not hold."""
    if not holds:
        raise SystemExit("a proof does not hold")


def single_rows(state: Provable, root: bytes, present: Sequence[bytes], absent: Sequence[bytes]) -> list[Row]:
    """Proofs of one key in each form, averages of many."""
    claims = {key: state.value_of(key) for key in (*present, *absent)}

    def row(form: str, keys: Sequence[bytes], make: Callable[[bytes], bytes], check: Callable[[bytes, bytes], bool]) -> Row:
        proofs = [(key, make(key)) for key in keys]
        making = microseconds(lambda: [make(key) for key in keys])
        checking = microseconds(lambda: [checked(check(key, proof)) for key, proof in proofs])
        return form, 1, sum(len(p) for _, p in proofs) // len(keys), making / len(keys), checking / len(keys)

    def own(key: bytes, data: bytes) -> bool:
        return verify_proof(decode_proof(data), root)

    def foreign(key: bytes, data: bytes) -> bool:
        return verify_commitment(decode_commitment(data), root, {key: claims[key]})

    return [
        row("own, present", present, lambda key: prove(state, key).encoded, own),
        row("own, absent", absent, lambda key: prove(state, key).encoded, own),
        row("ICS-23, present", present, lambda key: existence_proof(state, key), foreign),
        row("ICS-23, absent", absent, lambda key: absence_proof(state, key), foreign),
    ]


def many_rows(state: Provable, root: bytes, keys: Sequence[bytes]) -> list[Row]:
    """One proof of many keys in each form."""
    claims = {key: state.value_of(key) for key in keys}
    singles = [prove(state, key).encoded for key in keys]
    multi, batch = multiproof(state, keys), batch_proof(state, keys)
    return [
        (
            "single",
            len(keys),
            sum(map(len, singles)),
            microseconds(lambda: [prove(state, key).encoded for key in keys]),
            microseconds(lambda: [checked(verify_proof(decode_proof(data), root)) for data in singles]),
        ),
        (
            "multiproof",
            len(keys),
            len(multi),
            microseconds(lambda: multiproof(state, keys)),
            microseconds(lambda: checked(verify_multiproof(decode_multiproof(multi), root))),
        ),
        (
            "ICS-23 batch",
            len(keys),
            len(batch),
            microseconds(lambda: batch_proof(state, keys)),
            microseconds(lambda: checked(verify_commitment(decode_commitment(batch), root, claims))),
        ),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=20_000, help="keys of the state")
    parser.add_argument("--values", type=int, default=110, help="bytes of a value")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chance = random.Random(1)
    items = {b"w" + chance.randbytes(32): chance.randbytes(options.values) for _ in range(options.keys)}
    tree = Tree({}.get)
    root = tree.update(items.items())
    state = Provable(tree, items.get, {sha256(key).digest(): key for key in items}.get)
    absent = [b"w" + chance.randbytes(32) for _ in range(max(COUNTS))]
    present = chance.sample(list(items), min(max(COUNTS), len(items)))
    rows = single_rows(state, root, present[:SAMPLES], absent[:SAMPLES])
    for count in COUNTS:
        rows += many_rows(state, root, [*present[: count // 2], *absent[: count - count // 2]])
    if options.json:
        print(json.dumps([dict(zip(("form", "keys", "bytes", "make_us", "check_us"), row, strict=True)) for row in rows]))
        return
    print(f"{'form':16} {'keys':>6} {'bytes':>9} {'make us':>10} {'check us':>10}   a state of {options.keys:_} keys")
    for form, keys, size, making, checking in rows:
        print(f"{form:16} {keys:6} {size:9_} {making:10,.0f} {checking:10,.0f}")


if __name__ == "__main__":
    main()
