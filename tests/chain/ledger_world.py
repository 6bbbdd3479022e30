"""A small chain in memory for tests: known keys, signed transactions, blocks, and programs of the machine's
corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chain.ledger.apply import Applied, BlockRun, apply_block
from chain.ledger.genesis import make_genesis
from chain.primitives.account import read_balance
from chain.primitives.address import contract_address, wallet_address
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import account_key
from chain.primitives.receipt import Receipt
from chain.primitives.transaction import Action, Body, Call, Deploy, Transaction, sign
from chain.state.memory import MemoryView
from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.values import encode_arguments

PROGRAMS = Path(__file__).parents[1] / "vm" / "programs"
CHAIN_ID = "test-chain"
TIME_MS = 1_700_000_000_000
GAS_LIMIT = 5_000_000
FUNDS = 1_000_00

KEYS = {name: SecretKey.development("tests", i) for i, name in enumerate(("alice", "bob", "carol", "fees", "dave"))}
VALIDATOR = SecretKey.development("tests", 100)
ADDRESSES = {name: wallet_address(key.public) for name, key in KEYS.items()}
ALICE, BOB, CAROL, FEES, DAVE = ADDRESSES.values()
"""Alice, Bob and Carol have money, the fee wallet has none, Dave has no wallet."""


def specification(**changes: Any) -> dict[str, Any]:
    """A genesis with two currencies; USD is there to be the wrong one."""
    wallets = [{"key": KEYS[name].public.hex(), "balances": {"CNY": FUNDS, "USD": FUNDS}} for name in ("alice", "bob", "carol")]
    return {
        "chain_id": CHAIN_ID,
        "time_ms": TIME_MS,
        "base_currency": "CNY",
        "fee_wallet": KEYS["fees"].public.hex(),
        "validators": {"threshold": 1, "keys": [VALIDATOR.public.hex()]},
        "currencies": [
            {"code": "USD", "decimals": 2, "issuer": None},
            {"code": "CNY", "decimals": 2, "issuer": None},
        ],
        "wallets": [*wallets, {"key": KEYS["fees"].public.hex(), "balances": {}}],
        **changes,
    }


@cache
def module(name: str) -> bytes:
    """The byte string of a program of the machine's corpus."""
    return encode_module(assemble((PROGRAMS / f"{name}.tasm").read_text()))


def program_of(code: bytes) -> str:
    """The name of the program that a byte string is the module of."""
    return next(path.stem for path in PROGRAMS.glob("*.tasm") if module(path.stem) == code)


def arguments(code: bytes, function: str, *values: Any) -> bytes:
    """The encoded arguments of a function; `init` is the constructor, whatever its name."""
    for candidate in decode_module(code).functions:
        if candidate.name == function or (function == "init" and candidate.kind == "init"):
            return encode_arguments([kind for _, kind in candidate.parameters], values)
    raise AssertionError(function)


def deploy(name: str, *values: Any, currency: str = "CNY") -> Deploy:
    """The action that deploys a program."""
    return Deploy(module(name), currency, arguments(module(name), "init", *values) if values else b"\x90")


def call(address: bytes, name: str, function: str, *values: Any) -> Call:
    """The action that calls a deployed program."""
    return Call(address, function, arguments(module(name), function, *values))


class World:
    """A chain of blocks over a state in memory."""

    def __init__(self, **changes: Any) -> None:
        self.genesis = make_genesis(specification(**changes))
        self.view = MemoryView()
        self.view.apply(self.genesis.state, self.genesis.tree)
        self.head = self.genesis.block.header
        self.blocks: list[Applied] = []
        self.time_ms = TIME_MS
        self._sequences: dict[tuple[bytes, int], int] = {}

    def body(self, name: str, actions: Sequence[Action], **fields: Any) -> Body:
        """A body with the next sequence, unless told otherwise."""
        sender = ADDRESSES[name]
        lane = fields.get("lane", 0)
        standard = {
            "chain_id": CHAIN_ID,
            "sender": sender,
            "lane": lane,
            "sequence": self._sequences.get((sender, lane), 0),
            "expiry_height": self.head.height + 10,
            "gas_limit": GAS_LIMIT,
            "gas_price": 0,
            "actions": tuple(actions),
        }
        return Body(**{**standard, **fields})

    def transaction(self, name: str, *actions: Action, **fields: Any) -> Transaction:
        """A transaction signed by its sender."""
        return sign(self.body(name, actions, **fields), [KEYS[name]])

    def run(self) -> BlockRun:
        """The next block, empty so far."""
        return BlockRun(self.view, self.head, time_ms=self.time_ms, proposer=FEES)

    def commit(self, *transactions: Transaction) -> Applied:
        """A block of these transactions, applied a second time from its bytes alone. Raises `Refusal`."""
        run = self.run()
        for transaction in transactions:
            run.add(transaction)
            body = transaction.body
            self._sequences[body.sender, body.lane] = body.sequence + 1
        applied = run.finish()
        again = apply_block(self.view, self.head, applied.block)
        assert (again.state, again.tree, again.receipts) == (applied.state, applied.tree, applied.receipts)
        self.view.apply(applied.state, applied.tree)
        self.head = applied.block.header
        self.blocks.append(applied)
        return applied

    def send(self, name: str, *actions: Action, **fields: Any) -> Receipt:
        """One transaction in a block of its own."""
        return self.commit(self.transaction(name, *actions, **fields)).receipts[0]

    def deploy(self, name: str, program: str, *values: Any) -> bytes:
        """Deploy a program and return its address."""
        transaction = self.transaction(name, deploy(program, *values))
        receipt = self.commit(transaction).receipts[0]
        assert receipt.ok, receipt.error
        return contract_address(ADDRESSES[name], transaction.identity, 0)

    def balance(self, address: bytes, currency: str = "CNY") -> int:
        """What a wallet holds."""
        return read_balance(self.view.get(account_key(address)), currency)
