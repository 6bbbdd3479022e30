"""What a devnet shows of its transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.ledger.apply import Applied
from chain.node.development import CURRENCY, development_validator, development_wallets, devnet_specification
from chain.node.node import Node
from chain.primitives.edits import SetBalance, SetSlot
from chain.primitives.transaction import Action, Body, Call, Deploy, Pay, Transaction, sign
from kit import transaction_log
from kit.compiling import compile_contract
from kit.output import Output
from kit.transaction_log import TransactionLog
from vm.types import ADDRESS, AMOUNT, COIN, DURATION, CoinValue
from vm.values import encode, encode_arguments

ALICE, BOB = development_wallets()[:2]
ESCROW = Path(__file__).parents[2] / "contracts" / "examples" / "escrow.tael"
TIME_MS = 1_800_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node of a devnet whose clock stands still."""
    monkeypatch.setenv("TAEL_HOME", str(tmp_path / "home"))
    opened = Node(
        tmp_path / "ledger", devnet_specification(), clock=lambda: TIME_MS, archive=True, signers=[development_validator()]
    )
    yield opened
    opened.close()


def made(node: Node, *actions: Action, by: Any = ALICE) -> Applied:
    """A block of one transaction."""
    body = Body("tael-devnet", by.address, node.next_sequence(by.address, 0), 5_000_000, 0, actions, expiry_ms=TIME_MS + 1)
    node.submit(sign(body, [by.key]).encoded)
    return node.produce()


def told(node: Node, capsys: pytest.CaptureFixture[str], *blocks: Applied, verbosity: int = 0, as_json: bool = False) -> str:
    """What the log prints of blocks."""
    capsys.readouterr()
    log = TransactionLog(node, Output(as_json=as_json), verbosity=verbosity)
    log.see(blocks)
    log.close()
    return capsys.readouterr().out


def deploys(node: Node) -> Applied:
    """A block with an escrow between Alice and Bob, of 100.00 CNY."""
    built = compile_contract(Output(as_json=True), ESCROW, None)
    arguments = encode_arguments([ADDRESS, AMOUNT, DURATION], [BOB.address, 100_00, 7 * DAY_MS])
    return made(node, Deploy(built.code, CURRENCY, arguments))


def address_of(deployed: Applied) -> bytes:
    """The address of the contract that a block has deployed."""
    address = deployed.receipts[0].results[0]
    assert address is not None
    return address


def escrow(node: Node) -> bytes:
    """The address of an escrow between Alice and Bob, of 100.00 CNY."""
    return address_of(deploys(node))


def fund(address: bytes, minor: int) -> Call:
    """Pay into the escrow."""
    return Call(address, "fund", encode_arguments([COIN], [CoinValue(CURRENCY, minor)]))


def test_a_transaction_is_one_line(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """Its block, identity, who, what with which arguments, what came of it, gas; nothing of empty blocks."""
    applied = made(node, Pay(BOB.address, CURRENCY, 25_00))
    (line,) = told(node, capsys, applied, node.produce()).splitlines()
    assert line.startswith(f"#1 {applied.identities[0].hex()[:8]}… alice: pays 25.00 CNY to bob  ok  ") and "gas" in line
    address = escrow(node)
    line = told(node, capsys, made(node, fund(address, 100_00)))
    assert "alice: Escrow.fund(money: 100.00 CNY)  ok" in line and "\x1b" not in line


def test_a_failure_is_told_with_what_to_do(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """The error with its values by type; what it means; the phase in which it would go well."""
    address = escrow(node)
    shown = told(node, capsys, made(node, fund(address, 90_00)))
    assert "failed" in shown and "WrongPrice(want: 100.00 CNY, got: 90.00 CNY) in Escrow" in shown
    shown = told(node, capsys, made(node, Call(address, "accept", b"\x90")))
    assert "Escrow is in phase Open; accept may run in Funded." in shown
    shown = told(node, capsys, made(node, Pay(BOB.address, CURRENCY, 10**12)))
    assert "InsufficientFunds(have: 1_000_000.00 CNY" in shown and "There is less money" in shown


def test_events_and_money_are_told_on_demand(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """With -v; with -vv the calls with what they change as well, those of a constructor too."""
    deployed = deploys(node)
    address = address_of(deployed)
    made(node, fund(address, 100_00))
    accepted = made(node, Call(address, "accept", b"\x90"))
    assert "Settled" not in told(node, capsys, accepted)
    shown = told(node, capsys, accepted, verbosity=1)
    assert "Escrow.Settled(to: bob, amount: 100.00 CNY)" in shown and "100.00 CNY is paid out to bob" in shown
    shown = told(node, capsys, accepted, verbosity=2)
    for line in ("| Escrow.accept()", "|   Escrow.settle(to: bob)", "pays 100.00 CNY to bob", "phase: Funded → Released"):
        assert line in shown
    assert "|   self.price = 100.00 CNY" in told(node, capsys, deployed, verbosity=2)


def test_edits_and_what_nobody_signed_are_told_as_such(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """A balance, a slot by its name, a payment without a signature."""
    address = escrow(node)
    edited = node.make_edit([SetBalance(BOB.address, CURRENCY, 5_00), SetSlot(address, 2, None, encode(AMOUNT, 50_00))])
    node.store.write(node.commit_of(edited))
    node.written(edited)
    shown = told(node, capsys, edited, verbosity=1)
    assert "edit: bob holds 5.00 CNY; Escrow.price = 50.00 CNY  ok" in shown and "999_995.00 CNY of bob is burned" in shown
    body = Body("tael-devnet", BOB.address, 0, 5_000_000, 0, (Pay(ALICE.address, CURRENCY, 1),), expiry_ms=TIME_MS + 1)
    node.offer(Transaction(body, unsigned=True), development=True)
    assert "bob (unsigned): pays 0.01 CNY to alice" in told(node, capsys, node.produce())


def test_json_is_one_value_a_line(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """With the words, the receipt decoded, and what to do about an error."""
    address = escrow(node)
    lines = told(node, capsys, made(node, fund(address, 90_00)), made(node, fund(address, 100_00)), as_json=True).splitlines()
    failed, well = map(json.loads, lines)
    assert failed["error"]["name"] == "WrongPrice" and failed["error"]["remedy"] and not failed["ok"]
    assert well["does"] == "Escrow.fund(money: 100.00 CNY)" and well["moves"][0]["reason"] == "coins" and well["signed"]


def test_a_large_block_is_one_line(node: Node, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads thousands of lines, and the node has other things to do."""
    monkeypatch.setattr(transaction_log, "LOGGED_TRANSACTIONS_MAX", 0)
    assert "#1 1 transactions, 1 went well" in told(node, capsys, made(node, Pay(BOB.address, CURRENCY, 1)))


def test_what_cannot_be_shown_ends_nothing(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    """A contract that has been taken back in the meantime, whose event is still to be told."""
    address = escrow(node)
    made(node, fund(address, 100_00))
    accepted = made(node, Call(address, "accept", b"\x90"))
    node.revert(0)
    shown = told(node, capsys, accepted, made(node, Pay(BOB.address, CURRENCY, 1)), verbosity=1)
    assert "cannot be shown" in shown and "pays 0.01 CNY to bob" in shown
