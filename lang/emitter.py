"""From a checked contract to a module of the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lang import ast
from lang.evaluator import TIME_DIVISORS, Evaluator
from lang.expressions import COMPARISONS, ROUNDINGS
from lang.source import Source, Span
from lang.symbols import (
    Builtin,
    ConstantSymbol,
    Construction,
    ContractSymbol,
    Conversion,
    ExternalUse,
    FunctionSymbol,
    Local,
    Method,
    Part,
    RecordSymbol,
    StateField,
    VariantUse,
)
from lang.types import Nothing as NothingType
from lang.types import Rule, arithmetic, is_plain, lower, scaling_type, wider
from vm import instructions as op
from vm import types as vm
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.type_table import type_indices, type_table

KINDS = {"init": Kind.INIT, "pub": Kind.PUBLIC, "view": Kind.VIEW, "pure": Kind.PURE, "rule": Kind.RULE, "": Kind.PRIVATE}
OPERATIONS = {"+": op.ADD, "-": op.SUB, "*": op.MUL, "mod": op.MOD}
COMPARE = {"==": op.EQ, "!=": op.NE, "<": op.LT, "<=": op.LE, ">": op.GT, ">=": op.GE}
HASHES = {"sha256": op.SHA256, "sha3_256": op.SHA3_256, "blake2b": op.BLAKE2B_256}
NOWHERE = Span(0, 0)
CALLS = {
    ("call", False): op.CALL,
    ("call", True): op.TRY_CALL,
    ("read", False): op.READ,
    ("read", True): op.TRY_READ,
}


@dataclass(slots=True)
class FunctionDebug:
    """Where one function's instructions came from."""

    name: str
    source: Source
    places: list[tuple[int, Span]]  # position in the code, place in the text
    locals: list[str]


@dataclass(slots=True)
class Emitted:
    """A module and where it came from, function by function."""

    module: Module
    debug: list[FunctionDebug]


def emit_contract(contract: ContractSymbol) -> Emitted:
    """The module of a contract that was checked without an error."""
    return ModuleEmitter(contract).run()


@dataclass(slots=True)
class _Draft:
    """A function whose type operands are still types."""

    name: str
    kind: Kind
    parameters: tuple[tuple[str, vm.Type], ...]
    result: vm.Type | None
    phases: int | None
    locals: list[vm.Type]
    code: list[int]
    types: list[tuple[int, vm.Type]]
    debug: FunctionDebug
    invoked: set[int]
    effects: int


