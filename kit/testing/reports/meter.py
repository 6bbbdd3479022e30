"""The onlooker that counts: how often each instruction ran, and what gas was paid for it, by test and way of calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kit.testing.reports.subjects import CHECKERS, Subject
from vm.failure import Failure
from vm.limits import CODE_WORDS_MAX
from vm.module import Kind

GasCounts = Counter[int]
"""How many calls used so much gas."""
Ways: TypeAlias = "dict[tuple[int, str, int], Node]"
"""Functions that were called, by the position of the call in the caller's code (-1 from outside), contract and function."""
Find: TypeAlias = Callable[[bytes], Subject | None]
_NOWHERE = [0] * CODE_WORDS_MAX  # where counts go that nobody asks for


@dataclass(slots=True)
class Node:
    """A function as it was reached by one way of calls: what its own instructions did, by their position in its code.

    `visits` says how often they ran, `gas` what was paid for them when they ran; what was paid on entering their segments is
    in neither, and follows from the visits.
    """

    subject: Subject
    function: int
    visits: list[int]
    gas: list[int]
    truths: dict[int, tuple[int, int]] = field(default_factory=dict)  # of truth values that it returned: true, false
    inside: Ways = field(default_factory=dict)

    @classmethod
    def new(cls, subject: Subject, function: int) -> Node:
        """One that has done nothing yet."""
        size = len(subject.compiled.module.functions[function].code)
        return cls(subject, function, [0] * size, [0] * size)

    def add(self, other: Node) -> None:
        """Count what the same function did by another way, without what it called."""
        self.visits = [a + b for a, b in zip(self.visits, other.visits, strict=True)]
        self.gas = [a + b for a, b in zip(self.gas, other.gas, strict=True)]
        for position, (yes, no) in other.truths.items():
            self.returned(position, yes, no)

    def returned(self, position: int, yes: int, no: int) -> None:
        """Count truth values that were returned at a position."""
        known = self.truths.get(position, (0, 0))
        self.truths[position] = known[0] + yes, known[1] + no

    def walk(self) -> Iterator[Node]:
        """This one and all inside of it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.inside.values())

    def spent(self) -> list[int]:
        """The gas of each instruction: what was paid when it ran, and its share of what was paid for its segment."""
        spent = list(self.gas)
        for position, segment in self.subject.segments[self.function].items():
            times = self.visits[position]
            if times:
                for place, share in segment.shares:
                    spent[place] += times * share
        return spent


@dataclass(slots=True)
class Trial:
    """What was measured while one test ran. No function used the gas that was paid for `deploying` contracts, and for `bringing`
    code and arguments to calls.
    """

    path: str
    name: str
    deploying: int = 0
    bringing: int = 0
    inside: Ways = field(default_factory=dict)

    def nodes(self) -> Iterator[Node]:
        """All functions by all ways."""
        for node in self.inside.values():
            yield from node.walk()


@dataclass(slots=True)
class Calls:
    """The calls of one function from outside of its contract: the gas of those that succeeded, and how many failed."""

    gas: GasCounts = field(default_factory=Counter)
    failed: int = 0


@dataclass(slots=True)
class _Frame:
    """A function at work. The gas left when its first instruction ran is `first`, -1 before that; `last` is what was left when
    the instruction at `at` began, `inner` what those used that it has called since.
    """

    node: Node | None
    address: bytes
    entered: int  # the price of the first segment, which was paid before
    aside: bool
    first: int = -1
    last: int = 0
    at: int = -1
    inner: int = 0


class Meter:
    """A `vm.trace.Tracer`. `begin` says which test runs in which world, `acted` when a transaction has ended. Promises are left
    out: no block runs them, and their gas is nobody's.
    """

    def __init__(self) -> None:
        self.trials: dict[tuple[str, str], Trial] = {}
        self.calls: dict[tuple[str, int], Calls] = {}
        self._find: Find = lambda address: None
        self._gas_limit = 0
        self._trial = Trial("", "")
        self._frames: list[tuple[_Frame, list[int], list[int], dict[int, int]]] = []
        self._frame = _Frame(None, b"", 0, False)
        self._visits: list[int] = []
        self._gas: list[int] = []
        self._prices: dict[int, int] = {}
        self._prices_of: dict[tuple[str, int], dict[int, int]] = {}
        self._aside: Ways = {}
        self._new_transaction()

    def begin(self, path: str, name: str, find: Find, gas_limit: int) -> None:
        """A test begins, or another of its cases: `find` gives the contract at an address, None if there is nothing to report of
        it; `gas_limit` is what each transaction begins with.
        """
        self._find = find
        self._gas_limit = gas_limit
        self._trial = self.trials.setdefault((path, name), Trial(path, name))
        self._new_transaction()

    def acted(self, gas_used: int) -> None:
        """A transaction or read has ended, which used so much gas in all."""
        rest = gas_used - self._used
        if self._broke is not None:
            node, position = self._broke
            before = self._gas_limit - self._left - self._used
            node.gas[position] += rest - before
            rest = before
        if self._deploys:
            self._trial.deploying += rest
        else:
            self._trial.bringing += rest
        self._new_transaction()

    def _new_transaction(self) -> None:
        self._used = 0  # by functions that were entered from outside of the machine
        self._left = self._gas_limit  # when the last of them ended
        self._deploys = False
        self._failure: Failure | None = None
        self._broke: tuple[Node, int] | None = None  # the instruction that failed

    # What the machine tells.

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""
        caller = self._frame
        self._frames.append((caller, self._visits, self._gas, self._prices))
        subject = self._find(contract)
        if subject is None:
            self._frame = _Frame(None, contract, 0, True)
            self._visits, self._gas, self._prices = _NOWHERE, _NOWHERE, {}
            return
        kind = subject.compiled.module.functions[function].kind
        aside = caller.aside or kind in CHECKERS
        self._deploys = self._deploys or kind == Kind.INIT
        ways = self._aside if aside else self._trial.inside if caller.node is None else caller.node.inside
        place = (caller.at, subject.key, function)
        node = ways.get(place)
        if node is None:
            node = ways[place] = Node.new(subject, function)
        prices = self._prices_of.get((subject.key, function))
        if prices is None:
            prices = {position: segment.gas for position, segment in subject.segments[function].items()}
            self._prices_of[subject.key, function] = prices
        self._frame = _Frame(node, contract, prices[0], aside)
        self._visits, self._gas, self._prices = node.visits, node.gas, prices

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """An instruction is about to run: the one before has cost what is gone since, but for the segment that was entered."""
        self._visits[position] += 1
        frame = self._frame
        if frame.first < 0:
            frame.first = gas_left
        else:
            spent = frame.last - gas_left - frame.inner
            if position in self._prices:
                spent -= self._prices[position]
            if spent:
                self._gas[frame.at] += spent
            frame.inner = 0
        frame.last = gas_left
        frame.at = position

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends."""
        frame = self._frame
        caller, self._visits, self._gas, self._prices = self._frames.pop()
        self._frame = caller
        node = frame.node
        if frame.aside or node is None:
            return
        if result is True or result is False:
            node.returned(frame.at, int(result), int(not result))
        used = frame.first + frame.entered - frame.last + frame.inner
        caller.inner += used
        if failure is not None and failure is not self._failure:
            self._failure, self._broke = failure, (node, frame.at)
        if not self._frames:
            self._used += used
            self._left = frame.last - frame.inner
            if failure is None:
                self._failure = self._broke = None
        if caller.address != contract:
            calls = self.calls.setdefault((node.subject.key, function), Calls())
            if failure is None:
                calls.gas[used] += 1
            else:
                calls.failed += 1

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """Reads are instructions."""

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """Writes are instructions."""

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """Payments are instructions."""

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """Events are instructions."""
