"""Native code gives what the reference tier gives, to the unit of gas, or no answer; and who runs where changes nothing."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiers
from machine_world import ALICE, HERE, World, counts_up, verified
from native_twins import NativeTwins, Tally, compare_numbers
from random_numbers import COMPARISONS, KINDS, edges, number_of, numeric_module, value_of

import vm.limits
from vm import instructions as i
from vm.cells import GAS, cells
from vm.compiled import Compiled
from vm.failure import Code, Failure
from vm.instructions import TABLE, Rounding
from vm.journal import Journal
from vm.limits import INVOKE_DEPTH_MAX, NATIVE_FUNCTIONS_MAX, NATIVE_STACK_BYTES_MAX, NATIVE_WORDS_MAX
from vm.machine import Tier
from vm.native import adaptive, eligible, emit, engine, wide
from vm.native.eligible import NATIVE, closure
from vm.native.engine import GAS_MAX, native
from vm.types import I8, I64, I128, U64, U128, Amount, Int, bounds, type_name
from vm.verifier import Verified, verify

ROOT = Path(__file__).parents[2]
SEEDS = 24
SEEDS_LONG = 3_000
PAIRS = 60  # of edges, for every operation on every type


def one_operation(operation: str, kind: str, operands: int, result: str) -> Verified:
    """A module whose `f` does one operation within a loop, which makes it eligible."""
    taken = ", ".join(f"p{n}: {kind}" for n in range(operands))
    pushed = " ".join(f"get {n}\n" for n in range(operands))
    body = f"loop 1\n {pushed} {operation}\n set {operands}\n break\n end\n get {operands}\n return\n"
    return verified(f"module M\ninit init()\n return\npure f({taken}) -> {result}\n local {result}\n {body}")


def looping(
    body: str, *, parameters: str = "a: u64", result: str = "u64", kind: str = "pure", before: str = "", does: str = ""
) -> Verified:
    """A module whose `f` is a loop of one pass around some code, and gives its first parameter."""
    text = f"module M\n{before}\ninit init()\n return\n{kind} f({parameters}) -> {result}{does}\n"
    return verified(f"{text} loop 1\n {body}\n break\n end\n get 0\n return\n")


def counting(bound: int = 1_000_000) -> Verified:
    """A module whose `f` counts up to its parameter."""
    head = "module M\nconst u64 = 0\nconst u64 = 1\ninit init()\n  return\n"
    return verified(f"{head}pure f(n: u64) -> u64\n{counts_up(bound)}  get 1\n  return\n")


# One outcome.


def compare_operations(kind: Int | Amount, tally: Tally) -> None:
    """Compare every instruction on a type, at bounds, at powers of two, next to them and elsewhere."""
    name, source = type_name(kind), random.Random(type_name(kind))
    roundings = [rounding.name.lower() for rounding in Rounding]
    pairs = [f"{TABLE[code].name} {name}" for code in (i.ADD, i.SUB, i.MUL, i.MOD, i.MIN, i.MAX)]
    cases = [(one, 2, name) for one in (*pairs, *(f"div {name} {rounding}" for rounding in roundings))]
    cases += [(f"{TABLE[code].name} {name}", 2, "bool") for code in COMPARISONS]
    cases += [(f"muldiv {name} {rounding}", 3, name) for rounding in roundings]
    cases += [(f"neg {name}", 1, name), *((f"cast {type_name(of)}", 1, type_name(of)) for of in KINDS)]
    some = edges(kind)
    every = list(itertools.product(some, some))
    for operation, operands, result in cases:
        twins = NativeTwins(one_operation(operation, name, operands, result), "f", tally)
        if operands == 1:
            given: list[tuple[int, ...]] = [(one,) for one in some]
        elif operands == 2:
            given = [*source.sample(every, min(PAIRS, len(every))), *((number_of(kind, source), 0) for _ in range(2))]
        else:
            given = [tuple(source.choice(some) for _ in range(3)) for _ in range(PAIRS)]
            given += [tuple(number_of(kind, source) for _ in range(3)) for _ in range(PAIRS)]
        for arguments in given:
            twins.run(arguments, 1_000)


@pytest.mark.parametrize("kind", KINDS, ids=type_name)
def test_every_operation_at_the_edges_of_every_type(kind: Int | Amount) -> None:
    """Every instruction on every type of numbers gives what the reference gives, or fails where it fails."""
    tally = Tally()
    compare_operations(kind, tally)
    assert tally.endings["result"] > 500
    assert tally.endings[Code.OVERFLOW] > 100
    assert tally.endings[Code.DIVISION_BY_ZERO] > 10


def test_random_functions_do_the_same_natively() -> None:
    """Random functions with loops, branches and invocations give the same result and leave the same gas, whatever the gas."""
    tally = Tally()
    for seed in range(SEEDS):
        compare_numbers(seed, tally)
    assert tally.functions > 40
    assert tally.runs > 1_500
    assert len(tally.endings) >= 6


@pytest.mark.long
@pytest.mark.parametrize("part", range(12))
def test_thousands_of_random_functions_do_the_same_natively(part: int) -> None:
    """The same for some six thousand functions."""
    tally = Tally()
    for seed in range(part * SEEDS_LONG // 12, (part + 1) * SEEDS_LONG // 12):
        compare_numbers(10_000 + seed, tally)
    assert tally.endings["result"] > 2_000


@pytest.mark.long
@pytest.mark.parametrize("signed", [False, True])
def test_wide_division_is_exact_on_hard_numbers(signed: bool) -> None:
    """Quotients of 256 by 128 bits are right where a digit is first guessed too high: divisors and digits of ones and zeros."""
    kind, tally, source = (I128 if signed else U128), Tally(), random.Random(7)
    low, high = bounds(kind)

    def hard() -> int:
        digits = [source.choice([0, 1, 2**32 - 1, 2**31, 2**31 - 1, source.getrandbits(32)]) for _ in range(4)]
        value = sum(digit << 32 * n for n, digit in enumerate(digits)) >> source.choice([0, 0, 1, 31, 32, 63, 64, 65, 96])
        return max(low, min(high, value * source.choice([1, -1])))

    for rounding in Rounding:
        twins = NativeTwins(
            one_operation(f"muldiv {type_name(kind)} {rounding.name.lower()}", type_name(kind), 3, type_name(kind)), "f", tally
        )
        for _ in range(20_000):
            a, b, c = hard(), hard(), hard()
            twins.run((a, b, c if source.random() < 0.2 else max(min(a, high), 1)), 1_000)
    assert tally.endings["result"] > 10_000


def test_random_functions_use_every_instruction() -> None:
    """Between them, the random functions have every instruction that native code has."""
    used = {op.code for seed in range(40) for body in verify(numeric_module(random.Random(seed))).bodies for op in body.ops}
    assert [TABLE[code].name for code in sorted(NATIVE - used)] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r"lt_u trap", "lt_u drop"),
        (r"0 ne trap", "0 ne drop"),
        (r"63 shr_s", "62 shr_s"),
        (r"add128", "sub128"),
        (r"wide add$", "wide sub"),
        (r"lt_s trap", "lt_s drop"),
        (r"le_u|ge_u|gt_u", "lt_u"),
    ],
)
def test_a_difference_in_an_operation_would_be_found(before: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one check left out or one operation for another, the comparison fails."""
    honest = emit._Emitter.text

    def spoilt(self: Any, words: str) -> None:
        honest(self, re.sub(before, after, words, count=1))

    monkeypatch.setattr(emit._Emitter, "text", spoilt)
    with pytest.raises(AssertionError, match="natively"):
        for kind in (U64, I64, U128, I128, I8):
            compare_operations(kind, Tally())