class ModuleEmitter:
    """Collects what the functions of one contract use, and puts the module together."""

    def __init__(self, contract: ContractSymbol) -> None:
        self.contract = contract
        self.constants: dict[tuple[vm.Type, str], int] = {}
        self.constant_list: list[Constant] = []
        self.externals: dict[External, int] = {}
        self.errors: dict[RecordSymbol, int] = {}
        self.functions: dict[FunctionSymbol, int] = {}
        self.order: list[FunctionSymbol | None] = []
        self.drafts: dict[int, _Draft] = {}
        self.promises: list[tuple[int, int | None, int]] = []

    def constant(self, kind: vm.Type, value: object) -> int:
        """The number of a constant."""
        key = (kind, repr(value))
        if key not in self.constants:
            self.constants[key] = len(self.constant_list)
            self.constant_list.append(Constant(kind, value))
        return self.constants[key]

    def external(self, use: ExternalUse) -> int:
        """The number of a function of another contract."""
        function = use.function
        parameters = tuple(lower(kind) for _, kind in function.parameters)
        result = None if isinstance(function.result, NothingType) else lower(function.result)
        view = function.kind in ("view", "pure")
        entry = External(use.interface, function.name, view, parameters, result)
        return self.externals.setdefault(entry, len(self.externals))

    def error(self, symbol: RecordSymbol) -> int:
        """The number of an error, which may be declared outside of the contract."""
        return self.errors.setdefault(symbol, len(self.errors))

    def function(self, symbol: FunctionSymbol) -> int:
        """The number of a function; one from outside of the contract is taken in as a private one."""
        if symbol not in self.functions:
            self.functions[symbol] = len(self.order)
            self.order.append(symbol)
        return self.functions[symbol]

    def run(self) -> Emitted:
        """Emit every function, then close the tables."""
        contract = self.contract
        for error in contract.errors.values():
            self.error(error)
        init = contract.init
        if init is not None:
            self.function(init)
        else:
            self.order.append(None)
        for function in contract.functions.values():
            self.function(function)
        done = 0
        while done < len(self.order):
            symbol = self.order[done]
            self.drafts[done] = self._default_init() if symbol is None else self._emit(symbol, done)
            done += 1
        for number, invariant in enumerate(contract.invariants):
            self._checker(f"invariant${number}", Kind.INVARIANT, invariant.condition)
        for symbol in (*([init] if init is not None else []), *contract.functions.values()):
            self._promises(symbol)
        return self._close()

    def _emit(self, symbol: FunctionSymbol, number: int) -> _Draft:
        own = symbol is self.contract.init or symbol in self.contract.functions.values()
        name = "init" if symbol.kind == "init" else symbol.name
        if not own and any(f is not symbol and f is not None and f.name == name for f in self.order):
            name = f"{name}${number}"
        kind = KINDS[symbol.kind] if own else Kind.PRIVATE
        emitter = FunctionEmitter(self, symbol.source)
        parameters = [(name, lower(kind)) for name, kind in symbol.parameters]
        emitter.locals = [lower(local.type) for local in symbol.locals]
        emitter.names = [local.name for local in symbol.locals]
        emitter.function_body(symbol, self._initials() if symbol.kind == "init" else ())
        result = None if isinstance(symbol.result, NothingType) else lower(symbol.result)
        asked = symbol.phases if symbol.kind else None  # of private functions the checker knows the phase wherever they run
        phases = sum(1 << phase for phase in asked) if asked is not None else None
        return emitter.draft(name, kind, parameters, result, phases)

    def _initials(self) -> Sequence[StateField]:
        return [field for field in self.contract.fields.values() if field.initial is not None]

    def _default_init(self) -> _Draft:
        emitter = FunctionEmitter(self, self.contract.source)
        emitter.at(self.contract.declaration.name.span)
        emitter.initials(self._initials())
        emitter.put(op.RETURN)
        return emitter.draft("init", Kind.INIT, [], None, None)

    def _checker(self, name: str, kind: Kind, condition: ast.Expression) -> int:
        emitter = FunctionEmitter(self, self.contract.source)
        emitter.value(condition)
        emitter.put(op.RETURN)
        return self._add(emitter.draft(name, kind, [], vm.BOOL, None))

    def _add(self, draft: _Draft) -> int:
        number = len(self.order)
        self.order.append(None)
        self.drafts[number] = draft
        return number

    def _promises(self, symbol: FunctionSymbol) -> None:
        body = symbol.declaration.body or []
        plain = [(place, name, kind) for place, (name, kind) in enumerate(symbol.parameters) if is_plain(kind)]
        parameters = [(name, lower(kind)) for _, name, kind in plain]
        slots = {place: slot for slot, (place, _, _) in enumerate(plain)}
        for number, promise in enumerate(s for s in body if isinstance(s, ast.Ensures)):
            olds = _walk_olds(promise.condition)
            old_number = None
            if olds:
                emitter = FunctionEmitter(self, symbol.source, slots)
                emitter.locals = [kind for _, kind in parameters]
                kinds = [emitter.type(old.value) for old in olds]
                for old in olds:
                    emitter.value(old.value)
                whole: vm.Type = kinds[0] if len(kinds) == 1 else vm.Tuple(tuple(kinds))
                if len(kinds) > 1:
                    emitter.put(op.PACK, whole)
                emitter.put(op.RETURN)
                name = f"{symbol.name}$old${number}"
                old_number = self._add(emitter.draft(name, Kind.OLD, parameters, whole, None))
            emitter = FunctionEmitter(self, symbol.source, slots)
            remembered = _remembered(olds)
            result = [("result", lower(symbol.result))] if is_plain(symbol.result) else []
            every = [*parameters, *remembered, *result]
            emitter.locals = [kind for _, kind in every]
            emitter.remember(olds, len(parameters), len(parameters) + len(remembered))
            emitter.value(promise.condition)
            emitter.put(op.RETURN)
            checker = emitter.draft(f"{symbol.name}$ensures${number}", Kind.ENSURES, every, vm.BOOL, None)
            self.promises.append((self.functions[symbol], old_number, self._add(checker)))

    def _close(self) -> Emitted:
        contract, drafts = self.contract, [self.drafts[number] for number in range(len(self.order))]
        fields = tuple((f.name, lower(f.type)) for f in contract.fields.values())
        events = tuple(_record(event) for event in contract.events.values())
        errors = tuple(_record(error) for error in self.errors)
        used: list[vm.Type] = [kind for _, kind in fields]
        used += [constant.type for constant in self.constant_list]
        used += [kind for entry in (*events, *errors) for _, kind in entry.fields]
        for external in self.externals:
            used += [*external.parameters, *([external.result] if external.result is not None else [])]
        for draft in drafts:
            used += [kind for _, kind in draft.parameters]
            used += [*draft.locals, *([draft.result] if draft.result is not None else [])]
            used += [kind for _, kind in draft.types]
        table = type_table(used)
        index = type_indices(table)
        self._spread_effects(drafts)
        functions = []
        for draft in drafts:
            for place, kind in draft.types:
                draft.code[place] = index(kind)
            functions.append(
                Function(
                    name=draft.name,
                    kind=draft.kind,
                    parameters=draft.parameters,
                    result=draft.result,
                    phases=draft.phases,
                    effects=draft.effects,
                    locals=tuple(draft.locals[len(draft.parameters) :]),
                    code=tuple(draft.code),
                )
            )
        module = Module(
            name=contract.name,
            currency=contract.currency,
            types=table,
            constants=tuple(self.constant_list),
            fields=fields,
            phases=tuple(contract.phases),
            steps=tuple(sorted(contract.steps)),
            events=events,
            errors=errors,
            externals=tuple(self.externals),
            implements=tuple(i if isinstance(i, str) else i.name for i in contract.implements),
            functions=tuple(functions),
            promises=tuple(self.promises),
        )
        return Emitted(module, [draft.debug for draft in drafts])

    def _spread_effects(self, drafts: list[_Draft]) -> None:
        changed = True
        while changed:
            changed = False
            for draft in drafts:
                effects = draft.effects
                for callee in draft.invoked:
                    effects |= drafts[callee].effects
                changed = changed or effects != draft.effects
                draft.effects = effects


