"""Acting for wallets of a devnet without their keys: which, and what is then taken without signatures."""

from __future__ import annotations

from typing import Any

from chain.node.control_table import Answer
from chain.node.node import Node
from chain.node.operation import Query
from chain.node.producer import Producer
from chain.node.rendering import receipt_json
from chain.primitives.address import format_address
from chain.primitives.limits import IMPERSONATED_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Body, Transaction, decode_transaction


class Impersonation:
    """It is forgotten when the devnet ends, and stays when it goes back to a snapshot."""

    def __init__(self, node: Node, producer: Producer) -> None:
        self._node = node
        self._producer = producer
        self._all = False
        self._wallets: set[bytes] = set()
        self.answers: dict[str, Answer] = {
            "impersonate": self.impersonate,
            "impersonated": self.impersonated,
            "submit_unsigned": self.submit_unsigned,
            "replace": self.replace,
        }

    async def impersonate(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        begins, wallet = not query["stop"], query["wallet"]
        if wallet is None:
            self._all = begins
            if not begins:
                self._wallets.clear()
            return self._told()
        if not begins:
            self._wallets.discard(wallet)
        elif len(self._wallets) >= IMPERSONATED_MAX:
            raise Refusal(Refused.CONFLICT, f"{IMPERSONATED_MAX} wallets are impersonated already", "Impersonate all.")
        else:
            self._wallets.add(wallet)
        return self._told()

    async def impersonated(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return self._told()

    async def submit_unsigned(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        body = decode_transaction(query["transaction"]).body
        for wallet in (body.sender, body.payer):
            if not (self._all or wallet in self._wallets):
                text = format_address(wallet)
                raise Refusal(
                    Refused.NOT_DEVELOPMENT,
                    f"{text} is not impersonated",
                    f"Ask for it first: tael devnet impersonate {text}",
                    wallet=text,
                )
        return await self._submit(body, query["wait_seconds"])

    async def replace(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        identity, pool = query["id"], self._node.pool
        waiting = next((one for one in (*pool.in_order(), *pool.queued()) if one.identity == identity), None)
        if waiting is None:
            raise Refusal(Refused.NOT_FOUND, "no such transaction waits")
        dearer = waiting.transaction.body._replace(gas_price=query["gas_price"])
        return {"id": (await self._submit(dearer, None))["id"]}

    async def _submit(self, body: Body, wait_seconds: float | None) -> dict[str, Any]:
        transaction = Transaction(body, unsigned=True)
        identity = transaction.identity
        (row,) = await self._producer.submit([transaction], wait_seconds=wait_seconds, development=True)
        if row.refusal is not None:
            raise row.refusal
        if row.height is None:
            return {"id": identity.hex(), "status": "waiting", "receipt": None}
        receipt = self._node.receipt(identity)
        assert receipt is not None
        return {"id": identity.hex(), "status": "committed", "receipt": receipt_json(receipt, self._node.store)}

    def _told(self) -> dict[str, Any]:
        return {"all": self._all, "wallets": [format_address(wallet) for wallet in sorted(self._wallets)]}
