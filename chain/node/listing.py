"""Lists that come in pages: the transactions of a wallet, the contracts."""

from __future__ import annotations

from typing import Any

from chain.ledger.block import decode_block
from chain.ledger.contracts import read_contract
from chain.node.questions import Questions
from chain.primitives.address import format_address
from chain.primitives.keyspace import contract_key
from chain.primitives.limits import LIST_SCANNED_MAX
from chain.primitives.receipt import decode_receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import decode_transaction
from chain.state.reader import Reader

ROW_BYTES = 12  # of a cursor among transactions: height and index
Page = tuple[list[dict[str, Any]], bytes | None]
"""What is on a page, and the cursor of the next one, None if there is none."""


def touched(transaction: bytes, receipt: bytes) -> set[bytes | None]:
    """The wallets that have to do with a transaction: its sender, its payer, and those whose money it moved."""
    body = decode_transaction(transaction, included=True).body
    moves = decode_receipt(receipt).moves
    return {body.sender, body.payer, *(address for move in moves for address in (move.source, move.to))}


def list_transactions(node: Questions, wallet: bytes, before: bytes, limit: int) -> Page:
    """Transactions of a wallet, the newest first, from one at a cursor on, as far back as blocks are kept. At most
    `LIST_SCANNED_MAX` are looked at. Raises `Refusal` NotFound for a cursor of a block that was taken back.
    """
    height, index = int.from_bytes(before[:8]), int.from_bytes(before[8:])
    if not before:
        height, index = node.head.height, -1
    if height > node.head.height:
        message = f"the cursor is of block {height}, and the newest is {node.head.height}: blocks were taken back"
        raise Refusal(Refused.NOT_FOUND, message, "Begin again without a cursor.")
    rows: list[dict[str, Any]] = []
    looked = 0
    floor = max(1, node.store.pruned_before())  # what is below has headers only
    while height >= floor:
        identities = node.store.identities(height)
        if identities:
            block = node.store.block(height)
            if block is None:
                raise StoreFailed(f"block {height} is missing")
            transactions = decode_block(block).transactions
            last = len(identities) - 1 if index < 0 else min(index, len(identities) - 1)
            for position in range(last, -1, -1):
                if len(rows) == limit or looked == LIST_SCANNED_MAX:
                    return rows, _cursor(height, position)
                looked += 1
                receipt = node.store.receipt(height, position)
                assert receipt is not None
                if wallet in touched(transactions[position], receipt):
                    ok = decode_receipt(receipt).ok
                    rows.append({"id": identities[position].hex(), "block": height, "index": position, "ok": ok})
        elif looked == LIST_SCANNED_MAX:
            return rows, _cursor(height, 0)
        else:
            looked += 1
        height, index = height - 1, -1
    return rows, None


def _cursor(height: int, index: int) -> bytes:
    return height.to_bytes(8) + index.to_bytes(4)


def list_contracts(store: Reader, after: bytes, limit: int) -> Page:
    """Contracts in the order of their addresses, those after one."""
    rows: list[dict[str, Any]] = []
    last = b""
    for key, _ in store.entries_behind(contract_key(after), contract_key(b""), limit + 1):
        if len(rows) == limit:
            return rows, last
        last = key[1:]
        contract = read_contract(store, last)
        assert contract is not None
        rows.append(
            {
                "address": format_address(last),
                "code_hash": contract.code_hash.hex(),
                "currency": contract.currency,
                "deployer": format_address(contract.deployer),
            }
        )
    return rows, None