def _record(symbol: RecordSymbol) -> Record:
    return Record(symbol.name, tuple((name, lower(kind)) for name, kind in symbol.fields))


def _walk_olds(node: ast.Expression) -> list[ast.Old]:
    olds = [inner for inner in ast.walk(node) if isinstance(inner, ast.Old)]
    return sorted(olds, key=lambda old: old.span)


def _remembered(olds: list[ast.Old]) -> list[tuple[str, vm.Type]]:
    """The parameters through which remembered values come: a lone tuple comes item by item."""
    kinds = [lower(old.value.type) for old in olds if old.value.type is not None]
    if len(kinds) == 1 and isinstance(kinds[0], vm.Tuple):
        kinds = list(kinds[0].items)
    return [(f"old${number}", kind) for number, kind in enumerate(kinds)]


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere a plain value is kept, with every index on the way computed once."""

    kind: str  # "local", "state", "part", "item", "entry"
    number: int = 0  # slot, field or part
    base: Place | None = None
    type: vm.Type | None = None  # of the whole, for "part" and "item"
    index: Callable[[], None] | None = None


@dataclass(slots=True)
class FunctionEmitter:
    """Emits the code of one function."""

    module: ModuleEmitter
    source: Source
    slots: dict[int, int] | None = None  # of parameters, where linear ones are left out
    locals: list[vm.Type] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    types: list[tuple[int, vm.Type]] = field(default_factory=list)
    places: list[tuple[int, Span]] = field(default_factory=list)
    invoked: set[int] = field(default_factory=set)
    effects: int = 0
    is_live: bool = True
    span: Span = NOWHERE
    steps: list[Callable[[], None]] = field(default_factory=list)  # what the innermost loops do before the next pass
    olds: dict[int, list[int]] = field(default_factory=dict)
    result_slot: int = 0
    used: list[int] = field(default_factory=list)  # temporaries of the present statement
    spare: dict[vm.Type, list[int]] = field(default_factory=dict)  # temporaries that nothing needs any more

    # ── Code ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def at(self, span: Span) -> None:
        """What follows comes from there."""
        self.span = span

    def put(self, number: int, *operands: int | vm.Type) -> None:
        """One instruction."""
        if not self.places or self.places[-1][1] != self.span:
            self.places.append((len(self.code), self.span))
        row = op.TABLE[number]
        assert len(operands) == len(row.operands), row.name
        self.code.append(number)
        self.effects |= row.does
        for kind, operand in zip(row.operands, operands, strict=True):
            if kind == "type":
                assert not isinstance(operand, int)
                self.types.append((len(self.code), operand))
                self.code.append(0)
            else:
                assert isinstance(operand, int)
                self.code.append(operand)
        if number in (op.RETURN, op.FAIL, op.BREAK, op.CONTINUE):
            self.is_live = False

    def constant(self, kind: vm.Type, value: object) -> None:
        """Push a constant."""
        self.put(op.CONST, self.module.constant(kind, value))

    def temporary(self, kind: vm.Type) -> int:
        """A fresh local."""
        if self.spare.get(kind):
            slot = self.spare[kind].pop()
        else:
            self.locals.append(kind)
            slot = len(self.locals) - 1
        self.used.append(slot)
        return slot

    def slot(self, local: Local) -> int:
        """The number of a local of the text."""
        return self.slots[local.slot] if self.slots is not None else local.slot

    def remember(self, olds: list[ast.Old], first: int, result: int) -> None:
        """Say where remembered values and the result are found."""
        self.result_slot = result
        if len(olds) == 1 and isinstance(olds[0].value.type, vm.Tuple):
            self.olds[id(olds[0])] = list(range(first, result))
        else:
            self.olds = {id(old): [first + number] for number, old in enumerate(olds)}

    def draft(
        self, name: str, kind: Kind, parameters: Sequence[tuple[str, vm.Type]], result: vm.Type | None, phases: int | None
    ) -> _Draft:
        """The function, its types still open."""
        debug = FunctionDebug(name, self.source, self.places, self.names)
        return _Draft(
            name, kind, tuple(parameters), result, phases, self.locals, self.code, self.types, debug, self.invoked, self.effects
        )

    def type(self, node: ast.Expression) -> vm.Type:
        """The machine's type of an expression."""
        assert node.type is not None
        return lower(node.type)

    def branch(self, then: Callable[[], None], otherwise: Callable[[], None] | None = None) -> None:
        """`if` on the truth value on the stack."""
        self.put(op.IF)
        then()
        after_then, self.is_live = self.is_live, True
        if otherwise is not None:
            self.put(op.ELSE)
            otherwise()
        self.put(op.END)
        self.is_live = after_then or self.is_live

    def set_or_move(self, slot: int) -> None:
        """Push a local's value: a plain one stays, a linear one is gone."""
        self.put(op.MOVE if vm.is_linear(self.locals[slot]) else op.GET, slot)

    # ── Functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def function_body(self, symbol: FunctionSymbol, initials: Sequence[StateField]) -> None:
        """Who may call, then what is done."""
        item = symbol.declaration
        self._authorize(item.by or [])
        self.initials(initials)
        body = [statement for statement in item.body or [] if not isinstance(statement, ast.Ensures)]
        self.block(body)
        if self.is_live:
            self.at(item.name.span)
            self.put(op.RETURN)

    def initials(self, fields: Sequence[StateField]) -> None:
        """Assign the state fields that have initial values in the text."""
        for symbol in fields:
            assert symbol.initial is not None
            self.at(symbol.initial.span)
            self.constant(lower(symbol.type), Evaluator().value(symbol.initial))
            self.put(op.STORE, symbol.index)

    def _authorize(self, clauses: list[ast.By]) -> None:
        named = [by for by in clauses if by.value is not None]
        if not named:
            return
        found = self.temporary(vm.BOOL) if len(named) > 1 else None
        for number, by in enumerate(named):
            self.at(by.span)
            if number:
                assert found is not None
                self.put(op.GET, found)
                self.put(op.NOT)
                self.put(op.IF)
            self._is_by(by)
            if found is not None:
                self.put(op.SET, found)
        for _ in named[1:]:
            self.put(op.END)
        if found is not None:
            self.put(op.GET, found)
        self.put(op.AUTHORIZE)

    def _is_by(self, by: ast.By) -> None:
        assert by.value is not None
        if not by.any_of:
            self.value(by.value)
            self.put(op.SENDER)
            self.put(op.EQ, vm.ADDRESS)
        elif isinstance(by.value.type, vm.List):
            self.value(by.value)
            self.put(op.SENDER)
            self.put(op.CONTAINS, self.type(by.value))
        else:
            self.put(op.SENDER)
            self.put(op.HAS, self._field(by.value).index)

    # ── Statements ────────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, statements: Sequence[ast.Statement]) -> None:
        """Statements one after another."""
        for statement in statements:
            self.at(statement.span)
            before, self.used = self.used, []
            getattr(self, f"_do_{type(statement).__name__.lower()}")(statement)
            for slot in self.used:  # what a statement needed on the way, later ones may use again
                if is_plain(self.locals[slot]):
                    self.spare.setdefault(self.locals[slot], []).append(slot)
            self.used = before

    def _do_let(self, node: ast.Let) -> None:
        if len(node.names) == 1:
            self.value(node.value)
            self._bind(node.names[0])
            return
        self.items(node.value)
        for name in reversed(node.names):
            self._bind(name)

    def _bind(self, name: ast.Identifier) -> None:
        assert isinstance(name.ref, Local)
        self.put(op.SET, self.slot(name.ref))

    def items(self, node: ast.Expression) -> None:
        """Push the items of a tuple, the last on top."""
        if isinstance(node, ast.TupleLiteral):
            for item in node.items:
                self.value(item)
        elif isinstance(node, ast.Call) and isinstance(node.ref, Method) and node.ref.name == "split":
            self._split(node)
        else:
            self.value(node)
            self.put(op.UNPACK, self.type(node))

    def _do_assign(self, node: ast.Assign) -> None:
        if isinstance(node.target, ast.Name):
            assert isinstance(node.target.ref, Local)
            if node.operator is None:
                self.value(node.value)
                self.put(op.SET, self.slot(node.target.ref))
                return
        place = self.place(node.target)
        if node.operator is None and place.kind not in ("part", "item"):
            self.assign(place, lambda: self.value(node.value))
            return
        new = self._before(node.value)
        if node.operator is None:
            self.assign(place, new)
        else:
            self.assign(place, lambda: self._changed(node, place, new))

    def _before(self, node: ast.Expression) -> Callable[[], None]:
        """A value that is computed before the place it goes to is read, if computing it may change that place."""
        if not any(isinstance(inner, ast.Call) and isinstance(inner.ref, FunctionSymbol | Method) for inner in ast.walk(node)):
            return lambda: self.value(node)
        slot = self.temporary(self.type(node))
        self.value(node)
        self.put(op.SET, slot)
        return lambda: self.set_or_move(slot)

    def _changed(self, node: ast.Assign, place: Place, new: Callable[[], None]) -> None:
        operator, kind = node.operator, node.target.type
        assert operator is not None
        assert kind is not None
        assert node.value.type is not None
        self.read(place)
        if isinstance(kind, vm.Text | vm.Bytes | vm.List):
            new()
            self.put(op.CONCAT, lower(kind))
            return
        rule = arithmetic(operator, kind, node.value.type)
        assert rule is not None
        self._cast(lower(kind), rule.work)
        new()
        self._cast(self.type(node.value), rule.work)
        self.put(OPERATIONS[operator], rule.work)
        self._cast(rule.work, rule.result)

    def _do_evaluate(self, node: ast.Evaluate) -> None:
        self.value(node.value)
        if not isinstance(node.value.type, NothingType):
            self.put(op.DROP)

    def _do_if(self, node: ast.If) -> None:
        self._branches(node.branches, node.otherwise)

    def _branches(
        self, branches: list[tuple[ast.Expression, list[ast.Statement]]], otherwise: list[ast.Statement] | None
    ) -> None:
        (condition, body), rest = branches[0], branches[1:]
        self.at(condition.span)
        self.value(condition)
        if rest:
            self.branch(lambda: self.block(body), lambda: self._branches(rest, otherwise))
        elif otherwise is not None:
            self.branch(lambda: self.block(body), lambda: self.block(otherwise))
        else:
            self.branch(lambda: self.block(body))

    def _do_match(self, node: ast.Match) -> None:
        kind = self.type(node.value)
        self.value(node.value)
        whole = self.temporary(kind)
        self.put(op.SET, whole)
        tag = self.temporary(vm.U8)
        if vm.is_linear(kind):
            self.put(op.PEEK_TAG, whole)
        else:
            self.put(op.GET, whole)
            self.put(op.TAG, kind)
        self.put(op.SET, tag)
        self._cases(node.cases, kind, whole, tag)

    def _cases(self, cases: list[ast.Case], kind: vm.Type, whole: int, tag: int) -> None:
        case, rest = cases[0], cases[1:]
        if case.pattern.variant.text == "_":
            self.block(case.body)
            return
        number = _tag(kind, case.pattern.variant.text)
        if not rest:
            self._case(case, kind, whole, number)
            return
        self.at(case.pattern.span)
        self.put(op.GET, tag)
        self.constant(vm.U8, number)
        self.put(op.EQ, vm.U8)
        self.branch(lambda: self._case(case, kind, whole, number), lambda: self._cases(rest, kind, whole, tag))

    def _case(self, case: ast.Case, kind: vm.Type, whole: int, tag: int) -> None:
        self.at(case.pattern.span)
        if case.pattern.names or vm.is_linear(kind):
            self.set_or_move(whole)
            self.put(op.OPEN, kind, tag)
            for name in reversed(case.pattern.names):
                self._bind(name)
        self.block(case.body)

    def _loop(self, passes: int, begins: Callable[[], None], body: Callable[[], None], step: Callable[[], None]) -> None:
        """A loop of at most `passes`: `begins` asks whether there is a first pass, `step` leaves or goes to the next."""
        begins()
        self.put(op.IF)
        self.put(op.LOOP, passes)
        self.steps.append(step)
        body()
        if self.is_live:
            step()
        self.steps.pop()
        self.put(op.END)
        self.put(op.END)
        self.is_live = True

    def _leave_if_not(self, condition: Callable[[], None]) -> None:
        condition()
        self.put(op.NOT)
        self.branch(lambda: self.put(op.BREAK))

    def _do_foreach(self, node: ast.ForEach) -> None:
        kind = self.type(node.values)
        assert isinstance(kind, vm.List)
        values, count, place = self.temporary(kind), self.temporary(vm.U64), self.temporary(vm.U64)
        self.value(node.values)
        self.put(op.SET, values)
        self.put(op.GET, values)
        self.put(op.LENGTH, kind)
        self.put(op.SET, count)
        self.constant(vm.U64, 0)
        self.put(op.SET, place)

        def more() -> None:
            self.put(op.GET, place)
            self.put(op.GET, count)
            self.put(op.LT, vm.U64)

        def body() -> None:
            self.put(op.GET, values)
            self.put(op.GET, place)
            self.put(op.INDEX, kind)
            self._bind(node.name)
            self.block(node.body)

        self._loop(kind.max, more, body, lambda: self._step(node.span, vm.U64, place, more))

    def _step(self, span: Span, kind: vm.Type, place: int, more: Callable[[], None]) -> None:
        self.at(span)
        self.put(op.GET, place)
        self.constant(kind, 1)
        self.put(op.ADD, kind)
        self.put(op.SET, place)
        self._leave_if_not(more)

    def _do_forrange(self, node: ast.ForRange) -> None:
        kind = self.type(node.first)
        place, end = self.temporary(kind), self.temporary(kind)
        self.value(node.first)
        self.put(op.SET, place)
        self.value(node.end)
        self.put(op.SET, end)

        def more() -> None:
            self.put(op.GET, place)
            self.put(op.GET, end)
            self.put(op.LT, kind)

        def body() -> None:
            self.put(op.GET, place)
            self._bind(node.name)
            self.block(node.body)

        if node.bound is not None:
            passes = Evaluator().value(node.bound)
        else:
            passes = max(1, Evaluator().value(node.end) - Evaluator().value(node.first))
        self._loop(passes, more, body, lambda: self._step(node.span, kind, place, more))

    def _do_while(self, node: ast.While) -> None:
        assert node.bound is not None

        def more() -> None:
            self.at(node.condition.span)
            self.value(node.condition)

        def step() -> None:
            self._leave_if_not(more)

        self._loop(Evaluator().value(node.bound), more, lambda: self.block(node.body), step)

    def _do_break(self, _: ast.Break) -> None:
        self.put(op.BREAK)

    def _do_continue(self, _: ast.Continue) -> None:
        self.steps[-1]()
        self.put(op.CONTINUE)

    def _do_pass(self, _: ast.Pass) -> None:
        """Nothing."""

    def _do_return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.value(node.value)
        self.put(op.RETURN)

    def _fail(self, use: ast.ErrorUse) -> None:
        symbol = use.ref
        assert isinstance(symbol, RecordSymbol)
        self.at(use.span)
        for argument in use.arguments or ():
            self.value(argument.value)
        self.put(op.FAIL, self.module.error(symbol))

    def _do_require(self, node: ast.Require) -> None:
        error = node.error
        assert error is not None
        self.value(node.condition)
        self.put(op.NOT)
        self.branch(lambda: self._fail(error))

    def _do_fail(self, node: ast.Fail) -> None:
        self._fail(node.error)

    def _do_emit(self, node: ast.Emit) -> None:
        for argument in node.arguments:
            self.value(argument.value)
        self.put(op.EMIT, self.module.contract.events[node.event.text].index)

    def _do_become(self, node: ast.Become) -> None:
        self.put(op.BECOME, self.module.contract.phases.index(node.phase.text))

    def _do_destroy(self, node: ast.Destroy) -> None:
        kind = self.type(node.value)
        assert isinstance(kind, vm.Resource)
        self.value(node.value)
        self.put(op.DESTROY, kind)
        for _ in kind.fields:
            self.put(op.DROP)

    def _do_trystatement(self, node: ast.TryStatement) -> None:
        kind = self._external(node.call)
        if kind is not None:
            option = vm.Option(kind)
            self.put(op.TAG, option)
            self.constant(vm.U8, 0)
            self.put(op.EQ, vm.U8)
        else:
            self.put(op.NOT)
        self.branch(lambda: self.block(node.otherwise))

    # ── Places ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, node: ast.Expression) -> Place:
        """Where an assignable expression keeps its value; every index on the way is computed now."""
        match node:
            case ast.Name() if isinstance(node.ref, Local):
                return Place("local", self.slot(node.ref))
            case ast.Attribute() if isinstance(node.ref, StateField):
                return Place("state", node.ref.index)
            case ast.Attribute() if isinstance(node.ref, Part):
                return Place("part", node.ref.index, self.place(node.value), self.type(node.value))
            case ast.Index() if isinstance(node.value.type, vm.List):
                base = self.place(node.value)
                return Place("item", 0, base, self.type(node.value), self._once(node.index))
            case ast.Index():
                return Place("entry", self._field(node.value).index, None, None, self._once(node.index))
        raise AssertionError(node)

    def _once(self, node: ast.Expression) -> Callable[[], None]:
        if isinstance(node, ast.Number | ast.Truth | ast.BytesLiteral | ast.TextLiteral) or (
            isinstance(node, ast.Name) and isinstance(node.ref, Builtin | ConstantSymbol)
        ):
            return lambda: self.value(node)
        slot = self.temporary(self.type(node))
        self.value(node)
        self.put(op.SET, slot)
        return lambda: self.put(op.GET, slot)

    def read(self, place: Place) -> None:
        """Push the value at a place."""
        if place.kind == "local":
            self.put(op.GET, place.number)
        elif place.kind == "state":
            self.put(op.LOAD, place.number)
        elif place.kind == "entry":
            assert place.index is not None
            place.index()
            self.put(op.MAP_GET, place.number)
        else:
            assert place.base is not None
            assert place.type is not None
            self.read(place.base)
            if place.kind == "part":
                self.put(op.FIELD, place.type, place.number)
            else:
                assert place.index is not None
                place.index()
                self.put(op.INDEX, place.type)

    def assign(self, place: Place, new: Callable[[], None]) -> None:
        """Put what `new` pushes to a place."""
        if place.kind == "local":
            new()
            self.put(op.SET, place.number)
        elif place.kind == "state":
            new()
            self.put(op.STORE, place.number)
        elif place.kind == "entry":
            assert place.index is not None
            place.index()
            new()
            self.put(op.MAP_PUT, place.number)
        else:
            base = place.base
            assert base is not None
            self.assign(base, lambda: self._with(place, base, new))

    def _with(self, place: Place, base: Place, new: Callable[[], None]) -> None:
        assert place.type is not None
        self.read(base)
        if place.kind == "part":
            new()
            self.put(op.WITH_FIELD, place.type, place.number)
        else:
            assert place.index is not None
            place.index()
            new()
            self.put(op.WITH_INDEX, place.type)

    def _field(self, node: ast.Expression) -> StateField:
        assert isinstance(node, ast.Attribute)
        assert isinstance(node.ref, StateField)
        return node.ref

    def _vault(self, node: ast.Expression) -> int:
        """Push the key of a vault that lies in a map; the number of its state field."""
        if isinstance(node, ast.Index):
            self.value(node.index)
            return self._field(node.value).index
        return self._field(node).index

    # ── Expressions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, node: ast.Expression) -> None:
        """Push the value of an expression."""
        getattr(self, f"_on_{type(node).__name__.lower()}")(node)

    def _on_number(self, node: ast.Number) -> None:
        self.constant(self.type(node), node.ref)

    def _on_textliteral(self, node: ast.TextLiteral | ast.BytesLiteral | ast.Truth) -> None:
        self.constant(self.type(node), node.value)

    _on_bytesliteral = _on_truth = _on_textliteral

    def _on_listliteral(self, node: ast.ListLiteral) -> None:
        for item in node.items:
            self.value(item)
        self.put(op.LIST, self.type(node), len(node.items))

    def _on_tupleliteral(self, node: ast.TupleLiteral) -> None:
        for item in node.items:
            self.value(item)
        self.put(op.PACK, self.type(node))

    def _on_name(self, node: ast.Name) -> None:
        match node.ref:
            case Local() as local:
                self.set_or_move(self.slot(local))
            case ConstantSymbol(_, kind, value, _):
                self.constant(lower(kind), value)
            case VariantUse(tag):
                self.put(op.VARIANT, self.type(node), tag)
            case Builtin("result"):
                self.put(op.GET, self.result_slot)
            case Builtin(name):
                self.put({"sender": op.SENDER, "now": op.NOW, "this": op.THIS}[name])
            case _:
                raise AssertionError(node)

    def _on_attribute(self, node: ast.Attribute) -> None:
        match node.ref:
            case StateField(_, _, index, _, _):
                self.put(op.LOAD, index)
            case VariantUse(tag):
                self.put(op.VARIANT, self.type(node), tag)
            case Part(index):
                self._part(node, index)
            case Method("coin", "amount"):
                self.put(op.PEEK_AMOUNT, self._peeked(node.value))
            case Method("vault", "amount"):
                field = self._vault(node.value)
                self.put(op.VAULT_AMOUNT, field)
            case Method("list", "len"):
                self.value(node.value)
                self.put(op.LENGTH, self.type(node.value))
            case Method("option", name):
                self._tag_of(node.value)
                self.constant(vm.U8, 1 if name == "is_some" else 0)
                self.put(op.EQ, vm.U8)
            case Method("time", name):
                self.value(node.value)
                self._cast(self.type(node.value), vm.U64)
                self.constant(vm.U64, TIME_DIVISORS[name])
                self.put(op.DIV, vm.U64, int(op.Rounding.DOWN))
            case Method("reference", _):
                self.value(node.value)
            case _:
                raise AssertionError(node)

    def _peeked(self, node: ast.Expression) -> int:
        assert isinstance(node, ast.Name)
        assert isinstance(node.ref, Local)
        return self.slot(node.ref)

    def _tag_of(self, node: ast.Expression) -> None:
        if vm.is_linear(self.type(node)):
            self.put(op.PEEK_TAG, self._peeked(node))
        else:
            self.value(node)
            self.put(op.TAG, self.type(node))

    def _part(self, node: ast.Attribute, index: int) -> None:
        whole = self.type(node.value)
        if isinstance(whole, vm.Resource) and isinstance(node.value, ast.Index):
            self.value(node.value.index)
            self.put(op.MAP_PEEK, self._field(node.value.value).index, index)
        elif isinstance(whole, vm.Resource):
            self.put(op.PEEK_FIELD, self._peeked(node.value), index)
        else:
            self.value(node.value)
            self.put(op.FIELD, whole, index)

    def _on_index(self, node: ast.Index) -> None:
        if isinstance(node.value.type, vm.List):
            self.value(node.value)
            self.value(node.index)
            self.put(op.INDEX, self.type(node.value))
        else:
            self.value(node.index)
            self.put(op.MAP_GET, self._field(node.value).index)

    def _on_unary(self, node: ast.Unary) -> None:
        if node.operator == "-" and isinstance(node.operand, ast.Number):
            self.constant(self.type(node), node.operand.ref)
            return
        self.value(node.operand)
        if node.operator == "not":
            self.put(op.NOT)
        else:
            self.put(op.NEG, self.type(node))

    def _on_binary(self, node: ast.Binary) -> None:
        operator = node.operator
        if operator in ("and", "or", "implies"):
            self._logic(node)
        elif operator in ("in", "not in"):
            self._membership(node)
        elif operator in COMPARISONS:
            assert node.left.type is not None
            assert node.right.type is not None
            kind = wider(node.left.type, node.right.type)
            assert kind is not None
            self.value(node.left)
            self.value(node.right)
            self.put(COMPARE[operator], lower(kind))
        elif isinstance(node.ref, Rule):
            self._arithmetic(node, node.ref)
        else:
            self.value(node.left)
            self.value(node.right)
            self.put(op.CONCAT, self.type(node))

    def _cast(self, kind: vm.Type, to: vm.Type) -> None:
        if kind != to:
            self.put(op.CAST, to)

    def _arithmetic(self, node: ast.Binary, rule: Rule) -> None:
        work = rule.work
        rounding = int(ROUNDINGS[node.rounding.text]) if node.rounding is not None else 0
        self.value(node.left)
        self._cast(self.type(node.left), work)
        if rule.scale and node.operator == "/":
            self.constant(work, vm.RATE_ONE)
        self.value(node.right)
        self._cast(self.type(node.right), work)
        if rule.scale:
            if node.operator == "*":
                self.constant(work, vm.RATE_ONE)
            self.put(op.MULDIV, work, rounding)
        elif node.operator == "/":
            self.put(op.DIV, work, rounding)
        else:
            self.put(OPERATIONS[node.operator], work)
        self._cast(work, rule.result)

    def _logic(self, node: ast.Binary) -> None:
        found = self.temporary(vm.BOOL)

        def right() -> None:
            self.value(node.right)
            self.put(op.SET, found)

        def settled(value: bool) -> Callable[[], None]:
            def put() -> None:
                self.constant(vm.BOOL, value)
                self.put(op.SET, found)

            return put

        self.value(node.left)
        if node.operator == "or":
            self.branch(settled(True), right)
        else:
            self.branch(right, settled(node.operator == "implies"))
        self.put(op.GET, found)

    def _membership(self, node: ast.Binary) -> None:
        if isinstance(node.right.type, vm.List):
            element = self._once(node.left)
            self.value(node.right)
            element()
            self.put(op.CONTAINS, self.type(node.right))
        else:
            self.value(node.left)
            self.put(op.HAS, self._field(node.right).index)
        if node.operator == "not in":
            self.put(op.NOT)

    def _on_phaseis(self, node: ast.PhaseIs) -> None:
        self.put(op.PHASE_IN, sum(1 << phase for phase in node.ref))

    def _on_conditional(self, node: ast.Conditional) -> None:
        found = self.temporary(self.type(node))

        def side(value: ast.Expression) -> Callable[[], None]:
            def put() -> None:
                self.value(value)
                self.put(op.SET, found)

            return put

        self.value(node.condition)
        self.branch(side(node.then), side(node.otherwise))
        self.set_or_move(found)

    def _on_new(self, node: ast.New) -> None:
        for argument in node.arguments:
            self.value(argument.value)
        self.put(op.NEW, self.type(node))

    def _on_old(self, node: ast.Old) -> None:
        slots = self.olds[id(node)]
        for slot in slots:
            self.put(op.GET, slot)
        if isinstance(node.value.type, vm.Tuple) and len(slots) > 1:
            self.put(op.PACK, self.type(node.value))

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
        self._map_find(node, arguments[:1])
        _, kind = self._map(node)
        self._open_or(vm.Option(kind.value), arguments[1])

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
        element = self._before(arguments[0])

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


def _tag(kind: vm.Type, name: str) -> int:
    """The position of a variant."""
    if isinstance(kind, vm.Option):
        return 1 if name == "Some" else 0
    assert isinstance(kind, vm.Enum)
    return [variant for variant, _ in kind.variants].index(name)
