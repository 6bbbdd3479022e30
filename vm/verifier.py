"""Decides whether a module may run, and works out what the tiers need to run it.

One linear pass over the code of each function carries a stack of types and the set of assigned locals. The
rules are those of `docs/machine.md`, "Verification". A refusal is `vm.illegal.Illegal`, and nothing else is
ever raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeVar

from vm import limits
from vm.codec import decode_with_table, encode_module, module_hash
from vm.facts import Facts
from vm.failure import Code
from vm.function_verifier import Body, FunctionVerifier, Scope
from vm.illegal import Illegal, Reason
from vm.instructions import Effect
from vm.module import External, Function, Kind, Module, Record
from vm.type_table import TypeTable, check_limit, check_name, check_unique, is_value
from vm.types import (
    BOOL,
    PAYMENT,
    SCALARS,
    Coin,
    Map,
    Set,
    Tuple,
    Type,
    Vault,
)
from vm.values import is_currency_code

_READ_ONLY = Effect.READ | Effect.READ_OTHER
_ALL = sum(Effect)
_ALLOWED: Mapping[Kind, int] = {
    Kind.INIT: _ALL,
    Kind.PUBLIC: _ALL,
    Kind.PRIVATE: _ALL,
    Kind.VIEW: _READ_ONLY,
    Kind.PURE: 0,
    Kind.RULE: _READ_ONLY | Effect.WRITE | Effect.EMIT,
    Kind.INVARIANT: _READ_ONLY,
    Kind.OLD: _READ_ONLY,
    Kind.ENSURES: _READ_ONLY,
}
_INVOKED = (Kind.PRIVATE, Kind.PURE, Kind.VIEW)
_PHASED = (Kind.PUBLIC, Kind.VIEW, Kind.RULE)
_CHECKERS = (Kind.INVARIANT, Kind.OLD, Kind.ENSURES)


@dataclass(frozen=True, eq=False)
class Verified:
    """A module that may run, with what was learnt on the way.

    `code_hash` is `vm.codec.module_hash` of the module's bytes, `table` maps type numbers to types, `bodies` has the decoded
    code of each function, `by_name` their positions, `promises` the (old, ensures) checkers of a function, `final_phases` a
    mask of the phases without a step onward. `kept` is for `once`.
    """

    module: Module
    code_hash: bytes
    table: tuple[Type, ...]
    bodies: tuple[Body, ...]
    by_name: Mapping[str, int]
    init: int | None
    rule: int | None
    invariants: tuple[int, ...]
    promises: Mapping[int, tuple[tuple[int | None, int], ...]]
    final_phases: int
    kept: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)


Answer = TypeVar("Answer")


def once(work: Callable[[Verified], Answer]) -> Callable[[Verified], Answer]:
    """A function of verified modules that works its answer out once for each module, and keeps it there."""

    @wraps(work)
    def answer(verified: Verified) -> Answer:
        kept = verified.kept
        if work not in kept:
            kept[work] = work(verified)
        found: Answer = kept[work]
        return found

    return answer


def verify(module: Module) -> Verified:
    """What the machine needs to run the module. Raises `Illegal` if it may not run."""
    return _verify(module, _check_types(module), None)


def verify_bytes(data: bytes) -> Verified:
    """The same for the bytes of a module: what decoding has shown is not shown again. This is what a deployment pays for."""
    return _verify(*decode_with_table(data), data)


def _verify(module: Module, table: TypeTable, data: bytes | None) -> Verified:
    """`data` is what the module was decoded from; None if it never was."""
    _check_names(module)
    used = _Uses(table)
    _check_parts(module, used)
    for position, function in enumerate(module.functions):
        _check_signature(function, module, f"functions[{position}]", used)
    scope = Scope(module, table, used.mark)
    bodies = [FunctionVerifier(scope, position).run() for position in range(len(module.functions))]
    _check_effects(module, bodies)
    _check_calls(bodies)
    promises = _check_promises(module, table.facts)
    used.check_all()
    code = encode_module(module) if data is None else data
    kinds = [function.kind for function in module.functions]
    return Verified(
        module=module,
        code_hash=module_hash(code),
        table=scope.table,
        bodies=tuple(bodies),
        by_name={function.name: position for position, function in enumerate(module.functions)},
        init=kinds.index(Kind.INIT) if Kind.INIT in kinds else None,
        rule=kinds.index(Kind.RULE) if Kind.RULE in kinds else None,
        invariants=tuple([position for position, kind in enumerate(kinds) if kind == Kind.INVARIANT]),
        promises=promises,
        final_phases=sum(1 << phase for phase in range(len(module.phases)) if all(before != phase for before, _ in module.steps)),
    )


class _Uses:
    """Which entries of the type table the module has a use for."""

    def __init__(self, table: TypeTable) -> None:
        self._table = table
        self._used: set[int] = set()
        self.facts: Final = table.facts

    def take(self, kind: Type, where: str) -> None:
        """Note a type that is named outside of code."""
        self._used.add(self._table.index(kind, where))

    def mark(self, index: int) -> None:
        """Note a type that code names by number."""
        self._used.add(index)

    def check_all(self) -> None:
        """Refuse entries that nothing uses, not even another entry that is used."""
        for index in range(len(self._table.types) - 1, len(SCALARS) - 1, -1):
            if index not in self._used:
                raise Illegal(Reason.UNUSED_TYPE, f"types[{index - len(SCALARS)}]")
            self._used.update(self._table.parts_of(index))


def _check_types(module: Module) -> TypeTable:
    check_limit("TYPES_MAX", len(module.types), limits.TYPES_MAX, "types")
    table = TypeTable()
    for kind in module.types:
        table.add(kind)
    return table


def _check_names(module: Module) -> None:
    check_name(module.name, "name")
    if module.currency is not None and not is_currency_code(module.currency):
        raise Illegal(Reason.NAME, "currency", "not a currency code")
    check_limit("CONSTANTS_MAX", len(module.constants), limits.CONSTANTS_MAX, "constants")
    check_limit("STATE_FIELDS_MAX", len(module.fields), limits.STATE_FIELDS_MAX, "fields")
    check_limit("PHASES_MAX", len(module.phases), limits.PHASES_MAX, "phases")
    check_limit("EVENTS_MAX", len(module.events), limits.EVENTS_MAX, "events")
    check_limit("ERRORS_MAX", len(module.errors), limits.ERRORS_MAX, "errors")
    check_limit("EXTERNALS_MAX", len(module.externals), limits.EXTERNALS_MAX, "externals")
    check_limit("IMPLEMENTS_MAX", len(module.implements), limits.IMPLEMENTS_MAX, "implements")
    check_limit("FUNCTIONS_MAX", len(module.functions), limits.FUNCTIONS_MAX, "functions")
    check_unique((name for name, _ in module.fields), "fields")
    check_unique(module.phases, "phases")
    check_unique((record.name for record in module.events), "events")
    check_unique((record.name for record in module.errors), "errors")
    check_unique(module.implements, "implements")
    check_unique((function.name for function in module.functions), "functions")
    reserved = frozenset(str(code) for code in Code)
    for record in module.errors:
        if record.name in reserved:
            raise Illegal(Reason.RESERVED, "errors", record.name)


def _check_parts(module: Module, used: _Uses) -> None:
    facts = used.facts
    for position, constant in enumerate(module.constants):
        where = f"constants[{position}]"
        used.take(constant.type, where)
        if not facts.plain(constant.type):
            raise Illegal(Reason.CONSTANT, where, "not a plain value")
    for position, (_, kind) in enumerate(module.fields):
        where = f"fields[{position}]"
        used.take(kind, where)
        if not (facts.plain(kind) or isinstance(kind, Vault | Map | Set)):
            raise Illegal(Reason.TYPE, where, "a state field is plain, a vault, a map or a set")
        value = kind.value if isinstance(kind, Map) else kind
        check_limit("VALUE_BYTES_MAX", facts.encoded_max(value), limits.VALUE_BYTES_MAX, where)
    phases = range(len(module.phases))
    if any(before not in phases or after not in phases for before, after in module.steps):
        raise Illegal(Reason.STEP, "steps", "no such phase")
    if any(not earlier < later for earlier, later in zip(module.steps, module.steps[1:], strict=False)):
        raise Illegal(Reason.STEP, "steps", "not in ascending order")
    for position, event in enumerate(module.events):
        _check_record(event, f"events[{position}]", "EVENT_BYTES_MAX", used)
    for position, error in enumerate(module.errors):
        _check_record(error, f"errors[{position}]", "ERROR_BYTES_MAX", used)
    for position, external in enumerate(module.externals):
        _check_external(external, f"externals[{position}]", used)


def _check_record(record: Record, where: str, limit: str, used: _Uses) -> None:
    check_limit("STRUCT_FIELDS_MAX", len(record.fields), limits.STRUCT_FIELDS_MAX, where)
    check_unique((name for name, _ in record.fields), where)
    for _, kind in record.fields:
        used.take(kind, where)
        if not used.facts.plain(kind):
            raise Illegal(Reason.TYPE, where, "fields of events and errors are plain")
    size = 3 + sum([used.facts.encoded_max(kind) for _, kind in record.fields])
    check_limit(limit, size, getattr(limits, limit), where)


def _check_external(external: External, where: str, used: _Uses) -> None:
    check_name(external.interface, where)
    check_name(external.function, where)
    check_limit("PARAMETERS_MAX", len(external.parameters), limits.PARAMETERS_MAX, where)
    for kind in external.parameters:
        used.take(kind, where)
    if external.result is not None:
        used.take(external.result, where)
    _check_outside(external.parameters, external.result, external.view, where, used.facts)


def _check_outside(parameters: tuple[Type, ...], result: Type | None, plain: bool, where: str, facts: Facts) -> None:
    """What may cross the border of a contract: plain values, and coins where money may move."""
    if not all(facts.plain(kind) or (isinstance(kind, Coin) and not plain) for kind in parameters):
        raise Illegal(Reason.SIGNATURE, where, "a parameter that may not come from outside")
    if result is None:
        return
    if not (facts.plain(result) or (not plain and is_value(result) and not facts.has_resource(result))):
        raise Illegal(Reason.SIGNATURE, where, "a result that may not go outside")
    check_limit("RETURN_BYTES_MAX", facts.encoded_max(result), limits.RETURN_BYTES_MAX, where)


def _check_signature(function: Function, module: Module, where: str, used: _Uses) -> None:
    where, facts = f"{where} ({function.name})", used.facts
    check_limit("PARAMETERS_MAX", len(function.parameters), limits.PARAMETERS_MAX, where)
    check_limit("LOCALS_MAX", len(function.parameters) + len(function.locals), limits.LOCALS_MAX, where)
    check_limit("CODE_WORDS_MAX", len(function.code), limits.CODE_WORDS_MAX, where)
    check_unique((name for name, _ in function.parameters), where)
    types = tuple([kind for _, kind in function.parameters])
    for kind in (*types, *function.locals, *(() if function.result is None else (function.result,))):
        used.take(kind, where)
        if not is_value(kind):
            raise Illegal(Reason.TYPE, where, "maps, sets and vaults are not values")
    if function.phases is not None and (function.kind not in _PHASED or not 0 < function.phases < 1 << len(module.phases)):
        raise Illegal(Reason.PHASES, where, "phases that may not be asked for here")
    match function.kind:
        case Kind.INIT | Kind.PUBLIC:
            _check_outside(types, function.result, False, where, facts)
            fits = function.kind == Kind.PUBLIC or function.result is None
        case Kind.VIEW | Kind.PURE:
            _check_outside(types, function.result, True, where, facts)
            fits = True
        case Kind.RULE:
            fits = types == (PAYMENT,) and function.result is None
        case Kind.INVARIANT:
            fits = types == () and function.result == BOOL
        case Kind.OLD:
            fits = all(map(facts.plain, types)) and function.result is not None and facts.plain(function.result)
        case Kind.ENSURES:
            fits = all(map(facts.plain, types)) and function.result == BOOL
        case Kind.PRIVATE:
            fits = True
    if not fits:
        raise Illegal(Reason.SIGNATURE, where, f"not the signature of a function of kind {function.kind}")
    if function.kind in (Kind.INIT, Kind.RULE) and any(
        other.kind == function.kind and other is not function for other in module.functions
    ):
        raise Illegal(Reason.KIND, where, f"more than one function of kind {function.kind}")


def _check_effects(module: Module, bodies: list[Body]) -> None:
    for position, (function, body) in enumerate(zip(module.functions, bodies, strict=True)):
        where = f"functions[{position}] ({function.name})"
        actual = body.effects
        for invoked in body.invokes:
            callee = module.functions[invoked]
            if callee.kind not in _INVOKED:
                raise Illegal(Reason.INVOKE, where, f"{callee.name} is of kind {callee.kind}")
            actual |= callee.effects
        if function.effects != actual:
            raise Illegal(Reason.EFFECTS, where, f"declares {function.effects}, does {actual}")
        if actual & ~_ALLOWED[function.kind]:
            raise Illegal(Reason.EFFECTS, where, f"not allowed to a function of kind {function.kind}")


def _check_calls(bodies: list[Body]) -> None:
    """The graph of invocations has no cycle and is no higher than INVOKE_DEPTH_MAX."""
    height: dict[int, int] = {}
    callers: dict[int, list[int]] = {position: [] for position in range(len(bodies))}
    waiting = [len(body.invokes) for body in bodies]
    for position, body in enumerate(bodies):
        for invoked in body.invokes:
            callers[invoked].append(position)
    ready = [position for position, count in enumerate(waiting) if count == 0]
    while ready:
        position = ready.pop()
        height[position] = 1 + max((height[invoked] for invoked in bodies[position].invokes), default=0)
        for caller in callers[position]:
            waiting[caller] -= 1
            if waiting[caller] == 0:
                ready.append(caller)
    for position in range(len(bodies)):
        if position not in height:
            raise Illegal(Reason.RECURSION, f"functions[{position}]", "a function that can reach itself")
        check_limit("INVOKE_DEPTH_MAX", height[position], limits.INVOKE_DEPTH_MAX, f"functions[{position}]")


def _check_promises(module: Module, facts: Facts) -> dict[int, tuple[tuple[int | None, int], ...]]:
    promises: dict[int, list[tuple[int | None, int]]] = {}
    plain: dict[int, tuple[Type, ...]] = {}
    places = range(len(module.functions))
    before = (-1, -1)
    for position, (function, old, ensures) in enumerate(module.promises):
        where = f"promises[{position}]"
        if function not in places or ensures not in places or (old is not None and old not in places):
            raise Illegal(Reason.INDEX, where, "no such function")
        if not before < (function, ensures):
            raise Illegal(Reason.PROMISE, where, "not in ascending order")
        before = (function, ensures)
        if function not in plain:
            plain[function] = tuple([kind for _, kind in module.functions[function].parameters if facts.plain(kind)])
        _check_promise(module, facts, function, plain[function], old, ensures, where)
        promises.setdefault(function, []).append((old, ensures))
    return {function: tuple(found) for function, found in promises.items()}


def _check_promise(
    module: Module, facts: Facts, position: int, plain: tuple[Type, ...], old: int | None, ensures: int, where: str
) -> None:
    function, checker = module.functions[position], module.functions[ensures]
    if function.kind in _CHECKERS or checker.kind != Kind.ENSURES:
        raise Illegal(Reason.PROMISE, where, "functions of the wrong kinds")
    expected = plain
    if old is not None:
        memory = module.functions[old]
        if memory.kind != Kind.OLD or tuple([kind for _, kind in memory.parameters]) != plain:
            raise Illegal(Reason.PROMISE, where, "the checker `old` does not take the plain parameters")
        assert memory.result is not None
        expected += memory.result.items if isinstance(memory.result, Tuple) else (memory.result,)
    if function.result is not None and facts.plain(function.result):
        expected += (function.result,)
    if tuple([kind for _, kind in checker.parameters]) != expected:
        raise Illegal(Reason.PROMISE, where, "the checker does not take plain parameters, remembered values, result")
