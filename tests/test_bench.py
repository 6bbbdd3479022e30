"""The benchmark of the machine does the work that it says it does; how fast is for `bench/vm.py` to tell."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import testkit
from bench.compile import measured, text_of
from bench.machine.contest import Unequal, contest, played, small
from bench.machine.own import Own, own
from bench.machine.plain import Plain
from bench.machine.play import Contestant, Expected, Size, Workload
from bench.machine.workloads import WORKLOADS
from bench.testing import work
from bench.testing.running import Ran
from lang.compiler import compile_text
from vm.machine import Tier

ROOT = Path(__file__).parent.parent
BY_NAME = {workload.name: workload for workload in WORKLOADS}
PAIRS = [
    pytest.param(workload, contestant, id=f"{workload.name}-{contestant.name}")
    for workload in WORKLOADS
    for contestant in [*own(), Plain()]
    if contestant.plays(workload)
]


def _sizes(workload: Workload) -> list[Size]:
    return sorted({small(size) for size in workload.sizes.values()}, key=lambda size: (size.scale, size.calls))


@pytest.mark.parametrize(("workload", "contestant"), PAIRS)
def test_programs_of_the_benchmark_give_what_plain_python_gives(workload: Workload, contestant: Contestant) -> None:
    """Results, balances afterwards and numbers of events are those of the work in plain Python, on every tier."""
    for size in _sizes(workload):
        played(workload, contestant, size)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)
def test_peers_give_the_same(workload: Workload) -> None:
    """The EVM in Rust gives the same results, balances and numbers of events, where it is installed."""
    if not all(map(importlib.util.find_spec, ("pyrevm", "vyper", "eth_abi"))):
        pytest.skip("the peers are not installed")
    from bench.machine.evm import PyRevm

    for size in _sizes(workload):
        played(workload, PyRevm(), size)


@pytest.mark.parametrize("name", ["loop", "transfer"])
def test_a_wrong_result_is_not_timed(name: str) -> None:
    """Whoever gives another result, or leaves another state, is refused instead of ranked."""
    workload = BY_NAME[name]

    def wrong(size: Size) -> Expected:
        right = workload.model(size)
        return Expected([0 if result else result for result in right.results], right.looks[::-1], right.events)

    with pytest.raises(Unequal):
        contest(replace(workload, model=wrong), [Own(Tier.COMPILED, together=False)], 1)


def test_all_tiers_use_the_same_gas_for_the_same_work() -> None:
    """A row's gas is a property of the work, not of the tier."""
    for workload in WORKLOADS:
        used = {player.play(workload, Size(3, 1)).gas for player in own() if player.plays(workload) and not player.together}
        assert len(used) == 1, workload.name


def test_the_text_that_is_compiled_goes_through_every_stage() -> None:
    """The text of the compiler's benchmark compiles without a finding, and all of it becomes Python."""
    assert list(measured(text_of(30))) == ["parse", "check", "emit", "verify", "generate"]


@pytest.mark.parametrize("path", sorted((ROOT / "bench").glob("*.py")), ids=lambda path: path.name)
def test_every_benchmark_starts_from_its_own_folder(path: Path) -> None:
    """As a command, where its folder comes first on Python's path and `vm` could be mistaken for `bench/vm.py`."""
    done = subprocess.run([sys.executable, str(path), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_benchmark_runs_and_gives_json() -> None:
    """The command measures what it is asked for, says who is missing, and prints one JSON value."""
    command = [sys.executable, str(ROOT / "bench" / "vm.py"), "--runs", "1", "--only", "chain", "--no-peers", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    results = json.loads(done.stdout)
    assert set(results) == {"python", "left out", "runs", "chain"}
    assert results["left out"] == ["pyrevm", "py-evm", "wasmtime"]
    assert "tael compiled" in results["chain"]["rows"]
    assert all(row["per second"]["min"] > 0 for row in results["chain"]["rows"].values())


def test_the_page_says_of_every_workload_what_is_compared() -> None:
    """`docs/benchmarks.md` has the lines that the benchmark prints on what is and what is not the same."""
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for workload in WORKLOADS:
        assert f"| `{workload.name}` | {workload.unit} | {workload.alike} | {workload.unlike} |" in page, workload.name


def test_the_tests_that_are_timed_compile_and_are_three_hundred() -> None:
    """What `bench/testkit.py` gives our runner compiles, and has as many tests as it says."""
    checked = [compile_text(text, "timed.tael") for text in (work.unit_tael(), work.fuzz_tael(), work.stateful_tael())]
    assert all(each.ok for each in checked)
    assert checked[0].checked is not None and len(checked[0].checked.tests) == work.UNIT_TESTS


def test_what_tests_alone_take_is_all_less_one() -> None:
    """The figures of three hundred are scaled from those that ran; a rate leaves out what the process takes for one run."""
    figures = testkit._unit_figures(Ran(3.0, 2.0, 0, ""), Ran(1.0, 1.5, 0, ""), 3)
    assert figures == {"process s": 7.0, "processor s": 3.0, "tests processor ms": 1500.0}
    assert testkit._rate("runs", 100, Ran(0, 3.0, 0, ""), Ran(0, 1.0, 0, "")) == {"runs/s": 50.0, "runs": 100.0}
