"""The compiled tier does what the reference tier does, to the unit; and its Python holds nothing but what it may."""

from __future__ import annotations

import ast
import io
import keyword
import random
import re
import sys
import token
import tokenize
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cachetools import LRUCache
from machine_world import ALICE, HERE, PROGRAMS, THERE, World, program, verified
from onlooker import Onlooker
from random_programs import pair
from tiers import Tally, compare, likely_first

import vm.compiled
from vm import intervals
from vm.compiled import Compiled, compiled
from vm.failure import Code, Defect, Failure
from vm.gas import GAS_DEPLOY_BYTE
from vm.generator import NUMBERED, PLAIN_NAMES, Generated, generate, generate_door
from vm.instructions import TABLE
from vm.journal import Journal
from vm.limits import BLOCK_DEPTH_MAX, CODE_CACHED_GAS_MAX, FRAMES_MAX, INVOKE_DEPTH_MAX, LOOP_DEPTH_MAX
from vm.machine import Session, Tier
from vm.support import NAMES
from vm.types import CoinValue
from vm.verifier import Verified, verify

SENDER_OP = verified("module M\npublic f() -> Address\n  sender\n  return\n").bodies[0].ops[0]
SEEDS = 40  # some eight thousand calls; `test_vm_tiers_state` has twice as many more
SEEDS_A_PART = 20
SEEDS_LONG = 12_000
SMALL_LIMITS = {
    "vm.limits.CALLS_MAX": 3,
    "vm.limits.FRAMES_MAX": 1,
    **{f"vm.{module}.EVENTS_BYTES_MAX": 1_100 for module in ("execution", "generator.world")},
    **{f"vm.{module}.JOURNAL_ENTRIES_MAX": 8 for module in ("journal", "cells", "generator.writer")},
}
MEMORY_LIMITS = {
    f"vm.{module}.MEMORY_BYTES_MAX": 60 for module in ("cells", "generator.writer", "generator.control", "generator.function")
}


# One outcome.


