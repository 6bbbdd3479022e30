"""A node of a chain of one's own: what it refuses to start with, and what a look before the start finds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_world import BOB, CHAIN_ID, KEYS, VALIDATOR, specification
from operations_world import told

from chain.client.client import Client
from chain.node.configuration import Configuration
from chain.node.development import CHAIN_ID as DEVNET
from chain.node.development import development_wallets, devnet_specification
from chain.node.node import Node
from chain.node.running import check_node, run_node
from chain.node.server import listen
from chain.primitives.address import wallet_address
from chain.primitives.refusal import Refusal, Refused
from chain.state.store import Store

ROOT = Path(__file__).parents[2]
DEVELOPMENT_KEY = development_wallets()[3].key.public.hex()


def configured(tmp_path: Path, genesis: Any = None, **changes: Any) -> Configuration:
    """A configuration with a genesis in a file and any free ports."""
    (tmp_path / "genesis.json").write_text(json.dumps(specification() if genesis is None else genesis))
    key = tmp_path / "validator.key"
    key.touch(0o600)
    key.write_text(VALIDATOR.secret_bytes().hex())
    files = {"genesis": str(tmp_path / "genesis.json"), "data": str(tmp_path / "ledger"), "validator_key": str(key)}
    return replace(Configuration(), **{**files, "api_port": 0, "operations_port": 0, **changes})


def issued_by(key: str) -> dict[str, Any]:
    """A genesis whose base currency this key may issue."""
    changed = specification()
    changed["currencies"][1]["issuer"] = key
    return changed


@pytest.mark.parametrize(
    ("genesis", "code"),
    [
        (devnet_specification(chain_id="shop"), Refused.DEVELOPMENT_KEY),
        (issued_by(DEVELOPMENT_KEY), Refused.DEVELOPMENT_KEY),
        (issued_by(DEVELOPMENT_KEY.upper()[:10] + " " + DEVELOPMENT_KEY[10:]), Refused.DEVELOPMENT_KEY),
        (specification(base_currency="EUR"), Refused.WRONG_GENESIS),
        ([], Refused.WRONG_GENESIS),
    ],
)
def test_a_node_does_not_start_with_a_wrong_genesis(tmp_path: Path, genesis: Any, code: Refused) -> None:
    """Keys that everybody knows neither hold nor issue money on a chain of one's own; nothing is begun in the data directory."""
    configuration = configured(tmp_path, genesis)

    with pytest.raises(Refusal) as caught:
        run_node(configuration)

    assert caught.value.code is code
    assert not (tmp_path / "ledger" / "ledger").exists()
    assert check_node(configuration)[0].refusal is not None


def test_ports_and_the_data_directory_are_let_go_when_a_node_does_not_start(tmp_path: Path) -> None:
    """So that the next try does not find them taken."""
    with closing(listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    configuration = configured(tmp_path, [], api_port=port)
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            run_node(configuration)
        assert caught.value.code is Refused.WRONG_GENESIS


def test_a_look_before_the_start_finds_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    """Another chain's data directory is named by its chain, a taken port by its address; two ports may not be one."""
    Node(tmp_path / "ledger", specification(), clock=lambda: 0).close()
    with closing(listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = specification(chain_id="another-chain")
        findings = check_node(configured(tmp_path, other, api_port=port, operations_port=port))
    refusals = {finding.what: finding.refusal and finding.refusal.code for finding in findings}
    assert refusals == {
        "genesis": None,
        "data": Refused.WRONG_STORE,
        "API": Refused.BAD_REQUEST,
        "operations": Refused.WRONG_CONFIGURATION,
    }
    assert CHAIN_ID in findings[1].says
    assert "another-chain" in findings[1].says


def test_a_look_before_the_start_changes_nothing(tmp_path: Path) -> None:
    """A directory that is not there is not made; a ledger that is there is only read; one that is in use is told."""
    configuration = configured(tmp_path)
    assert [finding.refusal for finding in check_node(configuration)] == [None] * 4
    assert not (tmp_path / "ledger").exists()
    node = Node(tmp_path / "ledger", specification(), clock=lambda: 0)
    assert "another node" in check_node(configuration)[1].says
    node.close()
    assert [finding.refusal for finding in check_node(configuration)] == [None] * 4
    (tmp_path / "file").write_text("")
    finding = check_node(replace(configuration, data=str(tmp_path / "file" / "ledger")))[1]
    assert finding.refusal is not None


def test_a_signal_ends_the_opening_and_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large ledger takes a while to be looked at; who asks it to stop in the meantime is heard, and it is no failure."""
    configuration = configured(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(Node, "_check_chain", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert run_node(configuration) is None
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGTERM) is before
    Node(tmp_path / "ledger", specification(), clock=lambda: 0).close()


def start(tmp_path: Path, *options: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """A node in a process of its own that logs JSON, and what its ready file says."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "kit.main", "node", "run", "--config", str(tmp_path / "node.toml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen([*command, "--ready-file", str(ready), *options], env=environment, stderr=log)
    while not ready.exists():
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.01)
    return process, json.loads(ready.read_text())


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_a_node_runs_and_stops_at_a_signal(tmp_path: Path, workers: int) -> None:
    """It answers, logs, reads its level again at SIGHUP, ends with 0 at SIGTERM, and goes on from there; a second signal at once
    spoils nothing.
    """
    configured(tmp_path)
    text = f"[api]\nport = 0\nworkers = {workers}\n[operations]\nport = 0\n[log]\nformat = 'json'\n"
    (tmp_path / "node.toml").write_text(text)
    for height in (1, 2):
        (tmp_path / "ready.json").unlink(missing_ok=True)
        process, ready = start(tmp_path)
        with Client(ready["address"]) as client:
            sender = wallet_address(KEYS["alice"].public)
            assert client.pay(KEYS["alice"], sender, BOB, "CNY", 1).receipt.height == height
        assert told(ready["operations"], "/ready") == {"ready": True, "reasons": []}
        assert ready["chain_id"] == CHAIN_ID
        (tmp_path / "node.toml").write_text(text + "level = 'warning'\n")
        process.send_signal(signal.SIGHUP)
        while told(ready["operations"], "/log-level")["level"] != "warning":
            time.sleep(0.01)
        (tmp_path / "node.toml").write_text(text)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["height"] for line in lines if line["message"] == "ready"] == [0, 1]
    assert Store.reader(tmp_path / "ledger").height() == 2


@pytest.mark.long
def test_a_development_chain_may_be_run_and_says_what_it_is(tmp_path: Path) -> None:
    """A warning in the log, and no control over it."""
    configured(tmp_path, devnet_specification())
    (tmp_path / "node.toml").write_text("[api]\nport = 0\n[operations]\nenabled = false\n[log]\nformat = 'json'\n")
    process, ready = start(tmp_path)
    with Client(ready["address"]) as client, pytest.raises(Refusal) as caught:
        client.post("/devnet/snapshot", {})
    assert caught.value.code is Refused.NOT_FOUND
    assert ready["chain_id"] == DEVNET
    assert "operations" not in ready
    process.terminate()
    assert process.wait(20) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert any(line["level"] == "warning" and line.get("chain") == DEVNET for line in lines)
