"""No call uses more gas than its static bound, and bounds are no looser than code allows.

Every call that is made here, as in any other test, is held against its bound by `tests/bound_watch.py`.
"""

from __future__ import annotations

import contextlib
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import bound_watch
import hypothesis.strategies as st
import pytest
from bound_watch import BoundBroken
from hypothesis import given, settings
from machine_world import ALICE, BOB, HERE, PROGRAMS, THERE, World, counts_up, program, run_pure, verified
from random_loops import LoopMaker
from tiers import Tally, compare

from vm.bound_loops import Closing
from vm.bound_steps import price
from vm.bounds import GasBound, gas_bounds
from vm.compiled import CompiledExecution
from vm.execution import Execution
from vm.failure import Failure
from vm.illegal import Illegal
from vm.limits import BOUND_WORK_MAX, CALLS_MAX
from vm.machine import Tier
from vm.polynomial import Algebra, Polynomial, Shape, number
from vm.pricing import Scale
from vm.trace import Tracer
from vm.types import U8, CoinValue, List, Text
from vm.verifier import Verified

WORKS = ("make", "scan", "key", "hash", "read", "encode", "write", "event")
SEEDS = 150
HEAD = """module M
type List[u64, 50]
type Text[40]
type struct Order(ids: List[u64, 50], note: Text[40])
const u64 = 0
const u64 = 1
const u64 = 2
const bool = true
"""
UNUSED = """pure unused(o: Order)
  return
"""


def bound_of(module: Verified, function: str = "f") -> GasBound:
    return gas_bounds(module)[module.by_name[function]]


def used(module: Verified, *arguments: Any, function: str = "f") -> int:
    """The gas that a pure function uses, whatever it ends with."""
    world = World()
    world.deploy(module)
    session = world.session()
    with contextlib.suppress(Failure):
        session.read(HERE, function, arguments, ALICE)
    return session.gas_used


def pure(parameters: str, body: str, *, locals_: str = "u64", result: str = " -> u64", more: str = "") -> Verified:
    """A module with a pure function `f`. One line a word: instructions are separated by `;`."""
    lines = "\n".join(f"  {line.strip()}" for line in body.split(";"))
    slots = "".join(f"  local {kind}\n" for kind in locals_.split("/"))
    return verified(f"{HEAD}{UNUSED}{more}pure f({parameters}){result}\n{slots}{lines}\n")


# What the compiler emits for `for x in xs`, and a loop with its guard at the head.
FOR_IN = """
const 0; set 1; get 1; get 0; length List[u64, 50]; lt u64; if; loop 50; get 0; get 1; index List[u64, 50]; drop;
get 1; const 1; add u64; set 1; get 1; get 0; length List[u64, 50]; lt u64; not; if; break; end; end; end; get 1; return
"""
GUARD_FIRST = """
const 0; set 1; loop 1000; get 1; get 0; length List[u64, 50]; ge u64; if; break; end; get 1; const 1; add u64; set 1; end;
get 1; return
"""
COUNTED = f"\n{counts_up(1_000)}  get 1\n  return\n"


# Tight where it can be.


@pytest.mark.parametrize("body", [FOR_IN, GUARD_FIRST], ids=["as compiled", "guard first"])
def test_a_loop_over_a_list_costs_what_its_length_says(body: str) -> None:
    """The bound is a constant and so much for each element, and a run over any list uses exactly that."""
    module = pure("xs: List[u64, 50]", body)
    bound = bound_of(module)
    assert re.fullmatch(r"\d+ \+ \d+\*len\(xs\)", bound.formula)
    for count in range(1, 51):
        assert used(module, tuple(range(count))) == bound.evaluate([tuple(range(count))])
    assert used(module, ()) <= bound.evaluate([()])
    assert bound.maximum == bound.evaluate([(0,) * 50])


