"""Resident code: who pays for bringing code that the ledger has let go, and that all nodes agree about it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from cachetools import LRUCache
from ledger_world import ADDRESSES, ALICE, BOB, CAROL, CHAIN_ID, KEYS, World, specification

from chain.ledger import machine, residence
from chain.ledger.contracts import Contract, read_contract
from chain.ledger.machine import BlockMachine
from chain.ledger.sandbox import Sandbox
from chain.node.node import Node
from chain.primitives.address import contract_address
from chain.primitives.codec import decode
from chain.primitives.keyspace import code_key, residence_key
from chain.primitives.limits import READ_GAS_MAX
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import Action, Body, Call, Deploy, OpenWallet, Pay, SetRules, sign
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay
from chain.state.sealed import seal
from vm.assembler import assemble
from vm.codec import encode_module
from vm.failure import Failure
from vm.limits import CODE_CACHED_GAS_MAX, CODE_RESIDENT_GAS_MAX

NO_ARGUMENTS = b"\x90"
TIME_MS = 1_700_000_000_000


def module(number: int, pairs: int = 20, extra: str = "") -> bytes:
    """A module like no other, with so many pairs of words in its function."""
    body = "  now\n  drop\n" * pairs
    return encode_module(assemble(f"module M{number}\n{extra}public go()\n{body}  return\nview see()\n  return\n"))


def rule(number: int) -> bytes:
    """A wallet rule that allows everything."""
    text = f"module R{number}\ntype struct Payment(payer: Address, to: Address, amount: Amount)\n"
    return encode_module(assemble(text + "rule check(payment: Payment)\n  return\n"))


def relay(number: int) -> bytes:
    """A contract that calls `go` of another one."""
    text = f"module C{number}\nexternal public M.go()\npublic pass(to: Address) does call_other\n  get 0\n  call 0\n  return\n"
    return encode_module(assemble(text))


def go(address: bytes, function: str = "go") -> Call:
    """The call of a function without parameters."""
    return Call(address, function, NO_ARGUMENTS)


class Town(World):
    """A chain in memory that deploys byte strings."""

    def settled(self, code: bytes, currency: str = "CNY") -> bytes:
        """The address of a contract that Alice deploys in a block of its own."""
        transaction = self.transaction("alice", Deploy(code, currency, NO_ARGUMENTS))
        assert self.commit(transaction).receipts[0].ok
        return contract_address(ALICE, transaction.identity, 0)

    def contract(self, address: bytes) -> Contract:
        """What the state has of a contract."""
        found = read_contract(BlockOverlay(self.view), address)
        assert found is not None
        return found

    def price(self, address: bytes) -> int:
        """The price of a contract's code."""
        return self.contract(address).code_price

    def resident(self, address: bytes) -> bool:
        """Whether a contract's code is resident after the last block."""
        return self.view.get(residence_key(self.contract(address).code_hash)) is not None

    def queue(self) -> list[bytes]:
        """The hashes of all resident codes, oldest first, read from both ends, with their sum held to the record of it."""
        value = self.view.get(residence_key())
        if value is None:
            return []
        price, _, oldest, newest = decode(value)
        forward, at = list[bytes](), oldest
        while at is not None:
            forward.append(at)
            found, _, _, at = decode(self.view.get(residence_key(at)) or b"")
            price -= found
        backward, at = list[bytes](), newest
        while at is not None:
            backward.append(at)
            at = decode(self.view.get(residence_key(at)) or b"")[2]
        assert backward == forward[::-1]
        assert price == 0
        return forward


def limit(monkeypatch: pytest.MonkeyPatch, gas: int) -> None:
    """Let so much gas of code be resident from now on."""
    monkeypatch.setattr(residence, "CODE_RESIDENT_GAS_MAX", gas)


def forget_all(monkeypatch: pytest.MonkeyPatch, town: Town) -> None:
    """Let all code go, then let as much be resident as usual."""
    with monkeypatch.context() as patch:
        limit(patch, 0)
        town.settled(module(random.Random(len(town.blocks)).randrange(10**6, 10**9)))
    assert town.queue() == []


# Who pays.


