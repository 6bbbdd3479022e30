"""All reports of one run: what is asked for is worked out when the tests have ended, shown, and written to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.output import Output, count
from kit.project import write_file
from kit.reporting import Asked
from kit.testing.options import Options
from kit.testing.reports.remembered import Name, remember
from kit.testing.results import Result

if TYPE_CHECKING:
    from kit.testing.reports.snapshot import How, Kept
    from kit.testing.reports.subjects import Subject
    from kit.testing.reports.watching import Watch
    from lang.compiler import Compilation


class Reports:
    """The reports of a run. `ok` is False when one of them is reason to end with exit code 1; `data` is for JSON."""

    def __init__(self, asked: Asked, options: Options) -> None:
        self.asked = asked
        self.options = options
        self.out = Output(as_json=options.as_json)
        self.ok = True
        self.data: dict[str, Any] = {"runs": options.runs, "seed": options.seed or 0}
        self.watch: Watch | None = None
        self.subjects: dict[str, Subject] = {}
        self.before: Kept = {}
        if asked.gas_check:
            from kit.testing.reports import snapshot

            self.before = snapshot.read_snapshot(snapshot.snapshot_file(), self._how())
        if asked.measures:
            from kit.testing.reports.watching import Watch

            self.watch = Watch()

    def compiled(self, compilation: Compilation) -> None:
        """A file is about to be tested: its contracts are reported of, whether a test reaches them or not."""
        if self.watch is not None:
            from kit.testing.reports.subjects import Subject

            for compiled in compilation.contracts.values():
                subject = Subject(compilation.path, compiled)
                self.subjects[subject.key] = subject

    def finish(self, results: Sequence[Result], broken: Sequence[Compilation], seconds: float) -> None:
        """The run has ended: show and write what was asked for, and remember what failed."""
        remember(results, self._gone(results, broken))
        if self.asked.junit is not None:
            from kit.testing.reports.junit import junit

            self._write(self.asked.junit, junit(results, broken, seconds, self.options))
        if self.asked.durations:
            self._durations(results)
        if self.watch is not None:
            if self.asked.gauges:
                self._gas(results, broken)
            if self.asked.covers:
                self._coverage()

    def _gone(self, results: Sequence[Result], broken: Sequence[Compilation]) -> frozenset[Name]:
        """The tests that were to be run again and are not there any more."""
        only = self.options.only
        if only is None or broken or (self.options.fail_fast and not all(result.ok for result in results)):
            return frozenset()
        gone = only - {(result.path, result.name) for result in results}
        for path, name in sorted(gone):
            self.out.line(f"{path} has no test {name!r} any more")
        return gone

    def _write(self, path: Path, text: str) -> None:
        write_file(path, text.encode())
        self.out.line(f"wrote {path}")

    def _durations(self, results: Sequence[Result]) -> None:
        slowest = sorted(results, key=lambda result: -result.seconds)[: self.asked.durations]
        self.out.line()
        rows = [(f"{result.seconds:.3f} s", result.path, result.name) for result in slowest]
        self.out.table(("slowest", "file", "test"), rows, indent="")

    def _gas(self, results: Sequence[Result], broken: Sequence[Compilation]) -> None:
        from kit.testing.reports.gas import function_gas, tell_gas

        assert self.watch is not None
        meter = self.watch.meter
        rows = function_gas(meter, self.subjects.values())
        if self.asked.gas:
            tell_gas(self.out, rows)
            self.data["gas"] = [row.plain() for row in rows]
        if self.asked.gas_lines:
            from kit.testing.reports.lines import line_gas, plain_lines, tell_lines

            files = line_gas(meter)
            tell_lines(self.out, files)
            self.data["gas_lines"] = plain_lines(files)
        if self.asked.flame is not None or self.asked.profile is not None:
            self._profile()
        if self.asked.gas_save or self.asked.gas_check:
            if broken or not all(result.ok for result in results):
                self.out.line("gas was not compared or saved, since not all tests passed")
                self.ok = False
            else:
                self._snapshot()

    def _profile(self) -> None:
        from kit.testing.reports.flame import flame
        from kit.testing.reports.profile import folded, profile, speedscope

        assert self.watch is not None
        root = profile(self.watch.meter)
        if self.asked.flame is not None:
            self._write(self.asked.flame, flame(root))
        if self.asked.profile is not None:
            form = speedscope if self.asked.profile.suffix == ".json" else folded
            self._write(self.asked.profile, form(root))

    def _snapshot(self) -> None:
        from kit.testing.reports import snapshot
        from kit.testing.reports.gas import function_gas

        assert self.watch is not None
        path = snapshot.snapshot_file()
        now = snapshot.kept_of(function_gas(self.watch.meter, self.subjects.values()))
        files = frozenset(subject.path for subject in self.subjects.values())
        if self.asked.gas_check:
            found = snapshot.changes(self.before, now, self.asked.tolerance, files)
            snapshot.tell_changes(self.out, found, len(now), self.asked.tolerance, path)
            self.data["gas_changes"] = [change.plain() for change in found]
            self.ok = self.ok and not found
        if self.asked.gas_save:
            kept = snapshot.joined(path, self._how(), now, files)
            snapshot.write_snapshot(path, self._how(), kept)
            self.out.line(f"wrote {path}: {count(len(kept), 'function')}")

    def _how(self) -> How:
        from kit.testing.reports.snapshot import How

        return How(self.options.runs, self.options.seed or 0)

    def _coverage(self) -> None:
        from kit.testing.reports.coverage import coverage, plain_coverage, total
        from kit.testing.reports.covered import tell_coverage

        assert self.watch is not None
        files = coverage(self.watch.meter, self.subjects.values())
        self.data["coverage"] = plain_coverage(files)
        if self.asked.coverage or self.asked.coverage_min is not None:
            tell_coverage(self.out, files)
        if self.asked.lcov is not None:
            from kit.testing.reports.lcov import lcov

            self._write(self.asked.lcov, lcov(files))
        if self.asked.html is not None:
            from kit.testing.reports.html import write_pages

            write_pages(self.asked.html, files)
            self.out.line(f"wrote {self.asked.html / 'index.html'}")
        if self.asked.coverage_min is not None:
            lines = total(files)["lines"].percent
            if lines < self.asked.coverage_min:
                self.out.line(f"{lines:.1f} % of the lines were run; --coverage-min asks for {self.asked.coverage_min:g} %")
                self.ok = False
