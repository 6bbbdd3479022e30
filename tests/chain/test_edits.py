"""Edits of a development chain, and transactions that nobody signs: as blocks have them, and as a devnet takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_world import ALICE, BOB, FUNDS, KEYS, World, call, deploy, specification
from test_chain_node import TIME_MS, payment

from chain.client.client import Client
from chain.client.control import Control
from chain.ledger.apply import apply_block
from chain.ledger.block import decode_block
from chain.ledger.genesis import make_genesis
from chain.node.check import check_replay
from chain.node.development import BALANCE, development_wallets, devnet_specification
from chain.node.devnet import start_devnet
from chain.node.node import Node
from chain.primitives.address import NOBODY, contract_address, format_address
from chain.primitives.edits import PHASE_FIELD, Edit, SetBalance, SetSequence, SetSlot
from chain.primitives.header import Supply, decode_header
from chain.primitives.receipt import Move, Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Body, Pay, Transaction, decode_transaction, recall_transaction, sign
from chain.state.memory import MemoryView
from chain.state.store import Store
from vm.types import ADDRESS, U8, VAULT
from vm.values import encode

DEVELOPMENT = {"chain_id": "tael-devnet-test", "development": True}
DEV = development_wallets()
HELD, DOLLARS = 0, 1
"""The fields of the program `bank`: a vault for each wallet, and one of dollars."""


def unsigned(sequence: int, *actions: Action, sender: bytes = NOBODY, chain_id: str = "tael-devnet-test") -> Transaction:
    """What whoever runs a development chain puts into a block."""
    body = Body(chain_id, sender, sequence, 5_000_000, 0, actions, expiry_height=50)
    return Transaction(body, unsigned=True)


@pytest.fixture
def world() -> World:
    """A development chain in memory."""
    return World(**DEVELOPMENT)


def refused(function: Callable[..., Any], *given: Any, **named: Any) -> Refused:
    """The code with which a call is refused."""
    with pytest.raises(Refusal) as caught:
        function(*given, **named)
    return caught.value.code


def edit(world: World, sequence: int, *edits: Edit) -> Receipt:
    """A block of edits, applied a second time from its bytes."""
    return world.commit(unsigned(sequence, *edits)).receipts[0]


def supply(world: World, currency: str = "CNY") -> Supply:
    """The equation in the header of the head."""
    return next(row for row in decode_header(world.head.encoded).supply if row.currency == currency)


def test_a_balance_is_minted_and_burned_in_the_open(world: World) -> None:
    """The header that a light client reads says how much came from nowhere and went there, and still adds up."""
    before = supply(world)
    receipt = edit(world, 0, SetBalance(ALICE, "CNY", FUNDS + 70))
    assert receipt.ok and receipt.moves == (Move(NOBODY, ALICE, "CNY", 70, "minted"),) and receipt.fee == 0
    assert edit(world, 1, SetBalance(BOB, "CNY", 1)).moves == (Move(BOB, NOBODY, "CNY", FUNDS - 1, "burned"),)
    after = supply(world)
    assert (after.minted, after.burned, after.issued) == (70, FUNDS - 1, before.issued)
    assert after.holds and after.wallets == before.wallets + 70 - FUNDS + 1
    assert world.balance(ALICE) == FUNDS + 70 and world.balance(BOB) == 1
    assert supply(world, "USD") == Supply("USD", 3 * FUNDS, 0, 3 * FUNDS, 0)


def test_edits_are_all_or_none(world: World) -> None:
    """One that fails takes the others back, and the equation with them."""
    receipt = edit(world, 0, SetBalance(ALICE, "CNY", 5), SetBalance(b"\x01" * 32, "CNY", 5))
    assert receipt.error is not None and receipt.error.name == "NoWallet" and receipt.error.action == 1
    assert world.balance(ALICE) == FUNDS and supply(world).burned == 0
    assert edit(world, 1, SetBalance(ALICE, "EUR", 5)).error[0] == "UnknownCurrency"  # type: ignore[index]
    assert edit(world, 2, SetBalance(ALICE, "CNY", 2**128 - 1)).error[0] == "LimitExceeded"  # type: ignore[index]


def test_a_vault_is_set_with_the_sum_of_all(world: World) -> None:
    """A contract pays out what an edit has put into it, also in the block of the edit, and what is taken out is not there."""
    first = world.commit(sign(world.body("alice", [deploy("bank")], chain_id="tael-devnet-test"), [KEYS["alice"]]))
    bank = contract_address(ALICE, first.identities[0], 0)
    whose = encode(ADDRESS, ALICE)
    put = unsigned(0, SetSlot(bank, HELD, whose, encode(VAULT, 500)), SetSlot(bank, DOLLARS, None, encode(VAULT, 3)))
    take = sign(world.body("alice", [call(bank, "bank", "withdraw", 200)], chain_id="tael-devnet-test"), [KEYS["alice"]])
    applied = world.commit(put, take)
    assert [receipt.ok for receipt in applied.receipts] == [True, True]
    assert world.balance(ALICE) == FUNDS + 200
    assert (supply(world).contracts, supply(world).minted, supply(world, "USD").minted) == (300, 500, 3)
    assert edit(world, 1, SetSlot(bank, HELD, whose, None)).moves == (Move(bank, NOBODY, "CNY", 300, "burned"),)
    assert supply(world).contracts == 0 and supply(world).holds


def test_a_slot_takes_only_what_its_contract_could_have_left(world: World) -> None:
    """Another field, a key too many or too few, another type, a phase that is none: nothing changes."""
    first = world.commit(sign(world.body("alice", [deploy("bank")], chain_id="tael-devnet-test"), [KEYS["alice"]]))
    bank, whose = contract_address(ALICE, first.identities[0], 0), encode(ADDRESS, ALICE)
    wrong = [
        SetSlot(bank, 2, None, encode(VAULT, 1)),
        SetSlot(bank, HELD, None, encode(VAULT, 1)),
        SetSlot(bank, HELD, b"\x01", encode(VAULT, 1)),
        SetSlot(bank, HELD, whose, b"\xa3one"),
        SetSlot(bank, HELD, whose, b"\xcc\x01"),
        SetSlot(bank, DOLLARS, whose, encode(VAULT, 1)),
        SetSlot(bank, PHASE_FIELD, None, encode(U8, 0)),
        SetSlot(ALICE, HELD, whose, encode(VAULT, 1)),
    ]
    for number, one in enumerate(wrong):
        receipt = edit(world, number, one)
        assert receipt.error is not None and receipt.error.name in ("WrongSlot", "NoContract"), one


def test_a_sequence_is_set_on_and_never_back(world: World) -> None:
    """So no transaction of the past can be in a block again."""
    assert edit(world, 0, SetSequence(ALICE, 0, 7)).ok
    assert edit(world, 1, SetSequence(ALICE, 0, 6)).error[0] == "SequenceBack"  # type: ignore[index]
    body = world.body("alice", [Pay(BOB, "CNY", 1)], chain_id="tael-devnet-test", sequence=7)
    assert world.commit(sign(body, [KEYS["alice"]])).receipts[0].ok


def test_a_transaction_that_nobody_signed_is_as_if_its_wallet_had(world: World) -> None:
    """It takes the wallet's sequence and money; what it is stands in the block, so it comes to the same again."""
    receipt = world.commit(unsigned(0, Pay(BOB, "CNY", 30), sender=ALICE)).receipts[0]
    assert receipt.ok and world.balance(BOB) == FUNDS + 30
    assert refused(world.commit, unsigned(0, Pay(BOB, "CNY", 30), sender=ALICE)) is Refused.SEQUENCE_USED
    assert refused(world.commit, unsigned(0, Pay(BOB, "CNY", 30), sender=b"\x01" * 32)) is Refused.NO_WALLET


