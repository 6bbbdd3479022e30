"""Random programs that do little else than read and write state: few keys, met again and again in every guise.

`state_pair(source)` makes two contracts, as `random_programs.pair` does, but of a denser kind. A module has two types of keys,
some fields of each, and a pool of three keys a type, nearly all of which are there from the beginning; so what a program reads
is mostly found. A key is pushed as a local, under another local's name, as a constant, or computed so that it lies on the stack,
above what lies there already. Between a read and a write of one slot the same field is written by another key, the key's local
is assigned anew, blocks begin and end, functions are invoked, the other contract is called, events are told; and calls fail
after all that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from machine_world import ALICE, BOB, HERE, THERE
from random_programs import (
    ALL,
    COIN,
    PART,
    RESOURCES,
    STRUCTS,
    FunctionMaker,
    ModuleMaker,
    Signature,
    Word,
    externals,
    small_value,
)

from vm import instructions as i
from vm.instructions import Effect
from vm.module import External, Kind, Module
from vm.state import is_safe_key
from vm.types import (
    ADDRESS,
    AMOUNT,
    BOOL,
    I8,
    I64,
    U8,
    U64,
    U256,
    Address,
    Amount,
    Bool,
    Bytes,
    Int,
    List,
    Map,
    Option,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    is_linear,
)

PAIR: Final = Tuple((U64, BOOL))
POOLS: Final[dict[Type, tuple[Any, ...]]] = {
    U8: (0, 1, 255),
    I8: (-1, 0, 1),
    U64: (0, 5, 2**64 - 1),
    I64: (-(2**63), -1, 3),
    U256: (1, 2**64, 2**256 - 1),
    AMOUNT: (0, 7, 2**70),
    BOOL: (False, True),
    ADDRESS: (ALICE, BOB, HERE),
    Text(8): ("", "a", "éa"),
    Bytes(32): (b"", b"a", bytes(32)),
    PAIR: ((0, False), (5, False), (5, True)),
    STRUCTS[0]: ((0, 1, ""), (0, 1, "a"), (5, -1, "")),
}
"""The keys of each type that programs use."""

VALUES: Final[tuple[Type, ...]] = (
    U64, U64, I64, U256, BOOL, ADDRESS, AMOUNT, Text(8), Bytes(32), List(U64, 6), STRUCTS[0], PAIR, Option(U64),
)  # fmt: skip
PLAIN_FIELDS: Final[tuple[Type, ...]] = (U64, U256, BOOL, Text(8), List(U64, 6), PAIR)
LATEST_MOST: Final = 4  # keys that were used lately and are apt to be used again
SMALL: Final = (0, 1, 2, 3, 7)

Access = Callable[[], object]


def key_value(kind: Type, source: random.Random) -> Any:
    """An argument: of the keys of its type if it has some, most of the time."""
    if kind in POOLS and source.random() < 0.9:
        return source.choice(POOLS[kind])
    return small_value(kind, source)


def state_pair(source: random.Random) -> tuple[Module, Module]:
    """Two modules, for HERE and THERE, that expect each other's functions, all about the same two types of keys. Keys of the
    first stand for themselves in tables, and so can be remembered.
    """
    first = source.choice([kind for kind in POOLS if is_safe_key(kind)])
    keys = [first, source.choice([kind for kind in POOLS if kind != first])]
    mine, theirs = _signatures(source, keys), _signatures(source, keys)
    return (
        _StateModule(source, mine, externals(source, theirs), keys, THERE).make("Here"),
        _StateModule(source, theirs, externals(source, mine), keys, HERE).make("There"),
    )


def _signatures(source: random.Random, keys: list[Type]) -> list[Signature]:
    """Functions that give back their key, straight ones and others; small ones that write; those that are called."""
    found = [Signature(f"same{n}", Kind.PRIVATE, (key,), key, None) for n, key in enumerate(keys)]
    found += [Signature(f"small{n}", Kind.PRIVATE, (source.choice(keys), U64), U64, None) for n in range(2)]
    found.append(Signature("large", Kind.PRIVATE, (source.choice(keys), U64), source.choice([None, *keys]), None))
    found.append(Signature("view", Kind.VIEW, (source.choice(keys),), source.choice([U64, *keys]), None))
    for n in range(5):
        key = source.choice(keys)
        found.append(Signature(f"run{n}", Kind.PUBLIC, (key, key, BOOL, U64), source.choice([None, U64, key]), None))
    return found


class _StateModule(ModuleMaker):
    """One module."""

    def __init__(
        self, source: random.Random, signatures: list[Signature], expected: list[External], keys: list[Type], other: bytes
    ) -> None:
        super().__init__(source, signatures, expected)
        self.keys = keys
        self.other = other
        self.fields = source.sample(PLAIN_FIELDS, 2)
        for key in keys:
            self.fields += [Map(key, source.choice(VALUES)) for _ in range(2)]
            self.fields += source.sample([Map(key, U64), Map(key, key), Map(key, PART), Set(key), Map(key, Vault())], 2)
        self.fields = list(dict.fromkeys(self.fields))

    @property
    def writer(self) -> type[FunctionMaker]:
        """What writes its functions."""
        return StateFunction

    def others(self) -> list[Signature]:
        """`init`, which fills the fields."""
        money = any(isinstance(kind, Map) and kind.value == Vault() for kind in self.fields)
        return [Signature("init", Kind.INIT, (COIN,) if money else (), None, None)]


class StateFunction(FunctionMaker):
    """The code of one function."""

    module: _StateModule

    def make(self) -> list[Word]:
        """Locals for keys, some of them other names for a parameter; then accesses until it is enough."""
        self.latest: list[tuple[Type, int]] = []  # locals that were used as keys, the last one last
        self.focus = self.source.choice(self.fields_of(lambda kind: isinstance(kind, Map | Set)))
        name = self.signature.name
        self.straight = name.startswith(("same", "small")) and self.source.random() < 0.7
        if name.startswith("same"):
            return self.same()
        for kind in (*self.module.keys, *self.module.keys, U64, U64, BOOL):
            self.new_local(kind)
        if self.signature.kind == Kind.INIT:
            self.fill()
        self.fuel = 16 if self.signature.kind == Kind.PRIVATE else self.source.choice([12, 25, 60])
        if self.signature.kind == Kind.PUBLIC and self.source.random() < 0.4:
            self.try_other()
        while self.fuel > 0 and self.live:
            self.statement()
        if self.live:
            if self.signature.kind == Kind.PUBLIC:
                self.fail_at_times()
            self.leave()
        return self.words

    def same(self) -> list[Word]:
        """Give back what was given; as it is, so that it can be written where it is invoked, or with a block before."""
        if not self.straight:
            self.begin_segment()
        self.put(i.GET, 0)
        self.put(i.RETURN)
        return self.words

    def new_local(self, kind: Type) -> None:
        """A local with something in it, often what another one has."""
        self.leaf(kind)  # no more, since what follows counts on these
        self.locals.append(kind)
        self.put(i.SET, len(self.locals) - 1)
        self.assigned.add(len(self.locals) - 1)

    def fill(self) -> None:
        """Give every slot that the programs know a value, but for some."""
        for field, kind in enumerate(self.module.fields):
            match kind:
                case Map(key, Vault()) if self.held:
                    self.held.discard(0)
                    self.assigned.discard(0)
                    self.constant(key)
                    self.put(i.MOVE, 0)
                    self.put(i.VAULT_PUT, field)
                case Map(key, value) if not isinstance(value, Vault):
                    for n in range(len(POOLS[key])):
                        if self.source.random() < 0.95:
                            self.constant(key, POOLS[key][n])
                            self.produce(value) if is_linear(value) else self.constant(value)
                            self.put(i.MAP_PUT, field)
                case Set(key):
                    self.constant(key, self.source.choice(POOLS[key]))
                    self.put(i.SET_ADD, field)
                case Map() | Vault():
                    pass
                case _:
                    self.constant(kind)
                    self.put(i.STORE, field)

    # Values and keys.

    def constant(self, kind: Type, value: Any = None) -> None:
        """Push a constant: a key if the type has keys, a small number else."""
        if value is None and kind in POOLS and self.source.random() < 0.9:
            value = self.source.choice(POOLS[kind])
        elif value is None and isinstance(kind, Int | Amount):
            value = self.source.choice(SMALL)
        super().constant(kind, value)

    def expression(self, kind: Type) -> None:
        """A value: now and then anything, else one that is apt not to fail."""
        if self.fuel > 0 and self.source.random() < 0.04 and not self.straight:
            super().expression(kind)
        elif kind in POOLS:
            self.key(kind)
        elif self.fuel > 0 and self.may(Effect.READ) and self.source.random() < 0.2:
            maps = self.fields_of(lambda f: isinstance(f, Map) and f.value == kind)
            if maps:
                self._map_or(self.source.choice(maps), kind)
            else:
                self.leaf(kind)
        else:
            self.leaf(kind)

    def key(self, kind: Type) -> None:
        """Push a key: again one that was used just now, or another local, or a constant, or one that was computed."""
        chance = self.source.random()
        again = [local for of, local in self.latest if of == kind and local in self.assigned]
        if again and chance < 0.35:
            self.get(kind, self.source.choice(again))
        elif chance < 0.65 or self.fuel <= 0:
            fitting = [n for n in self.assigned if self.locals[n] == kind]
            if fitting:
                self.get(kind, self.source.choice(fitting))
            else:
                self.constant(kind)
        elif chance < 0.75:
            self.constant(kind)
        else:
            self.computed(kind)

    def get(self, kind: Type, local: int) -> None:
        """Push a local, and remember that it was used."""
        self.latest = [*self.latest[-LATEST_MOST:], (kind, local)]
        self.put(i.GET, local)

    def computed(self, kind: Type) -> None:
        """Push a key that lies on the stack: one that something has been done to which leaves it as it is, most of the time."""
        same = [n for n, known in enumerate(self.module.done) if known.name.startswith("same") and known.result == kind]
        maps = self.fields_of(lambda f: f == Map(kind, kind))
        if same and self.source.random() < 0.25:
            self.key(kind)
            self.put(i.INVOKE, same[0])
            return
        if maps and self.may(Effect.READ) and self.source.random() < 0.3:
            self._map_or(maps[0], kind)
            return
        self.key(kind)
        match kind:
            case Int() | Amount():
                self.number_as_it_is(kind)
            case Bool():
                self.put(i.NOT)
            case Address():
                self.put(i.DROP)
                self.put(self.source.choice([i.SENDER, i.THIS]))
            case Text() | Bytes():
                super().constant(kind, "" if isinstance(kind, Text) else b"")
                self.put(i.CONCAT, kind)
            case Struct() | Tuple():
                self.put(i.UNPACK, kind)
                self.put(i.PACK, kind)

    def number_as_it_is(self, kind: Int | Amount) -> None:
        """Do something to the number on top that mostly leaves it as it is."""
        number = super().constant
        match self.source.randrange(4):
            case 0:
                number(kind, 0)
                self.put(self.source.choice([i.ADD, i.SUB]), kind)
            case 1:
                number(kind, 1)
                self.put(i.MUL, kind)
            case 2:
                self.key(kind)
                self.put(self.source.choice([i.MIN, i.MAX]), kind)
            case 3:
                self.put(i.CAST, U256 if kind != U256 and not (isinstance(kind, Int) and kind.low < 0) else kind)
                self.put(i.CAST, kind)

    # Statements.

    def statement(self) -> None:
        """Mostly an access, with something beneath it now and then."""
        chance = self.source.random()
        blocks = not self.straight and self.blocks < 4
        if chance < 0.47:
            self.access()
        elif chance < 0.65 and self.may(Effect.READ | Effect.WRITE):
            self.by_another_key()
        elif chance < 0.72:
            self.beneath()
        elif chance < 0.78:
            self.assign_key()
        elif chance < 0.82 and self.may(Effect.EMIT):
            self.emit()
        elif chance < 0.88 and blocks:
            self.branch()
        elif chance < 0.91 and blocks:
            self.passes(lambda: self.block(4))
        elif chance < 0.94:
            self.call_something()
        elif chance < 0.96 and self.may(ALL):
            self.try_other()
        elif chance < 0.97 and blocks:
            self.fail_at_times()
        elif not self.straight and chance > 0.99:
            super().statement()

    def begin_segment(self) -> None:
        """A place where gas can end, and undo what was done."""
        self.leaf(BOOL)
        for code in (i.IF, i.END):
            self.put(code)

    def try_other(self) -> None:
        """Write, maybe tell, try a function of the other contract, which may fail at its end, and write."""
        places = [n for n, external in enumerate(self.module.externals) if not external.view]
        if not places:
            return
        place = self.source.choice(places)
        external = self.module.externals[place]
        self.source.choice([self.access, self.emit])()
        super().constant(ADDRESS, self.module.other)
        for kind in external.parameters:
            self.expression(kind)
        self.put(i.TRY_CALL, place)
        self.use(BOOL if external.result is None else Option(external.result))
        self.access()

    def assign_key(self) -> None:
        """Assign the local of a key anew."""
        kind = self.source.choice(self.module.keys)
        fitting = [n for n in self.assigned if self.locals[n] == kind]
        lately = [local for of, local in self.latest if of == kind and local in self.assigned]
        self.key(kind)
        self.put(i.SET, self.source.choice(lately or fitting))

    def by_another_key(self) -> None:
        """Read by a local, assign the local, write by the local, on one way of several or in the passes of a loop."""
        fields = self.fields_of(lambda kind: isinstance(kind, Map) and kind.value in VALUES)
        if not fields:
            return
        field = self.source.choice(fields)
        whole = self.module.fields[field]
        assert isinstance(whole, Map)
        local = self.source.choice([n for n in self.assigned if self.locals[n] == whole.key])

        def read() -> None:
            self.put(i.GET, local)
            self.leaf(whole.value)
            self.put(i.MAP_OR, field)
            self.settle(whole.value)

        def assign() -> None:
            self.constant(whole.key)
            self.put(i.SET, local)

        def write() -> None:
            self.put(i.GET, local)
            self.expression(whole.value)
            self.put(i.MAP_PUT, field)

        def on_one_way() -> None:
            read()
            self.leaf(BOOL)
            self.put(i.IF)
            assign()
            self.put(i.END)
            write()

        def in_passes() -> None:
            read()
            self.passes(lambda: (write(), assign()))

        def below() -> None:
            self.put(i.GET, local)
            assign()
            self.put(self.source.choice([i.MAP_TAKE, i.MAP_GET]), field)
            self.settle(whole.value)

        def taken() -> None:
            self.computed(whole.key)
            self.put(i.MAP_TAKE, field)
            self.settle(whole.value)
            write()

        def in_turn() -> None:
            read()
            assign()
            write()

        flat: list[Access] = [in_turn, below, taken]
        if self.straight or self.blocks > 3:
            self.source.choice(flat)()
        else:
            self.source.choice([*flat, on_one_way, on_one_way, in_passes, in_passes])()
            self.begin_segment()

    def beneath(self) -> None:
        """Values lie on the stack while other things happen, and are used afterwards."""
        kinds = [self.source.choice([U64, BOOL, *self.module.keys]) for _ in range(self.source.randint(1, 3))]
        self.in_flight += 1
        for kind in kinds:
            self.expression(kind)
        for _ in range(self.source.randint(1, 2)):
            self.source.choice([self.access, self.access, self.assign_key])()
        self.in_flight -= 1
        for kind in reversed(kinds):
            self.settle(kind)

    def settle(self, kind: Type) -> None:
        """Put the value on top into a local, or forget it."""
        fitting = [n for n in self.assigned if self.locals[n] == kind]
        if fitting and self.source.random() < 0.6:
            self.put(i.SET, self.source.choice(fitting))
        else:
            self.put(i.DROP)

    def passes(self, body: Access) -> None:
        """A loop of some passes."""
        number = super().constant
        self.locals.append(U64)
        counter, passes = len(self.locals) - 1, self.source.randint(2, 3)
        number(U64, 0)
        self.put(i.SET, counter)
        self.put(i.LOOP, passes + self.source.choice([0, 1, 1, 4]))
        assigned, latest = set(self.assigned), self.latest
        self.loops.append(set(self.held))
        self.put(i.GET, counter)
        number(U64, passes)
        self.put(i.GE, U64)
        for code in (i.IF, i.BREAK, i.END):
            self.put(code)
        self.put(i.GET, counter)
        number(U64, 1)
        self.put(i.ADD, U64)
        self.put(i.SET, counter)
        body()
        self.loops.pop()
        self.put(i.END)
        self.assigned, self.latest, self.live = assigned, latest, True

    def fail_at_times(self) -> None:
        """Fail if a truth value that comes from outside says so."""
        truths = [n for n in self.assigned if self.locals[n] == BOOL]
        if not truths:
            return
        self.put(i.GET, truths[0])
        self.put(i.IF)
        self.fail()
        self.live = True
        self.put(i.END)

    def access(self) -> None:
        """Read or write one field, most often the one that this function has most to do with."""
        if self.source.random() > 0.55:
            self.focus = self.source.randrange(len(self.module.fields))
        field, kind = self.focus, self.module.fields[self.focus]
        match kind:
            case Map(key, Vault()):
                ways = self.vault_ways(field, key)
            case Map(key, value) if value in RESOURCES:
                ways = self.resource_ways(field, key, value)
            case Map(key, value):
                ways = self.map_ways(field, key, value)
            case Set(key):
                ways = self.set_ways(field, key)
            case Vault():
                ways = []
            case _:
                ways = self.plain_ways(field, kind)
        if ways:
            self.source.choice(ways)()

    def only(self, effects: int, *ways: Access) -> list[Access]:
        """Some ways, if the function may do what they do."""
        return list(ways) if self.may(effects) else []

    def map_ways(self, field: int, key: Type, value: Type) -> list[Access]:
        """What can be done with a map of plain values."""

        def read() -> None:
            self.key(key)
            self.put(i.MAP_GET, field)
            self.settle(value)

        def read_or() -> None:
            self._map_or(field, value)
            self.settle(value)

        def find() -> None:
            self.key(key)
            self.put(i.MAP_FIND, field)
            self.put(i.DROP)

        def has() -> None:
            self.key(key)
            self.put(i.HAS, field)
            self.settle(BOOL)

        def write() -> None:
            self.key(key)
            self.expression(value)
            self.put(i.MAP_PUT, field)

        def change() -> None:
            self.key(key)
            self.key(key)
            self.put(self.source.choice([i.MAP_GET, i.MAP_TAKE]), field)
            if isinstance(value, Int | Amount) and self.source.random() < 0.5:
                super(StateFunction, self).constant(value, 1)
                self.put(self.source.choice([i.ADD, i.SUB, i.MAX]), value)
            self.put(i.MAP_PUT, field)

        def two() -> None:
            self.key(key)
            self._map_or(field, value)
            if self.fuel > 0 and self.source.random() < 0.5:
                self.in_flight += 1
                self.source.choice([self.access, self.assign_key])()
                self.in_flight -= 1
            self.put(i.MAP_PUT, field)

        def take() -> None:
            self.key(key)
            self.put(i.MAP_TAKE, field)
            self.settle(value)
            if self.source.random() < 0.7:
                write()

        def remove() -> None:
            self.key(key)
            self.put(i.REMOVE, field)
            if self.source.random() < 0.7:
                write()

        reads = self.only(Effect.READ, read, read_or, read_or, find, has)
        return reads + self.only(Effect.READ | Effect.WRITE, write, write, write, write, change, change, two, take, remove)

    def resource_ways(self, field: int, key: Type, value: Type) -> list[Access]:
        """What can be done with a map of resources."""

        def peek() -> None:
            self.key(key)
            self.put(i.MAP_PEEK, field, 1)
            self.settle(U64)

        def has() -> None:
            self.key(key)
            self.put(i.HAS, field)
            self.settle(BOOL)

        def take_and_put() -> None:
            self.key(key)
            self.key(key)
            self.put(i.MAP_TAKE, field)
            self.put(i.MAP_PUT, field)

        def put() -> None:
            self.key(key)
            self.put(i.HAS, field)
            self.put(i.NOT)
            self.put(i.IF)
            self.key(key)
            self.produce(value)
            self.put(i.MAP_PUT, field)
            self.put(i.END)

        def take() -> None:
            self.key(key)
            self.put(i.MAP_TAKE, field)
            self.in_flight += 1
            self.put(i.DESTROY, value)
            for _ in range(2):
                self.put(i.DROP)
            self.in_flight -= 1

        reads = self.only(Effect.READ, peek, has)
        writes = self.only(ALL, take_and_put, take_and_put, take)
        return reads + writes + (self.only(ALL, put, put) if not self.straight else [])

    def vault_ways(self, field: int, key: Type) -> list[Access]:
        """What can be done with a map of vaults."""

        def amount() -> None:
            self.key(key)
            self.put(i.VAULT_AMOUNT, field)
            self.settle(AMOUNT)

        def move() -> None:
            self.key(key)
            self.key(key)
            super(StateFunction, self).constant(AMOUNT, self.source.choice([0, 0, 1, 3]))
            self.put(i.VAULT_TAKE, field)
            self.put(i.VAULT_PUT, field)

        def move_all() -> None:
            self.key(key)
            self.key(key)
            self.put(i.VAULT_TAKE_ALL, field)
            self.put(i.VAULT_PUT, field)

        return self.only(Effect.READ, amount) + self.only(ALL, move, move_all)

    def set_ways(self, field: int, key: Type) -> list[Access]:
        """What can be done with a set."""

        def one(code: int) -> None:
            self.key(key)
            self.put(code, field)
            if code == i.HAS:
                self.settle(BOOL)

        reads = self.only(Effect.READ, lambda: one(i.HAS))
        return reads + self.only(Effect.WRITE, lambda: one(i.SET_ADD), lambda: one(i.SET_ADD), lambda: one(i.REMOVE))

    def plain_ways(self, field: int, kind: Type) -> list[Access]:
        """What can be done with a field without keys."""

        def read() -> None:
            self.put(i.LOAD, field)
            self.settle(kind)

        def write() -> None:
            self.expression(kind)
            self.put(i.STORE, field)

        return self.only(Effect.READ, read) + self.only(Effect.WRITE, write, write)