def test_deployed_code_is_resident_at_once() -> None:
    """The first call of a new contract costs what the second does, in the block of its deployment too."""
    town = Town()
    first = town.transaction("alice", Deploy(module(1), "CNY", NO_ARGUMENTS))
    address = contract_address(ALICE, first.identity, 0)
    together = town.commit(first, town.transaction("bob", go(address))).receipts
    assert together[1].ok
    later = [town.send("bob", go(address)).gas_used for _ in range(2)]
    assert {together[1].gas_used, *later} == {later[0]}


def test_the_price_is_what_deployment_charged() -> None:
    """Beside the flat part and the transaction's own bytes, a deployment pays just what bringing the code costs again."""
    town = Town()
    used, prices = [], []
    for pairs in (5, 400):
        receipt = town.send("alice", Deploy(module(pairs, pairs), "CNY", NO_ARGUMENTS))
        used.append(receipt.gas_used)
        prices.append(town.price(receipt.results[0] or b""))
    assert prices[0] > 0
    assert used[1] - used[0] >= prices[1] - prices[0] > 0.95 * (used[1] - used[0])


def test_forgotten_code_is_paid_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call after it went pays the price on top, the next one nothing."""
    town = Town()
    address = town.settled(module(1))
    usual = town.send("bob", go(address)).gas_used
    forget_all(monkeypatch, town)
    assert not town.resident(address)
    assert town.send("bob", go(address)).gas_used == usual + town.price(address)
    assert town.resident(address)
    assert town.send("bob", go(address)).gas_used == usual


def test_the_second_call_in_a_block_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes first pays for all of the block, even if the code does not stay."""
    town = Town()
    address = town.settled(module(1))
    usual = town.send("bob", go(address)).gas_used
    forget_all(monkeypatch, town)
    limit(monkeypatch, 0)
    receipts = town.commit(town.transaction("bob", go(address)), town.transaction("carol", go(address))).receipts
    assert [receipt.gas_used for receipt in receipts] == [usual + town.price(address), usual]
    assert not town.resident(address)


def test_a_failing_transaction_has_brought_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work was done and paid for, whatever became of the transaction."""
    town = Town()
    address = town.settled(module(1))
    usual = town.send("bob", go(address)).gas_used
    forget_all(monkeypatch, town)
    receipt = town.send("bob", go(address), Pay(ADDRESSES["dave"], "CNY", 1))
    assert receipt.error is not None
    assert town.resident(address)
    assert town.send("bob", go(address)).gas_used == usual


@pytest.mark.interpreted
def test_who_cannot_pay_brings_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit too little: OutOfGas, nothing is decoded, and the next one still pays. With that unit it is brought."""
    town = Town()
    address = town.settled(module(1, extra="const u64 = 1\n"))
    forget_all(monkeypatch, town)
    intrinsic = town.send("bob", go(BOB), gas_limit=4_000_000).gas_used
    assert intrinsic == town.send("bob", go(BOB), gas_limit=4_000_000).gas_used
    brought: list[bytes] = []
    load = machine.load_verified

    def watched(state: Any, code_hash: bytes) -> Any:
        brought.append(code_hash)
        return load(state, code_hash)

    monkeypatch.setattr(machine, "load_verified", watched)
    enough = intrinsic + town.price(address)
    short = town.send("bob", go(address), gas_limit=enough - 1)
    assert short.error is not None
    assert (short.error.name, short.gas_used) == ("OutOfGas", enough - 1)
    assert not brought
    assert not town.resident(address)
    assert town.send("bob", go(address), gas_limit=enough).error is not None  # nothing is left for the call itself
    assert brought
    assert town.resident(address)


