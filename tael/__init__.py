"""Tael from Python: what may be imported, on a page. Nothing else is promised to stay.

Compile a contract and try it in a small world of its own, without blocks, keys or disk:

>>> import tael
>>> compilation = tael.compile_text('''
... contract Jar:
...     money: Vault
...
...     pub fn save(coins: Coin) by anyone:
...         self.money.put(coins)
...
...     view fn saved() -> Amount:
...         return self.money.amount
... ''')
>>> compilation.ok
True
>>> jar = compilation.contracts["Jar"]
>>> world = tael.Sandbox()
>>> alice = world.wallet("alice", {"CNY": 100_00})
>>> address = world.deploy(jar.code, "CNY", (), alice)
>>> world.call(address, "save", (world.coin(25_00),), alice)
>>> world.read(address, "saved")
2500
>>> world.balance(alice, "CNY")
7500

Or on a network, over HTTP, with signed transactions; contracts are objects, and values Python's own (`docs/client.md`):

>>> with tael.start_devnet() as devnet, tael.Ledger(devnet.address) as ledger:
...     alice = tael.Sender.of(tael.SecretKey.development("tael", 0))
...     contract = ledger.deploy(jar, sender=alice)
...     contract.save("25.00 CNY", sender=alice).ok
...     str(contract.saved())
...     ledger.client.proved_balance(alice.address, "CNY")
True
'25.00 CNY'
99997500

`Ledger`, `AsyncLedger` and `SandboxLedger` have `Money`, `datetime` and `timedelta`, and raise `ContractFailed`. What is below
them counts money in minor units, times and durations in milliseconds, and raises `Failure` (a contract or the machine said no).
`Refusal` is what the ledger said no to. Each has a stable name.

For tests in pytest there are `tael.testing`, `tael.strategies` and `tael.stateful` (`docs/pytest.md`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chain.client.aio import AsyncClient
from chain.client.client import BatchRow, Client, Outcome, Proved
from chain.client.handles import CallReceipt, Contract, Happened, Moved, Pending, Read, Terms, Write
from chain.client.interface import ContractFailed
from chain.client.keystore import KeyFile, Keystore
from chain.client.ledger import AsyncLedger, BlockingLedger, Ledger
from chain.client.money import Address, AddressLike, Money, MoneyLike
from chain.client.sender import Sender
from chain.client.subscription import AsyncSubscription, Subscription
from chain.client.transport import Estimate
from chain.client.values import Some
from chain.ledger.sandbox import Sandbox
from chain.primitives.address import format_address, parse_address, wallet_address
from chain.primitives.header import Header
from chain.primitives.keys import P256SecretKey, SecretKey, Signer
from chain.primitives.mandate import Limit, Scope
from chain.primitives.policy import Policy, make_policy
from chain.primitives.proof import Proof, decode_proof, verify_proof
from chain.primitives.receipt import Receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Call, Deploy, Grant, OpenWallet, Pay, Revoke, SetPolicy, SetRules, Transaction
from kit.testing.in_process import SandboxLedger
from lang.compiler import Compilation, Compiled, compile_text
from lang.diagnostics import Diagnostic
from lang.formatter import format_text
from vm.codec import decode_module, encode_module, module_hash
from vm.failure import Code, Failure
from vm.module import Module
from vm.types import ADDRESS, AMOUNT, COIN, DURATION, TIME, CoinValue, Type
from vm.values import encode_arguments
from vm.verifier import verify

if TYPE_CHECKING:
    from chain.node.devnet import Devnet

__all__ = [
    "ADDRESS",
    "AMOUNT",
    "COIN",
    "DURATION",
    "TIME",
    "Address",
    "AddressLike",
    "AsyncClient",
    "AsyncLedger",
    "AsyncSubscription",
    "BatchRow",
    "BlockingLedger",
    "Call",
    "CallReceipt",
    "Client",
    "Code",
    "CoinValue",
    "Compilation",
    "Compiled",
    "Contract",
    "ContractFailed",
    "Deploy",
    "Diagnostic",
    "Estimate",
    "Failure",
    "Grant",
    "Happened",
    "Header",
    "KeyFile",
    "Keystore",
    "Ledger",
    "Limit",
    "Module",
    "Money",
    "MoneyLike",
    "Moved",
    "OpenWallet",
    "Outcome",
    "P256SecretKey",
    "Pay",
    "Pending",
    "Policy",
    "Proof",
    "Proved",
    "Read",
    "Receipt",
    "Refusal",
    "Refused",
    "Revoke",
    "Sandbox",
    "SandboxLedger",
    "Scope",
    "SecretKey",
    "Sender",
    "SetPolicy",
    "SetRules",
    "Signer",
    "Some",
    "Subscription",
    "Terms",
    "Transaction",
    "Type",
    "Write",
    "compile_file",
    "compile_text",
    "decode_module",
    "decode_proof",
    "encode_arguments",
    "encode_module",
    "format_address",
    "format_text",
    "make_policy",
    "module_hash",
    "parse_address",
    "start_devnet",
    "verify",
    "verify_proof",
    "wallet_address",
]


def compile_file(path: Path | str) -> Compilation:
    """Compile a file and what it imports; what is wrong with it is in `findings`. Raises `OSError` if it cannot be read."""
    from lang.compiler import compile_file as compile_path

    return compile_path(Path(path))


def start_devnet(data_dir: Path | str | None = None, *, port: int = 0, block_time_ms: int = 0) -> Devnet:
    """Start a network of one in a thread of this process; `with` stops it. Its `address` is for `Client`.

    Without a data directory it forgets everything at the end. With `block_time_ms` 0 it makes a block whenever a
    transaction arrives. Ten wallets are funded: the keys `SecretKey.development("tael", 0)` … `("tael", 9)`.

    Raises `Refusal` WrongStore if the directory holds another chain, BadRequest if the port cannot be listened on.
    """
    from chain.node.devnet import start_devnet as start

    return start(data_dir, port=port, block_time_ms=block_time_ms)
