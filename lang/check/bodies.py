"""What statements mean: blocks, branches, loops, and what is known where ways meet."""

from __future__ import annotations

from collections.abc import Sequence

from lang import ast
from lang.check.expressions import ExpressionChecker
from lang.check.walker import Flow
from lang.diagnostics import Edit
from lang.scope import Scope
from lang.source import Span
from lang.symbols import ConstantSymbol, ContractSymbol, FunctionSymbol, InterfaceSymbol, Local, Method, RecordSymbol
from lang.types import (
    ARITHMETIC,
    NOTHING,
    UNKNOWN,
    Nothing,
    Reference,
    Type,
    Unknown,
    arithmetic,
    describe,
    fits,
    is_integer,
    is_linear,
    is_number,
    is_value,
    needs_rounding,
    one,
)
from vm import limits
from vm import types as vm
from vm.failure import Code
from vm.instructions import Effect


class BodyChecker(ExpressionChecker):
    """Checks the statements of one function or test."""

    def __init__(self, scope: Scope, *, is_test: bool = False, function: FunctionSymbol | None = None) -> None:
        super().__init__(scope, is_test=is_test, function=function)
        self.result: Type = function.result if function is not None else NOTHING
        self.loops: list[list[Flow]] = []  # for each loop, the flows at its breaks
        self.heads: list[list[Flow]] = []  # for each loop, the flows at its continues
        self.depths: list[int] = []  # for each loop, how many blocks were open where it began

    # ── Blocks ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, statements: Sequence[ast.Statement]) -> None:
        """Check statements in a block of their own; what is declared in it ends with it."""
        self.locals.append({})
        self.statements(statements)
        self.end_of(self.locals.pop())

    def statements(self, statements: Sequence[ast.Statement]) -> None:
        """Check statements in the block that is open."""
        told = False
        for statement in statements:
            if not self.flow.is_reachable and not told:
                self.scope.error("E0607", "this is never reached", statement.span)
                told = True
            handler = getattr(self, f"_do_{type(statement).__name__.lower()}")
            handler(statement)

    def end_of(self, block: dict[str, Local]) -> None:
        """What was declared in a block ends with it; linear values must be gone by then."""
        for local in block.values():
            if local in self.flow.held:
                if self.flow.is_reachable and self.flow.held[local] is None:
                    self.lost(local, local.span)
                del self.flow.held[local]
            elif local.uses == 0 and not (local.is_fixed or local.name.startswith("_") or isinstance(local.type, Unknown)):
                edit = Edit(local.span, "_", "say that it is not needed")
                self.scope.error("W0201", f"`{local.name}` is never used", local.span, edit=edit)

    def lost(self, local: Local, span: Span) -> None:
        """The finding that a linear value is dropped."""
        what = "money" if isinstance(local.type, vm.Coin) else one(local.type)
        message = f"`{local.name}` holds {what} that would be lost here: pay it, put it somewhere, or return it"
        self.linear("E0401", local, message, span)
        self.flow.held[local] = span

    def finish(self, span: Span) -> None:
        """The end of a function's body."""
        if not self.flow.is_reachable:
            return
        if not isinstance(self.result, Nothing | Unknown):
            place = Span(max(span.start, span.end - 1), span.end)
            message = f"a way through this function ends without returning its `{describe(self.result)}`"
            self.scope.error("E0608", message, place)

    # ── Values ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do_let(self, node: ast.Let) -> None:
        wanted = self.scope.type_of(node.annotation) if node.annotation is not None else None
        kind = self.check(node.value, wanted)
        kind = wanted if wanted is not None else kind
        if not is_value(kind):
            self.scope.error("E0311", f"a `{describe(kind)}` is not held in a `let`", node.span)
            kind = UNKNOWN
        if len(node.names) == 1:
            self._bind(node.names[0], kind)
            return
        if isinstance(kind, vm.Tuple) and len(kind.items) == len(node.names):
            kinds: Sequence[Type] = kind.items
        else:
            if not isinstance(kind, Unknown):
                count = len(kind.items) if isinstance(kind, vm.Tuple) else 1
                message = f"{len(node.names)} names for {count} value{'s' if count != 1 else ''}"
                self.scope.error("E0323", message, node.span)
            kinds = [UNKNOWN] * len(node.names)
        for name, each in zip(node.names, kinds, strict=True):
            self._bind(name, each)

    def _bind(self, name: ast.Identifier, kind: Type, *, is_fixed: bool = False) -> Local:
        local = name.ref = self.new_local(name, kind, is_fixed=is_fixed)
        if name.text == "_" and is_linear(kind):
            self.lost(local, name.span)
        return local

    def _do_assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Name) and self.is_phase(node.target):
            edit = Edit(node.span, f"become {node.value.text}", "write `become`")
            self.scope.error("E0201", "the phase changes by `become`", node.target.span, edit=edit)
            return
        kind = self._target(node.target)
        local = node.target.ref if isinstance(node.target, ast.Name) and isinstance(node.target.ref, Local) else None
        if isinstance(kind, vm.Vault | vm.Map | vm.Set):
            self.scope.error("E0317", f"a {type(kind).__name__} is not assigned; it has methods", node.target.span)
            self.look(node.value)
            return
        if node.operator is not None:
            self._change(node, kind)
            if local is not None:
                local.uses += 1
            return
        self.check(node.value, kind)
        if local is not None and local in self.flow.held:
            if self.flow.held[local] is None and self.flow.is_reachable:
                message = f"`{local.name}` still holds a value that this would overwrite"
                self.linear("E0405", local, message, node.target.span)
            self.flow.held[local] = None
        elif is_linear(kind) and local is None:
            self.scope.error("E0405", "assigning here could overwrite a value; use `put`, which refuses to", node.target.span)

    def _target(self, node: ast.Expression) -> Type:
        """The type of what is assigned to; unknown after a finding."""
        if isinstance(node, ast.Index):
            base = self.look(node.value)
            if isinstance(base, vm.Map) and isinstance(base.value, vm.Resource):
                self.check(node.index, base.key)
                return base.value
        kind = self.look(node)
        return kind if self.place(node) else UNKNOWN

    def _change(self, node: ast.Assign, kind: Type) -> None:
        """`target += value`."""
        operator = node.operator
        assert operator is not None
        joins = operator == "+" and isinstance(kind, vm.Text | vm.Bytes | vm.List)
        hint = kind if joins or is_integer(kind) or (is_number(kind) and operator != "*" and kind != vm.TIME) else None
        if kind == vm.TIME:
            hint = vm.DURATION
        value = self.check(node.value, hint if isinstance(node.value, ast.Number | ast.ListLiteral) or joins else None)
        if isinstance(kind, Unknown) or isinstance(value, Unknown) or joins:
            return
        rule = arithmetic(operator, kind, value)
        if rule is None or rule.result != kind:
            self.scope.error("E0302", f"`{describe(kind)} {operator}= {describe(value)}` has no meaning", node.span)
        elif needs_rounding(operator, rule):
            message = f"this says how it is rounded: write `x = x {operator} … rounded down`"
            self.scope.error("E0303", message, node.span)

    def _do_evaluate(self, node: ast.Evaluate) -> None:
        kind = self.check(node.value, NOTHING)
        if is_linear(kind):
            what = "money" if isinstance(kind, vm.Coin) else one(kind)
            self.scope.error("E0401", f"this gives {what}, which would be lost", node.span)
        elif not isinstance(node.value, ast.Call | ast.ExternalCall | ast.Deploy) and not isinstance(kind, Unknown):
            self.scope.error("E0612", "this line does nothing", node.span)
        elif not self.is_test and not isinstance(kind, Nothing | Unknown) and not self._may_be_forgotten(node.value):
            edit = Edit(Span(node.span.start, node.span.start), "let _ = ", "say that the value is not needed")
            self.scope.error("E0612", f"nothing is done with the `{describe(kind)}` that this gives", node.span, edit=edit)

    def _may_be_forgotten(self, node: ast.Expression) -> bool:
        """`xs.pop()` and `m.take(k)` are also ways to get rid of something; what else gives a value gives it to be used."""
        return isinstance(node, ast.Call) and isinstance(node.ref, Method) and node.ref.name in ("pop", "take")

    # ── Branches ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do_if(self, node: ast.If) -> None:
        ends: list[Flow] = []
        if len(node.branches) > limits.BLOCK_DEPTH_MAX:
            place = node.branches[limits.BLOCK_DEPTH_MAX][0].span
            self.scope.error("E0901", f"an `if` has at most {limits.BLOCK_DEPTH_MAX} branches", place)
        for condition, body in node.branches:
            self.condition(condition)
            before = self.flow.copy()
            self._narrow(condition, True)
            self.block(body)
            ends.append(self.flow)
            self.flow = before
            self._narrow(condition, False)
        if node.otherwise is not None:
            self.block(node.otherwise)
        self._meet([*ends, self.flow], node.span)

    def _narrow(self, condition: ast.Expression, holds: bool) -> None:
        """`if phase is A` says which phase it is inside."""
        if isinstance(condition, ast.PhaseIs) and isinstance(condition.ref, frozenset):
            self.flow.phases = self.flow.phases & condition.ref if holds else self.flow.phases - condition.ref

    def _meet(self, flows: list[Flow], span: Span) -> None:
        joined = flows[0]
        for flow in flows[1:]:
            joined = self.join(joined, flow, span)
        self.flow = joined

    def _do_match(self, node: ast.Match) -> None:
        kind = self.check(node.value)
        variants = self._variants(kind)
        if variants is None:
            if not isinstance(kind, Unknown):
                message = f"`match` opens enums and options, not `{describe(kind)}`; use `if`"
                self.scope.error("E0302", message, node.value.span)
            for case in node.cases:
                before = self.flow.copy()
                self._case(case, [UNKNOWN] * len(case.pattern.names))
                self.flow = before
            return
        before = self.flow.copy()
        ends: list[Flow] = []
        seen: dict[str, Span] = {}
        for case in node.cases:
            self.flow = before.copy()
            name = case.pattern.variant
            self._of_enum(case.pattern, kind)
            if "_" in seen or (name.text == "_" and all(variant in seen for variant in variants)):
                above = "`_` above takes" if "_" in seen else "the arms above take"
                self.scope.error("E0605", f"no value gets here: {above} them all", case.pattern.span)
            elif name.text in seen:
                notes = (("it was taken here", seen[name.text]),)
                self.scope.error("E0605", f"`{name.text}` has an arm already", name.span, notes=notes)
            elif name.text != "_" and name.text not in variants:
                self.scope.unknown("E0213", f"variant of `{describe(kind)}`", name, variants)
            seen[name.text] = name.span
            self._case(case, self._payload(case.pattern, kind, variants))
            ends.append(self.flow)
        missing = [name for name in variants if name not in seen]
        if missing and "_" not in seen:
            listed = ", ".join(f"`{name}`" for name in missing)
            self.scope.error("E0604", f"no arm for {listed}", node.value.span, expected=f"`case {missing[0]}…:`")
        self._meet(ends or [before], node.span)

    def _of_enum(self, pattern: ast.Pattern, kind: Type) -> None:
        name = pattern.enum
        if name is not None and not (isinstance(kind, vm.Enum) and kind.name == name.text):
            edit = Edit(name.span, kind.name, f"write `{kind.name}`") if isinstance(kind, vm.Enum) else None
            self.scope.error("E0213", f"`{name.text}` is not what is matched: it is {one(kind)}", name.span, edit=edit)

    def _variants(self, kind: Type) -> dict[str, tuple[Type, ...]] | None:
        match kind:
            case vm.Enum(_, variants):
                return {name: tuple(field for _, field in payload) for name, payload in variants}
            case vm.Option(element):
                return {"None": (), "Some": (element,)}
        return None

    def _payload(self, pattern: ast.Pattern, kind: Type, variants: dict[str, tuple[Type, ...]]) -> Sequence[Type]:
        name = pattern.variant.text
        if name == "_":
            if pattern.names:
                self.scope.error("E0323", "`_` carries nothing", pattern.span)
            if is_linear(kind):
                self.scope.error("E0401", "`_` would lose what is inside; name every variant", pattern.span)
            return [UNKNOWN] * len(pattern.names)
        payload = variants.get(name)
        if payload is None:
            return [UNKNOWN] * len(pattern.names)
        if len(payload) != len(pattern.names):
            kinds = ", ".join(describe(each) for each in payload)
            message = f"`{name}` carries {len(payload)} values, {len(pattern.names)} are named"
            self.scope.error("E0323", message, pattern.span, expected=f"`{name}({kinds})`" if payload else f"`{name}`")
            return [UNKNOWN] * len(pattern.names)
        return payload

    def _case(self, case: ast.Case, kinds: Sequence[Type]) -> None:
        self.locals.append({})
        for name, kind in zip(case.pattern.names, kinds, strict=True):
            self._bind(name, kind, is_fixed=not is_linear(kind))
        self.block(case.body)
        self.end_of(self.locals.pop())

    # ── Loops ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _loop(
        self,
        name: ast.Identifier | None,
        kind: Type,
        body: Sequence[ast.Statement],
        span: Span,
        condition: ast.Expression | None = None,
    ) -> None:
        entry = self.flow
        if len(self.loops) >= limits.LOOP_DEPTH_MAX:
            self.scope.error("E0901", f"loops nest at most {limits.LOOP_DEPTH_MAX} deep", span)
        for _ in range(len(self._every_phase()) + 1):  # again where a pass found more phases at the head
            self.loops.append([])
            self.heads.append([])
            self.depths.append(len(self.locals))
            self.flow = entry.copy()
            self.locals.append({})
            if name is not None:
                self._bind(name, kind, is_fixed=True)
            self.block(body)
            self.locals.pop()
            self.depths.pop()
            breaks, backs = self.loops.pop(), [*self.heads.pop(), self.flow]
            for back in backs if condition is not None else ():
                assert condition is not None
                self.flow = back
                self.condition(condition)
            for back in backs:
                self._same_at_head(entry, back)
            phases = frozenset().union(*(back.phases for back in backs if back.is_reachable), entry.phases)
            if phases <= entry.phases:
                break
            entry.phases = phases
        self._meet([entry, *breaks], span)

    def _same_at_head(self, entry: Flow, back: Flow) -> None:
        if not back.is_reachable:
            return
        for local, used in entry.held.items():
            now = back.held.get(local)
            if used is None and now is not None:
                self.linear("E0404", local, f"`{local.name}` is used in a loop: the next pass would use it again", now)
                back.held[local] = None
            elif used is not None and now is None:
                self.linear("E0404", local, f"`{local.name}` must be used up before the next pass begins", local.span)

    def _every_phase(self) -> list[str]:
        return self.contract.phases if self.contract is not None else []

    def _do_foreach(self, node: ast.ForEach) -> None:
        kind = self.look(node.values) if isinstance(node.values, ast.Attribute) else self.check(node.values)
        element: Type = UNKNOWN
        if isinstance(kind, vm.List):
            element = kind.element
        elif isinstance(kind, Nothing):
            self.check(node.values)
        elif not isinstance(kind, Unknown):
            hint = "; maps and sets are not walked through: keep a list" if isinstance(kind, vm.Map | vm.Set) else ""
            self.scope.error("E0302", f"`for` walks through a list, not `{describe(kind)}`{hint}", node.values.span)
        self._loop(node.name, element, node.body, node.span)

    def _do_forrange(self, node: ast.ForRange) -> None:
        pair = ast.Binary("<", node.first, node.end, span=Span(node.first.span.start, node.end.span.end))
        first, end = self._operands(pair, None)
        kind = first if fits(end, first) else UNKNOWN
        is_known = not isinstance(first, Unknown) and not isinstance(end, Unknown)
        if is_known and not (is_integer(first) and fits(end, first)):
            message = f"a range runs over one integer type, not from `{describe(first)}` to `{describe(end)}`"
            self.scope.error("E0302", message, pair.span)
            kind = UNKNOWN
        if node.bound is None:
            if not (self._is_fixed_end(node.first) and self._is_fixed_end(node.end)):
                place = Span(node.end.span.end, node.end.span.end)
                edit = Edit(place, " max 100", "say how many passes there are at most")
                self.scope.error("E0602", "a loop says how often it runs at most: `max 100`", pair.span, edit=edit)
            elif is_integer(kind):
                self._fixed_passes(node, kind, pair.span)
        else:
            self._bound(node.bound)
        self._loop(node.name, kind, node.body, node.span)

    def _fixed_passes(self, node: ast.ForRange, kind: Type, span: Span) -> None:
        assert self.scope.constant_value is not None
        first, end = (self.scope.constant_value(value, kind, self.scope) for value in (node.first, node.end))
        if isinstance(first, int) and isinstance(end, int) and end - first > limits.LOOP_PASSES_MAX:
            most = f"{limits.LOOP_PASSES_MAX:,}".replace(",", "_")
            self.scope.error("E0603", f"a loop runs at most {most} times", span)

    def _is_fixed_end(self, node: ast.Expression) -> bool:
        assert self.scope.constant_value is not None
        match node:
            case ast.Number():
                return True
            case ast.Name():
                return isinstance(node.ref, ConstantSymbol) or isinstance(node.type, Unknown)
            case ast.Unary("-", operand):
                return self._is_fixed_end(operand)
            case ast.Binary(operator, left, right) if operator in ARITHMETIC:
                return self._is_fixed_end(left) and self._is_fixed_end(right)
        return False

    def _bound(self, node: ast.Expression) -> None:
        assert self.scope.constant_value is not None
        value = self.scope.constant_value(node, vm.U64, self.scope)
        if isinstance(value, int) and not 1 <= value <= limits.LOOP_PASSES_MAX:
            most = f"{limits.LOOP_PASSES_MAX:,}".replace(",", "_")
            self.scope.error("E0603", f"a loop's bound is between 1 and {most}", node.span)

    def _do_while(self, node: ast.While) -> None:
        before = self.flow.copy()
        self.condition(node.condition)
        for local, used in before.held.items():
            now = self.flow.held.get(local)
            if used is None and now is not None and self.flow.is_reachable:
                self.linear("E0404", local, f"`{local.name}` is used in a condition that is asked again after each pass", now)
        if node.bound is None:
            place = Span(node.condition.span.end, node.condition.span.end)
            edit = Edit(place, " max 100", "say how many passes there are at most")
            self.scope.error("E0602", "a loop says how often it runs at most: `max 100`", node.condition.span, edit=edit)
        else:
            self._bound(node.bound)
        self._loop(None, UNKNOWN, node.body, node.span, node.condition)

    def _do_break(self, node: ast.Break | ast.Continue) -> None:
        word = type(node).__name__.lower()
        if not self.loops:
            self.scope.error("E0606", f"`{word}` stands in a loop", node.span)
            return
        self._leave_loop_locals()
        (self.loops if word == "break" else self.heads)[-1].append(self.flow.copy())
        self.flow.is_reachable = False

    _do_continue = _do_break

    def _leave_loop_locals(self) -> None:
        for block in self.locals[self.depths[-1] :]:
            for local in block.values():
                if local in self.flow.held and self.flow.held[local] is None and self.flow.is_reachable:
                    self.lost(local, local.span)

    def _do_pass(self, node: ast.Pass) -> None:
        """Nothing."""

    # ── Ends ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do_return(self, node: ast.Return) -> None:
        if self.is_test:
            self.scope.error("E0802", "a test does not return", node.span)
        elif node.value is None:
            if not isinstance(self.result, Nothing | Unknown):
                self.scope.error("E0608", f"this function returns a `{describe(self.result)}`", node.span)
        elif isinstance(self.result, Nothing):
            self.check(node.value)
            self.scope.error("E0301", "this function returns nothing; declare `-> Type`", node.value.span)
        else:
            self.check(node.value, self.result)
        if self.flow.is_reachable:
            for local, used in list(self.flow.held.items()):
                if used is None:
                    self.lost(local, node.span)
        self.flow.is_reachable = False

    def _error_of(self, use: ast.ErrorUse) -> RecordSymbol | None:
        own = self.contract.errors if self.contract is not None else {}
        symbol = own.get(use.name.text) or self.scope.find(use.name.text)
        if isinstance(symbol, RecordSymbol):
            return symbol
        for argument in use.arguments or ():
            self.check(argument.value)
        if not isinstance(symbol, Unknown):
            self.scope.unknown("E0207", "error", use.name, own)
        return None

    def _raise(self, use: ast.ErrorUse) -> None:
        symbol = self._error_of(use)
        if symbol is None:
            return
        arguments = use.arguments if use.arguments is not None else []
        self.arguments(arguments, symbol.fields, use.span, f"`{symbol.name}`")
        use.arguments = arguments
        use.ref = symbol

    def _do_require(self, node: ast.Require) -> None:
        if self.is_test:
            self.scope.error("E0802", "a test says `assert`", node.span)
        if node.error is None and isinstance(node.condition, ast.TupleLiteral):
            self.condition(node.condition.items[0])
            says = "errors have names, not texts: declare `error NotAllowed` and name it"
            self.scope.error("E0610", says, node.span, expected="`require condition else NotAllowed`")
            return
        self.condition(node.condition)
        if node.error is None:
            place = Span(node.condition.span.end, node.condition.span.end)
            edit = Edit(place, " else NotAllowed", "name the error")
            self.scope.error("E0610", "`require` says how it fails: `else Error(…)`", node.span, edit=edit)
            return
        held = dict(self.flow.held)
        self._raise(node.error)
        self.flow.held = held

    def _do_fail(self, node: ast.Fail) -> None:
        if self.is_test:
            self.scope.error("E0802", "a test says `assert`", node.span)
        self._raise(node.error)
        self.flow.is_reachable = False

    # ── The world ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _only_in_contract(self, node: ast.Statement, word: str) -> bool:
        if self.contract is None:
            self.scope.error("E0713", f"`{word}` stands in a contract's function", node.span)
            return False
        return True

    def _do_emit(self, node: ast.Emit) -> None:
        self.note(Effect.EMIT, node.span, "emits an event")
        symbol = self.contract.events.get(node.event.text) if self.contract is not None else None
        if not self._only_in_contract(node, "emit") or symbol is None:
            for argument in node.arguments:
                self.check(argument.value)
            if self.contract is not None:
                self.scope.unknown("E0208", "event", node.event, self.contract.events)
            return
        self.arguments(node.arguments, symbol.fields, node.span, f"`{symbol.name}`")

    def _do_become(self, node: ast.Become) -> None:
        self.note(Effect.WRITE, node.span, "changes the phase")
        if not self._only_in_contract(node, "become"):
            return
        found = self.phase_set([node.phase])
        if not found:
            return
        (phase,) = found
        assert self.contract is not None
        function = self.function
        if function is not None and function.phases is None and function.kind not in ("init", ""):
            message = "a function that becomes says in which phases it runs: `in …`"
            first = next((self.contract.phases[a] for a, b in sorted(self.contract.steps) if b == phase), None)
            self.scope.error("E0505", message, node.span, expected=f"`in {first}`" if first else None)
        elif self.flow.is_reachable and not self.is_any_phase():
            wrong = [p for p in sorted(self.flow.phases) if (p, phase) not in self.contract.steps]
            if wrong:
                names = ", ".join(self.contract.phases[p] for p in wrong)
                message = f"there is no step from {names} to {node.phase.text} in `phases`"
                self.scope.error("E0503", message, node.span)
        if self.flow.phases:  # else no phase is left in which one gets here
            self.flow.phases = found

    def _do_destroy(self, node: ast.Destroy) -> None:
        kind = self.check(node.value)
        if isinstance(kind, vm.Coin):
            self.scope.error("E0409", "money is not destroyed; pay it or put it into a vault", node.span)
        elif not isinstance(kind, vm.Resource | Unknown):
            self.scope.error("E0302", f"only resources are destroyed, this is `{describe(kind)}`", node.value.span)

    def _do_trystatement(self, node: ast.TryStatement) -> None:
        self.external(node.call)
        node.call.type = UNKNOWN  # type: ignore[assignment]
        before = self.flow.copy()
        self.block(node.otherwise)
        self._meet([before, self.flow], node.span)

    def _do_ensures(self, node: ast.Ensures) -> None:
        self.scope.error("E0609", "`ensures` stands at the beginning of a function, before what it does", node.span)

    # ── Tests ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _only_in_test(self, node: ast.Statement, word: str) -> None:
        if not self.is_test:
            self.scope.error("E0801", f"`{word}` belongs into a test", node.span)

    def _do_assert(self, node: ast.Assert) -> None:
        if not self.is_test:
            message = "a contract says `require condition else Error(…)`; `assert` belongs into a test"
            self.scope.error("E0801", message, node.span)
        self.condition(node.condition)

    def _do_expect(self, node: ast.Expect) -> None:
        if not self.is_test:
            self.scope.error("E0801", "`expect` belongs into a test", node.span)
            return
        fields = self._expected_fields(node)
        if node.what.arguments is not None:
            if fields is None:
                for argument in node.what.arguments:
                    self.check(argument.value)
            else:
                self.arguments(node.what.arguments, fields, node.what.span, f"`{node.what.name.text}`")
        before = self.flow.copy()
        self.block(node.body)
        if not node.is_event:
            self.flow = before

    def _expected_fields(self, node: ast.Expect) -> Sequence[tuple[str, Type]] | None:
        name = node.what.name
        contracts = self._contracts_in_sight(node.contract)
        known: list[str] = []
        if not contracts and node.contract is not None:
            return None
        for contract in contracts:
            records = contract.events if node.is_event else contract.errors
            if name.text in records:
                return records[name.text].fields
            known += records
        if not node.is_event:
            symbol = self.scope.find(name.text)
            if isinstance(symbol, RecordSymbol):
                return symbol.fields
            if name.text in set(Code):
                return None
            known += list(Code)
        what = "event" if node.is_event else "error"
        self.scope.unknown("E0208" if node.is_event else "E0207", what, name, known)
        return None

    def _contracts_in_sight(self, name: ast.Identifier | None) -> list[ContractSymbol]:
        found: list[ContractSymbol] = []
        for key in self.scope.known_names():
            symbol = self.scope.find(key)
            if isinstance(symbol, InterfaceSymbol) and symbol.contract is not None and (name is None or key == name.text):
                found.append(symbol.contract)
        if name is not None and not found:
            self.scope.unknown("E0201", "contract", name, self.scope.names_of(InterfaceSymbol))
        return found

    def _do_pay(self, node: ast.Pay) -> None:
        self._only_in_test(node, "pay … to … as …")
        self.check(node.amount, vm.AMOUNT)
        self.sender(node.to)
        self.sender(node.sender)

    def _do_attach(self, node: ast.Attach) -> None:
        self._only_in_test(node, "attach")
        kind = self.check(node.rule)
        if isinstance(kind, Reference):
            interface = self.scope.interface(kind)
            contract = interface.contract if interface is not None else None
            if contract is not None and "WalletRule" not in contract.implements:
                self.scope.error("E0706", f"`{kind.name}` is no WalletRule", node.rule.span)
        elif not isinstance(kind, Unknown):
            self.scope.error("E0301", f"a rule is a contract, this is `{describe(kind)}`", node.rule.span)
        self.sender(node.wallet)
