"""What a debugger shows, in lines: the text around, the calls, what is named, state, balances, events, gas."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kit.debugger.evaluate import Unclear
from kit.debugger.stage import Stage
from kit.debugger.walk import Walk
from kit.record.differences import show
from kit.record.entries import Change, Kind, Line, Part, Scene, Told, Where, Wrote
from kit.record.places import CodeMap
from kit.values import show_money, show_time
from lang.types import lower
from vm import types as vm
from vm.state import PHASE_FIELD

AROUND = 2
"""Lines of text that are shown before and behind the present one, unasked."""


class View:
    """Makes the lines. `style` gives a text a style such as "bold" where it is shown to a terminal."""

    def __init__(self, stage: Stage, style: Callable[..., str] | None = None) -> None:
        self.stage = stage
        self.words = stage.words
        self.style = style

    def styled(self, text: str, name: str) -> str:
        """The text in a style, if there are any."""
        return text if self.style is None else self.style(text, name)

    # Where one is.

    def place(self, walk: Walk, around: int = AROUND) -> Iterator[str]:
        """The place with the text around it."""
        line = walk.line
        where = "its text is not here" if line.source is None else f"{line.source.path}:{line.line}"
        aside = f"line {walk.at + 1:_} of {len(walk.lines):_}"
        if line.scene.kind is Kind.FUNCTION:
            aside += f", gas {line.gas_before:_}"
        yield f"{self.styled(where, 'cyan')}  {self.title(line.scene)}  {self.styled(aside, 'dim')}"
        if line.source is None:
            return
        last = line.source.text.count("\n") + 1
        for number in range(max(1, line.line - around), min(last, line.line + around) + 1):
            text = f"{number:>5} │ {line.source.line(number)}".rstrip()
            yield self.styled(f"→{text}", "bold") if number == line.line else f" {text}"

    def title(self, scene: Scene) -> str:
        """The call that a scene is; of a contract's, by whom."""
        title = self.words.title(scene)
        if scene.parent is not None and scene.parent.kind is Kind.TRANSACTION and scene.sender:
            title += f" as {self.stage.guide.name(scene.sender)}"
        return title

    def done(self, began: int, walk: Walk) -> Iterator[str]:
        """What happened on the way forwards to where one is."""
        before, after = walk.lines[began], walk.line
        if walk.at == began + 1 or before.scene in after.scene.within():
            for number in range(began, walk.at):
                for change in walk.made(number):
                    yield self.styled(f"  {self.change(change)}", "dim")
        for scene in before.scene.within():
            if scene in after.scene.within():
                break
            if scene.kind is Kind.FUNCTION and scene.is_over:
                yield self.over(scene)

    def over(self, scene: Scene) -> str:
        """How a function ended."""
        if scene.failure is not None:
            return self.styled(f"  {self.words.title(scene)} fails: {self.words.failure(scene.failure)}", "red")
        given = self.words.result(scene)
        return f"  {self.words.title(scene)} gives {given}" if given is not None else f"  {self.words.title(scene)} is over"

    def failure(self, line: Line) -> str:
        """What fails in a line."""
        failure = line.scene.failure
        if failure is None:
            return self.styled(self.stage.outcome[0] if self.stage.outcome else "this fails", "red")
        return self.styled(f"this line fails: {self.words.failure(failure)}", "red")

    def change(self, change: Change) -> str:
        """`self.total: 1 → 2`."""
        told = self._change(change)
        return f"{told} (taken back)" if change.undoes else told

    def _change(self, change: Change) -> str:
        match change.where.part:
            case Part.SLOT:
                contract, field, key = change.where.place
                told = "; ".join(self.words.wrote(Wrote(contract, field, key, change.before, change.after)))
                return f"{self.stage.guide.name(contract)}: {told}"
            case Part.BALANCE:
                wallet, currency = change.where.place
                old, new = (self.words.money(value or 0, currency) for value in (change.before, change.after))
                return f"{self.stage.guide.name(wallet)}: {old} → {new}"
            case Part.EVENT:
                value = change.before if change.undoes else change.after
                return self.words.entry(Told(*value))[0] if value is not None else "an event is gone"
        return f"time: {show_time(change.after)}" if change.after is not None else "time goes back"

    def stack(self, line: Line, chosen: int) -> Iterator[str]:
        """The calls around a line, the innermost first; the one that is looked into is marked."""
        for number, at in enumerate(frames(line)):
            where = "" if at.source is None else f"  {at.source.path}:{at.line}"
            yield f"{'→' if number == chosen else ' '} {number}  {self.title(at.scene)}{self.styled(where, 'dim')}"

    # What there is.

    def locals(self, line: Line) -> Iterator[str]:
        """What is named at a line."""
        setting = self.words.setting(line.scene.contract or None)
        told = False
        if line.scene.code is not None and line.scene.symbol is None:
            yield from self._slots(line, line.scene.code)
            return
        for local, value in self.stage.frame(line).in_sight():
            if value is None and isinstance(line.locals, tuple) and not vm.is_linear(lower(local.type)):
                continue  # declared further on
            told = True
            yield f"  {local.name} = {'used up' if value is None else show(value, lower(local.type), setting)}"
        if not told:
            yield "nothing is named here"

    def _slots(self, line: Line, code: CodeMap) -> Iterator[str]:
        """The locals of code whose text is not at hand, by their names where they have any, else by number."""
        setting = self.words.setting(line.scene.contract)
        for number, value in enumerate(line.locals):
            if value is not None and isinstance(line.locals, tuple):
                name = code.names[number] if number < len(code.names) else str(number)
                yield f"  {name} = {show(value, code.kinds[number], setting)}"

    def state(self, line: Line, name: str) -> Iterator[str]:
        """The state of a contract by its name, else of the one at work."""
        contract = self._contract(line, name)
        known = self.stage.guide.known(contract)
        assert known is not None
        setting = self.words.setting(contract)
        past = self.stage.past.at(line)
        slots: dict[int, list[tuple[object, object]]] = {}
        for number, key, value in past.slots(contract):
            slots.setdefault(number, []).append((key, value))
        yield f"{self.stage.guide.name(contract)}, a {known.module.name}"
        if known.module.phases:
            phase = past.value(Where(Part.SLOT, (contract, PHASE_FIELD, None)))
            yield f"  phase = {self.words.phase(contract, phase)}"
        for number, (field, kind) in enumerate(known.module.fields):
            found = slots.get(number, [])
            if isinstance(kind, vm.Map):
                shown = ", ".join(f"{show(key, kind.key, setting)}: {show(value, kind.value, setting)}" for key, value in found)
                yield f"  {field} = {{{shown}}}{self.stage.rest}"
            elif isinstance(kind, vm.Set):
                yield f"  {field} = {{{', '.join(show(key, kind.key, setting) for key, _ in found)}}}{self.stage.rest}"
            else:
                value = past.value(Where(Part.SLOT, (contract, number, None)))
                is_there = value is not None or isinstance(kind, vm.Vault)
                yield f"  {field} = {show(value, kind, setting) if is_there else 'not set'}"

    def _contract(self, line: Line, name: str) -> bytes:
        known = self._contracts(line)
        if name:
            if name not in known:
                raise Unclear(f"there is no contract {name!r} here; there are {', '.join(sorted(known)) or 'none'}")
            return known[name]
        if line.scene.contract:
            return line.scene.contract
        if len(known) == 1:
            return next(iter(known.values()))
        raise Unclear(f"say of which: {', '.join(sorted(known))}" if known else "there is no contract yet")

    def _contracts(self, line: Line) -> dict[str, bytes]:
        """The contracts that the record has met, by name."""
        found: dict[str, bytes] = {}
        wheres = [change.where for change in self.stage.record.changes[: line.changes]]
        for where in wheres if self.stage.is_whole else [*wheres, *self.stage.record.base]:
            if where.part is Part.SLOT:
                found.setdefault(self.stage.guide.name(where.place[0]), where.place[0])
        return found

    def balances(self, line: Line) -> Iterator[str]:
        """What wallets hold that the record has met."""
        rows = [
            (self.stage.guide.name(wallet), show_money(amount, currency, self.stage.guide.setting(currency)))
            for wallet, currency, amount in self.stage.past.at(line).balances()
        ]
        width = max((len(name) for name, _ in rows), default=0)
        yield from (f"  {name.ljust(width)}  {amount}" for name, amount in rows)
        if not rows:
            yield "no wallet has been met yet"

    def events(self, line: Line) -> Iterator[str]:
        """The events that stand at a line."""
        events = self.stage.past.at(line).events()
        for contract, event, values in events:
            yield f"  {self.stage.guide.name(contract)} {self.words.entry(Told(contract, event, values))[0]}"
        if not events:
            yield "no event so far"

    def gas(self, walk: Walk) -> Iterator[str]:
        """Gas so far, and what each line of the function at work took in this run of it."""
        line = walk.line
        if line.scene.kind is not Kind.FUNCTION:
            yield "a test uses no gas; step into a call"
            return
        outer = next((scene for scene in line.scene.within() if scene.kind in (Kind.TRANSACTION, Kind.READ)), None)
        yield f"{line.gas_before:_} before this line, in this transaction" + (f" of {outer.gas:_}" if outer is not None else "")
        took: dict[int, int] = {}
        times: dict[int, int] = {}
        for one in line.scene.lines:
            took[one.line] = took.get(one.line, 0) + one.gas
            times[one.line] = times.get(one.line, 0) + 1
        for number, gas in sorted(took.items()):
            text = "" if line.source is None else line.source.line(number)
            often = f" in {times[number]:_} times" if times[number] > 1 else ""
            yield f"{'→' if number == line.line else ' '}{number:>5} │ {gas:>9_} │ {text}{self.styled(often, 'dim')}"
        inside = [entry for entry in line.scene.entries if isinstance(entry, Scene) and entry.kind is Kind.FUNCTION]
        for scene in inside:
            yield f"       │ {scene.gas:>9_} │ in {self.words.title(scene)}"


def frames(line: Line) -> list[Line]:
    """A line, and those that called its function and so on, the innermost first."""
    found = [line]
    inner = line.scene
    for scene in line.scene.within():
        calling = None if scene is inner or scene.kind in (Kind.TRANSACTION, Kind.READ) else _calling(scene, inner)
        if calling is not None:
            found.append(calling)
            inner = scene
    return found


def _calling(scene: Scene, inner: Scene) -> Line | None:
    """The line of a scene that called another."""
    found: Line | None = None
    for entry in scene.entries:
        if isinstance(entry, Line):
            found = entry
        elif isinstance(entry, Scene) and (entry is inner or inner in _all_within(entry)):
            return found
    return found


def _all_within(scene: Scene) -> Iterator[Scene]:
    stack = [scene]
    while stack:
        one = stack.pop()
        yield one
        stack += [entry for entry in one.entries if isinstance(entry, Scene)]
