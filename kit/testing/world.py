"""One test's world: wallets, contracts and time in a sandbox, and the statements of a test carried out in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

from chain.ledger.sandbox import Sandbox, Snapshot
from lang import ast
from lang.compiler import Compiled
from lang.currencies import DECIMALS
from lang.evaluator import Evaluator, apply
from lang.source import Span
from lang.symbols import (
    Builtin,
    ContractSymbol,
    ExternalUse,
    FunctionSymbol,
    Local,
    Method,
    Part,
    StateField,
)
from lang.types import Type, arithmetic, lower
from vm import types as vm
from vm import values
from vm.failure import Code, Failure
from vm.instructions import Rounding
from vm.trace import Tracer

PURE_PASSES_MAX = 1_000_000  # of all loops of one test, for pure functions and loops in tests


class Unmet(Exception):
    """A test's expectation that does not hold. `facts` are the values that show why: text in the source, value."""

    def __init__(self, message: str, span: Span, facts: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.facts = list(facts)


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Broke(Exception):
    """`break`."""


class Continued(Exception):
    """`continue`."""


@dataclass(frozen=True, slots=True)
class Point:
    """A world at one time, to come back to."""

    sandbox: Snapshot
    deployed: dict[bytes, Deployed]
    wallet_names: dict[bytes, str]
    gas_used: int
    passes: int
    opened: int


@dataclass(frozen=True, slots=True)
class Deployed:
    """A contract of this world."""

    symbol: ContractSymbol
    compiled: Compiled
    currency: str


class World(Evaluator):
    """Carries out a test. `compiled` gives the compiled form of a contract."""

    def __init__(
        self,
        compiled: Callable[[ContractSymbol], Compiled],
        *,
        currency: str,
        units: Mapping[str, int],
        tracer: Tracer | None = None,
    ) -> None:
        super().__init__()
        self.compiled = compiled
        self.currency = currency
        self.decimals: dict[str, int] = {**DECIMALS, **units}
        codes = {code: self.decimals[code] for code in sorted({currency, *units})}
        self.sandbox = Sandbox(codes, tracer=tracer, check_promises=True)
        self.deployed: dict[bytes, Deployed] = {}
        self.arriving: Deployed | None = None  # what is being deployed, before its address is known
        self.wallet_names: dict[bytes, str] = {}
        self.gas_used = 0
        self.here = Span(0, 0)  # the statement that is carried out
        self._passes = 0
        self._opened = 0

    # ── Going back ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def point(self) -> Point:
        """The present, to come back to any number of times."""
        told = self.gas_used, self._passes, self._opened
        return Point(self.sandbox.snapshot(), dict(self.deployed), dict(self.wallet_names), *told)

    def back(self, point: Point) -> None:
        """Go back to a point, after which those that came later are worth nothing."""
        self.sandbox.restore(point.sandbox)
        self.gas_used, self._passes, self._opened = point.gas_used, point.passes, point.opened
        if len(self.deployed) != len(point.deployed):
            self.deployed = dict(point.deployed)
        if self.wallet_names != point.wallet_names:
            self.wallet_names = dict(point.wallet_names)
        self.arriving = None

    # ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def carry_out(self, statements: Sequence[ast.Statement]) -> None:
        """Statements one after another. Raises `Unmet` or `Failure`."""
        for statement in statements:
            self.here = statement.span
            getattr(self, f"_do_{type(statement).__name__.lower()}")(statement)

    def _bind(self, name: ast.Identifier, value: Any) -> None:
        assert isinstance(name.ref, Local)
        self.names[name.ref] = value

    def _do_let(self, node: ast.Let) -> None:
        if isinstance(node.value, ast.Call) and node.value.ref in (Builtin("wallets"), Builtin("wallet")):
            made = self._wallets(node.value, [name.text for name in node.names])
            for name, address in zip(node.names, made, strict=True):
                self._bind(name, address)
            return
        value = self.value(node.value)
        if len(node.names) == 1:
            self._bind(node.names[0], value)
            if isinstance(node.value, ast.Deploy):
                self.wallet_names[value] = node.names[0].text
            return
        for name, item in zip(node.names, value, strict=True):
            self._bind(name, item)

    def _do_assign(self, node: ast.Assign) -> None:
        if node.operator is None:
            self._put(node.target, self.value(node.value))
            return
        before, value = self.value(node.target), self.value(node.value)
        kind = node.target.type
        assert kind is not None
        assert node.value.type is not None
        rule = arithmetic(node.operator, kind, node.value.type)
        if rule is None:
            self._put(node.target, self._within(node.target, before + value))
        else:
            self._put(node.target, apply(node.operator, rule, before, value, Rounding.DOWN))

    def _put(self, target: ast.Expression, value: Any) -> None:
        match target:
            case ast.Name():
                self.names[target.ref] = value
            case ast.Attribute() if isinstance(target.ref, Part):
                whole = list(self.value(target.value))
                whole[target.ref.index] = value
                self._put(target.value, tuple(whole))
            case ast.Index():
                whole, place = list(self.value(target.value)), self.value(target.index)
                if not 0 <= place < len(whole):
                    raise Failure(Code.INDEX_OUT_OF_RANGE)
                whole[place] = value
                self._put(target.value, tuple(whole))

    def _do_evaluate(self, node: ast.Evaluate) -> None:
        self.value(node.value)

    def _do_if(self, node: ast.If) -> None:
        for condition, body in node.branches:
            if self.value(condition):
                self.carry_out(body)
                return
        self.carry_out(node.otherwise or [])

    def _do_match(self, node: ast.Match) -> None:
        value = self.value(node.value)
        kind = node.value.type
        names = ["None", "Some"] if isinstance(kind, vm.Option) else [n for n, _ in kind.variants]  # type: ignore[union-attr]
        for case in node.cases:
            if case.pattern.variant.text in ("_", names[value[0]]):
                for name, item in zip(case.pattern.names, value[1:], strict=False):
                    self._bind(name, item)
                self.carry_out(case.body)
                return

    def count_pass(self) -> None:
        """Note one more pass of a loop. Raises `Failure` LoopBound past `PURE_PASSES_MAX`."""
        self._passes += 1
        if self._passes > PURE_PASSES_MAX:
            raise Failure(Code.LOOP_BOUND)

    def _pass(self, body: Sequence[ast.Statement]) -> bool:
        """One pass of a loop; whether there may be another."""
        self.count_pass()
        try:
            self.carry_out(body)
        except Continued:
            pass
        except Broke:
            return False
        return True

    def _do_foreach(self, node: ast.ForEach) -> None:
        for value in self.value(node.values):
            self._bind(node.name, value)
            if not self._pass(node.body):
                return

    def _do_forrange(self, node: ast.ForRange) -> None:
        first, end = self.value(node.first), self.value(node.end)
        most = self.value(node.bound) if node.bound is not None else end - first
        for number in range(first, end):
            if number - first >= most:
                raise Failure(Code.LOOP_BOUND)
            self._bind(node.name, number)
            if not self._pass(node.body):
                return

    def _do_while(self, node: ast.While) -> None:
        assert node.bound is not None
        left = self.value(node.bound)
        while self.value(node.condition):
            if left == 0:
                raise Failure(Code.LOOP_BOUND)
            left -= 1
            if not self._pass(node.body):
                return

    def _do_break(self, _: ast.Break) -> None:
        raise Broke

    def _do_continue(self, _: ast.Continue) -> None:
        raise Continued

    def _do_pass(self, _: ast.Pass) -> None:
        """Nothing."""

    def _do_return(self, node: ast.Return) -> None:
        raise _Returned(self.value(node.value) if node.value is not None else None)

    def _do_require(self, node: ast.Require) -> None:
        if not self.value(node.condition):
            assert node.error is not None
            self._raise(node.error)

    def _do_fail(self, node: ast.Fail) -> None:
        self._raise(node.error)

    def _raise(self, use: ast.ErrorUse) -> None:
        raise Failure(use.name.text, tuple(self.value(argument.value) for argument in use.arguments or ()))

    def invoke(self, node: ast.Call, function: FunctionSymbol, arguments: list[Any]) -> Any:
        """A pure function's result, carried out here."""
        before, here = self.names, self.here
        self.names = dict(zip(function.locals, arguments, strict=False))
        try:
            self.carry_out([s for s in function.declaration.body or [] if not isinstance(s, ast.Ensures)])
        except _Returned as returned:
            return returned.value
        finally:
            self.names, self.here = before, here
        return None

    # ── Statements of tests ───────────────────────────────────────────────────────────────────────────────────────────

    def _do_assert(self, node: ast.Assert) -> None:
        if not self.value(node.condition):
            raise Unmet("this does not hold", node.condition.span, self._facts(node.condition))

    def _facts(self, condition: ast.Expression) -> list[tuple[str, str]]:
        """The parts of a condition with their values, as far as they say more than the text."""
        facts: list[tuple[str, str]] = []
        stack: list[ast.Expression] = [condition]
        while stack:
            node = stack.pop()
            match node:
                case ast.Binary(_, left, right):
                    stack += [right, left]
                case ast.Unary(_, operand):
                    stack.append(operand)
                case ast.Number() | ast.Truth() | ast.TextLiteral() | ast.BytesLiteral() | ast.Name(text="None"):
                    pass
                case _ if node.type is not None:
                    facts.append((f"@{node.span.start}:{node.span.end}", self.show(self.value(node), node.type, node)))
        return facts

    def contract(self, address: bytes) -> Deployed | None:
        """The contract at an address, or the one that is being deployed."""
        return self.deployed.get(address, self.arriving)

    def show(self, value: Any, kind: Type, node: ast.Expression | None = None) -> str:
        """A value for people."""
        from kit.values import Setting, show_value

        if isinstance(kind, vm.Text) and isinstance(node, ast.Attribute) and node.ref == Method("contract", "phase"):
            return str(value)
        setting = Setting(self.currency_in(node), self.decimals, name_of=self.wallet_names.get)
        return show_value(value, lower(kind), setting)

    def currency_in(self, node: ast.Expression | None) -> str:
        """The currency an expression is about: the one it names, else the test's."""
        for inner in ast.walk(node) if node is not None else ():
            if isinstance(inner, ast.Number) and inner.unit in self.decimals:
                assert inner.unit is not None
                return inner.unit
            if isinstance(inner, ast.Call) and inner.ref == Builtin("balance") and len(inner.arguments) == 2:
                code = inner.arguments[1].value
                assert isinstance(code, ast.Name)
                return code.text
        return self.currency

    def _do_expect(self, node: ast.Expect) -> None:
        if node.is_event:
            self._expect_event(node)
            return
        name = node.what.name.text
        wanted = None
        if node.what.arguments is not None:
            wanted = tuple(self.value(argument.value) for argument in node.what.arguments)
        snapshot = self.sandbox.snapshot()
        try:
            self.carry_out(node.body)
        except Failure as failure:
            self.sandbox.restore(snapshot)
            if failure.name != name:
                failure.detail = f"expected {name}"
                raise
            if wanted is not None and wanted != failure.values:
                shown = ", ".join(self.show_plain(value) for value in failure.values)
                message = f"it failed with {name}({shown}), other values than expected"
                raise Unmet(message, node.what.span, self._argument_facts(node.what)) from None
            return
        raise Unmet(f"expected {name}, but nothing failed", node.span)

    def _argument_facts(self, use: ast.ErrorUse) -> list[tuple[str, str]]:
        return [fact for argument in use.arguments or () for fact in self._facts(argument.value)]

    def show_plain(self, value: Any) -> str:
        """A value whose type is not known: a failure of the machine carries such."""
        if isinstance(value, bytes):
            return self.wallet_names.get(value) or f"0x{value.hex()}"
        return f"{value:_}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

    def _expect_event(self, node: ast.Expect) -> None:
        name = node.what.name.text
        count = len(self.sandbox.events)
        self.carry_out(node.body)
        seen = []
        wanted = None
        if node.what.arguments is not None:
            wanted = tuple(self.value(argument.value) for argument in node.what.arguments)
        for event in self.sandbox.events[count:]:
            contract = self.deployed[event.contract]
            record = contract.compiled.module.events[event.number]
            told = values.decode_arguments([kind for _, kind in record.fields], event.payload)
            if record.name == name and wanted in (None, told):
                return
            shown = ", ".join(self.show(value, kind) for value, (_, kind) in zip(told, record.fields, strict=True))
            seen.append((record.name, f"({shown})"))
        what = f"expected event {name}" + ("" if wanted is None else " with these values")
        raise Unmet(f"{what}; seen: {', '.join(n + v for n, v in seen) or 'none'}", node.what.span)

    def _do_pay(self, node: ast.Pay) -> None:
        amount, to, sender = self.value(node.amount), self.value(node.to), self.value(node.sender)
        code = self.currency_in(node.amount)
        self._acting(lambda: self.sandbox.pay(sender, to, code, amount))

    def _do_attach(self, node: ast.Attach) -> None:
        rule, wallet = self.value(node.rule), self.value(node.wallet)
        self._acting(lambda: self.sandbox.attach(rule, wallet, wallet))

    def _do_trystatement(self, node: ast.TryStatement) -> None:
        snapshot = self.sandbox.snapshot()
        try:
            self.value(node.call)
        except Failure:
            self.sandbox.restore(snapshot)
            self.carry_out(node.otherwise)

    # ── Expressions of tests ──────────────────────────────────────────────────────────────────────────────────────────

    def _acting(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            self.gas_used += self.sandbox.last_gas

    def _name(self, node: ast.Name) -> Any:
        if node.ref == Builtin("now"):
            return self.sandbox.time_ms
        return super()._name(node)

    def _arguments(self, parameters: Sequence[tuple[str, Type]], arguments: list[ast.Argument], home: str) -> tuple[Any, ...]:
        """The arguments of a call; an amount where a coin belongs is taken from the caller's wallet."""
        made: list[Any] = []
        for (_, kind), argument in zip(parameters, arguments, strict=True):
            value = self.value(argument.value)
            if isinstance(kind, vm.Coin | vm.Amount):
                code, unit = kind.currency or home, self.unit_of(argument.value)
                if unit is not None and unit != code:
                    raise Failure(Code.WRONG_CURRENCY, detail=f"{code} belongs here, this is {unit}")
                if isinstance(kind, vm.Coin):
                    value = vm.CoinValue(code, value)
            made.append(value)
        return tuple(made)

    def unit_of(self, node: ast.Expression) -> str | None:
        """The currency that an amount is written with, if that is what an expression is."""
        return node.unit if isinstance(node, ast.Number) and node.unit in self.decimals else None

    def home(self, address: bytes) -> str:
        """The home currency of what is at an address."""
        deployed = self.deployed.get(address)
        return self.currency if deployed is None else deployed.currency

    def someone(self) -> bytes:
        """Who acts where nobody is named."""
        address = self.sandbox.wallet("someone")
        self.wallet_names.setdefault(address, "someone")
        return address

    def _externalcall(self, node: ast.ExternalCall) -> Any:
        if not node.trying:
            return self._called(node)
        snapshot = self.sandbox.snapshot()
        try:
            return self._called(node)
        except Failure:
            if node.fallback is None:
                raise
            self.sandbox.restore(snapshot)
            return self.value(node.fallback)

    def _called(self, node: ast.ExternalCall) -> Any:
        assert isinstance(node.ref, ExternalUse)
        address = self.value(node.target)
        function = node.ref.function
        sender = self.value(node.sender) if node.sender is not None else self.someone()
        arguments = self._arguments(function.parameters, node.arguments, self.home(address))
        if node.kind == "read":
            return self._acting(lambda: self.sandbox.read(address, function.name, arguments))
        return self._acting(lambda: self.sandbox.call(address, function.name, arguments, sender))

    def _deploy(self, node: ast.Deploy) -> bytes:
        symbol = node.ref
        assert isinstance(symbol, ContractSymbol)
        compiled = self.compiled(symbol)
        home = compiled.module.currency or (node.currency.text if node.currency is not None else self.currency)
        sender = self.value(node.sender) if node.sender is not None else self.someone()
        parameters = symbol.init.parameters if symbol.init is not None else ()
        arguments = self._arguments(parameters, node.arguments, home)
        address = self.deploy(Deployed(symbol, compiled, home), arguments, sender)
        self.wallet_names.setdefault(address, symbol.name)
        return address

    def deploy(self, what: Deployed, arguments: tuple[Any, ...], sender: bytes) -> bytes:
        """Deploy a contract and return its address."""
        self._know(what.currency)
        self.arriving = what
        address: bytes = self._acting(lambda: self.sandbox.deploy(what.compiled.code, what.currency, arguments, sender))
        self.deployed[address], self.arriving = what, None
        return address

    def _know(self, code: str) -> None:
        if code not in self.sandbox.currencies:
            self.sandbox.add_currency(code, self.decimals[code])

    def _wallets(self, node: ast.Call, names: Sequence[str | None]) -> tuple[bytes, ...]:
        balances: dict[str, int] = {}
        for argument in node.arguments:
            if argument.name is not None:
                balances[self.currency_in(argument.value)] = self.value(argument.value)
        return self.open_wallets(names, balances)

    def open_wallets(self, names: Sequence[str | None], balances: Mapping[str, int]) -> tuple[bytes, ...]:
        """Open wallets that each hold so much; one without a name is called by its number."""
        for code in balances:
            self._know(code)
        made = []
        for name in names:
            self._opened += 1
            said = f"wallet{self._opened}" if name is None else name
            made.append(self.sandbox.wallet(f"{said}#{self._opened}", balances))
            self.wallet_names[made[-1]] = said
        return tuple(made)

    def _standard(self, node: ast.Call, name: str, arguments: list[ast.Expression]) -> Any:
        match name:
            case "advance":
                self.sandbox.advance(self.value(arguments[0]))
                return None
            case "balance":
                return self.balance(self.value(arguments[0]), self.currency_in(node))
            case "wallets" | "wallet":
                count = int(arguments[0].digits) if isinstance(arguments[0], ast.Number) and name == "wallets" else 1
                made = self._wallets(node, [None] * count)
                return made if name == "wallets" else made[0]
            case "verify_ed25519":
                from chain.primitives.ed25519 import verify_ed25519

                key, message, signature = (self.value(argument) for argument in arguments)
                return verify_ed25519(key, message, signature)
        return super()._standard(node, name, arguments)

    def balance(self, address: bytes, code: str) -> int:
        """What a wallet holds, or all vaults of a contract together."""
        if address not in self.deployed:
            return self.sandbox.balance(address, code)
        held = self.sandbox.slot(address, msgpack.packb([-2, code]))
        return 0 if held is None else int(values.decode(vm.AMOUNT, held))

    def _attribute(self, node: ast.Attribute) -> Any:
        match node.ref:
            case StateField(_, kind, index, _, _):
                stored = self.sandbox.slot(self.value(node.value), msgpack.packb([index]))
                if isinstance(kind, vm.Vault):
                    return 0 if stored is None else values.decode(vm.AMOUNT, stored)
                if stored is None:
                    raise Failure(Code.UNSET)
                return values.decode(lower(kind), stored)
            case Method("contract", "phase"):
                address = self.value(node.value)
                stored = self.sandbox.slot(address, msgpack.packb([-1]))
                number = 0 if stored is None else values.decode(vm.U8, stored)
                return self.deployed[address].symbol.phases[number]
        return super()._attribute(node)
