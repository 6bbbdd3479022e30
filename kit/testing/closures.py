"""Test bodies as Python closures: the tree of a test is walked once, and what it says is done many times.

The evaluator of `kit.testing.world` is the reference: it does the same, and tells about it. What has no closure here goes to it,
statement by statement and expression by expression, and a test compares the two on random tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from kit.testing.world import Broke, Continued, Deployed, Unmet, World
from lang import ast
from lang.evaluator import COMPARE, apply
from lang.symbols import Builtin, ConstantSymbol, ContractSymbol, ExternalUse, Local, Method, Part, StateField, VariantUse
from lang.types import ROUNDINGS, Rule, Type, lower
from vm import arithmetic, values
from vm import types as vm
from vm.failure import Code, Failure
from vm.instructions import Rounding
from vm.types import CoinValue
from vm.values import pack

Frame: TypeAlias = list[Any]
"""The values of a test's locals, each at its place."""
Step: TypeAlias = Callable[[Frame], None]
Value: TypeAlias = Callable[[Frame], Any]


class Translator:
    """Makes closures of one test, which act on one world. Places of locals are given out in the order in which they are met."""

    def __init__(self, world: World, parameters: Sequence[Local]) -> None:
        self.world = world
        self.places: dict[int, int] = {}
        self._locals: list[Local] = []
        for local in parameters:
            self.place(local)

    def place(self, local: Local) -> int:
        """Where in a frame the value of a local is."""
        place = self.places.get(id(local))
        if place is None:
            place = self.places[id(local)] = len(self._locals)
            self._locals.append(local)
        return place

    def frame(self) -> Frame:
        """A new frame, after all that is to be done in it has been translated."""
        return [None] * len(self._locals)

    # Statements.

    def body(self, statements: Sequence[ast.Statement]) -> Step:
        """Statements one after another."""
        steps = [self.step(statement) for statement in statements]
        if len(steps) == 1:
            return steps[0]

        def run(f: Frame) -> None:
            for step in steps:
                step(f)

        return run

    def step(self, node: ast.Statement) -> Step:
        """One statement."""
        match node:
            case ast.Let():
                return self._let(node)
            case ast.Evaluate():
                return self.value(node.value)
            case ast.Assert():
                return self._assert(node)
            case ast.Expect(is_event=True):
                return self._expect_event(node)
            case ast.Expect():
                return self._expect(node)
            case ast.If():
                return self._if(node)
            case ast.ForEach():
                return self._for_each(node)
            case ast.Pay():
                return self._pay(node)
        return self._told_step(node)

    def _let(self, node: ast.Let) -> Step:
        made = node.value
        if isinstance(made, ast.Call) and made.ref in (Builtin("wallets"), Builtin("wallet")):
            value = self._wallets(made, [name.text for name in node.names])
            if len(node.names) == 1:
                many = value

                def value(f: Frame) -> Any:
                    return many(f)[0]
        else:
            value = self.value(made)
        places = [self.place(name.ref) for name in node.names if isinstance(name.ref, Local)]
        assert len(places) == len(node.names)
        if len(places) == 1:
            (place,) = places

            def one(f: Frame) -> None:
                f[place] = value(f)

            return one

        def several(f: Frame) -> None:
            for at, item in zip(places, value(f), strict=True):
                f[at] = item

        return several

    def _assert(self, node: ast.Assert) -> Step:
        condition, span = self.value(node.condition), node.condition.span

        def step(f: Frame) -> None:
            if not condition(f):
                raise Unmet("this does not hold", span)

        return step

    def _if(self, node: ast.If) -> Step:
        branches = [(self.value(condition), self.body(body)) for condition, body in node.branches]
        otherwise = self.body(node.otherwise or [])

        def step(f: Frame) -> None:
            for condition, body in branches:
                if condition(f):
                    body(f)
                    return
            otherwise(f)

        return step

    def _for_each(self, node: ast.ForEach) -> Step:
        items, body = self.value(node.values), self.body(node.body)
        assert isinstance(node.name.ref, Local)
        place, world = self.place(node.name.ref), self.world

        def step(f: Frame) -> None:
            for item in items(f):
                f[place] = item
                world.count_pass()
                try:
                    body(f)
                except Continued:
                    pass
                except Broke:
                    return

        return step

    def _wanted(self, use: ast.ErrorUse) -> Callable[[Frame], tuple[Any, ...] | None]:
        """The values that are expected, or None if any will do."""
        if use.arguments is None:
            return lambda f: None
        return self._tuple([argument.value for argument in use.arguments])

    def _expect(self, node: ast.Expect) -> Step:
        wanted, body, sandbox = self._wanted(node.what), self.body(node.body), self.world.sandbox
        name, span = node.what.name.text, node.span

        def step(f: Frame) -> None:
            expected = wanted(f)
            snapshot = sandbox.snapshot()
            try:
                body(f)
            except Failure as failure:
                sandbox.restore(snapshot)
                if failure.name != name:
                    raise
                if expected is not None and expected != failure.values:
                    raise Unmet(f"it failed with {name}, with other values than expected", span) from None
                return
            raise Unmet(f"expected {name}, but nothing failed", span)

        return step

    def _expect_event(self, node: ast.Expect) -> Step:
        wanted, body, world = self._wanted(node.what), self.body(node.body), self.world
        name, span, sandbox = node.what.name.text, node.what.span, self.world.sandbox
        known: dict[tuple[int, int], tuple[str, list[Any]]] = {}

        def step(f: Frame) -> None:
            before = len(sandbox.events)
            body(f)
            expected = wanted(f)
            for event in sandbox.events[before:]:
                module = world.deployed[event.contract].compiled.module
                record = known.get((id(module), event.number))
                if record is None:
                    declared = module.events[event.number]
                    readers = [values.reader(kind) for _, kind in declared.fields]
                    record = known[id(module), event.number] = declared.name, readers
                if record[0] == name and (
                    expected is None or expected == values.read_arguments(record[1], values.unpack(event.payload))
                ):
                    return
            raise Unmet(f"expected event {name}", span)

        return step

    def _pay(self, node: ast.Pay) -> Step:
        amount, to, sender = self.value(node.amount), self.value(node.to), self.value(node.sender)
        code, world = self.world.currency_in(node.amount), self.world
        pay = world.sandbox.pay

        def step(f: Frame) -> None:
            how_much, whom, who = amount(f), to(f), sender(f)
            try:
                pay(who, whom, code, how_much)
            finally:
                world.gas_used += world.sandbox.last_gas

        return step

    # Expressions.

    def value(self, node: ast.Expression) -> Value:
        """One expression."""
        match node:
            case ast.Number():
                return _constant(node.ref)
            case ast.TextLiteral() | ast.BytesLiteral() | ast.Truth():
                return _constant(node.value)
            case ast.ListLiteral() | ast.TupleLiteral():
                return self._tuple(node.items)
            case ast.Name():
                return self._name(node)
            case ast.Unary(operator="not"):
                operand = self.value(node.operand)
                return lambda f: not operand(f)
            case ast.Binary():
                return self._binary(node)
            case ast.Conditional():
                condition, then, otherwise = self.value(node.condition), self.value(node.then), self.value(node.otherwise)
                return lambda f: then(f) if condition(f) else otherwise(f)
            case ast.Attribute():
                return self._attribute(node)
            case ast.ExternalCall(trying=False):
                return self._external(node)
            case ast.Deploy():
                return self._deploy(node)
            case ast.Call():
                return self._call(node)
        return self._told_value(node)

    def _tuple(self, nodes: Sequence[ast.Expression]) -> Callable[[Frame], tuple[Any, ...]]:
        items = [self.value(node) for node in nodes]
        match items:
            case []:
                return lambda f: ()
            case [one]:
                return lambda f: (one(f),)
            case [one, two]:
                return lambda f: (one(f), two(f))
        return lambda f: tuple([item(f) for item in items])

    def _name(self, node: ast.Name) -> Value:
        match node.ref:
            case Local():
                place = self.place(node.ref)
                return lambda f: f[place]
            case ConstantSymbol(_, _, value, _):
                return _constant(value)
            case VariantUse(tag):
                return _constant((tag,))
            case Builtin("now"):
                sandbox = self.world.sandbox
                return lambda f: sandbox.time_ms
        return self._told_value(node)

    def _binary(self, node: ast.Binary) -> Value:
        left, right, operator = self.value(node.left), self.value(node.right), node.operator
        match operator:
            case "==":
                return lambda f: left(f) == right(f)
            case "and":
                return lambda f: left(f) and right(f)
            case "or":
                return lambda f: left(f) or right(f)
            case "implies":
                return lambda f: not left(f) or right(f)
        if operator in COMPARE:
            compare: Callable[[Any, Any], bool] = COMPARE[operator]
            return lambda f: compare(left(f), right(f))
        if isinstance(node.ref, Rule):
            return self._arithmetic(node, node.ref, left, right)
        return self._told_value(node)

    def _arithmetic(self, node: ast.Binary, rule: Rule, left: Value, right: Value) -> Value:
        operator = node.operator
        rounding = ROUNDINGS[node.rounding.text] if node.rounding is not None else Rounding.DOWN
        work = {"+": arithmetic.add, "-": arithmetic.sub, "*": arithmetic.mul}.get(operator)
        kinds = {node.left.type, node.right.type, rule.result}
        if work is None or rule.scale or kinds != {rule.work} or not isinstance(rule.work, vm.Int | vm.Amount):
            return lambda f: apply(operator, rule, left(f), right(f), rounding)
        low, high = vm.bounds(rule.work)
        return lambda f: work(left(f), right(f), low, high)

    def _attribute(self, node: ast.Attribute) -> Value:
        match node.ref:
            case VariantUse(tag):
                return _constant((tag,))
            case Part(index):
                whole = self.value(node.value)
                return lambda f: whole(f)[index]
            case StateField(_, kind, index, _, _):
                return self._field(node, kind, index)
        return self._told_value(node)

    def _field(self, node: ast.Attribute, kind: Type, index: int) -> Value:
        address, slot, sandbox = self.value(node.value), pack([index]), self.world.sandbox
        is_vault = isinstance(kind, vm.Vault)
        decode = values.decoder(vm.AMOUNT if is_vault else lower(kind))

        def value(f: Frame) -> Any:
            stored = sandbox.slot(address(f), slot)
            if stored is None:
                if is_vault:
                    return 0
                raise Failure(Code.UNSET)
            return decode(stored)

        return value

    def _call(self, node: ast.Call) -> Value:
        world, sandbox = self.world, self.world.sandbox
        match node.ref:
            case Builtin("advance"):
                duration = self.value(node.arguments[0].value)
                return lambda f: sandbox.advance(duration(f))
            case Builtin("balance"):
                who, code = self.value(node.arguments[0].value), world.currency_in(node)
                return lambda f: world.balance(who(f), code)
            case Builtin("wallets"):
                count = node.arguments[0].value
                if isinstance(count, ast.Number):
                    return self._wallets(node, [None] * int(count.digits))
            case Builtin("wallet"):
                made = self._wallets(node, [None])
                return lambda f: made(f)[0]
            case Method("option", "get"):
                assert isinstance(node.callee, ast.Attribute)
                option, default = self.value(node.callee.value), self.value(node.arguments[0].value)

                def value(f: Frame) -> Any:
                    found = option(f)
                    return found[1] if found[0] == 1 else default(f)

                return value
        return self._told_value(node)

    def _wallets(self, node: ast.Call, names: Sequence[str | None]) -> Callable[[Frame], tuple[bytes, ...]]:
        world = self.world
        holdings = [
            (world.currency_in(argument.value), self.value(argument.value))
            for argument in node.arguments
            if argument.name is not None
        ]

        def value(f: Frame) -> tuple[bytes, ...]:
            return world.open_wallets(names, {code: amount(f) for code, amount in holdings})

        return value

    def _arguments(
        self, parameters: Sequence[tuple[str, Type]], arguments: Sequence[ast.Argument]
    ) -> Callable[[Frame, str], tuple[Any, ...]]:
        """The arguments of a call, from a frame and the home currency of what is called."""
        plain = self._tuple([argument.value for argument in arguments])
        money = [
            (place, kind.currency, isinstance(kind, vm.Coin), self.world.unit_of(argument.value))
            for place, ((_, kind), argument) in enumerate(zip(parameters, arguments, strict=True))
            if isinstance(kind, vm.Coin | vm.Amount)
        ]
        if not money:
            return lambda f, home: plain(f)

        def value(f: Frame, home: str) -> tuple[Any, ...]:
            made = list(plain(f))
            for place, currency, is_coin, unit in money:
                code = currency or home
                if unit is not None and unit != code:
                    raise Failure(Code.WRONG_CURRENCY, detail=f"{code} belongs here, this is {unit}")
                if is_coin:
                    made[place] = CoinValue(code, made[place])
            return tuple(made)

        return value

    def _sender(self, node: ast.Expression | None) -> Value:
        someone = self.world.someone
        return (lambda f: someone()) if node is None else self.value(node)

    def _external(self, node: ast.ExternalCall) -> Value:
        assert isinstance(node.ref, ExternalUse)
        function = node.ref.function
        name, world, sandbox = function.name, self.world, self.world.sandbox
        target, sender = self.value(node.target), self._sender(node.sender)
        arguments = self._arguments(function.parameters, node.arguments)
        read, call = sandbox.read, sandbox.call

        if node.kind == "read" and node.sender is None:

            def ask(f: Frame) -> Any:
                address = target(f)
                try:
                    return read(address, name, arguments(f, world.home(address)))
                finally:
                    world.gas_used += sandbox.last_gas

            return ask

        def act(f: Frame) -> Any:
            address, who = target(f), sender(f)
            values = arguments(f, world.home(address))
            try:
                return read(address, name, values) if node.kind == "read" else call(address, name, values, who)
            finally:
                world.gas_used += sandbox.last_gas

        return act

    def _deploy(self, node: ast.Deploy) -> Value:
        symbol, world = node.ref, self.world
        assert isinstance(symbol, ContractSymbol)
        parameters = symbol.init.parameters if symbol.init is not None else ()
        arguments, sender = self._arguments(parameters, node.arguments), self._sender(node.sender)
        given = node.currency.text if node.currency is not None else None

        def value(f: Frame) -> bytes:
            compiled = world.compiled(symbol)
            home = compiled.module.currency or given or world.currency
            who = sender(f)
            return world.deploy(Deployed(symbol, compiled, home), arguments(f, home), who)

        return value

    # What the reference does.

    def _told_value(self, node: ast.Expression) -> Value:
        """An expression that the evaluator computes."""
        world, locals_ = self.world, self._used(node)

        def value(f: Frame) -> Any:
            world.names = {local: f[place] for local, place in locals_}
            return world.value(node)

        return value

    def _told_step(self, node: ast.Statement) -> Step:
        """A statement that the evaluator carries out."""
        world, locals_ = self.world, self._used(node)

        def step(f: Frame) -> None:
            names = world.names = {local: f[place] for local, place in locals_}
            try:
                world.carry_out([node])
            finally:
                for local, place in locals_:
                    f[place] = names[local]

        return step

    def _used(self, node: ast.Node) -> list[tuple[Local, int]]:
        """The locals that something reads or binds, with their places."""
        found: dict[int, Local] = {}
        for inner in ast.walk(node):
            ref = getattr(inner, "ref", None)
            if isinstance(ref, Local):
                found[id(ref)] = ref
        return [(local, self.place(local)) for local in found.values()]


def _constant(value: Any) -> Value:
    return lambda f: value


def depends(node: ast.Node, chosen: Sequence[Local]) -> bool:
    """Whether something reads one of these locals."""
    if not chosen:
        return False
    identities = {id(local) for local in chosen}
    return any(id(getattr(inner, "ref", None)) in identities for inner in ast.walk(node))
