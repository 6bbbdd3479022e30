"""Random programs that are well typed by construction: two contracts that call each other and use every instruction.

`pair(source)` makes two modules from a seeded source of randomness. Values are small more often than not, so that most calls
go far before they fail. Code is written with types in place of their numbers, which are known when all are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from machine_world import ALICE, BOB, HERE, THERE, address

from vm import instructions as i
from vm.instructions import TABLE, Effect, Rounding
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.type_table import type_indices, type_table
from vm.types import (
    ADDRESS,
    AMOUNT,
    BOOL,
    COIN,
    DURATION,
    I8,
    I64,
    I128,
    I256,
    PAYMENT,
    RATE,
    TIME,
    U8,
    U16,
    U32,
    U64,
    U128,
    U256,
    Address,
    Amount,
    Bool,
    Bytes,
    Coin,
    CoinValue,
    Enum,
    Int,
    List,
    Map,
    Option,
    Resource,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    bounds,
    encoded_max,
    is_linear,
    is_subtype,
)

NUMBERS: Final[list[Type]] = [
    U8, U16, U32, U64, U128, U256, I8, I64, I128, I256, TIME, DURATION, RATE, AMOUNT, Amount("USD")
]  # fmt: skip
TEXTS: Final[list[Type]] = [Text(8), Text(20)]
BYTES: Final[list[Type]] = [Bytes(4), Bytes(32), Bytes(64), Bytes(200)]
LISTS: Final[list[Type]] = [List(U8, 4), List(U64, 6), List(Text(8), 3), List(List(U8, 4), 3)]
STRUCTS: Final[list[Type]] = [
    Struct("S", (("a", U64), ("b", I8), ("c", Text(8)))),
    Struct("One", (("only", U128),)),
    Struct("Wide", tuple((f"f{n}", kind) for n, kind in enumerate([U8, BOOL, U64, ADDRESS, U8, I64, U16, U8, AMOUNT]))),
    Tuple((U64, BOOL)),
    Tuple((ADDRESS, U256)),
]
VARIANTS: Final[list[Type]] = [
    Option(U64), Option(Text(8)), Enum("E", (("A", ()), ("B", (("x", U64),)), ("C", (("x", I8), ("y", Text(8))))))
]  # fmt: skip
PLAIN: Final[list[Type]] = [*NUMBERS, BOOL, BOOL, ADDRESS, *TEXTS, *BYTES, *LISTS, *STRUCTS, *VARIANTS]
PART: Final = Resource("Part", (("tag", U8), ("size", U64)), 1)
DEED: Final = Resource("Deed", (("of", ADDRESS),))
SEAL: Final = Resource("Seal", ())
RESOURCES: Final[list[Type]] = [PART, DEED, SEAL]
LINEAR: Final[list[Type]] = [
    COIN, Coin("USD"), PART, DEED, SEAL, Option(COIN), Option(PART), Tuple((COIN, U64)), Tuple((DEED, COIN))
]  # fmt: skip
OUTSIDE: Final[list[Type]] = [COIN, Coin("USD"), Option(COIN), Tuple((COIN, U64))]
"""Linear types that may be in a result that leaves a contract."""

FIELDS: Final[list[Type]] = [
    U64, I64, U256, AMOUNT, BOOL, Text(20), Bytes(64), List(U64, 6), STRUCTS[0], VARIANTS[2],
    Map(ADDRESS, U64), Map(U256, Text(8)), Map(Tuple((U64, BOOL)), U64), Map(Text(8), List(U8, 4)), Map(U64, Bytes(32)),
    Map(U64, PART), Map(Text(8), DEED), Set(U64), Set(Text(8)), Set(I256),
    Vault(), Vault("USD"), Map(ADDRESS, Vault()), Map(U256, Vault("USD")),
]  # fmt: skip
PHASES: Final = ("Open", "Closing", "Done")
STEPS: Final = ((0, 0), (0, 1), (1, 0), (1, 2))
EVENTS: Final = (
    Record("Plain", (("a", U64), ("who", ADDRESS))),
    Record("Sized", (("t", Text(8)), ("b", Bytes(200)), ("l", List(U64, 6)))),
    Record("Empty", ()),
)
ERRORS: Final = (Record("Sorry", ()), Record("Because", (("n", U64), ("why", Text(20)))))
ADDRESSES: Final = [ALICE, BOB, HERE, THERE, address("nobody")]
READS: Final = Effect.READ | Effect.READ_OTHER
ALL: Final = sum(Effect)

Word = int | Type


def small_value(kind: Type, source: random.Random) -> Any:
    """A value of a type, more often small than at an edge."""
    match kind:
        case Int() | Amount():
            low, high = bounds(kind)
            edge = [low, high, high - 1, low + 1, high // 2, min(high, 2**64)]
            return source.choice(edge) if source.random() < 0.15 else source.randint(max(low, -3), min(high, 12))
        case Coin(currency):
            return CoinValue(currency or "CNY", source.choice([0, 1, 7, 50, 1000]))
        case Bool():
            return source.random() < 0.5
        case Address():
            return source.choice(ADDRESSES)
        case Text(most):
            return "".join(source.choice("abé") for _ in range(source.randint(0, min(most // 2, 4))))
        case Bytes(most):
            return source.choice([b"", b"a", b"xyz", bytes(most), bytes(min(most, 32))])[:most]
        case List(element, most):
            return tuple(small_value(element, source) for _ in range(source.randint(0, most)))
        case Option(element):
            return (1, small_value(element, source)) if source.random() < 0.7 else (0,)
        case Tuple(items):
            return tuple(small_value(item, source) for item in items)
        case Struct(_, fields):
            return tuple(small_value(field, source) for _, field in fields)
        case Enum(_, variants):
            tag = source.randrange(len(variants))
            return (tag, *(small_value(field, source) for _, field in variants[tag][1]))
    raise AssertionError(kind)


@dataclass(frozen=True)
class Signature:
    """A function as others see it before it is written."""

    name: str
    kind: Kind
    parameters: tuple[Type, ...]
    result: Type | None
    phases: int | None
    effects: int = 0


def pair(source: random.Random) -> tuple[Module, Module]:
    """Two modules, for HERE and THERE, that expect each other's functions."""
    mine, theirs = _signatures(source), _signatures(source)
    return (
        ModuleMaker(source, mine, externals(source, theirs)).make("Here"),
        ModuleMaker(source, theirs, externals(source, mine)).make("There"),
    )


