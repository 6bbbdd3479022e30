"""A session with the debugger: one command after the other, each with lines for an answer. Where they come from and where the
answers go is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kit.debugger.evaluate import Unclear
from kit.debugger.stage import Stage
from kit.debugger.view import View, frames
from kit.debugger.walk import BACKWARDS, FORWARDS, Walk
from kit.record.entries import Change, Line, Where
from kit.record.story import STORY_LINES_MAX, lay_out, rows

TIMES_MAX = 1_000_000
"""How often one command may be asked to go on: more than a record has lines."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where to stop: a line of a file, or a function by its name."""

    number: int
    text: str
    path: str | None
    line: int
    function: str | None

    def holds(self, at: Line) -> bool:
        """Whether a line is one where to stop."""
        if self.function is not None:
            return at.scene.lines[0] is at and self.function in (name_of(at), name_of(at).rpartition(".")[2])
        return at.line == self.line and at.source is not None and at.source.path == self.path


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched: an expression, and the things in the world on which it hangs."""

    number: int
    text: str
    wheres: frozenset[Where]
    line: Line

    def wants(self, change: Change) -> bool:
        """Whether a change is one of what is watched."""
        return change.where in self.wheres and change.before != change.after


def name_of(line: Line) -> str:
    """`Contract.function` of a line, or of a test its name."""
    return line.scene.name or (line.scene.code.name if line.scene.code is not None else "")


class Session:
    """Takes commands. What a command answers is an iterator of lines; `is_over` says that it was the last."""

    def __init__(self, stage: Stage, view: View) -> None:
        self.stage = stage
        self.view = view
        self.walk = Walk(stage.record, failed=stage.failed)
        self.is_over = False
        self.breaks: list[Break] = []
        self.watches: list[Watch] = []
        self._numbers = 0
        self._last = ""
        self.frame = 0  # which of the calls around is looked into

    @property
    def looked_into(self) -> Line:
        """The line of the call that is looked into: the present one, or one that led here."""
        around = frames(self.walk.line)
        return around[min(self.frame, len(around) - 1)]

    def begin(self) -> Iterator[str]:
        """What is said before the first command."""
        record = self.stage.record
        yield self.stage.title
        yield from self.stage.outcome
        kept = f"{len(record.lines):_} lines are recorded"
        if record.skipped:
            kept += f", the last ones: {record.skipped:_} before them are not kept"
        yield f"{kept}. `help` tells what you can do."
        yield from self.view.place(self.walk)

    def run(self, text: str) -> Iterator[str]:
        """Carry out one command; nothing typed means the last one once more."""
        text = text.strip() or self._last
        if not text:
            return
        self._last = text
        word, _, rest = text.partition(" ")
        name = ALIASES.get(word, word)
        handler: Callable[[str], Iterator[str]] | None = getattr(self, f"_on_{name}", None) if name in COMMANDS else None
        if handler is None:
            yield f"there is no command {word!r}; `help` lists them"
            return
        before = self.walk.at
        try:
            yield from handler(rest.strip())
        except Unclear as unclear:
            yield str(unclear)
        if self.walk.at != before:
            self.frame = 0

    # Going on.

    def _on_step(self, rest: str) -> Iterator[str]:
        yield from self._go(lambda: self.walk.step(FORWARDS), FORWARDS, rest)

    def _on_next(self, rest: str) -> Iterator[str]:
        yield from self._go(lambda: self.walk.over(FORWARDS), FORWARDS, rest)

    def _on_out(self, rest: str) -> Iterator[str]:
        yield from self._go(lambda: self.walk.out(FORWARDS), FORWARDS, rest)

    def _on_continue(self, _: str) -> Iterator[str]:
        yield from self._continue(FORWARDS)

    def _on_back(self, rest: str) -> Iterator[str]:
        word, _, times = rest.partition(" ")
        if word.isdecimal() or not word:
            word, times = "step", word
        match ALIASES.get(word, word):
            case "step":
                yield from self._go(lambda: self.walk.step(BACKWARDS), BACKWARDS, times)
            case "next":
                yield from self._go(lambda: self.walk.over(BACKWARDS), BACKWARDS, times)
            case "out":
                yield from self._go(lambda: self.walk.out(BACKWARDS), BACKWARDS, times)
            case "continue":
                yield from self._continue(BACKWARDS)
            case "change":
                yield from self._change(BACKWARDS, times)
            case "failure":
                yield from self._failure(BACKWARDS)
            case _:
                yield f"`back {word}` is no way back; there are step, next, out, continue, change and failure"

    def _on_failure(self, _: str) -> Iterator[str]:
        yield from self._failure(FORWARDS)

    def _on_change(self, rest: str) -> Iterator[str]:
        yield from self._change(FORWARDS, rest)

    def _on_start(self, _: str) -> Iterator[str]:
        self.walk.end(BACKWARDS)
        yield from self.view.place(self.walk)

    def _on_end(self, _: str) -> Iterator[str]:
        self.walk.end(FORWARDS)
        yield from self.view.place(self.walk)

    def _go(self, way: Callable[[], bool], direction: int, times: str) -> Iterator[str]:
        count = self._times(times)
        began = self.walk.at
        for _ in range(count):
            if not way():
                break
        if self.walk.at == began:
            yield self._nowhere(direction)
            return
        if direction > 0:
            yield from self.view.done(began, self.walk)
        yield from self.view.place(self.walk)

    def _times(self, text: str) -> int:
        if not text:
            return 1
        if not text.isdecimal() or not 1 <= int(text) <= TIMES_MAX:
            raise Unclear(f"{text!r} is no number of times")
        return int(text)

    def _nowhere(self, direction: int) -> str:
        if direction > 0:
            return "this is the last line: " + (self.stage.outcome[0] if self.stage.outcome else "all went well")
        record = self.stage.record
        return "this is the first line" + (f" that is kept; {record.skipped:_} ran before it" if record.skipped else "")

    def _continue(self, way: int) -> Iterator[str]:
        began = self.walk.at
        stops: list[tuple[int, str]] = []
        for stop in self.breaks:
            self.walk.at = began
            if self.walk.find(stop.holds, way):
                stops.append((self.walk.at, f"breakpoint {stop.number}: {stop.text}"))
        for watch in self.watches:
            self.walk.at = began
            change = self.walk.change(watch.wants, way)
            if change is not None:
                stops.append((self.walk.at, f"watch {watch.number}: this line changes {self.view.change(change)}"))
        self.walk.at = began
        if self.walk.failure(way):
            stops.append((self.walk.at, self.view.failure(self.walk.line)))
        self.walk.at = began
        if not stops:
            moved = self.walk.end(way)
            yield self._nowhere(way)
            if moved:
                yield from self.view.place(self.walk)
            return
        at, why = min(stops, key=lambda stop: stop[0] * way)
        self.walk.at = at
        yield why
        yield from self.view.place(self.walk)

    def _failure(self, way: int) -> Iterator[str]:
        if not self.walk.failure(way):
            where = "behind" if way > 0 else "before"
            yield (
                self.view.failure(self.walk.line) if self.walk.is_failing(self.walk.line) else f"nothing fails {where} this line"
            )
            return
        yield self.view.failure(self.walk.line)
        yield from self.view.place(self.walk)

    def _change(self, way: int, rest: str) -> Iterator[str]:
        if rest:
            watches = [Watch(0, rest, self._wheres(rest), self.walk.line)]
        elif self.watches:
            watches = self.watches
        else:
            raise Unclear("nothing is watched: say of what, as in `change self.total`, or `watch` it first")
        change = self.walk.change(lambda change: any(watch.wants(change) for watch in watches), way)
        if change is None:
            yield f"{' and '.join(watch.text for watch in watches)} does not change {'any more' if way > 0 else 'before'}"
            return
        yield f"this line changes {self.view.change(change)}"
        yield from self.view.place(self.walk)

    # Where to stop.

    def _on_break(self, rest: str) -> Iterator[str]:
        if not rest:
            yield from (f"{stop.number}: {stop.text}" for stop in self.breaks)
            if not self.breaks:
                yield "there are no breakpoints; `break LINE`, `break FILE:LINE` or `break FUNCTION` sets one"
            return
        stop = self._break(rest)
        runs = sum(stop.holds(line) for line in self.walk.lines)
        self.breaks.append(stop)
        yield f"breakpoint {stop.number}: {stop.text}" + (f", which runs {_times(runs)}" if runs else ", which never runs")

    def _break(self, text: str) -> Break:
        path, _, number = text.rpartition(":")
        if not number.isdecimal():
            known = {name_of(line) for line in self.walk.lines}
            names = known | {name.rpartition(".")[2] for name in known}
            if text not in names:
                raise Unclear(f"no function {text!r} runs; there are {', '.join(sorted(name for name in known if name))}")
            return Break(self._number(), text, None, 0, text)
        sources = {line.source.path for line in self.walk.lines if line.source is not None}
        here = self.walk.line.source
        found = [source for source in sorted(sources) if source == path or source.endswith("/" + path)] if path else []
        if path and not found:
            raise Unclear(f"no file {path!r} runs; there are {', '.join(sorted(sources))}")
        chosen = found[0] if found else None if here is None else here.path
        return Break(self._number(), f"{chosen}:{int(number)}", chosen, int(number), None)

    def _on_watch(self, rest: str) -> Iterator[str]:
        if not rest:
            yield from (f"{watch.number}: {watch.text}" for watch in self.watches)
            if not self.watches:
                yield "nothing is watched; `watch self.total`, `watch balance(a)` or another expression watches it"
            return
        watch = Watch(self._number(), rest, self._wheres(rest), self.walk.line)
        self.watches.append(watch)
        yield f"watch {watch.number}: {rest}, now {self.stage.value(rest, self.looked_into, self.walk.line)}"

    def _wheres(self, text: str) -> frozenset[Where]:
        wheres = self.stage.wheres(text, self.looked_into, self.walk.line)
        if not wheres:
            raise Unclear(f"{text} hangs on nothing that changes; state, balances and what is computed of them can be watched")
        return wheres

    def _on_delete(self, rest: str) -> Iterator[str]:
        before = len(self.breaks) + len(self.watches)
        self.breaks = [stop for stop in self.breaks if rest and str(stop.number) != rest]
        self.watches = [watch for watch in self.watches if rest and str(watch.number) != rest]
        gone = before - len(self.breaks) - len(self.watches)
        yield f"{gone} deleted" if gone else f"there is no breakpoint or watch {rest}"

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    # Looking.

    def _on_print(self, rest: str) -> Iterator[str]:
        if not rest:
            raise Unclear("say what, as in `print self.total + 1.00 CNY`")
        yield f"{rest} = {self.stage.value(rest, self.looked_into, self.walk.line)}"

    def _on_where(self, _: str) -> Iterator[str]:
        yield from self.view.stack(self.walk.line, self.frame)

    def _on_up(self, rest: str) -> Iterator[str]:
        yield from self._look_into(self.frame + self._times(rest))

    def _on_down(self, rest: str) -> Iterator[str]:
        yield from self._look_into(self.frame - self._times(rest))

    def _look_into(self, frame: int) -> Iterator[str]:
        self.frame = max(0, min(frame, len(frames(self.walk.line)) - 1))
        yield from self.view.stack(self.walk.line, self.frame)

    def _on_list(self, rest: str) -> Iterator[str]:
        around = int(rest) if rest.isdecimal() else 10
        yield from self.view.place(self.walk, around=min(around, 500))

    def _on_locals(self, _: str) -> Iterator[str]:
        yield from self.view.locals(self.looked_into)

    def _on_state(self, rest: str) -> Iterator[str]:
        yield from self.view.state(self.walk.line, rest)

    def _on_balances(self, _: str) -> Iterator[str]:
        yield from self.view.balances(self.walk.line)

    def _on_events(self, _: str) -> Iterator[str]:
        yield from self.view.events(self.walk.line)

    def _on_gas(self, _: str) -> Iterator[str]:
        yield from self.view.gas(self.walk)

    def _on_story(self, rest: str) -> Iterator[str]:
        told = rows(self.stage.record, self.stage.words, lines=rest == "lines")
        yield from lay_out(told, self.view.style, most=None if rest == "all" else STORY_LINES_MAX)

    def _on_help(self, rest: str) -> Iterator[str]:
        if rest:
            name = ALIASES.get(rest, rest)
            yield f"{name}: {COMMANDS[name]}" if name in COMMANDS else f"there is no command {rest!r}"
            return
        short = {name: alias for alias, name in ALIASES.items() if len(alias) <= 2}
        for name, says in COMMANDS.items():
            yield f"  {name.ljust(9)} {short.get(name, '').ljust(2)}  {says}"
        yield "nothing typed repeats the last command"

    def _on_quit(self, _: str) -> Iterator[str]:
        self.is_over = True
        return iter(())


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:_} times"


COMMANDS = {
    "step": "to the next line that runs, into calls; `step 5` five times",
    "next": "to the next line of this function, over calls",
    "out": "to where this function is over",
    "continue": "to the next breakpoint, change of what is watched, or failure",
    "back": "one line back; `back next`, `back out`, `back continue`, `back change`, `back failure`",
    "failure": "to the line in which something fails next",
    "change": "to the line that next changes what is watched, or `change self.total`",
    "start": "to the first line",
    "end": "to the last line",
    "break": "stop at `break 12`, `break jar.tael:12`, `break save`; alone, lists breakpoints",
    "watch": "stop where `watch self.total`, `watch balance(a)` changes; alone, lists what is watched",
    "delete": "forget a breakpoint or watch by its number, or all",
    "print": "the value of an expression here: `print self.total + 1.00 CNY`",
    "where": "the calls that led here, with their arguments",
    "up": "look into the call around: `print` and `locals` are about that then",
    "down": "look into the call further in again",
    "list": "more of the text around; `list 30`",
    "locals": "what is named here, with values",
    "state": "the state of this contract, or `state jar`",
    "balances": "what wallets hold",
    "events": "the events so far",
    "gas": "gas so far, and what each line of this function took",
    "story": "what happened, as a tree of calls; `story lines` with every line, `story all` uncut",
    "help": "this list, or `help break`",
    "quit": "end",
}
"""Every command, with what it does."""

ALIASES = {
    "s": "step",
    "n": "next",
    "o": "out",
    "finish": "out",
    "c": "continue",
    "b": "back",
    "f": "failure",
    "p": "print",
    "w": "where",
    "bt": "where",
    "l": "list",
    "h": "help",
    "?": "help",
    "q": "quit",
    "exit": "quit",
}
