"""A contract of known coverage, and test runs with reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.reporting import Asked
from kit.testing.options import Options
from kit.testing.reports.start import start

GATE = '''"""A gate with every kind of branch."""

contract Gate:
    owner: Address
    guard: Address
    count: u64 = 0
    open: bool = false

    event Opened(by: Address)
    event Closed
    error Small(n: u64)
    error Odd

    init(guard: Address):
        self.owner = sender
        self.guard = guard

    pub fn push(n: u64, hard: bool) by self.owner or self.guard:
        require n > 2 else Small(n)
        if n mod 2 == 1 and not hard:
            fail Odd
        elif n > 100 or hard:
            self.open = true
            emit Opened(sender)
        else:
            self.count += n
        for i in 0..n max 10:
            self.count += i

    pub fn shut() by self.owner:
        self.open = false
        emit Closed

    view fn wide(n: u64) -> bool:
        return n > 10 and n < 20

    invariant self.count < 1_000_000
'''
LINE = {text.strip(): number for number, text in enumerate(GATE.splitlines(), 1)}
"""The number of each line of the contract."""


def written(tests: str, name: str = "gate.tael", contract: str = GATE) -> Path:
    """The contract with tests as a file of the current folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{contract}\n{tests}")
    return path


def ran(path: Path, capsys: pytest.CaptureFixture[str], **asked: Any) -> dict[str, Any]:
    """What `tael test --json` says of a file, with its exit code as `exit`."""
    options = Options(as_json=True, runs=5)
    exit_code = start(lambda: [path], options, Asked(**asked))
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {**said, "exit": exit_code}


def shown(path: Path, capsys: pytest.CaptureFixture[str], **asked: Any) -> list[str]:
    """The lines that people see."""
    start(lambda: [path], Options(runs=5), Asked(**asked))
    return capsys.readouterr().out.splitlines()