def test_a_loop_over_a_range_costs_what_its_ends_say() -> None:
    """`for i in a..b max 30` is bounded by b - a, nothing if that is negative, and 30 passes in any case."""
    body = """get 0; set 2; get 2; get 1; lt u64; if; loop 30; get 2; const 1; add u64; set 2; get 2; get 1; lt u64; not; if;
    break; end; end; end; get 2; return"""
    module = pure("a: u64, b: u64", body)
    bound = bound_of(module)
    assert re.fullmatch(r"\d+ \+ \d+\*min\(30, max\(0, b - a\)\)", bound.formula)
    for a, b in [(0, 1), (0, 30), (5, 9), (2**64 - 3, 2**64 - 1)]:
        assert used(module, a, b) == bound.evaluate([a, b])
    for a, b in [(0, 31), (0, 2**64 - 1), (9, 5), (2**64 - 1, 0)]:
        assert used(module, a, b) <= bound.evaluate([a, b]) <= bound.maximum


def test_a_counter_may_go_down_or_in_steps() -> None:
    """What matters is that the distance to the end shrinks in every pass, however it does."""
    down = "get 0; set 1; loop 1000; get 1; const 0; le u64; if; break; end; get 1; const 1; sub u64; set 1; end; get 1; return"
    steps = "const 0; set 1; loop 1000; get 1; get 0; ge u64; if; break; end; get 1; const 2; add u64; set 1; end; get 1; return"
    for body, times in ((down, 1), (steps, 2)):
        module = pure("n: u64", body)
        for n in (0, 1, 2, 7, 100):
            assert used(module, n) == bound_of(module).evaluate([n]), (times, n)


def test_a_list_that_shrinks_bounds_its_loop() -> None:
    """`while xs.len > 0: xs.pop()` runs as often as the list is long."""
    body = """loop 50; get 0; length List[u64, 50]; const 0; le u64; if; break; end; get 0; pop List[u64, 50]; set 1; set 0; end;
    const 0; return"""
    module = pure("xs: List[u64, 50]", body)
    bound = bound_of(module)
    assert "len(xs)" in bound.formula
    for count in (0, 1, 7):
        assert used(module, (1,) * count) <= bound.evaluate([(1,) * count]) < 2 * used(module, (1,) * count)


def test_a_list_that_grows_in_a_loop_is_bounded_by_its_passes() -> None:
    """What appending costs rests on how often it was done, not on the greatest length of the type."""
    body = """list List[u64, 50] 0; set 2; const 0; set 1; loop 50; get 1; get 0; ge u64; if; break; end; get 2; get 1;
    append List[u64, 50]; set 2; get 1; const 1; add u64; set 1; end; get 1; return"""
    module = pure("n: u64", body, locals_="u64/List[u64, 50]")
    bound = bound_of(module)
    assert bound.evaluate([4]) < 2 * used(module, 4)
    assert "min(50, n)^2" in bound.formula


def test_the_dearer_branch_counts() -> None:
    """Two ways become the greater of the two, what they have in common apart."""
    body = """get 2; if; get 0; get 0; eq List[u64, 50]; drop; else; get 1; get 1; eq Text[40]; drop; end; const 0; return"""
    module = pure("xs: List[u64, 50], t: Text[40], which: bool", body)
    bound = bound_of(module)
    assert re.fullmatch(r"\d+ \+ max\(.*\)", bound.formula)
    for xs, t in [((), "x" * 40), ((1,) * 50, "")]:
        assert bound.evaluate([xs, t, True]) == max(used(module, xs, t, which) for which in (True, False))


def test_an_invoked_function_is_bounded_by_what_it_is_given() -> None:
    """The sizes of a callee's parameters become those of its arguments: fields of a struct, constants, results."""
    callee = "private g(xs: List[u64, 50]) -> u64\n  local u64\n" + "".join(f"  {line.strip()}\n" for line in FOR_IN.split(";"))
    body = """get 0; field Order 0; invoke g; drop; const 0; const 0; list List[u64, 50] 2; invoke g; return"""
    module = pure("o: Order", body, more=callee)
    bound = bound_of(module)
    assert re.fullmatch(r"\d+ \+ \d+\*len\(o\.ids\)", bound.formula)
    order = ((1, 2, 3), "note")
    assert used(module, order) == bound.evaluate([order])


