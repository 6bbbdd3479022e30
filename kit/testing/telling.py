"""What a test run says: to people, line by line, and as data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit.output import count, printable, styled, wants_colour
from kit.testing.options import EACH, FAILURES, LINES, Options
from kit.testing.results import Play, Result, Trouble
from lang.compiler import Compilation
from lang.source import Source, Span

if TYPE_CHECKING:
    from kit.record.story import Row

SHORT_LINES_MAX = 16
"""Of the story of one transaction, where nobody asked for more."""
LINES_STORY_MAX = 2_000
"""Of a story line by line: who asked for that scrolls."""


def went_well(results: Sequence[Result], broken: Sequence[Compilation], options: Options) -> bool:
    """Whether everything compiled and passed, and a choice by name chose something."""
    nothing_chosen = options.match is not None and not results
    return not broken and not nothing_chosen and all(result.trouble is None for result in results)


def _style(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if wants_colour(sys.stdout) else text


def tell(result: Result, options: Options) -> None:
    """Show a test: one that failed in full, one that passed if every test is to be shown."""
    if result.trouble is None:
        if options.verbose >= EACH:
            cases = f", {count(result.cases, 'case')}" if result.cases > 1 else ""
            if result.play is not None:
                cases = f", {result.play.histories:_} histories, {count(result.play.calls, 'call')}"
            aside = _style(f"({result.gas:_} gas{cases}, {result.seconds * 1000:.0f} ms)", "2")
            print(f"{_style('ok', '32')}    {result.path}:{result.line}  {_titled(result)}  {aside}")
            _print(_story(result.story, options))
        for line in [*(played(result.play, options) if result.play is not None else ()), *result.notes]:
            print(f"      {line}")
        return
    print(f"{_style('FAIL', '31')}  {result.path}:{result.line}  {_style(_titled(result), '1')}")
    _print([*explain(result.trouble, options), *result.notes])
    if result.seed is not None:
        print(f"      chosen with --seed {result.seed}; remembered, and tried first from now on")
    print()


def _titled(result: Result) -> str:
    return f"{result.name} {result.row}" if result.row else result.name


def played(play: Play, options: Options) -> list[str]:
    """How often each function was called and succeeded; if not asked for, only the functions that never did."""
    lines = []
    for tally in play.tallies:
        errors = ", ".join(f"{name} {number:_}" for name, number in tally.errors.most_common(4))
        if not tally.successes and tally.calls:
            lines.append(f"note: {tally.name} never succeeded in {count(tally.calls, 'call')}: {errors}")
        elif options.verbose >= EACH:
            said = f"{tally.name}: {tally.successes:_} of {count(tally.calls, 'call')} succeeded"
            lines.append(f"{said}; {errors}" if errors else said)
    return lines


def explain(trouble: Trouble, options: Options) -> list[str]:
    """A test's trouble, line by line."""
    lines = [_style(trouble.message, "31")]
    lines += [f"with {name} = {value}" for name, value in trouble.chosen]
    lines += _shown(trouble.source, trouble.span)
    width = max((len(text) for text, _ in trouble.facts), default=0)
    lines += [f"  {text.ljust(width)} = {value}" for text, value in trouble.facts]
    for name, source, span in reversed(trouble.inner):
        lines.append(f"in {name}")
        lines += _shown(source, span)
    lines += [f"  {reason}" for reason in trouble.reasons]
    if options.verbose >= FAILURES:
        lines += ["what happened", *(f"  {line}" for line in _story(trouble.story, options))]
    elif trouble.last:
        lines += [f"  {line}" for line in _laid_out(trouble.last, SHORT_LINES_MAX)]
    if trouble.test:
        lines.append("as a test (--keep writes it into the file)")
        lines += [f"  {line}" for line in trouble.test.splitlines()]
    return lines


