"""The whole run: files in, verdicts out, over the cores of the machine."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from kit.mutation.judge import FileJob, Judge, Verdict, content_key
from kit.mutation.limits import MUTANTS_MAX
from kit.mutation.memory import MEMORY_FILE, Known, read_memory, write_memory
from kit.mutation.mutant import Mutant
from kit.mutation.trial import Bench
from lang.check import CheckedFile
from lang.compiler import Compilation, compile_file
from lang.remarks import Remark, remarks
from lang.source import Source

CHUNK_MUTANTS = 4  # handed to a process at once: few, since one may take long


@dataclass(frozen=True, slots=True)
class Choice:
    """Which mutants are judged, and how: `runs` cases of each `for any` test, `most` mutants, chosen by `seed`."""

    contract: str | None = None
    match: str | None = None
    runs: int = 100
    seed: int = 0
    most: int | None = None
    jobs: int | None = None
    remember: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant and what became of it. `remark` says why a survivor is none that matters."""

    source: Source
    mutant: Mutant
    verdict: Verdict
    remark: Remark | None
    run_by: tuple[str, ...]  # the tests that run its lines

    @property
    def line(self) -> int:
        """Where it is."""
        return self.source.position(self.mutant.span.start)[0]


@dataclass(slots=True)
class Report:
    """What a run came to. `stale` are remarks that no survivor bears out, each with the line it stands on."""

    judged: list[Judged] = field(default_factory=list)
    stale: list[tuple[Source, Remark]] = field(default_factory=list)
    broken: list[Compilation] = field(default_factory=list)
    troubles: list[tuple[str, str, str]] = field(default_factory=list)  # path, test, why it cannot serve
    found: int = 0  # mutants before `most` chose among them

    def count(self, state: str) -> int:
        """How many mutants came to that."""
        return sum(judged.verdict.state == state for judged in self.judged)

    @property
    def survivors(self) -> list[Judged]:
        """Those that no test noticed and no remark explains."""
        return [judged for judged in self.judged if judged.verdict.state == "survived" and judged.remark is None]

    @property
    def explained(self) -> list[Judged]:
        """Survivors with a reason in the text."""
        return [judged for judged in self.judged if judged.verdict.state == "survived" and judged.remark is not None]

    @property
    def share(self) -> float:
        """The killed among all that a test could notice, 0 to 100; 100 where there are none."""
        of = self.count("killed") + len(self.survivors)
        return 100.0 * self.count("killed") / of if of else 100.0


Progress = Callable[[int, int], None]


def run(paths: Sequence[Path], choice: Choice, version: str, progress: Progress) -> Report:
    """Judge the mutants of files. `progress` is told how many are done, of how many."""
    report = Report()
    known = read_memory(MEMORY_FILE) if choice.remember else Known()
    compilations = [compile_file(path) for path in paths]
    report.broken = [compilation for compilation in compilations if not compilation.ok]
    checked = [compilation.checked for compilation in compilations if compilation.checked is not None]
    if not report.broken:
        jobs = [_job(file, choice, version, known, report) for file in checked]
    if report.broken or report.troubles:
        return report
    judges = [Judge(job, known) for job in jobs]
    tasks = _chosen(judges, choice, report)
    verdicts: dict[tuple[int, int], Verdict] = {}
    for task in tasks:
        recalled = judges[task[0]].recall(task[1])
        if recalled is not None:
            verdicts[task] = recalled
    progress(len(verdicts), len(tasks))
    left = [task for task in tasks if task not in verdicts]
    for number in {task[0] for task in left}:
        judges[number].job = jobs[number] = _with_cases(jobs[number], checked[number])
    for task, verdict in _verdicts(jobs, judges, known, left, choice):
        verdicts[task] = verdict
        progress(len(verdicts), len(tasks))
    _gather(report, judges, tasks, verdicts)
    if choice.remember:
        _remember(known, judges, verdicts)
    return report


def _job(checked: CheckedFile, choice: Choice, version: str, known: Known, report: Report) -> FileJob:
    """A file to be judged, its tests run once as they stand, or remembered. The report is told of those that fail."""
    source = checked.file.source
    key = content_key(checked, version, choice.runs, choice.seed)
    bare = FileJob(source.path, source.text, choice.runs, choice.seed, version, tuple(known.baselines.get(key, ())))
    if len(bare.baselines) == len(checked.tests):
        return bare
    job = _with_cases(bare, checked)
    for baseline in job.baselines:
        if baseline.trouble is not None:
            report.troubles.append((source.path, baseline.name, baseline.trouble))
    known.baselines[key] = list(job.baselines)
    return job