def _signatures(source: random.Random) -> list[Signature]:
    """Private functions first: a function invokes only those before it."""

    def parameters(kinds: list[Type], most: int) -> tuple[Type, ...]:
        return tuple(source.choice(kinds) for _ in range(source.randint(0, most)))

    def phases() -> int | None:
        return source.choice([1, 3, 6, 7]) if source.random() < 0.2 else None

    def maybe(kinds: list[Type]) -> Type | None:
        return source.choice(kinds) if source.random() < 0.7 else None

    found = [
        Signature(f"p{n}", Kind.PRIVATE, parameters([*PLAIN, *LINEAR], 3), maybe([*PLAIN, *LINEAR]), None)
        for n in range(source.randint(1, 3))
    ]
    found.append(Signature("pure0", Kind.PURE, parameters(PLAIN, 3), source.choice(PLAIN), None))
    found += [Signature(f"view{n}", Kind.VIEW, parameters(PLAIN, 2), maybe(PLAIN), phases()) for n in range(2)]
    found += [
        Signature(f"run{n}", Kind.PUBLIC, parameters([*PLAIN, COIN, Coin("USD")], 3), maybe([*PLAIN, *OUTSIDE]), phases())
        for n in range(source.randint(2, 4))
    ]
    return found


def externals(source: random.Random, theirs: list[Signature]) -> list[External]:
    """What one contract expects of the other, now and then wrongly."""
    found = []
    for signature in theirs:
        if signature.kind == Kind.PRIVATE:
            continue
        name, parameters = signature.name, signature.parameters
        if source.random() < 0.04:
            name = "missing"
        if source.random() < 0.04:
            parameters = (*parameters, U64)
        found.append(External("Other", name, signature.kind != Kind.PUBLIC, parameters, signature.result))
    return found


class ModuleMaker:
    """One module."""

    @property
    def writer(self) -> type[FunctionMaker]:
        """What writes its functions."""
        return FunctionMaker

    def __init__(self, source: random.Random, signatures: list[Signature], externals: list[External]) -> None:
        self.source = source
        self.signatures = signatures
        self.externals = externals
        self.fields: list[Type] = source.sample(FIELDS, source.randint(6, 12))
        self.constants: list[Constant] = []
        self.done: list[Signature] = []

    def make(self, name: str) -> Module:
        """All of it."""
        written: list[tuple[Signature, list[Type], list[Word]]] = []
        for planned in [*self.signatures, *self.others()]:
            maker = self.writer(self, planned)
            words = maker.make()
            signature = replace(planned, effects=maker.effects)
            self.done.append(signature)
            written.append((signature, maker.locals[len(signature.parameters) :], words))
        table = type_table(self._used(written))
        index = type_indices(table)
        functions = [
            Function(
                name=signature.name,
                kind=signature.kind,
                parameters=tuple((f"a{n}", kind) for n, kind in enumerate(signature.parameters)),
                result=signature.result,
                phases=signature.phases,
                effects=signature.effects,
                locals=tuple(kinds),
                code=tuple(word if isinstance(word, int) else index(word) for word in words),
            )
            for signature, kinds, words in written
        ]
        names = [function.name for function in functions]
        return Module(
            name=name,
            types=table,
            constants=tuple(self.constants),
            fields=tuple((f"f{n}", kind) for n, kind in enumerate(self.fields)),
            phases=PHASES,
            steps=STEPS,
            events=EVENTS,
            errors=ERRORS,
            externals=tuple(self.externals),
            functions=tuple(functions),
            promises=self._promises(functions, names),
        )

    def others(self) -> list[Signature]:
        """What nobody calls: `init`, a wallet rule, checkers."""
        found = [Signature("init", Kind.INIT, tuple(self.source.sample([COIN, U64, Text(8)], 2)), None, None)]
        if self.source.random() < 0.3:
            found.append(Signature("rule", Kind.RULE, (PAYMENT,), None, None))
        if self.source.random() < 0.4:
            found.append(Signature("holds", Kind.INVARIANT, (), BOOL, None))
        for signature in self.signatures:
            if self.source.random() < 0.25:
                plain = tuple(kind for kind in signature.parameters if not is_linear(kind))
                remembered = self.source.choice([U64, Tuple((U64, BOOL)), Text(20)])
                shown = () if signature.result is None or is_linear(signature.result) else (signature.result,)
                items = remembered.items if isinstance(remembered, Tuple) else (remembered,)
                found.append(Signature(f"{signature.name}$old", Kind.OLD, plain, remembered, None))
                found.append(Signature(f"{signature.name}$ensures", Kind.ENSURES, (*plain, *items, *shown), BOOL, None))
        return found

    def _promises(self, functions: list[Function], names: list[str]) -> tuple[tuple[int, int | None, int], ...]:
        found = [
            (names.index(function.name.removesuffix("$ensures")), place - 1, place)
            for place, function in enumerate(functions)
            if function.kind == Kind.ENSURES
        ]
        return tuple(sorted(found, key=lambda promise: (promise[0], promise[2])))

    def _used(self, written: list[tuple[Signature, list[Type], list[Word]]]) -> list[Type]:
        used = [*self.fields, *(constant.type for constant in self.constants)]
        for record in (*EVENTS, *ERRORS):
            used += [kind for _, kind in record.fields]
        for external in self.externals:
            used += [*external.parameters, *([] if external.result is None else [external.result])]
        for signature, kinds, words in written:
            used += [*signature.parameters, *kinds, *([] if signature.result is None else [signature.result])]
            used += [word for word in words if not isinstance(word, int)]
        return used

    def constant(self, kind: Type, value: Any) -> int:
        """The number of a constant."""
        for place, constant in enumerate(self.constants):
            if constant.type == kind and constant.value == value and type(constant.value) is type(value):
                return place
        self.constants.append(Constant(kind, value))
        return len(self.constants) - 1


