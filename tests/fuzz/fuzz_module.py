"""A coverage-guided fuzzer on the decoder, the verifier and both tiers, with atheris.

    pip install -e '.[fuzz]'
    python -m tests.fuzz.fuzz_module run --seconds 300 [--seed 1] [--corpus FOLDER]

The target is one of decode, verify, run, values, arguments (`tests/fuzz/fuzz_targets.py`). It begins with the programs of the
tests and with what has been kept in `tests/fuzz/corpus`; with `--corpus` it goes on where an earlier run ended. Modules are
changed as arrays (`mutation.py`) more often than as bytes. A finding ends the run with a traceback and leaves its bytes behind as
`crash-…`; it becomes a fix and a named seed in `tests/fuzz/corpus`. At the end libFuzzer says how many inputs it has run.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
INPUT_BYTES_MAX = 1024  # long enough for every shape of code, short enough for many runs a second

with atheris.instrument_imports(include=["vm"]):
    from fuzz_targets import KINDS, OF_MODULES, SIGNATURES, TARGETS

from machine_world import PROGRAMS  # noqa: E402
from mutation import mutated  # noqa: E402
from random_programs import small_value  # noqa: E402

from vm.assembler import assemble  # noqa: E402
from vm.codec import encode_module  # noqa: E402
from vm.types import Resource, is_plain  # noqa: E402
from vm.values import encode, encode_arguments  # noqa: E402


def seeds(target: str) -> list[bytes]:
    """What the fuzzer begins with."""
    kept = json.loads((Path(__file__).parent / "corpus" / f"{'modules' if target in OF_MODULES else target}.json").read_text())
    found = [bytes.fromhex(one["bytes"]) for one in kept]
    source = random.Random(1)
    if target in OF_MODULES:
        found += [encode_module(assemble(path.read_text())) for path in sorted(PROGRAMS.glob("*.tasm"))]
    elif target == "values":
        plain = [(n, kind) for n, kind in enumerate(KINDS) if is_plain(kind) and not isinstance(kind, Resource)]
        found += [bytes([n]) + encode(kind, small_value(kind, source)) for n, kind in plain for _ in range(4)]
    else:
        found += [
            bytes([n]) + encode_arguments(kinds, [small_value(kind, source) for kind in kinds])
            for n, kinds in enumerate(SIGNATURES)
        ]
    return [data for data in found if len(data) <= INPUT_BYTES_MAX]


def change(data: bytes, bytes_max: int, seed: int) -> bytes:
    """A module as an array, mostly; otherwise as bytes."""
    changed = mutated(data, seed, bytes_max) if seed % 8 else None
    return changed if changed is not None else atheris.Mutate(data, bytes_max)


def main() -> None:
    """Fuzz until the time is up or something is found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as begun:
        for number, data in enumerate(seeds(options.target)):
            (Path(begun) / str(number)).write_bytes(data)
        folders = [begun]
        if options.corpus is not None:
            options.corpus.mkdir(parents=True, exist_ok=True)
            folders.insert(0, str(options.corpus))
        flags = [
            f"-max_total_time={options.seconds}",
            f"-seed={options.seed}",
            f"-max_len={INPUT_BYTES_MAX}",
            "-print_final_stats=1",
        ]
        target = TARGETS[options.target]

        def one(data: bytes) -> None:
            target(data)

        mutator = {"custom_mutator": change} if options.target in OF_MODULES else {}
        atheris.Setup([sys.argv[0], *flags, *folders], one, **mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
