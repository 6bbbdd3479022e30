"""What somebody who means harm tries against the ledger, its node and its keys."""

from __future__ import annotations

import json
import os
import select
import socket
from pathlib import Path
from typing import Any

import pytest
from cachetools import LRUCache
from ledger_world import ALICE, BOB, CHAIN_ID, KEYS, World, specification

from chain.client.keystore import Keystore
from chain.ledger import contracts, execution
from chain.ledger.machine import BlockMachine
from chain.node import api_request
from chain.node.development import devnet_specification, refuse_development_keys
from chain.node.devnet import start_devnet
from chain.node.inquiries import trace, trace_included
from chain.node.node import Node
from chain.primitives.address import contract_address
from chain.primitives.keyspace import account_key
from chain.primitives.limits import GAS_ARGUMENT_VALUE, GAS_TRACE_STEP, GAS_TRANSACTION_BYTE, PAGE_BYTES_MAX, READ_GAS_MAX
from chain.primitives.receipt import decode_receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Body, Call, Deploy, Pay, sign
from chain.state import directory as directory_module
from chain.state.overlay import BlockOverlay
from chain.state.sealed import seal
from vm import instructions as i
from vm.codec import encode_module
from vm.failure import Failure
from vm.gas import GAS_PART_ENCODE
from vm.limits import CODE_CACHED_GAS_MAX
from vm.module import Constant, Function, Kind, Module, Record
from vm.type_table import type_table
from vm.types import BOOL, U8, Bytes, List, Option, Text, Type
from vm.values import encode_arguments

TIME_MS = 1_700_000_000_000
NO_ARGUMENTS = b"\x90"


def code(types: tuple[Type, ...], functions: tuple[Function, ...], **parts: Any) -> bytes:
    """The bytes of a module."""
    empty: dict[str, Any] = dict.fromkeys(
        ("constants", "fields", "phases", "steps", "events", "errors", "externals", "implements", "promises"), ()
    )
    module = Module(name="Attack", currency=None, types=type_table(types), functions=functions, **{**empty, **parts})
    return encode_module(module)


def giver(count: int) -> bytes:
    """A contract whose only function returns a constant of so many truth values."""
    kind = List(BOOL, 4_096)
    function = Function("go", Kind.PUBLIC, (), kind, None, 0, (), (i.CONST, 0, i.RETURN))
    return code((kind,), (function,), constants=(Constant(kind, (True,) * count),))


def spinner() -> bytes:
    """A contract whose only function runs for a long time."""
    function = Function("go", Kind.PUBLIC, (), None, None, 0, (), (i.LOOP, 1_000_000, *(i.NOW, i.DROP) * 50, i.END))
    return code((), (function,))


def emitter() -> bytes:
    """A contract that emits sixty events of 16,000 bytes."""
    kind = Bytes(16_000)
    body = (i.CONST, 0, i.EMIT, 0) * 60
    function = Function("go", Kind.PUBLIC, (), None, None, 8, (), (*body, i.RETURN))
    return code((kind,), (function,), constants=(Constant(kind, bytes(16_000)),), events=(Record("Big", (("a", kind),)),))


def deployed(world: World, module: bytes) -> bytes:
    """The address of a module that Alice deploys."""
    transaction = world.transaction("alice", Deploy(module, "CNY", NO_ARGUMENTS), gas_limit=50_000_000)
    assert world.commit(transaction).receipts[0].ok
    return contract_address(ALICE, transaction.identity, 0)


def test_a_long_result_is_paid_for() -> None:
    """A constant costs one gas to push; encoding it as the result of a call costs what encoding costs."""
    world, used = World(), []
    for count in (1, 4_001):
        address = deployed(world, giver(count))
        receipt = world.send("alice", Call(address, "go", NO_ARGUMENTS))
        assert receipt.ok
        used.append(receipt.gas_used)
    assert used[1] - used[0] == 4_000 * GAS_PART_ENCODE


def test_a_result_that_cannot_be_paid_is_not_made() -> None:
    """Out of gas at the end of a call undoes it."""
    world = World()
    address = deployed(world, giver(4_001))
    receipt = world.send("alice", Call(address, "go", NO_ARGUMENTS), gas_limit=25_000)
    assert receipt.error is not None
    assert receipt.error.name == "OutOfGas"


