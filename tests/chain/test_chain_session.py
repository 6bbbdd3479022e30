"""The session that the transactions of a block share, against a session for each of them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ledger_world import ADDRESSES, ALICE, BOB, CAROL, DAVE, FEES, KEYS, World, arguments, call, deploy, module

from chain.ledger import machine as ledger_machine
from chain.ledger.apply import Applied, BlockRun
from chain.ledger.machine import BlockMachine
from chain.primitives.address import contract_address
from chain.primitives.refusal import Refusal
from chain.primitives.transaction import Action, Call, Deploy, OpenWallet, Pay, SetRules, Transaction
from vm import execution as vm_execution
from vm import machine as vm_machine
from vm.codec import decode_module
from vm.machine import Tier
from vm.module import Kind
from vm.types import Address, Amount, Bool, Coin, CoinValue, Int, Text, Type

PROGRAMS = ("callee", "caller", "bank", "claims", "escrow", "state", "allowance", "lists", "world")
USUAL = ("callee", "caller", "bank", "state")
"""Those most of whose functions do not fail."""
BLOCKS, TRANSACTIONS = 3, 24
NO_ARGUMENTS = b"\x90"
pytestmark = pytest.mark.interpreted


class Apart(BlockRun):
    """A block each of whose transactions has a session of its own."""

    def add(self, transaction: Transaction) -> Any:
        """As ever, with a new session."""
        self._machine = BlockMachine(self._overlay, now_ms=self._time_ms)
        return super().add(transaction)


class History:
    """Random blocks on a chain with a few contracts, some of which call each other, judge payments, and hold money."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(gas_limit=2**40, gas_price_max=10**6)
        self.contracts: list[tuple[str, bytes]] = []
        self._sequences: dict[tuple[bytes, int], int] = {}
        for program in PROGRAMS:
            while not self.contracts or self.contracts[-1][0] != program:
                transaction = self.world.transaction("alice", self.deployment(program), gas_limit=100_000_000)
                if self.world.commit(transaction).receipts[0].ok:
                    self.contracts.append((program, contract_address(ALICE, transaction.identity, 0)))
        rule = self.at("allowance")
        for shop in (ALICE, CAROL):
            assert self.world.send("alice", call(rule, "allowance", "allow", shop), gas_limit=10_000_000).ok
        assert self.world.send("bob", SetRules(BOB, (rule,))).ok

    def at(self, program: str) -> bytes:
        """The address of one contract of a program."""
        return self.chance.choice([address for name, address in self.contracts if name == program])

    def deployment(self, program: str) -> Deploy:
        """A deployment with arguments that may do."""
        code = module(program)
        init = [function for function in decode_module(code).functions if function.kind == Kind.INIT]
        if not init:
            return Deploy(code, "CNY", NO_ARGUMENTS)
        if program == "caller":
            return deploy(program, self.at("callee"))
        return deploy(program, *[self.value(kind) for _, kind in init[0].parameters])

    def value(self, kind: Type) -> Any:
        """A value of a type, of the kind that a contract may meet."""
        chance = self.chance
        match kind:
            case Int(_, low, high):
                return chance.choice([low, high, *[max(low, min(high, n)) for n in (0, 1, 1, 2, 2, 3, 7, 7, 1_000, 2**64)]])
            case Amount():
                return chance.choice([0, 1, 1, 1, 1, 2, 2, 2, 5, 100, 2**64, 2**127])
            case Bool():
                return chance.random() < 0.5
            case Address():
                return chance.choice([*[ALICE, BOB, CAROL] * 6, DAVE, FEES, *[address for _, address in self.contracts]])
            case Coin(currency):
                return CoinValue(currency or "CNY", chance.choice([0, 1, 1, 2, 2, 2, 5, 5, 50, 10**9]))
            case Text():
                return chance.choice(["", "a", "é", "abc"])
        return None

    def call(self) -> Action:
        """A call of a function that exists, as a rule, with arguments that fit, as a rule."""
        usual = [contract for contract in self.contracts if contract[0] in USUAL]
        program, address = self.chance.choice(usual if self.chance.random() < 0.7 else self.contracts)
        functions = [function for function in decode_module(module(program)).functions if function.kind == Kind.PUBLIC]
        functions = functions or list(decode_module(module(program)).functions)
        if self.chance.random() < 0.03:
            return Call(address, "nothing", NO_ARGUMENTS)
        function = self.chance.choice(functions)
        values = [self.value(kind) for _, kind in function.parameters]
        if None in values or self.chance.random() < 0.03:
            return Call(address, function.name, self.chance.choice([NO_ARGUMENTS, b"\x91\x07", b"\x91\x92\x01\x02", b"\xff"]))
        return Call(address, function.name, arguments(module(program), function.name, *values))

    def action(self) -> Action:
        """Any action."""
        chance = self.chance
        match chance.randrange(30):
            case 0 | 1 | 2 | 3:
                return Pay(
                    self.value(Address()), chance.choice(["CNY", "CNY", "CNY", "USD"]), chance.choice([0, 1, 1, 5, 5, 10**9])
                )
            case 4:
                return self.deployment(chance.choice(PROGRAMS))
            case 5:
                return SetRules(chance.choice([ALICE, BOB]), chance.choice([(), (self.at("allowance"),), (self.at("state"),)]))
            case 6:
                return OpenWallet(KEYS["dave"].public, False, ())
        return self.call()

    def block(self) -> list[Transaction]:
        """Transactions of one block. Each has a lane of its own, so that none hinders another."""
        found = []
        for lane in range(TRANSACTIONS):
            name = self.chance.choice(["alice", "alice", "bob", "carol", "carol"])
            actions = [self.action() for _ in range(self.chance.choice([1, 1, 1, 1, 2, 3]))]
            if self.chance.random() < 0.1:
                actions += self.deployed_and_called(name)
            key = ADDRESSES[name], lane
            limits = self.chance.choice([*[None] * 6, (("CNY", 5),), (("CNY", 10**6), ("USD", 0))])
            found.append(
                self.world.transaction(
                    name,
                    *actions,
                    lane=lane,
                    sequence=self._sequences.get(key, 0),
                    gas_price=self.chance.choice([0, 1, 1_000]),
                    gas_limit=self.chance.choice([30_000, 60_000, 200_000, 20_000_000, 20_000_000, 20_000_000]),
                    limits=limits,
                )
            )
        return found

    def deployed_and_called(self, name: str) -> list[Action]:
        """A deployment and, by luck, something that fails, so that what was deployed is taken back."""
        last: list[Action] = [Pay(DAVE, "USD", 10**12)] if self.chance.random() < 0.5 else [self.call()]
        return [self.deployment(self.chance.choice(PROGRAMS)), *last]

    def commit(self, applied: Applied, added: list[Transaction]) -> None:
        """Go on from a block."""
        self.world.view.apply(applied.state, applied.tree)
        self.world.head = applied.block.header
        for transaction, receipt in zip(added, applied.receipts, strict=True):
            body = transaction.body
            self._sequences[body.sender, body.lane] = body.sequence + 1
            for position, action in enumerate(body.actions if receipt.ok else ()):
                if isinstance(action, Deploy):
                    program = next(name for name in PROGRAMS if module(name) == action.module)
                    self.contracts.append((program, contract_address(body.sender, transaction.identity, position)))


