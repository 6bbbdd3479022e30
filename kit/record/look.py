"""The values of expressions at a line of a record: the language's own evaluator over what was, instead of what is."""

from __future__ import annotations

from typing import Any

from kit.record.entries import Kind, Line, Part, Where
from kit.record.guide import Guide
from kit.record.past import Past
from kit.record.story import named
from lang import ast
from lang.evaluator import Evaluator, NotComputable
from lang.symbols import Builtin, Method, StateField
from lang.symbols import Part as FieldPart
from vm import types as vm
from vm.failure import Code, Failure
from vm.state import PHASE_FIELD


class Look(Evaluator):
    """Computes what an expression is where a line is about to run. Raises as `Evaluator` does: `NotComputable` for what would run
    the code of a contract.
    """

    def __init__(self, past: Past, guide: Guide, line: Line, time_ms: int, *, changes: int | None = None) -> None:
        """`changes` says how many have been made, where that is not as the line found it: it has called something since."""
        super().__init__()
        self._past = past.go(line.changes if changes is None else changes)
        self._guide = guide
        self._line = line
        self._time_ms = time_ms
        self.names.update({local: value for local, value in named(line) if value is not None})

    # What surrounds a call.

    def _name(self, node: ast.Name) -> Any:
        scene = self._line.scene
        match node.ref:
            case Builtin("now"):
                return self._time_ms
            case Builtin("sender") if scene.contract:
                return scene.sender
            case Builtin("this") if scene.contract:
                return scene.contract
            case Builtin("result") if scene.kind is Kind.PROMISE and isinstance(self._line.locals, tuple):
                return self._line.locals[-1]
        return super()._name(node)

    def _phaseis(self, node: ast.PhaseIs) -> bool:
        return self._phase(self._line.scene.contract) in [name.text for name in node.phases]

    def _phase(self, contract: bytes) -> str:
        known = self._guide.known(contract)
        assert known is not None
        number = self._past.value(Where(Part.SLOT, (contract, PHASE_FIELD, None))) or 0
        return known.module.phases[number]

    # State.

    def _attribute(self, node: ast.Attribute) -> Any:
        match node.ref:
            case StateField(_, kind, index, _, _):
                own = isinstance(node.value, ast.Self)
                contract = self._line.scene.contract if own else self.value(node.value)
                value = self._past.value(Where(Part.SLOT, (contract, index, None)))
                if isinstance(kind, vm.Vault):
                    return value or 0
                if value is None:
                    raise Failure(Code.UNSET)
                return value
            case Method("contract", "phase"):
                return self._phase(self.value(node.value))
            case Method("vault", "amount"):
                return self.value(node.value)
            case Method("coin", "amount"):
                return self.value(node.value).amount
            case FieldPart(index):
                whole = self.value(node.value)
                return whole.fields[index] if isinstance(whole, vm.ResourceValue) else whole[index]
        return super()._attribute(node)

    def _index(self, node: ast.Index) -> Any:
        kind = node.value.type
        if not isinstance(kind, vm.Map):
            return super()._index(node)
        value = self._entry(node.value, self.value(node.index))
        if value is None and isinstance(kind.value, vm.Vault):
            return 0
        if value is None:
            raise Failure(Code.MISSING_KEY)
        return value

    def _entry(self, node: ast.Expression, key: Any) -> Any:
        """What is under a key of a map or set of the contract at work; None if nothing is."""
        if not isinstance(node, ast.Attribute) or not isinstance(node.ref, StateField):
            raise NotComputable(node)
        return self._past.value(Where(Part.SLOT, (self._line.scene.contract, node.ref.index, key)))

    def _binary(self, node: ast.Binary) -> Any:
        if node.operator in ("in", "not in") and isinstance(node.right.type, vm.Map | vm.Set):
            found = self._entry(node.right, self.value(node.left)) is not None
            return found == (node.operator == "in")
        return super()._binary(node)

    def _method(self, node: ast.Call, owner: str, name: str, arguments: list[ast.Expression]) -> Any:
        if owner == "map" and name in ("get", "find"):
            assert isinstance(node.callee, ast.Attribute)
            found = self._entry(node.callee.value, self.value(arguments[0]))
            if name == "find":
                return (0,) if found is None else (1, found)
            return self.value(arguments[1]) if found is None else found
        return super()._method(node, owner, name, arguments)

    # Tests.

    def _standard(self, node: ast.Call, name: str, arguments: list[ast.Expression]) -> Any:
        if name == "balance":
            code = arguments[1].text if len(arguments) == 2 and isinstance(arguments[1], ast.Name) else None
            return self.balance(self.value(arguments[0]), code or self._guide.setting(None).home or "")
        return super()._standard(node, name, arguments)

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, or all vaults of a contract together."""
        known = self._guide.known(address)
        if known is None:
            return int(self._past.value(Where(Part.BALANCE, (address, currency))) or 0)
        held = 0
        for number, _, value in self._past.slots(address):
            kind = known.module.fields[number][1] if number >= 0 else vm.U8
            kind = kind.value if isinstance(kind, vm.Map) else kind
            if isinstance(kind, vm.Vault) and (kind.currency or known.home) == currency:
                held += value
        return held
