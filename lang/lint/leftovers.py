"""What is declared and not used: L01xx."""

from __future__ import annotations

from collections.abc import Iterator

from lang import ast
from lang.catalogue.entry import Entry
from lang.diagnostics import Diagnostic
from lang.lint.subject import Rule, Subject, functions_of, nodes_of, state_field
from lang.symbols import ContractSymbol, FunctionSymbol, InterfaceSymbol, Local, Method, StateField

_WRITES = frozenset({"put", "merge", "remove", "add", "append"})


def _touched(contract: ContractSymbol) -> tuple[set[str], set[str]]:
    """The state fields that are read, and those that are written, in functions, clauses and promises."""
    read: set[str] = set()
    written: set[str] = set()
    writes: set[int] = set()  # nodes `self.x` that are only written to
    for node in ast.walk(contract.declaration):
        target: ast.Node | None = None
        if isinstance(node, ast.Assign):
            target = node.target
        elif isinstance(node, ast.Evaluate) and isinstance(node.value, ast.Call) and isinstance(node.value.callee, ast.Attribute):
            callee = node.value.callee
            if isinstance(callee.ref, Method) and callee.name.text in _WRITES:
                target = callee.value
        while isinstance(target, ast.Index | ast.Attribute):
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Self):
                writes.add(id(target))
                written.add(target.name.text)
            target = target.value
    for node in ast.walk(contract.declaration):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Self) and id(node) not in writes:
            read.add(node.name.text)
    return read, written


def unused_state(subject: Subject) -> Iterator[Diagnostic]:
    """State fields that no function names."""
    for contract in subject.contracts:
        read, written = _touched(contract)
        for member in contract.declaration.members:
            if isinstance(member, ast.Field) and member.name.text not in read | written:
                message = f"`{member.name.text}` is kept and never used"
                yield subject.finding("L0101", message, member.name.span, edit=subject.without(member))


def write_only_state(subject: Subject) -> Iterator[Diagnostic]:
    """State fields that are written and never read. Vaults are W0501."""
    for contract in subject.contracts:
        read, written = _touched(contract)
        for name in sorted(written - read):
            field = contract.fields.get(name)
            if field is not None and type(field.type).__name__ != "Vault":
                yield subject.finding("L0102", f"`{name}` is written and never read", field.span)


def _named(nodes: Iterator[ast.Node]) -> Iterator[str]:
    """Every name that is used: of constants, types, functions."""
    for node in nodes:
        match node:
            case ast.Name(text=text) | ast.TypeName(name=text):
                yield text
            case ast.New(resource=name):
                yield name.text
            case ast.Pattern(enum=ast.Identifier(text=text)):
                yield text


def _declared(subject: Subject, kinds: type | tuple[type, ...]) -> Iterator[tuple[ast.Declaration, str]]:
    """Declarations of a kind in contracts, and beside them where no other file imports this one."""
    has_users = bool(subject.contracts or subject.checked.tests)
    for item in subject.checked.file.items:
        members = item.members if isinstance(item, ast.ContractDeclaration) else []
        outside = [] if subject.is_imported or not has_users else [item]
        for member in (*outside, *members):
            name = getattr(member, "name", None)
            if isinstance(member, kinds) and isinstance(name, ast.Identifier):
                assert isinstance(member, ast.Declaration)
                yield member, name.text


def unused_constants(subject: Subject) -> Iterator[Diagnostic]:
    """Constants that nothing names."""
    used = set(_named(ast.walk(subject.checked.file)))
    for item, name in _declared(subject, ast.Constant):
        if name not in used:
            yield subject.finding("L0103", f"the constant `{name}` is never used", item.span, edit=subject.without(item))


def unused_events(subject: Subject) -> Iterator[Diagnostic]:
    """Events that nothing emits."""
    emitted = {node.event.text for node in ast.walk(subject.checked.file) if isinstance(node, ast.Emit)}
    for item, name in _declared(subject, ast.EventDeclaration):
        if name not in emitted:
            yield subject.finding("L0104", f"the event `{name}` is never emitted", item.span, edit=subject.without(item))


def unused_errors(subject: Subject) -> Iterator[Diagnostic]:
    """Errors that nothing raises; what a test expects raises nothing."""
    raised: set[str] = set()
    for node in ast.walk(subject.checked.file):
        error = node.error if isinstance(node, ast.Require | ast.Fail) else None
        if error is not None:
            raised.add(error.name.text)
    for item, name in _declared(subject, ast.ErrorDeclaration):
        if name not in raised:
            yield subject.finding("L0105", f"the error `{name}` is never raised", item.span, edit=subject.without(item))