def test_elements_of_lists_and_payloads_of_options_count_with_their_own_size() -> None:
    """The longest element of a list that is an argument, and what an option holds, are sizes like any other."""
    text = """const 0; set 2; loop 5; get 2; get 0; length List[Text[40], 5]; ge u64; if; break; end; get 0; get 2;
    index List[Text[40], 5]; get 3; eq Text[40]; drop; get 2; const 1; add u64; set 2; end; get 1; tag Option[Text[40]]; const 5;
    eq u8; if; get 1; open Option[Text[40]] 1; get 3; eq Text[40]; drop; end; const 0; return"""
    lines = "\n".join(f"  {line.strip()}" for line in text.split(";"))
    module = verified(f"""module M
type Text[40]
type List[Text[40], 5]
type Option[Text[40]]
const u64 = 0
const u64 = 1
const u64 = 2
const bool = true
const Text[40] = "x"
const u8 = 1
pure f(xs: List[Text[40], 5], o: Option[Text[40]]) -> u64
  local u64
  local Text[40]
  const 4
  set 3
{lines}
""")
    bound = bound_of(module)
    assert "len(xs[*])" in bound.formula
    assert "len(o)" in bound.formula
    for xs, o in [(("", "ab", "x" * 40), (1, "xyz")), (("x" * 40,) * 3, (0,)), ((), (1, "x" * 40)), (("", "ab"), (1, ""))]:
        assert used(module, xs, o) <= bound.evaluate([xs, o])
    alike = ("x" * 20,) * 4, (1, "x" * 30)
    assert used(module, *alike) == bound.evaluate(alike)


@pytest.mark.parametrize("work", WORKS)
@pytest.mark.parametrize("scale", [Scale.of(kind) for kind in (Text(9), List(U8, 40), List(Text(40), 4))])
def test_symbolic_prices_are_those_of_the_table(work: str, scale: Scale) -> None:
    """For every length, the polynomial for a price has the value that the table of prices gives."""
    algebra = Algebra()
    size = algebra.parameter(Shape.LENGTH, 0, (0,), "x", 4096)
    symbolic = price(algebra, work, scale, size)
    for length in [*range(70), 4095, 4096]:
        assert algebra.evaluate(symbolic, (bytes(length),)) == scale.price(work, length).gas


# Never less than is used.


