"""A data directory that was damaged while the node was stopped: a typed refusal, whatever the damage."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import lmdb
import pytest
from ledger_world import BOB, FUNDS
from store_world import block, changes, contents, put_raw
from test_chain_node import damage, open_node, payment

from chain.client.client import Client
from chain.node import node as node_module
from chain.node.devnet import BALANCE, CURRENCY, development_wallets, devnet_specification, start_devnet
from chain.node.node import Node
from chain.primitives.hash import tagged_hash
from chain.primitives.keyspace import account_key
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import decode_transaction
from chain.state.sealed import TABLES, seal, unseal
from chain.state.store import Store

ROOT = Path(__file__).parents[2]


def data_file(directory: Path) -> Path:
    """Where the pages are."""
    return directory / "ledger" / "data.mdb"


def refusal_of(directory: Path) -> Refusal:
    """How a node refuses to start."""
    with pytest.raises(Refusal) as caught:
        open_node(directory)
    assert caught.value.code is Refused.WRONG_STORE
    return caught.value


def outcome_in_a_child(directory: Path) -> int:
    """What becomes of a process that opens the ledger and goes on: 0 it did, 1 it was refused, 2 the store failed."""
    child = os.fork()
    if child == 0:
        try:
            node = open_node(directory)
            node.submit(payment(5).encoded)
            node.produce()
            os._exit(0)
        except Refusal as refusal:
            os._exit(1 if refusal.message.startswith("the data directory is damaged: ") else 3)
        except StoreFailed:
            os._exit(2)
        except BaseException:
            os._exit(4)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("size", [0, 1, 100, 4_096, 5_000, 8_191, 8_192, 20_000])
def test_a_ledger_that_was_cut_off_is_damaged_and_not_new(directory: Path, size: int) -> None:
    """At whatever length, nothing of it too."""
    os.truncate(data_file(directory), size)
    assert outcome_in_a_child(directory) == 1
    refusal = refusal_of(directory)
    assert "copy" in refusal.remedy
    assert data_file(directory).stat().st_size == size, "a refused file stays as it is"


def test_a_ledger_that_is_gone_is_damaged_and_not_new(directory: Path) -> None:
    """The note beside it says that there was one."""
    data_file(directory).unlink()
    assert "is gone" in refusal_of(directory).message


def test_a_meta_page_that_hides_the_newest_block_is_refused(directory: Path) -> None:
    """Without it LMDB would go back to the block before, in silence."""
    data = bytearray(data_file(directory).read_bytes())
    turns = [int.from_bytes(data[at + 144 : at + 152], "little") for at in (0, 4_096)]
    at = 4_096 * turns.index(max(turns))
    data[at + 144 : at + 152] = bytes(8)
    data_file(directory).write_bytes(data)
    assert "do not belong together" in refusal_of(directory).message


def test_an_empty_store_in_place_of_a_ledger_is_refused(directory: Path) -> None:
    """A whole file without a head is new only if nothing had begun."""
    data_file(directory).unlink()
    lmdb.open(str(directory / "ledger"), max_dbs=8).close()
    assert "is gone" in refusal_of(directory).message


def test_an_empty_file_that_never_had_a_ledger_is_a_new_one(tmp_path: Path) -> None:
    """As is left by a node that was killed before its first block."""
    (tmp_path / "ledger").mkdir()
    data_file(tmp_path).touch()
    node = open_node(tmp_path)
    assert node.head.height == 0
    node.close()


def test_a_ledger_without_its_note_gets_one(directory: Path) -> None:
    """A directory of an earlier version is opened, and told apart from a new one from then on."""
    (directory / "begun").unlink()
    node = open_node(directory)
    assert node.head.height == 5
    node.close()
    os.truncate(data_file(directory), 0)
    assert "is gone" in refusal_of(directory).message


def test_random_bytes_in_the_middle_are_refused(directory: Path) -> None:
    """Of all pages but the first two."""
    data = bytearray(data_file(directory).read_bytes())
    data[8_192:80_000] = random.Random(1).randbytes(80_000 - 8_192)
    data_file(directory).write_bytes(data)
    assert outcome_in_a_child(directory) == 1


def scribble(data: bytearray, chance: random.Random) -> bytearray:
    """Some damage: an end cut off, a stretch or single bytes overwritten, or a page put in the place of another."""
    kind = chance.randrange(4)
    if kind == 0:
        return data[: chance.randrange(len(data))]
    if kind == 1:
        at, many = chance.randrange(len(data)), chance.randrange(1, 60_000)
        data[at : at + many] = chance.randbytes(min(many, len(data) - at))
    elif kind == 2:
        for _ in range(chance.randrange(1, 40)):
            data[chance.randrange(len(data))] = chance.randrange(256)
    else:
        at, other = (4_096 * chance.randrange(len(data) // 4_096) for _ in range(2))
        data[at : at + 4_096] = data[other : other + 4_096]
    return data


def wreck(directory: Path, rounds: int) -> None:
    """Damage a ledger so often, and start it in a process of its own: it goes on, or is refused as damaged."""
    chance = random.Random(rounds)
    whole = data_file(directory).read_bytes()
    for _ in range(rounds):
        data_file(directory).write_bytes(scribble(bytearray(whole), chance))
        assert outcome_in_a_child(directory) in (0, 1)


def test_no_damage_kills_the_process_or_is_a_defect(directory: Path) -> None:
    """40 random ones."""
    wreck(directory, 40)


@pytest.mark.long
def test_no_damage_kills_the_process_or_is_a_defect_long(directory: Path) -> None:
    """3,000 random ones."""
    wreck(directory, 3_000)


def test_a_balance_that_was_changed_on_disk_is_found(directory: Path) -> None:
    """The flat state must give the state root of the head."""
    damage(directory, b"state", account_key(BOB), b"\x01")
    assert "state root" in refusal_of(directory).message


def test_receipts_that_were_changed_on_disk_are_found(directory: Path) -> None:
    """Those of the newest blocks must give the receipts root."""
    damage(directory, b"receipts", (3).to_bytes(8) + bytes(4), b"\x01")
    assert "block 3 has other receipts" in refusal_of(directory).message


def test_a_balance_in_a_large_state_is_found_when_it_is_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the root page is all that is looked at when the node starts; the checksum is at every read."""
    put_raw(directory, b"state", account_key(BOB), b"\x01" + bytes(4))
    monkeypatch.setattr(node_module, "KEYS_CHECKED_AT_START", 1)
    node = open_node(directory)
    with pytest.raises(StoreFailed, match="not as it was written"):
        node.balance(BOB, "CNY")
    node.close()


