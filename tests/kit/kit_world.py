"""A devnet, a home of its own, and a way to run commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kit.main import run


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and how it ended."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Tael:
    """Runs commands in this process, in a folder of its own."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ran:
        self.capture.readouterr()
        exit_code = run(arguments)
        captured = self.capture.readouterr()
        return Ran(exit_code, captured.out, captured.err)


@pytest.fixture
def tael(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tael:
    """Commands in an empty folder, with an empty home and no settings from outside."""
    for name in ("TAEL_NODE", "TAEL_FROM", "TAEL_PASSWORD", "TAEL_DEVNET_SEED", "TAEL_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("TAEL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(work)
    return Tael(work, capsys)


@pytest.fixture(scope="session")
def devnet_url() -> Iterator[str]:
    """The address of a devnet that all tests share; each makes its own contracts."""
    from chain.node.devnet import start_devnet

    with start_devnet() as devnet:
        yield devnet.address


@pytest.fixture
def net(tael: Tael, devnet_url: str, monkeypatch: pytest.MonkeyPatch) -> Tael:
    """Commands that talk to the devnet."""
    monkeypatch.setenv("TAEL_NODE", devnet_url)
    return tael
