"""`tael node config`, `genesis new`, `unit`, `status`, and what `run` says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit_world import Tael

from chain.node.configuration import KEYS
from chain.node.devnet import start_devnet
from chain.primitives.keys import SecretKey
from kit.problem import Exit

TILL, SAFE = (SecretKey(bytes([number]) * 32).public.hex() for number in (1, 2))
NEW = ("node", "genesis", "new", "genesis.json", "--chain-id", "shop-1", "--currency", "CNY:2", "--fee-wallet", TILL)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of a node from outside."""
    for name in ("TAEL_OPERATIONS", *(key.variable for key in KEYS.values())):
        monkeypatch.delenv(name, raising=False)


def write(tael: Tael, name: str, text: str) -> None:
    """A file in the folder where the commands run."""
    (tael.folder / name).write_text(text)


def test_a_configuration_is_begun_once_and_shown(tael: Tael) -> None:
    """Nothing is overwritten; the file of this folder is found without being named."""
    assert tael("node", "config", "init").exit_code == 0
    assert tael("node", "config", "init").exit_code == Exit.MISSING
    shown = tael("node", "config", "show", "--port", "7", "--json").json
    assert shown["file"] == "node.toml"
    assert shown["settings"]["api.port"] == {"value": 7, "from": "--port"}
    assert shown["settings"]["log.level"] == {"value": "info", "from": "file"}


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [(("--port", "x"), Exit.MISSING), (("--set", "api.port"), Exit.USAGE), (("--config", "nowhere.toml"), Exit.MISSING)],
)
def test_what_is_wrong_is_told_by_every_command_alike(tael: Tael, options: tuple[str, ...], exit_code: Exit) -> None:
    """`run` does not start, `show` and `check` do not guess."""
    for command in (("run",), ("config", "show"), ("config", "check"), ("status",)):
        assert tael("node", *command, *options, "--json").exit_code == exit_code


def test_a_configuration_is_checked_thing_by_thing(tael: Tael) -> None:
    """Exit code 1 while the genesis is missing, 0 when it is there."""
    free = ("--port", "0", "--operations-port", "0", "--json")
    ran = tael("node", "config", "check", *free)
    assert ran.exit_code == Exit.FINDINGS
    assert [finding["ok"] for finding in ran.json["findings"]] == [False, True, True, True]
    assert tael(*NEW, "--wallet", f"{SAFE}=1").exit_code == 0
    assert tael("node", "config", "check", *free).exit_code == 0


def test_a_node_that_cannot_start_says_why_in_its_log(tael: Tael) -> None:
    """One line of JSON on standard error with code and remedy, and exit code 4."""
    ran = tael("node", "run", "--port", "0", "--operations-port", "0", "--log-format", "json")
    assert ran.exit_code == Exit.MISSING
    line = json.loads(ran.err.splitlines()[-1])
    assert (line["level"], line["code"]) == ("error", "WrongGenesis")
    assert "genesis new" in line["remedy"]


def test_a_genesis_is_written_from_options(tael: Tael) -> None:
    """Amounts add up by wallet, issuers are named by currency, and what is shown is what was written."""
    made = tael(
        *NEW, "--currency", "JPY:0", "--issuer", f"JPY={SAFE}", "--wallet", f"{SAFE}=1_000.50", "--wallet", f"{SAFE}=2.50 CNY",
        "--wallet", f"{TILL}=7 JPY", "--gas-price-min", "3", "--json",
    )  # fmt: skip
    assert made.exit_code == 0
    assert made.json["supply"] == {"CNY": "100300", "JPY": "7"}
    written = json.loads((tael.folder / "genesis.json").read_text())
    assert written["gas_price_min"] == 3
    assert [entry["issuer"] for entry in written["currencies"]] == [None, SAFE]
    assert tael("node", "genesis", "show", "genesis.json", "--json").json == made.json
    assert tael(*NEW).exit_code == Exit.MISSING, "it is there already"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("w.csv", f"wallet, amount\n{SAFE}, 10\n{TILL}, 2.00 CNY\n"),
        ("w.json", json.dumps([{"wallet": SAFE, "amount": "10"}, {"wallet": TILL, "amount": "2.00 CNY"}])),
    ],
)
def test_many_wallets_come_from_a_file(tael: Tael, name: str, text: str) -> None:
    """From CSV and JSON alike."""
    write(tael, name, text)
    assert tael(*NEW, "--wallets", name, "--json").json["supply"] == {"CNY": "1200"}


