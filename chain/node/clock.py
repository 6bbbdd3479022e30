"""The clock of a devnet, which can be set on, held, and set back only together with the ledger."""

from __future__ import annotations

import time
from typing import NamedTuple

from chain.primitives.limits import CLOCK_MS_MAX
from chain.primitives.refusal import Refusal, Refused


class Setting(NamedTuple):
    """How far it is ahead of the world's clock in milliseconds, and the time at which it is held, if it is."""

    ahead_ms: int = 0
    held_ms: int | None = None


class DevnetClock:
    """Milliseconds since 1970 UTC, as a node asks for them."""

    def __init__(self) -> None:
        self.setting = Setting()

    def __call__(self) -> int:
        """The time now."""
        if self.setting.held_ms is not None:
            return self.setting.held_ms
        return time.time_ns() // 1_000_000 + self.setting.ahead_ms

    def advance(self, duration_ms: int) -> None:
        """Let time pass, also while it is held. Raises `Refusal` Conflict past what leaves the ledger time to count."""
        if self() + duration_ms > CLOCK_MS_MAX:
            raise Refusal(Refused.CONFLICT, "so far ahead the ledger cannot count")
        ahead_ms, held_ms = self.setting
        self.setting = Setting(ahead_ms + duration_ms, None if held_ms is None else held_ms + duration_ms)

    def hold(self) -> None:
        """Stand still at the present time."""
        self.setting = Setting(self.setting.ahead_ms, self())

    def run(self) -> None:
        """Go on from where it stands."""
        if self.setting.held_ms is not None:
            self.setting = Setting(self.setting.held_ms - time.time_ns() // 1_000_000)