@pytest.mark.parametrize("change", [1, -1])
def test_a_wrong_price_would_be_found(change: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one unit of gas more or less in a segment, the comparison fails."""
    honest = emit._Emitter.charge

    def spoilt(self: Any, index: int) -> None:
        honest(self, index)
        self.text(f".gas {change} sub =gas")

    monkeypatch.setattr(emit._Emitter, "charge", spoilt)
    with pytest.raises(AssertionError, match="natively"):
        NativeTwins(counting(), "f", Tally()).run((3,), 1_000)


# Who runs where.


@pytest.fixture(params=[(0, 0, 0), (0, 40, 200), (20, 40, 100), (10**9, 10**9, 300)], ids=["always", "often", "mixed", "long"])
def eager(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Much more native code than is worth while."""
    long, python, compile_ = request.param
    monkeypatch.setattr(adaptive, "LONG_GAS", long)
    monkeypatch.setattr(adaptive, "PYTHON_GAS_MAX", python)
    monkeypatch.setattr(adaptive, "COMPILE_GAS", compile_)
    monkeypatch.setattr(adaptive, "COMPILE_GAS_WORD", 0)


def compare_sessions(seed: int, tally: tiers.Tally) -> None:
    """Call the functions of a random module through sessions on both tiers, failures compared with their places."""
    source = random.Random(seed)
    module = verify(numeric_module(source))
    twins = tiers.Twins({HERE: module}, tally)
    for world in twins.worlds.values():
        world.contracts[HERE] = module, "CNY"
    for _ in range(8):
        function = source.choice(module.module.functions[1:])
        arguments = [value_of(kind, source) for _, kind in function.parameters]

        def call(session: Any, name: str = function.name, given: Any = arguments) -> Any:
            return session.read(HERE, name, given, ALICE)

        needed = twins.run([call], gas_limit=10_000, check_promises=False, commit=False, note=seed)
        for limit in range(needed + 2) if needed <= 120 else (needed - 1, needed, source.randint(0, needed)):
            twins.run([call, call], gas_limit=limit, check_promises=False, commit=False, note=(seed, limit))


@pytest.mark.usefixtures("eager")
def test_sessions_do_the_same_whenever_code_runs_natively() -> None:
    """Results, gas, and failures with their places are those of the reference tier, however much native code is used."""
    tally = tiers.Tally()
    for seed in range(12):
        compare_sessions(seed, tally)
    assert tally.runs > 300
    assert len(tally.endings) >= 5


@pytest.mark.usefixtures("eager")
def test_random_contracts_do_the_same_whenever_code_runs_natively() -> None:
    """So are those of contracts that do everything else as well."""
    tally = tiers.Tally()
    tiers.compare(0, tally)


class Run:
    """A compiled function, called as compiled code calls it."""

    def __init__(self, module: Verified) -> None:
        self.function = Compiled(module, checked=True, native=True).function(module.by_name["f"])

    def __call__(self, gas: int, *arguments: Any) -> tuple[Any, int]:
        c = cells(Journal(), now=0, gas=gas)
        return self.function(c, [], *arguments), c[GAS]

    @property
    def choice(self) -> adaptive.Adaptive:
        """What decides."""
        found: adaptive.Adaptive = self.function.__self__  # type: ignore[attr-defined]
        return found


def test_a_function_is_compiled_when_its_calls_have_used_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before; and the call that passes the mark begins anew natively, to the same end."""
    monkeypatch.setattr(adaptive, "COMPILE_GAS_WORD", 0)
    module = counting()
    plain, left = Run(module)(10**9, 1_000)
    used = 10**9 - left
    monkeypatch.setattr(adaptive, "COMPILE_GAS", 2 * used)
    run = Run(module)
    for _ in range(2):
        assert run(10**9, 1_000) == (plain, left)
        assert run.choice._native is None
    assert run(10**9, 1_000) == (plain, left)
    assert run.choice._native is not None


def test_short_calls_run_as_python_and_long_ones_natively() -> None:
    """What a function does next is judged by what it did last; a long call among short ones begins anew."""
    run = Run(counting())
    run(10**12, 900_000)
    native_calls: list[int] = []
    made = run.choice._native
    assert made is not None

    def noted(gas: int, arguments: Any) -> Any:
        native_calls.append(arguments[0])
        return made(gas, arguments)

    run.choice._native = noted  # type: ignore[assignment]
    for passes in (1_000, 2, 2, 3, 5_000, 4_000, 1, 1):
        assert run(10**9, passes)[0] == passes
    assert native_calls == [1_000, 2, 5_000, 4_000, 1]


def test_nothing_runs_natively_if_it_is_switched_off() -> None:
    """The switch leaves the Python as it is."""
    module = counting()
    python = Compiled(module, checked=True, native=False).function(module.by_name["f"])
    assert python.__code__.co_filename == "<tael>"


def test_without_wasmtime_all_runs_as_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is missing, calls give what they give elsewhere."""
    monkeypatch.setattr(engine, "_engine", lambda: None)
    run = Run(counting())
    assert run(10**9, 300_000)[0] == 300_000
    assert run(10**9, 3)[0] == 3
    assert run.choice._native is None


def test_a_process_with_native_code_ends_quietly() -> None:
    """At the end of a process, nothing of the library is left to complain."""
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from test_vm_native import Run, counting\n"
        "run = Run(counting())\n"
        "run(10**12, 900_000)\n"
        "assert run.choice._native is not None\n"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", program, str(root), str(Path(__file__).parent)], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_starting_does_not_import_wasmtime() -> None:
    """Nobody pays for native code who has none."""
    program = "import sys, kit.main, vm.compiled, vm.native.adaptive; sys.exit('wasmtime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_threads_call_one_function_at_a_time_or_as_python() -> None:
    """Two threads that call the same function get the right results both."""
    run = Run(counting())
    run(10**12, 900_000)
    found: list[set[int]] = []

    def work(passes: int) -> None:
        found.append({run(10**12, passes)[0] for _ in range(40)})

    threads = [threading.Thread(target=work, args=(passes,)) for passes in (20_000, 30_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(sorted, found)) == [[20_000], [30_000]]


def test_gas_beyond_what_native_code_counts_with_is_left_as_it_is() -> None:
    """A limit of gas may be greater than any number of 64 bits."""
    made = native(counting(), 1)
    assert made is not None
    done, more = made(GAS_MAX, (5,)), made(2**200, (5,))
    assert done is not None
    assert more == (5, done[1] - GAS_MAX + 2**200)


def test_code_is_the_same_wherever_it_is_made() -> None:
    """The bytes of a module depend on nothing but its code."""
    made = []
    for _ in range(2):
        module = verify(numeric_module(random.Random(3)))
        last = len(module.bodies) - 1
        functions = closure(module, last)
        assert functions is not None
        made.append(emit.emit(module, functions, last))
    assert made[0] == made[1]


# What is eligible.


@pytest.mark.parametrize("kind", ["pure", "view", "private"])
def test_functions_of_every_kind_are_eligible(kind: str) -> None:
    """Whoever has no effects, whatever its kind, so long as it is not public: such a function stands at its own door."""
    module = looping("get 0\n drop", kind=kind)
    assert closure(module, module.by_name["f"]) == (module.by_name["f"],)
    public = looping("get 0\n drop", kind="public")
    assert closure(public, public.by_name["f"]) is None


INELIGIBLE: dict[str, Callable[[], Verified]] = {
    "no loop": lambda: verified("module M\ninit init()\n return\npure f(a: u64) -> u64\n get 0\n return\n"),
    "a wide parameter": lambda: looping("get 0\n drop", parameters="a: u256", result="u256"),
    "a wide cast": lambda: looping("get 0\n cast i256\n drop"),
    "a text": lambda: looping("const 0\n drop", before='type Text[4]\nconst Text[4] = "abc"'),
    "an address": lambda: looping("sender\n drop"),
    "the time": lambda: looping("now\n drop"),
    "a tuple": lambda: looping("get 0\n get 0\n pack (u64, u64)\n drop", before="type (u64, u64)"),
    "state": lambda: looping("load 0\n drop", kind="view", before="field x: u64", does=" does read"),
}


def test_what_is_not_eligible_is_what_the_rule_says() -> None:
    """Nothing without a loop, beyond 128 bits, of another type, or that looks around."""
    for title, make in INELIGIBLE.items():
        module = make()
        assert closure(module, module.by_name["f"]) is None, title
        assert native(module, module.by_name["f"]) is None, title


def test_a_loop_or_an_obstacle_may_be_in_what_is_invoked() -> None:
    """The rule looks at the function together with all that it invokes, in turn."""
    module = verified("""module M
init init()
  return
private loops(a: u64) -> u64
  loop 1
    break
  end
  get 0
  return
private looks(a: u64) -> u64
  now
  drop
  get 0
  return
pure good(a: u64) -> u64
  get 0
  invoke loops
  return
pure bad(a: u64) -> u64
  get 0
  invoke loops
  invoke looks
  return
""")
    at = module.by_name
    assert closure(module, at["good"]) == (at["loops"], at["good"])
    assert closure(module, at["bad"]) is None


def test_native_code_has_these_instructions() -> None:
    """The list of the documentation: control, locals, arithmetic, comparison, and nothing that makes or reads anything else."""
    names = sorted(TABLE[code].name for code in NATIVE)
    assert names == sorted(
        "if else end loop break continue return fail authorize invoke const get set drop not "
        "add sub mul div mod neg muldiv min max cast eq ne lt le gt ge".split()
    )


# Limits.


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_words_are_bounded(more: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of as many words as are allowed has a native form, one with one word more has none."""
    module = counting()
    words = len(module.module.functions[1].code)
    monkeypatch.setattr(eligible, "NATIVE_WORDS_MAX", words - more)
    assert (closure(module, 1) is not None) is fits
    assert NATIVE_WORDS_MAX == vm.limits.NATIVE_WORDS_MAX > words


def test_the_longest_function_has_a_native_form() -> None:
    """As many words as are allowed, and what comes of them is right."""
    body = " get 0\n const 0\n add u64\n set 0\n" * ((NATIVE_WORDS_MAX - 7) // 8)
    module = looping(body, before="const u64 = 1")
    assert NATIVE_WORDS_MAX - 8 < len(module.module.functions[1].code) <= NATIVE_WORDS_MAX
    NativeTwins(module, "f", Tally()).run((3,), 10**6)


def test_forms_that_are_kept_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one more than may be kept, the oldest is given up, learns again, and gives what it gave."""
    monkeypatch.setattr(adaptive, "NATIVE_FUNCTIONS_MAX", 2)
    adaptive._KEPT.clear()
    runs = [Run(counting(bound)) for bound in (500_001, 500_002, 500_003)]
    for run in runs[:2]:
        run(10**9, 400_000)
    assert [run.choice._native is None for run in runs] == [False, False, True]
    runs[2](10**9, 400_000)
    assert [run.choice._native is None for run in runs] == [True, False, False]
    assert runs[0](10**9, 400_000)[0] == 400_000
    assert vm.limits.NATIVE_FUNCTIONS_MAX == NATIVE_FUNCTIONS_MAX


def deep_chain(depth: int) -> Verified:
    """Functions of many wide locals, each of which invokes the one before."""
    many = 24
    text = "module M\nconst u128 = 1\ninit init()\n return\n"
    for n in range(depth):
        name = "f" if n == depth - 1 else f"g{n}"
        text += f"pure {name}(a: u128) -> u128\n" + " local u128\n" * many
        text += "".join(f" get {at - 1}\n const 0\n add u128\n set {at}\n" for at in range(1, many + 1))
        text += " loop 1\n  break\n end\n" if n == 0 else f" get 1\n invoke g{n - 1}\n set 0\n"
        text += " get 0\n" + "".join(f" get {at}\n max u128\n" for at in range(1, many + 1)) + " return\n"
    return verified(text)


def test_a_stack_that_is_too_deep_is_a_call_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Native code that runs out of stack gives no answer; with the stack that it has, a deep chain gives the right one."""
    monkeypatch.setattr(eligible, "NATIVE_WORDS_MAX", 10**6)
    module = deep_chain(INVOKE_DEPTH_MAX)
    NativeTwins(module, "f", Tally()).run((2**100,), 10**6)
    monkeypatch.setattr(engine, "NATIVE_STACK_BYTES_MAX", 8 * 1024)
    monkeypatch.setattr(engine, "_engine", engine._engine.__wrapped__)
    made = native(module, module.by_name["f"])
    assert made is not None
    assert made(10**6, (2**100,)) is None
    assert NATIVE_STACK_BYTES_MAX == vm.limits.NATIVE_STACK_BYTES_MAX


def test_helpers_name_all_that_they_use() -> None:
    """A helper is laid into a module with all the helpers that it calls, directly or not."""
    for name, helper in wide.HELPERS.items():
        called = {word[5:] for word in helper.text.split() if word.startswith("call:")}
        assert called <= set(helper.uses), name
        for used in helper.uses:
            assert set(wide.HELPERS[used].uses) <= set(helper.uses), name


def test_failures_are_told_by_python_with_their_place() -> None:
    """A call that fails natively is done again, and the failure says where, as the reference tier does."""
    module = counting(70_000)
    told = []
    for tier in (Tier.REFERENCE, Tier.COMPILED, Tier.COMPILED):
        world = World(tier=tier)
        world.contracts[HERE] = module, "CNY"
        session = world.session(gas_limit=10**8)
        with pytest.raises(Failure) as caught:
            session.read(HERE, "f", [80_000], ALICE)
        told.append((caught.value.name, caught.value.where, caught.value.contract, session.gas_left))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == Code.LOOP_BOUND
