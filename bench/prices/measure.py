"""Runs cases: how long the body of each takes on the compiled tier, and how much there is in it of each price.

Time is that of the processor on this process, so that others on the same machine disturb less.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bench.prices.cases import ALICE, HERE, THERE, Case
from bench.prices.grammar import effects_of
from chain.primitives.keys import verify_ed25519
from vm import gas
from vm.assembler import assemble
from vm.failure import Failure
from vm.journal import Journal
from vm.machine import Session, Tier
from vm.module import Constant, Module
from vm.types import SCALARS, CoinValue, type_name
from vm.verifier import Verified, verify

GAS_LIMIT = 10**15
DIGIT = 10**12
"""Each price in turn is made this many times the one before, so that gas used tells how much there was of each."""
SECONDS_MIN = 0.001
SECONDS_MAX = 0.01
PASSES_COUNTED = 2
RUNS = 2
KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
"""The first key of RFC 8032; what it has not signed takes as long to refuse as a signature takes to accept."""
SIGNATURE = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
)


class World:
    """As little of a ledger as the machine needs."""

    def __init__(self) -> None:
        self.contracts: dict[bytes, tuple[Verified, str]] = {}
        self.store: dict[tuple[bytes, bytes], bytes] = {}
        self.balances: dict[tuple[bytes, str], int] = {}
        self.journal = Journal()

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        """The module at an address."""
        return self.contracts.get(address)

    def code_price(self, address: bytes) -> int:
        """All code is at hand."""
        return 0

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        """The bytes of a slot."""
        return self.store.get((contract, slot))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Into a wallet."""
        self.journal.set(self.balances, (to, currency), self.balances.get((to, currency), 0) + amount)

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """The ledger's rule."""
        return verify_ed25519(key, message, signature)

    def session(self, tier: Tier, gas_limit: int = GAS_LIMIT) -> Session:
        """A transaction."""
        self.journal = Journal()
        return Session(self, self.journal, now=1_700_000_000_000, gas_limit=gas_limit, tier=tier)

    def run(
        self, tier: Tier, function: str, arguments: tuple[Any, ...], gas_limit: int = GAS_LIMIT
    ) -> tuple[float, int, Session]:
        """Seconds and gas of one call in a transaction of its own, which is not kept."""
        began = time.process_time()
        session = self.session(tier, gas_limit)
        session.call(HERE, function, arguments, ALICE)
        effects = session.finish()
        return time.process_time() - began, effects.gas_used, session

    def keep(self, session: Session) -> None:
        """Keep what a transaction wrote."""
        for slot, data in session.finish().writes.items():
            if data is None:
                self.store.pop(slot, None)
            else:
                self.store[slot] = data


def module_of(case: Case) -> Module:
    """The module of a case: `with`, `without` and `fill` take the number of passes and the arguments that are no compounds, whose
    checking would be most of what is measured; the others are constants.
    """
    letters = dict(zip("abcd", case.arguments, strict=False))
    kept = [letter for letter, (_, value) in letters.items() if not is_constant(value)]
    fixed = [letter for letter in letters if letter not in kept]
    local = ["u64", *(letters[letter][0] for letter in fixed), *case.locals]
    names = {letter: n + 1 for n, letter in enumerate(kept)}
    names |= {letter: len(kept) + 1 + n for n, letter in enumerate(["i", *fixed, *"rstuvw"[: len(case.locals)]])}
    declared = case.declare.split("\n") if case.declare else []
    constants = sum(line.startswith("const ") for line in declared)
    parameters = ", ".join(["n: u64", *(f"{letter}: {letters[letter][0]}" for letter in kept)])
    lines = ["module Measured", *(f"type {kind}" for kind in case.types), *declared, "const u64 = 0", "const u64 = 1"]
    settings = [line for n, letter in enumerate(fixed) for line in (f"const {constants + 2 + n}", f"set {{{letter}}}")]
    for name, body, times in (("without", case.base, 1), ("with", case.body, case.repeat), ("fill", case.fill, 1)):
        if name == "fill" and not body:
            continue
        code = [*(f"local {kind}" for kind in local), *settings]
        code += [] if name == "fill" else case.before.split("\n")
        code += [f"const {constants}", "set {i}", "loop 1000000", "get {i}", "get 0", "ge u64", "if", "break", "end"]
        code += body.split("\n") * times
        code += ["get {i}", f"const {constants + 1}", "add u64", "set {i}", "end", *case.after.split("\n"), "return"]
        code = [line for line in code if line]
        lines += [f"public {name}({parameters}) does {effects_of(code)}", *(f"  {line.format(**names)}" for line in code)]
    module = assemble("\n".join(lines))
    types = {type_name(kind): kind for kind in (*SCALARS, *module.types)}
    more = tuple(Constant(types[letters[letter][0]], letters[letter][1]) for letter in fixed)
    return replace(module, constants=module.constants + more)


