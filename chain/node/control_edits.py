"""Edits of a devnet's state, as they are asked for over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chain.ledger.contracts import load_verified, read_contract
from chain.ledger.edits import PHASE_NAME
from chain.node.control_table import Answer
from chain.node.node import Node
from chain.node.operation import Query
from chain.node.producer import Producer
from chain.primitives.edits import PHASE_FIELD, Edit, SetBalance, SetSequence, SetSlot
from chain.primitives.refusal import Refusal, Refused


class Edits:
    """Each is a block of its own, whatever the mode: what waits stays where it is."""

    def __init__(self, node: Node, producer: Producer) -> None:
        self._node = node
        self._producer = producer
        self.answers: dict[str, Answer] = {
            "set_balance": self.set_balance,
            "set_slot": self.set_slot,
            "set_sequence": self.set_sequence,
            "edit": self.edit,
        }

    async def set_balance(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(self._edit("balance", query.values))

    async def set_slot(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(self._edit("slot", query.values))

    async def set_sequence(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(self._edit("sequence", query.values))

    async def edit(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(*[self._edit(fields["edit"], fields) for fields in query["edits"]])

    async def _made(self, *edits: Edit) -> dict[str, Any]:
        return {"id": (await self._producer.edit(edits)).hex()}

    def _edit(self, kind: str, fields: Mapping[str, Any]) -> Edit:
        """The edit of a kind, by its fields as the table reads them. Raises `Refusal` NotFound."""
        if kind == "balance":
            return SetBalance(fields["wallet"], fields["currency"], fields["amount"])
        if kind == "sequence":
            return SetSequence(fields["wallet"], fields["lane"], fields["sequence"])
        contract = fields["contract"]
        return SetSlot(contract, self._field(contract, fields["field"]), fields["key"], fields["value"])

    def _field(self, address: bytes, name: str) -> int:
        """The position of a field in the module of a contract on disk. Raises `Refusal` NotFound."""
        contract = read_contract(self._node.store, address)
        if contract is None:
            raise Refusal(Refused.NOT_FOUND, "there is no contract at this address")
        module = load_verified(self._node.store, contract.code_hash).module
        if name == PHASE_NAME and module.phases:
            return PHASE_FIELD
        names = [field for field, _ in module.fields]
        if name not in names:
            raise Refusal(Refused.NOT_FOUND, f"{module.name} has no field {name!r}", f"It has {', '.join(names) or 'none'}.")
        return names.index(name)
