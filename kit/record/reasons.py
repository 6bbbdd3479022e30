"""Why the machine or the ledger refused: which wallet, phase or authority, what was there, and what was wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kit.record.differences import show
from kit.record.entries import Kind, Line, Part, Record, Scene, Where
from kit.record.guide import Guide
from kit.record.look import Look
from kit.record.parts import values
from kit.record.past import Past
from kit.record.words import Words
from lang import ast
from lang.evaluator import NotComputable
from lang.source import Source
from vm import instructions as i
from vm import types as vm
from vm.failure import Failure
from vm.function_verifier import Op
from vm.state import PHASE_FIELD

_ARITHMETIC = {i.ADD: "+", i.SUB: "-", i.MUL: "*", i.DIV: "/", i.MOD: "mod"}
_FIELDS = (i.LOAD, i.MAP_GET, i.MAP_TAKE, i.MAP_PEEK, i.MAP_PUT, i.VAULT_TAKE, i.VAULT_PUT, i.VAULT_TAKE_ALL)


def failing(record: Record, failure: Failure) -> Scene | None:
    """The innermost scene that a failure ended; None if none was ended by it."""
    found: Scene | None = None
    stack = [record.root]
    while stack:
        scene = stack.pop()
        for entry in scene.entries:
            if isinstance(entry, Scene):
                if entry.failure is failure:
                    found = entry
                stack.append(entry)
    return found


class Reasons:
    """Tells why, from a record. `time_ms` is the time where the record says none."""

    def __init__(self, record: Record, guide: Guide, time_ms: int) -> None:
        self._record = record
        self._guide = guide
        self._words = Words(guide)
        self._past = Past(record, guide)
        self._time_ms = time_ms

    def of(self, failure: Failure) -> list[str]:
        """Sentences; none where the failure says all there is to say."""
        scene = failing(self._record, failure)
        if scene is None:
            return []
        op = scene.code.ops[scene.index] if scene.code is not None and scene.kind is Kind.FUNCTION else None
        teller = getattr(self, f"_{failure.name.lower()}", None)
        if teller is None:
            return list(self._required(scene))
        return list(teller(failure, scene, op))

    # Money.

    def _insufficientfunds(self, failure: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        match failure.values:
            case (str(currency), int(have), int(want)):
                who = self._guide.name(scene.sender)
                lacks = self._words.money(want - have, currency)
                has, wants = self._words.money(have, currency), self._words.money(want, currency)
                yield f"{who} has {has}, and {wants} is wanted: {lacks} too little"
                return
        if op is None or not scene.stack:
            return
        setting = self._words.setting(scene.contract)
        if op.code == i.VAULT_TAKE:
            key = scene.stack[-2] if op.key is not None else None
            name, kind = self._words.slot(scene.contract, op.operands[0], key)
            there = self._at(scene, op.operands[0], key) or 0
            yield f"{name} holds {show(there, kind, setting)}, and {show(scene.stack[-1], kind, setting)} is wanted of it"
        elif op.code == i.COIN_SPLIT:
            coin, amount = scene.stack[-2:]
            wanted = self._words.money(amount, coin.currency)
            yield f"the coin is of {self._words.money(coin.amount, coin.currency)}, and {wanted} is wanted of it"

    def _nowallet(self, failure: Failure, _: Scene, __: Op | None) -> Iterator[str]:
        for address in failure.values:
            if isinstance(address, bytes):
                is_contract = self._guide.known(address) is not None
                what = "a contract, and only wallets are paid; call a function of it" if is_contract else "not opened"
                yield f"{self._guide.name(address)} is {what}"

    def _moneytrapped(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code == i.BECOME:
            yield f"phase {self._words.phase(scene.contract, op.operands[0])} is a final one, and there is still money:"
            known = self._guide.known(scene.contract)
            assert known is not None
            for field, key, value in self._past.at(scene.lines[-1]).slots(scene.contract):
                name, kind = self._words.slot(scene.contract, field, key)
                if isinstance(kind, vm.Vault):
                    yield f"{name} holds {show(value, kind, self._words.setting(scene.contract))}"

    def _wrongcurrency(self, failure: Failure, scene: Scene, _: Op | None) -> Iterator[str]:
        if scene.called is not None and not failure.detail:
            known = self._guide.known(scene.called[0])
            if known is not None:
                yield f"{self._guide.name(scene.called[0])} is at home in {known.home}"

    # Phases and rights.

    def _wrongphase(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if scene.called is not None:
            yield from self._may_run(*scene.called, scene.first_change)
        elif op is not None and op.code == i.INVOKE:
            known = self._guide.known(scene.contract)
            assert known is not None
            name = known.module.functions[op.operands[0]].name
            yield from self._may_run(scene.contract, name, scene.lines[-1].changes)
        elif op is not None and op.code == i.BECOME:
            yield from self._may_become(scene, op.operands[0])
        elif op is not None and op.code == i.VAULT_PUT:
            yield f"{self._phase(scene.contract, scene.lines[-1].changes)} is a final phase: nothing is put into a vault any more"

    def _may_run(self, contract: bytes, function: str, changes: int) -> Iterator[str]:
        known = self._guide.known(contract)
        found = None if known is None else next((f for f in known.module.functions if f.name == function), None)
        if known is None or found is None or found.phases is None:
            return
        allowed = [phase for number, phase in enumerate(known.module.phases) if found.phases >> number & 1]
        name = self._guide.name(contract)
        yield f"{name} is in phase {self._phase(contract, changes)}; {function} runs in {' or '.join(allowed)}"

    def _may_become(self, scene: Scene, phase: int) -> Iterator[str]:
        known = self._guide.known(scene.contract)
        assert known is not None
        here = self._at(scene, PHASE_FIELD, None) or 0
        phases = known.module.phases
        steps = [phases[to] for source, to in known.module.steps if source == here]
        leads = f"leads to {' or '.join(steps)}" if steps else "is final"
        yield f"the contract is in phase {phases[here]}, which {leads}, not to {phases[phase]}"

    def _phase(self, contract: bytes, changes: int) -> str:
        number = self._past.go(changes).value(Where(Part.SLOT, (contract, PHASE_FIELD, None)))
        return self._words.phase(contract, number)

    def _notauthorized(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is None or scene.symbol is None:
            return
        source = scene.symbol.source
        yield f"{self._guide.name(scene.sender)} calls {scene.symbol.name}, which lets in:"
        look = self._look(scene.lines[-1])
        for by in scene.symbol.declaration.by or []:
            if by.value is not None:
                words = " ".join(source.text[by.value.span.start : by.value.span.end].split())
                yield f"{'any of ' if by.any_of else ''}{words}, which is {self._many(scene, look, by.value)}"

    def _many(self, scene: Scene, look: Look, node: ast.Expression) -> str:
        """An address, or those of a list, set or map, by their names."""
        if isinstance(node.type, vm.Map | vm.Set):
            number = getattr(node.ref, "index", None)
            slots = self._past.at(scene.lines[-1]).slots(scene.contract)
            return ", ".join(self._guide.name(key) for field, key, _ in slots if field == number) or "empty"
        try:
            value = look.value(node)
        except (Failure, NotComputable) as error:
            return f"unknown ({error.name})" if isinstance(error, Failure) else "computed"
        if isinstance(value, tuple):
            return ", ".join(map(self._guide.name, value)) or "empty"
        return self._guide.name(value)

    # Values.

    def _overflow(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is None or op.kind is None or not scene.stack:
            return
        setting = self._words.setting(scene.contract)
        kind = op.kind
        if op.code in _ARITHMETIC and len(scene.stack) > 1:
            a, b = (f"{value:_}" for value in scene.stack[-2:])
            yield f"{a} {_ARITHMETIC[op.code]} {b} is no {vm.type_name(kind)}: {_bounds(kind)}"
        elif op.code == i.CAST:
            yield f"{show(scene.stack[-1], vm.Int('number', 0, 0), setting)} is no {vm.type_name(kind)}: {_bounds(kind)}"

    def _divisionbyzero(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code in _ARITHMETIC and len(scene.stack) > 1:
            yield f"{scene.stack[-2]:_} {_ARITHMETIC[op.code]} 0"

    def _indexoutofrange(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code == i.INDEX and len(scene.stack) > 1:
            yield f"position {scene.stack[-1]:_} of a list of {len(scene.stack[-2]):_}; the first has position 0"
        elif op is not None and op.code == i.POP:
            yield "the list is empty"

    def _toolong(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code == i.APPEND and isinstance(op.kind, vm.List):
            yield f"the list has {op.kind.max:_} elements, as many as it may have"

    def _missingkey(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code in _FIELDS and op.key is not None and scene.stack:
            yield f"{self._field(scene, op)} has nothing at {show(scene.stack[-1], op.key, self._words.setting(scene.contract))}"

    def _keyexists(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code == i.MAP_PUT and op.key is not None and len(scene.stack) > 1:
            key = show(scene.stack[-2], op.key, self._words.setting(scene.contract))
            yield f"{self._field(scene, op)} has something at {key} already"

    def _unset(self, _: Failure, scene: Scene, op: Op | None) -> Iterator[str]:
        if op is not None and op.code == i.LOAD:
            yield f"{self._field(scene, op)} has no value yet"

    def _field(self, scene: Scene, op: Op) -> str:
        known = self._guide.known(scene.contract)
        return "a map" if known is None else f"self.{known.module.fields[op.operands[0]][0]}"

    def _outofgas(self, _: Failure, scene: Scene, __: Op | None) -> Iterator[str]:
        outer = next((around for around in scene.within() if around.gas_limit), None)
        if outer is not None:
            yield f"the limit is {outer.gas_limit:_} gas"
        if scene.lines:
            most = max(scene.lines, key=lambda line: line.gas)
            yield f"in {scene.code.name if scene.code else scene.name}, line {most.line} took most at once: {most.gas:_}"

    # Promises.

    def _invariantbroken(self, _: Failure, scene: Scene, __: Op | None) -> Iterator[str]:
        yield from self._promise(scene)

    _ensuresbroken = _invariantbroken

    def _promise(self, scene: Scene) -> Iterator[str]:
        checker = _broken(scene)
        if checker is None or checker.code is None or checker.code.source is None or not checker.lines:
            return
        source, span = checker.code.source, checker.code.spans[0]
        yield f"this does not hold: {' '.join(source.text[span.start : span.end].split())}"
        known = self._guide.known(checker.contract)
        if known is not None and known.symbol is not None:
            look = self._look(checker.lines[0])
            for invariant in known.symbol.invariants:
                if invariant.condition.span == span:
                    yield from self._values(source, invariant.condition, look, checker.contract)

    def _values(self, source: Source, condition: ast.Expression, look: Look, contract: bytes) -> Iterator[str]:
        """The parts of a condition with their values."""

        def value_of(node: ast.Expression) -> Any:
            try:
                return look.value(node)
            except (Failure, NotComputable):
                raise LookupError from None

        found = list(values(source, condition, value_of, self._words.setting(contract)))
        width = max((len(text) for text, _ in found), default=0)
        yield from (f"{text.ljust(width)} = {value}" for text, value in found)

    # What a contract asked for.

    def _required(self, scene: Scene) -> Iterator[str]:
        """The condition of the `require` that failed, with the values of its parts."""
        if scene.symbol is None or not scene.lines:
            return
        line = scene.lines[-1]
        for node in _requires(scene.symbol.declaration.body or []):
            if node.span.start <= line.span.start < _end(node):
                source = scene.symbol.source
                yield f"this was required: {' '.join(source.text[node.condition.span.start : node.condition.span.end].split())}"
                yield from self._values(source, node.condition, self._look(line), scene.contract)

    # Within.

    def _look(self, line: Line) -> Look:
        time = self._past.at(line).time_ms()
        return Look(self._past, self._guide, line, self._time_ms if time is None else time)

    def _at(self, scene: Scene, field: int, key: Any) -> Any:
        return self._past.at(scene.lines[-1]).value(Where(Part.SLOT, (scene.contract, field, key)))


def _requires(statements: Sequence[ast.Statement]) -> Iterator[ast.Require]:
    """Every `require` in statements and in the blocks of these."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Require):
                yield node


def _end(node: ast.Require) -> int:
    return node.span.end if node.error is None else max(node.span.end, node.error.span.end)


def _broken(scene: Scene) -> Scene | None:
    """The checker that said no, in a scene or around it."""
    for around in scene.within():
        for entry in reversed(around.entries):
            if isinstance(entry, Scene) and entry.kind is Kind.PROMISE and (entry.result is False or entry.failure is not None):
                return entry
    return None


def _bounds(kind: vm.Type) -> str:
    low, high = vm.bounds(kind)  # type: ignore[arg-type]
    return f"{low:_} … {high:_}"
