"""`for any` tests: many cases, the failing one made small and remembered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.testing.failing import story_of
from kit.testing.options import LINES, STORIES, Options
from kit.testing.results import Result, Trouble
from kit.testing.world import Unmet
from lang.check import CheckedTest
from vm.failure import Failure

if TYPE_CHECKING:
    from kit.testing.suite import Onlooker, Suite

EXAMPLES_FOLDER = Path(".tael/examples")


def run_property(suite: Suite, test: CheckedTest, options: Options, result: Result, onlooker: Onlooker | None) -> None:
    """Run a `for any` test and say in its result what came of it."""
    from hypothesis import HealthCheck, Phase, assume, given, seed, settings
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.database import DirectoryBasedExampleDatabase
    from hypothesis.errors import HypothesisException, Unsatisfiable

    from kit.testing.choices import choices

    set_hypothesis_home_dir(EXAMPLES_FOLDER.parent / "hypothesis")
    failed: list[tuple[dict[str, Any], Unmet | Failure]] = []
    where = test.declaration.where
    result.cases = 0

    def case(**chosen: Any) -> None:
        world = suite.world(test, onlooker)
        for local in test.parameters:
            world.names[local] = chosen[local.name]
        if where is not None:
            try:
                assume(world.value(where))
            except Failure:
                assume(False)
        result.cases += 1
        problem = suite.attempt(world, test, chosen)
        if problem is not None:
            failed.append((chosen, problem))
            result.case = chosen
            raise problem
        result.gas = max(result.gas, world.gas_used)
        result.case = chosen

    identity = hashlib.sha256(f"{result.path}:{result.name}".encode()).hexdigest()
    case.__qualname__ = case.__name__ = f"case_{identity[:16]}"  # failing cases are remembered under it
    examples = DirectoryBasedExampleDatabase(EXAMPLES_FOLDER)
    number = options.seed if options.seed is not None else 0
    checked = settings(
        max_examples=options.runs,
        database=examples,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )(seed(number)(given(**choices(test.parameters, where))(case)))
    source = suite.checked.file.source
    try:
        checked()
        if options.verbose >= STORIES and result.case is not None:
            result.story = story_of(suite.recorded(test, result.case), lines=options.verbose >= LINES)
    except (Unmet, Failure):
        result.case = failed[-1][0]
        result.trouble = suite.told(test, failed[-1][0], lines=options.verbose >= LINES)
    except Unsatisfiable:
        message = "no case was found that satisfies `where`; nothing was tested. Narrower types or plain bounds help"
        result.trouble = Trouble(message, source, where.span if where is not None else test.declaration.name.span)
    except HypothesisException as error:
        result.trouble = Trouble(f"the choice of cases failed: {error}", source, test.declaration.name.span)
