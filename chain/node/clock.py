"""The clock of a devnet, which can be set on, held, and set back only together with the ledger."""

from __future__ import annotations

import os
import struct
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from chain.primitives.limits import CLOCK_MS_MAX
from chain.primitives.refusal import Refusal, Refused

_FORM = struct.Struct("<qq")  # ahead, and held or -1


class Setting(NamedTuple):
    """How far it is ahead of the world's clock in milliseconds, and the time at which it is held, if it is."""

    ahead_ms: int = 0
    held_ms: int | None = None


class DevnetClock:
    """Milliseconds since 1970 UTC, as a node asks for them. Its setting lies in a file without a name, through which the workers
    of a node have the same time.
    """

    def __init__(self, number: int | None = None) -> None:
        """`number` is that of the file of another clock, whose setting it has then too."""
        self._number = _unnamed_file() if number is None else number
        if number is None:
            self.setting = Setting()

    def close(self) -> None:
        """Close the file; it has no time any more."""
        os.close(self._number)

    @property
    def file_number(self) -> int:
        """Of the file, for a process that is to have it."""
        return self._number

    @property
    def setting(self) -> Setting:
        """How it is set."""
        ahead_ms, held_ms = _FORM.unpack(os.pread(self._number, _FORM.size, 0))
        return Setting(ahead_ms, None if held_ms < 0 else held_ms)

    @setting.setter
    def setting(self, setting: Setting) -> None:
        """Set it otherwise."""
        held_ms = -1 if setting.held_ms is None else setting.held_ms
        os.pwrite(self._number, _FORM.pack(setting.ahead_ms, held_ms), 0)

    def __call__(self) -> int:
        """The time now."""
        ahead_ms, held_ms = self.setting
        return time.time_ns() // 1_000_000 + ahead_ms if held_ms is None else held_ms

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
        held_ms = self.setting.held_ms
        if held_ms is not None:
            self.setting = Setting(held_ms - time.time_ns() // 1_000_000)


def _unnamed_file() -> int:
    number, path = tempfile.mkstemp(prefix="tael-clock-")
    Path(path).unlink()
    return number