# Stored values.


MANY_KEYS = 5_500


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with rows in every table, and more keys than are looked at when a node starts."""
    place = tmp_path_factory.mktemp("large")
    with closing(Store(place)) as store:
        store.commit(block(store, {b"k%05d" % n: b"%d" % n * 9 for n in range(MANY_KEYS)}))
        chance = random.Random(4)
        for _ in range(140):
            store.commit(block(store, changes(chance, MANY_KEYS, 6), transactions=3))
        store.prune(6)
        store.mark(bytes(32))
    return place


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    """One that may be damaged."""
    return Path(shutil.copytree(large, tmp_path / "copy"))


def answers(store: Store) -> list[object]:
    """All that a store can be asked, with what it raises."""
    heights = range(145)
    keys = [b"k%05d" % n for n in range(0, MANY_KEYS + 100, 9)]
    identities = [tagged_hash(b"tests/transaction", height.to_bytes(8) + bytes([n])) for height in heights for n in range(4)]
    pages = [b"r", b"p", *(b"p%x%x" % (n // 16, n % 16) for n in range(256))]
    questions: list[Callable[[], object]] = [
        store.head,
        store.pruned_before,
        lambda: list(store.entries()),
        lambda: store.events(b"", 10_000),
        *(partial(store.get, key) for key in keys),
        *(partial(store.page, key) for key in pages),
        *(partial(each, height) for each in (store.block, store.header, store.identities, store.receipts) for height in heights),
        *(partial(store.receipt, height, n) for height in heights for n in range(4)),
        *(partial(store.find, identity) for identity in identities),
        *(partial(lambda height: store.at(height).changes(), height) for height in heights[::8]),
    ]
    return [outcome(question) for question in questions]


def outcome(question: Callable[[], object]) -> object:
    """An answer, or how it is refused."""
    try:
        return question()
    except StoreFailed:
        return StoreFailed
    except Refusal as refusal:
        return str(refusal)


def lies_in_a_child(directory: Path, truth: list[object]) -> int:
    """What becomes of a process that asks a damaged store everything: 0 all is true, 1 it was refused when opened, 2 some reading
    failed and the rest is true, 3 something was served that is not so.
    """
    child = os.fork()
    if child == 0:
        try:
            given = answers(Store(directory))
            wrong = [answer for answer, right in zip(given, truth, strict=True) if answer != right]
            os._exit(0 if not wrong else 2 if all(answer is StoreFailed for answer in wrong) else 3)
        except Refusal as refusal:
            os._exit(1 if refusal.code is Refused.WRONG_STORE else 4)
        except BaseException:
            os._exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def flip(data: bytearray, chance: random.Random) -> None:
    """Change one byte: anywhere, in the head or the list of a page, or where the entries of a page are; a quarter of them in
    pages that lead to others.
    """
    pages = range(0, len(data), 4_096)
    leading = [page for page in pages if data[page + 10] == 1]
    page = chance.choice(leading if chance.randrange(4) == 0 else pages)
    at = chance.choice((chance.randrange(4_096), chance.randrange(16), chance.randrange(80), chance.randrange(2_000, 4_096)))
    data[page + at] ^= 1 << chance.randrange(8)


def flip_and_ask(directory: Path, rounds: int) -> dict[int, int]:
    """How often what became of a store with one byte changed."""
    chance = random.Random(rounds)
    with closing(Store(directory)) as store:
        truth = answers(store)
    assert StoreFailed not in truth
    whole = data_file(directory).read_bytes()
    became = Counter[int]()
    for _ in range(rounds):
        data = bytearray(whole)
        flip(data, chance)
        data_file(directory).write_bytes(data)
        became[lies_in_a_child(directory, truth)] += 1
    return dict(became)


def test_a_byte_that_was_changed_is_never_served(copy: Path) -> None:
    """25 random ones, in a state of more keys than are looked at when a node starts."""
    became = flip_and_ask(copy, 25)
    assert set(became) <= {0, 1, 2}
    assert became[1] > 0
    assert became[2] > 0


@pytest.mark.long
def test_a_byte_that_was_changed_is_never_served_long(copy: Path) -> None:
    """3,000 random ones."""
    assert set(flip_and_ask(copy, 3_000)) == {0, 1, 2}


READ: dict[bytes, Callable[[Store, bytes], object]] = {
    b"meta": lambda store, key: store.head(),
    b"blocks": lambda store, key: store.block(int.from_bytes(key)),
    b"identities": lambda store, key: store.identities(int.from_bytes(key)),
    b"index": lambda store, key: store.find(key),
    b"receipts": lambda store, key: store.receipt(int.from_bytes(key[:8]), int.from_bytes(key[8:])),
    b"events": lambda store, key: store.events(key, 10),
    b"state": lambda store, key: store.get(key),
    b"tree": lambda store, key: store.page(key),
    b"undo": lambda store, key: store.undo(int.from_bytes(key)),
    b"headers": lambda store, key: store.header(int.from_bytes(key)),
    b"paths": lambda store, key: store.key_of(key),
    b"certificates": lambda store, key: store.certificate(int.from_bytes(key)),
}
"""How a row of each table is read."""


def rows_of(directory: Path, table: bytes) -> list[tuple[bytes, bytes]]:
    """The rows of a closed store as they are stored: of `meta` the head alone, since without its format nothing is opened."""
    with closing(Store(directory)) as store:
        return [(key, stored) for key, stored in contents(store)[table].items() if table != b"meta" or key == b"head"]


def refused_when_read(directory: Path, table: bytes, key: bytes) -> None:
    """A row is not served."""
    with closing(Store(directory)) as store, pytest.raises(StoreFailed):
        READ[table](store, key)


@pytest.mark.parametrize("table", TABLES)
def test_a_value_that_was_changed_is_refused_when_it_is_read(copy: Path, table: bytes) -> None:
    """In every table: one bit of it, its end cut off, all of it gone, another row's in its place, or another table's."""
    rows = rows_of(copy, table)
    key, stored = rows[len(rows) // 2]
    others = [other for _, other in rows if other != stored] or [seal(b"undo", key, b"head")]
    wrong = [bytes([stored[0] ^ 1]) + stored[1:], stored[:-1] + bytes([stored[-1] ^ 128]), stored[:-1], b"", others[0]]
    wrong.append(seal(next(name for name in TABLES if name != table), key, unseal(table, key, stored)))
    for each in wrong:
        put_raw(copy, table, key, each)
        refused_when_read(copy, table, key)
        with closing(Store(copy)) as store, pytest.raises(StoreFailed):
            store.check()
    put_raw(copy, table, key, stored)
    with closing(Store(copy)) as store:
        assert READ[table](store, key) is not None
        store.check()


@pytest.mark.parametrize("table", [name for name in TABLES if name != b"meta"])
def test_a_row_whose_key_was_changed_is_not_taken_for_absent(copy: Path, table: bytes) -> None:
    """The last bit of the key, of a row in the middle, the first and the last one: whoever asks for it is refused."""
    rows = rows_of(copy, table)
    longest = max(len(key) for key, _ in rows)
    rows = [row for row in rows if len(row[0]) == longest]  # of the tree: others would not stay where they are
    for key, stored in (rows[len(rows) // 2], rows[0], rows[-1]):
        changed = key[:-1] + bytes([key[-1] ^ 1])
        kept = dict(rows).get(changed)
        put_raw(copy, table, key, None)
        put_raw(copy, table, changed, stored)
        refused_when_read(copy, table, key)
        put_raw(copy, table, changed, kept)
        put_raw(copy, table, key, stored)


def test_a_table_that_is_gone_is_not_made_anew(copy: Path) -> None:
    """A ledger that has begun has all of them."""
    with lmdb.open(str(copy / "ledger"), max_dbs=16, map_size=2**30) as environment:
        table = environment.open_db(b"state")
        with environment.begin(write=True) as transaction:
            transaction.drop(table)
    with pytest.raises(Refusal, match="damaged"):
        Store(copy)


def test_another_genesis_is_another_chain_and_no_damage(directory: Path) -> None:
    """Nobody is told to restore what is whole, and it is left as it was."""
    with pytest.raises(Refusal) as caught:
        open_node(directory, time_ms=5)
    refusal = caught.value
    assert refusal.code is Refused.WRONG_STORE
    assert "another chain" in refusal.message
    assert "damaged" not in refusal.message
    assert "estore" not in refusal.remedy
    assert "--seed" in refusal.remedy
    node = open_node(directory)
    first = node.block(0)
    assert first is not None
    assert refusal.data["genesis"] == first.header.hash.hex()
    assert node.balance(BOB, "CNY") == FUNDS + 5
    node.close()


def test_a_first_block_that_is_another_is_damage_when_the_note_knows(directory: Path, tmp_path: Path) -> None:
    """The note has the hash of the genesis with which the ledger began."""
    other = open_node(tmp_path / "other", time_ms=5)
    block = other.store.block(0)
    other.close()
    assert block is not None
    damage(directory, b"blocks", bytes(8), block)
    assert "is not the genesis" in refusal_of(directory).message


def devnet_command(*more: str, cwd: Path) -> subprocess.Popen[bytes]:
    """`tael devnet` as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-c", "from kit.main import main; main()", "devnet", "--port", "0", *more]
    return subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd=cwd)