@pytest.mark.parametrize("actions", [(SetBalance(ALICE, "CNY", 5),), (Pay(BOB, "CNY", 1),)], ids=["edit", "unsigned"])
def test_a_chain_that_is_not_for_development_has_no_such_block(actions: tuple[Action, ...]) -> None:
    """Not from whoever makes its blocks, and not from a follower's peer."""
    sender = NOBODY if isinstance(actions[0], SetBalance) else ALICE
    plain, open_to_edits = World(), World(**DEVELOPMENT)
    with pytest.raises(Refusal) as caught:
        plain.run().add(unsigned(0, *actions, sender=sender, chain_id="test-chain"))
    assert caught.value.code is Refused.NOT_DEVELOPMENT
    block = open_to_edits.commit(unsigned(0, *actions, sender=sender)).block
    changed = make_genesis(specification(chain_id="tael-devnet-test"))
    view = MemoryView()
    view.apply(changed.state, changed.tree)
    with pytest.raises(Refusal) as caught:
        apply_block(view, changed.block.header, block)
    assert caught.value.code is Refused.NOT_DEVELOPMENT


@pytest.mark.parametrize("chain_id", ["test-chain", "tael", "tael-devnetx", "TAEL-DEVNET"])
def test_only_a_chain_that_is_called_so_is_for_development(chain_id: str) -> None:
    """Whoever signs for a chain sees by its id that what it says may be made up."""
    with pytest.raises(Refusal) as caught:
        make_genesis(specification(chain_id=chain_id, development=True))
    assert caught.value.code is Refused.WRONG_GENESIS


