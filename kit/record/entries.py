"""What a record is made of: scenes within scenes, the lines that ran in them, and every change of the world in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from chain.primitives.transaction import Call
from lang.source import Source, Span

if TYPE_CHECKING:
    from chain.primitives.transaction import Action
    from kit.record.places import CodeMap
    from lang.symbols import FunctionSymbol, Local
    from vm.failure import Failure


class Part(StrEnum):
    """The parts of the world that change."""

    SLOT = "slot"  # a state slot of a contract: where is (contract, field, key), None is empty
    BALANCE = "balance"  # of a wallet: where is (wallet, currency), in minor units
    EVENT = "event"  # one more: where is its number, the value (contract, event, values)
    TIME = "time"  # milliseconds since 1970 UTC


class Where(NamedTuple):
    """One thing in the world that has a value."""

    part: Part
    place: tuple[Any, ...] = ()


class Change(NamedTuple):
    """A thing got another value. `undoes` says that a failure took back what was changed before."""

    where: Where
    before: Any
    after: Any
    undoes: bool = False


class Kind(StrEnum):
    """What a scene is the run of."""

    TEST = "test"  # a test block
    PURE = "pure"  # a pure function in a test's own expressions
    TRANSACTION = "transaction"
    READ = "read"  # a question from outside
    FUNCTION = "function"  # of a contract
    PROMISE = "promise"  # the checker of an invariant or of `ensures`


@dataclass(slots=True, eq=False)
class Line:
    """A line that is about to run. `locals` are the values that it finds: by slot in a contract, by name in a test. `changes`
    counts those of the record before it, `gas` is what its instructions took, those of functions it called aside, and
    `gas_before` what its transaction took before.
    """

    number: int
    scene: Scene
    source: Source | None
    span: Span
    line: int  # from 1; 0 where the text is not known
    locals: tuple[Any, ...] | dict[Local, Any]
    changes: int
    gas_before: int = 0
    gas: int = 0


class Wrote(NamedTuple):
    """A state slot was written."""

    contract: bytes
    field: int
    key: Any
    before: Any
    after: Any


class Paid(NamedTuple):
    """Money went from one to another. `how`: "pays", "hands over", "gives back"."""

    source: bytes
    to: bytes
    currency: str
    amount: int
    how: str


class Told(NamedTuple):
    """An event."""

    contract: bytes
    event: int
    values: tuple[Any, ...]


class Passed(NamedTuple):
    """Time went by, in milliseconds."""

    duration_ms: int
    time_ms: int


@dataclass(slots=True, eq=False)
class Scene:
    """One function's run, one transaction, or one test."""

    kind: Kind
    parent: Scene | None
    entries: list[Entry] = field(default_factory=list)
    contract: bytes = b""
    function: int = -1
    sender: bytes = b""
    arguments: tuple[Any, ...] = ()
    result: Any = None
    failure: Failure | None = None
    gas: int = 0
    gas_limit: int = 0
    action: Action | None = None
    asked: tuple[bytes, str, tuple[Any, ...]] | None = None  # contract, function, arguments of a call or question of a test
    code: CodeMap | None = None
    symbol: FunctionSymbol | None = None
    name: str = ""
    first_change: int = 0
    index: int = 0  # of the last instruction in its code
    stack: tuple[Any, ...] = ()  # that the last instruction found which may fail because of what it is given
    lines: list[Line] = field(default_factory=list)
    is_over: bool = False

    @property
    def called(self) -> tuple[bytes, str] | None:
        """The contract and the function that are called from outside."""
        if self.asked is not None:
            return self.asked[0], self.asked[1]
        action = self.action
        return (action.contract, action.function) if action is not None and isinstance(action, Call) else None

    @property
    def depth(self) -> int:
        """How many scenes it is in."""
        depth, scene = 0, self.parent
        while scene is not None:
            depth, scene = depth + 1, scene.parent
        return depth

    def within(self) -> Iterator[Scene]:
        """It and the scenes around it, inside out."""
        scene: Scene | None = self
        while scene is not None:
            yield scene
            scene = scene.parent


Entry = Scene | Line | Wrote | Paid | Told | Passed


@dataclass(slots=True, eq=False)
class Record:
    """A run from its beginning to its end. `base` has what things were when the record first met them; `skipped` lines before the
    first one and `lost` ones behind the last are not in it, `entries_lost` counts what the tree of scenes leaves out.
    """

    root: Scene
    lines: list[Line] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    base: dict[Where, Any] = field(default_factory=dict)
    skipped: int = 0
    lost: int = 0
    entries_lost: int = 0
    steps: int = 0
