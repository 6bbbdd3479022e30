"""A node on disk: closing, reopening, replaying, being killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lmdb
import pytest
from ledger_world import ADDRESSES, ALICE, BOB, CHAIN_ID, FUNDS, KEYS, VALIDATOR, deploy, specification

from chain.ledger.block import decode_block
from chain.ledger.genesis import make_genesis
from chain.node.development import CHAIN_ID as DEVNET_CHAIN_ID
from chain.node.development import devnet_specification, refuse_development_keys
from chain.node.node import Node
from chain.node.pool import Pool
from chain.primitives.hash import merkle_root
from chain.primitives.header import decode_header
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import account_key
from chain.primitives.limits import POOL_LOOK_AHEAD_MAX
from chain.primitives.proof import verify_proof
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Action, Body, Pay, Transaction, sign
from chain.state.sealed import seal

TIME_MS = 1_700_000_000_000
ROOT = Path(__file__).parents[2]


def open_node(directory: Path, **changes: object) -> Node:
    """A node whose clock stands still."""
    told = specification(**changes)
    signers = [VALIDATOR] if "validators" not in changes else []
    return Node(directory, told, clock=lambda: TIME_MS, pool=Pool(transactions_max=10), signers=signers)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """A node with genesis only."""
    opened = open_node(tmp_path)
    yield opened
    opened.close()


def payment(sequence: int, amount: int = 1, name: str = "alice", *more: Action) -> Transaction:
    """Alice (or another) pays Bob."""
    body = Body(CHAIN_ID, ADDRESSES[name], sequence, 5_000_000, 0, (Pay(BOB, "CNY", amount), *more), expiry_height=50)
    return sign(body, [KEYS[name]])


def priced(sequence: int, gas_price: int) -> Transaction:
    """Alice pays Bob and offers a price for gas, of which she may use five million."""
    body = Body(CHAIN_ID, ALICE, sequence, 5_000_000, gas_price, (Pay(BOB, "CNY", 1),), expiry_height=50)
    return sign(body, [KEYS["alice"]])


def refusal_of(node: Node, transaction: Transaction) -> Refused:
    """The code with which the pool refuses."""
    with pytest.raises(Refusal) as caught:
        node.submit(transaction.encoded)
    return caught.value.code


def test_a_reopened_node_is_where_it_was(tmp_path: Path) -> None:
    """Head, balances, receipts and sequences come back, and it goes on."""
    first = open_node(tmp_path)
    for sequence in range(3):
        first.submit(payment(sequence).encoded)
        first.produce()
    head, receipt = first.head, first.receipt(payment(1).identity)
    first.close()
    second = open_node(tmp_path)
    assert second.head.encoded == head.encoded
    assert second.receipt(payment(1).identity) == receipt
    assert second.balance(BOB, "CNY") == FUNDS + 3
    second.submit(payment(3).encoded)
    assert second.produce().block.header.parent == head.hash
    second.close()


def test_replay_from_genesis_gives_the_same_root(node: Node) -> None:
    """With payments, a deployment, a failure and an empty block."""
    node.submit(payment(0, 5, "alice", deploy("bank")).encoded)
    node.submit(payment(1, FUNDS * 9).encoded)
    node.submit(payment(0, 7, "carol").encoded)
    node.produce()
    node.produce()
    assert node.replay() == node.head.state_root


def test_one_node_holds_a_data_directory(node: Node, tmp_path: Path) -> None:
    """A second one is refused, and the first is not disturbed."""
    with pytest.raises(Refusal) as caught:
        open_node(tmp_path)
    assert caught.value.code is Refused.WRONG_STORE
    node.produce()


def test_a_data_directory_of_another_chain_is_refused(tmp_path: Path) -> None:
    """The genesis must be the same to the byte."""
    open_node(tmp_path).close()
    with pytest.raises(Refusal, match="another chain"):
        open_node(tmp_path, time_ms=5)


def damage(directory: Path, table: bytes, key: bytes, value: bytes) -> None:
    """Write something else into a closed store, with a checksum that is right."""
    with lmdb.open(str(directory / "ledger"), max_dbs=16, map_size=2**30) as environment:
        database = environment.open_db(table)
        with environment.begin(write=True) as transaction:
            transaction.put(key, seal(table, key, value), db=database)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        (b"blocks", (1).to_bytes(8), b"\xc0"),
        (b"blocks", (1).to_bytes(8), b""),
        (b"meta", b"head", b"\x92\x01\xc4\x20" + bytes(32)),
        (b"meta", b"head", b"junk"),
        (b"meta", b"format", b"\x09"),
        (b"tree", b"\x00", bytes(700)),
        (b"tree", b"\x00", b"\x90"),
    ],
)
def test_a_damaged_store_is_refused_at_the_start(tmp_path: Path, table: bytes, key: bytes, value: bytes) -> None:
    """Blocks, head, format and the root of the tree are looked at before anything is served."""
    first = open_node(tmp_path)
    first.submit(payment(0).encoded)
    first.produce()
    first.produce()
    first.close()
    damage(tmp_path, table, key, value)
    with pytest.raises(Refusal) as caught:
        open_node(tmp_path)
    assert caught.value.code is Refused.WRONG_STORE


def test_a_failing_disk_stops_the_node_and_a_restart_goes_on(tmp_path: Path) -> None:
    """The block that could not be written is not there afterwards, and nothing is served in between."""
    node = open_node(tmp_path)
    node.submit(payment(0).encoded)

    real = node.store._env

    class Failing:
        def begin(self, *, write: bool = False) -> object:
            assert write
            raise lmdb.DiskError("no space left")

        def close(self) -> None:
            real.close()

    node.store._env = Failing()  # type: ignore[assignment]
    with pytest.raises(StoreFailed):
        node.produce()
    assert refusal_of(node, payment(0)) is Refused.STOPPED
    node.close()
    again = open_node(tmp_path)
    assert (again.head.height, again.balance(BOB, "CNY")) == (0, FUNDS)
    again.submit(payment(0).encoded)
    again.produce()
    assert again.balance(BOB, "CNY") == FUNDS + 1
    again.close()


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from test_chain_node import open_node, payment
node = open_node(Path(sys.argv[1]))
for sequence in range(node.next_sequence({alice!r}, 0), 10_000):
    body = payment(sequence)
    if node.head.height >= 49: break
    node.submit(body.encoded)
    node.produce()
    print(sequence, flush=True)
"""