def test_a_chain_that_is_not_for_development_is_as_it_was() -> None:
    """Its parameters and headers have no place for edits, so its genesis is the one from before there were any."""
    plain, said = make_genesis(specification()), make_genesis(specification(development=False))
    assert plain.block.encoded == said.block.encoded
    assert make_genesis(specification(**DEVELOPMENT)).state != make_genesis(specification(chain_id="tael-devnet-test")).state


def test_outside_an_edit_is_no_transaction() -> None:
    """Unsigned, signed by anybody, with a sender that is somebody: none is decoded but as a part of a block."""
    balance = SetBalance(ALICE, "CNY", 5)
    signed = sign(unsigned(0, balance).body, [KEYS["alice"]])
    for bad in (unsigned(0, balance), unsigned(0, Pay(BOB, "CNY", 1), sender=ALICE), signed):
        assert refused(decode_transaction, bad.encoded) is Refused.NOT_DEVELOPMENT
    assert refused(decode_transaction, bad.encoded, included=True) is Refused.NOT_DEVELOPMENT
    for misplaced in (
        unsigned(0, balance, sender=ALICE),
        unsigned(0, Pay(BOB, "CNY", 1)),
        unsigned(0, balance, Pay(BOB, "CNY", 1)),
    ):
        assert refused(decode_transaction, misplaced.encoded, included=True) is Refused.MALFORMED
    dear = Transaction(unsigned(0, balance).body._replace(gas_price=1), unsigned=True)
    assert refused(decode_transaction, dear.encoded, included=True) is Refused.MALFORMED


def test_no_worker_hands_one_in(tmp_path: Path) -> None:
    """What a worker says it has looked at is refused all the same if nobody has signed it or it edits."""
    node = Node(tmp_path, specification(**DEVELOPMENT), clock=lambda: TIME_MS)
    signed = sign(unsigned(0, SetBalance(ALICE, "CNY", 5)).body, [KEYS["alice"]])
    for one in (unsigned(0, SetBalance(ALICE, "CNY", 5)), unsigned(0, Pay(BOB, "CNY", 1), sender=ALICE), signed):
        recalled = recall_transaction(one.encoded, one.identity, node.parameters)
        assert refused(node.offer, recalled) is Refused.NOT_DEVELOPMENT
    assert refused(node.offer, unsigned(0, SetBalance(ALICE, "CNY", 5)), development=True) is Refused.NOT_DEVELOPMENT
    node.close()


