"""Operations that read the ledger: chain, blocks, transactions, receipts, wallets, contracts, events.

What is awaited comes first; then the newest state is looked at, and nothing is awaited any more, so that an answer is of one
state and says which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chain.currency.mandates import list_mandates
from chain.currency.records import read_currency
from chain.ledger.contracts import load_verified, read_contract
from chain.node import api_codes
from chain.node.gateway import Gateway
from chain.node.inquiries import header_at, transaction_json
from chain.node.listing import ROW_BYTES, list_contracts, list_transactions
from chain.node.operation import Answer, Operation, Query, Raw
from chain.node.parameters import ADDRESS, EXAMPLE_ADDRESS, HEIGHT, HEIGHT_OR_LATEST, IDENTITY, Parameter, cursor, number
from chain.node.questions import Questions
from chain.node.rendering import (
    event_json,
    header_json,
    interface_json,
    mandate_json,
    money_json,
    policy_json,
    receipt_json,
)
from chain.node.schema import ADDRESS as ADDRESS_TEXT
from chain.node.schema import AMOUNT, CURSOR, HASH, HEX, TEXT, TIME_MS, TRUTH, by_name, listed, nullable, record, ref, whole
from chain.node.schema import HEIGHT as HEIGHT_NUMBER
from chain.primitives.address import ADDRESS_BYTES, format_address
from chain.primitives.codec import decode
from chain.primitives.header import Header
from chain.primitives.keyspace import code_key, currency_key
from chain.primitives.limits import (
    ANSWER_BLOCK_BYTES_MAX,
    LANE_MAX,
    LIST_SCANNED_MAX,
    PAGE_ITEMS_MAX,
    SEQUENCE_MAX,
    UNDO_RECORDS_SLICE,
)
from chain.primitives.refusal import Refusal, Refused
from chain.state.overlay import View
from chain.state.reader import CURSOR_BYTES

OLD_HEIGHT = Parameter("height", HEIGHT, "After which block, if its state is still kept; the newest if not given.", 0)
AN_ADDRESS = Parameter("address", ADDRESS, "tael1…", EXAMPLE_ADDRESS, required=True)
AN_IDENTITY = Parameter("id", IDENTITY, "The transaction's identity in hexadecimal.", "00" * 32, required=True)
_ITEM_BYTES = 4  # of a cursor within a block

TRANSACTION = record(
    id=HASH,
    block=HEIGHT_NUMBER,
    index=whole(),
    sender=ADDRESS_TEXT,
    signed=TRUTH,
    fee_payer=nullable(ADDRESS_TEXT),
    lane=whole(0, LANE_MAX),
    sequence=whole(0, SEQUENCE_MAX),
    expiry_height=nullable(whole()),
    expiry_ms=nullable(whole()),
    gas_limit=whole(),
    gas_price=whole(),
    limits=nullable(by_name(AMOUNT)),
    memo=nullable(HEX),
    actions=listed(ref("Action")),
    encoded=HEX,
)
TRANSACTION_ROW = record(id=HASH, block=HEIGHT_NUMBER, index=whole(), ok=TRUTH)
CONTRACT_ROW = record(address=ADDRESS_TEXT, code_hash=HASH, currency=TEXT, deployer=ADDRESS_TEXT)


def page(*sizes: int, most: int = PAGE_ITEMS_MAX, usual: int = 100) -> tuple[Parameter, ...]:
    """The parameters of a list that comes in pages."""
    return (
        Parameter("from", cursor(*sizes), "The `next` of an earlier answer; from the beginning if not given.", "", default=b""),
        Parameter("limit", number(1, most), f"At most so many; {usual} if not given.", usual, default=usual),
    )


class LedgerApi:
    """The answers."""

    def __init__(self, node: Questions, gateway: Gateway, following: Callable[[], dict[str, Any] | None] = lambda: None) -> None:
        """`following` gives what the status says of the node that this one follows, if it follows one."""
        self._node = node
        self._gateway = gateway
        self._following = following
        self.operations = (*self._of_chain(), *self._of_accounts())

    def _of_chain(self) -> tuple[Operation, ...]:
        gone = (Refused.NOT_FOUND, Refused.PRUNED)
        return (
            Operation(
                *("GET", "/v1/status", "status", "Chain, head, parameters and currencies.", self.status),
                answers=record(
                    chain_id=TEXT,
                    genesis=HASH,
                    block=HASH,
                    time_ms=TIME_MS,
                    now_ms=TIME_MS,
                    waiting=whole(),
                    base_currency=TEXT,
                    gas_limit=whole(),
                    gas_price_min=whole(),
                    gas_price_max=whole(),
                    currencies=by_name(whole()),
                    following=nullable(ref("Following")),
                ),
            ),
            Operation(
                *(
                    "GET",
                    "/v1/blocks/{height}",
                    "block",
                    "A block's header, and the identities of its transactions.",
                    self.block,
                ),
                places=(Parameter("height", HEIGHT_OR_LATEST, "A height, or `latest`.", "latest", required=True),),
                parameters=(
                    Parameter("full", number(0, 1), "1 adds the block's bytes as `encoded`.", 0, default=0),
                    *page(_ITEM_BYTES, usual=PAGE_ITEMS_MAX),
                ),
                answers={
                    **record(header=ref("Header"), transactions=listed(HASH), next=nullable(CURSOR), encoded=HEX),
                    "required": ["header", "transactions", "next"],
                },
                refusals=gone,
                bare="The block's bytes.",
            ),
            Operation(
                *("GET", "/v1/blocks/{height}/certificate", "certificate"),
                "What the validators have signed for a block; for the first block a proof of the chain's parameters.",
                self.certificate,
                places=(Parameter("height", HEIGHT_OR_LATEST, "A height, or `latest`.", "latest", required=True),),
                answers=record(header=HEX, certificate=HEX),
                refusals=gone,
                bare="The certificate's bytes.",
            ),
            Operation(
                *(
                    "GET",
                    "/v1/transactions/{id}",
                    "transaction",
                    "A transaction of a block, its actions decoded.",
                    self.transaction,
                ),
                places=(AN_IDENTITY,),
                answers=TRANSACTION,
                refusals=gone,
                bare="The transaction's bytes.",
            ),
            Operation(
                *("GET", "/v1/receipts/{id}", "receipt", "What became of a transaction.", self.receipt),
                places=(AN_IDENTITY,),
                answers=record(receipt=ref("Receipt")),
                refusals=(*gone, *api_codes.OUTLOOK),
                bare="The receipt's bytes.",
            ),
            Operation(
                *("GET", "/v1/events", "events", "Events in order, from a cursor on.", self.events),
                parameters=page(CURSOR_BYTES),
                answers=record(events=listed(ref("EventRow")), next=CURSOR),
                refusals=gone,
            ),
        )

    def _of_accounts(self) -> tuple[Operation, ...]:
        old = (Refused.WRONG_ADDRESS, Refused.NOT_FOUND, Refused.PRUNED)
        return (
            Operation(
                *(
                    "GET",
                    "/v1/wallets/{address}",
                    "wallet",
                    "A wallet: key, guardian, rules, balances, next sequence of a lane.",
                    self.wallet,
                ),
                places=(AN_ADDRESS,),
                parameters=(Parameter("lane", number(0, LANE_MAX), "0 if not given.", 0, default=0), OLD_HEIGHT),
                answers=record(
                    address=ADDRESS_TEXT,
                    key=ref("Policy"),
                    sessions=listed(ref("Session")),
                    guardian=nullable(ADDRESS_TEXT),
                    rules=listed(ADDRESS_TEXT),
                    balances=listed(ref("Money")),
                    lane=whole(0, LANE_MAX),
                    next_sequence=whole(0, SEQUENCE_MAX + 1),
                ),
                refusals=old,
            ),
            Operation(
                *("GET", "/v1/wallets/{address}/transactions", "wallet_transactions"),
                "Transactions that a wallet sent, paid for, or that moved its money, the newest first. A page looks at"
                f" {LIST_SCANNED_MAX} at most, so it may be empty and there is more.",
                self.wallet_transactions,
                places=(AN_ADDRESS,),
                parameters=page(ROW_BYTES),
                answers=record(
                    transactions=listed(record(id=HASH, block=HEIGHT_NUMBER, index=whole(), ok=TRUTH)), next=nullable(CURSOR)
                ),
                refusals=old,
            ),
            Operation(
                *("GET", "/v1/contracts", "contracts", "All contracts, in the order of their addresses.", self.contracts),
                parameters=page(ADDRESS_BYTES),
                answers=record(contracts=listed(CONTRACT_ROW), next=nullable(CURSOR)),
            ),
            Operation(
                *(
                    "GET",
                    "/v1/contracts/{address}",
                    "contract",
                    "A contract: code, home currency, deployer, interface.",
                    self.contract,
                ),
                places=(AN_ADDRESS,),
                answers=record(
                    address=ADDRESS_TEXT,
                    code_hash=HASH,
                    currency=TEXT,
                    deployer=ADDRESS_TEXT,
                    module=HEX,
                    interface=ref("Interface"),
                ),
                refusals=(Refused.WRONG_ADDRESS, Refused.NOT_FOUND),
            ),
        )

    # The chain.

    async def status(self, query: Query) -> Answer:
        """See the table."""
        waiting = await self._gateway.waiting()
        self._node.renew()
        node, p = self._node, self._node.parameters
        return {
            "chain_id": p.chain_id,
            "genesis": header_at(node, node.store.first()).hash.hex(),
            "block": node.head.hash.hex(),
            "time_ms": node.head.time_ms,
            "now_ms": node.now_ms(),
            "waiting": waiting,
            "base_currency": p.base_currency,
            "gas_limit": p.gas_limit,
            "gas_price_min": p.gas_price_min,
            "gas_price_max": p.gas_price_max,
            "currencies": {supply.currency: self._decimals(supply.currency) for supply in node.head.supply},
            "following": self._following(),
        }

    def _decimals(self, code: str) -> int:
        value = self._node.store.get(currency_key(code))
        assert value is not None
        return read_currency(code, value).decimals

    async def block(self, query: Query) -> Answer:
        """See the table."""
        node = self._node
        header = header_at(node, node.head.height if query["height"] is None else query["height"])
        if query.raw:
            return Raw(self._encoded(header), node.head)
        identities = node.store.identities(header.height)
        first = int.from_bytes(query["from"])
        last = first + query["limit"]
        answer = {
            "header": header_json(header, node.store),
            "transactions": [identity.hex() for identity in identities[first:last]],
            "next": last.to_bytes(_ITEM_BYTES).hex() if last < len(identities) else None,
        }
        if query["full"]:
            encoded = self._encoded(header)
            if len(encoded) > ANSWER_BLOCK_BYTES_MAX:
                message = f"the block has {len(encoded)} bytes; in JSON it may have {ANSWER_BLOCK_BYTES_MAX}"
                raise Refusal(Refused.TOO_LARGE, message, "Ask for it with Accept: application/octet-stream.")
            answer["encoded"] = encoded.hex()
        return answer

    async def certificate(self, query: Query) -> Answer:
        """See the table."""
        node = self._node
        header = header_at(node, node.head.height if query["height"] is None else query["height"])
        found = node.store.certificate(header.height)
        if found is None:
            message = f"block {header.height} has no certificate"
            raise Refusal(Refused.NOT_FOUND, message, "Ask a node of a chain that has validators.")
        return Raw(found, node.head) if query.raw else {"header": header.encoded.hex(), "certificate": found.hex()}

    def _encoded(self, header: Header) -> bytes:
        encoded = self._node.store.block(header.height)
        assert encoded is not None
        return encoded

    async def transaction(self, query: Query) -> Answer:
        """See the table."""
        answer = transaction_json(self._node, query["id"])
        if answer is None:
            raise Refusal(Refused.NOT_FOUND, "no block has this transaction")
        return Raw(bytes.fromhex(answer["encoded"]), self._node.head) if query.raw else answer

    async def receipt(self, query: Query) -> Answer:
        """See the table."""
        receipt = self._node.receipt(query["id"])
        if receipt is None:
            outlook = await self._gateway.outlook(query["id"])
            self._node.renew()
            receipt = self._node.receipt(query["id"])
            if receipt is None and isinstance(outlook, Refusal):
                raise outlook
            if receipt is None:
                raise Refusal(Refused.NOT_FOUND, "no block has this transaction", waiting=outlook)
        return Raw(receipt.encoded, self._node.head) if query.raw else {"receipt": receipt_json(receipt, self._node.store)}

    async def events(self, query: Query) -> Answer:
        """See the table."""
        after, store = query["from"], self._node.store
        height = int.from_bytes(after[:8])
        if height > self._node.head.height:
            message = f"the cursor is of block {height}, and the newest is {self._node.head.height}: blocks were taken back"
            raise Refusal(Refused.NOT_FOUND, message, "Go on from an earlier cursor, or from the beginning.")
        found = store.events(after, query["limit"])
        events = []
        for place, data in found:
            identity, contract, number, payload = decode(data)
            told = {"cursor": place.hex(), "block": int.from_bytes(place[:8]), "transaction": identity.hex()}
            events.append(told | event_json(contract, number, payload, store))
        return {"events": events, "next": found[-1][0].hex() if found else after.hex()}

    # Wallets and contracts.

    async def wallet(self, query: Query) -> Answer:
        """See the table."""
        address, lane, height = query["address"], query["lane"], query["height"]
        waiting = await self._gateway.next_sequence(address, lane) if height is None else None
        self._node.renew()
        old = await old_state(self._node, height)
        view, header = old or (self._node.store, self._node.head)
        wallet = view.account(address)
        if wallet is None or not wallet.key:
            raise Refusal(Refused.NOT_FOUND, "there is no wallet at this address", "Open it first.")
        return {
            "address": format_address(address),
            "key": policy_json(wallet.key),
            "sessions": [mandate_json(*entry, view) for entry in list_mandates(view, address)],
            "guardian": None if wallet.guardian is None else format_address(wallet.guardian),
            "rules": [format_address(rule) for rule in wallet.rules],
            "balances": [money_json(wallet.balances.get(s.currency, 0), s.currency, view) for s in header.supply],
            "lane": lane,
            "next_sequence": wallet.sequences.get(lane, 0) if waiting is None else waiting,
            **place_of(header),
        }

    async def wallet_transactions(self, query: Query) -> Answer:
        """See the table."""
        rows, following = list_transactions(self._node, query["address"], query["from"], query["limit"])
        return {"transactions": rows, "next": None if following is None else following.hex()}

    async def contracts(self, query: Query) -> Answer:
        """See the table."""
        rows, following = list_contracts(self._node.store, query["from"], query["limit"])
        return {"contracts": rows, "next": None if following is None else following.hex()}

    async def contract(self, query: Query) -> Answer:
        """See the table."""
        address, store = query["address"], self._node.store
        contract = read_contract(store, address)
        if contract is None:
            raise Refusal(Refused.NOT_FOUND, "there is no contract at this address")
        code = store.get(code_key(contract.code_hash))
        assert code is not None
        return {
            "address": format_address(address),
            "code_hash": contract.code_hash.hex(),
            "currency": contract.currency,
            "deployer": format_address(contract.deployer),
            "module": code.hex(),
            "interface": interface_json(load_verified(store, contract.code_hash).module),
        }


async def old_state(node: Questions, height: int | None) -> tuple[View, Header] | None:
    """The state after a block that was named, with its header; None for that of the newest. What later blocks have overwritten is
    gone through a slice at a time. Raises `Refusal`.
    """
    if height is None:
        return None
    header = header_at(node, height)
    while not node.store.folds.prepare(node.store, height, UNDO_RECORDS_SLICE):
        await asyncio.sleep(0)
    return node.store.at(height), header


def place_of(header: Header) -> dict[str, Any]:
    """What an answer says of the state that was read."""
    return {"height": header.height, "state_root": header.state_root.hex()}
