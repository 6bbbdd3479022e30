"""What a node does for nothing: programs that are read or tried out, and proofs. All of it together is bounded by its gas over
time, so that it takes a part of a processor and no more, however many ask.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from chain.node.questions import Questions
from chain.primitives.limits import UNPAID_GAS_PER_SECOND, UNPAID_GAS_SAVED_MAX
from chain.primitives.refusal import Refusal, Refused


class Unpaid:
    """A store of gas that fills at a constant rate up to a limit. Work is paid for when its gas is known, so one piece may go
    below nothing; the next begins when there is something again.
    """

    def __init__(self, node: Questions, clock: Callable[[], float]) -> None:
        """`clock` gives seconds, from whenever on."""
        self._node = node
        self._clock = clock
        self._gas = float(UNPAID_GAS_SAVED_MAX)
        self._seen_seconds = clock()

    def check(self) -> None:
        """That there is something left. Raises `Refusal` Busy, with `retry_after_seconds`."""
        self._settle()
        if self._gas <= 0:
            seconds = max(1, math.ceil(-self._gas / UNPAID_GAS_PER_SECOND))
            message = f"unpaid work may take {UNPAID_GAS_PER_SECOND} gas a second on this node, and has taken more"
            raise Refusal(Refused.BUSY, message, retry_after_seconds=seconds)

    def _settle(self) -> None:
        now = self._clock()
        filled = self._gas + (now - self._seen_seconds) * UNPAID_GAS_PER_SECOND
        self._gas = min(filled, float(UNPAID_GAS_SAVED_MAX)) - self._node.gas_unpaid
        self._node.gas_unpaid = 0
        self._seen_seconds = now