@pytest.mark.parametrize("part", range(SEEDS // SEEDS_A_PART))
def test_random_programs_do_the_same_on_both_tiers(part: int) -> None:
    """Results, gas, events, failures with their places, state and money of random programs are the same, whatever the gas; and so
    they are with an onlooker, whose trace is what comes of it.
    """
    tally = Tally()
    for seed in range(part * SEEDS_A_PART, (part + 1) * SEEDS_A_PART):
        compare(seed, tally)
    assert tally.runs > 2_500
    assert tally.steps > 2_500
    assert tally.endings["result"] > 150
    assert len(tally.endings) >= 15


@pytest.mark.parametrize(("what", "tells"), [("emit", 20), ("pay", 11), ("write", 3)])
def test_an_onlooker_that_is_not_told_finds_out(what: str, tells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event, a payment or a write that is left out of the trace is missed at the end of its session."""
    monkeypatch.setattr(Onlooker, what, lambda *_: None)
    with pytest.raises((AssertionError, KeyError)):
        for seed in likely_first(tells, 60):
            compare(seed, Tally())


@pytest.mark.usefixtures("_compiled_anew")
@pytest.mark.parametrize("small", [SMALL_LIMITS, MEMORY_LIMITS], ids=["counts", "memory"])
def test_random_programs_meet_limits_alike(small: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of the transaction are met at the same place on both tiers, tried calls that meet them included."""
    for name, value in small.items():
        monkeypatch.setattr(name, value)
    tally = Tally()
    for seed in range(10_000, 10_012):
        compare(seed, tally)
    assert tally.endings[Code.LIMIT_EXCEEDED] > 20


@pytest.mark.long
@pytest.mark.parametrize("part", range(12))
def test_a_million_runs_of_random_programs(part: int) -> None:
    """The same for thousands of programs; together more than a million runs."""
    tally = Tally()
    for seed in range(part * SEEDS_LONG // 12, (part + 1) * SEEDS_LONG // 12):
        compare(100_000 + seed, tally)
    assert tally.runs > 100_000
    assert tally.endings["result"] > 5_000


def test_random_programs_use_every_instruction() -> None:
    """Between them, the random programs have every row of the table."""
    used = {op.code for module in some_modules(40) for body in module.bodies for op in body.ops}
    assert sorted(row.name for row in TABLE.values() if row.code not in used) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r": overflow\(\)", ": n = 0"),
        (r"gas -= 1(\d)\n", r"gas -= 2\1\n"),
        (r"if gas < 0: out\(\)", "if gas < -1: out()"),
        (r"if r(\d): out\(\)", r"if not r\1: out()"),
        (r"wrong_variant\(\)", "unset()"),
        (r"loop_bound\(\)", "gas -= 0"),
        (r"c\[1\] \+= ", "c[1] -= "),
    ],
)
@pytest.mark.usefixtures("_compiled_anew")
def test_a_difference_would_be_found(before: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one check left out, one price changed or one place wrong in each function, the comparison fails."""
    honest = vm.compiled.generate

    def spoilt(module: Verified, function: int, *, checked: bool) -> Generated:
        made = honest(module, function, checked=checked)
        return made._replace(source=re.sub(before, after, made.source, count=1))

    monkeypatch.setattr(vm.compiled, "generate", spoilt)
    if after.startswith("c["):
        for name, value in MEMORY_LIMITS.items():
            monkeypatch.setattr(name, value)
    with pytest.raises(AssertionError, match=r"reference|bound"):
        for seed in likely_first(1, 60):
            compare(seed, Tally())


# What the Python may hold.


def some_modules(seeds: int) -> Iterator[Verified]:
    """The corpus, and random programs."""
    for path in sorted(PROGRAMS.glob("*.tasm")):
        yield program(path.stem)
    for seed in range(seeds):
        yield from map(verify, pair(random.Random(seed)))


def sources(seeds: int) -> Iterator[str]:
    """The Python of all their functions."""
    for module in some_modules(seeds):
        for function in range(len(module.bodies)):
            yield generate(module, function, checked=True).source
            yield generate_door(module, function).source


def test_python_holds_only_fixed_names_numbers_and_operators() -> None:
    """No name but the fixed and the numbered ones, no text, no dot, no character beyond a few; so no attribute can be reached."""
    words = {"def", "if", "else", "for", "in", "try", "except", "raise", "return", "break", "continue", "and", "or", "not", "is"}
    words |= {"True", "False", "None"}
    numbered = re.compile(f"[{NUMBERED}][0-9]+")
    allowed = {*words, *PLAIN_NAMES, *NAMES}
    seen = 0
    for source in sources(8):
        assert re.fullmatch(r"[a-z0-9A-Z_ \n()\[\]:,<>=!+*/%&-]*", source)
        for kind, text, *_ in tokenize.generate_tokens(io.StringIO(source).readline):
            assert kind != token.STRING
            assert kind != token.NUMBER or text.isdigit()
            assert kind != token.NAME or text in allowed or numbered.fullmatch(text), text
            seen += 1
    assert seen > 50_000
    assert all(not numbered.fullmatch(name) and not keyword.iskeyword(name) for name in (*NAMES, *PLAIN_NAMES))


def test_python_does_only_what_lines_of_code_do() -> None:
    """The syntax is assignments, arithmetic, comparisons, subscripts, calls by name, and flat control: nothing else."""
    allowed = {
        "Module", "FunctionDef", "arguments", "arg", "Load", "Store", "Name", "Constant", "Assign", "AugAssign", "Expr", "Call",
        "Subscript", "Slice", "Tuple", "BinOp", "UnaryOp", "BoolOp", "Compare", "IfExp", "If", "For", "Try", "ExceptHandler",
        "Raise", "Return", "Break", "Continue", "Add", "Sub", "Mult", "FloorDiv", "Mod", "RShift", "BitAnd", "USub", "Not", "And",
        "Or", "Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "Is", "IsNot", "In",
    }  # fmt: skip
    for source in sources(8):
        for node in ast.walk(ast.parse(source)):
            assert type(node).__name__ in allowed, type(node).__name__
            if isinstance(node, ast.Call):
                assert isinstance(node.func, ast.Name)
                assert not node.keywords


def test_names_of_people_stay_out_of_the_python() -> None:
    """Names of errors, resources, events, functions and texts of a module reach the Python only as numbered names."""
    text = """module Zebra
type Text[20]
type resource Okapi(x: u64)
const Text[20] = "__import__('os')"
error Quagga(why: Text[20])
public gnu()
  const 0
  fail Quagga
public eland(x: u64)
  get 0
  new Okapi
  destroy Okapi
  drop
  return
"""
    module = verified(text)
    for function in range(2):
        made = generate(module, function)
        assert not re.search("Zebra|Okapi|Quagga|gnu|eland|import|os", made.source.replace("loop", ""))
    assert generate(module, 0).names == {"e0": "Quagga", "k0": "__import__('os')"}


def test_compiled_code_has_no_builtins() -> None:
    """Compiled functions see the fixed names and an empty table of builtins, whatever they are given."""
    made = Compiled(program("bank"), checked=True, native=True)
    for position in range(len(made.verified.bodies)):
        function = made.function(position)
        assert function.__globals__["__builtins__"] == {}
        assert set(function.__code__.co_names) <= set(function.__globals__)
        assert function.__closure__ is None


# Limits of Python.


def test_the_deepest_blocks_and_loops_compile_and_run() -> None:
    """As many blocks and loops within each other as the verifier admits are no more than Python takes."""
    loops = ["  loop 3"] * LOOP_DEPTH_MAX
    ifs = ["  const 0", "  if"] * (BLOCK_DEPTH_MAX - LOOP_DEPTH_MAX)
    inner = ["  get 0", "  const 1", "  add u64", "  set 0"]
    ends = ["  end"] * (BLOCK_DEPTH_MAX - LOOP_DEPTH_MAX) + ["  break", "  end"] * LOOP_DEPTH_MAX
    lines = ["module M", "const bool = true", "const u64 = 1", "pure f(x: u64) -> u64", *loops, *ifs, *inner, *ends]
    module = verified("\n".join([*lines, "  get 0", "  return"]))
    for tier in Tier:
        world = World(tier=tier)
        world.deploy(module)
        assert world.read("f", 4) == 5


def test_the_deepest_calls_run() -> None:
    """FRAMES_MAX contracts of INVOKE_DEPTH_MAX functions each fit on the stack of Python, and one contract more fails alike."""
    chain = "\n".join(
        f"private p{n}(at: Address, left: u64) -> u64 does call_other\n  get 0\n  get 1\n  invoke p{n + 1}\n  return"
        for n in range(INVOKE_DEPTH_MAX - 2)
    )
    text = f"""module Deep
const u64 = 1
external public I.down(u64) -> u64
field next: Address
init start(next: Address) does write
  get 0
  store next
  return
public down(left: u64) -> u64 does read call_other
  load next
  get 0
  invoke p0
  return
{chain}
private p{INVOKE_DEPTH_MAX - 2}(at: Address, left: u64) -> u64 does call_other
  get 1
  const 0
  lt u64
  if
    get 1
    return
  end
  get 0
  get 1
  const 0
  sub u64
  call 0
  return
"""
    module = verified(text)
    places = [b"%2d" % n + bytes(30) for n in range(FRAMES_MAX + 1)]
    seen = []
    for tier in Tier:
        world = World(tier=tier)
        for place, following in zip(places, [*places[1:], HERE], strict=True):
            world.deploy(module, following, at=place)
        session = world.session()
        assert session.call(places[0], "down", [FRAMES_MAX - 1], ALICE) == 0
        with pytest.raises(Failure) as failed:
            session.call(places[0], "down", [FRAMES_MAX], ALICE)
        seen.append((failed.value.name, failed.value.contract, failed.value.where, session.gas_left))
    assert seen[0] == seen[1]
    assert seen[0][0] == Code.LIMIT_EXCEEDED
    assert len(seen[0][2]) == FRAMES_MAX * INVOKE_DEPTH_MAX


def test_python_grows_in_step_with_code() -> None:
    """Twice the code gives at most a little more than twice the Python, whatever the code is made of."""
    bodies = {
        "  get 0\n  const 0\n  add u64\n  set 0\n": "",
        "  get 0\n  const 0\n  lt u64\n  if\n    get 0\n    set 0\n  else\n    get 0\n    set 0\n  end\n": "",
        "  loop 2\n    get 0\n    set 0\n    break\n  end\n": "",
    }
    for body in bodies:
        sizes = []
        for times in (100, 200, 400):
            text = f"module M\nconst u64 = 1\npure f(x: u64) -> u64\n{body * times}  get 0\n  return\n"
            sizes.append(len(generate(verified(text), 0).source))
        assert sizes[2] - sizes[1] <= 2.2 * (sizes[1] - sizes[0])


# The cache.


@pytest.mark.parametrize("part", [20, pytest.param(1, marks=pytest.mark.long)])
def test_compiled_code_is_kept_for_a_module_and_forgotten_when_there_is_too_much(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One module is compiled once; the cache never holds more than what CODE_CACHED_GAS_MAX makes, or here a part of it."""
    most = CODE_CACHED_GAS_MAX // part
    assert vm.compiled._CACHE.maxsize == CODE_CACHED_GAS_MAX
    monkeypatch.setattr(vm.compiled, "_CACHE", LRUCache(most, vm.compiled._CACHE.getsizeof))
    module = program("bank")
    made = compiled(module, checked=True, native=True)
    assert compiled(module, checked=True, native=True) is made
    position = module.by_name["deposit"]
    assert made.function(position) is made.function(position)
    filler = "  get 0\n  get 0\n  eq u64\n  drop\n" * 900
    for n in range(2 * most // (7_000 * GAS_DEPLOY_BYTE)):
        compiled(_copy(filler, n), checked=True, native=True)
        assert vm.compiled._CACHE.currsize <= most
    assert compiled(module, checked=True, native=True) is not made


_COPIES: dict[str, Verified] = {}


def _copy(filler: str, n: int) -> Verified:
    """A module of its own with code verified once."""
    if filler not in _COPIES:
        _COPIES[filler] = verified(f"module M\npure f(x: u64) -> u64\n{filler}  get 0\n  return\n")
    like = _COPIES[filler]
    return replace(like, code_hash=n.to_bytes(32, "big"))


HOLES = """module M
type resource R(x: u64)
type Map[u64, R]
field n: u64
field r: Map[u64, R]
const u64 = 1
public keep() does read write
  local R
  const 0
  new R
  set 0
  const 0
  move 0
  map_put r
  return
public note() does write
  const 0
  store n
  return
"""


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize(
    ("function", "order"),
    [
        ("keep", (0, 1, 2, 3, 4, 5, 0, 1, 6)),  # two are made, one is put into the map
        ("keep", (0, 1, 2, 6)),  # it stays in its local
        ("note", (-1, 1, 2)),  # an address in place of the number
    ],
)
def test_a_hole_in_the_verifier_would_be_noticed(tier: Tier, function: str, order: tuple[int, ...]) -> None:
    """Code that loses a resource, or stores a value of another type, stops the machine if it is checked as it runs."""
    whole = verified(HOLES)
    place = whole.by_name[function]
    body = whole.bodies[place]
    ops = tuple(SENDER_OP if n < 0 else body.ops[n] for n in order)
    bodies = tuple(replace(body, ops=ops) if n == place else other for n, other in enumerate(whole.bodies))
    broken = replace(whole, bodies=bodies, code_hash=bytes(32))
    for checked in (True, False):
        vm.compiled._CACHE.clear()
        world = World()
        world.contracts[HERE] = broken, "CNY"
        session = Session(world, Journal(), now=0, gas_limit=10_000, tier=tier, checked=checked)
        if checked:
            with pytest.raises(Defect):
                session.call(HERE, function, (), ALICE)
        else:
            session.call(HERE, function, (), ALICE)
    vm.compiled._CACHE.clear()


def test_a_key_on_the_stack_outlives_the_value_taken_out_by_it() -> None:
    """A value that comes to lie where its key did does not take the key's place in what is taken out of the map."""
    text = """module M
type Map[u64, u64]
field n: u64
field of: Map[u64, u64]
public f(x: u64) does read write
  get 0
  store n
  get 0
  const 0
  map_put of
  load n
  map_take of
  drop
  return
const u64 = 7
view left(x: u64) -> bool does read
  get 0
  has of
  return
"""
    for tier in Tier:
        world = World(tier=tier)
        world.deploy(verified(text))
        world.call("f", 5)
        assert world.read("left", 5) is False


def test_functions_are_compiled_when_they_are_called() -> None:
    """Only the function that is called, and those that it invokes, are turned into Python."""
    made = Compiled(program("bank"), checked=True, native=True)
    assert made.functions == {}
    made.function(made.verified.by_name["deposit"])
    assert 0 < len(made.functions) < len(made.verified.bodies)


# Choosing a tier.


def test_a_tracer_runs_on_the_reference_tier() -> None:
    """A session that is looked at runs where every step can be seen; one that is not is compiled."""

    class Steps:
        def __init__(self) -> None:
            self.count = 0

        def __getattr__(self, name: str) -> object:
            return lambda *_: setattr(self, "count", self.count + 1)

    world = World()
    world.deploy(program("bank"))
    steps = Steps()
    session = world.session(tracer=steps)  # type: ignore[arg-type]
    session.call(HERE, "deposit", [CoinValue("CNY", 5)], ALICE)
    assert steps.count > 5
    plain = world.session()
    plain.call(HERE, "deposit", [CoinValue("CNY", 5)], ALICE)
    assert plain.finish() == session.finish()


def test_a_failure_between_contracts_says_where_on_both_tiers() -> None:
    """Frames of several contracts and functions stand in the failure in their order."""
    seen = []
    for tier in Tier:
        world = World(tier=tier)
        world.deploy(program("caller"), THERE)
        world.deploy(program("callee"), CoinValue("CNY", 10), at=THERE)
        with pytest.raises(Failure) as failed:
            world.session().call(HERE, "again", [], ALICE)
        seen.append((failed.value.where, failed.value.contract, failed.value.detail))
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 2


# Intervals.


@pytest.mark.parametrize("low", range(-3, 3))
@pytest.mark.parametrize("other", range(-3, 3))
def test_intervals_hold_all_results(low: int, other: int) -> None:
    """Whatever two numbers of two intervals are, what is computed of them lies in the interval that is computed."""
    for width in range(4):
        for breadth in range(4):
            a, b = (low, low + width), (other, other + breadth)
            for x in range(a[0], a[1] + 1):
                for y in range(b[0], b[1] + 1):
                    _holds(intervals.total(a, b), x + y)
                    _holds(intervals.difference(a, b), x - y)
                    _holds(intervals.product(a, b), x * y)
                    _holds(intervals.negative(a), -x)
                    if y:
                        _holds(intervals.quotient(a, b), x // y)
                        _holds(intervals.quotient(a, b), -(-x // y))
                        _holds(intervals.remainder(a, b), x % y)
                    for relation in intervals.OPPOSITE:
                        if ast.literal_eval(str(_compare(x, relation, y))):
                            _holds(intervals.refined(a, relation, b), x)
                            _holds(intervals.refined(b, intervals.mirrored(relation), a), y)


def _compare(x: int, relation: str, y: int) -> bool:
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}[relation]


def _holds(span: intervals.Interval, value: int) -> None:
    assert span[0] <= value <= span[1]


def test_checks_that_cannot_fail_are_left_out_and_others_are_not() -> None:
    """A counter below its bound is not checked again; a sum of two unknown numbers is."""
    text = """module M
const u64 = 0
const u64 = 1
pure f(n: u64, m: u64) -> u64
  local u64
  const 0
  set 2
  loop 100
    get 2
    get 0
    ge u64
    if
      break
    end
    get 2
    const 1
    add u64
    set 2
  end
  get 2
  get 1
  add u64
  return
"""
    source = generate(verified(text), 0).source
    assert source.count("overflow()") == 1
    assert "l2 = l2 + 1\n" in source


def test_the_stack_of_python_is_made_deep_enough() -> None:
    """A session of the compiled tier sees to it that Python's limit of frames lies beyond the machine's."""
    before = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(1_000)
        World(tier=Tier.COMPILED).session()
        assert sys.getrecursionlimit() > 2 * FRAMES_MAX * INVOKE_DEPTH_MAX
    finally:
        sys.setrecursionlimit(max(before, sys.getrecursionlimit()))
