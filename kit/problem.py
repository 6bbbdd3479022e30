"""How a command says that it cannot go on: one sentence, what to do about it, and an exit code with a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `tael`, the same for every command (`docs/cli.md`, "Exit codes")."""

    OK = 0
    FINDINGS = 1  # findings in a text, failed tests, a refusal of the ledger, a failed call, a proof that does not hold
    USAGE = 2  # the command line or the value of an argument cannot be understood
    UNREACHABLE = 3  # no node answers at the address
    MISSING = 4  # something on this machine is missing or in the way: a file, a wallet, a password, a port
    DEFECT = 70  # a defect of Tael itself
    INTERRUPTED = 130  # stopped from the keyboard


class Problem(Exception):
    """A command cannot go on. `message` says what is wrong, `remedy` what to do; `data` has the figures for `--json`."""

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        exit_code: Exit = Exit.FINDINGS,
        code: str = "Problem",
        data: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code
        self.code = code
        self.data = dict(data or {})

    def plain(self) -> dict[str, object]:
        """The problem as `--json` shows it."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.remedy:
            error["remedy"] = self.remedy
        if self.data:
            error["data"] = self.data
        return {"ok": False, "error": error}


def usage(message: str, remedy: str = "") -> Problem:
    """What was typed cannot be understood."""
    return Problem(message, remedy, exit_code=Exit.USAGE, code="Usage")


def missing(message: str, remedy: str = "") -> Problem:
    """Something on this machine is missing or in the way."""
    return Problem(message, remedy, exit_code=Exit.MISSING, code="Missing")
