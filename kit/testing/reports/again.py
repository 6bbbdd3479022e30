"""`--watch`: runs tests again whenever a contract changes, those that it concerns first."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kit.output import count, show_problem
from kit.problem import Exit, Problem
from lang.check import CheckedFile
from lang.compiler import compile_file

POLL_SECONDS = 0.3  # how long a change may go unseen; looking at some hundred files takes a few milliseconds

Stamp = tuple[int, int]
"""When a file was changed, in nanoseconds, and its size; (0, 0) where there is none."""


def run_again(
    find: Callable[[], Sequence[Path]], run: Callable[[Sequence[Path]], int], wait: Callable[[float], None] = time.sleep
) -> int:
    """Run all tests, then wait for changes and run again, until Ctrl-C. `find` gives the files with tests, `run` runs them in the
    order it is given.
    """
    watched = _Watched(find)
    try:
        ordered: Sequence[Path] | None = watched.first()
        while True:
            if ordered is not None:
                _clear()
                gc.unfreeze()  # a run keeps its trees out of the collector's sight, which would add up
                try:
                    run(ordered)
                except Problem as problem:  # a later change may mend it
                    show_problem(problem, as_json=False)
                print(f"watching {count(len(watched.stamps), 'file')}; Ctrl-C ends it", flush=True)
            wait(POLL_SECONDS)
            ordered = watched.changed()
    except KeyboardInterrupt:
        print(flush=True)
        return Exit.OK


class _Watched:
    """The files with tests, what each is made of, and when those were changed."""

    def __init__(self, find: Callable[[], Sequence[Path]]) -> None:
        self._find = find
        self._files: list[Path] = []
        self._made_of: dict[Path, frozenset[Path]] = {}
        self.stamps: dict[Path, Stamp] = {}

    def first(self) -> list[Path]:
        """All files with tests."""
        self._files = list(self._find())
        self._look(self._files)
        return self._files

    def changed(self) -> list[Path] | None:
        """All files with tests if anything has changed, those first that it concerns; else None."""
        try:
            files = list(self._find())
        except Problem:  # the last contract was just moved away
            return None
        now = {path: _stamp(path) for path in {*self.stamps, *files}}
        different = {path for path, stamp in now.items() if self.stamps.get(path) != stamp}
        if not different:
            return None
        concerned = [path for path in files if different & {path, *self._made_of.get(path, ())}]
        self._files = files
        self._look(concerned)
        return [*concerned, *(path for path in files if path not in concerned)]

    def _look(self, files: Sequence[Path]) -> None:
        """Find out what files are made of, and remember how everything is now."""
        for path in files:
            try:
                compilation = compile_file(path)
            except OSError:
                continue
            found = frozenset(_imports(compilation.checked)) if compilation.checked is not None else frozenset()
            if found or compilation.ok:  # what does not compile is made of what it was made of
                self._made_of[path] = found
        every = {*self._files, *(part for path in self._files for part in self._made_of.get(path, ()))}
        self.stamps = {path: _stamp(path) for path in every}


def _imports(checked: CheckedFile) -> list[Path]:
    found = []
    for other in checked.imports:
        found += [Path(other.file.source.path), *_imports(other)]
    return found


def _stamp(path: Path) -> Stamp:
    try:
        told = path.stat()
    except OSError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


def _clear() -> None:
    """Clear a terminal; elsewhere runs stand below one another."""
    if sys.stdout.isatty():
        print("\x1b[2J\x1b[3J\x1b[H", end="", flush=True)
