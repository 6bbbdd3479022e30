"""The corpus of programs that must run, each with its results, events, failures and gas.

`python tests/test_programs.py accept` writes the gas that programs use now into the corpus; look at the difference before
it is committed. What programs give is never written by it, only printed where it differs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from corpus import Program, all_programs, compile_program, run

from vm.machine import Tier

PROGRAMS = all_programs()
PROGRAMS_MIN = 200


@pytest.mark.parametrize("tier", [Tier.NATIVE, Tier.REFERENCE])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.label)
def test_program(program: Program, tier: Tier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program compiles, and every line of its script gives what stands there, for exactly the gas that stands there, on
    each tier.
    """
    monkeypatch.setattr("vm.machine.DEFAULT_TIER", tier)
    compilation = compile_program(program, tmp_path)
    assert compilation.ok, [f"{finding.code} {finding.message}" for finding in compilation.findings]
    for outcome in run(program, compilation):
        step = outcome.step
        place = f"{program.topic.name}:{step.line + 1}: {step.text}"
        assert outcome.same(), f"{place}\n  gave {outcome.got} {outcome.events}"
        assert (step.gas or 0) == outcome.gas, f"{place}\n  used {outcome.gas} gas, not {step.gas}"


def test_the_corpus_is_large_and_every_name_stands_once() -> None:
    """There are at least 200 programs with a script each, and no two share a name within a topic."""
    labels = [program.label for program in PROGRAMS]
    assert len(labels) >= PROGRAMS_MIN
    assert len(labels) == len(set(labels))
    assert all(program.steps for program in PROGRAMS)


def accept() -> int:
    """Write the gas of today into the corpus, and print whatever else differs."""
    lines: dict[Path, list[str]] = {}
    wrong = 0
    for program in PROGRAMS:
        rows = lines.setdefault(program.topic, program.topic.read_text("utf-8").split("\n"))
        with tempfile.TemporaryDirectory() as folder:
            compilation = compile_program(program, Path(folder))
        if not compilation.ok:
            wrong += 1
            print(f"{program.label}:", *(f"\n  {f.code} {f.message} at {f.span}" for f in compilation.findings))
            continue
        for outcome in run(program, compilation):
            step = outcome.step
            if not outcome.same():
                wrong += 1
                print(f"{program.label}: line {step.line + 1}: {step.text}\n  gave {outcome.got} {outcome.events}")
            rows[step.line] = step.text + (f"  @ {outcome.gas}" if outcome.gas else "")
    for path, rows in lines.items():
        path.write_text("\n".join(rows), "utf-8")
    print(f"{len(PROGRAMS)} programs, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["accept"]:
        sys.exit("python tests/test_programs.py accept")
    sys.exit(accept())
