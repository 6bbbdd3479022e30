"""Runs one scenario: what is remembered first, then histories by chance, then what money is trapped; tells what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kit.output import count
from kit.testing.options import Options
from kit.testing.results import Play, Result, Trouble
from kit.testing.scenario.explore import Explorer, Found
from kit.testing.scenario.keep import free_title, keep_test
from kit.testing.scenario.memory import Memory
from kit.testing.scenario.shorter import shorter
from kit.testing.scenario.shrink import Shrinker
from kit.testing.scenario.stage import Break, NotStaged, Stage, Step
from kit.testing.scenario.trapped import WALKS_SHRINKING, WALKS_THOROUGH, Escapes, PromiseBroken, Trap
from kit.testing.scenario.write import Unwritable, Writer, money
from kit.testing.suite import Suite
from kit.testing.world import Unmet
from lang import ast
from lang.check import CheckedScenario, CheckedTest
from lang.compiler import compile_text
from vm.failure import Failure

EXAMPLES_FOLDER = Path(".tael/examples")
TRAP_PLAYS_MAX = 300
"""Histories played to shrink one that traps money: each of them ends with a search for a way out."""


def run_scenario(suite: Suite, scenario: CheckedScenario, options: Options) -> Result:
    """What came of one scenario."""
    source = suite.checked.file.source
    line, _ = source.position(scenario.declaration.span.start)
    result = Result(source.path, scenario.declaration.name.value, line, cases=0)
    began = time.perf_counter()
    try:
        stage = Stage(scenario, suite.world(scenario))
    except (Unmet, Failure):
        result.trouble = suite.told(_test_of(scenario), {})
    except NotStaged as problem:
        result.trouble = Trouble(problem.message, source, problem.node.span)
    else:
        _Run(suite, scenario, stage, options, result).run()
    result.seconds = time.perf_counter() - began
    return result


def _test_of(scenario: CheckedScenario) -> CheckedTest:
    """The set-up alone, as a test: it tells its own trouble."""
    node = scenario.declaration
    declaration = ast.TestDeclaration(node.name, [], None, scenario.setup, span=node.span)
    return CheckedTest(declaration, [], scenario.scope)


@dataclass(slots=True)
class _Ending:
    """What was found, made small."""

    steps: list[Step]
    message: str
    lines: list[str]  # what a test says after the last step
    check: ast.Check | None


class _Run:
    """One run of one scenario on its stage."""

    def __init__(self, suite: Suite, scenario: CheckedScenario, stage: Stage, options: Options, result: Result) -> None:
        self.suite = suite
        self.scenario = scenario
        self.stage = stage
        self.options = options
        self.result = result
        self.source = suite.checked.file.source
        self.writer = Writer(stage)
        seed = f"{options.seed or 0}: {result.name}"
        self.explorer = Explorer(stage, seed)
        self.escapes = Escapes(stage, self.explorer.chooser, seed)
        self.explorer.on_payout = self.escapes.learn
        self.explorer.on_step = self.escapes.saw
        self.memory = Memory(EXAMPLES_FOLDER, result.path, result.name, stage, self.writer)

    def run(self) -> None:
        """Fill the result."""
        at_once = self.stage.judge_state()
        if at_once is not None:
            self._tell_at_once(at_once)
            return
        ending = self._remembered() or self._explored()
        explorer = self.explorer
        self.result.cases = explorer.histories
        self.result.gas = explorer.gas_max
        self.result.play = Play(explorer.histories, sum(tally.calls for tally in explorer.tallies), explorer.tallies)
        if ending is not None:
            self.memory.keep(ending.steps)
            self._tell(ending)

    # ── Finding ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _remembered(self) -> _Ending | None:
        steps = self.memory.recall()
        if steps is None:
            return None
        found = self.stage.broken_by(steps)
        ending = None
        if found is not None:
            ending = self._shrunk(Found(steps[: found[0]], found[1]))
        elif not self.scenario.may_keep_money:
            ending = self._at_end(lambda: self.escapes.trap_after(steps))
        if ending is None:
            self.memory.forget()
        return ending

    def _explored(self) -> _Ending | None:
        options = self.options
        for came in self.explorer.histories_until(options.runs, options.time_s, self.scenario.steps):
            if isinstance(came, Found):
                return self._shrunk(came)
            if not self.scenario.may_keep_money:
                self.escapes.note_end(came)
        return self._at_end(self.escapes.trap)

    def _at_end(self, look: Callable[[], Trap | None]) -> _Ending | None:
        """What is wrong where histories that broke nothing have ended: money trapped, or a promise that breaks on the way out."""
        try:
            trap = look()
        except PromiseBroken as problem:
            broken = self.stage.broken_by(problem.steps)
            assert broken is not None
            return self._shrunk(Found(problem.steps[: broken[0]], broken[1]))
        return None if trap is None or self._is_doubtful(trap) else self._shrunk_trap(trap)

    def _is_doubtful(self, trap: Trap) -> bool:
        """Whether there may be a way out that was never gone. Then it is noted, and no failure."""
        unreached = self.escapes.unreached(trap.contract)
        if unreached:
            name = self.stage.world.wallet_names[trap.contract]
            shown = money(trap.amount, trap.currency, self.stage.world.decimals[trap.currency])
            self.result.notes.append(f"note: {shown} stay in {name}; {', '.join(unreached)} may let it out, but never succeeded")
        return bool(unreached)

    # ── Making small ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _shrunk(self, found: Found) -> _Ending:
        stage, key = self.stage, found.broken.key

        def fails(steps: Sequence[Step]) -> bool:
            broken = stage.broken_by(steps)
            return broken is not None and broken[0] == len(steps) and broken[1].key == key

        steps = Shrinker(stage, fails).run(found.steps)
        while (fewer := shorter(stage, self.explorer.chooser, steps, key)) is not None:
            steps = Shrinker(stage, fails).run(fewer)
        broken = stage.broken_by(steps)
        assert broken is not None
        message = f"{broken[1].message}, after {count(len(steps), 'step')}"
        return _Ending(steps, message, self.writer.ending(broken[1]), broken[1].check)

    def _shrunk_trap(self, trap: Trap) -> _Ending:
        place = (trap.contract, trap.currency)
        escapes = self.escapes

        steps = self.stage.successes(trap.steps)
        for walks in (WALKS_SHRINKING, 5 * WALKS_SHRINKING):  # few tries are quick, and may take for trapped what is not
            shrinker = Shrinker(self.stage, partial(escapes.is_trapped, place=place, walks=walks), TRAP_PLAYS_MAX)
            smaller = shrinker.run(trap.steps)
            if escapes.is_trapped(smaller, place, WALKS_THOROUGH):
                steps = smaller
                break
        self.stage.broken_by(steps)
        amount = self.stage.kept()[place]
        shown = money(amount, trap.currency, self.stage.world.decimals[trap.currency])
        name = self.stage.world.wallet_names[trap.contract]
        after = f"after {count(len(steps), 'step')}" if steps else "by the set-up"
        message = (
            f"{shown} {'is' if amount == 1 else 'are'} trapped in {name} {after}: nobody got anything out in "
            f"{trap.tries} tries (`may keep money` if that is meant)"
        )
        return _Ending(steps, message, self.writer.trapped(trap), None)

    # ── Telling ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell_at_once(self, broken: Break) -> None:
        assert broken.check is not None
        message = f"{broken.message} before the first step: the set-up breaks it, or the check says too much"
        told = self.result.trouble = Trouble(message, self.source, broken.check.condition.span)
        if not any(isinstance(node, ast.Old) for node in ast.walk(broken.check)):
            as_test = _test_of(self.scenario)
            as_test.declaration.body = [*self.scenario.setup, ast.Assert(broken.check.condition, span=broken.check.span)]
            trouble = self.suite.told(as_test, {})
            _add(told, trouble)

    def _tell(self, ending: _Ending) -> None:
        node = self.scenario.declaration
        span = node.name.span if ending.check is None else ending.check.condition.span
        trouble = self.result.trouble = Trouble(ending.message, self.source, span)
        title = free_title(self.source.text, self.result.name)
        try:
            block = self.writer.test(title, ending.steps, ending.lines)
        except Unwritable as value:
            self.result.notes.append(f"no test is written of it: the language has no literal for {value}")
            return
        told = self._told_by(title, block)
        if told is None:
            self.result.notes.append("the test that was written of it does not fail: please report it")
            return
        _add(trouble, told)
        if not ending.lines:
            trouble.message = f"{told.message.rstrip('.')}, after {count(len(ending.steps), 'step')}"
        trouble.test = block
        if self.options.keep and keep_test(Path(self.result.path), self.result.name, block):
            self.result.notes.append(f'kept as test "{title}"')

    def _told_by(self, title: str, block: str) -> Trouble | None:
        """The trouble of the test that was written, run in its file as if it stood there; None if it passes."""
        compilation = compile_text(self.source.text.rstrip("\n") + "\n\n" + block, self.source.path)
        if not compilation.ok or compilation.checked is None:
            return None
        suite = Suite(compilation.checked)
        test = next(test for test in compilation.checked.tests if test.declaration.name.value == title)
        is_quiet = suite.attempt(suite.world(test), test, {}) is None
        return None if is_quiet else suite.told(test, {})


def _add(trouble: Trouble, told: Trouble) -> None:
    """What the run of a written test tells besides message and place."""
    trouble.facts, trouble.reasons, trouble.inner = told.facts, told.reasons, told.inner
    trouble.last, trouble.story, trouble.calls = told.last, told.story, told.calls