def _is_promised(contract: ContractSymbol, function: FunctionSymbol) -> bool:
    """Whether an interface asks for the function as it is."""
    return function.kind == "rule" or any(
        isinstance(interface, InterfaceSymbol) and function.name in interface.functions for interface in contract.implements
    )


def unused_parameters(subject: Subject) -> Iterator[Diagnostic]:
    """Parameters that the body never looks at."""
    for contract in subject.contracts:
        for function in functions_of(contract):
            if _is_promised(contract, function):
                continue
            used = {node.text for node in ast.walk(function.declaration) if isinstance(node, ast.Name)}
            for parameter in function.declaration.parameters:
                if parameter.name.text not in used:
                    message = f"`{function.name}` never looks at `{parameter.name.text}`"
                    yield subject.finding("L0106", message, parameter.name.span)


def unused_types(subject: Subject) -> Iterator[Diagnostic]:
    """Structs, enums and resources that nothing names."""
    used = set(_named(ast.walk(subject.checked.file)))
    for item, name in _declared(subject, (ast.StructDeclaration, ast.EnumDeclaration, ast.ResourceDeclaration)):
        if name not in used:
            yield subject.finding("L0107", f"the type `{name}` is never used", getattr(item, "name").span)  # noqa: B009


def uncalled_functions(subject: Subject) -> Iterator[Diagnostic]:
    """Private functions that nothing calls."""
    for contract in subject.contracts:
        called = {inner for function in functions_of(contract) for inner in function.invokes}
        for function in functions_of(contract):
            if function.kind == "" and function not in called:
                name = function.declaration.name
                yield subject.finding("L0108", f"the private function `{name.text}` is never called", name.span)


def lost_changes(subject: Subject) -> Iterator[Diagnostic]:
    """A copy of state that is changed and never looked at again."""
    for contract in subject.contracts:
        for function in functions_of(contract):
            yield from _lost_in(subject, function)


def _lost_in(subject: Subject, function: FunctionSymbol) -> Iterator[Diagnostic]:
    nodes = list(nodes_of([function]))
    loops = [node for node in nodes if isinstance(node, ast.ForEach | ast.ForRange | ast.While)]
    for let in nodes:
        if not isinstance(let, ast.Let) or len(let.names) != 1 or state_field(let.value) is None:
            continue
        local = let.names[0].ref
        changes = [node for node in nodes if isinstance(node, ast.Assign) and _root(node.target) is local]
        if not changes or any(loop.span.start < change.span.start < loop.span.end for loop in loops for change in changes):
            continue
        last = max(change.span.end for change in changes)
        if all(node.span.start <= last for node in nodes if isinstance(node, ast.Name) and node.ref is local):
            copied = subject.text(let.value)
            message = f"`{let.names[0].text}` is a copy of `{copied}`: the change is lost unless it is stored"
            yield subject.finding("L0109", message, changes[-1].span, notes=(("it was copied here", let.span),))


def _root(target: ast.Expression) -> object:
    while isinstance(target, ast.Attribute | ast.Index):
        target = target.value
    return target.ref if isinstance(target, ast.Name) else None


def names_of_state(subject: Subject) -> Iterator[Diagnostic]:
    """A `let` that has the name of a state field, and is not simply its copy."""
    for contract in subject.contracts:
        for node in nodes_of(functions_of(contract)):
            for name in node.names if isinstance(node, ast.Let) else ():
                field = contract.fields.get(name.text)
                if field is None or not isinstance(name.ref, Local):
                    continue
                assert isinstance(node, ast.Let)
                if not (isinstance(node.value, ast.Attribute) and isinstance(node.value.ref, StateField)):
                    message = f"`{name.text}` is here another value than `self.{name.text}`"
                    yield subject.finding("L0110", message, name.span, notes=(("the state field", field.span),))