def test_contracts_share_their_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two contracts of one code the first to be called pays, and one deployed anew makes the others resident."""
    town = Town()
    first, second = town.settled(module(1)), town.settled(module(1))
    usual = town.send("bob", go(first)).gas_used
    forget_all(monkeypatch, town)
    assert town.send("bob", go(second)).gas_used == usual + town.price(first)
    assert town.send("bob", go(first)).gas_used == usual
    assert len(town.queue()) == 1
    forget_all(monkeypatch, town)
    town.settled(module(1))
    assert town.send("bob", go(first)).gas_used == usual


def test_a_contract_that_calls_pays_for_the_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that another contract reaches is charged on the same meter."""
    town = Town()
    caller, called = town.settled(relay(1)), town.settled(module(1))
    through = Call(caller, "pass", b"\x91\xc4\x20" + called)
    usual = town.send("bob", through).gas_used
    forget_all(monkeypatch, town)
    assert town.send("bob", through).gas_used == usual + town.price(caller) + town.price(called)
    assert town.send("bob", through).gas_used == usual


def test_a_wallet_rule_is_paid_by_who_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment brings the rules that judge it, and not those of other currencies."""
    town = Town()
    ours, other = town.settled(rule(1)), town.settled(rule(2), "USD")
    receipt = town.send("bob", SetRules(BOB, (ours, other)))
    assert receipt.ok
    usual = town.send("bob", Pay(CAROL, "CNY", 1)).gas_used
    forget_all(monkeypatch, town)
    assert town.send("bob", Pay(CAROL, "CNY", 1)).gas_used == usual + town.price(ours)
    assert town.resident(ours)
    assert not town.resident(other)
    forget_all(monkeypatch, town)
    unset = town.send("bob", SetRules(BOB, ())).gas_used
    assert town.send("bob", SetRules(BOB, (ours,))).gas_used > unset + town.price(ours)


def test_a_guarded_wallet_opens_with_rules_that_are_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking whether a contract is a rule brings its code too."""
    town = Town()
    ours = town.settled(rule(1))
    forget_all(monkeypatch, town)
    receipt = town.send("bob", OpenWallet(KEYS["dave"].public, True, (ours,)))
    assert receipt.ok
    assert receipt.gas_used > town.price(ours)
    assert town.resident(ours)


# What stays.


def test_codes_stay_up_to_the_limit_and_not_one_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two codes whose sum is the limit are both resident; with one unit less the older one goes."""
    for less in (0, 1):
        town = Town()
        with monkeypatch.context() as patch:
            limit(patch, 2**40)
            older, newer = town.settled(module(1)), town.settled(module(2))
            limit(patch, town.price(older) + town.price(newer) - less)
            town.send("bob", go(newer))
        assert town.resident(newer)
        assert town.resident(older) == (less == 0)


def test_of_one_block_the_smaller_hash_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that were used last at the same height go by hash, however they were called."""
    town = Town()
    addresses = [town.settled(module(number)) for number in range(1, 7)]
    hashes = sorted(town.contract(address).code_hash for address in addresses)
    forget_all(monkeypatch, town)
    town.commit(*[town.transaction("bob", go(address), lane=lane) for lane, address in enumerate(addresses)])
    assert town.queue() == hashes
    limit(monkeypatch, 3 * town.price(addresses[0]))
    town.settled(module(9))
    assert town.queue()[:2] == hashes[4:]


def test_code_in_constant_use_stays_and_is_not_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """While others come and go, a contract that every block uses never pays again, and most blocks leave its record alone."""
    town = Town()
    hot = town.settled(module(0))
    usual = town.send("bob", go(hot)).gas_used
    limit(monkeypatch, 16 * town.price(hot))
    written = 0
    for number in range(1, 60):
        applied = town.commit(
            town.transaction("alice", Deploy(module(number), "CNY", NO_ARGUMENTS)), town.transaction("bob", go(hot))
        )
        assert applied.receipts[1].gas_used == usual
        written += residence_key(town.contract(hot).code_hash) in applied.state
    assert len(town.queue()) in (15, 16)
    assert written < 59 / 2
    for _ in range(2):
        quiet = town.commit(town.transaction("bob", go(hot)))
    assert not [key for key in quiet.state if key.startswith(b"r")]


