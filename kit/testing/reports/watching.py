"""How a meter looks at the worlds of tests."""

from __future__ import annotations

from kit.testing.reports.meter import Meter
from kit.testing.reports.subjects import Subject
from kit.testing.suite import Onlooker
from kit.testing.world import World
from lang.compiler import Compiled
from vm.trace import Tracer


class Watch:
    """Lets a meter look at tests, one after the other, and knows the contracts it has seen."""

    def __init__(self) -> None:
        self.meter = Meter()
        self._subjects: dict[int, tuple[Compiled, Subject]] = {}  # by the identity of what was compiled, which stays alive

    def onlooker(self, path: str, name: str) -> Onlooker:
        """What looks at every case of a test."""

        def look(world: World) -> Tracer:
            def find(address: bytes) -> Subject | None:
                found = world.contract(address)
                return None if found is None else self._subject(found.symbol.source.path, found.compiled)

            self.meter.begin(path, name, find, world.sandbox.gas_limit)
            world.acted = self.meter.acted
            return self.meter

        return look

    def _subject(self, path: str, compiled: Compiled) -> Subject:
        known = self._subjects.get(id(compiled))
        if known is None:
            known = self._subjects[id(compiled)] = compiled, Subject(path, compiled)
        return known[1]
