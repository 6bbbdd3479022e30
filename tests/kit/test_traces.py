"""`tael trace` and `tael debug --tx`: a transaction of a block, told and walked through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from explained_jar import STORY, write_jar
from kit_world import Tael

from kit.debugger.opening_transaction import open_transaction, replayed
from kit.debugger.session import Session
from kit.debugger.view import View
from kit.record.entries import Scene


@dataclass(frozen=True, slots=True)
class Chain:
    """A devnet of its own on which bob saved something and then too much."""

    folder: Path
    went_well: str
    failed: str
    paid: str


@pytest.fixture
def chain(tael: Tael, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    """See `Chain`."""
    from chain.node.devnet import start_devnet

    write_jar(Path(), STORY)
    with start_devnet(tmp_path / "ledger") as devnet:
        monkeypatch.setenv("TAEL_NODE", devnet.address)
        jar = tael("deploy", "jar.tael", "50.00", "--json").json["address"]

        def sent(*arguments: str) -> str:
            identity: str = tael(*arguments, "--json").json["receipt"]["id"]
            return identity

        saved = sent("call", jar, "save", "--coins", "20.00", "--from", "bob")
        failed = sent("call", jar, "save", "--coins", "40.00", "--from", "bob")
        yield Chain(tmp_path / "ledger", saved, failed, sent("pay", "bob", "1.00"))


STORY_LINES = [
    "  bob hands over 20.00 CNY to Jar",
    "    self.shares[bob] = 20.00 CNY",
    "    self.total: 0.00 CNY → 20.00 CNY",
    "  emits Saved(by: bob, amount: 20.00 CNY)",
    "  self.money: 0.00 CNY → 20.00 CNY",
]


@contextmanager
def _session(identity: str, *paths: str, data: str | None = None) -> Iterator[Session]:
    with open_transaction(identity, paths, node=None, data=data) as stage:
        yield Session(stage, View(stage))


def test_a_transaction_is_told_like_a_test(chain: Chain, tael: Tael) -> None:
    """Calls, money, events, state before and after; with lines where the text is known; what failed says why."""
    told = tael("trace", chain.went_well)
    assert told.exit_code == 0
    assert told.out.startswith("Jar.save(coin: 20.00 CNY) as bob  ")
    assert [line for line in STORY_LINES if line not in told.out.splitlines()] == []

    lines = tael("trace", chain.went_well, "jar.tael", "--lines").out
    assert " │ self.total += amount  " in lines

    failed = tael("trace", chain.failed, "jar.tael")
    assert failed.exit_code == 1
    assert "fails: Enough(held: 20.00 CNY, most: 50.00 CNY)" in failed.out
    assert "this was required: self.money.amount + amount <= self.terms.most" in failed.out


def test_a_node_and_its_data_directory_tell_the_same(chain: Chain, tael: Tael) -> None:
    """Over the network with proofs, and from the disk."""
    from_node = tael("trace", chain.failed, "--json")
    command = [sys.executable, "-m", "kit.main", "trace", chain.failed, "--json", "--data", str(chain.folder)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    from_disk = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)

    assert from_node.json == json.loads(from_disk.stdout)
    assert from_node.json["calls"][0]["failure"] == "Enough(held: 20.00 CNY, most: 50.00 CNY)"


def test_a_transaction_is_walked_through_both_ways(chain: Chain) -> None:
    """To the failure and back, with values, and the state that it found."""
    with _session(chain.failed, "jar.tael") as session:
        assert next(iter(session.run("failure"))) == "this line fails: Enough(held: 20.00 CNY, most: 50.00 CNY)"
        assert list(session.run("print self.money.amount + amount")) == ["self.money.amount + amount = 60.00 CNY"]
        assert "  money = 20.00 CNY" in list(session.run("state"))
        assert "  owner = alice" in list(session.run("state"))  # which the transaction did not look at
        assert list(session.run("balances")) == ["  bob  999_940.00 CNY"]
        list(session.run("back"))
        assert list(session.run("locals")) == ["  coin = 40.00 CNY"]


def test_code_without_its_text_is_walked_through_by_instructions(chain: Chain, tael: Tael) -> None:
    """An instruction a line, with the names that parameters have."""
    Path("jar.tael").unlink()
    with _session(chain.failed) as session:
        place = list(session.run("failure"))
        assert any(line.startswith("→") and "fail Enough" in line for line in place)
        assert "  coin = 40.00 CNY" in list(session.run("locals"))
        assert list(session.run("print 1")) == ["the text of this code is not here, so that nothing can be named"]


def test_what_ran_again_took_the_gas_of_its_receipt(chain: Chain) -> None:
    """The record's transaction used what the block says."""
    with replayed(chain.went_well, (), node=None, data=None) as run:
        (scene,) = [entry for entry in run.record.root.entries if isinstance(entry, Scene)]
        (function,) = [entry for entry in scene.entries if isinstance(entry, Scene)]
        assert 0 < function.gas < scene.gas == run.receipt.gas_used


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (("trace", "zz"), 2, "is not the identity of a transaction"),
        (("trace", "00" * 32), 1, "no block"),
        (("debug", "--tx", "{paid}"), 1, "no code of a contract ran in this transaction"),
        (("trace", "{paid}", "--data", "nowhere"), 4, "there is no ledger in nowhere"),
        (("trace", "{paid}", "--data", "nowhere", "--node", "http://127.0.0.1:1"), 2, "two ways to it"),
    ],
)
def test_what_cannot_be_told_says_why(arguments: tuple[str, ...], exit_code: int, says: str, chain: Chain, tael: Tael) -> None:
    """No such transaction, one that ran nothing, a directory that is none."""
    refused = tael(*(text.format(paid=chain.paid) for text in arguments))

    assert (refused.exit_code, says in refused.err) == (exit_code, True)


def test_a_payment_is_told_too(chain: Chain, tael: Tael) -> None:
    """It ran no code, and moved money."""
    assert tael("trace", chain.paid).out.startswith("pay 1.00 CNY to bob as alice")