def test_the_longest_receipt_can_be_read_again() -> None:
    """Sixteen calls that emit as much as they may: the transaction fails, and its receipt is small."""
    world = World()
    address = deployed(world, emitter())
    good = world.send("alice", Call(address, "go", NO_ARGUMENTS), gas_limit=50_000_000)
    assert good.ok
    assert decode_receipt(good.encoded) == good
    bad = world.send("alice", *[Call(address, "go", NO_ARGUMENTS)] * 2, gas_limit=50_000_000)
    assert bad.error is not None
    assert bad.error.name == "LimitExceeded"
    assert not bad.events


def taker(kind: Type) -> bytes:
    """A contract whose only function takes a value and does nothing with it."""
    return code((kind,), (Function("go", Kind.PUBLIC, (("a", kind),), None, None, 0, (), (i.RETURN,)),))


@pytest.mark.parametrize(
    ("kind", "few", "many", "values"),
    [
        (List(U8, 4_096), (), (7,) * 4_000, 4_000),
        (List(Option(U8), 4_096), (), ((0,),) * 4_000, 8_000),
        (List(Option(U8), 4_096), (), ((1, 7),) * 4_000, 12_000),
        (List(Text(9), 4_096), (), ("a",) * 4_000, 4_000),
        (Bytes(4_096), b"", bytes(4_000), 0),
    ],
    ids=str,
)
def test_arguments_are_paid_for_by_their_values(kind: Type, few: Any, many: Any, values: int) -> None:
    """Long lists of small values cost so much each on top of their bytes, one within another counted too."""
    world = World()
    address = deployed(world, taker(kind))
    used = []
    for value in (few, many):
        transaction = world.transaction("alice", Call(address, "go", encode_arguments([kind], (value,))), gas_limit=50_000_000)
        receipt = world.commit(transaction).receipts[0]
        assert receipt.ok
        used.append(receipt.gas_used - GAS_TRANSACTION_BYTE * len(transaction.encoded))
    assert used[1] - used[0] == values * GAS_ARGUMENT_VALUE


