"""Plans: what is to be asked of a node, and in which order, without any input or output of its own.

A plan is a generator that yields requests and pauses and gets answers. A driver carries it out: `Blocking` waits, `Awaiting` is
for asyncio. So every question is written once, and both clients have the same methods (`both`).
"""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar, overload

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Everything that is asked may be asked twice: a transaction has one identity. What is urgent does not wait
    for a free connection.
    """

    method: str
    path: str
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `retry_after_seconds` is when to ask again, if the node said so."""

    status: int
    content: bytes
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing for so long."""

    seconds: float


Step: TypeAlias = Request | Pause
Plan: TypeAlias = Generator[Step, Answer, T_co]
"""A driver sends the answer of a request; after a pause what it sends is not looked at. A node that cannot be reached is thrown
into the plan as `Refusal` Unreachable.
"""
NO_ANSWER = Answer(0, b"")
"""What is sent after a pause."""


def known(value: T) -> Plan[T]:
    """The plan of what is known already."""
    return value
    yield


class Blocking:
    """Carries out plans and waits for them."""

    @abstractmethod
    def carry_out(self, plan: Plan[T]) -> T:
        """The outcome of a plan. Raises what it raises."""


class Awaiting:
    """Carries out plans in an event loop."""

    @abstractmethod
    async def carry_out(self, plan: Plan[T]) -> T:
        """The outcome of a plan. Raises what it raises."""


class Both(Generic[P, T]):
    """A method that is a plan: it waits on a `Blocking` instance, is awaited on an `Awaiting` one; `plan` is for other plans."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        self.plan = plan
        self.__doc__ = plan.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> Both[P, T]: ...

    @overload
    def __get__(self, instance: Blocking, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, instance: Awaiting, owner: type) -> Callable[P, Awaitable[T]]: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self

        @functools.wraps(self.plan)
        def run(*arguments: P.args, **named: P.kwargs) -> Any:
            return instance.carry_out(self.plan(instance, *arguments, **named))

        return run


def both(plan: Callable[Concatenate[Any, P], Plan[T]]) -> Both[P, T]:
    """See `Both`."""
    return Both(plan)