def _with_cases(job: FileJob, checked: CheckedFile) -> FileJob:
    """The same, with the cases that its tests meet."""
    if job.baselines and all(seen.cases for seen in job.baselines):
        return job
    bench = Bench(checked)
    return replace(job, baselines=tuple(bench.baseline(test, job.runs, job.seed) for test in checked.tests))


def _chosen(judges: Sequence[Judge], choice: Choice, report: Report) -> list[tuple[int, int]]:
    """The mutants to judge, as numbers of file and mutant."""
    tasks = [
        (number, index)
        for number, judge in enumerate(judges)
        for index, mutant in enumerate(judge.mutants)
        if choice.contract in (None, mutant.contract)
        and (choice.match is None or choice.match.lower() in (mutant.function or "").lower())
    ]
    report.found = len(tasks)
    most = min(choice.most or MUTANTS_MAX, MUTANTS_MAX)
    return tasks if len(tasks) <= most else sorted(random.Random(choice.seed).sample(tasks, most))


class _Helper:
    """What a process that helps knows: the files, and a judge for each of those that it was asked about."""

    jobs: Sequence[FileJob] = ()
    known = Known()
    judges: ClassVar[dict[int, Judge]] = {}


def _begin(jobs: Sequence[FileJob], known: Known) -> None:
    _Helper.jobs, _Helper.known = jobs, known
    _Helper.judges.clear()


def _judge(task: tuple[int, int]) -> tuple[tuple[int, int], Verdict]:
    number, index = task
    if number not in _Helper.judges:
        _Helper.judges[number] = Judge(_Helper.jobs[number], _Helper.known)
    return task, _Helper.judges[number].judge(index)


def _verdicts(
    jobs: Sequence[FileJob], judges: Sequence[Judge], known: Known, tasks: Sequence[tuple[int, int]], choice: Choice
) -> Iterator[tuple[tuple[int, int], Verdict]]:
    """The verdicts, as they come."""
    processes = min(choice.jobs or _cores(), len(tasks) // CHUNK_MUTANTS)
    if processes < 2:
        for task in tasks:
            yield task, judges[task[0]].judge(task[1])
        return
    from multiprocessing import get_context

    with get_context("spawn").Pool(processes, _begin, (list(jobs), known)) as pool:
        yield from pool.imap_unordered(_judge, tasks, CHUNK_MUTANTS)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gather(
    report: Report, judges: Sequence[Judge], tasks: Sequence[tuple[int, int]], verdicts: dict[tuple[int, int], Verdict]
) -> None:
    """The verdicts in the order of the text. Of mutants with the same bytecode the first counts."""
    said = [list(remarks(judge.checked.file.source)) for judge in judges]
    seen: dict[tuple[int, str], int] = {}
    for number, index in tasks:
        judge, mutant, verdict = judges[number], judges[number].mutants[index], verdicts[(number, index)]
        source = judge.checked.file.source
        if verdict.digest and seen.setdefault((number, verdict.digest), index) != index:
            verdict = Verdict("double", verdict.digest)
        lines = mutant.lines(source)
        remark = next(
            (r for r in said[number] if r.word == "same" and r.line in lines and mutant.operator in r.names),
            None,
        )
        run_by = tuple(seen_by.name for seen_by in judge.job.baselines if not seen_by.lines.isdisjoint(lines))
        report.judged.append(Judged(source, mutant, verdict, remark, run_by))
    borne_out = {id(judged.remark) for judged in report.explained}
    about = {id(judged.remark) for judged in report.judged if judged.remark is not None}
    for judge, own in zip(judges, said, strict=True):
        report.stale += [(judge.checked.file.source, r) for r in own if id(r) in about - borne_out]


def _remember(known: Known, judges: Sequence[Judge], verdicts: dict[tuple[int, int], Verdict]) -> None:
    for (number, index), verdict in sorted(verdicts.items(), key=lambda item: item[0]):
        judge = judges[number]
        known.compiled[judge.key(index)] = verdict.digest or verdict.state
        if verdict.state == "killed":
            prints = {
                seen.name: judge.fingerprint(test, seen, judge.mutants[index])
                for test, seen in zip(judge.checked.tests, judge.job.baselines, strict=True)
            }
            known.killed[verdict.digest] = prints[verdict.test or ""]
        elif verdict.state == "survived":
            known.unnoticed[verdict.digest] = list(verdict.unnoticed_by)
    write_memory(MEMORY_FILE, known)
