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
