"""Why a test failed: what the failure says, where in the test and in the contracts, with which values, and what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kit.meanings import FAILURES
from kit.record.differences import is_compound, show
from kit.record.differences import parts as differing
from kit.record.entries import Scene
from kit.record.parts import parts
from kit.record.plain import plain_scene
from kit.record.reasons import Reasons
from kit.record.story import rows
from kit.record.words import Words
from kit.testing.recorded import Expecting, RecordedTest, RecordedWorld
from kit.testing.results import Trouble
from kit.testing.world import Unmet
from lang import ast
from lang.check import CheckedTest
from lang.source import Source
from lang.types import lower
from vm import types as vm
from vm import values
from vm.failure import Failure


def trouble_of(
    source: Source, test: CheckedTest, run: RecordedTest, chosen: Mapping[str, Any], *, lines: bool = False
) -> Trouble:
    """What is to be told of a test of a file that failed, for the values that were chosen for its parameters. With `lines` its
    story has every line that ran.
    """
    world, problem = run.world, run.problem
    words = Words(run.guide)
    assert problem is not None
    trouble = Trouble(
        _message(words, problem, world.expecting),
        source,
        problem.span if isinstance(problem, Unmet) else world.here,
        chosen=[(local.name, world.show(chosen[local.name], local.type)) for local in test.parameters],
        story=rows(run.record, words, lines=lines),
        calls=plain_scene(run.record.root, words),
    )
    last = next((entry for entry in reversed(run.record.root.entries) if isinstance(entry, Scene)), None)
    if last is not None and (isinstance(problem, Failure) or world.expecting is not None):
        trouble.last = rows(run.record, words, of=last)
    if isinstance(problem, Unmet):
        trouble.facts = list(_facts(source, world))
        trouble.reasons = [*_differences(source, world), *_expected(world, words)]
        return trouble
    trouble.reasons = Reasons(run.record, run.guide, world.sandbox.time_ms).of(problem)
    if not trouble.reasons and not problem.where:
        trouble.reasons = list(_computed(source, world))
    for contract, function, position in problem.where:
        deployed = world.contract(contract)
        if deployed is None:
            continue
        debug = deployed.compiled.debug[function]
        place = next((span for start, span in reversed(debug.places) if start <= position), None)
        if place is not None:
            trouble.inner.append((f"{deployed.symbol.name}.{debug.name}", debug.source, place))
    return trouble


def _message(words: Words, problem: Unmet | Failure, expecting: Expecting | None) -> str:
    if isinstance(problem, Unmet) and expecting is not None and expecting.failure is not None:
        return f"it failed with {words.failure(expecting.failure)}, other values than expected"
    if isinstance(problem, Unmet):
        return problem.message
    is_named = bool(problem.detail) and "$" not in problem.detail  # a promise has no name, and its text is told below
    detail = f" ({problem.detail})" if is_named else ""
    own = words.error_fields(problem) is not None
    meaning = f": {FAILURES[problem.name]}" if not own and problem.name in FAILURES else ""
    return f"failed with {words.failure(problem)}{detail}{meaning}"


# ── What was asserted ─────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(source: Source, world: RecordedWorld) -> Iterator[tuple[str, str]]:
    """The parts of the condition with the values that they had."""
    if world.condition is None:
        return
    seen = world.seen
    for node, depth in parts(world.condition):
        text = " ".join(source.text[node.span.start : node.span.end].split())
        if id(node) in seen and node.type is not None:
            shown = world.show(seen[id(node)], node.type, node)
            if shown != text:
                yield "  " * depth + text, shown


def _differences(source: Source, world: RecordedWorld) -> Iterator[str]:
    """How the two sides of a comparison differ, where that says more than their values."""
    node, seen = world.condition, world.seen
    if not isinstance(node, ast.Binary) or node.operator != "==" or node.left.type is None:
        return
    if id(node.left) not in seen or id(node.right) not in seen:
        return
    left, right, kind = seen[id(node.left)], seen[id(node.right)], lower(node.left.type)
    setting = world.setting(node)
    if isinstance(kind, vm.Int | vm.Amount) and type(left) is int and kind != vm.TIME:
        more = "more" if left > right else "less"
        yield f"the left side is {show(abs(left - right), kind, setting)} {more}"
    elif is_compound(kind):
        for path, one, other in differing(left, right, kind, setting):
            yield f"{path or 'they differ'}: {one} on the left, {other} on the right"


def _computed(source: Source, world: RecordedWorld) -> Iterator[str]:
    """What a test's own expression was computed from that failed."""
    node, seen = world.failing, world.seen
    if node is None:
        return
    yield f"in {' '.join(source.text[node.span.start : node.span.end].split())}"
    for part, _ in parts(node):
        if id(part) in seen and part.type is not None:
            text = " ".join(source.text[part.span.start : part.span.end].split())
            yield f"{text} = {world.show(seen[id(part)], part.type, part)}"


# ── What was expected ─────────────────────────────────────────────────────────────────────────────────────────────────


def _expected(world: RecordedWorld, words: Words) -> Iterator[str]:
    """What came instead of an error or an event, side by side with what was wanted."""
    expecting = world.expecting
    if expecting is None:
        return
    node, wanted = expecting.node, expecting.wanted
    if not node.is_event:
        if expecting.failure is not None and wanted is not None:
            kinds: Sequence[tuple[str, vm.Type | None]] = [(f"value {n + 1}", None) for n in range(len(wanted))]
            kinds = words.error_fields(expecting.failure) or kinds
            yield from _side_by_side(words, expecting.failure.contract, kinds, wanted, expecting.failure.values)
        return
    events = world.sandbox.events[expecting.events :]
    if not events:
        yield "no event came"
    for event in events:
        known = words.guide.known(event.contract)
        assert known is not None
        record = known.module.events[event.number]
        told = values.decode_arguments([kind for _, kind in record.fields], event.payload)
        if record.name == node.what.name.text and wanted is not None:
            yield f"{record.name} came with other values:"
            yield from _side_by_side(words, event.contract, record.fields, wanted, told)
        else:
            yield f"{record.name}({words.fields(event.contract, record.fields, told)}) came"


def _side_by_side(
    words: Words,
    contract: bytes | None,
    fields: Sequence[tuple[str, vm.Type | None]],
    wanted: tuple[Any, ...],
    came: tuple[Any, ...],
) -> Iterator[str]:
    setting = words.setting(contract)
    table = [("", "wanted", "came")]
    for (name, kind), one, other in zip(fields, wanted, came, strict=False):
        shown = [words.untyped(value) if kind is None else show(value, kind, setting) for value in (one, other)]
        table.append((name, shown[0], shown[1] if one != other else "the same"))
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    for name, one, other in table:
        yield f"  {name.ljust(widths[0])}  {one.ljust(widths[1])}  {other}"


def story_of(run: RecordedTest, *, lines: bool) -> list[Any]:
    """The story of a test that went well."""
    return rows(run.record, Words(run.guide), lines=lines)
