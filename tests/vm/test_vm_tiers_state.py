"""The compiled tier reads, writes and undoes state as the reference tier does; and if it did not, that would be found."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tiers import STATE, Tally, compare, likely_first

import vm.compiled
import vm.generator.function
from vm import instructions as i
from vm.cells import IN_FLIGHT, LOG
from vm.compiled import CompiledExecution
from vm.failure import Code, Defect
from vm.function_verifier import Op
from vm.generator import Generated
from vm.generator.control import Control
from vm.generator.state import StateAccess
from vm.generator.text import Slot
from vm.generator.writer import Seen, Writer
from vm.instructions import TABLE
from vm.journal import Journal
from vm.types import (
    Address,
    Amount,
    Bool,
    Bytes,
    Int,
    List,
    Map,
    Option,
    Resource,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
)
from vm.verifier import Verified, verify

SEEDS = 40
SEEDS_A_PART = 20
SEEDS_LONG = 3_000
PARTS_LONG = 6
SEEDS_FAULT = 120
SMALL_LIMITS = {f"vm.{module}.JOURNAL_ENTRIES_MAX": 20 for module in ("journal", "cells", "generator.writer")}
FOUND = (AssertionError, Defect, UnboundLocalError, OverflowError, TypeError)
"""How a difference shows: in what is compared, in what the machine checks as code runs, or as Python that cannot run or
packs what it should not.
"""
LONG_SESSIONS = replace(STATE, calls=(5,))
KEY_ON_TOP = (i.MAP_GET, i.MAP_FIND, i.MAP_TAKE, i.MAP_PEEK, i.HAS, i.SET_ADD, i.REMOVE, i.VAULT_AMOUNT, i.VAULT_TAKE_ALL)
"""Instructions that take a key and nothing above it."""
GUISES = {i.GET: "local", i.CONST: "constant"}


# One outcome.


@pytest.mark.parametrize("part", range(SEEDS // SEEDS_A_PART))
def test_programs_about_state_do_the_same_on_both_tiers(part: int) -> None:
    """Slots that are read and written by few keys in many guises, with everything in between that may come in between, end up
    alike, whatever fails, and wherever gas ends.
    """
    tally = Tally()
    for seed in range(part * SEEDS_A_PART, (part + 1) * SEEDS_A_PART):
        compare(seed, tally, kit=STATE)
    assert tally.runs > 3_000
    assert tally.endings["result"] > 200
    assert tally.endings["result"] + tally.endings[Code.OUT_OF_GAS] > tally.runs // 2, "most calls fail before long"


@pytest.mark.usefixtures("_compiled_anew")
def test_programs_about_state_find_the_journal_full_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both tiers run out of room in the journal at the same place."""
    for name, value in SMALL_LIMITS.items():
        monkeypatch.setattr(name, value)
    tally = Tally()
    for seed in range(20_000, 20_008):
        compare(seed, tally, kit=LONG_SESSIONS)
    assert tally.endings[Code.LIMIT_EXCEEDED] > 10


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS_LONG))
def test_half_a_million_runs_of_programs_about_state(part: int) -> None:
    """The same for thousands of programs."""
    tally = Tally()
    for seed in range(part * SEEDS_LONG // PARTS_LONG, (part + 1) * SEEDS_LONG // PARTS_LONG):
        compare(200_000 + seed, tally, kit=STATE)
    assert tally.runs > 80_000


def test_keys_come_in_all_guises() -> None:
    """Every instruction that takes a key takes it as a local, as a constant and as what was computed, of narrow and wide numbers,
    texts, truth values and compound types; and values of every kind lie behind them.
    """
    guises: Counter[tuple[int, str]] = Counter()
    keys: set[type[Type]] = set()
    values: set[type[Type]] = set()
    for seed in range(SEEDS):
        for module in map(verify, STATE.pair(random.Random(seed))):
            for kind in (kind for _, kind in module.module.fields if isinstance(kind, Map | Set)):
                keys.add(type(kind.key))
                values |= {type(kind.value)} if isinstance(kind, Map) else set()
            for body in module.bodies:
                for before, op in zip(body.ops, body.ops[1:], strict=False):
                    if op.code in KEY_ON_TOP:
                        guises[op.code, GUISES.get(before.code, "computed")] += 1
    wanted = [(code, guise) for code in KEY_ON_TOP for guise in ("local", "constant", "computed")]
    assert [(TABLE[code].name, guise) for code, guise in wanted if not guises[code, guise]] == []
    assert {Int, Amount, Bool, Address, Text, Bytes, Tuple, Struct} <= keys
    assert {Int, Bool, Address, Text, Bytes, List, Struct, Tuple, Option, Resource, Vault} <= values


# Faults, put in on purpose.

Fault = Callable[[pytest.MonkeyPatch], None]


def _a_key_assigned_anew(patch: pytest.MonkeyPatch) -> None:
    """What was read by a local is taken for what the local's next value leads to."""

    def forget(self: Seen, name: str) -> None:
        self.types = {seen for seen in self.types if seen[0] != name}

    patch.setattr(Seen, "forget", forget)


def _a_key_of_the_pass_before(patch: pytest.MonkeyPatch) -> None:
    """What was read before a loop, by a local, is taken for what the local leads to in every pass."""
    honest = Control._do_loop

    def loop(self: Control, op: Op) -> None:
        seen = self.seen
        honest(self, op)
        self.seen = seen

    patch.setattr("vm.generator.function._WRITERS", {**vm.generator.function._WRITERS, i.LOOP: loop})


def _a_key_assigned_on_one_way(patch: pytest.MonkeyPatch) -> None:
    """What the second way leaves is taken to be so where the ways meet."""
    patch.setattr(Seen, "join", lambda self, _: self)


def _a_name_that_does_not_stay(patch: pytest.MonkeyPatch) -> None:
    """Places of the stack are taken to stand for the same key for ever."""
    patch.setattr(Slot, "stays", True)


def _a_key_below_its_value(patch: pytest.MonkeyPatch) -> None:
    """`map_take` puts the value where the key lies and then asks for the key."""

    def take(self: StateAccess, op: Op) -> None:
        slot = self.slot(op)
        target = self.read(op, slot, "missing_key")
        self.change(slot, "None", quick=True)
        self.give(target)

    patch.setattr("vm.generator.function._WRITERS", {**vm.generator.function._WRITERS, i.MAP_TAKE: take})


def _a_local_on_the_stack(patch: pytest.MonkeyPatch) -> None:
    """A local that lies on the stack changes there too when it is assigned."""
    patch.setattr(Writer, "spill", lambda *_: None)


def _told_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Events of what failed stand, on both tiers; the onlooker knows better."""
    honest = Journal.undo
    patch.setattr(Journal, "undo", lambda self, mark: honest(self, (mark[0], len(self.events))))


def _undone_but_for_one(patch: pytest.MonkeyPatch) -> None:
    """The first change of what failed stands, on both tiers; the onlooker knows better."""
    honest = Journal.undo
    patch.setattr(Journal, "undo", lambda self, mark: honest(self, (min(mark[0] + 3, len(self.log)), mark[1])))


def _tried_and_not_undone(patch: pytest.MonkeyPatch) -> None:
    """A call that is tried by compiled code leaves what it did when it fails."""
    honest, undo, tries = CompiledExecution.call_from, Journal.undo, list[bool]()

    def call(self: CompiledExecution, *given: Any, tried: bool) -> Any:
        tries.append(tried)
        try:
            return honest(self, *given, tried=tried)
        finally:
            tries.pop()

    patch.setattr(CompiledExecution, "call_from", call)
    patch.setattr(Journal, "undo", lambda self, mark: None if tries and tries[-1] else undo(self, mark))


def _in_python(before: str, after: str) -> Fault:
    """A change of the first line of every function that is like this."""

    def put_in(patch: pytest.MonkeyPatch) -> None:
        honest = vm.compiled.generate

        def spoilt(module: Verified, function: int, *, checked: bool) -> Generated:
            made = honest(module, function, checked=checked)
            return made._replace(source=re.sub(before, after, made.source, count=1))

        patch.setattr(vm.compiled, "generate", spoilt)

    return put_in


FAULTS: dict[str, Fault] = {
    "a key assigned anew": _a_key_assigned_anew,
    "a key of the pass before": _a_key_of_the_pass_before,
    "a key assigned on one way": _a_key_assigned_on_one_way,
    "a name that does not stay": _a_name_that_does_not_stay,
    "a key below its value": _a_key_below_its_value,
    "a local on the stack": _a_local_on_the_stack,
    "told for ever": _told_for_ever,
    "undone but for one": _undone_but_for_one,
    "tried and not undone": _tried_and_not_undone,
    "nothing was there before": _in_python(r"w\(\((v\d+), (\S+), .*\)\)", r"w((\1, \2, None))"),
    "noted when it is too late": _in_python(r"( *)(w\(.*\))\n *(v\d+\[.*\] = .*)\n", r"\1\3\n\1\2\n"),
    "not noted": _in_python(r"w\(\((v\d+), .*\)\)", "n = 0"),
    "one in flight too many": _in_python(rf"c\[{IN_FLIGHT}\] -= 1", "n = 0"),
    "one in flight too few": _in_python(rf"c\[{IN_FLIGHT}\] \+= 1", "n = 0"),
    "told twice": _in_python(r"( *)(tell\(.*\))\n", r"\1\2, \2\n"),
    "a segment paid with the one before": _in_python(
        r"gas -= (\d+)\n( *)if gas < 0: out\(\)\n((?:\2\S.*\n)+?)\2gas -= (\d+)\n\2if gas < 0: out\(\)\n",
        r"gas -= \1 + \4\n\2if gas < 0: out()\n\3\2n = 0\n\2n = 0\n",
    ),
    "room for one change more": _in_python(rf"if len\(c\[{LOG}\]\) > (\d+):", rf"if len(c[{LOG}]) > \1 + 3:"),
    "no question for room": _in_python(rf"if len\(c\[{LOG}\]\) > \d+:", "if False:"),
}


TELLS = {
    "a key assigned anew": 1,
    "a key of the pass before": 11,
    "a key assigned on one way": 1,
    "a name that does not stay": 107,
    "a key below its value": 10,
    "a local on the stack": 12,
    "told for ever": 1,
    "room for one change more": 9,
    "no question for room": 9,
}
"""The first seed that tells of a fault, where that is not 0."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("_compiled_anew")
def test_a_fault_would_be_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this fault in the generator, in what it generates or in the journal, no more than SEEDS_FAULT programs are compared
    before it tells.
    """
    full = "room" in fault
    if full:
        for name, value in SMALL_LIMITS.items():
            monkeypatch.setattr(name, value)
    FAULTS[fault](monkeypatch)
    with pytest.raises(FOUND):
        for seed in likely_first(TELLS.get(fault, 0), SEEDS_FAULT):
            compare(seed, Tally(), kit=LONG_SESSIONS if full else STATE)