def test_very_many_wallets_go_into_a_file_beside_the_specification(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first block is the one that a list of them makes; of what is refused nothing is left."""
    wallets = ("--wallet", f"{SAFE}=10", "--time-ms", "1700000000000", "--json")
    listed = tael(*NEW, *wallets).json
    (tael.folder / "genesis.json").unlink()
    monkeypatch.setattr("chain.primitives.limits.GENESIS_LISTED_MAX", 1)
    assert tael(*NEW, *wallets).json == listed
    assert tael("node", "genesis", "show", "genesis.json", "--json").json == listed
    (tael.folder / "genesis.json").unlink()
    (tael.folder / "genesis.json.wallets").unlink()
    assert tael(*NEW, *wallets, "--gas-price-min", str(2**60)).exit_code == Exit.FINDINGS
    assert list(tael.folder.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "name,amount\nx,1\n", "wallet,amount\nnobody,1\n", f"wallet,amount\n{SAFE},1.234\n", f"wallet,amount\n{SAFE}\n"]
)
def test_a_file_that_names_no_wallets_is_refused(tael: Tael, text: str) -> None:
    """Nothing is written then."""
    write(tael, "w.csv", text)
    assert tael(*NEW, "--wallets", "w.csv").exit_code in (Exit.OK if not text else Exit.USAGE, Exit.MISSING, Exit.FINDINGS)
    assert (tael.folder / "genesis.json").exists() is (not text)


@pytest.mark.parametrize("who", [("--fee-wallet", "alice"), ("--wallet", "dev3=1"), ("--issuer", "CNY=bob")])
def test_nobody_of_the_devnet_gets_into_a_genesis(tael: Tael, who: tuple[str, str]) -> None:
    """A name whose key everybody knows is refused as DevelopmentKey, wherever it stands."""
    ran = tael(*NEW, *who, "--json")
    assert ran.json["error"]["code"] == "DevelopmentKey"
    assert not (tael.folder / "genesis.json").exists()


def test_names_are_those_of_the_key_store(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the public key is used, so no password is asked for."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse battery")
    public = tael("wallet", "new", "safe")
    monkeypatch.delenv("TAEL_PASSWORD")
    assert public.exit_code == 0
    assert tael(*NEW, "--wallet", "safe=1", "--json").json["wallets"] == 2


def test_what_is_not_said_is_not_made_up(tael: Tael) -> None:
    """Without a terminal to ask at, a missing option is named."""
    ran = tael("node", "genesis", "new", "genesis.json", "--currency", "CNY:2")
    assert ran.exit_code == Exit.USAGE
    assert "--chain-id" in ran.err


def test_a_unit_is_for_its_configuration(tael: Tael) -> None:
    """It runs this file, may write this directory only, and waits as long as the node may take to stop."""
    assert tael("node", "unit").exit_code == Exit.MISSING, "there is no file"
    write(tael, "my node.toml", "[chain]\ndata = 'books'\n[stop]\ndrain_seconds = 12\n")
    unit = tael("node", "unit", "--config", "my node.toml", "--user", "ledger", "--no-native").out.splitlines()
    for line in (f"ReadWritePaths={tael.folder / 'books'}", "User=ledger", "TimeoutStopSec=42", "MemoryDenyWriteExecute=yes"):
        assert line in unit
    start = next(line for line in unit if line.startswith("ExecStart="))
    assert start.endswith(f'node run --config "{tael.folder / "my node.toml"}"')
    unit = tael("node", "unit", "--config", "my node.toml", "--data", "/var/lib/tael/shop").out.splitlines()
    assert "StateDirectory=tael/shop" in unit


def test_who_watches_goes_on_when_nobody_answers(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is started again is seen again; one JSON value a look."""
    with start_devnet(operations_port=0) as running:
        assert running.operations is not None
        steps = iter([lambda: None, running.stop, lambda: (_ for _ in ()).throw(KeyboardInterrupt)])
        monkeypatch.setattr("time.sleep", lambda seconds: next(steps)() if seconds == 77 else None)
        ran = tael("node", "status", "--url", running.operations, "--watch", "--every", "77", "--json")
    looks = [json.loads(line) for line in ran.out.splitlines()]
    assert [look["ok"] for look in looks] == [True, False]
    assert looks[0]["height"] == 0
    assert ran.exit_code == Exit.INTERRUPTED


def test_the_status_is_that_of_the_operations_port(tael: Tael, tmp_path: Path) -> None:
    """0 if it is ready, 3 if nobody answers; the API is told apart."""
    with start_devnet(operations_port=0) as running:
        assert running.operations is not None
        ran = tael("node", "status", "--url", running.operations, "--json")
        assert (ran.exit_code, ran.json["ready"], ran.json["height"]) == (Exit.OK, True, 0)
        assert "ready      yes" in tael("node", "status", "--url", running.operations).out
        assert tael("node", "status", "--url", running.address).exit_code == Exit.FINDINGS
    assert tael("node", "status", "--url", running.operations).exit_code == Exit.UNREACHABLE