@pytest.mark.parametrize("way", ["call", "deploy", "read"])
def test_arguments_that_cannot_be_paid_are_not_decoded(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of gas comes before the work."""
    kind = List(U8, 4_096)
    world = World()
    functions = (
        Function("start", Kind.INIT, (("a", kind),), None, None, 0, (), (i.RETURN,)),
        Function("go", Kind.PUBLIC, (("a", kind),), None, None, 0, (), (i.RETURN,)),
        Function("see", Kind.VIEW, (("a", kind),), None, None, 0, (), (i.RETURN,)),
    )
    module = code((kind,), functions)
    short, long = encode_arguments([kind], ((),)), encode_arguments([kind], ((7,) * 4_000,))
    first = world.transaction("alice", Deploy(module, "CNY", short))
    assert world.commit(first).receipts[0].ok
    address = contract_address(ALICE, first.identity, 0)
    decoded: list[object] = []
    monkeypatch.setattr(execution, "read_arguments", lambda _, wire: decoded.append(wire))
    gas = 4_000 * GAS_ARGUMENT_VALUE  # one value less than there are, the list being one
    if way == "read":
        with pytest.raises(Failure, match="OutOfGas"):
            execution.Execution(BlockMachine(BlockOverlay(world.view), now_ms=0), gas_limit=gas).read(address, "see", long)
    else:
        action = Call(address, "go", long) if way == "call" else Deploy(module, "CNY", long)
        run = execution.Execution(BlockMachine(BlockOverlay(world.view), now_ms=0), gas_limit=gas)
        error = run.run((action,), ALICE, bytes(32)).error
        assert error is not None
        assert error.name == "OutOfGas"
    assert decoded == []


@pytest.mark.parametrize("part", [16, pytest.param(1, marks=pytest.mark.long)])
def test_remembered_code_is_bounded(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many modules are tried, the code that is kept ready to run is bounded by what making it takes, here in a cache of a
    part of its size.
    """
    most = CODE_CACHED_GAS_MAX // part
    assert contracts._cache.maxsize == CODE_CACHED_GAS_MAX
    monkeypatch.setattr(contracts, "_cache", LRUCache(most, contracts._cache.getsizeof))
    first = contracts.verified_code(giver(4_000))[0]
    for count in range(1, 4_000, 2 * part):
        contracts.verified_code(giver(count))
    assert first not in contracts._cache
    assert contracts._cache.currsize <= most
    assert contracts._cache.currsize == sum(price for _, price in contracts._cache.values())


@pytest.mark.parametrize("blank", [" ", "\t", "\n"], ids=repr)
def test_development_keys_with_blanks_in_them_are_recognised(blank: str) -> None:
    """A genesis reads `01 ab` as `01ab`, so the check for development keys does too."""
    changed = devnet_specification(chain_id="another-chain")
    for wallet in changed["wallets"]:
        wallet["key"] = blank.join(wallet["key"][n : n + 2] for n in range(0, 66, 2))
    with pytest.raises(Refusal) as caught:
        refuse_development_keys(changed)
    assert caught.value.code is Refused.DEVELOPMENT_KEY


def open_node(directory: Path) -> Node:
    """A node whose clock stands still."""
    return Node(directory, specification(), clock=lambda: TIME_MS)


def payment(node: Node, *actions: Any, gas_limit: int = 5_000_000) -> bytes:
    """The next transaction of Alice's first lane."""
    sequence = node.next_sequence(ALICE, 0)
    body = Body(CHAIN_ID, ALICE, sequence, gas_limit, 0, actions or (Pay(BOB, "CNY", 1),), expiry_height=5_000)
    return sign(body, [KEYS["alice"]]).encoded


def test_a_data_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """The process is not killed by reading beyond the end of the file."""
    node = open_node(tmp_path)
    node.submit(payment(node))
    node.produce()
    node.close()
    data = tmp_path / "ledger" / "data.mdb"
    os.truncate(data, data.stat().st_size // 2 // 4_096 * 4_096)
    with pytest.raises(Refusal) as caught:
        open_node(tmp_path)
    assert caught.value.code is Refused.WRONG_STORE


def test_damaged_state_stops_the_node_and_blames_no_transaction(tmp_path: Path) -> None:
    """Bytes that are no amount where a balance should be are a failure of the store, not of who pays."""
    node = open_node(tmp_path)
    data = payment(node)
    with node.store._env.begin(write=True) as transaction:
        key = account_key(BOB)
        transaction.put(key, seal(b"state", key, b"\xff\xff"), db=node.store._tables[b"state"])
    node.store.renew()
    identity = node.submit(data).identity
    with pytest.raises(StoreFailed):
        node.produce()
    assert identity not in node.refused
    with pytest.raises(Refusal) as caught:
        node.submit(data)
    assert caught.value.code is Refused.STOPPED
    node.close()


def test_a_full_disk_stops_the_node_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A map with no room left raises `StoreFailed`; with room again the node goes on from the last whole block."""
    monkeypatch.setattr(directory_module, "STORE_MAP_BYTES", 512 * 1024)
    node = open_node(tmp_path)
    committed: list[bytes] = []
    with pytest.raises(StoreFailed):
        while len(committed) < 1_000:
            identity = node.submit(payment(node)).identity
            node.produce()
            committed.append(identity)
    assert committed
    node.close()
    monkeypatch.setattr(directory_module, "STORE_MAP_BYTES", 64 * 1024 * 1024)
    again = open_node(tmp_path)
    assert again.head.height == len(committed)
    assert all(again.receipt(identity) is not None for identity in committed)
    assert again.replay() == again.head.state_root
    again.submit(payment(again))
    again.produce()
    again.close()


def test_a_genesis_without_room_for_it_is_a_typed_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store too small for its first block says so."""
    monkeypatch.setattr(directory_module, "STORE_MAP_BYTES", 10 * 4_096)
    with pytest.raises((StoreFailed, Refusal)):
        open_node(tmp_path)


def test_a_simulation_ends_after_its_gas(tmp_path: Path) -> None:
    """A great gas limit buys no more work than `READ_GAS_MAX`, and what needs more is refused."""
    node = open_node(tmp_path)
    deploy = Deploy(spinner(), "CNY", NO_ARGUMENTS)
    identity = node.submit(payment(node, deploy, gas_limit=50_000_000)).identity
    node.produce()
    address = contract_address(ALICE, identity, 0)
    with pytest.raises(Refusal) as caught:
        node.simulate(payment(node, Call(address, "go", NO_ARGUMENTS), gas_limit=2_000_000_000))
    assert caught.value.code is Refused.GAS_LIMIT_TOO_HIGH
    assert node.simulate(payment(node, gas_limit=READ_GAS_MAX * 5)).ok
    node.close()


def test_a_trace_ends_after_its_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is traced runs on the slow tier, where the gas of a read would take half a minute: as many instructions as the limit
    are traced, one more is refused, be it of a transaction to come or of one in a block with those before it; and they count
    as unpaid work.
    """
    node = open_node(tmp_path)
    identity = node.submit(payment(node, Deploy(spinner(), "CNY", NO_ARGUMENTS), gas_limit=50_000_000)).identity
    node.produce()
    call = payment(node, Call(contract_address(ALICE, identity, 0), "go", NO_ARGUMENTS), gas_limit=120_000)
    steps = trace(node, call)["steps"]
    included = node.submit(call).identity
    node.produce()
    monkeypatch.setattr("chain.node.tracing.TRACE_STEPS_MAX", steps)
    node.gas_unpaid = 0
    told = trace_included(node, included)
    assert told is not None and told["steps"] == steps
    assert node.gas_unpaid > GAS_TRACE_STEP * steps
    again = payment(node, Call(contract_address(ALICE, identity, 0), "go", NO_ARGUMENTS), gas_limit=120_000)
    assert trace(node, again)["steps"] == steps
    monkeypatch.setattr("chain.node.tracing.TRACE_STEPS_MAX", steps - 1)
    for ask in (lambda: trace(node, again), lambda: trace_included(node, included)):
        with pytest.raises(Refusal) as caught:
            ask()
        assert caught.value.code is Refused.TOO_LARGE
    node.close()


def test_a_page_of_events_is_bounded_in_bytes(tmp_path: Path) -> None:
    """Large events make pages short; following `next` still finds every one of them once."""
    node = open_node(tmp_path)
    identity = node.submit(payment(node, Deploy(emitter(), "CNY", NO_ARGUMENTS), gas_limit=50_000_000)).identity
    address = contract_address(ALICE, identity, 0)
    for _ in range(3):
        node.submit(payment(node, Call(address, "go", NO_ARGUMENTS), gas_limit=50_000_000))
        node.produce()
    node.produce()
    found: list[bytes] = []
    while page := node.store.events(found[-1] if found else b"", 1_000):
        assert sum(len(event) for _, event in page) < PAGE_BYTES_MAX + 20_000
        found += [cursor for cursor, _ in page]
    assert len(found) == len(set(found)) == 3 * 60
    node.close()


def begun_requests(host: str, port: str) -> list[socket.socket]:
    """Fifty connections whose requests have begun and do not go on."""
    found = [socket.create_connection((host, int(port)), timeout=5) for _ in range(50)]
    for connection in found:
        connection.sendall(b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    return found


def test_a_body_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are answered before those who send a byte now and then, and these are told in the end that it took too long."""
    with start_devnet() as devnet:
        host, port = devnet.address.removeprefix("http://").split(":")
        waiting = begun_requests(host, port)
        with socket.create_connection((host, int(port)), timeout=5) as quick:
            quick.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert quick.recv(100).startswith(b"HTTP/1.1 200")
        answered, _, _ = select.select(waiting, [], [], 0)
        assert len(answered) == 0
        monkeypatch.setattr(api_request, "REQUEST_SECONDS_MAX", 0.2)
        slow = begun_requests(host, port)
        assert sum(connection.recv(100).startswith(b"HTTP/1.1 400") for connection in slow) == 50
        for connection in waiting + slow:
            connection.close()


@pytest.mark.parametrize("n", [2, 2**14, 2**19, 2**20, 2**40, -1, 2**15 + 1, True, "32768"], ids=repr)
def test_a_key_file_cannot_ask_for_weak_or_endless_work(tmp_path: Path, n: object) -> None:
    """The cost of scrypt in a key file is at least our own and at most what takes no harm."""
    store = Keystore(tmp_path)
    store.create("alice", "password")
    path = tmp_path / "alice.key.json"
    content = json.loads(path.read_text())
    content["kdf"]["n"] = n
    path.write_text(json.dumps(content))
    with pytest.raises(Refusal) as caught:
        store.unlock("alice", "password", chain_id=CHAIN_ID, development_chain_id="tael-devnet")
    assert caught.value.code is Refused.WRONG_KEY_FILE


def test_a_key_file_half_written_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is a typed refusal, and the name can be used again."""
    store = Keystore(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refusal) as caught:
        store.create("alice", "password")
    assert caught.value.code is Refused.BAD_REQUEST
    assert not list(tmp_path.iterdir())


def test_a_port_is_free_again_after_a_failed_start(tmp_path: Path) -> None:
    """When the data directory is refused, the listener that was opened before it is closed."""
    (tmp_path / "file").write_text("in the way")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        with pytest.raises(Refusal) as caught:
            start_devnet(tmp_path / "file", port=port)
        assert caught.value.code is Refused.WRONG_STORE
