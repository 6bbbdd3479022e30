"""Tael as a process: how fast it starts, how it ends, what it does at a pipe or with a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.problem import Exit

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS_MAX = 10  # the aim is 1 s, which `bench/` measures; a busy machine may take longer
HEAVY = {"hypothesis", "starlette", "uvicorn", "lmdb", "nacl", "cryptography", "msgpack", "lark", "asyncio", "http"}


def _environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TAEL_")}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more}


def _tael(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "kit.main", *arguments]
    return subprocess.run(run, env=_environment(**more), capture_output=True, text=True, check=False, timeout=60)


def test_help_imports_nothing_heavy() -> None:
    """`tael --help` imports click and what belongs to it, and nothing that a command needs."""
    code = "import sys\nfrom kit.main import run\nrun(['--help'])\nprint(' '.join(sys.modules), file=sys.stderr)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=_environment(), capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert not loaded & HEAVY
    assert not loaded & {"vm", "lang", "chain"}


def test_the_demonstration_holds() -> None:
    """`tael demo` runs the deal to its end and checks every claim."""
    done = _tael("demo", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["ok"] is True
    assert len(told["checks"]) >= 10
    assert all(check["holds"] for check in told["checks"])


def test_colour_is_for_terminals_only() -> None:
    """What goes to a pipe or a file has no escape sequences."""
    for arguments in (["demo"], ["check", "nowhere"], ["explain", "E0101"]):
        done = _tael(*arguments)
        assert "\x1b" not in done.stdout + done.stderr


def test_a_reader_that_goes_away_is_no_trouble() -> None:
    """`tael … | head -1` ends without a word about pipes."""
    command = f'"{sys.executable}" -m kit.main wallet list --dev | head -1'
    run = ["bash", "-c", command]
    done = subprocess.run(run, env=_environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_devnet_keeps_its_ledger(tmp_path: Path, signal_number: signal.Signals) -> None:
    """A devnet says when it is ready, ends at a signal, and goes on from its folder as it was."""
    data, ready = str(tmp_path / "ledger"), tmp_path / "ready.json"
    first = _start(data, ready)
    node = json.loads(ready.read_text())["address"]
    try:
        paid = _tael("pay", "bob", "7.00", "--from", "alice", "--json", TAEL_NODE=node)
        assert paid.returncode == 0, paid.stderr
    finally:
        first.send_signal(signal_number)
        first.communicate(timeout=20)
    ready.unlink()
    second = _start(data, ready)
    node = json.loads(ready.read_text())["address"]
    try:
        proven = json.loads(_tael("proof", "bob", "--json", TAEL_NODE=node).stdout)
        identity = json.loads(paid.stdout)["receipt"]["id"]
        assert proven["text"] == "1_000_007.00 CNY"
        assert _tael("receipt", identity, TAEL_NODE=node).returncode == 0
    finally:
        second.send_signal(signal_number)
        out, err = second.communicate(timeout=20)
    assert "Traceback" not in out + err


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    """A devnet that cannot listen says so and what to do."""
    ready = tmp_path / "ready.json"
    first = _start(str(tmp_path / "ledger"), ready)
    try:
        port = json.loads(ready.read_text())["address"].rpartition(":")[2]
        done = _tael("devnet", "--port", port)
        assert done.returncode == Exit.MISSING
        assert "Errno" not in done.stderr
        assert "Choose another port" in done.stderr
    finally:
        first.terminate()
        first.communicate(timeout=20)


def _start(data: str, ready: Path) -> subprocess.Popen[str]:
    """A devnet that has said that it is ready."""
    run = [sys.executable, "-m", "kit.main", "devnet", "--port", "0", "--data", data, "--ready-file", str(ready)]
    process = subprocess.Popen(run, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + READY_SECONDS_MAX
    while not ready.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "not ready in time"
        time.sleep(0.01)
    return process