def test_more_modules_than_fit_pay_for_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large modules called in turn, one more than may be resident: every call pays at least what deployment charged for it."""
    town = Town()
    first = town.settled(module(0, 1_000))
    price = town.price(first)
    limit(monkeypatch, 9 * price - 1)
    addresses = [first, *(town.settled(module(number, 1_000)) for number in range(1, 9))]
    assert [town.price(address) for address in addresses] == [price] * 9
    for address in addresses * 3:
        assert town.send("bob", go(address)).gas_used > price


def test_a_deployment_that_fails_leaves_no_code_behind() -> None:
    """Code that no contract has is not kept, though it was made and paid for."""
    town = Town()
    code = module(1, extra="error Sorry()\ninit start()\n  fail Sorry\n")
    receipt = town.send("alice", Deploy(code, "CNY", NO_ARGUMENTS))
    assert receipt.error is not None
    assert receipt.error.name == "Sorry"
    assert town.queue() == []


def test_the_queue_is_what_a_list_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random use of random codes, against the rule written down over a list."""
    chance = random.Random(7)
    most = 1_000
    limit(monkeypatch, most)
    town = Town()
    prices = {bytes([n]) * 32: chance.randint(1, 200) for n in range(40)}
    for code_hash in prices:
        town.view.apply({code_key(code_hash): b"code"}, {})
    listed: list[tuple[bytes, int]] = []  # with the clock when it was put in
    clock = 0
    for _ in range(400):
        used = chance.sample(sorted(prices), chance.randint(0, 6))
        block = BlockOverlay(town.view)
        block.used = {code_hash: prices[code_hash] for code_hash in used}
        residence.settle(block)
        town.view.apply(block.changes, {})
        for code_hash in sorted(used):
            stamp = dict(listed).get(code_hash)
            if stamp is None or clock - stamp > most // 4:
                clock += prices[code_hash]
                listed = [*((other, at) for other, at in listed if other != code_hash), (code_hash, clock)]
        while sum(prices[code_hash] for code_hash, _ in listed) > most:
            del listed[0]
        assert town.queue() == [code_hash for code_hash, _ in listed]