def is_constant(value: Any) -> bool:
    """Whether an argument stands in the module: it does if checking it takes long."""
    return (isinstance(value, tuple | str) and not isinstance(value, CoinValue)) or (isinstance(value, bytes) and len(value) > 64)


@contextmanager
def prices(numbers: dict[str, int]) -> Iterator[None]:
    """Other prices for a while. What is verified meanwhile is priced by them."""
    before = {name: getattr(gas, name) for name in numbers}
    try:
        for name, number in numbers.items():
            setattr(gas, name, number)
        yield
    finally:
        for name, number in before.items():
            setattr(gas, name, number)


def names() -> list[str]:
    """The prices that the meter shows."""
    return [name for name in vars(gas) if name.startswith("GAS_") and "VERSION" not in name and "DEPLOY" not in name]


@dataclass(frozen=True)
class Measured:
    """What one pass of a case takes, without the loop."""

    name: str
    fits: str
    nanoseconds: float
    gas: float
    counts: dict[str, float]
    repeat: int = 1  # times that the body does its thing


def world_of(case: Case, passes: int, tier: Tier = Tier.COMPILED) -> World:
    """A world in which the module of a case stands, with what its `fill` writes."""
    world = World()
    world.contracts[HERE] = verify(module_of(case)), "CNY"
    if case.there:
        world.contracts[THERE] = verify(assemble(case.there)), "CNY"
    if case.fill:
        world.keep(world.run(tier, "fill", arguments_of(case, passes), limit())[2])
    return world


def arguments_of(case: Case, passes: int) -> tuple[Any, ...]:
    """What a case is called with."""
    given = [value for _, value in case.arguments if not is_constant(value)]
    return (passes, *(KEY if value == b"key" else SIGNATURE if value == b"signature" else value for value in given))


def limit() -> int:
    """More gas than any case needs at the prices of now."""
    return GAS_LIMIT * max(getattr(gas, name) for name in names())


def counted(case: Case) -> dict[str, float]:
    """How often each price is paid in a pass."""
    places = names()
    with prices({name: DIGIT**n for n, name in enumerate(places)}):
        world = world_of(case, PASSES_COUNTED, Tier.REFERENCE)
        given = arguments_of(case, PASSES_COUNTED)
        with_, without = (world.run(Tier.REFERENCE, name, given, limit())[1] for name in ("with", "without"))
    found = {}
    for name in places:
        with_, mine = divmod(with_, DIGIT)
        without, other = divmod(without, DIGIT)
        if mine != other:
            found[name] = (mine - other) / PASSES_COUNTED
    return found


class Bench:
    """A case, ready to be run over and over."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.passes = case.passes_exact or fitting(case)
        self.world = world_of(case, self.passes)
        self.seconds = {"with": math.inf, "without": math.inf}
        self.gas = {"with": 0, "without": 0}

    def run(self) -> None:
        """Once more, with the body and without it in turns."""
        given = arguments_of(self.case, self.passes)
        for _ in range(RUNS):
            for name in self.seconds:
                took, self.gas[name], _ = self.world.run(Tier.COMPILED, name, given)
                self.seconds[name] = min(took, self.seconds[name])

    def found(self) -> Measured:
        """Time and gas of a pass: the least of all runs."""
        case, passes = self.case, self.passes
        difference = max(self.seconds["with"] - self.seconds["without"], 0)
        gas_ = self.gas["with"] - self.gas["without"]
        return Measured(case.name, case.fits, difference * 1e9 / passes, gas_ / passes, counted(case), case.repeat)


def fitting(case: Case) -> int:
    """How many passes take long enough, beyond what the same without the body takes, within what the machine allows."""
    passes = 4
    world = world_of(case, passes)
    while passes < case.passes_max:
        try:
            with_, without = (
                min(world.run(Tier.COMPILED, name, arguments_of(case, passes))[0] for _ in range(2))
                for name in ("with", "without")
            )
            if with_ - without > SECONDS_MIN + without / 2 or with_ > SECONDS_MAX:
                return passes
            world.run(Tier.COMPILED, "with", arguments_of(case, 2 * passes))
        except Failure as failure:
            if failure.name != "LimitExceeded":
                raise
            return passes if passes > 4 else 1
        passes *= 2
    return passes


def measured_all(cases: list[Case], rounds: int) -> list[Measured]:
    """All of them, round by round, so that a while in which the machine is slow meets none of them alone. The collector of
    garbage does not walk over what all of them hold.
    """
    benches = [Bench(case) for case in cases]
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for bench in benches:
            bench.run()
    return [bench.found() for bench in benches]
