"""`tael node`: the data directory of a node is checked, copied, restored and pruned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit_world import Tael

from chain.node.development import development_validator, devnet_specification
from chain.node.node import Node
from chain.node.wallet_file import write_wallets
from chain.primitives.keys import SecretKey
from kit.problem import Exit

VALIDATOR = development_validator().public.hex()
BLOCKS = 140  # some more than those whose state is kept, so that there is something to prune


@pytest.fixture
def ledger(tael: Tael) -> Path:
    """A ledger of empty blocks, and the genesis that it began with in a file."""
    specification = devnet_specification()
    (tael.folder / "genesis.json").write_text(json.dumps(specification))
    node = Node(tael.folder / "ledger", specification, clock=lambda: specification["time_ms"], signers=[development_validator()])
    for _ in range(BLOCKS):
        node.produce()
    node.close()
    return tael.folder / "ledger"


@pytest.mark.parametrize(
    "way",
    [
        (),
        ("--last", "10"),
        ("--from", "130"),
        ("--genesis", "genesis.json"),
        ("--certified", "genesis.json"),
        ("--certified", VALIDATOR),
    ],
)
def test_a_good_ledger_is_right_each_way(tael: Tael, ledger: Path, way: tuple[str, ...]) -> None:
    """Exit code 0, and the head is told."""
    ran = tael("node", "check", "ledger", *way, "--json")
    assert ran.exit_code == 0
    assert ran.json["height"] == BLOCKS
    assert (ran.json["executed"], ran.json["certified"]) == ("--genesis" in way, "--certified" in way)


def test_two_ways_at_once_are_not_understood(tael: Tael, ledger: Path) -> None:
    """One of them would be passed over in silence."""
    assert tael("node", "check", "ledger", "--last", "1", "--from", "1").exit_code == Exit.USAGE


@pytest.mark.parametrize(
    ("whom", "code"),
    [
        (f"2:{VALIDATOR},{SecretKey(bytes(32)).public.hex()}", Exit.FINDINGS),
        ("zz", Exit.FINDINGS),
        ("x:zz", Exit.USAGE),
        ("nowhere.json", Exit.MISSING),
    ],
)
def test_whom_to_believe_is_a_genesis_or_keys(tael: Tael, ledger: Path, whom: str, code: Exit) -> None:
    """Other validators are a finding, and what is neither is told."""
    assert tael("node", "check", "ledger", "--certified", whom).exit_code == code


def test_a_backup_is_restored_only_if_it_is_certified(tael: Tael, ledger: Path) -> None:
    """When that is asked for; nothing is begun otherwise."""
    assert tael("node", "backup", "ledger", "copy").exit_code == 0
    stranger = SecretKey(bytes(32)).public.hex()
    assert tael("node", "restore", "copy", "again", "--certified", stranger).exit_code == Exit.FINDINGS
    assert not (tael.folder / "again").exists()
    assert tael("node", "restore", "copy", "again", "--certified", "genesis.json").exit_code == 0


def test_following_needs_a_genesis_or_a_ledger_and_an_address(tael: Tael) -> None:
    """What is missing is told, and nothing is begun."""
    (tael.folder / "genesis.json").write_text(json.dumps(devnet_specification()))
    assert tael("node", "follow", "http://127.0.0.1:1", "--data", "one").exit_code == Exit.MISSING
    assert tael("node", "follow", "nowhere", "--genesis", "genesis.json", "--data", "one").exit_code == Exit.FINDINGS
    assert not (tael.folder / "one").exists()
    assert tael("devnet", "--copy", "nowhere").exit_code == Exit.FINDINGS
    assert tael("devnet", "--copy", "http://127.0.0.1:1", "--port", "0").exit_code == Exit.UNREACHABLE
    assert tael("devnet", "--copy", "http://127.0.0.1:1", "--follow", "http://127.0.0.1:1").exit_code == Exit.USAGE


def test_another_genesis_is_a_finding(tael: Tael, ledger: Path) -> None:
    """Exit code 1 with the height of the first block that is wrong."""
    (tael.folder / "other.json").write_text(json.dumps(devnet_specification("another seed")))
    ran = tael("node", "check", "ledger", "--genesis", "other.json", "--json")
    assert ran.exit_code == Exit.FINDINGS
    assert ran.json["error"]["data"]["height"] == 0


def test_a_backup_is_restored_as_it_was(tael: Tael, ledger: Path) -> None:
    """The restored ledger has the same head, and nothing is put into a folder that has something in it."""
    assert tael("node", "backup", "ledger", "copy").exit_code == 0
    assert tael("node", "restore", "copy", "again").exit_code == 0
    before, after = (tael("node", "check", folder, "--json").json for folder in ("ledger", "again"))
    assert before == after
    assert tael("node", "backup", "ledger", "copy").exit_code == Exit.MISSING


def test_a_pruned_ledger_is_right_but_cannot_be_executed(tael: Tael, ledger: Path) -> None:
    """Its rows are checked; a replay is refused."""
    assert tael("node", "prune", "ledger", "--before", "10", "--json").json["pruned_before"] == 10
    assert tael("node", "check", "ledger").exit_code == 0
    ran = tael("node", "check", "ledger", "--genesis", "genesis.json", "--json")
    assert (ran.exit_code, ran.json["error"]["code"]) == (Exit.FINDINGS, "Pruned")


@pytest.mark.parametrize("command", [("check", "nowhere"), ("backup", "nowhere", "x"), ("prune", "nowhere", "--before", "1")])
def test_a_folder_without_a_ledger_is_left_alone(tael: Tael, command: tuple[str, ...]) -> None:
    """Exit code 4, and nothing is begun there."""
    assert tael("node", *command).exit_code == Exit.MISSING
    assert not (tael.folder / "nowhere").exists()


def test_a_genesis_is_checked(tael: Tael) -> None:
    """Its hash is told, and what is wrong with another; development keys are refused on a chain of one's own."""
    key = SecretKey(bytes(range(32))).public.hex()
    mine = {"wallets": [{"key": key, "balances": {"CNY": 1}}], "validators": {"threshold": 1, "keys": [key]}}
    good = {**devnet_specification(chain_id="shop"), "fee_wallet": key, **mine}
    cases = [
        (json.dumps(good), Exit.OK),
        (json.dumps({**good, "more": 1}), Exit.FINDINGS),
        (json.dumps({**devnet_specification(chain_id="shop")}), Exit.MISSING),
        (json.dumps({**good, "validators": devnet_specification()["validators"]}), Exit.MISSING),
        (json.dumps({**good, "validators": {"threshold": 2, "keys": [key]}}), Exit.FINDINGS),
        ("[]", Exit.FINDINGS),
    ]
    for text, exit_code in cases:
        (tael.folder / "genesis.json").write_text(text)
        ran = tael("node", "genesis", "check", "genesis.json", "--json")
        assert ran.exit_code == exit_code, ran.out


def test_a_genesis_with_a_file_of_wallets_is_checked(tael: Tael) -> None:
    """The wallets beside the specification make the block that they make in its list; another file is refused."""
    listed = devnet_specification("a seed", "tael-devnet")
    rows = ((bytes.fromhex(entry["key"]), entry["balances"]) for entry in listed["wallets"])
    named = {**listed, "wallets": write_wallets(tael.folder / "wallets.rows", rows)}
    for name, found in (("listed.json", listed), ("named.json", named)):
        (tael.folder / name).write_text(json.dumps(found))
    ran = [tael("node", "genesis", "check", name, "--json") for name in ("listed.json", "named.json")]
    assert ran[0].json == ran[1].json
    (tael.folder / "wallets.rows").write_bytes(b"")
    ran = [tael("node", "genesis", "check", "named.json", "--json")]
    assert ran[0].exit_code == Exit.FINDINGS, ran[0].out
    assert "WrongGenesis" in ran[0].out
