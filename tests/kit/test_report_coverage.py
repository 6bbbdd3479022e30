"""Coverage: what is counted, and that counting changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kit.reporting import Asked
from kit.testing.options import Options
from kit.testing.reports.watching import Watch
from kit.testing.suite import Suite
from lang.compiler import compile_file
from tests.kit.report_world import LINE, ran, shown, written

NOTHING = """
test "nothing":
    assert 1 == 1
"""
ONE_WAY = """
test "one way through":
    let owner, guard = wallets(2, each=0.00 CNY)
    let gate = deploy Gate(guard) as owner
    call gate.push(4, false) as owner
"""
ALL_WAYS = """
test "all ways":
    let owner, guard, thief = wallets(3, each=0.00 CNY)
    let gate = deploy Gate(guard) as owner
    call gate.push(4, false) as owner
    call gate.push(5, true) as guard
    call gate.push(4, true) as guard
    expect LoopBound: call gate.push(102, false) as owner
    expect Small(2): call gate.push(2, false) as owner
    expect Odd: call gate.push(3, false) as owner
    expect NotAuthorized: call gate.push(4, false) as thief
    call gate.shut() as owner
    expect NotAuthorized: call gate.shut() as guard
    assert read gate.wide(15)
    assert not read gate.wide(20)
    assert not read gate.wide(10)
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def covered(tests: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The coverage of the gate by these tests."""
    found: dict[str, Any] = ran(written(tests), capsys, coverage=True)["coverage"]["files"][0]
    return found


def test_what_no_test_deploys_counts_as_not_covered(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line, way, function, error and event of a contract that did not run is counted, and none is hit."""
    found = covered(NOTHING, capsys)

    assert {kind: (found[kind]["hit"], found[kind]["all"]) for kind in ("lines", "functions", "errors", "events")} == {
        "lines": (0, 18),
        "functions": (0, 4),
        "errors": (0, 2),
        "events": (0, 2),
    }
    assert (found["branches"]["hit"], found["branches"]["all"]) == (0, 12)
    assert (found["conditions"]["hit"], found["conditions"]["all"]) == (0, 16)


def test_one_way_through_hits_what_it_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of branches not taken are named, and so is each way not taken on lines that ran."""
    found = covered(ONE_WAY, capsys)

    lines = {missed["line"] for missed in found["missed"] if missed["what"] == "line"}
    texts = ("fail Odd", "self.open = true", "emit Opened(sender)", "pub fn shut() by self.owner:", "self.open = false")
    assert lines == {LINE[text] for text in (*texts, "emit Closed", "return n > 10 and n < 20")}
    said = {(missed["line"], missed["what"]) for missed in found["missed"] if missed["what"] != "line"}
    assert said == {
        (LINE["pub fn push(n: u64, hard: bool) by self.owner or self.guard:"], what)
        for what in (
            "by self.owner or self.guard: never refused",
            "condition self.owner: never false",
            "condition self.guard: never true",
            "condition self.guard: never false",
        )
    } | {
        (LINE["require n > 2 else Small(n)"], "require n > 2: never false"),
        (LINE["require n > 2 else Small(n)"], "error Small: never raised"),
        (LINE["fail Odd"], "error Odd: never raised"),
        (LINE["emit Opened(sender)"], "event Opened: never emitted"),
        (LINE["emit Closed"], "event Closed: never emitted"),
        (LINE["if n mod 2 == 1 and not hard:"], "if n mod 2 == 1 and not hard: never true"),
        (LINE["if n mod 2 == 1 and not hard:"], "condition n mod 2 == 1: never true"),
        (LINE["if n mod 2 == 1 and not hard:"], "condition not hard: never true"),
        (LINE["if n mod 2 == 1 and not hard:"], "condition not hard: never false"),
        (LINE["elif n > 100 or hard:"], "if n > 100 or hard: never true"),
        (LINE["elif n > 100 or hard:"], "condition n > 100: never true"),
        (LINE["elif n > 100 or hard:"], "condition hard: never true"),
    }


def test_all_ways_are_all_that_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A test that goes every way by hand reaches 100 % of everything."""
    found = covered(ALL_WAYS, capsys)

    assert found["missed"] == []
    for kind in ("lines", "branches", "conditions", "functions", "errors", "events"):
        assert found[kind]["hit"] == found[kind]["all"], kind


@pytest.mark.parametrize(
    ("expression", "cases", "missed"),
    [
        ("a and b", [(True, True)], {"a: never false", "b: never false"}),
        ("a and b", [(True, True), (True, False)], {"a: never false"}),
        ("a and b", [(True, True), (False, True)], {"b: never false"}),
        ("a or b", [(True, False), (False, False)], {"b: never true"}),
        ("a or b", [(False, True), (False, False)], {"a: never true"}),
        ("a implies b", [(True, False), (False, True)], {"b: never true"}),
        ("not (a and b)", [(True, True), (False, True)], {"b: never false"}),
        ("(a or b) and a", [(True, True), (False, False)], {"b: never true", "a: never false"}),
    ],
)
def test_operands_are_seen_by_their_answers(
    expression: str, cases: list[tuple[bool, bool]], missed: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An operand that was never true, or never false, is named, whether the whole is returned or asked."""
    functions = f"""contract C:
    view fn given(a: bool, b: bool) -> bool:
        return {expression}

    view fn asked(a: bool, b: bool) -> u64:
        if {expression}:
            return 1
        return 2
"""
    calls = "".join(
        f"    let {w}{n} = read c.{name}({str(a).lower()}, {str(b).lower()})\n"
        for n, (a, b) in enumerate(cases)
        for w, name in (("x", "given"), ("y", "asked"))
    )
    path = written(f'test "t":\n    let c = deploy C()\n{calls}', contract=functions)

    found = ran(path, capsys, coverage=True)["coverage"]["files"][0]["missed"]

    for line in (3, 6):
        said = {m["what"].removeprefix("condition ") for m in found if m["line"] == line and m["what"].startswith("condition")}
        assert said == missed


def test_loops_and_matches_have_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    """A loop that never ran, one that always broke, and arms never chosen are named by their place."""
    contract = """contract C:
    view fn sum(xs: List[u64, 5]) -> u64:
        let total = 0 u64
        for x in xs:
            total += x
        return total

    view fn first(x: Option[u64]) -> u64:
        match x:
            case None:
                return 0
            case Some(n):
                return n
"""
    contract = contract.replace("let total = 0 u64", "let total: u64 = 0")
    tests = """
test "t":
    let c = deploy C()
    assert read c.sum([]) == 0
    assert read c.first(None) == 0
"""
    found = ran(written(tests, contract=contract), capsys, coverage=True)["coverage"]["files"][0]

    assert [(m["line"], m["what"]) for m in found["missed"]] == [
        (4, "for xs: never ran"),
        (5, "line"),
        (10, "case None: never passed over"),
        (12, "line"),
        (13, "line"),
    ]


CALLS = """contract Feed:
    error Big
    pub fn tell(n: u64) -> u64 by anyone:
        require n < 5 else Big
        return n

    view fn known(n: u64) -> u64:
        require n < 5 else Big
        return n

contract Asks:
    people: Set[Address]
    last: u64 = 0

    init():
        self.people.add(sender)

    pub fn ask(at: Feed, n: u64) by any of self.people:
        let i: u64 = 0
        while i < n max 10:
            i += 1
            if i == 2:
                continue
            if i == 4:
                break
        self.last = try read at.known(n) else 9
        try call at.tell(n) else:
            self.last = 0
        let high = n > 3 and n < 9
        self.last = 1 if high else 2
"""


@pytest.mark.parametrize(
    ("calls", "missed"),
    [
        (
            [0],
            {
                *((line, "line") for line in (21, 22, 23, 24, 25, 28)),
                (18, "by any of self.people: never refused"),
                (20, "while i < n: never ran"),
                (26, "else 9: never needed"),
                (27, "try call at.tell(n): never failed"),
                (30, "if high: never true"),
            },
        ),
        (
            [1],
            {
                *((line, "line") for line in (23, 25, 28)),
                (18, "by any of self.people: never refused"),
                (22, "if i == 2: never true"),
                (24, "if i == 4: never true"),
                (26, "else 9: never needed"),
                (27, "try call at.tell(n): never failed"),
                (30, "if high: never true"),
            },
        ),
        ([1, 4, 5], {(18, "by any of self.people: never refused")}),
    ],
)
def test_other_ways_to_decide_are_branches(
    calls: list[int], missed: set[tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """`while` with its `break` and `continue`, what stands in for a failed call, `try`, `by any of`, a conditional expression."""
    body = "".join(f"    call asks.ask(feed, {n})\n" for n in calls).replace(")\n", ") as me\n")
    start = "    let me = wallet(each=0.00 CNY)\n    let feed = deploy Feed()\n    let asks = deploy Asks() as me\n"
    path = written(f'test "t":\n{start}{body}', contract=CALLS)

    found = ran(path, capsys, coverage=True)
    said = {(m["line"], m["what"]) for m in found["coverage"]["files"][0]["missed"]}

    assert found["ok"]
    assert {(line, what) for line, what in said if line > 10 and not what.startswith("condition")} == missed


def test_files_that_are_imported_are_covered_where_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    """A shared function counts in its own file, once, whichever contract it was compiled into."""
    Path("math.tael").write_text("pure fn twice(n: u64) -> u64:\n    return n * 2\n")
    contract = "from math import twice\n" + "".join(
        f"\ncontract {name}:\n    view fn f(n: u64) -> u64:\n        return twice(n)\n" for name in ("A", "B")
    )
    path = written('test "t":\n    let a = deploy A()\n    assert read a.f(2) == 4\n', contract=contract)

    files = {file["path"]: file for file in ran(path, capsys, coverage=True)["coverage"]["files"]}

    assert (files["math.tael"]["lines"]["hit"], files["math.tael"]["lines"]["all"]) == (1, 1)
    assert (files["gate.tael"]["lines"]["hit"], files["gate.tael"]["lines"]["all"]) == (1, 2)


def test_a_covered_run_is_the_same_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Outcomes, gas, cases and troubles are those of a run that nobody looks at."""
    tests = """
test "fails":
    let stranger = wallet(each=0.00 CNY)
    let gate = deploy Gate(stranger) as stranger
    call gate.push(7, false) as stranger

test "chosen" for any n: u64 where n < 6:
    let owner, guard = wallets(2, each=0.00 CNY)
    let gate = deploy Gate(guard) as owner
    call gate.push(n + 3, true) as guard
"""
    path = written(ALL_WAYS + ONE_WAY + tests)
    plain = ran(path, capsys)["tests"]
    looked_at = ran(path, capsys, coverage=True, gas=True)["tests"]

    for test in (*plain, *looked_at):
        del test["seconds"]
    assert looked_at == plain
    assert [test["ok"] for test in plain] == [True, True, False, True]


def test_every_unit_of_gas_is_counted_once() -> None:
    """What lines used and what came before them adds up to the gas of the test, calls that fail among them."""
    path = written(ALL_WAYS + ONE_WAY)
    checked = compile_file(path).checked
    assert checked is not None
    suite, watch = Suite(checked), Watch()
    for test in checked.tests:
        name = test.declaration.name.value
        result = suite.run(test, Options(), watch.onlooker(str(path), name))

        trial = watch.meter.trials[str(path), name]
        assert trial.deploying + trial.bringing + sum(sum(node.spent()) for node in trial.nodes()) == result.gas
        assert all(gas >= 0 for node in trial.nodes() for gas in node.spent())


def test_too_little_coverage_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """`--coverage-min` is about lines: what is reached passes, less does not."""
    path = written(ONE_WAY)

    assert ran(path, capsys, coverage_min=61.0)["exit"] == 0
    assert ran(path, capsys, coverage_min=62.0)["exit"] == 1


def test_the_table_has_a_row_for_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    """People see counts of each kind and what was not reached."""
    lines = shown(written(ONE_WAY), capsys, coverage=True)

    assert any(line.split() == ["gate.tael", "11/18", "6/12", "4/16", "2/4", "0/2", "0/2"] for line in lines)
    assert f"gate.tael:{LINE['fail Odd']}  not run: fail Odd" in lines


def test_nothing_is_measured_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    """A run without reports has no tracer, and its JSON no coverage."""
    assert not Asked(durations=3, junit=Path("j.xml")).measures
    assert "coverage" not in ran(written(NOTHING), capsys)
