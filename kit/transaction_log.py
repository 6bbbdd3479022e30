"""The log of a devnet: what every transaction does and comes to, decoded, as it happens.

It is written in a thread of its own with a reader of its own, so that a slow terminal holds up nothing; what it cannot keep up
with is left out and counted.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit.ledger_book import LedgerBook
from kit.meanings import FAILURES
from kit.output import Output, printable
from kit.receipts import plain_receipt, show_error, show_event, show_move, wrong_phase
from kit.transaction_text import show_actions
from kit.values import show_address, show_money

if TYPE_CHECKING:
    from chain.ledger.apply import Applied
    from chain.node.node import Node
    from chain.primitives.receipt import Receipt
    from chain.primitives.transaction import Transaction

LOGGED_TRANSACTIONS_MAX = 50
"""Of one block; of a larger one only how many there were: nobody reads more, and they are wanted quickly then."""
_BLOCKS_WAITING_MAX = 1_000
_END_SECONDS_MAX = 2

_Seen = tuple["Applied", dict[bytes, list[str]]]
"""A block, and the calls of its transactions where they are wanted."""


class TransactionLog:
    """A `Watcher`. With `verbosity` 1 it tells events and money too, with 2 calls, for which transactions are executed again."""

    def __init__(self, node: Node, out: Output, *, verbosity: int) -> None:
        self._node = node
        self._out = out
        self._verbosity = verbosity
        self._reader = node.store.beside()
        self._book = LedgerBook(self._reader, node.parameters)
        self._book_of_node = LedgerBook(node.store, node.parameters)
        self._waiting: queue.Queue[_Seen | None] = queue.Queue(_BLOCKS_WAITING_MAX)
        self._left_out = 0
        self._thread = threading.Thread(target=self._work, name="tael-devnet-log", daemon=True)
        self._thread.start()

    def see(self, blocks: Sequence[Applied]) -> None:
        """See `Watcher`."""
        for applied in blocks:
            if applied.receipts:
                try:
                    self._waiting.put_nowait((applied, self._calls(applied)))
                except queue.Full:
                    self._left_out += len(applied.receipts)

    def close(self) -> None:
        """See `Watcher`. What waits is told, unless that takes long."""
        try:
            self._waiting.put(None, timeout=_END_SECONDS_MAX)
        except queue.Full:
            return  # whoever should read it does not
        self._thread.join(_END_SECONDS_MAX)
        if not self._thread.is_alive():
            self._reader.close()

    def _calls(self, applied: Applied) -> dict[bytes, list[str]]:
        """The calls of each transaction; they are found in the thread of the node, whose machine is for one at a time."""
        from kit.replay.calls import show_calls

        if self._verbosity < 2 or len(applied.receipts) > LOGGED_TRANSACTIONS_MAX:
            return {}
        self._book_of_node.renew()
        return {identity: show_calls(self._node, self._book_of_node, identity) for identity in applied.identities}

    def _work(self) -> None:
        while (seen := self._waiting.get()) is not None:
            self._reader.renew()
            self._book.renew()
            left_out, self._left_out = self._left_out, 0
            lines = self._block(*seen)
            if left_out:
                lines.append(self._note({"left_out": left_out}, f"… {left_out:_} transactions are not shown: too many at once"))
            try:
                print(printable("\n".join(lines)), flush=True)
            except OSError:  # whoever read it has gone
                return

    def _block(self, applied: Applied, calls: dict[bytes, list[str]]) -> list[str]:
        from chain.primitives.transaction import recall_transaction

        height, receipts = applied.block.header.height, applied.receipts
        if len(receipts) > LOGGED_TRANSACTIONS_MAX:
            well = sum([receipt.ok for receipt in receipts])
            text = f"{self._style(f'#{height}', 'dim')} {len(receipts):_} transactions, {well:_} went well"
            return [self._note({"block": height, "transactions": len(receipts), "ok": well}, text)]
        lines = []
        for data, receipt in zip(applied.block.transactions, receipts, strict=True):
            transaction = recall_transaction(data, receipt.identity, None)
            try:
                if self._out.as_json:
                    lines.append(self._json(transaction, receipt))
                else:
                    lines += self._lines(transaction, receipt, calls.get(receipt.identity, []))
            except Exception as error:  # what cannot be told must not end what tells
                text = f"#{height} {receipt.identity.hex()[:8]}…  cannot be shown: {error}"
                lines.append(self._note({"block": height, "id": receipt.identity.hex(), "cannot_be_shown": str(error)}, text))
        return lines

    def _lines(self, transaction: Transaction, receipt: Receipt, calls: list[str]) -> list[str]:
        book, body = self._book, transaction.body
        who = "edit" if not any(body.sender) else show_address(body.sender, book.setting())
        unsigned = " (unsigned)" if transaction.unsigned and any(body.sender) else ""
        fee = f", fee {show_money(receipt.fee, book.status.base_currency, book.setting())}" if receipt.fee else ""
        head = self._style(f"#{receipt.height} {receipt.identity.hex()[:8]}…", "dim")
        what = f"{head} {self._style(who, 'cyan')}{unsigned}: {show_actions(book, transaction)}"
        outcome = self._style("ok", "green") if receipt.ok else self._style("failed", "red", "bold")
        lines = [f"{what}  {outcome}{self._style(f'  {receipt.gas_used:_} gas{fee}', 'dim')}"]
        if receipt.error is not None:
            lines.append(f"    {self._style(show_error(book, receipt.error), 'red')}")
            remedy = self._remedy(transaction, receipt)
            if remedy:
                lines.append(f"    {remedy}")
        if self._verbosity:
            lines += [f"    {self._style('event', 'dim')}  {show_event(book, event)}" for event in receipt.events]
            moves = [move for move in receipt.moves if move.reason not in ("pay", "fee")]
            lines += [f"    {self._style('money', 'dim')}  {show_move(book, move)}" for move in moves]
        return lines + [f"    {self._style('|', 'dim')} {line}" for line in calls]

    def _remedy(self, transaction: Transaction, receipt: Receipt) -> str:
        """What the error of a failed transaction means, and where a contract has to be for it to go well."""
        from chain.primitives.transaction import Call

        error = receipt.error
        assert error is not None
        action = None if error.action is None else transaction.body.actions[error.action]
        if isinstance(action, Call) and self._book.is_contract(action.contract):
            contract = self._book.contract(action.contract)
            function = next((one for one in contract.module.functions if one.name == action.function), None)
            where = None if function is None else wrong_phase(self._book, receipt, contract, function)
            if where is not None:
                allowed = " or ".join(where["allowed"])
                return f"{where['contract']} is in phase {where['phase']}; {where['function']} may run in {allowed}."
        if error.name in FAILURES:
            return FAILURES[error.name]
        return f"An error of the contract's own: see where it says `else {error.name}`."

    def _json(self, transaction: Transaction, receipt: Receipt) -> str:
        from chain.primitives.address import format_address

        told: dict[str, Any] = {
            "sender": format_address(transaction.body.sender),
            "signed": not transaction.unsigned,
            "does": show_actions(self._book, transaction),
            **plain_receipt(self._book, receipt),
        }
        if receipt.error is not None:
            told["error"]["remedy"] = self._remedy(transaction, receipt)
        return json.dumps(told, ensure_ascii=False)

    def _note(self, plain: dict[str, Any], text: str) -> str:
        return json.dumps(plain, ensure_ascii=False) if self._out.as_json else text

    def _style(self, text: str, *names: str) -> str:
        return self._out.style(text, *names)
