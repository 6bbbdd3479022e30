"""`tael devnet VERB`: a running devnet, controlled from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit_world import Tael

from kit.problem import Exit


@pytest.fixture
def own(tael: Tael, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tael]:
    """Commands that talk to a devnet of this test alone."""
    from chain.node.devnet import start_devnet

    with start_devnet(tmp_path / "ledger") as devnet:
        monkeypatch.setenv("TAEL_NODE", devnet.address)
        yield tael


POT = """
contract Pot:
    phases Open -> Done

    deadline: Time
    shares: Map[Address, Amount]
    money: Vault

    init():
        self.deadline = now

    pub fn put(money: Coin) by anyone in Open:
        self.money.put(money)

    pub fn take() by anyone in Open:
        pay(sender, self.money.take_all())
        become Done

    view fn share(who: Address) -> Amount:
        return self.shares.get(who, default=0.00 CNY)
"""


def opened_elsewhere() -> str:
    """The address of a wallet on the ledger of which no command has a key."""
    import os

    from chain.client.client import Client
    from chain.node.development import development_wallets
    from chain.primitives.address import format_address, wallet_address
    from chain.primitives.keys import SecretKey
    from chain.primitives.transaction import OpenWallet

    alice, key = development_wallets()[0], SecretKey.development("elsewhere", 0).public
    with Client(os.environ["TAEL_NODE"]) as client:
        assert client.send(alice.key, alice.address, [OpenWallet(key)]).receipt.ok
    return format_address(wallet_address(key))


def ask(own: Tael, *arguments: str) -> Any:
    """What a command prints in JSON."""
    ran = own(*arguments, "--json")
    assert ran.exit_code == 0, ran.err
    return json.loads(ran.out)


def test_a_snapshot_is_taken_and_gone_back_to(own: Tael) -> None:
    """In words for people and in JSON."""
    assert "snapshot 1 at block 0" in own("devnet", "snapshot").out
    own("pay", "bob", "1.00")
    assert "back at snapshot 1, block 0" in own("devnet", "revert").out
    ran = own("devnet", "revert")
    assert ran.exit_code != 0 and "Take one first" in ran.err
    assert ask(own, "devnet", "snapshot")["snapshot"] == 2


def test_time_is_shown_and_moved(own: Tael) -> None:
    """On by a duration or to a moment, and not back."""
    assert "held" in own("devnet", "time", "--hold").out
    before = ask(own, "devnet", "time")["now_ms"]
    assert ask(own, "devnet", "time", "--advance", "2d")["now_ms"] == before + 2 * 86_400_000
    assert "2031-01-01" in own("devnet", "time", "--to", "2031-01-01").out
    ran = own("devnet", "time", "--to", "2030-01-01")
    assert ran.exit_code != 0 and "snapshot" in ran.err
    assert own("devnet", "time", "--advance", "soon").exit_code == Exit.USAGE


def test_blocks_are_mined_by_hand(own: Tael) -> None:
    """What waits is shown, dropped, or put into the block that is asked for."""
    own("devnet", "mode", "manual")
    assert "nothing waits" in own("devnet", "pool").out
    assert ask(own, "devnet", "mine", "3")["height"] == 3
    assert own("devnet", "drop").exit_code == Exit.USAGE
    assert ask(own, "devnet", "drop", "--all")["dropped"] == 0
    assert own("devnet", "mode", "instant").exit_code == 0


def test_the_faucet_and_a_dump(own: Tael, tmp_path: Path) -> None:
    """Money for a wallet, and the ledger copied with its history."""
    before = ask(own, "wallet", "balance", "bob")
    own("devnet", "fund", "bob", "12.50")
    assert ask(own, "wallet", "balance", "bob") != before
    folder = tmp_path / "saved"
    assert "starts from there" in own("devnet", "dump", str(folder)).out
    assert (folder / "ledger" / "data.mdb").exists()


def test_help_shows_the_verbs(tael: Tael) -> None:
    """And examples, as every command does."""
    shown = tael("devnet", "--help").out
    assert all(verb in shown for verb in ("snapshot", "revert", "time", "mode", "mine", "pool", "drop", "fund", "dump"))
    assert "Examples" in shown


def test_a_balance_is_set_and_shown_in_the_block(own: Tael) -> None:
    """By name and in words; the block says what was burned."""
    assert "bob holds 3.50 CNY" in own("devnet", "balance", "bob", "3.50").out
    assert "3.50 CNY" in own("wallet", "balance", "bob").out
    assert "burned by edits" in own("block").out
    assert ask(own, "block")["supply"][0]["holds"] is True
    ran = own("devnet", "balance", "tael1" + "q" * 58, "1.00")
    assert ran.exit_code != 0 and "error:" in ran.err


def test_slots_are_set_by_name_and_type(own: Tael) -> None:
    """A field, an entry of a map, money, a phase; what is no field or no value of it is told with what would be."""
    (own.folder / "pot.tael").write_text(POT)
    escrow = ask(own, "deploy", "pot.tael")["address"]
    assert "Pot.deadline is 2030-01-01" in own("devnet", "slot", escrow, "deadline", "2030-01-01").out
    own("devnet", "slot", escrow, "shares", "25.00", "--key", "bob")
    own("devnet", "slot", escrow, "money", "500.00")
    own("devnet", "slot", escrow, "phase", "Done")
    shown = own("inspect", escrow, "--storage").out
    assert "2030-01-01" in shown and "500.00" in shown and "Done" in shown
    assert "25.00 CNY" in own("read", escrow, "share", "bob").out
    own("devnet", "slot", escrow, "shares", "--key", "bob", "--empty")
    assert "0.00 CNY" in own("read", escrow, "share", "bob").out
    for arguments, told in (
        (("phase", "Nowhere"), "Open, Done"),
        (("nothing", "1"), "deadline, shares, money"),
        (("shares", "1.00"), "--key"),
        (("deadline", "1.00", "--key", "bob"), "no keys"),
        (("deadline", "soon"), "Write it like"),
        (("deadline",), "--empty"),
    ):
        ran = own("devnet", "slot", escrow, *arguments)
        assert ran.exit_code != 0 and told in ran.err, (arguments, ran.err)


def test_a_wallet_is_impersonated_without_its_key(own: Tael) -> None:
    """Payments and calls of an address whose key is not here go through, until it is stopped."""
    stranger = opened_elsewhere()
    own("pay", stranger, "10.00", "--from", "alice")
    ran = own("pay", "bob", "1.00", "--from", stranger)
    assert ran.exit_code != 0 and f"tael devnet impersonate {stranger}" in ran.err
    assert stranger in own("devnet", "impersonate", stranger).out
    ran = own("pay", "bob", "1.00", "--from", stranger)
    assert ran.exit_code == 0, ran.err
    own("devnet", "impersonate", stranger, "--stop")
    assert "nobody" in own("devnet", "impersonate").out
    assert own("pay", "bob", "1.00", "--from", stranger).exit_code != 0
    assert "all" in own("devnet", "impersonate", "--all").out
    assert own("devnet", "impersonate", "bob", "--all").exit_code == Exit.USAGE


def test_sequences_are_set_and_what_waits_is_replaced(own: Tael) -> None:
    """On, not back; with a higher price."""
    assert "of alice is 9" in own("devnet", "sequence", "alice", "9").out
    ran = own("devnet", "sequence", "alice", "8")
    assert ran.exit_code != 0 and "SequenceBack" in ran.err
    ran = own("devnet", "replace", "00", "--gas-price", "7")
    assert ran.exit_code != 0 and "tael devnet pool" in ran.err


def test_what_waits_is_named_by_its_beginning(own: Tael) -> None:
    """As the list of it shows it, with who sent it."""
    own("devnet", "mode", "manual")
    own("devnet", "impersonate", "alice")
    hand_in(own)
    shown = own("devnet", "pool").out
    assert "alice" in shown
    (waiting,) = ask(own, "devnet", "pool")["ready"]
    replaced = ask(own, "devnet", "replace", waiting["id"][:16], "--gas-price", "7")["id"]
    assert replaced != waiting["id"]
    assert ask(own, "devnet", "drop", replaced[:8])["dropped"] == 1


def hand_in(own: Tael) -> None:
    """A payment of Alice's that waits."""
    import os

    from chain.client.client import Client
    from chain.node.development import development_wallets
    from chain.primitives.transaction import Pay, sign

    alice, bob = development_wallets()[:2]
    with Client(os.environ["TAEL_NODE"]) as client:
        client.submit(sign(client.build(alice.address, [Pay(bob.address, "CNY", 1)]), [alice.key]))
