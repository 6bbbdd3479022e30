"""A tracer that holds what it is told to what comes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from vm.failure import Failure
from vm.machine import Effects
from vm.state import HOLDINGS_FIELD, PHASE_FIELD, Layout
from vm.values import decode_arguments, pack, to_wire
from vm.verifier import Verified


@dataclass
class Frame:
    """A function at work, and what it and those that it entered did so far."""

    contract: bytes
    function: int
    did: list[tuple[Any, ...]] = field(default_factory=list)


MISSING = object()


class Onlooker:
    """Sees one session run. `stands` is what was done by calls that did not fail, in order."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.stands: list[tuple[Any, ...]] = []
        self.steps = 0
        self.gas: set[int] = set()  # what was left at some step

    def enter(self, contract: bytes, function: int, arguments: tuple[Any, ...], sender: bytes) -> None:
        assert type(arguments) is tuple
        assert len(sender) == len(contract) == 32
        self.frames.append(Frame(contract, function))

    def leave(self, contract: bytes, function: int, result: Any, failure: Failure | None) -> None:
        """Functions end in the order in which they began, and what a failed one did does not stand."""
        frame = self.frames.pop()
        assert (frame.contract, frame.function) == (contract, function)
        if failure is None:
            (self.frames[-1].did if self.frames else self.stands).extend(frame.did)

    def step(self, contract: bytes, function: int, position: int, gas_left: int) -> None:
        """Steps belong to the function that was entered last."""
        assert (self.frames[-1].contract, self.frames[-1].function) == (contract, function)
        assert position >= 0
        assert gas_left >= 0
        self.steps += 1
        self.gas.add(gas_left)

    def read(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        assert self.frames[-1].contract == contract

    def write(self, contract: bytes, field: int, key: Any, value: Any) -> None:
        self._note("write", contract, field, key, value)

    def pay(self, contract: bytes, to: bytes, currency: str, amount: int) -> None:
        self._note("pay", contract, to, currency, amount)

    def emit(self, contract: bytes, event: int, values: tuple[Any, ...]) -> None:
        self._note("emit", contract, event, values)

    def _note(self, what: str, contract: bytes, *details: Any) -> None:
        assert self.frames[-1].contract == contract
        self.frames[-1].did.append((what, contract, *details))

    def undo(self, mark: int) -> None:
        """A call from outside failed, maybe after its function had ended."""
        assert not self.frames
        del self.stands[mark:]

    def check(self, effects: Effects, modules: dict[bytes, Verified]) -> None:
        """What stood is what the session leaves behind: its events in order, its payments, and the last write of every slot."""
        assert not self.frames
        emitted = [(contract, event, values) for what, contract, event, values in self._of("emit")]
        told = [
            (contract, number, decode_arguments([kind for _, kind in modules[contract].module.events[number].fields], payload))
            for contract, number, payload in effects.events
        ]
        assert emitted == told, f"{emitted} was seen, {told} is told"
        paid: Counter[str] = Counter()
        for _, _, _, currency, amount in self._of("pay"):
            paid[currency] += amount
        assert all(effects.moved[currency].paid == amount for currency, amount in paid.items())
        assert all(paid[currency] == moved.paid for currency, moved in effects.moved.items())
        layouts = {address: Layout(verified) for address, verified in modules.items()}
        last: dict[tuple[bytes, bytes], bytes | None] = {}
        for _, address, place, key, value in self._of("write"):
            layout = layouts[address]
            kind = layout.slots[place][0]
            token = key if kind is None or place in layout.safe else pack(to_wire(kind, key))
            last[address, layout.address(place, token)] = None if value is None else layout.encoders[place](value)
        for (address, slot), data in effects.writes.items():
            holdings = slot.startswith(b"\x92" + bytes([256 + HOLDINGS_FIELD]))
            deployed = slot == b"\x91" + bytes([256 + PHASE_FIELD]) and (address, slot) not in last
            assert holdings or deployed or last.get((address, slot), MISSING) == data

    def _of(self, what: str) -> list[tuple[Any, ...]]:
        return [one for one in self.stands if one[0] == what]