RULES = [
    Rule(
        "L0101",
        Entry(
            "state that is never used",
            "The field takes room in the state, and who deploys the contract pays for it; no function names it.",
            "contract Shop:\n    price: u64 = 5\n    colour: u64 = 7\n\n    view fn cost() -> u64:\n        return self.price\n",
            "contract Shop:\n    price: u64 = 5\n\n    view fn cost() -> u64:\n        return self.price\n",
        ),
        unused_state,
    ),
    Rule(
        "L0102",
        Entry(
            "state that is written and never read",
            "Every write is paid for, and no function asks for the value again. Perhaps a check is missing that should look at "
            "it, or a view.",
            "contract Club:\n    members: Set[Address]\n\n    pub fn join() by anyone:\n        self.members.add(sender)\n",
            "contract Club:\n"
            "    members: Set[Address]\n"
            "\n"
            "    pub fn join() by anyone:\n"
            "        self.members.add(sender)\n"
            "\n"
            "    view fn has(who: Address) -> bool:\n"
            "        return who in self.members\n",
        ),
        write_only_state,
    ),
    Rule(
        "L0103",
        Entry(
            "a constant that is never used",
            "Perhaps a number stands somewhere that should be this constant.",
            "contract Shop:\n    const FEE: u64 = 5\n\n    pure fn price() -> u64:\n        return 5\n",
            "contract Shop:\n    const FEE: u64 = 5\n\n    pure fn price() -> u64:\n        return FEE\n",
        ),
        unused_constants,
    ),
    Rule(
        "L0104",
        Entry(
            "an event that is never emitted",
            "Whoever follows the contract waits for it in vain.",
            "contract Switch:\n"
            "    on: bool = false\n"
            "\n"
            "    event Turned(on: bool)\n"
            "\n"
            "    pub fn turn() by anyone:\n"
            "        self.on = not self.on\n",
            "contract Switch:\n"
            "    on: bool = false\n"
            "\n"
            "    event Turned(on: bool)\n"
            "\n"
            "    pub fn turn() by anyone:\n"
            "        self.on = not self.on\n"
            "        emit Turned(self.on)\n",
        ),
        unused_events,
    ),
    Rule(
        "L0105",
        Entry(
            "an error that is never raised",
            "Perhaps the `require` that should raise it is missing.",
            "contract Counter:\n    n: u64 = 0\n\n    error Full\n\n    pub fn up() by anyone:\n        self.n = self.n + 1\n",
            "contract Counter:\n"
            "    n: u64 = 0\n"
            "\n"
            "    error Full\n"
            "\n"
            "    pub fn up() by anyone:\n"
            "        require self.n < 10 else Full\n"
            "        self.n += 1\n",
        ),
        unused_errors,
    ),
    Rule(
        "L0106",
        Entry(
            "a parameter that is never looked at",
            "The caller chooses a value that changes nothing. Functions that an interface asks for, and rules, are left alone.",
            "contract Shop:\n    pure fn price(units: u64, discount: u64) -> u64:\n        return units * 5\n",
            "contract Shop:\n    pure fn price(units: u64, discount: u64) -> u64:\n        return units * 5 - discount\n",
        ),
        unused_parameters,
    ),
    Rule(
        "L0107",
        Entry(
            "a type that is never used",
            "Nothing is of this type.",
            "contract Plan:\n    struct Point:\n        x: u64\n\n    pure fn origin() -> u64:\n        return 0\n",
            "contract Plan:\n    struct Point:\n        x: u64\n\n    pure fn origin() -> Point:\n        return Point(0)\n",
        ),
        unused_types,
    ),
    Rule(
        "L0108",
        Entry(
            "a private function that is never called",
            "It cannot be called from outside, and inside nobody does.",
            "contract Shop:\n    pure fn price() -> u64:\n        return 5\n\n    fn discount() -> u64:\n        return 1\n",
            "contract Shop:\n    pure fn price() -> u64:\n        return 5\n",
        ),
        uncalled_functions,
    ),
    Rule(
        "L0109",
        Entry(
            "a change of a copy is lost",
            "Values are copied: `let order = self.orders[n]` is a value of its own, and what is done to it leaves the state as "
            "it was until it is stored.",
            "contract Shop:\n"
            "    struct Order:\n"
            "        units: u64\n"
            "        done: bool\n"
            "\n"
            "    last: Order = Order(0, false)\n"
            "\n"
            "    pub fn finish() by anyone:\n"
            "        let order = self.last\n"
            "        order.done = true\n",
            "contract Shop:\n"
            "    struct Order:\n"
            "        units: u64\n"
            "        done: bool\n"
            "\n"
            "    last: Order = Order(0, false)\n"
            "\n"
            "    pub fn finish() by anyone:\n"
            "        let order = self.last\n"
            "        order.done = true\n"
            "        self.last = order\n",
        ),
        lost_changes,
    ),
    Rule(
        "L0110",
        Entry(
            "a name means two things",
            "`total` and `self.total` are two values here. One of them is easily taken for the other. Parameters may have the "
            "name of the field they are for.",
            "contract Till:\n"
            "    total: u64 = 0\n"
            "\n"
            "    pub fn add(n: u64) -> u64 by anyone:\n"
            "        let total = n * 2\n"
            "        self.total += total\n"
            "        return self.total\n",
            "contract Till:\n"
            "    total: u64 = 0\n"
            "\n"
            "    pub fn add(n: u64) -> u64 by anyone:\n"
            "        let double = n * 2\n"
            "        self.total += double\n"
            "        return self.total\n",
        ),
        names_of_state,
    ),
]
