"""Judges mutants: compiles each, and runs the tests against it until one fails."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kit.mutation.memory import Known
from kit.mutation.mutant import Mutant
from kit.mutation.mutants import mutants
from kit.mutation.trial import Baseline, Bench
from lang import ast
from lang.check import CheckedFile, CheckedTest
from lang.compiler import Compilation, Compiled, compile_text

State = Literal["killed", "survived", "refused", "equal", "double"]
"""A test failed; none did; it does not compile; it compiles to the same bytes as the original, or as another mutant."""


@dataclass(frozen=True, slots=True)
class FileJob:
    """A file whose mutants are judged. Plain values, so that every process may have it."""

    path: str
    text: str
    runs: int
    seed: int
    version: str
    baselines: tuple[Baseline, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: `test` is the name of the one that noticed it, `digest` what it compiled to."""

    state: State
    digest: str = ""
    test: str | None = None
    unnoticed_by: tuple[str, ...] = ()  # fingerprints of tests


class Judge:
    """Judges the mutants of one file. What `known` remembers is not run again."""

    def __init__(self, job: FileJob, known: Known) -> None:
        self.job = job
        self.known = known
        self.original = compile_text(job.text, job.path)
        assert self.original.checked is not None
        self.checked = self.original.checked
        self.mutants = mutants(self.checked)
        self.bench = Bench(self.checked)
        self._outside = _digest(_outside(self.checked), *(_imported(other) for other in self.checked.imports))
        self._stem = _digest(job.version, without_tests(self.checked), self._outside)
        self._tests = [test.declaration.span for test in self.checked.tests]

    def key(self, index: int) -> str:
        """Under what a mutant's bytecode is remembered."""
        mutant = self.mutants[index]
        start, end = mutant.span
        before = sum(test.end - test.start for test in self._tests if test.end <= start)  # tests come and go
        return _digest(self._stem, f"{start - before}:{end - start}", mutant.text)

    def recall(self, index: int) -> Verdict | None:
        """What became of a mutant in an earlier run, if nothing that matters has changed."""
        remembered = self.known.compiled.get(self.key(index))
        match remembered:
            case None:
                return None
            case "refused" | "equal":
                return Verdict(remembered)
        mutant = self.mutants[index]
        return self._recalled(remembered, mutant, self._trials(mutant))

    def judge(self, index: int) -> Verdict:
        """What becomes of a mutant: it is compiled, and run."""
        mutant = self.mutants[index]
        outside = mutant.contract is None
        text = mutant.applied(self.job.text)
        compilation = compile_text(text if outside else _blanked(text, self.checked, mutant), self.job.path)
        if not compilation.ok:
            return Verdict("refused")
        changed = self._changed(compilation)
        if not changed and not outside:
            return Verdict("equal")
        digest = _digest(*(name + compiled.code.hex() for name, compiled in sorted(changed.items())), text if outside else "")
        trials = self._trials(mutant)
        return self._recalled(digest, mutant, trials) or self._tried(digest, mutant, trials, compilation)

    def _changed(self, compilation: Compilation) -> dict[str, Compiled]:
        before = self.original.contracts
        return {name: made for name, made in compilation.contracts.items() if made.code != before[name].code}

    def _trials(self, mutant: Mutant) -> list[tuple[CheckedTest, Baseline]]:
        """The tests that can notice a mutant: those that run its lines first, the shorter before the longer."""
        lines = set(mutant.lines(self.checked.file.source))
        pairs = [
            (test, seen)
            for test, seen in zip(self.checked.tests, self.job.baselines, strict=True)
            if mutant.contract is None or mutant.contract in seen.contracts
        ]
        return sorted(pairs, key=lambda pair: (lines.isdisjoint(pair[1].lines), pair[1].case_count))

    def _tried(
        self, digest: str, mutant: Mutant, trials: Sequence[tuple[CheckedTest, Baseline]], compilation: Compilation
    ) -> Verdict:
        bench, number = self.bench, {id(test): at for at, test in enumerate(self.checked.tests)}
        tests: Sequence[CheckedTest] = self.checked.tests
        if mutant.contract is None:
            assert compilation.checked is not None
            bench = Bench(compilation.checked)
            tests = compilation.checked.tests
        unnoticed: list[str] = []
        for test, seen in trials:
            print_ = self.fingerprint(test, seen, mutant)
            if print_ in self.known.unnoticed.get(digest, ()):
                unnoticed.append(print_)
            elif bench.notices(tests[number[id(test)]], seen.cases, seen.gas, compilation.contracts):
                return Verdict("killed", digest, seen.name)
            else:
                unnoticed.append(print_)
        return Verdict("survived", digest, None, tuple(unnoticed))

    def _recalled(self, digest: str, mutant: Mutant, trials: Sequence[tuple[CheckedTest, Baseline]]) -> Verdict | None:
        """What is known of a mutant, if every test that matters is as it was."""
        prints = {self.fingerprint(test, seen, mutant): seen.name for test, seen in trials}
        killer = self.known.killed.get(digest)
        if killer in prints:
            return Verdict("killed", digest, prints[killer])
        unnoticed = self.known.unnoticed.get(digest)
        if unnoticed is not None and prints.keys() <= set(unnoticed):
            return Verdict("survived", digest, None, tuple(prints))
        return None

    def fingerprint(self, test: CheckedTest, seen: Baseline, mutant: Mutant) -> str:
        """What a test's outcome depends on, besides the changed contract."""
        span = test.declaration.span
        others = sorted(name for name in seen.contracts if name != mutant.contract and name in self.original.contracts)
        codes = (name + self.original.contracts[name].code.hex() for name in others)
        job = self.job
        return _digest(job.version, f"{job.runs}:{job.seed}", job.text[span.start : span.end], self._outside, *codes)


def content_key(checked: CheckedFile, version: str, runs: int, seed: int) -> str:
    """Under what the baselines of a file are remembered."""
    return _digest(version, f"{runs}:{seed}", checked.file.source.text, *(_imported(other) for other in checked.imports))


def without_tests(checked: CheckedFile) -> str:
    """The text of a file with its tests cut out."""
    text = checked.file.source.text
    for test in reversed(checked.tests):
        text = text[: test.declaration.span.start] + text[test.declaration.span.end :]
    return text.rstrip()


def _blanked(text: str, checked: CheckedFile, mutant: Mutant) -> str:
    """A mutant's text without the tests, which need not be compiled again."""
    longer = len(mutant.text) - (mutant.span.end - mutant.span.start)
    for test in checked.tests:
        start, end = test.declaration.span
        shift = longer if start >= mutant.span.end else 0
        text = _blank(text, start + shift, end + shift)
    return text


def _blank(text: str, start: int, end: int) -> str:
    empty = "".join("\n" if character == "\n" else " " for character in text[start:end])
    return text[:start] + empty + text[end:]


def _outside(checked: CheckedFile) -> str:
    """What stands outside of contracts and tests."""
    text = checked.file.source.text
    items = (item for item in checked.file.items if not isinstance(item, ast.ContractDeclaration | ast.TestDeclaration))
    return "\n".join(text[item.span.start : item.span.end] for item in items)


def _imported(checked: CheckedFile) -> str:
    return _digest(checked.file.source.text, *(_imported(other) for other in checked.imports))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
