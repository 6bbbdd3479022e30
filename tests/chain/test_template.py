"""The process that workers are forked from: it outlives them, and its parent outlives it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chain.client.client import Client
from chain.node.devnet import start_devnet
from chain.node.template import Template

SECONDS_MAX = 30  # for what takes a moment, on a machine that is busy


def alive(pid: int) -> bool:
    """Whether there is such a process, one that has ended and that nobody has asked about not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(is_so: Callable[[], bool]) -> None:
    """Wait until a function says so."""
    deadline = time.monotonic() + SECONDS_MAX
    while not is_so():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.01)


def test_a_worker_that_cannot_begin_leaves_the_template_as_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Without a ledger a worker says why and ends; the next one can be forked all the same."""
    ours, theirs = socket.socketpair()
    with closing(Template()) as template, ours, theirs:
        arguments, descriptors = (str(tmp_path / "nowhere"), "info", ""), (ours.fileno(), theirs.fileno())
        pids = [template.fork(arguments, descriptors) for _ in range(2)]
        assert len({*pids, os.getpid()}) == 3
        until(lambda: not any(map(alive, pids)))
    assert capfd.readouterr().err.count("WrongStore") == 2


@pytest.mark.long
def test_a_node_starts_another_template_when_one_is_gone(tmp_path: Path) -> None:
    """Template and worker are killed: the devnet answers again, by another worker."""

    def workers() -> dict[int, str]:
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command, status = (folder / "cmdline").read_bytes(), (folder / "status").read_text()
            except OSError:
                continue
            if b"chain.node.template" in command:
                parent = next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:"))
                found[int(folder.name)] = parent
        return found

    before = workers()
    with start_devnet(tmp_path / "ledger", workers=1) as devnet:
        first = {pid: parent for pid, parent in workers().items() if pid not in before}
        assert len(first) == 2
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len([pid for pid in workers() if pid not in {**before, **first}]) == 2)
        assert Client(devnet.address).status()["chain_id"]
