"""Random modules of functions that only compute with numbers, well typed by construction, each with a native form.

`numeric_module(source)` makes a module of pure functions from a seeded source of randomness; each may invoke those before it.
Small numbers, edges of types and edges of the halves that wide numbers are held in come up more often than chance would have it.
"""

from __future__ import annotations

import random
from typing import Final

from vm import instructions as i
from vm.instructions import Rounding
from vm.module import Constant, Function, Kind, Module, Record
from vm.types import (
    AMOUNT,
    BOOL,
    DURATION,
    I8,
    I16,
    I32,
    I64,
    I128,
    RATE,
    SCALARS,
    TIME,
    U8,
    U16,
    U32,
    U64,
    U128,
    Amount,
    Bool,
    Int,
    Type,
    bounds,
)

KINDS: Final[tuple[Int | Amount, ...]] = (U8, U16, U32, U64, U128, I8, I16, I32, I64, I128, TIME, DURATION, RATE, AMOUNT)
"""The number types that native code has."""

COMPARISONS: Final = (i.EQ, i.NE, i.LT, i.LE, i.GT, i.GE)
DEPTH_MAX: Final = 12  # expressions within expressions, so that the stack of the machine is deep enough
WORDS_MAX: Final = 1_000  # of a module, but for its last function, so that even that has a native form with all it invokes
_PAIRS: Final = (i.ADD, i.ADD, i.SUB, i.SUB, i.MUL, i.MOD, i.MIN, i.MAX)
_NARROW: Final = (U64, I64, U64, U8)
_WIDE: Final = (U128, I128, AMOUNT, U64)