@pytest.mark.parametrize(
    ("size", "seed", "words"),
    [(5_000, None, b"is damaged"), (0, None, b"is damaged"), (None, "elsewhere", b"another chain")],
)
def test_the_command_refuses_with_exit_code_4(tmp_path: Path, size: int | None, seed: str | None, words: bytes) -> None:
    """One sentence and what to do."""
    start_devnet(tmp_path / "data").stop()
    if size is not None:
        os.truncate(data_file(tmp_path / "data"), size)
    process = devnet_command("--data", "data", *(() if seed is None else ("--seed", seed)), cwd=tmp_path)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 4, error
    assert words in error
    assert b"defect" not in error


def run_and_kill(place: Path, chance: random.Random, acknowledged: set[bytes]) -> None:
    """One life of a devnet under load, ended at a random moment; what it acknowledged is added."""
    ready = place / "ready.json"
    ready.unlink(missing_ok=True)
    process = devnet_command("--data", "data", "--ready-file", "ready.json", cwd=place)
    wallets = development_wallets()
    alive = threading.Event()
    try:
        for _ in range(3_000):
            if ready.exists():
                break
            time.sleep(0.01)
        client = Client(json.loads(ready.read_text())["address"])

        def load() -> None:
            while True:
                try:
                    outcome = client.pay(wallets[0].key, wallets[0].address, wallets[1].address, CURRENCY, 1)
                except (Refusal, OSError):  # killed in between: it may be on disk or not
                    return
                assert outcome.receipt.ok
                acknowledged.add(outcome.receipt.identity)
                alive.set()

        worker = threading.Thread(target=load)
        worker.start()
        assert alive.wait(30)
        time.sleep(chance.random() / 4)
        process.send_signal(signal.SIGKILL)
        worker.join(30)
    finally:
        process.kill()
        process.communicate()