def both(history: History) -> list[tuple[bool, str | None]]:
    """Run a history in both ways, compare all that comes of it, and tell how its transactions ended."""
    endings = []
    for _ in range(BLOCKS):
        world = history.world
        world.time_ms += 1_000
        together, apart = world.run(), Apart(world.view, world.head, time_ms=world.time_ms, proposer=FEES)
        added = []
        for transaction in history.block():
            try:
                expected = apart.add(transaction)
            except Refusal as refusal:
                with pytest.raises(Refusal) as met:
                    together.add(transaction)
                assert met.value.code == refusal.code
                continue
            receipt = together.add(transaction)
            assert receipt.encoded == expected.encoded
            assert list(together._overlay.changes.items()) == list(apart._overlay.changes.items())
            assert together._overlay.used == apart._overlay.used
            endings.append((receipt.ok, None if receipt.error is None else receipt.error.name))
            added.append(transaction)
        applied, expected_block = together.finish(), apart.finish()
        assert applied.block.encoded == expected_block.block.encoded
        assert (applied.state, applied.tree) == (expected_block.state, expected_block.tree)
        history.commit(applied, added)
    return endings


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 60))])
def test_a_session_for_all_leaves_what_a_session_for_each_leaves(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts, changes, code in use and roots are the same, whoever succeeded, failed, deployed or ran out of gas before, on
    every tier.
    """
    monkeypatch.setattr(vm_machine, "DEFAULT_TIER", list(Tier)[seed % 3])
    both(History(seed))


@pytest.mark.parametrize("most", [0, 2])
def test_nothing_hangs_on_what_is_remembered(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same if hardly anything is remembered from one transaction to the next, so that it is dropped all the time."""
    monkeypatch.setattr(vm_execution, "CONTRACTS_AT_HAND_MAX", most)
    monkeypatch.setattr(ledger_machine, "CONTRACTS_AT_HAND_MAX", most)
    monkeypatch.setattr(vm_execution, "SLOTS_AT_HAND_BYTES_MAX", 400 * most)
    both(History(100 + most))


def test_a_payment_begins_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is not asked for anything by a payment that no contract judges."""
    world = World()
    monkeypatch.delattr(BlockMachine, "begin")
    assert world.send("alice", Pay(BOB, "CNY", 1), gas_price=1).ok


def test_the_histories_are_worth_it() -> None:
    """A good part of the transactions succeed, and the others fail in many ways."""
    endings = [ending for seed in range(3) for ending in both(History(seed))]
    names = {name for _, name in endings if name is not None}
    assert 0.3 < sum(ok for ok, _ in endings) / len(endings) < 0.8
    assert {"OutOfGas", "SpendingLimit", "WrongArguments", "NoFunction", "NotHere", "InsufficientFunds", "WrongPhase"} <= names
