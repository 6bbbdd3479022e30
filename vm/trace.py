"""What the machine tells an onlooker: events only, at no cost where nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from vm.failure import Failure

if TYPE_CHECKING:
    from vm.interpreter import Frame


class Tracer(Protocol):
    """Sees a session run. It must not change what it is shown, and must not raise."""

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        """A function begins."""

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """A function ends, with its result (None if it has none) or with a failure."""

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """The instruction at a position in the function's words is about to run."""

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """A state slot was read, or looked for: `value` is None where nothing is, True where something is that was not read."""

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        """A state slot is written; `value` is None where it is emptied."""

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        """A contract pays a wallet so many minor units."""

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        """A contract emits an event."""


class FrameTracer(Tracer, Protocol):
    """A tracer that looks into functions at work too: it sees what their locals hold."""

    def stand(self, frame: Frame, index: int) -> None:
        """The instruction of that number in the code of the function of a frame is about to run: after `step`."""