MOVES = {
    "begins anew": "const 0; set 1",
    "stands still": "get 1; const 0; add u64; set 1",
    "goes back again": "get 1; const 1; add u64; set 1; get 1; const 1; sub u64; set 1",
    "moves on one way only": "get 2; if; get 1; const 1; add u64; set 1; end",
    "moves after some passes ended": "get 2; not; if; continue; end; get 1; const 1; add u64; set 1",
    "is not the one that moves": "get 3; const 1; add u64; set 3",
    "moves as its end does": "get 1; const 1; add u64; set 1; get 0; const 1; append List[u64, 50]; set 0",
    "is set back by a loop within": "get 1; const 1; add u64; set 1; loop 1; const 0; set 1; break; end",
    "may be set back": "get 1; const 1; add u64; set 1; get 2; if; else; const 0; set 1; end",
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_loop_that_need_not_draw_near_its_end_is_bounded_by_its_count(move: str) -> None:
    """Where the counter stands still or goes back on any way, or the end moves away, no bound by the list is claimed."""
    text = f"""const 0; set 1; get 1; const 1; ge u64; set 2; const 0; set 3; loop 300;
    get 1; get 0; length List[u64, 50]; ge u64; if; break; end; {move}; end; get 1; return"""
    bound = bound_of(module := pure("xs: List[u64, 50]", text, locals_="u64/bool/u64"))
    assert bound.evaluate([(1,)]) >= 300 * 10
    assert used(module, (1,)) > 2_000 or move.startswith("get 2")


@pytest.mark.parametrize(
    "guard",
    [
        "get 1; get 0; length List[u64, 50]; ge u64; drop",
        "get 1; get 0; length List[u64, 50]; ge u64; if; end",
        "get 1; get 0; length List[u64, 50]; lt u64; if; break; end",
        "get 1; get 0; length List[u64, 50]; ge u64; if; continue; end",
        "get 2; if; get 1; get 0; length List[u64, 50]; ge u64; if; break; end; end",
        "get 3; get 0; length List[u64, 50]; ge u64; if; break; end",
        "get 1; get 0; length List[u64, 50]; eq u64; if; break; end",
        "get 2; if; break; end",
    ],
    ids=["dropped", "empty", "the wrong way", "goes on", "on one way", "another local", "equal", "remembered"],
)
def test_a_guard_that_need_not_end_the_loop_bounds_nothing(guard: str) -> None:
    """Only a comparison that every way back has passed on the same side counts."""
    text = f"""const 0; set 1; const 0; set 3; get 1; get 0; length List[u64, 50]; ge u64; set 2; loop 300; {guard};
    get 1; const 1; add u64; set 1; get 2; if; break; end; end; get 1; return"""
    bound = bound_of(module := pure("xs: List[u64, 50]", text, locals_="u64/bool/u64"))
    assert "len" not in bound.formula
    assert bound.maximum >= 300 * 10
    for xs in ((), (1,), (1,) * 50):
        assert used(module, xs) <= bound.evaluate([xs])


def test_a_guard_on_another_list_bounds_by_that_list() -> None:
    """The list that is looked into does not matter, the one that the counter is held against does."""
    text = """const 0; set 2; loop 50; get 2; get 1; length List[u64, 50]; ge u64; if; break; end; get 0; get 2;
    index List[u64, 50]; drop; get 2; const 1; add u64; set 2; end; get 2; return"""
    bound = bound_of(pure("xs: List[u64, 50], ys: List[u64, 50]", text))
    assert "len(ys)" in bound.formula
    assert "len(xs)" not in bound.formula


def test_a_bound_holds_where_arithmetic_fails_first() -> None:
    """A size that would be negative fails before it is paid for; the bound of what came before still holds."""
    module = pure("a: u64, b: u64", "get 0; get 1; sub u64; invoke g; return", more=f"private g(n: u64) -> u64{COUNTED}")
    for a, b in [(0, 1000), (5, 2), (1000, 0), (0, 2**64 - 1)]:
        assert used(module, a, b) <= bound_of(module).evaluate([a, b])


def test_a_size_that_is_always_negative_costs_nothing() -> None:
    """A slice that ends before it begins, whatever the arguments, fails before it is paid for; what came before is bounded."""
    module = pure(
        "xs: List[u64, 50], n: u64", "get 0; get 1; const 2; add u64; const 0; slice List[u64, 50]; drop; const 0; return"
    )
    for n in (0, 5, 2**64 - 1):
        assert used(module, (1, 2, 3), n) <= bound_of(module).evaluate([(1, 2, 3), n])


def loops(seeds: range) -> Iterator[tuple[Verified, random.Random]]:
    """Functions of random loops, those that are verified."""
    for seed in seeds:
        source = random.Random(seed)
        try:
            yield verified(LoopMaker(source).make()), source
        except Illegal:
            continue


def run_loops(module: Verified, source: random.Random, runs: int = 8) -> int:
    """Call `f` with some arguments; the number of calls that went well."""
    world = World(tier=Tier.COMPILED)
    world.deploy(module)
    well = 0
    for _ in range(runs):
        a, b = source.choice([0, 1, 2, 3, 5, 8, 13, 2**64 - 1]), source.choice([0, 1, 2, 3, 5, 8, 13, 40])
        xs, t = tuple(range(source.randint(0, 12))), "x" * source.randint(0, 20)
        try:
            world.read("f", a, b, xs, t)
            well += 1
        except Failure:
            pass
    return well


def test_bounds_hold_for_random_loops() -> None:
    """Whatever a loop looks like, no run of it uses more than its bound; and most bounds rest on arguments."""
    well, symbolic, made = 0, 0, 0
    for module, source in loops(range(SEEDS)):
        well += run_loops(module, source)
        made += 1
        symbolic += re.search("[abt]", bound_of(module).formula) is not None
    assert well > 100
    assert symbolic > made // 2


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_bounds_hold_for_very_many_random_loops(part: int) -> None:
    """The same for thousands of functions."""
    for module, source in loops(range(1_000_000 + part * 2_000, 1_000_000 + (part + 1) * 2_000)):
        run_loops(module, source)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(0, 2**64 - 1), max_size=12), st.text("aé€", max_size=6), st.data())
