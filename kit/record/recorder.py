"""Writes a run down as it happens: a `vm.trace.FrameTracer`, and what acts in a world tells it the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chain.primitives.transaction import Action
from kit.record.entries import Change, Entry, Kind, Line, Paid, Part, Passed, Record, Scene, Told, Where, Wrote
from kit.record.guide import Guide, stored
from kit.record.places import CodeMap, code_map
from lang.source import Source, Span
from lang.symbols import Local
from vm import instructions as i
from vm import types as vm
from vm.failure import Failure
from vm.instructions import TABLE
from vm.interpreter import Frame
from vm.module import Kind as Function

LINES_MAX: Final = 200_000
"""Of one record, with its changes: some hundred megabytes. Of a longer run the end is kept, where the trouble is."""
ENTRIES_MAX: Final = 400_000
"""Of the tree of one record, lines included: it holds what stories are told from."""
_TELLING: Final = frozenset(
    code for code, row in TABLE.items() if row.price not in ("base", "free") or code in (i.AUTHORIZE, i.PEEK_FIELD)
)
"""Instructions that may fail because of what they are given: the stack that they find is kept."""
_PROMISES: Final = (Function.INVARIANT, Function.OLD, Function.ENSURES)


class Recorder:
    """Keeps a record of at most `LINES_MAX` lines, behind the first `skip` ones."""

    def __init__(self, guide: Guide, root: Scene, *, skip: int = 0, lines_max: int = LINES_MAX) -> None:
        self.record: Final = Record(root, skipped=skip)
        self._guide = guide
        self._skip = skip
        self._lines_max = lines_max
        self._scene = root
        self._passed = 0  # lines so far, kept or not
        self._entries = 0
        self._state: dict[Where, Any] = {}
        self._codes: dict[tuple[bytes, int], CodeMap] = {}
        self._left = 0  # gas, at the last instruction
        self._paid = 0  # gas that has been put down to lines, of the transaction
        self._at: Line | None = None  # whose instruction runs
        self._index = 0  # of that instruction
        self._indices: list[int] = []  # where the scenes around stand in their code

    # What acts in the world tells.

    def statement(self, source: Source, span: Span, names: Mapping[Local, Any]) -> None:
        """A statement of a test, or of a pure function in it, is carried out."""
        self._line(source, span, dict(names))

    def begin(
        self, kind: Kind, *, action: Action | None = None, sender: bytes = b"", gas_limit: int = 0, name: str = ""
    ) -> Scene:
        """A transaction, a question or a function of a test's own begins."""
        scene = self._open(Scene(kind, self._scene, action=action, sender=sender, gas_limit=gas_limit, name=name))
        if kind in (Kind.TRANSACTION, Kind.READ):
            self._left, self._paid, self._at = gas_limit, 0, None
        return scene

    def end(self, scene: Scene, *, result: Any = None, failure: Failure | None = None, gas: int | None = None) -> None:
        """It ends, with all that was not ended within; a failed one is undone."""
        if gas is not None:
            scene.gas = gas
            if failure is not None and self._at is not None:  # what was paid in advance and did not run
                self._at.gas += max(0, gas - self._paid)
        scene.result, scene.failure, scene.is_over = result, failure, True
        if failure is not None:
            self.undo(scene.first_change)
        assert scene.parent is not None
        self._scene = scene.parent
        self._at = None

    def mark(self) -> int:
        """The present state, to come back to."""
        return len(self.record.changes)

    def undo(self, mark: int) -> None:
        """Take back what was changed since a mark."""
        for change in reversed(self.record.changes[mark:]):
            self._change(change.where, change.before, undoes=True)

    def meet(self, where: Where, value: Any) -> None:
        """Know what a thing is, before anything happens to it."""
        if where not in self._state:
            self._state[where] = self.record.base[where] = value

    def settle(self, where: Where, value: Any) -> None:
        """Note what a thing is now, if that is not what it was."""
        if self._value(where) != value:
            self._change(where, value)

    def passed(self, duration_ms: int, time_ms: int) -> None:
        """Time went by."""
        self._keep(Passed(duration_ms, time_ms))
        self._change(Where(Part.TIME), time_ms)

    def moved(self, source: bytes, to: bytes, currency: str, amount: int, how: str) -> None:
        """Money went from one to another."""
        self._keep(Paid(source, to, currency, amount, how))

    # What the machine tells.

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""
        known = self._guide.known(contract)
        kind = Kind.FUNCTION
        if self._scene.kind is Kind.PROMISE or (known is not None and known.module.functions[function].kind in _PROMISES):
            kind = Kind.PROMISE
        is_first = self._scene.kind is Kind.TRANSACTION
        symbol = None if known is None else known.function_symbol(function)
        scene = Scene(kind, self._scene, [], contract, function, sender, arguments, symbol=symbol)
        self._indices.append(self._index)
        self._open(scene)
        if is_first:
            for coin in arguments:
                if isinstance(coin, vm.CoinValue):
                    self._hand(sender, contract, coin, "hands over", wallet=sender, sign=-1)

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends."""
        scene = self._scene
        assert scene.parent is not None
        scene.result, scene.failure, scene.is_over = result, failure, True
        if failure is not None:
            self.undo(scene.first_change)
        elif scene.parent.kind is Kind.TRANSACTION:
            for coin in _coins(result):
                self._hand(contract, scene.sender, coin, "gives back", wallet=scene.sender, sign=1)
        scene.gas += sum(line.gas for line in scene.lines)
        self._scene = scene.parent
        if scene.kind is not Kind.PROMISE:
            scene.parent.gas += scene.gas if scene.parent.kind is Kind.FUNCTION else 0
        self._index = self._indices.pop()

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """See `stand`."""
        self.record.steps += 1

    def stand(self, frame: Frame, index: int) -> None:
        """An instruction is about to run: maybe the first of a line."""
        scene = self._scene
        code = scene.code
        if code is None:
            code = scene.code = self._code(frame)
        is_promise = scene.kind is Kind.PROMISE
        left = self._left if is_promise else frame.machine.gas_left
        if not is_promise:
            worked = self._left - left - code.segments[index]
            self._left = left
            if self._at is not None:
                self._at.gas += worked
            self._paid += worked if self._at is not None else 0
        before = scene.lines[-1] if scene.lines else None
        if before is None or code.lines[index] != before.line or index <= self._index:
            before = self._line(code.source, code.spans[index], tuple(frame.locals))
        self._index = index
        scene.index = index
        if code.ops[index].code in _TELLING:
            scene.stack = tuple(frame.stack)
        if not is_promise:
            before.gas += code.prices[index]
            self._paid += code.prices[index]
            self._at = before

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """What is read is met, and known from then on."""
        self._value(Where(Part.SLOT, (contract, field, key)))

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """A slot changes."""
        where = Where(Part.SLOT, (contract, field, key))
        before = self._value(where)
        self._keep(Wrote(contract, field, key, before, value))
        self._change(where, value)

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """A contract pays a wallet."""
        self._hand(contract, to, vm.CoinValue(currency, amount), "pays", wallet=to, sign=1)

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """A contract emits an event."""
        self._keep(Told(contract, event, values))
        self._change(Where(Part.EVENT, (len(self.record.changes),)), (contract, event, values))

    # Within.

    def _open(self, scene: Scene) -> Scene:
        self._keep(scene)
        scene.first_change = len(self.record.changes)
        self._scene = scene
        return scene

    def _keep(self, entry: Entry) -> None:
        self._entries += 1
        if self._entries > ENTRIES_MAX or self._is_skipping:
            self.record.entries_lost += 1
        else:
            self._scene.entries.append(entry)

    @property
    def _is_skipping(self) -> bool:
        return self._passed < self._skip

    def _line(self, source: Source | None, span: Span, values: tuple[Any, ...] | dict[Local, Any]) -> Line:
        scene, record = self._scene, self.record
        before = scene.lines[-1] if scene.lines else None
        if before is not None and before.locals == values:
            values = before.locals
        number = len(record.lines)
        place = 0 if source is None else source.position(span.start)[0]
        line = Line(number, scene, source, span, place, values, len(record.changes), self._paid)
        scene.lines.append(line)
        if self._is_skipping:
            self._passed += 1
            return line
        self._passed += 1
        if number >= self._lines_max:
            record.lost += 1
            line.number = -1
            return line
        record.lines.append(line)
        self._keep(line)
        return line

    def _change(self, where: Where, value: Any, *, undoes: bool = False) -> None:
        before = self._value(where)
        self._state[where] = value
        self.record.changes.append(Change(where, before, value, undoes))

    def _hand(self, source: bytes, to: bytes, coin: vm.CoinValue, how: str, *, wallet: bytes, sign: int) -> None:
        if coin.amount:
            where = Where(Part.BALANCE, (wallet, coin.currency))
            self._keep(Paid(source, to, coin.currency, coin.amount, how))
            self._change(where, self._value(where) + sign * coin.amount)

    def _value(self, where: Where) -> Any:
        """What a thing is; when it is first met, what the world before the transaction says."""
        if where not in self._state:
            self._state[where] = self.record.base[where] = stored(self._guide, where)
        return self._state[where]

    def _code(self, frame: Frame) -> CodeMap:
        contract, function = frame.call.contract, frame.function
        key = contract.address, function
        if key not in self._codes:
            known = self._guide.known(contract.address)
            debug = None if known is None or known.debug is None else known.debug[function]
            self._codes[key] = code_map(contract.verified.module, function, contract.verified.bodies[function], debug)
        return self._codes[key]


def _coins(value: Any) -> list[vm.CoinValue]:
    """The coins within a result."""
    if isinstance(value, vm.CoinValue):
        return [value]
    return [coin for part in value for coin in _coins(part)] if isinstance(value, tuple) else []
