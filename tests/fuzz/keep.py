"""Takes what a run of the fuzzer has found into `corpus/`: of the inputs of a folder, those that end in a way none before did.

    python tests/fuzz/keep.py run FOLDER

Ways of ending differ by what the target says of them, and for modules by the instructions that are in them; the shortest first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from fuzz_targets import OF_MODULES, TARGETS  # noqa: E402

from vm.illegal import Illegal  # noqa: E402
from vm.verifier import verify_bytes  # noqa: E402

CORPUS = Path(__file__).parent / "corpus"
KEPT_MAX = 150  # of one file; the replay runs them all


def ways(target: str, data: bytes) -> set[str]:
    """What an input shows."""
    ending = TARGETS[target](data)
    if target not in OF_MODULES:
        return {f"{data[:1].hex()} {ending}"}
    try:
        module = verify_bytes(data)
    except Illegal as illegal:
        return {f"{illegal.code} {illegal.where.rpartition(' ')[2]}"}
    return {f"{ending} {op.code} {[str(kind) for kind in op.takes]}" for body in module.bodies for op in body.ops}


def main() -> None:
    """Add to the file of the target."""
    target, folder = sys.argv[1], Path(sys.argv[2])
    file = CORPUS / f"{'modules' if target in OF_MODULES else target}.json"
    kept = json.loads(file.read_text())
    known: set[str] = set()
    for one in kept:
        known |= ways(target, bytes.fromhex(one["bytes"]))
    for path in sorted(folder.iterdir(), key=lambda path: (path.stat().st_size, path.name)):
        data = path.read_bytes()
        new = ways(target, data) - known
        if new and len(kept) < KEPT_MAX:
            known |= new
            kept.append({"title": f"{target}: {min(new)}", "bytes": data.hex()})
    file.write_text("[\n" + ",\n".join(json.dumps(one) for one in kept) + "\n]\n")


if __name__ == "__main__":
    main()
