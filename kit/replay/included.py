"""A transaction of a block with all that its execution needs: those before it, the time, the state of the parent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chain.client.proofs import prove_many
from chain.primitives.account import Account, read_account
from chain.primitives.header import decode_header
from chain.primitives.keyspace import account_key
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Transaction, decode_transaction
from chain.state.overlay import View
from kit.problem import Problem

if TYPE_CHECKING:
    from chain.client.client import Client
    from chain.state.reader import Reader

BEFORE_MAX = 2_000
"""Transactions before the one that is meant, which are executed for it: some seconds."""


@dataclass(frozen=True, slots=True)
class Included:
    """`transactions` are those of the block up to the one that is meant, which is the last; `view` is the state of the parent."""

    identity: bytes
    height: int
    time_ms: int
    transactions: tuple[Transaction, ...]
    view: View
    receipt: Receipt


class RemoteView:
    """The state after a block as a node gives it, key by key with a proof that is checked here. Each key is asked for once."""

    def __init__(self, client: Client, height: int) -> None:
        self._client = client
        self._height = height
        self._values: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """See `View`. Raises `Refusal`: Pruned when the state is not kept any more, WrongProof."""
        if key not in self._values:
            self._values.update(prove_many(self._client, [key], height=self._height).values)
        return self._values[key]

    def account(self, address: bytes) -> Account | None:
        """See `View`."""
        value = self.get(account_key(address))
        return None if value is None else read_account(value)

    def page(self, key: bytes) -> bytes | None:
        """Never answers: no block is made of it."""
        raise Refusal(Refused.NOT_FOUND, "the pages of a tree are not asked for")


def included_at(client: Client, identity: bytes) -> Included:
    """A transaction of a block, from a node. Raises `Refusal` NotFound, Pruned; `Problem` where too many came before it."""
    answer: dict[str, Any] = client.transaction(identity)
    height, index = int(answer["block"]), int(answer["index"])
    _check_before(index)
    block = client.block(height)
    header = decode_header(bytes.fromhex(block["header"]["encoded"]))
    names = [str(name) for name in block["transactions"][: index + 1]]
    encoded = [str(client.transaction(bytes.fromhex(name))["encoded"]) for name in names[:-1]]
    encoded.append(str(answer["encoded"]))
    return Included(
        identity,
        height,
        header.time_ms,
        tuple(decode_transaction(bytes.fromhex(text), included=True) for text in encoded),
        RemoteView(client, height - 1),
        client.receipt(identity).receipt,
    )


def included_in(store: Reader, identity: bytes) -> Included:
    """A transaction of a block, from a data directory. Raises `Refusal` NotFound, Pruned; `Problem`, `StoreFailed`."""
    from chain.ledger.block import decode_block
    from chain.primitives.refusal import StoreFailed

    place = store.find(identity)
    if place is None:
        raise Refusal(Refused.NOT_FOUND, f"no block here has the transaction {identity.hex()}")
    height, index = place
    _check_before(index)
    data, told = store.block(height), store.receipt(height, index)
    if data is None or told is None:
        raise StoreFailed(f"block {height} is missing")
    block = decode_block(data)
    transactions = tuple(decode_transaction(one, included=True) for one in block.transactions[: index + 1])
    return Included(identity, height, block.header.time_ms, transactions, store.at(height - 1), decode_receipt(told))


def _check_before(index: int) -> None:
    if index > BEFORE_MAX:
        message = f"{index:_} transactions came before it in its block, and at most {BEFORE_MAX:_} are executed for one"
        raise Problem(message, "`POST /v1/trace` of the node tells its calls.", code="TooLarge")