def kill_devnets(place: Path, rounds: int) -> None:
    """So many lives of one ledger: every payment acknowledged is there, none twice, and it serves at the end."""
    chance = random.Random(rounds)
    acknowledged = set[bytes]()
    for _ in range(rounds):
        run_and_kill(place, chance, acknowledged)
    wallets = development_wallets()
    with start_devnet(place / "data") as devnet:
        client = Client(devnet.address)
        assert client.pay(wallets[0].key, wallets[0].address, wallets[1].address, CURRENCY, 1).receipt.ok
    node = Node(place / "data", devnet_specification(), clock=lambda: 0)
    paid: list[bytes] = []
    for height in range(1, node.head.height + 1):
        block = node.block(height)
        assert block is not None
        paid += [decode_transaction(data).identity for data in block.transactions]
    assert len(set(paid)) == len(paid)
    assert acknowledged <= set(paid)
    assert node.balance(wallets[1].address, CURRENCY) == BALANCE + len(paid)
    assert node.replay() == node.head.state_root
    node.close()


def test_a_devnet_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Three kills under load."""
    kill_devnets(tmp_path, 3)


@pytest.mark.long
def test_a_devnet_that_is_killed_a_hundred_times_loses_nothing(tmp_path: Path) -> None:
    """100 kills under load."""
    kill_devnets(tmp_path, 100)