@pytest.mark.parametrize("seed", range(4))
def test_resident_code_is_in_a_cache_of_the_size_that_nodes_have(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A cache by last use, that began with the chain, has all code that nobody pays for, though the queue is behind it."""
    chance = random.Random(seed)
    most = 3_000
    limit(monkeypatch, most)
    town = Town()
    prices = {bytes([n]) * 32: chance.randint(1, 160) for n in range(60)}
    for code_hash in prices:
        town.view.apply({code_key(code_hash): b"code"}, {})
    cache: LRUCache[bytes, int] = LRUCache(most * CODE_CACHED_GAS_MAX // CODE_RESIDENT_GAS_MAX, lambda price: price)
    free = paid = 0
    for _ in range(1_500):
        block = BlockOverlay(town.view)
        popular = chance.sample(sorted(prices)[:20], 3)
        for code_hash in chance.choices([*popular, *chance.sample(sorted(prices), 3)], k=12):
            if code_hash in block.used or residence.is_resident(block, code_hash):
                assert cache.get(code_hash) is not None
                free += 1
            else:
                cache[code_hash] = prices[code_hash]
                paid += 1
            block.used[code_hash] = prices[code_hash]
        residence.settle(block)
        town.view.apply(block.changes, {})
    assert free > paid > 100


# Nodes, simulations, sandboxes.


def node(directory: Path) -> Node:
    """A node whose clock stands still."""
    return Node(directory, specification(), clock=lambda: TIME_MS)


def bytes_of(on: Node, *actions: Action, gas_limit: int = 5_000_000) -> bytes:
    """Alice's next transaction."""
    body = Body(CHAIN_ID, ALICE, on.next_sequence(ALICE, 0), gas_limit, 0, actions, expiry_height=5_000)
    return sign(body, [KEYS["alice"]]).encoded


def done(on: Node, *actions: Action) -> Receipt:
    """The receipt of a transaction in a block of its own."""
    on.submit(bytes_of(on, *actions))
    return on.produce().receipts[0]


def test_restart_replay_and_a_copy_of_the_state_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that went on, one that was restarted, and one that replays charge the same and have the same root."""
    limit(monkeypatch, 400_000)
    running = node(tmp_path)
    addresses = [done(running, Deploy(module(number), "CNY", NO_ARGUMENTS)).results[0] or b"" for number in range(6)]
    chance = random.Random(1)
    used = []
    for step in range(30):
        used.append(done(running, go(chance.choice(addresses))).gas_used)
        if step % 7 == 3:
            running.close()
            running = node(tmp_path)
    assert len(set(used)) > 1
    copy = MemoryView()
    copy.apply(dict(running.store.entries()), {})
    for address in addresses:
        ours = BlockMachine(BlockOverlay(running.store), now_ms=TIME_MS).code_price(address)
        assert ours == BlockMachine(BlockOverlay(copy), now_ms=TIME_MS).code_price(address)
    assert running.replay() == running.head.state_root
    running.close()


def test_simulations_and_reads_see_the_price_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both cost what a transaction would pay, however often they are asked."""
    running = node(tmp_path)
    address = done(running, Deploy(module(1), "CNY", NO_ARGUMENTS)).results[0] or b""
    near = running.read(address, "see", NO_ARGUMENTS)[1]
    with monkeypatch.context() as patch:
        limit(patch, 0)
        done(running, Deploy(module(2), "CNY", NO_ARGUMENTS))
    price = BlockMachine(BlockOverlay(running.store), now_ms=TIME_MS).code_price(address)
    assert price > 0
    for _ in range(2):
        assert running.read(address, "see", NO_ARGUMENTS)[1] == near + price
        assert running.simulate(bytes_of(running, go(address))).gas_used > price
    simulated = running.simulate(bytes_of(running, go(address)))
    assert done(running, go(address)).gas_used == simulated.gas_used
    assert running.read(address, "see", NO_ARGUMENTS)[1] == near
    running.close()


def test_reads_and_simulations_of_dear_code_end_after_their_gas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgotten code that costs more than `READ_GAS_MAX` is brought by a transaction and by nothing else."""
    running = node(tmp_path)
    running.submit(bytes_of(running, Deploy(module(1, 4_000), "CNY", NO_ARGUMENTS), gas_limit=100_000_000))
    address = running.produce().receipts[0].results[0] or b""
    monkeypatch.setattr(BlockMachine, "code_price", lambda self, address: READ_GAS_MAX + 1)
    with pytest.raises(Failure) as failed:
        running.read(address, "see", NO_ARGUMENTS)
    assert failed.value.name == "OutOfGas"
    with pytest.raises(Refusal) as refused:
        running.simulate(bytes_of(running, go(address), gas_limit=100_000_000))
    assert refused.value.code is Refused.GAS_LIMIT_TOO_HIGH
    running.close()


def test_a_sandbox_behaves_like_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its transactions is a block; a read brings nothing, a snapshot has what was resident."""
    sandbox = Sandbox()
    alice = sandbox.wallet("alice")
    address = sandbox.deploy(module(1), "CNY", (), alice)
    used = []

    def call() -> None:
        sandbox.call(address, "go", (), alice)
        used.append(sandbox.last_gas)

    call()
    at_hand = sandbox.snapshot()
    with monkeypatch.context() as patch:
        limit(patch, 0)
        sandbox.deploy(module(2), "CNY", (), alice)
    sandbox.read(address, "see")
    dear_read = sandbox.last_gas
    call()
    sandbox.read(address, "see")
    assert used[1] - used[0] == dear_read - sandbox.last_gas > 0
    call()
    assert used[2] == used[0]
    sandbox.restore(at_hand)
    call()
    assert used[3] == used[0]


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_queue_stops_the_node(tmp_path: Path, whole: bool) -> None:
    """Bytes that are no record are a failure of the store, told at the end of the block that reads them."""
    running = node(tmp_path)
    address = done(running, Deploy(module(1), "CNY", NO_ARGUMENTS)).results[0] or b""
    contract = read_contract(BlockOverlay(running.store), address)
    assert contract is not None
    with running.store._env.begin(write=True) as transaction:
        key = residence_key(b"" if whole else contract.code_hash)
        transaction.put(key, seal(b"state", key, b"\xff"), db=running.store._tables[b"state"])
    running.store.renew()
    running.submit(bytes_of(running, go(address)))
    with pytest.raises(StoreFailed):
        running.produce()
    running.close()
