"""The engine of contract tests: closures beside the evaluator, worlds gone back to, the chooser, shrinking, processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chain.ledger.sandbox import Sandbox
from kit.testing import Options, run
from kit.testing.bulk import Bulk, Dictionary
from kit.testing.examples import Examples
from kit.testing.processes import jobs_for
from kit.testing.runner import run_file
from kit.testing.shrinking import shrunk, simpler
from kit.testing.suite import Suite
from kit.testing.world import Unmet
from lang.check import CheckedFile
from lang.compiler import compile_file, compile_text
from vm import types as vm
from vm.failure import Failure
from vm.values import belongs

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "contracts" / "examples").glob("*.tael"), *(ROOT / "tests" / "contracts").glob("*.tael")])

JAR = """
contract Jar:
    owner: Address
    opens: Time
    money: Vault
    told: u64

    event Saved(by: Address, amount: Amount)
    error Enough(held: Amount)

    init(wait: Duration):
        self.owner = sender
        self.opens = now + wait
        self.told = 0

    pub fn save(coin: Coin) by anyone:
        require self.money.amount < 50.00 CNY else Enough(self.money.amount)
        emit Saved(sender, coin.amount)
        self.money.put(coin)

    pub fn tell(n: u64) by anyone:
        self.told = self.told + n

    pub fn empty() by self.owner:
        pay(self.owner, self.money.take_all())

    view fn held() -> Amount:
        return self.money.amount

    view fn told_so_far() -> u64:
        return self.told

    invariant self.told < 1_000

