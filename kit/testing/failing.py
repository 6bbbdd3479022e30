"""Why a test failed: what the failure says, where in the test and in the contracts, with which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.meanings import FAILURES
from kit.testing.results import Trouble
from kit.testing.world import Unmet, World
from lang.check import CheckedTest
from lang.source import Source
from vm.failure import Failure


def trouble_of(
    source: Source, test: CheckedTest, world: World, problem: Unmet | Failure, story: list[str], chosen: Mapping[str, Any]
) -> Trouble:
    """What is to be told of a test of a file that failed in a world, for the values that were chosen for its parameters."""
    shown = [(local.name, world.show(chosen[local.name], local.type)) for local in test.parameters]
    if isinstance(problem, Unmet):
        facts = [(_cut(source, place), value) for place, value in problem.facts]
        return Trouble(problem.message, source, problem.span, [], facts, story, shown)
    trouble = Trouble(_failure(world, problem), source, world.here, [], [], story, shown)
    for contract, function, position in problem.where:
        deployed = world.contract(contract)
        if deployed is None:
            continue
        debug = deployed.compiled.debug[function]
        place = next((span for start, span in reversed(debug.places) if start <= position), None)
        if place is not None:
            trouble.inner.append((f"{deployed.symbol.name}.{debug.name}", debug.source, place))
    return trouble


def _failure(world: World, failure: Failure) -> str:
    fields = _error_fields(world, failure)
    if fields is not None:
        parts = [f"{name}: {world.show(v, kind)}" for (name, kind), v in zip(fields, failure.values, strict=False)]
    else:
        parts = [world.show_plain(value) for value in failure.values]
    said = f"{failure.name}({', '.join(parts)})" if parts else failure.name
    detail = f" ({failure.detail})" if failure.detail else ""
    meaning = f": {FAILURES[failure.name]}" if fields is None and failure.name in FAILURES else ""
    return f"failed with {said}{detail}{meaning}"


def _error_fields(world: World, failure: Failure) -> Sequence[tuple[str, Any]] | None:
    deployed = world.contract(failure.contract) if failure.contract is not None else None
    if deployed is None:
        return None
    for record in deployed.compiled.module.errors:
        if record.name == failure.name:
            return record.fields
    return None


def _cut(source: Source, place: str) -> str:
    """The source text of a fact's place, `@start:end`."""
    start, end = place[1:].split(":")
    return " ".join(source.text[int(start) : int(end)].split())