def test_bounds_hold_for_chosen_arguments(seed: int, xs: list[int], text: str, data: st.DataObject) -> None:
    """The same with programs and arguments that Hypothesis chooses and makes smaller."""
    for module, _ in loops(range(seed, seed + 1)):
        world = World()
        world.deploy(module)
        a, b = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 40))
        with contextlib.suppress(Failure):
            world.read("f", a, b, tuple(xs), text)


def _always_one(_: Closing, __: Any, ___: Any) -> int:
    return 1


@pytest.mark.parametrize(
    ("place", "instead"),
    [
        ("vm.bound_loops.Closing._step", _always_one),
        ("vm.bound_loops.Closing._whole", lambda closing, last: last),
        ("vm.bound_loops.shared", lambda a, b: b if a is None else a if b is None else a + b),
        ("vm.bound_loops.Closing._head_ends", lambda loop: {head: loop._initial(head) for head in loop.locals}),
        ("vm.polynomial.Algebra.counting", lambda _, p: p),
        ("vm.polynomial.Algebra.clip", lambda _, p, most: number(min(most, 1))),
        ("vm.bound_steps.Steps._longer", lambda self, op, low, high: self.gives(op, low, high)),
    ],
    ids=["steps", "passes", "ways", "growth", "negative", "clipped", "made"],
)
def test_a_bound_that_is_wrong_would_be_found(place: str, instead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one argument of the proof left out, random loops find a call that uses more than its bound."""
    monkeypatch.setattr(place, instead)
    with pytest.raises(BoundBroken):
        for module, source in loops(range(600)):
            run_loops(module, source)


@pytest.mark.parametrize("limit", ["BOUND_WORK_MAX", "BOUND_TERMS_MAX", "BOUND_ATOM_WEIGHT_MAX"])
@pytest.mark.parametrize("value", [0, 1, 3, 200])
def test_bounds_hold_whatever_the_limits(limit: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits on polynomials make bounds looser, never wrong."""
    for module in ("polynomial", "sizes"):
        monkeypatch.setattr(f"vm.{module}.{limit}", value, raising=False)
    for made, source in loops(range(25)):
        run_loops(made, source, 4)
    compare(7, Tally())


# Other contracts.


class Steps:
    """A tracer that adds up what called contracts use: from the call instruction to the next of the same function."""

    def __init__(self) -> None:
        self.depth = 0
        self.began: int | None = None
        self.used = 0

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        if contract != HERE:
            self.began = self.last if self.began is None else self.began
        elif self.began is not None:
            self.used += self.began - gas_left
            self.began = None
        self.last = gas_left


def test_calls_of_other_contracts_stand_apart() -> None:
    """What a contract uses itself is within its bound without `calls`, to the unit where there is one way only."""
    world = World()
    caller, callee = program("caller"), program("callee")
    world.deploy(caller, THERE)
    world.deploy(callee, CoinValue("CNY", 10), at=THERE)
    bound = bound_of(caller, "bump")
    assert bound.formula.endswith(" + calls")
    assert bound.calls_max == 1
    steps: Tracer = Steps()  # type: ignore[assignment]
    session = world.session(tracer=steps)
    session.call(HERE, "bump", [3], ALICE)
    own = session.gas_used - steps.used  # type: ignore[attr-defined]
    assert 0 < own <= bound.evaluate([3])
    assert bound.evaluate([3], calls=steps.used) >= session.gas_used  # type: ignore[attr-defined]


def test_calls_are_counted_through_loops_and_functions() -> None:
    """The greatest number of calls is that of all passes, of all functions invoked, and no more than a transaction may make."""
    text = """module M
external view I.get() -> u64
const u64 = 0
private ask(at: Address) -> u64 does read_other
  get 0
  read 0
  return
view few(at: Address) -> u64 does read_other
  loop 7
    get 0
    invoke ask
    drop
    get 0
    invoke ask
    drop
  end
view many(at: Address) -> u64 does read_other
  loop 5000
    get 0
    invoke ask
    drop
  end
"""
    module = verified(text)
    assert [bound_of(module, name).calls_max for name in ("ask", "few", "many")] == [1, 14, CALLS_MAX]


# Cost and order of the work.


def test_work_is_bounded_whatever_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polynomials that would double with every step neither take long nor grow long."""
    done: list[Algebra] = []
    monkeypatch.setattr("vm.bounds.Algebra", lambda: done.append(Algebra()) or done[-1])
    grown = "get 0; get 1; mul u64; get 1; add u64; set 1; get 2; get 2; concat List[u64, 50]; set 2;" * 200
    branches = "get 0; get 1; lt u64; if; get 2; get 2; eq List[u64, 50]; drop; else; get 3; get 3; eq Text[40]; drop; end;" * 150
    module = pure("a: u64, b: u64, xs: List[u64, 50], t: Text[40]", f"{grown} {branches} get 0; return")
    bound = bound_of(module)
    (algebra,) = done
    assert algebra._work <= 2 * BOUND_WORK_MAX
    assert len(bound.formula) < 4_000


def test_bounds_are_the_same_in_every_process() -> None:
    """Formulas do not hang on the seed of Python's hashes."""
    program = """
import sys
sys.path[:0] = sys.argv[1:]
from machine_world import PROGRAMS, program
from vm.bounds import gas_bounds
for path in sorted(PROGRAMS.glob("*.tasm")):
    print(*(bound.formula for bound in gas_bounds(program(path.stem))), sep="\\n")
"""
    command = [sys.executable, "-c", program, str(PROGRAMS.parent), str(PROGRAMS.parents[2])]
    printed = [
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert "len(" in printed[0]


# The watch.


def test_every_session_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that is one too low makes the call fail in the test that makes it, on both tiers."""
    assert Execution.enter is CompiledExecution.enter is bound_watch._watched_enter
    module = pure("xs: List[u64, 50]", FOR_IN)
    exact = bound_of(module)
    low = GasBound("low", exact.maximum, 0, exact._algebra, Polynomial({**exact._gas.terms, (): exact._gas.terms[()] - 1}))
    monkeypatch.setattr(bound_watch, "gas_bounds", lambda found: (low,) * len(found.bodies))
    for tier in Tier:
        world = World(tier=tier)
        world.deploy(module)
        with pytest.raises(BoundBroken):
            world.read("f", (1, 2, 3))


def test_a_bound_holds_for_a_run_that_ends_for_want_of_gas() -> None:
    """Whatever the limit, what was used is within the bound."""
    module = pure("xs: List[u64, 50]", FOR_IN)
    for limit in range(0, 300, 7):
        world = World()
        world.deploy(module)
        session = world.session(gas_limit=limit)
        try:
            session.read(HERE, "f", [(1, 2, 3)], BOB)
        except Failure:
            assert session.gas_used == limit <= bound_of(module).evaluate([(1, 2, 3)])


def test_gas_of_a_function_without_arguments_is_a_number() -> None:
    """Straight code has a bound without a size in it, which a run meets."""
    text = "module M\nconst u64 = 1\npure f() -> u64\n  const 0\n  return\n"
    bound = bound_of(verified(text))
    assert bound.formula == str(bound.maximum)
    assert run_pure(text)[1] == bound.maximum