def _laid_out(story: Sequence[Row], most: int | None, *, plain: bool = False) -> list[str]:
    from kit.record.story import lay_out  # which is not needed where nothing is told

    return lay_out(story, styled if not plain and wants_colour(sys.stdout) else None, most=most) if story else []


def _story(story: Sequence[Row], options: Options) -> list[str]:
    if not story:
        return []
    from kit.record.story import STORY_LINES_MAX

    return _laid_out(story, LINES_STORY_MAX if options.verbose >= LINES else STORY_LINES_MAX)


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(f"      {printable(line)}".rstrip())


def _shown(source: Source, span: Span) -> list[str]:
    """A place with its line of text, marked."""
    line, column = source.position(span.start)
    text = source.line(line)
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    number = str(line)
    return [
        f"--> {source.path}:{line}:{column}",
        f"{number} | {text}",
        f"{' ' * len(number)} | {' ' * (column - 1)}{'^' * width}",
    ]


def tell_end(results: Sequence[Result], broken: Sequence[Compilation], seconds: float, files: int, options: Options) -> None:
    """Show what did not compile, and the sums."""
    from lang.render import render

    for compilation in broken:
        for finding in compilation.findings:
            print(render(finding, colour=wants_colour(sys.stdout)))
            print()
    failed = sum(1 for result in results if result.trouble is not None)
    passed = len(results) - failed
    parts = [f"{passed} passed", f"{failed} failed"]
    if broken:
        parts.append(f"{count(len(broken), 'file')} did not compile")
    colour = "31" if failed or broken else "32"
    first = next((result for result in results if result.trouble is not None), None)
    if first is not None and options.verbose < FAILURES:
        print(_style(f"-vv tells all that happened; `tael debug {first.path}:{first.line}` walks through it", "2"))
    print(f"{_style(', '.join(parts), colour)} in {count(files, 'file')}, {seconds:.2f} s")


def plain(results: Sequence[Result], broken: Sequence[Compilation], seconds: float, options: Options) -> dict[str, Any]:
    """The whole run as data for JSON."""
    from lang.render import to_json

    return {
        "ok": went_well(results, broken, options),
        "passed": sum(1 for result in results if result.trouble is None),
        "failed": sum(1 for result in results if result.trouble is not None),
        "seconds": round(seconds, 3),
        "tests": [
            {
                "path": result.path,
                "line": result.line,
                "name": result.name,
                "ok": result.trouble is None,
                "cases": result.cases,
                "seed": result.seed,
                "gas": result.gas,
                "seconds": round(result.seconds, 4),
                **({"row": result.row} if result.row else {}),
                **({"scenario": _plain_play(result.play)} if result.play is not None else {}),
                **({"notes": result.notes} if result.notes else {}),
                "trouble": None if result.trouble is None else _plain_trouble(result.trouble),
            }
            for result in results
        ],
        "findings": [to_json(finding) for compilation in broken for finding in compilation.findings],
    }


def _plain_trouble(trouble: Trouble) -> dict[str, Any]:
    line, column = trouble.source.position(trouble.span.start)
    inner = [
        {"function": name, "path": source.path, "line": source.position(span.start)[0]} for name, source, span in trouble.inner
    ]
    return {
        "message": trouble.message,
        "path": trouble.source.path,
        "line": line,
        "column": column,
        "chosen": dict(trouble.chosen),
        "values": [{"text": text.strip(), "value": value} for text, value in trouble.facts],
        "frames": inner,
        "reasons": trouble.reasons,
        "story": _laid_out(trouble.story, None, plain=True),
        "calls": trouble.calls,
        **({"test": trouble.test} if trouble.test else {}),
    }


def _plain_play(play: Play) -> dict[str, Any]:
    functions = [
        {"function": t.name, "calls": t.calls, "successes": t.successes, "errors": dict(t.errors.most_common())}
        for t in play.tallies
    ]
    return {"histories": play.histories, "calls": play.calls, "functions": functions}