def edges(kind: Int | Amount) -> list[int]:
    """Numbers of a type at which something changes: its bounds, powers of two, and what is next to them."""
    low, high = bounds(kind)
    powers = [sign << bits for bits in (0, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 96, 127) for sign in (1, -1)]
    middles = [low, high, 0, high // 2, high // 3, low // 2, 7, 10**12]
    return sorted({near for n in (*powers, *middles) for near in (n - 1, n, n + 1) if low <= near <= high})


def number_of(kind: Int | Amount, source: random.Random) -> int:
    """A number of a type."""
    low, high = bounds(kind)
    chance = source.random()
    if chance < 0.6:
        return source.randint(max(low, -4), min(high, 20))
    if chance < 0.8:
        return source.choice(edges(kind))
    return source.randint(low, high) >> source.randrange(high.bit_length())


def value_of(kind: Type, source: random.Random) -> int | bool:
    """A number of a type, or a truth value."""
    if isinstance(kind, Bool):
        return source.random() < 0.5
    assert isinstance(kind, Int | Amount)
    return number_of(kind, source)


def numeric_module(source: random.Random) -> Module:
    """A module of a few functions, the last of them with a loop."""
    maker = _Maker(source)
    functions = [Function("init", Kind.INIT, (), None, None, 0, (), (i.RETURN,))]
    for n in range(source.randint(1, 3)):
        if sum(len(function.code) for function in functions) < WORDS_MAX:
            functions.append(maker.function(f"f{n}", functions))
    return Module(
        name="Numbers",
        types=(),
        constants=tuple(maker.constants),
        fields=(),
        phases=(),
        steps=(),
        events=(),
        errors=(Record("Sorry", (("n", U64),)),),
        externals=(),
        functions=tuple(functions),
        promises=(),
    )


class _Maker:
    """One module: its constants, and the function at work."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.constants: list[Constant] = []
        self.before: list[Function] = []
        self.locals: list[Type] = []
        self.seen: list[int] = []  # locals that are assigned here
        self.words: list[int] = []
        self.result: Type = U64
        self.loops = self.blocks = self.fuel = self.depth = 0
        self.live = True

    def function(self, name: str, before: list[Function]) -> Function:
        """A function that may invoke those before it."""
        source = self.source
        self.before = [function for function in before if function.kind == Kind.PURE]
        mostly = source.choice((_NARROW, _WIDE, KINDS))
        self.kinds: tuple[Type, ...] = (*(source.choice(mostly) for _ in range(3)), source.choice(KINDS), BOOL)
        parameters = [source.choice(self.kinds) for _ in range(source.randint(1, 4))]
        self.result = source.choice(self.kinds)
        self.locals, self.seen, self.words = [*parameters], list(range(len(parameters))), []
        self.loops, self.blocks, self.fuel, self.live = 0, 0, source.randint(40, 160), True
        for kind in self.kinds[:3]:
            self.constant(kind)
            self.fresh(kind)
        self.loop()
        for _ in range(source.randint(0, 3)):
            if self.live:
                self.statement()
        if self.live:
            self.leave()
        taken = tuple((f"a{n}", kind) for n, kind in enumerate(parameters))
        others = tuple(self.locals[len(parameters) :])
        return Function(name, Kind.PURE, taken, self.result, None, 0, others, tuple(self.words))

    def put(self, code: int, *operands: int) -> None:
        """One instruction."""
        self.words += [code, *operands]
        self.fuel -= 1

    def constant(self, kind: Type, value: int | bool | None = None) -> None:
        """Push a constant."""
        constant = Constant(kind, value_of(kind, self.source) if value is None else value)
        same = [n for n, known in enumerate(self.constants) if known == constant and type(known.value) is type(constant.value)]
        if not same:
            self.constants.append(constant)
        self.put(i.CONST, same[0] if same else len(self.constants) - 1)

    def fresh(self, kind: Type) -> int:
        """A new local for the value on top."""
        self.locals.append(kind)
        self.seen.append(len(self.locals) - 1)
        self.put(i.SET, len(self.locals) - 1)
        return len(self.locals) - 1

    # Values.

    def expression(self, kind: Type) -> None:
        """A value of a type."""
        self.depth += 1
        self._expression(kind)
        self.depth -= 1

    def _expression(self, kind: Type) -> None:
        known = [n for n in self.seen if self.locals[n] == kind]
        if self.fuel <= 0 or self.depth > DEPTH_MAX or self.source.random() < 0.35:
            if known and self.source.random() < 0.75:
                self.put(i.GET, self.source.choice(known))
            else:
                self.constant(kind)
            return
        invoked = [n for n, function in enumerate(self.before, 1) if function.result == kind]
        if invoked and self.source.random() < 0.3:
            place = self.source.choice(invoked)
            for _, of in self.before[place - 1].parameters:
                self.expression(of)
            self.put(i.INVOKE, place)
        elif isinstance(kind, Bool):
            self.truth()
        else:
            assert isinstance(kind, Int | Amount)
            self.number(kind)

    def many(self, kind: Type, count: int) -> None:
        """So many values of a type, now and then with a block amid them."""
        for n in range(count):
            if n and self.blocks < 3 and self.source.random() < 0.1:
                self.branch(whole=True)
            self.expression(kind)

    def number(self, kind: Int | Amount) -> None:
        """A number computed."""
        of, rounding = SCALARS.index(kind), self.source.choice(list(Rounding))
        match self.source.randrange(12):
            case 0 | 1:
                other = self.source.choice([other for other in (*self.kinds, *KINDS) if other != BOOL])
                self.expression(other)
                self.put(i.CAST, of)
            case 2 if bounds(kind)[0] < 0 or self.source.random() < 0.1:
                self.expression(kind)
                self.put(i.NEG, of)
            case 3 | 4:
                self.many(kind, 3)
                self.put(i.MULDIV, of, rounding)
            case 5 | 6:
                self.many(kind, 2)
                self.put(i.DIV, of, rounding)
            case _:
                self.many(kind, 2)
                self.put(self.source.choice(_PAIRS), of)

    def truth(self) -> None:
        """A truth value computed."""
        if self.source.random() < 0.2:
            self.expression(BOOL)
            self.put(i.NOT)
            return
        kind = self.source.choice(self.kinds)
        self.many(kind, 2)
        codes = COMPARISONS[:2] if isinstance(kind, Bool) else COMPARISONS
        self.put(self.source.choice(codes), SCALARS.index(kind))

    # Statements.

    def statement(self) -> None:
        """Something that leaves the stack as it is."""
        chance = self.source.random()
        if chance < 0.45 or self.fuel <= 0:
            local = self.source.choice(self.seen)
            self.expression(self.locals[local])
            self.put(i.SET, local)
        elif chance < 0.5:
            self.expression(self.source.choice(self.kinds))
            self.put(i.DROP)
        elif chance < 0.53:
            self.expression(BOOL)
            self.put(i.AUTHORIZE)
        elif chance < 0.65 and self.loops < 3 and self.blocks < 4:
            self.loop()
        elif chance < 0.95 and self.blocks < 4:
            self.branch()
        else:
            self.leave()

    def leave(self) -> None:
        """The end of a way: out of the function, or on to the next pass of a loop, or out of it."""
        chance = self.source.random()
        if self.loops and chance < 0.6:
            self.put(self.source.choice((i.CONTINUE, i.BREAK)))
        elif self.blocks and chance > 0.9:
            self.constant(U64)
            self.put(i.FAIL, 0)
        else:
            self.expression(self.result)
            self.put(i.RETURN)
        self.live = False

    def block(self) -> bool:
        """Some statements, maybe to the end of a way; whether what follows is reached."""
        self.blocks += 1
        self.live = True
        outside = list(self.seen)
        for _ in range(self.source.randint(0, 3)):
            if self.live:
                self.statement()
        if self.live and self.source.random() < 0.2:
            self.leave()
        self.seen = outside
        self.blocks -= 1
        return self.live

    def branch(self, *, whole: bool = False) -> None:
        """An `if`; `whole` if what follows has to be reached."""
        self.expression(BOOL)
        self.put(i.IF)
        reached = self.block()
        if self.source.random() < 0.5 and (reached or not whole):
            self.put(i.ELSE)
            reached |= self.block()
        else:
            reached = True
        self.put(i.END)
        self.live = reached

    def loop(self) -> None:
        """A loop that mostly counts and breaks off before its bound."""
        self.constant(U64, 0)
        counter = self.fresh(U64)
        passes = self.source.randint(0, 5)
        self.put(i.LOOP, max(0, passes + self.source.choice((-1, 1, 1, 2, 5))))
        self.loops += 1
        self.put(i.GET, counter)
        self.constant(U64, passes)
        self.put(i.GE, SCALARS.index(U64))
        for word in (i.IF, i.BREAK, i.END):
            self.put(word)
        if self.source.random() < 0.8:
            self.add_one(counter)
        if self.block():
            self.add_one(counter)
        self.put(i.END)
        self.loops -= 1
        self.live = True

    def add_one(self, counter: int) -> None:
        """Count a pass."""
        self.put(i.GET, counter)
        self.constant(U64, 1)
        self.put(i.ADD, SCALARS.index(U64))
        self.put(i.SET, counter)
