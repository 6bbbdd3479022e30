"""Calls of functions, conversions, and the standard functions."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast, habits
from lang.check.parts import PartChecker
from lang.check.walker import is_flexible
from lang.diagnostics import Edit
from lang.source import Span
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    Conversion,
    FunctionSymbol,
    RecordSymbol,
    VariantUse,
)
from lang.types import (
    NOTHING,
    ROUNDINGS,
    UNKNOWN,
    Reference,
    Type,
    Unknown,
    describe,
    fits,
    is_integer,
    is_number,
    is_plain,
    lower,
)
from vm import limits
from vm import types as vm
from vm.instructions import Effect


class CallChecker(PartChecker):
    """Checks calls by name."""

    def _forget_arguments(self, arguments: list[ast.Argument]) -> None:
        for argument in arguments:
            self.check(argument.value)

    def _habit_call(self, node: ast.Call, callee: ast.Name) -> None:
        """The finding about a function that other languages have. Its arguments need not make sense here."""
        edit = None
        if callee.text == "len" and len(node.arguments) == 1:
            span = node.arguments[0].span
            edit = Edit(node.span, f"{self.scope.source.text[span.start : span.end]}.len", "write `.len`")
        self.scope.error("E0205", f"there is no `{callee.text}`: {habits.FUNCTIONS[callee.text][0]}", callee.span, edit=edit)
        known = self.scope.known_names()
        for argument in node.arguments:
            if not isinstance(argument.value, ast.Name) or argument.value.text not in known:
                self.check(argument.value)
            else:
                self.forgive(argument.value)

    def _events(self) -> dict[str, RecordSymbol]:
        return self.contract.events if self.contract is not None else {}

    def arguments(
        self,
        arguments: list[ast.Argument],
        parameters: Sequence[tuple[str, Type]],
        span: Span,
        what: str,
        *,
        coins_by_amount: bool = False,
    ) -> None:
        """Check arguments against parameters, by place first and by name after; puts them in the parameters' order.

        `coins_by_amount` is for tests, where an amount stands for a coin out of the caller's wallet.
        """
        given: dict[str, ast.Argument] = {}
        misnamed = False
        place = 0
        for argument in arguments:
            if argument.name is None:
                if place >= len(parameters):
                    break
                name = parameters[place][0]
                place += 1
            else:
                name = argument.name.text
            if name not in dict(parameters):
                misnamed = True
                assert argument.name is not None
                self.scope.unknown("E0308", f"parameter of {what}", argument.name, [n for n, _ in parameters])
                self.check(argument.value)
            elif name in given:
                misnamed = True
                self.scope.error("E0308", f"`{name}` is given twice", argument.span)
                self.check(argument.value)
            else:
                given[name] = argument
        positional = sum(1 for argument in arguments if argument.name is None)
        miscounted = positional > len(parameters) or any(name not in given for name, _ in parameters)
        if miscounted and not misnamed:
            missing = ", ".join(f"{name}: {describe(kind)}" for name, kind in parameters)
            number = len(parameters)
            takes = "nothing" if not number else f"{number} argument{'s' if number > 1 else ''}"
            self.scope.error("E0307", f"{what} takes {takes}, {len(arguments)} stand here", span, expected=f"({missing})")
        for name, kind in parameters:
            if name in given:
                wanted = vm.Amount(kind.currency) if coins_by_amount and isinstance(kind, vm.Coin) else kind
                self.check(given[name].value, wanted if not miscounted else UNKNOWN)
        if positional > len(parameters):
            for argument in [argument for argument in arguments if argument.name is None][len(parameters) :]:
                self.check(argument.value)
        if len(given) == len(parameters) == len(arguments):
            arguments[:] = [given[name] for name, _ in parameters]

    def _conversion(self, node: ast.Call, to: Type) -> Type:
        name = describe(to)
        if len(node.arguments) != 1 or node.arguments[0].name is not None:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", f"`{name}(…)` takes one value", node.span)
            return UNKNOWN
        argument = node.arguments[0].value
        node.ref = Conversion(to)
        if isinstance(to, Reference):
            self.check(argument, vm.ADDRESS)
            return to
        if is_flexible(argument):
            kind = self.check(argument, to if is_integer(to) else vm.U128 if isinstance(to, vm.Amount) else vm.U64)
        else:
            kind = self.check(argument)
        both_units = not is_integer(kind) and not is_integer(to)
        if not isinstance(kind, Unknown) and (not is_number(kind) or (both_units and kind != to)):
            self.scope.error("E0302", f"`{describe(kind)}` does not become `{name}`; go through an integer", node.span)
            return UNKNOWN
        return to

    def _literal_address(self, node: ast.Call) -> Type:
        argument = node.arguments[0].value if len(node.arguments) == 1 else None
        if not isinstance(argument, ast.BytesLiteral) or len(argument.value) != vm.ADDRESS_BYTES:
            self._forget_arguments(node.arguments)
            self.scope.error("E0305", "an address in the text is 32 bytes: `Address(0x…)` with 64 digits", node.span)
            return UNKNOWN
        argument.type = vm.Bytes(vm.ADDRESS_BYTES)
        node.ref = ConstantSymbol("", vm.ADDRESS, argument.value, node.span)
        return vm.ADDRESS

    def _invoke(self, node: ast.Call, symbol: FunctionSymbol) -> Type:
        node.ref = symbol
        name = symbol.name
        if self.is_test and symbol.scope is not self.scope and symbol.kind != "pure":
            self.scope.error("E0701", f"a test calls contracts: `call x.{name}(…)`", node.span)
        if self.is_constant:
            self.scope.error("E0315", "a constant is computed from literals and constants", node.span)
        if symbol.kind in ("pub", "init", "rule"):
            message = f"`{name}` is entered from outside only; move what both need into a private `fn`"
            self.scope.error("E0710", message, node.callee.span)
        elif self.function is not None:
            self.function.invokes.setdefault(symbol, node.span)
        if symbol.phases is not None and not self.flow.phases <= symbol.phases and self.flow.is_reachable:
            assert self.contract is not None
            outside = ", ".join(self.contract.phases[p] for p in sorted(self.flow.phases - symbol.phases))
            self.scope.error("E0509", f"`{name}` does not run in {outside}, which the phase may be here", node.span)
        self.arguments(node.arguments, symbol.parameters, node.span, f"`{name}`")
        if symbol.becomes:
            self._becomes_inside(node, symbol)
            self.flow.phases |= symbol.becomes
        return symbol.result

    def is_any_phase(self) -> bool:
        """Whether this is a private function without `in`, so that only its callers know the phase."""
        function, contract = self.function, self.contract
        return (
            function is not None
            and contract is not None
            and function.kind == ""
            and function.phases is None
            and len(self.flow.phases) == len(contract.phases)
        )

    def _becomes_inside(self, node: ast.Call, symbol: FunctionSymbol) -> None:
        """A private function without `in` steps on from the phase that its caller is in."""
        contract = self.contract
        if contract is None or symbol.phases is not None or self.is_any_phase() or not self.flow.is_reachable:
            return
        for phase in sorted(self.flow.phases):
            reached = {phase}
            while more := {b for a, b in contract.steps if a in reached and b in symbol.becomes} - reached:
                reached |= more
            for target in sorted(symbol.becomes - reached):
                message = f"`{symbol.name}` becomes {contract.phases[target]}; no step leads there from {contract.phases[phase]}"
                self.scope.error("E0503", message, node.span)

    def _standard(self, node: ast.Call, name: str, expected: Type | None) -> Type:
        node.ref = Builtin(name)
        named = next((argument.name for argument in node.arguments if argument.name is not None), None)
        if named is not None and name in ("Some", "min", "max", "mul_div", "pay", "encode", "bytes_of"):
            self.scope.error("E0308", f"what `{name}` takes has no names", named.span)
            self._forget_arguments(node.arguments)
            return UNKNOWN if name != "pay" else NOTHING
        if name == "Some":
            return self._some(node, expected)
        if name in ("min", "max"):
            return self._least(node, name, expected)
        if name == "mul_div":
            return self._mul_div(node, expected)
        if name == "pay":
            self.note(Effect.MONEY, node.span, "pays")
            if self.is_test:
                self.scope.error("E0802", "in a test a wallet pays: `pay 5.00 CNY to shop as kid`", node.span)
                self._forget_arguments(node.arguments)
                return NOTHING
            coin: Type = vm.COIN
            if len(node.arguments) == 2:
                self.check(node.arguments[0].value, vm.ADDRESS)
                coin = self.check(node.arguments[1].value)
                if isinstance(coin, Unknown | vm.Coin):
                    return NOTHING
                self.mismatch(node.arguments[1].value, coin, vm.COIN)
                return NOTHING
            self.arguments(node.arguments, (("to", vm.ADDRESS), ("coin", coin)), node.span, "`pay`")
            return NOTHING
        if name == "encode":
            return self._encode(node)
        if name == "bytes_of":
            text = self.check(node.arguments[0].value) if len(node.arguments) == 1 else None
            if not isinstance(text, vm.Text):
                if not isinstance(text, Unknown):
                    self.scope.error("E0307", "`bytes_of` takes one text", node.span)
                return UNKNOWN
            return vm.Bytes(text.max)
        data = vm.Bytes(limits.BYTES_MAX)
        if name == "verify_ed25519":
            parameters = (("key", vm.Bytes(32)), ("message", data), ("signature", vm.Bytes(64)))
            self.arguments(node.arguments, parameters, node.span, f"`{name}`")
            return vm.BOOL
        self.arguments(node.arguments, (("data", data),), node.span, f"`{name}`")
        return vm.HASH

    def _some(self, node: ast.Call, expected: Type | None) -> Type:
        if len(node.arguments) != 1:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", "`Some` carries one value", node.span)
            return UNKNOWN
        wanted = expected.element if isinstance(expected, vm.Option) else None
        kind = self.check(node.arguments[0].value, wanted)
        node.ref = VariantUse(1)
        if isinstance(kind, Unknown):
            return UNKNOWN
        if isinstance(expected, vm.Option):
            return expected
        return self.scope.sized(vm.Option(kind), node.span)  # type: ignore[arg-type]

    def _same_numbers(self, node: ast.Call, count: int, expected: Type | None) -> Type:
        """The common number type of the first arguments, bare numbers following the others."""
        values = [argument.value for argument in node.arguments[:count]]
        kind: Type | None = None
        for value in values:
            if not is_flexible(value):
                found = self.check(value, self._hint(value, kind if kind is not None else expected))
                if kind is None:
                    kind = found
                elif not fits(found, kind):
                    self.mismatch(value, found, kind)
                    kind = UNKNOWN
        if kind is None and expected is not None and is_number(expected):
            kind = expected
        for value in values:
            if is_flexible(value):
                kind = self.check(value, kind)
        if kind is None or isinstance(kind, Unknown):
            return UNKNOWN
        if not is_number(kind):
            self.scope.error("E0302", f"numbers belong here, not `{describe(kind)}`", node.span)
            return UNKNOWN
        return kind

    def _least(self, node: ast.Call, name: str, expected: Type | None) -> Type:
        if len(node.arguments) != 2:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", f"`{name}` takes 2 arguments", node.span)
            return UNKNOWN
        return self._same_numbers(node, 2, expected)

    def _mul_div(self, node: ast.Call, expected: Type | None) -> Type:
        rounding = node.arguments[3].value if len(node.arguments) == 4 else None
        if not isinstance(rounding, ast.Name):
            self._forget_arguments(node.arguments[:3])
            message = "`mul_div(a, b, c, down)` is a * b / c, with the rounding named last"
            self.scope.error("E0307", message, node.span)
            return UNKNOWN
        if rounding.text not in ROUNDINGS:
            self.scope.error("E0313", f"there is no rounding `{rounding.text}`", rounding.span, expected=", ".join(ROUNDINGS))
        rounding.ref = Builtin(rounding.text)
        first, second, third = (argument.value for argument in node.arguments[:3])
        if is_flexible(first):
            return self._same_numbers(node, 3, expected)
        kind = self.check(first, self._hint(first, expected))
        kinds = [self.check(v, kind if is_flexible(v) and is_integer(kind) else None) for v in (second, third)]
        if isinstance(kind, Unknown) or any(isinstance(other, Unknown) for other in kinds):
            return UNKNOWN
        if not is_number(kind) or kinds[0] != kinds[1] or not is_number(kinds[0]):
            message = "`mul_div(a, b, c, …)` scales a by b / c: b and c have the same number type"
            self.scope.error("E0302", message, node.span)
            return UNKNOWN
        return kind

    def _encode(self, node: ast.Call) -> Type:
        if len(node.arguments) != 1:
            self._forget_arguments(node.arguments)
            self.scope.error("E0307", "`encode` takes one value", node.span)
            return UNKNOWN
        kind = self.check(node.arguments[0].value)
        if isinstance(kind, Unknown):
            return UNKNOWN
        if not is_plain(kind):
            self.scope.error("E0406", f"`{describe(kind)}` cannot be encoded: it is not plain", node.span)
            return UNKNOWN
        return vm.Bytes(min(vm.encoded_max(lower(kind)), limits.BYTES_MAX))