def test_killing_the_process_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """kill -9 while blocks are written: a restart has every acknowledged payment, each once, and replays to
    its root.
    """
    program = WRITER.format(root=str(ROOT), tests=str(Path(__file__).parent), alice=ALICE)
    acknowledged = -1
    for round_number in range(3):
        process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(3 + 4 * round_number):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        for line in process.stdout.read().split():
            acknowledged = int(line)
        process.wait()
        process.stdout.close()
        node = open_node(tmp_path)
        paid = node.balance(BOB, "CNY") - FUNDS
        assert paid == node.next_sequence(ALICE, 0) >= acknowledged + 1
        assert node.replay() == node.head.state_root
        node.close()


# Pool and production.


def test_the_same_transaction_again_is_the_same_transaction(node: Node) -> None:
    """While it waits nothing happens; afterwards the answer names it as included."""
    node.submit(payment(0).encoded)
    node.submit(payment(0).encoded)
    assert len(node.pool) == 1
    node.produce()
    assert refusal_of(node, payment(0)) is Refused.ALREADY_INCLUDED


def test_a_lane_may_queue_in_the_pool(node: Node) -> None:
    """Later sequences wait behind earlier ones and share a block."""
    for sequence in range(4):
        node.submit(payment(sequence).encoded)
    assert node.next_sequence(ALICE, 0) == 4
    assert [receipt.ok for receipt in node.produce().receipts] == [True] * 4


def test_the_pool_refuses_wide_gaps_and_second_claims(node: Node) -> None:
    """A sequence far ahead of those that wait, and another transaction with a sequence that waits."""
    node.submit(payment(0).encoded)
    assert refusal_of(node, payment(1 + POOL_LOOK_AHEAD_MAX + 1)) is Refused.SEQUENCE_AHEAD
    assert refusal_of(node, payment(0, 99)) is Refused.SEQUENCE_USED


def test_a_batch_may_arrive_out_of_order(node: Node) -> None:
    """What is behind a gap waits in no block until the gap closes; then all go in one, in their sequence."""
    for sequence in (3, 1, 2):
        node.submit(payment(sequence, sequence + 1).encoded)
    assert node.next_sequence(ALICE, 0) == 0
    assert node.produce().receipts == ()
    node.submit(payment(0).encoded)
    assert node.produce().identities == tuple(payment(sequence, max(1, sequence + 1)).identity for sequence in range(4))


