"""Random transactions: nothing but typed refusals and receipts, and no money made or lost."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ledger_world import ADDRESSES, ALICE, FUNDS, KEYS, World, arguments, call, deploy, module

from chain.ledger.apply import apply_block
from chain.ledger.block import decode_block
from chain.primitives.refusal import Refusal
from chain.primitives.transaction import (
    Call,
    Deploy,
    OpenWallet,
    Pay,
    SetRules,
    Transaction,
    decode_transaction,
    sign,
)
from vm.types import CoinValue

NAMES = tuple(KEYS)


class Chaos:
    """Makes transactions, most of which make some sense, from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        self.contracts = {
            "bank": self.world.deploy("alice", "bank"),
            "allowance": self.world.deploy("bob", "allowance", 5_000),
            "escrow": self.world.deploy("carol", "escrow", ALICE, 100, 1_000),
        }

    def address(self) -> bytes:
        """A wallet, a contract, or neither."""
        return self.chance.choice([*ADDRESSES.values(), *self.contracts.values(), self.chance.randbytes(32)])

    def amount(self) -> int:
        """Small, large, and at the edges."""
        return self.chance.choice([0, 1, 100, self.chance.randrange(FUNDS), FUNDS, 2**64, 2**128 - 1])

    def action(self) -> Any:
        """One action."""
        chance = self.chance
        currency = chance.choice(["CNY", "CNY", "CNY", "USD", "EUR", "é"])
        coin = CoinValue(chance.choice(["CNY", "CNY", "USD", "EUR"]), self.amount())
        bank, escrow, rule = (self.contracts[name] for name in ("bank", "escrow", "allowance"))
        return chance.choice(
            [
                lambda: Pay(self.address(), currency, self.amount()),
                lambda: Pay(chance.choice(list(ADDRESSES.values())), "CNY", chance.randrange(500)),
                lambda: call(bank, "bank", "deposit", coin),
                lambda: call(bank, "bank", "deposit_dollars", coin),
                lambda: call(bank, "bank", "withdraw", self.amount()),
                lambda: call(bank, "bank", "withdraw_all"),
                lambda: call(bank, "bank", "pay", self.address(), self.amount()),
                lambda: call(bank, "bank", "pay_then_fail", self.address(), self.amount()),
                lambda: call(escrow, "escrow", "fund", coin),
                lambda: call(escrow, "escrow", chance.choice(["accept", "reclaim", "abandon"])),
                lambda: call(rule, "allowance", "allow", self.address()),
                lambda: Call(self.address(), chance.choice(["deposit", "check", "start", "x"]), chance.randbytes(9)),
                lambda: deploy("bank", currency=currency),
                lambda: Deploy(self.broken_module(), "CNY", arguments(module("allowance"), "init", 3)),
                lambda: OpenWallet(KEYS[chance.choice(NAMES)].public, chance.random() < 0.5, ()),
                lambda: OpenWallet(bytes([2]) + bytes(32)),
                lambda: SetRules(self.address(), tuple({rule, self.address()})[: chance.randrange(3)]),
            ]
        )()

    def broken_module(self) -> bytes:
        """A module with one byte changed, or none."""
        code = bytearray(module("allowance"))
        if self.chance.random() < 0.8:
            code[self.chance.randrange(len(code))] = self.chance.randrange(256)
        return bytes(code)

    def transaction(self) -> Transaction:
        """One transaction, its fields sometimes off."""
        chance = self.chance
        name = chance.choice(NAMES)
        body = self.world.body(name, [self.action() for _ in range(chance.randrange(1, 4))])
        if chance.random() < 0.3:
            off: dict[str, Any] = chance.choice(
                [
                    {"gas_limit": chance.choice([0, 30_000, 60_000, 2**40])},
                    {"gas_price": chance.choice([1, 1_000, 2**40])},
                    {"lane": chance.randrange(3), "sequence": chance.randrange(3)},
                    {"fee_payer": self.address()},
                    {"limits": (("CNY", self.amount()),)},
                    {"sender": self.address()},
                    {"expiry_height": chance.randrange(200_000)},
                ]
            )
            body = body._replace(**off)
        keys = [KEYS[name]]
        if body.fee_payer in ADDRESSES.values() and chance.random() < 0.8:
            keys.append(KEYS[next(n for n, a in ADDRESSES.items() if a == body.fee_payer)])
        return sign(body, keys)

    def step(self) -> None:
        """One transaction through its bytes, sometimes damaged on the way."""
        data = bytearray(self.transaction().encoded)
        if self.chance.random() < 0.1:
            data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        try:
            self.world.commit(decode_transaction(bytes(data)))
        except Refusal:
            return


def run(seed: int, steps: int) -> World:
    """A history, checked at its end."""
    chaos = Chaos(seed)
    for _ in range(steps):
        chaos.step()
        chaos.world.time_ms += chaos.chance.randrange(300)
    world = chaos.world
    for supply in world.head.supply:
        assert supply.holds
        held = sum(world.balance(address, supply.currency) for address in ADDRESSES.values())
        # Guarded wallets that were opened on the way hold nothing: nobody here pays them.
        assert held == supply.wallets
        assert supply.issued == 3 * FUNDS
    return world


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_keep_the_supply_equation(seed: int) -> None:
    """60 random transactions each, every block applied twice to the same bytes."""
    assert run(seed, 60).blocks


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_long_random_histories_keep_the_supply_equation(seed: int) -> None:
    """2,000 random transactions each."""
    assert run(seed, 2_000).blocks


def test_damaged_blocks_are_refused_or_other_blocks() -> None:
    """With one bit changed a block is refused, unless it differs in time or proposer, which its header may
    choose.
    """
    world = World()
    applied = world.commit(world.transaction("alice", Pay(ADDRESSES["bob"], "CNY", 5)))
    before = World()
    chance = random.Random(5)
    refused = 0
    for _ in range(300):
        data = bytearray(applied.block.encoded)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            header = apply_block(before.view, before.head, decode_block(bytes(data))).block.header
        except Refusal:
            refused += 1
        else:
            right = applied.block.header
            assert (header.time_ms, header.proposer) != (right.time_ms, right.proposer)
            assert header.state_root == right.state_root
    assert refused > 200