"""


def checked(text: str) -> CheckedFile:
    """A text, compiled and checked."""
    compilation = compile_text(text)
    assert compilation.ok, compilation.findings
    assert compilation.checked is not None
    return compilation.checked


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(problem: Unmet | Failure | None) -> object:
    """What a problem is, without what only the reference tells of it."""
    return (type(problem), getattr(problem, "name", None), getattr(problem, "values", None))


def outcomes_agree(suite: Suite) -> list[object]:
    """Run every test of one case by closures and by the evaluator, and hold their outcome, gas and world against each other."""
    seen = []
    for test in suite.checked.tests:
        if test.parameters:
            continue
        stage, prepared = suite._stage(test), suite._prepare(test)
        quick = stage.run(prepared, prepared.fixed // 2)
        world = suite.world(test)
        told = suite.attempt(world, test, {})
        assert said(quick) == said(told), test.declaration.name.value
        assert stage.world.gas_used == world.gas_used
        assert stage.world.sandbox.state() == world.sandbox.state()
        assert stage.world.sandbox.time_ms == world.sandbox.time_ms
        seen.append(said(told))
    return seen


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_closures_do_what_the_evaluator_does_in_whole_contracts(path: Path) -> None:
    """Outcome, gas, state and time are the same, one world for all tests or a new one for each."""
    compilation = compile_file(path)
    assert compilation.checked is not None
    outcomes_agree(Suite(compilation.checked))


def random_statement(random: Random, depth: int = 0) -> list[str]:
    """The lines of one statement of a test of the jar."""
    who = random.choice(["a", "b"])
    amount = f"{random.choice([0, 1, 20, 49, 50, 99, 101])}.00 CNY"
    number = random.choice(["0", "1", "n", "n + 1", "999", "n * 2"])
    simple = [
        f"call jar.save({amount}) as {who}",
        f"call jar.tell({number}) as {who}",
        f"call jar.empty() as {who}",
        f"pay {amount} to b as {who}",
        "advance(1 day)",
        f"assert jar.money <= {amount}",
        f"assert balance({who}) >= {amount} or now >= jar.opens",
        f"assert read jar.held() == jar.money and read jar.told_so_far() < {random.choice([5, 900])}",
        f"let m{random.getrandbits(32)} = max(read jar.told_so_far(), 3)",
    ]
    if depth == 2 or random.random() < 0.6:
        return [random.choice(simple)]
    body = [f"    {line}" for line in random_statement(random, depth + 1)]
    heads = [
        f"if jar.told > {random.randrange(4)}:",
        "for k in [1, 2, 3]:",
        f"expect {random.choice(['Enough', 'NotAuthorized', 'InsufficientFunds', 'InvariantBroken'])}:",
        f"expect event Saved(a, {amount}):",
        "expect event Saved:",
    ]
    return [random.choice(heads), *body]


def test_closures_do_what_the_evaluator_does_in_random_tests() -> None:
    """Tests made at random pass and fail alike, in many ways."""
    random = Random(5)
    tests = []
    for number in range(150):
        lines = [line for _ in range(random.randrange(1, 6)) for line in random_statement(random)]
        body = "\n    ".join(lines)
        tests.append(
            f'test "{number}":\n    let a, b = wallets(2, each=100.00 CNY)\n'
            f"    let jar = deploy Jar({random.randrange(3)} days) as a\n    let n = read jar.told_so_far()\n    {body}\n"
        )

    seen = outcomes_agree(Suite(checked(JAR + "\n".join(tests))))

    assert len(set(map(repr, seen))) >= 6, "too few ways to end"
    assert seen.count((type(None), None, None)) > 10


def test_a_sandbox_that_was_gone_back_over_is_as_if_nothing_had_happened() -> None:
    """Whatever was done since a snapshot, deployments and failures too, state and the gas of what follows are the same."""
    random = Random(7)
    code = compile_text(JAR).contracts["Jar"].code
    gone, straight = Sandbox(), Sandbox()
    jars: list[bytes] = []

    def act(sandbox: Sandbox, how: int, amount: int) -> object:
        a, b = sandbox.wallet("a", {"CNY": 100}), sandbox.wallet("b")
        sandbox.last_gas = 0
        try:
            if how == 0 or not jars:
                return sandbox.deploy(code, "CNY", (amount,), a)
            jar = jars[amount % len(jars)]
            if how == 1:
                return sandbox.call(jar, "save", (sandbox.coin(amount),), a)
            if how == 2:
                return sandbox.call(jar, "empty", (), a if amount % 2 else b)
            if how == 3:
                return sandbox.call(jar, "tell", (amount,), b)
            if how == 4:
                return sandbox.advance(amount)
            return sandbox.read(jar, "held")
        except Failure as failure:
            return failure.name

    for _ in range(60):
        snapshot = gone.snapshot()
        for _ in range(random.randrange(6)):
            act(gone, random.randrange(6), random.randrange(500))
        gone.restore(snapshot)
        step = random.randrange(6), random.randrange(500)
        assert gone.state() == straight.state()
        first, second = act(gone, *step), act(straight, *step)
        assert (first, gone.last_gas, gone.events) == (second, straight.last_gas, straight.events)
        if step[0] == 0 and isinstance(first, bytes):
            jars.append(first)
    assert len(jars) > 3


def test_a_snapshot_that_was_gone_back_over_is_refused() -> None:
    """A state that is no more cannot be gone to, though as much has been done since."""
    sandbox = Sandbox()
    first = sandbox.snapshot()
    sandbox.wallet("a", {"CNY": 1})
    later = sandbox.snapshot()
    sandbox.restore(first)
    sandbox.wallet("b", {"CNY": 1})
    with pytest.raises(ValueError, match="gone back over"):
        sandbox.restore(later)
    sandbox.restore(first)


KINDS: list[vm.Type] = [
    vm.BOOL,
    vm.U64,
    vm.AMOUNT,
    vm.ADDRESS,
    vm.Text(12),
    vm.Bytes(9),
    vm.List(vm.U8, 5),
    vm.Option(vm.U8),
    vm.Tuple((vm.U8, vm.BOOL)),
    vm.Struct("Point", (("x", vm.U8), ("y", vm.Text(3)))),
    vm.Enum("Shape", (("Dot", ()), ("Line", (("length", vm.U64),)))),
]


def test_what_is_chosen_belongs_to_its_type_and_so_does_what_is_simpler() -> None:
    """Every plain type, many times, and the way down from each value."""
    bulk = Bulk(KINDS, {1: (5, 9)}, Dictionary(), name="all", seed=3)
    for _ in range(300):
        case = bulk.case()
        assert all(belongs(kind, value) for kind, value in zip(KINDS, case, strict=True))
        assert 5 <= case[1] <= 9
        for kind, value in zip(KINDS, case, strict=True):
            assert all(belongs(kind, less) and less != value for less in simpler(kind, value))


def test_the_cases_of_a_seed_are_the_same_everywhere() -> None:
    """They are named here, so that another version of Python that chose others would be noticed."""
    bulk = Bulk([vm.U64, vm.Bytes(4), vm.BOOL], {}, Dictionary(), name="same", seed=1)
    assert [bulk.case() for _ in range(4)] == SAME


SAME: list[list[Any]] = [
    [0, b"o", True],
    [6098456306576533394, b"\xdd", True],
    [4464030774386188526, b"\xd9", False],
    [6414216240689263661, b"", False],
]


def test_numbers_of_the_file_are_tried() -> None:
    """A bug at one value out of 2^64, which stands in the contract, is found within a hundred cases."""
    text = JAR.replace("self.told = self.told + n", "if n != 7_777_777_777_777:\n            self.told = self.told + 1")
    test = 'test "tells" for any n: u64:\n    let jar = deploy Jar(1 day)\n    call jar.tell(n)\n    assert jar.told == 1\n'

    (result,) = run_file(checked(text + test), Options(runs=100))

    assert result.trouble is not None
    assert result.trouble.chosen == [("n", "7_777_777_777_777")]
    assert result.seed == 0


@pytest.mark.parametrize(
    ("kind", "value", "smallest"),
    [
        (vm.U64, 987_654_321, 1_000),
        (vm.Int("i64", -(2**63), 2**63 - 1), -987_654_321, 1_000),
    ],
)
def test_numbers_shrink_to_the_border(kind: vm.Type, value: int, smallest: int) -> None:
    """The least number that still fails, and the positive one of two that do."""
    assert shrunk([value], [kind], lambda case: abs(case[0]) >= 1_000) == [smallest]


def test_lists_shrink_to_what_matters() -> None:
    """Elements that do not matter go, the one that does gets small."""
    kind = vm.List(vm.U8, 8)
    assert shrunk([(9, 200, 3, 77)], [kind], lambda case: any(item > 50 for item in case[0])) == [(51,)]


def test_remembered_cases_that_make_no_sense_are_as_good_as_not_there() -> None:
    """A file that somebody changed is read with care: other names, other types, no JSON."""
    parameters = checked('test "x" for any n: u8:\n    assert n < 1\n').tests[0].parameters
    examples = Examples("x.tael", "x", parameters)
    examples.keep([5])
    assert examples.cases() == [[5]]
    for text in ('{"cases": [{"m": "1"}, {"n": "256"}, {"n": 3}, 7]}', "[", '{"cases": 5}', "[" * 100_000, "\xff"):
        examples.path.write_text(text, encoding="latin-1")
        assert examples.cases() == []


def test_one_process_and_many_report_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results, troubles and cases are the same, in the order of the file."""
    tests = "".join(
        f'test "p{n}" for any k: u64 where k < {n + 20}:\n    assert k != {n}\n\ntest "t{n}":\n    assert {n} != 3\n\n'
        for n in range(6)
    )
    (tmp_path / "a.tael").write_text(tests)
    reports = []
    for jobs in (1, 3):
        for remembered in tmp_path.rglob("*.json"):
            remembered.unlink()
        assert run([tmp_path / "a.tael"], Options(as_json=True, jobs=jobs)) == 1
        report = json.loads(capsys.readouterr().out)
        for test in (report, *report["tests"]):
            del test["seconds"]
        reports.append(report)
    assert reports[0] == reports[1]
    assert [test["name"] for test in reports[0]["tests"]] == [f"{kind}{n}" for n in range(6) for kind in "pt"]
    assert reports[0]["failed"] == 7


def test_few_tests_are_not_worth_processes() -> None:
    """A small suite runs in one process, one with many cases in as many as there is work for."""
    tests = checked('test "x" for any n: u8:\n    assert n < 1\n\ntest "y" for any n: u8:\n    assert n < 1\n').tests
    assert jobs_for(tests, Options()) == 1
    assert 1 <= jobs_for(tests, Options(time_s=60)) <= 2
    assert jobs_for(tests, Options(jobs=5)) == 2


def test_testing_needs_no_hypothesis(tmp_path: Path) -> None:
    """Nothing that takes long to import is imported for it, though a property fails and is made small."""
    (tmp_path / "a.tael").write_text('test "x" for any n: u64:\n    assert n < 100\n')
    program = (
        "import sys; from pathlib import Path; from kit.testing import Options, run; "
        "code = run([Path('a.tael')], Options()); sys.exit(3 if 'hypothesis' in sys.modules else code)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "with n = 100\n" in done.stdout