def test_an_edit_that_fails_makes_no_block(tmp_path: Path) -> None:
    """Whoever asked for it is told why, and the node goes on."""
    node = Node(tmp_path, specification(**DEVELOPMENT), clock=lambda: TIME_MS)
    assert refused(node.make_edit, [SetBalance(NOBODY, "CNY", 5)]) is Refused.EXECUTION_FAILED
    assert node.newest.height == 0
    applied = node.make_edit([SetBalance(ALICE, "CNY", 5)])
    assert decode_block(applied.block.encoded).header.height == 1
    node.close()
    plain = Node(tmp_path / "plain", specification(), clock=lambda: TIME_MS)
    assert refused(plain.make_edit, [SetBalance(ALICE, "CNY", 5)]) is Refused.NOT_DEVELOPMENT
    plain.submit(payment(0).encoded)
    assert plain.produce().receipts[0].ok
    plain.close()


# A devnet.


@pytest.fixture(params=[0, 1], ids=["alone", "workers"], scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a devnet, in one process or with a worker."""
    with start_devnet(tmp_path_factory.mktemp("ledger"), workers=request.param) as running, Client(running.address) as opened:
        yield opened


def test_the_devnet_edits_and_goes_back(served: Client) -> None:
    """Balance and sequence by its control; a snapshot takes them back, and the equation."""
    control, wallet = Control(served), DEV[1].address
    control.snapshot()
    before = served.block()["header"]["state_root"]
    identity = control.set_balance(wallet, 12_345, "CNY")
    assert served.balance(wallet, "CNY") == served.proved_balance(wallet, "CNY") == 12_345
    told = served.transaction(identity)
    assert told["signed"] is False and told["actions"][0]["action"] == "set_balance"
    control.edit(
        [
            {"edit": "sequence", "wallet": format_address(wallet), "sequence": 40, "lane": 3},
            {"edit": "balance", "wallet": format_address(wallet), "amount": "9"},
        ]
    )
    assert served.wallet(wallet, 3)["next_sequence"] == 40
    assert int(served.block()["header"]["supply"][0]["burned"]) == BALANCE - 9
    control.revert()
    assert served.block()["header"]["state_root"] == before
    with pytest.raises(Refusal) as caught:
        control.set_balance(NOBODY, 1, "CNY")
    assert caught.value.code is Refused.EXECUTION_FAILED and "NoWallet" in caught.value.message


def test_a_slot_is_set_by_the_name_of_its_field(served: Client) -> None:
    """Of a contract on the ledger; what it has is named where there is no such field."""
    control = Control(served)
    outcome = served.send(DEV[2].key, DEV[2].address, [deploy("bank")])
    bank = outcome.receipt.results[0]
    assert bank is not None
    identity = control.set_slot(bank, "held", encode(VAULT, 77), key=encode(ADDRESS, DEV[2].address))
    (action,) = served.transaction(identity)["actions"]
    assert (action["field"], action["key"], action["value"]) == ("held", format_address(DEV[2].address), 77)
    assert served.send(DEV[2].key, DEV[2].address, [call(bank, "bank", "withdraw", 77)]).receipt.ok
    with pytest.raises(Refusal) as caught:
        control.set_slot(bank, "hold", encode(VAULT, 77))
    assert "held, dollars" in caught.value.remedy


def test_an_impersonated_wallet_sends_without_its_key(served: Client) -> None:
    """Until it is stopped; others do not, and neither does anybody elsewhere than at the control."""
    control, wallet = Control(served), DEV[3].address
    actions = [Pay(DEV[4].address, "CNY", 5)]
    with pytest.raises(Refusal) as caught:
        control.send(wallet, actions)
    assert caught.value.code is Refused.NOT_DEVELOPMENT and "tael devnet impersonate" in caught.value.remedy
    control.impersonate(wallet)
    assert control.send(wallet, actions).receipt.ok
    with pytest.raises(Refusal) as caught:
        control.send(DEV[5].address, actions)
    assert caught.value.code is Refused.NOT_DEVELOPMENT
    with pytest.raises(Refusal) as caught:
        control.send(wallet, actions, fee_payer=DEV[5].address)
    assert caught.value.code is Refused.NOT_DEVELOPMENT
    control.impersonate(wallet, stop=True)
    control.impersonate()
    assert control.send(DEV[5].address, actions).receipt.ok
    control.impersonate(stop=True)
    assert served.get("/devnet/impersonated") | {"all": False, "wallets": []} == served.get("/devnet/impersonated")


def test_the_api_takes_neither_edits_nor_what_nobody_signed(served: Client) -> None:
    """One by one, in a batch, in hexadecimal, in msgpack, to be simulated; also while all are impersonated."""
    control = Control(served)
    control.impersonate()
    chain_id = served.chain_id()
    pays = Transaction(served.build(DEV[6].address, [Pay(DEV[4].address, "CNY", 5)]), unsigned=True)
    edits = unsigned(0, SetBalance(DEV[6].address, "CNY", 5), chain_id=chain_id)
    signed = sign(edits.body, [DEV[6].key])
    before = served.block()["header"]["state_root"]
    for one in (pays, edits, signed):
        for path, body in (
            ("/v1/transactions", {"transaction": one.encoded.hex()}),
            ("/v1/simulate", {"transaction": one.encoded.hex()}),
            ("/v1/estimate", {"transaction": one.encoded.hex()}),
            ("/v1/trace", {"transaction": one.encoded.hex()}),
        ):
            assert refused(served.post, path, body) is Refused.NOT_DEVELOPMENT
        rows: list[Any] = served.post("/v1/batch?wait=commit", {"transactions": [one.encoded.hex()]})["rows"]
        assert rows[0]["refusal"]["code"] == "NotDevelopment"
    assert refused(control.commit, signed) is Refused.NOT_DEVELOPMENT
    control.impersonate(stop=True)
    assert served.block()["header"]["state_root"] == before


def test_edits_and_unsigned_transactions_are_executed_again(tmp_path: Path) -> None:
    """`tael node check --genesis` finds the same roots, and a devnet opens what another one left."""
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        control = Control(client)
        control.set_balance(DEV[0].address, 1, "CNY")
        control.impersonate()
        assert control.send(DEV[1].address, [Pay(DEV[0].address, "CNY", 5)]).receipt.ok
        bank = control.send(DEV[1].address, [deploy("bank")]).receipt.results[0]
        assert bank is not None
        control.set_slot(bank, "dollars", None)
        control.set_slot(bank, "held", encode(VAULT, 8), key=encode(ADDRESS, DEV[1].address))
        traced = control.send(DEV[1].address, [call(bank, "bank", "withdraw", 8)])
        assert client.trace(traced.receipt.identity)["calls"]
        head = client.block()["header"]
    store = Store(tmp_path)
    assert check_replay(store, devnet_specification()).head.hash.hex() == head["hash"]
    store.close()
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        assert client.block()["header"]["hash"] == head["hash"]


def test_what_waits_is_replaced_and_set_past(tmp_path: Path) -> None:
    """A dearer one takes the place of one that waits; setting the sequence past one refuses it; an edit takes none along."""
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        control = Control(client)
        control.set_mode("manual")
        waits = sign(client.build(DEV[0].address, [Pay(DEV[1].address, "CNY", 5)]), [DEV[0].key])
        client.submit(waits)
        dearer = control.replace(waits.identity, 10)
        with pytest.raises(Refusal) as caught:
            client.receipt(waits.identity)
        assert caught.value.code is Refused.REPLACED
        control.set_balance(DEV[2].address, 1, "CNY")
        assert client.status()["waiting"] == 1
        control.set_sequence(DEV[0].address, 4)
        assert client.status()["waiting"] == 0
        with pytest.raises(Refusal) as caught:
            client.receipt(dearer)
        assert caught.value.code is Refused.SEQUENCE_USED


def test_blocks_at_an_interval_may_be_made_only_when_something_waits(tmp_path: Path) -> None:
    """With `empty` off nothing happens until there is a transaction."""
    with start_devnet(tmp_path) as devnet, Client(devnet.address) as client:
        control = Control(client)
        control.set_mode("5", empty=False)
        height = client.status()["height"]
        for _ in range(20):
            client.status()
        assert client.send(DEV[0].key, DEV[0].address, [Pay(DEV[1].address, "CNY", 5)]).receipt.height == height + 1