class FunctionMaker:
    """The code of one function. `expression(kind)` leaves a value of a type on the stack, `statement()` leaves nothing."""

    def __init__(self, module: ModuleMaker, signature: Signature) -> None:
        self.module = module
        self.source = module.source
        self.signature = signature
        self.allowed = {
            Kind.VIEW: READS, Kind.PURE: 0, Kind.RULE: READS | Effect.WRITE | Effect.EMIT,
            Kind.INVARIANT: READS, Kind.OLD: READS, Kind.ENSURES: READS,
        }.get(signature.kind, ALL)  # fmt: skip
        self.words: list[Word] = []
        self.effects = 0
        self.locals: list[Type] = list(signature.parameters)
        self.assigned = set(range(len(self.locals)))
        self.held = {n for n, kind in enumerate(self.locals) if is_linear(kind)}
        self.loops: list[set[int]] = []  # what was held at the head of each
        self.blocks = 0
        self.fuel = self.source.randint(5, 60)
        self.live = True
        self.in_flight = 0  # linear values that are somewhere else than in `held`

    def make(self) -> list[Word]:
        """Statements until it is enough, then the end."""
        source = self.source
        for kind in source.sample(PLAIN, 4):
            self.locals.append(kind)
            if source.random() < 0.8:
                self.constant(kind)
                self.put(i.SET, len(self.locals) - 1)
                self.assigned.add(len(self.locals) - 1)
        self.locals += [source.choice(LINEAR) for _ in range(2)] if self.allowed & Effect.MONEY else []
        for _ in range(source.randint(1, 8)):
            if self.live and self.fuel > 0:
                self.statement()
        if self.live:
            self.leave()
        return self.words

    # Words.

    def put(self, code: int, *operands: Word) -> None:
        """One instruction."""
        self.words += [code, *operands]
        self.effects |= TABLE[code].does
        self.fuel -= 1

    def may(self, effects: int) -> bool:
        """Whether the function may do this."""
        return not effects & ~self.allowed

    def constant(self, kind: Type, value: Any = None) -> None:
        """Push a constant."""
        self.put(i.CONST, self.module.constant(kind, small_value(kind, self.source) if value is None else value))

    def any_of(self, kinds: list[Type]) -> Type:
        return self.source.choice(kinds)

    def pick(self, ways: list[Callable[[], None]]) -> None:
        """One of several ways."""
        self.source.choice(ways)()

    def fields_of(self, wanted: Callable[[Type], bool]) -> list[int]:
        """State fields of some kind."""
        return [n for n, kind in enumerate(self.module.fields) if wanted(kind)]

    # Plain expressions.

    def expression(self, kind: Type) -> None:
        """A value of a plain type."""
        if self.fuel <= 0 or self.source.random() < 0.3:
            self.leaf(kind)
            return
        ways: list[Callable[[], None]] = [lambda: self.leaf(kind), *self.anywhere(kind)]
        own = self.own(kind)
        self.pick(own if own and self.source.random() < 0.75 else ways)

    def amid(self) -> None:
        """Now and then, a block while something lies on the stack; nothing linear, as the block may return."""
        if self.source.random() < 0.06 and self.fuel > 0 and self.blocks < 4 and not self.in_flight:
            self.branch()
            assert self.live

    def leaf(self, kind: Type) -> None:
        """A local or a constant."""
        fitting = [n for n in self.assigned if is_subtype(self.locals[n], kind) and not is_linear(self.locals[n])]
        if fitting and self.source.random() < 0.7:
            self.put(i.GET, self.source.choice(fitting))
        else:
            self.constant(kind)

    def anywhere(self, kind: Type) -> list[Callable[[], None]]:
        """Ways to any plain type that begin with something else."""
        ways: list[Callable[[], None]] = []
        for whole in STRUCTS:
            parts = _record(whole)
            ways += [lambda w=whole, p=n: self._field(w, p) for n, part in enumerate(parts) if part == kind]
        ways += [lambda w=w: self._index(w) for w in LISTS if isinstance(w, List) and w.element == kind]
        ways += [lambda w=w: self._open(w) for w in VARIANTS if isinstance(w, Option) and w.element == kind]
        for n, signature in enumerate(self.module.done):
            fits = signature.result is not None and is_subtype(signature.result, kind)
            fits = fits and (self.may(ALL) or not any(map(is_linear, signature.parameters)))
            if fits and signature.kind in (Kind.PRIVATE, Kind.PURE, Kind.VIEW) and self.may(signature.effects):
                ways.append(lambda n=n: self.invoke(n))
        if self.may(Effect.READ):
            ways += [lambda n=n: self.put(i.LOAD, n) for n in self.fields_of(lambda f: f == kind)]
            maps = self.fields_of(lambda f: isinstance(f, Map) and f.value == kind)
            ways += [lambda n=n: self._keyed(i.MAP_GET, n) for n in maps]
            ways += [lambda n=n: self._map_or(n, kind) for n in maps]
        for n, external in enumerate(self.module.externals):
            if external.result is not None and is_subtype(external.result, kind):
                code = i.READ if external.view else i.CALL
                if self.may(TABLE[code].does):
                    ways.append(lambda n=n, code=code: self.outside(code, n))
        return ways

    def own(self, kind: Type) -> list[Callable[[], None]]:
        """Ways that only this kind of type has."""
        match kind:
            case Int() | Amount():
                return [lambda: self.number(kind)]
            case Bool():
                return [self.truth]
            case Address():
                return [lambda: self.put(i.SENDER), lambda: self.put(i.THIS), lambda: self._peek(DEED, 0)]
            case Text():
                return [lambda: self._concat(kind, TEXTS)]
            case Bytes(most):
                return self._bytes(kind, most)
            case List():
                return self._list(kind)
            case Struct() | Tuple():
                return [lambda: self._pack(kind), lambda: self._with_field(kind)]
            case Option() | Enum():
                return [lambda: self._variant(kind), lambda: self._find(kind)]
        raise AssertionError(kind)

    def number(self, kind: Int | Amount) -> None:
        """A number computed."""

        def two(code: int, *more: int) -> None:
            self.expression(kind)
            self.amid()
            self.expression(kind)
            self.put(code, kind, *more)

        def three() -> None:
            for _ in range(3):
                self.expression(kind)
            self.put(i.MULDIV, kind, self.source.choice(list(Rounding)))

        def one(code: int, of: Type) -> None:
            self.expression(of)
            self.put(code, kind)

        ways: list[Callable[[], None]] = [
            lambda: two(self.source.choice([i.ADD, i.ADD, i.SUB, i.MUL, i.MIN, i.MAX])),
            lambda: two(self.source.choice([i.ADD, i.SUB, i.MUL, i.MOD])),
            lambda: two(i.DIV, self.source.choice(list(Rounding))),
            three,
            lambda: one(i.CAST, self.any_of(NUMBERS)),
        ]
        if bounds(kind)[0] < 0:
            ways.append(lambda: one(i.NEG, kind))
        if kind == U64:
            ways += [self._length, lambda: self._peek(PART, 1)]
        if kind == U8:
            ways += [self._tag, self._peek_tag]
        if kind == TIME:
            ways.append(lambda: self.put(i.NOW))
        if isinstance(kind, Amount):
            ways += [lambda: self._vault_amount(kind), lambda: self._peek_amount(kind)]
        self.pick(ways)

    def truth(self) -> None:
        """A truth value computed."""

        def compare() -> None:
            kind = self.any_of(NUMBERS)
            self.expression(kind)
            self.amid()
            self.expression(kind)
            self.put(self.source.choice([i.LT, i.LE, i.GT, i.GE, i.EQ, i.NE]), kind)

        def equal() -> None:
            kind = self.any_of(PLAIN)
            self.expression(kind)
            self.expression(kind)
            self.put(self.source.choice([i.EQ, i.NE]), kind)

        def opposite() -> None:
            self.expression(BOOL)
            self.put(i.NOT)

        def contains() -> None:
            kind = self.any_of(LISTS)
            assert isinstance(kind, List)
            self.expression(kind)
            self.expression(kind.element)
            self.put(i.CONTAINS, kind)

        def signed() -> None:
            for kind in (Bytes(32), Bytes(200), Bytes(64)):
                self.expression(kind)
            self.put(i.VERIFY_ED25519)

        ways = [compare, compare, compare, equal, opposite, contains, signed]
        if self.may(Effect.READ):
            keyed = self.fields_of(lambda f: isinstance(f, Map | Set))
            ways += [lambda: self._keyed(i.HAS, self.source.choice(keyed))] if keyed else []
            ways.append(lambda: self.put(i.PHASE_IN, self.source.randint(1, 7)))
        self.pick(ways)

    def _field(self, whole: Type, part: int) -> None:
        self.expression(whole)
        self.put(i.FIELD, whole, part)

    def _pack(self, whole: Type) -> None:
        for part in _record(whole):
            self.expression(part)
        self.put(i.PACK, whole)

    def _with_field(self, whole: Type) -> None:
        part = self.source.randrange(len(_record(whole)))
        self.expression(whole)
        self.expression(_record(whole)[part])
        self.put(i.WITH_FIELD, whole, part)

    def _variant(self, kind: Type) -> None:
        tag, parts = self._some_variant(kind)
        for part in parts:
            self.expression(part)
        self.put(i.VARIANT, kind, tag)

    def _some_variant(self, kind: Type) -> tuple[int, tuple[Type, ...]]:
        if isinstance(kind, Option):
            return self.source.choice([(0, ()), (1, (kind.element,)), (1, (kind.element,))])
        assert isinstance(kind, Enum)
        tag = self.source.randrange(len(kind.variants))
        return tag, tuple(part for _, part in kind.variants[tag][1])

    def _find(self, kind: Type) -> None:
        maps = self.fields_of(lambda f: isinstance(f, Map) and Option(f.value) == kind)
        if maps and self.may(Effect.READ):
            self._keyed(i.MAP_FIND, self.source.choice(maps))
        else:
            self._variant(kind)

    def _tag(self) -> None:
        kind = self.any_of(VARIANTS)
        self.expression(kind)
        self.put(i.TAG, kind)

    def _open(self, whole: Type) -> None:
        self.expression(whole)
        self.put(i.OPEN, whole, 1)

    def _list(self, kind: List) -> list[Callable[[], None]]:
        def make() -> None:
            count = self.source.randint(0, kind.max)
            for _ in range(count):
                self.expression(kind.element)
            self.put(i.LIST, kind, count)

        def append() -> None:
            self.expression(kind)
            self.expression(kind.element)
            self.put(i.APPEND, kind)

        def with_index() -> None:
            self.expression(kind)
            self.expression(U64)
            self.expression(kind.element)
            self.put(i.WITH_INDEX, kind)

        def pop() -> None:
            self.expression(kind)
            self.put(i.POP, kind)
            self.put(i.DROP)

        return [make, append, with_index, pop, lambda: self._slice(kind), lambda: self._concat(kind, [kind])]

    def _index(self, kind: Type) -> None:
        self.expression(kind)
        self.expression(U64)
        self.put(i.INDEX, kind)

    def _slice(self, kind: Type) -> None:
        self.expression(kind)
        for _ in range(2):
            self.expression(U64)
        self.put(i.SLICE, kind)

    def _length(self) -> None:
        kind = self.any_of([*TEXTS, *BYTES, *LISTS])
        self.expression(kind)
        self.put(i.LENGTH, kind)

    def _concat(self, kind: Type, parts: list[Type]) -> None:
        for _ in range(2):
            self.expression(self.any_of(parts))
        self.put(i.CONCAT, kind)

    def _bytes(self, kind: Type, most: int) -> list[Callable[[], None]]:
        def hashed() -> None:
            self.expression(self.any_of(BYTES))
            self.put(self.source.choice([i.SHA256, i.SHA3_256, i.BLAKE2B_256]))

        def encoded() -> None:
            fitting = [of for of in PLAIN if encoded_max(of) <= most]
            of = self.any_of(fitting)
            self.expression(of)
            self.put(i.ENCODE, of)

        def of_text() -> None:
            self.expression(self.any_of([text for text in TEXTS if isinstance(text, Text) and text.max <= most]))
            self.put(i.TEXT_BYTES)

        ways: list[Callable[[], None]] = [lambda: self._slice(kind), lambda: self._concat(kind, BYTES), encoded]
        return ways + ([hashed] if most >= 32 else []) + ([of_text] if most >= 8 else [])

    # Linear locals, looked at.

    def _holding(self, wanted: Callable[[Type], bool]) -> list[int]:
        return [n for n in self.held if wanted(self.locals[n])]

    def _peek(self, resource: Resource, part: int) -> None:
        held = self._holding(lambda kind: kind == resource)
        maps = self.fields_of(lambda f: isinstance(f, Map) and f.value == resource)
        if held:
            self.put(i.PEEK_FIELD, self.source.choice(held), part)
        elif maps and self.may(Effect.READ):
            self._keyed(i.MAP_PEEK, self.source.choice(maps), part)
        else:
            self.constant(resource.fields[part][1])

    def _peek_amount(self, kind: Amount) -> None:
        held = self._holding(lambda of: of == Coin(kind.currency))
        if held:
            self.put(i.PEEK_AMOUNT, self.source.choice(held))
        else:
            self.constant(kind)

    def _peek_tag(self) -> None:
        held = self._holding(lambda of: isinstance(of, Option))
        if held:
            self.put(i.PEEK_TAG, self.source.choice(held))
        else:
            self.constant(U8)

    # State and calls.

    def _keyed(self, code: int, field: int, *more: int) -> None:
        kind = self.module.fields[field]
        if isinstance(kind, Map | Set):
            self.expression(kind.key)
        self.put(code, field, *more)

    def _map_or(self, field: int, kind: Type) -> None:
        of = self.module.fields[field]
        assert isinstance(of, Map)
        self.expression(of.key)
        self.expression(kind)
        self.put(i.MAP_OR, field)

    def _vaults(self, currency: str | None) -> list[int]:
        return self.fields_of(lambda f: (f.value if isinstance(f, Map) else f) == Vault(currency))

    def _vault_amount(self, kind: Amount) -> None:
        vaults = self._vaults(kind.currency)
        if vaults and self.may(Effect.READ):
            self._keyed(i.VAULT_AMOUNT, self.source.choice(vaults))
        else:
            self.constant(kind)

    def invoke(self, place: int) -> None:
        """A function of this module that is already written."""
        self.in_flight += 1
        signature = self.module.done[place]
        for kind in signature.parameters:
            self.value(kind)
        self.put(i.INVOKE, place)
        self.effects |= signature.effects
        self.in_flight -= 1

    def outside(self, code: int, place: int) -> None:
        """A function of the other contract."""
        self.in_flight += 1
        external = self.module.externals[place]
        self.constant(ADDRESS, self.source.choice([HERE, THERE, THERE, THERE, HERE, BOB]))
        for kind in external.parameters:
            self.value(kind)
        self.put(code, place)
        self.in_flight -= 1

    # Linear values.

    def value(self, kind: Type) -> None:
        """A value of any type."""
        if is_linear(kind):
            self.produce(kind)
        else:
            self.expression(kind)

    def produce(self, kind: Type) -> None:
        """A linear value out of a local, state or nothing."""
        held = self._holding(lambda of: of == kind) if not self.loops and self.blocks == 0 else []
        if held and self.source.random() < 0.6:
            local = self.source.choice(held)
            self.held.discard(local)
            self.assigned.discard(local)
            self.put(i.MOVE, local)
            return
        self.in_flight += 1
        match kind:
            case Coin(currency):
                self._coin(kind, self._vaults(currency))
            case Resource():
                self._resource(kind)
            case Option():
                tag, parts = self._some_variant(kind)
                for part in parts:
                    self.value(part)
                self.put(i.VARIANT, kind, tag)
            case Tuple(items):
                for item in items:
                    self.value(item)
                self.put(i.PACK, kind)
        self.in_flight -= 1

    def _coin(self, kind: Coin, vaults: list[int]) -> None:
        if not vaults:
            self.module.fields.append(Vault(kind.currency))
            vaults = [len(self.module.fields) - 1]
        vault = self.source.choice(vaults)
        if self.source.random() < 0.3:
            self._keyed(i.VAULT_TAKE_ALL, vault)
            return
        kind_of = self.module.fields[vault]
        if isinstance(kind_of, Map):
            self.expression(kind_of.key)
        self.constant(Amount(kind.currency), self.source.choice([0, 0, 1, 3, 20]))
        self.put(i.VAULT_TAKE, vault)

    def _resource(self, kind: Resource) -> None:
        maps = self.fields_of(lambda f: isinstance(f, Map) and f.value == kind)
        if maps and self.source.random() < 0.3 and self.may(Effect.READ | Effect.WRITE):
            self._keyed(i.MAP_TAKE, self.source.choice(maps))
            return
        for _, field in kind.fields:
            self.expression(field)
        self.put(i.NEW, kind)

    def consume(self, kind: Type) -> None:
        """Use up the linear value on top of the stack."""
        self.in_flight += 1
        match kind:
            case Coin(currency):
                self._consume_coin(kind, self._vaults(currency))
            case Resource():
                self._consume_resource(kind)
            case Option(element):
                self._consume_option(kind, element)
            case Tuple(items):
                self.put(i.UNPACK, kind)
                for item in reversed(items):
                    if is_linear(item):
                        self.consume(item)
                    else:
                        self.put(i.DROP)
        self.in_flight -= 1

    def _keep(self, kind: Type) -> int:
        """Put the value on top into a new linear local."""
        self.locals.append(kind)
        self.put(i.SET, len(self.locals) - 1)
        return len(self.locals) - 1

    def _consume_coin(self, kind: Coin, vaults: list[int]) -> None:
        if self.source.random() < 0.3:
            self.constant(Amount(kind.currency), self.source.choice([0, 0, 1, 2]))
            self.put(i.COIN_SPLIT)
            self.put(i.COIN_JOIN)
        local = self._keep(kind)
        plain = [n for n in vaults if isinstance(self.module.fields[n], Vault)]
        keyed = [n for n in vaults if isinstance(self.module.fields[n], Map)]
        if vaults and self.source.random() < 0.7:
            vault = self.source.choice(plain or keyed)
            whole = self.module.fields[vault]
            if isinstance(whole, Map):
                self.expression(whole.key)
            self.put(i.MOVE, local)
            self.put(i.VAULT_PUT, vault)
        else:
            self.expression(ADDRESS)
            self.put(i.MOVE, local)
            self.put(i.PAY)

    def _consume_resource(self, kind: Resource) -> None:
        if kind == PART and self.source.random() < 0.4:
            self.constant(U64, self.source.choice([0, 1, 2]))
            self.put(i.SPLIT, kind)
            self.put(i.MERGE, kind)
        if kind == PART and self.source.random() < 0.2:
            local = self._keep(kind)
            for field in (U8, U64):
                self.expression(field)
            self.put(i.NEW, kind)
            self.put(i.MOVE, local)
            self.put(i.MERGE, kind)
        maps = self.fields_of(lambda f: isinstance(f, Map) and f.value == kind)
        if maps and self.source.random() < 0.4:
            local = self._keep(kind)
            field = self.source.choice(maps)
            whole = self.module.fields[field]
            assert isinstance(whole, Map)
            self.expression(whole.key)
            self.put(i.MOVE, local)
            self.put(i.MAP_PUT, field)
            return
        self.put(i.DESTROY, kind)
        for _ in kind.fields:
            self.put(i.DROP)

    def _consume_option(self, kind: Type, element: Type) -> None:
        local = self._keep(kind)
        self.put(i.PEEK_TAG, local)
        self.constant(U8, 1)
        self.put(i.EQ, U8)
        self.put(i.IF)
        self.put(i.MOVE, local)
        self.put(i.OPEN, kind, 1)
        self.blocks += 1
        self.consume(element)
        self.put(i.ELSE)
        self.put(i.MOVE, local)
        self.put(i.OPEN, kind, 0)
        self.blocks -= 1
        self.put(i.END)

    # Statements.

    def statement(self) -> None:
        """Something that leaves the stack as it was."""
        ways: list[Callable[[], None]] = [self.set_local] * 4 + [self.drop, self.open_all]
        if self.blocks < 5:
            ways += [self.branch, self.branch, self.loop]
        ways.append(self.authorize)
        if self.may(Effect.WRITE):
            ways += [self.write] * 4
        if self.may(Effect.EMIT):
            ways.append(self.emit)
        if self.may(ALL):
            ways += [self.money] * 3 + [lambda: self.put(i.BECOME, self.source.choice([0, 0, 1, 1, 2]))]
        ways += [self.call_something] * 2
        if self.loops:
            ways += [self.break_or_continue]
        if self.source.random() < 0.05:
            ways = [self.leave, self.fail]
        self.pick(ways)

    def set_local(self) -> None:
        """Assign a plain local."""
        plain = [n for n, kind in enumerate(self.locals) if not is_linear(kind)]
        if not plain:
            return
        local = self.source.choice(plain)
        self.expression(self.locals[local])
        self.put(i.SET, local)
        self.assigned.add(local)

    def drop(self) -> None:
        """Compute something for nothing."""
        self.expression(self.any_of(PLAIN))
        self.put(i.DROP)

    def open_all(self) -> None:
        """Open a compound value and use its parts."""
        kind = self.any_of([*STRUCTS, *VARIANTS])
        self.expression(kind)
        if isinstance(kind, Struct | Tuple):
            self.put(i.UNPACK, kind)
            parts = _record(kind)
        else:
            tag, parts = self._some_variant(kind)
            self.put(i.OPEN, kind, tag)
        for part in reversed(parts):
            fitting = [n for n, of in enumerate(self.locals) if of == part]
            if fitting:
                local = self.source.choice(fitting)
                self.put(i.SET, local)
                self.assigned.add(local)
            else:
                self.put(i.DROP)

    def authorize(self) -> None:
        """A condition that mostly holds."""
        self.put(i.SENDER)
        self.put(i.SENDER)
        self.put(i.EQ, ADDRESS)
        if self.source.random() < 0.2:
            self.put(i.DROP)
            self.expression(BOOL)
        self.put(i.AUTHORIZE)

    def write(self) -> None:
        """Change plain state."""
        field = self.source.randrange(len(self.module.fields))
        kind = self.module.fields[field]
        match kind:
            case Map(key, value) if not isinstance(value, Vault | Resource):
                if not self.may(Effect.READ):
                    return
                self.expression(key)
                if self.source.random() < 0.2:
                    self.put(i.REMOVE, field)
                else:
                    self.amid()
                    self.expression(value)
                    self.put(i.MAP_PUT, field)
            case Set(key):
                self.expression(key)
                self.put(self.source.choice([i.SET_ADD, i.SET_ADD, i.REMOVE]), field)
            case Map() | Vault():
                pass
            case _:
                self.expression(kind)
                self.put(i.STORE, field)

    def emit(self) -> None:
        """An event."""
        event = self.source.randrange(len(EVENTS))
        for _, kind in EVENTS[event].fields:
            self.expression(kind)
        self.put(i.EMIT, event)

    def money(self) -> None:
        """Make a linear value, maybe keep it for a while, use it up."""
        kind = self.any_of(LINEAR)
        if self.blocks == 0 and not self.loops and self.source.random() < 0.5:
            free = [n for n, of in enumerate(self.locals) if is_linear(of) and n not in self.held and n not in self.assigned]
            if free:
                local = self.source.choice(free)
                self.produce(self.locals[local])
                self.put(i.SET, local)
                self.held.add(local)
                self.assigned.add(local)
                return
        self.produce(kind)
        self.consume(kind)

    def call_something(self) -> None:
        """Invoke, call, read or try, whatever comes back."""
        invoked = [
            n
            for n, signature in enumerate(self.module.done)
            if signature.kind in (Kind.PRIVATE, Kind.PURE, Kind.VIEW) and self.may(signature.effects)
            and (self.may(ALL) or not any(map(is_linear, (*signature.parameters, signature.result or BOOL))))
        ]  # fmt: skip
        if invoked and self.source.random() < 0.5:
            place = self.source.choice(invoked)
            self.invoke(place)
            self.use(self.module.done[place].result)
            return
        place = self.source.randrange(len(self.module.externals))
        external = self.module.externals[place]
        tries = self.source.random() < 0.5 and not any(isinstance(kind, Coin) for kind in external.parameters)
        code = (i.TRY_READ if tries else i.READ) if external.view else (i.TRY_CALL if tries else i.CALL)
        if not self.may(TABLE[code].does):
            return
        if not self.may(ALL) and external.result is not None and is_linear(external.result):
            return
        self.outside(code, place)
        if tries:
            self.use(BOOL if external.result is None else Option(external.result))
        else:
            self.use(external.result)

    def use(self, kind: Type | None) -> None:
        """Do something with the value on top."""
        if kind is None:
            return
        if is_linear(kind):
            self.consume(kind)
            return
        fitting = [n for n, of in enumerate(self.locals) if is_subtype(kind, of) and not is_linear(of)]
        if fitting and self.source.random() < 0.6:
            local = self.source.choice(fitting)
            self.put(i.SET, local)
            self.assigned.add(local)
        elif kind == BOOL and self.blocks < 4:
            self.put(i.IF)
            self.block(2)
            self.put(i.END)
            self.live = True
        else:
            self.put(i.DROP)

    def block(self, most: int) -> None:
        """Statements of a block; what is assigned in it is forgotten behind it."""
        assigned, held = set(self.assigned), set(self.held)
        self.blocks += 1
        for _ in range(self.source.randint(0, most)):
            if self.live and self.fuel > 0:
                self.statement()
        self.blocks -= 1
        self.assigned, self.held = assigned, held

    def branch(self) -> None:
        """`if`, maybe with `else`; one way at least goes on."""
        self.expression(BOOL)
        self.put(i.IF)
        assigned, held = set(self.assigned), set(self.held)
        self.block(3)
        lives = self.live
        self.assigned, self.held, self.live = set(assigned), set(held), True
        if self.source.random() < 0.5:
            self.put(i.ELSE)
            if lives:
                self.block(3)
            else:
                fuel, self.fuel = self.fuel, 0
                self.block(3)
                self.fuel = fuel
        self.put(i.END)
        self.assigned, self.held, self.live = assigned, held, True

    def loop(self) -> None:
        """A loop that is left behind somewhere."""
        self.put(i.LOOP, self.source.choice([0, 1, 2, 3, 5, 8, 8]))
        assigned, held = set(self.assigned), set(self.held)
        self.loops.append(set(self.held))
        counters = [n for n in self.assigned if self.locals[n] in (U8, U64, I8)]
        if counters and self.source.random() < 0.8:
            counter = self.source.choice(counters)
            kind = self.locals[counter]
            self.put(i.GET, counter)
            self.expression(kind)
            self.put(self.source.choice([i.GE, i.GT, i.LT, i.EQ, i.NE]), kind)
            if self.source.random() < 0.3:
                self.put(i.NOT)
            self.put(i.IF)
            self.put(i.BREAK)
            self.put(i.END)
            self.put(i.GET, counter)
            self.constant(kind, 1)
            self.put(i.ADD, kind)
            self.put(i.SET, counter)
        else:
            self.expression(BOOL)
            self.put(i.IF)
            self.put(i.BREAK)
            self.put(i.END)
        self.block(4)
        self.loops.pop()
        self.put(i.END)
        self.assigned, self.held, self.live = assigned, held, True

    def break_or_continue(self) -> None:
        """Leave a pass, with something on the stack now and then."""
        if self.source.random() < 0.3:
            self.expression(self.any_of(PLAIN))
        self.put(self.source.choice([i.BREAK, i.CONTINUE]))
        self.live = False

    def leave(self) -> None:
        """Use up what is held, and return."""
        self.in_flight += 1
        result = self.signature.result
        if result is not None and is_linear(result):
            self.produce(result)
            local = self._keep(result)
            self._let_go()
            self.put(i.MOVE, local)
        else:
            self._let_go()
            if result is not None:
                self.expression(result)
        self.put(i.RETURN)
        self.live = False
        self.in_flight -= 1

    def _let_go(self) -> None:
        for local in sorted(self.held):
            self.held.discard(local)
            self.assigned.discard(local)
            self.put(i.MOVE, local)
            self.consume(self.locals[local])

    def fail(self) -> None:
        """End the call with an error."""
        error = self.source.randrange(len(ERRORS))
        for _, kind in ERRORS[error].fields:
            self.expression(kind)
        self.put(i.FAIL, error)
        self.live = False


def _record(kind: Type) -> tuple[Type, ...]:
    assert isinstance(kind, Struct | Tuple)
    return tuple(part for _, part in kind.fields) if isinstance(kind, Struct) else kind.items
