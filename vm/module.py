"""What a compiled contract is: a module of types, constants, state fields, events, errors, phases and
functions.

`vm.codec` turns a module into its one canonical byte string and back; `vm.verifier` decides whether it may
run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vm.types import Type


class Kind(StrEnum):
    """Who may enter a function, and what it may do there."""

    INIT = "init"  # once, at deployment
    PUBLIC = "public"  # anyone from outside, if its own checks let them
    VIEW = "view"  # anyone; reads only
    PURE = "pure"  # anyone; computes only
    PRIVATE = "private"  # other functions of this module
    RULE = "rule"  # the ledger, before a wallet pays
    INVARIANT = "invariant"  # checkers: () -> bool
    OLD = "old"  # checkers: same parameters as its function -> a tuple of values remembered before it runs
    ENSURES = "ensures"  # checkers: parameters, remembered values, result -> bool


@dataclass(frozen=True, slots=True)
class Record:
    """An event or an error: a name and its plain fields."""

    name: str
    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class External:
    """A function of another contract as this one expects to find it."""

    interface: str
    function: str
    view: bool
    parameters: tuple[Type, ...]
    result: Type | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A plain value with its type."""

    type: Type
    value: object


@dataclass(frozen=True, slots=True)
class Function:
    """One function: signature, the phases it may run in, the effects it declares, its locals and its code.

    Parameters are the first locals; `locals` has the types of the others. `code` is instruction numbers,
    each followed by its operands. `phases` is a bit mask of the phases in which the function may be entered,
    or None for any.
    """

    name: str
    kind: Kind
    parameters: tuple[tuple[str, Type], ...]
    result: Type | None
    phases: int | None
    effects: int
    locals: tuple[Type, ...]
    code: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Module:
    """A contract, compiled."""

    name: str
    currency: str | None = None  # the home currency it insists on, None if any will do
    types: tuple[Type, ...] = ()  # the compound types its operands name; index = len(SCALARS) + position
    constants: tuple[Constant, ...] = ()
    fields: tuple[tuple[str, Type], ...] = ()
    phases: tuple[str, ...] = ()
    steps: tuple[tuple[int, int], ...] = ()  # declared steps between phases, sorted
    events: tuple[Record, ...] = ()
    errors: tuple[Record, ...] = ()
    externals: tuple[External, ...] = ()
    implements: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()
    promises: tuple[tuple[int, int | None, int], ...] = field(default=())
    """(function, its OLD checker or None, its ENSURES checker), by function index."""
