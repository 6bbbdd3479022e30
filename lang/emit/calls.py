"""Calls: of functions, of other contracts, of methods of values."""

from __future__ import annotations

from lang import ast
from lang.emit.values import ValueEmitter
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    Construction,
    Conversion,
    ExternalUse,
    FunctionSymbol,
    Method,
    VariantUse,
)
from lang.types import ROUNDINGS, lower, scaling_type
from lang.types import Nothing as NothingType
from vm import instructions as op
from vm import types as vm

HASHES = {"sha256": op.SHA256, "sha3_256": op.SHA3_256, "blake2b": op.BLAKE2B_256}
CALLS = {
    ("call", False): op.CALL,
    ("call", True): op.TRY_CALL,
    ("read", False): op.READ,
    ("read", True): op.TRY_READ,
}


class CallEmitter(ValueEmitter):
    """Pushes what calls give."""

    __slots__ = ()

    # ── Calls ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_call(self, node: ast.Call) -> None:
        arguments = [argument.value for argument in node.arguments]
        match node.ref:
            case Method(owner, name):
                getattr(self, f"_{owner}_{name}")(node, arguments)
                return
            case ConstantSymbol(_, kind, value, _):
                self.constant(lower(kind), value)
                return
            case Builtin("mul_div"):
                self._mul_div(node, arguments)
                return
        for argument in arguments:
            self.value(argument)
        self.at(node.span)
        match node.ref:
            case Conversion(to):
                self._cast(self.type(arguments[0]), lower(to))
            case Construction(kind):
                self.put(op.PACK, lower(kind))
            case VariantUse(tag):
                self.put(op.VARIANT, self.type(node), tag)
            case FunctionSymbol() as function:
                number = self.module.function(function)
                self.invoked.add(number)
                self.put(op.INVOKE, number)
            case Builtin(name):
                self._standard(node, name, arguments)
            case _:
                raise AssertionError(node)

    def _standard(self, node: ast.Call, name: str, arguments: list[ast.Expression]) -> None:
        if name in ("min", "max"):
            self.put(op.MIN if name == "min" else op.MAX, self.type(node))
        elif name in HASHES:
            self.put(HASHES[name])
        elif name == "encode":
            self.put(op.ENCODE, self.type(arguments[0]))
        elif name == "bytes_of":
            self.put(op.TEXT_BYTES)
        elif name == "verify_ed25519":
            self.put(op.VERIFY_ED25519)
        else:
            assert name == "pay"
            self.put(op.PAY)

    def _mul_div(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        kind = self.type(node)
        work = lower(scaling_type(kind, self.type(arguments[1])))
        for argument in arguments[:3]:
            self.value(argument)
            self._cast(self.type(argument), work)
        rounding = arguments[3]
        assert isinstance(rounding, ast.Name)
        self.put(op.MULDIV, work, int(ROUNDINGS[rounding.text]))
        self._cast(work, kind)

    def _on_externalcall(self, node: ast.ExternalCall) -> None:
        kind = self._external(node)
        if node.fallback is None:
            return
        assert kind is not None
        self._open_or(vm.Option(kind), node.fallback)

    def _external(self, node: ast.ExternalCall) -> vm.Type | None:
        """Push what the call gives; the type of its result, or None."""
        assert isinstance(node.ref, ExternalUse)
        self.value(node.target)
        for argument in node.arguments:
            self.value(argument.value)
        self.at(node.span)
        self.put(CALLS[node.kind, node.trying], self.module.external(node.ref))
        result = node.ref.function.result
        return None if isinstance(result, NothingType) else lower(result)

    def _open_or(self, option: vm.Option, fallback: ast.Expression) -> None:
        """What is inside of the option on the stack, or the fallback."""
        whole, found = self.temporary(option), self.temporary(option.element)
        self.put(op.SET, whole)
        self.put(op.GET, whole)
        self.put(op.TAG, option)
        self.constant(vm.U8, 1)
        self.put(op.EQ, vm.U8)

        def inside() -> None:
            self.put(op.GET, whole)
            self.put(op.OPEN, option, 1)
            self.put(op.SET, found)

        def instead() -> None:
            self.value(fallback)
            self.put(op.SET, found)

        self.fork("else", fallback.span, inverted=True)
        self.branch(inside, instead)
        self.put(op.GET, found)

    # ── Methods ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _receiver(self, node: ast.Call) -> ast.Expression:
        assert isinstance(node.callee, ast.Attribute)
        return node.callee.value

    def _map(self, node: ast.Call) -> tuple[int, vm.Map]:
        receiver = self._receiver(node)
        kind = self.type(receiver)
        assert isinstance(kind, vm.Map)
        return self._field(receiver).index, kind

    def _map_get(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        field, kind = self._map(node)
        key, default = arguments
        if self.is_at_hand(default):
            self.value(key)
            self.value(default)
            self.put(op.MAP_OR, field)
        else:
            self._map_find(node, [key])
            self._open_or(vm.Option(kind.value), default)

    def _map_find(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.put(op.MAP_FIND, self._map(node)[0])

    def _map_put(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.value(arguments[1])
        self.put(op.MAP_PUT, self._map(node)[0])

    def _map_take(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.put(op.MAP_TAKE, self._map(node)[0])

    def _map_remove(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.put(op.REMOVE, self._map(node)[0])

    def _map_merge(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        field, kind = self._map(node)
        key, part, whole = self.temporary(kind.key), self.temporary(kind.value), self.temporary(kind.value)
        self.value(arguments[0])
        self.put(op.SET, key)
        self.value(arguments[1])
        self.put(op.SET, part)
        self.put(op.GET, key)
        self.put(op.HAS, field)

        def join() -> None:
            self.put(op.GET, key)
            self.put(op.MAP_TAKE, field)
            self.put(op.MOVE, part)
            self.put(op.MERGE, kind.value)
            self.put(op.SET, whole)

        def alone() -> None:
            self.put(op.MOVE, part)
            self.put(op.SET, whole)

        self.fork("merge", self.span)
        self.branch(join, alone)
        self.put(op.GET, key)
        self.put(op.MOVE, whole)
        self.put(op.MAP_PUT, field)

    def _set_add(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.put(op.SET_ADD, self._field(self._receiver(node)).index)

    def _set_remove(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(arguments[0])
        self.put(op.REMOVE, self._field(self._receiver(node)).index)

    def _vault_put(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        field = self._vault(self._receiver(node))
        for argument in arguments:
            self.value(argument)
        number = {"put": op.VAULT_PUT, "take": op.VAULT_TAKE, "take_all": op.VAULT_TAKE_ALL}[node.ref.name]
        self.at(node.span)
        self.put(number, field)

    _vault_take = _vault_take_all = _vault_put

    def _split(self, node: ast.Call) -> int:
        """Push both parts of a split local; the slot of the local."""
        receiver = self._receiver(node)
        kind, slot = self.type(receiver), self._peeked(receiver)
        measure = self.temporary(self.type(node.arguments[0].value))
        self.value(node.arguments[0].value)
        self.put(op.SET, measure)
        self.put(op.MOVE, slot)
        self.put(op.GET, measure)
        self.at(node.span)
        if isinstance(kind, vm.Resource):
            self.put(op.SPLIT, kind)
        else:
            self.put(op.COIN_SPLIT)
        return slot

    def _coin_split(self, node: ast.Call, _: list[ast.Expression]) -> None:
        self._split(node)
        self.put(op.PACK, self.type(node))

    def _coin_take(self, node: ast.Call, _: list[ast.Expression]) -> None:
        self.put(op.SET, self._split(node))

    def _coin_join(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        receiver = self._receiver(node)
        kind, slot = self.type(receiver), self._peeked(receiver)
        self.value(arguments[0])
        self.put(op.MOVE, slot)
        if isinstance(kind, vm.Resource):
            self.put(op.MERGE, kind)
        else:
            self.put(op.COIN_JOIN)
        self.put(op.SET, slot)

    _resource_split, _resource_take, _resource_merge = _coin_split, _coin_take, _coin_join

    def _list_append(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        receiver = self._receiver(node)
        place, kind = self.place(receiver), self.type(receiver)
        element = self.before(arguments[0])

        def longer() -> None:
            self.read(place)
            element()
            self.at(node.span)
            self.put(op.APPEND, kind)

        self.assign(place, longer)

    def _list_pop(self, node: ast.Call, _: list[ast.Expression]) -> None:
        receiver = self._receiver(node)
        place, kind = self.place(receiver), self.type(receiver)
        assert isinstance(kind, vm.List)
        shorter, last = self.temporary(kind), self.temporary(kind.element)
        self.read(place)
        self.put(op.POP, kind)
        self.put(op.SET, last)
        self.put(op.SET, shorter)
        self.assign(place, lambda: self.put(op.GET, shorter))
        self.put(op.GET, last)

    def _list_contains(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(self._receiver(node))
        self.value(arguments[0])
        self.put(op.CONTAINS, self.type(self._receiver(node)))

    def _list_slice(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        self.value(self._receiver(node))
        self.value(arguments[0])
        self.value(arguments[1])
        self.put(op.SLICE, self.type(self._receiver(node)))

    _bytes_slice = _list_slice

    def _option_get(self, node: ast.Call, arguments: list[ast.Expression]) -> None:
        option = self.type(self._receiver(node))
        assert isinstance(option, vm.Option)
        self.value(self._receiver(node))
        self._open_or(option, arguments[0])