def test_a_dearer_transaction_takes_the_place_of_one_that_waits(node: Node) -> None:
    """The one that was replaced is refused with the name of the other, and the fee set aside is that of the new one alone."""
    first, second = payment(0), priced(0, 1)
    node.submit(first.encoded)
    node.submit(second.encoded)
    assert node.refused[first.identity].code is Refused.REPLACED
    assert node.refused[first.identity].data["by"] == second.identity.hex()
    assert node.pool.reserved(ALICE) == 5
    assert node.produce().identities == (second.identity,)
    assert node.pool.reserved(ALICE) == 0


def test_a_payer_must_cover_the_fees_of_all_that_waits(node: Node) -> None:
    """Two transactions whose fees may take three quarters of the balance each do not both wait; a replacement counts once."""
    price = FUNDS * 3 // 4 // 5
    node.submit(priced(0, price // 2).encoded)
    node.submit(priced(0, price).encoded)
    assert refusal_of(node, priced(1, price)) is Refused.FEE_NOT_COVERED
    node.submit(priced(1, price // 3).encoded)


def test_the_pool_is_bounded_per_sender(node: Node) -> None:
    """In a pool that is half full of one sender's, the next is SenderFull, and another sender's first is taken."""
    for sequence in range(5):
        node.submit(payment(sequence).encoded)
    assert refusal_of(node, payment(5)) is Refused.SENDER_FULL
    node.submit(payment(0, 1, "carol").encoded)


@pytest.mark.parametrize("pool", [Pool(transactions_max=1), Pool(bytes_max=400)])
def test_the_pool_is_bounded_by_count_and_bytes(tmp_path: Path, pool: Pool) -> None:
    """A full pool says PoolFull and has room again after a block."""
    node = Node(tmp_path, specification(), clock=lambda: TIME_MS, pool=pool)
    node.submit(payment(0).encoded)
    assert refusal_of(node, payment(0, 1, "carol")) is Refused.POOL_FULL
    node.produce()
    node.submit(payment(0, 1, "carol").encoded)
    node.close()


def test_what_cannot_be_in_the_block_any_more_leaves_the_pool(tmp_path: Path) -> None:
    """A second transaction whose fee the first has used up is refused at production, with its reason
    remembered.
    """
    node = open_node(tmp_path)
    first = payment(0, FUNDS - 1)
    body = Body(CHAIN_ID, ALICE, 1, 5_000_000, 100, (Pay(BOB, "CNY", 1),), expiry_height=50)
    second = sign(body, [KEYS["alice"]])
    node.submit(first.encoded)
    node.submit(second.encoded)
    assert len(node.produce().receipts) == 1
    assert node.refused[second.identity].code is Refused.FEE_NOT_COVERED
    assert len(node.pool) == 0
    node.close()


def test_a_block_is_cut_by_gas(tmp_path: Path) -> None:
    """What does not fit waits for the next block."""
    node = open_node(tmp_path, gas_limit=5_010_000)
    for sequence in range(4):
        node.submit(payment(sequence).encoded)
    sizes = []
    while len(node.pool):
        sizes.append(len(node.produce().receipts))
    assert len(sizes) > 1
    assert sum(sizes) == 4
    node.close()


def test_a_simulation_changes_nothing(node: Node) -> None:
    """It tells gas and outcome, and the state is as before."""
    receipt = node.simulate(payment(0, 5).encoded)
    assert receipt.ok
    assert (node.balance(BOB, "CNY"), node.head.height, len(node.pool)) == (FUNDS, 0, 0)
    node.submit(payment(0, 5).encoded)
    assert node.produce().receipts[0].gas_used == receipt.gas_used


def test_headers_commit_to_transactions_and_receipts(node: Node) -> None:
    """Block bytes come back, their roots are those of the lists, and the state root proves a balance."""
    node.submit(payment(0).encoded)
    applied = node.produce()
    block = decode_block(applied.block.encoded)
    assert block == applied.block
    assert decode_header(block.header.encoded).transactions_root == merkle_root(list(block.transactions))
    assert block.header.receipts_root == merkle_root([receipt.encoded for receipt in applied.receipts])
    proof = node.prove(account_key(BOB))
    assert verify_proof(proof, block.header.state_root)


# Genesis.


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": ""},
        {"chain_id": 5},
        {"time_ms": -1},
        {"time_ms": 1.5},
        {"base_currency": "EUR"},
        {"base_currency": "cny"},
        {"currencies": []},
        {"currencies": [{"code": "CNY", "decimals": 2}] * 2},
        {"currencies": [{"code": "CNY", "decimals": 19}]},
        {"currencies": [{"code": "CNY"}]},
        {"wallets": []},
        {"wallets": [{"key": "zz", "balances": {}}]},
        {"wallets": [{"key": KEYS["fees"].public.hex(), "balances": {"EUR": 1}}]},
        {"wallets": [{"key": KEYS["fees"].public.hex(), "balances": {"CNY": 0}}]},
        {"wallets": [{"key": KEYS["fees"].public.hex(), "balances": {"CNY": 2**128}}]},
        {"wallets": [{"key": KEYS["fees"].public.hex(), "balances": {"CNY": 2**127}}, {}]},
        {"wallets": [{"key": KEYS["fees"].public.hex(), "balances": {}}] * 2},
        {"fee_wallet": 7},
        {"surprise": 1},
        {"gas_limit": 0},
        {"wallets": None},
    ],
)
def test_a_wrong_genesis_is_refused(changes: dict[str, object]) -> None:
    """Every field is checked: WrongGenesis, never anything else."""
    with pytest.raises(Refusal) as caught:
        make_genesis(specification(**changes))
    assert caught.value.code is Refused.WRONG_GENESIS


def test_genesis_does_not_depend_on_the_order_of_its_text() -> None:
    """Currencies and wallets in another order make the same block."""
    turned = specification()
    turned["wallets"] = turned["wallets"][::-1]
    turned["currencies"] = turned["currencies"][::-1]
    assert make_genesis(turned).block.encoded == make_genesis(specification()).block.encoded


def test_development_keys_are_refused_off_the_devnet() -> None:
    """Another chain's genesis that funds a well-known key is DevelopmentKey; the devnet's own is fine."""
    assert devnet_specification()["chain_id"] == DEVNET_CHAIN_ID
    refuse_development_keys(devnet_specification())
    with pytest.raises(Refusal) as caught:
        refuse_development_keys(devnet_specification(chain_id="real-chain"))
    assert caught.value.code is Refused.DEVELOPMENT_KEY


def test_a_node_does_not_start_with_development_keys_off_the_devnet(tmp_path: Path) -> None:
    """The node itself refuses such a genesis, and writes nothing."""
    with pytest.raises(Refusal) as caught:
        Node(tmp_path / "new", devnet_specification(chain_id="real-chain"), clock=lambda: TIME_MS)
    assert caught.value.code is Refused.DEVELOPMENT_KEY
    assert not (tmp_path / "new").exists()


DETERMINISM = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from ledger_world import *
from vm.types import CoinValue
from chain.primitives.transaction import OpenWallet, Pay
world = World()
bank = world.deploy("alice", "bank")
for i in range(5):
    world.send("alice", call(bank, "bank", "deposit", CoinValue("CNY", 10 + i)), Pay(BOB, "USD", 1),
    gas_price=77)
    world.send("bob", Pay(CAROL, "CNY", FUNDS * i), OpenWallet(KEYS["dave"].public))
world.send("alice", call(bank, "bank", "pay", CAROL, 10))
print(world.head.hash.hex(), "".join(r.encoded.hex() for b in world.blocks for r in b.receipts))
"""


def test_the_same_blocks_come_out_whatever_the_hash_seed_time_zone_and_locale() -> None:
    """Bytes of headers and receipts are equal in processes that differ in everything else."""
    program = DETERMINISM.format(root=str(ROOT), tests=str(Path(__file__).parent))
    outputs = set()
    for seed, zone, locale in (
        ("0", "UTC", "C"),
        ("1", "Asia/Shanghai", "C.UTF-8"),
        ("4242", "America/New_York", "C"),
    ):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        outputs.add(
            subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True).stdout
        )
    assert len(outputs) == 1


def test_a_genesis_may_have_more_wallets_than_a_transaction_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no transaction: the room of a journal does not bound it."""
    monkeypatch.setattr("vm.journal.JOURNAL_ENTRIES_MAX", 12)
    keys = [SecretKey.development("many", number).public.hex() for number in range(20)]
    wallets = [{"key": key, "balances": {"CNY": 5}} for key in keys]
    genesis = make_genesis(specification(fee_wallet=keys[0], wallets=wallets))
    assert [(supply.currency, supply.wallets) for supply in genesis.block.header.supply] == [("CNY", 100), ("USD", 0)]
