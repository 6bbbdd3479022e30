"""Edits of a devnet's state, as they are asked for over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chain.ledger.contracts import load_verified, read_contract
from chain.ledger.edits import PHASE_NAME
from chain.node.api import Query, query_number, query_text
from chain.node.control_table import Answer
from chain.node.development import CURRENCY
from chain.node.node import Node
from chain.node.producer import Producer
from chain.primitives.address import parse_address
from chain.primitives.edits import PHASE_FIELD, Edit, SetBalance, SetSequence, SetSlot
from chain.primitives.limits import ACTIONS_MAX, AMOUNT_MAX, LANE_MAX, SEQUENCE_MAX
from chain.primitives.refusal import Refusal, Refused


class Edits:
    """Each is a block of its own, whatever the mode: what waits stays where it is."""

    def __init__(self, node: Node, producer: Producer) -> None:
        self._node = node
        self._producer = producer
        self._readers: dict[str, Callable[[Query], Edit]] = {"balance": _balance, "slot": self._slot, "sequence": _sequence}
        self.answers: dict[str, Answer] = {
            "set_balance": self.set_balance,
            "set_slot": self.set_slot,
            "set_sequence": self.set_sequence,
            "edit": self.edit,
        }

    async def set_balance(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(_balance(query))

    async def set_slot(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(self._slot(query))

    async def set_sequence(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        return await self._made(_sequence(query))

    async def edit(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        asked = query.body.get("edits")
        if not isinstance(asked, list) or not 1 <= len(asked) <= ACTIONS_MAX:
            raise Refusal(Refused.BAD_REQUEST, f"edits must be a list of 1 to {ACTIONS_MAX}")
        edits: list[Edit] = []
        for fields in asked:
            one = replace(query, body=fields if isinstance(fields, dict) else {})
            read = self._readers.get(query_text(one, "edit"))
            if read is None:
                raise Refusal(Refused.BAD_REQUEST, "edit must be `balance`, `slot` or `sequence`")
            edits.append(read(one))
        return await self._made(*edits)

    async def _made(self, *edits: Edit) -> dict[str, Any]:
        return {"id": (await self._producer.edit(edits)).hex()}

    def _slot(self, query: Query) -> SetSlot:
        contract = parse_address(query_text(query, "contract"))
        name = query_text(query, "field")
        return SetSlot(contract, self._field(contract, name), _bytes(query, "key"), _bytes(query, "value"))

    def _field(self, address: bytes, name: str) -> int:
        """The position of a field in the module of a contract on disk. Raises `Refusal` NotFound, BadRequest."""
        contract = read_contract(self._node.store, address)
        if contract is None:
            raise Refusal(Refused.NOT_FOUND, "there is no contract at this address")
        module = load_verified(self._node.store, contract.code_hash).module
        if name == PHASE_NAME and module.phases:
            return PHASE_FIELD
        names = [field for field, _ in module.fields]
        if name not in names:
            raise Refusal(Refused.BAD_REQUEST, f"{module.name} has no field {name!r}", f"It has {', '.join(names) or 'none'}.")
        return names.index(name)


def _balance(query: Query) -> SetBalance:
    currency = query_text(query, "currency") if "currency" in query.body else CURRENCY
    return SetBalance(parse_address(query_text(query, "wallet")), currency, query_number(query, "amount", 0, AMOUNT_MAX))


def _sequence(query: Query) -> SetSequence:
    wallet = parse_address(query_text(query, "wallet"))
    lane = query_number(query, "lane", 0, LANE_MAX, default=0)
    return SetSequence(wallet, lane, query_number(query, "sequence", 0, SEQUENCE_MAX))


def _bytes(query: Query, name: str) -> bytes | None:
    if query.body.get(name) is None:
        return None
    try:
        return bytes.fromhex(query_text(query, name))
    except ValueError:
        raise Refusal(Refused.BAD_REQUEST, f"{name} must be hexadecimal") from None
