"""Operations that take transactions in, and those that try them out or run a program for which nobody pays."""

from __future__ import annotations

import base64
from collections.abc import Callable

from chain.ledger.contracts import find_function, load_verified, read_contract
from chain.node import api_codes
from chain.node.api_ledger import old_state, place_of
from chain.node.batch import Batch, parse_batch, row_json, unpack_batch
from chain.node.gateway import Gateway
from chain.node.inquiries import estimate, trace, trace_included
from chain.node.operation import Answer, Operation, Query
from chain.node.outcome import Row
from chain.node.parameters import (
    ADDRESS,
    BASE64,
    EXAMPLE_ADDRESS,
    IDENTITY,
    TRANSACTION,
    Kind,
    Parameter,
    choice,
    hexadecimal,
    member,
    number,
    text,
)
from chain.node.questions import Questions
from chain.node.rendering import receipt_json, result_json
from chain.node.schema import ANYTHING, HASH, HEX, TRUTH, listed, nullable, one_of, record, ref, whole
from chain.primitives.limits import (
    BATCH_TRANSACTIONS_MAX,
    ESTIMATE_MARGIN_PERCENT,
    FUNCTION_NAME_CHARACTERS_MAX,
    HEIGHT_MAX,
    WAIT_SECONDS_MAX,
)
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import decode_transaction

_WAITS = (
    Parameter("wait", choice("commit"), "`commit` answers when it is on disk or refused.", "commit"),
    Parameter("timeout", number(0, WAIT_SECONDS_MAX), "Seconds to wait; 10 if not given.", 10, default=10),
)
_EXAMPLE = "92c0"
_TRANSACTION = (
    Parameter("transaction", TRANSACTION, "The transaction's bytes in hexadecimal.", _EXAMPLE),
    Parameter("base64", BASE64, "Or in base64."),
)
_FORMS = ("transaction", "base64")
_BATCH = Kind(
    {"type": "array", "items": hexadecimal().schema, "maxItems": BATCH_TRANSACTIONS_MAX},
    lambda value, name: parse_batch({name: value}),
)


class TransactionApi:
    """The answers."""

    def __init__(self, node: Questions, gateway: Gateway, on_refused: Callable[[int, str], None]) -> None:
        self._node = node
        self._on_refused = on_refused
        self._gateway = gateway
        self.operations = (*self._taking(), *self._trying())

    def _taking(self) -> tuple[Operation, ...]:
        return (
            Operation(
                *("POST", "/v1/transactions", "submit"),
                "Submit a transaction. The same one again is answered with what became of the first.",
                self.submit,
                parameters=_WAITS,
                body=_TRANSACTION,
                one_of=_FORMS,
                answers=record(id=HASH, status=one_of("waiting", "committed"), receipt=nullable(ref("Receipt"))),
                refusals=api_codes.SUBMISSION,
            ),
            Operation(
                *("POST", "/v1/batch", "batch"),
                f"Submit at most {BATCH_TRANSACTIONS_MAX} transactions. What is wrong with one holds up no other.",
                self.batch,
                parameters=_WAITS,
                body=(Parameter("transactions", _BATCH, "The bytes of each in hexadecimal.", [_EXAMPLE], required=True),),
                answers=record(rows=listed(ref("Row"))),
                refusals=(Refused.TOO_LARGE,),
                lists=True,
            ),
        )

    def _trying(self) -> tuple[Operation, ...]:
        contract = Parameter("contract", ADDRESS, "tael1…", EXAMPLE_ADDRESS, required=True)
        function = Parameter("function", text("[A-Za-z0-9_]", FUNCTION_NAME_CHARACTERS_MAX), "Its name.", "total", required=True)
        return (
            Operation(
                *("POST", "/v1/simulate", "simulate"),
                "What a transaction would come to in the next block, whatever its signatures and sequence.",
                self.simulate,
                body=_TRANSACTION,
                one_of=_FORMS,
                answers=record(receipt=ref("Receipt")),
                refusals=api_codes.UNPAID,
                unpaid=True,
            ),
            Operation(
                *("POST", "/v1/estimate", "estimate"),
                f"The gas that a transaction needs, and a limit for it: {ESTIMATE_MARGIN_PERCENT} % more on the machine's part.",
                self.estimate,
                body=_TRANSACTION,
                one_of=_FORMS,
                answers=record(ok=TRUTH, gas_used=whole(), gas_limit=whole(), error=nullable(ref("Error"))),
                refusals=api_codes.UNPAID,
                unpaid=True,
            ),
            Operation(
                *("POST", "/v1/trace", "trace"),
                "What a transaction does step by step: one that would be in the next block, or one of a block by its `id`.",
                self.trace,
                body=(*_TRANSACTION, Parameter("id", IDENTITY, "Or the identity of one that is in a block, in hexadecimal.")),
                one_of=(*_FORMS, "id"),
                answers=record(receipt=ref("Receipt"), calls=listed(ref("Call")), steps=whole(), cut=TRUTH),
                refusals=(*api_codes.UNPAID, Refused.NOT_FOUND, Refused.PRUNED),
                unpaid=True,
            ),
            Operation(
                *("POST", "/v1/read", "read", "The value of a view or pure function.", self.read),
                body=(
                    contract,
                    function,
                    Parameter("arguments", hexadecimal(), "The encoded arguments in hexadecimal.", "90", required=True),
                    Parameter(
                        "height", member(0, HEIGHT_MAX), "After which block, if its state is still kept; else the newest.", 0
                    ),
                ),
                answers=record(result=nullable(HEX), value=ANYTHING, gas_used=whole()),
                refusals=api_codes.PROGRAM,
                unpaid=True,
            ),
        )

    # Taken in.

    async def submit(self, query: Query) -> Answer:
        """See the table."""
        transaction = decode_transaction(_bytes(query))
        (row,) = await self._gateway.submit([transaction], wait_seconds=_wait_seconds(query))
        self._node.renew()
        if row.refusal is not None:
            raise row.refusal
        identity = transaction.identity
        receipt = None if row.height is None else self._node.receipt(identity)
        if receipt is None:  # or its block has been taken back in the meantime
            return {"id": identity.hex(), "status": "waiting", "receipt": None}
        return {"id": identity.hex(), "status": "committed", "receipt": receipt_json(receipt, self._node.store)}

    async def batch(self, query: Query) -> Answer:
        """See the table."""
        return {"rows": [row_json(row) for row in await self.rows(query)]}

    async def rows(self, query: Query) -> list[Row]:
        """What became of a batch."""
        batch = Batch(query["transactions"] if query.packed is None else unpack_batch(query.packed))
        rows = batch.rows(await self._gateway.submit(batch.transactions, wait_seconds=_wait_seconds(query)))
        self._node.renew()
        for row in rows:
            if row.refusal is not None:
                self._on_refused(1, row.refusal.code)
        return rows

    # Tried out.

    async def simulate(self, query: Query) -> Answer:
        """See the table."""
        return {"receipt": receipt_json(self._node.simulate(_bytes(query)), self._node.store)}

    async def estimate(self, query: Query) -> Answer:
        """See the table."""
        return estimate(self._node, _bytes(query))

    async def trace(self, query: Query) -> Answer:
        """See the table."""
        if query["id"] is None:
            return trace(self._node, _bytes(query))
        answer = trace_included(self._node, query["id"])
        if answer is None:
            raise Refusal(Refused.NOT_FOUND, "no block has this transaction")
        return answer

    async def read(self, query: Query) -> Answer:
        """See the table."""
        address, name = query["contract"], query["function"]
        old = await old_state(self._node, query["height"])
        view, header = old or (self._node.store, self._node.head)
        result, gas_used = self._node.read(address, name, query["arguments"], old=old)
        contract = read_contract(view, address)
        assert contract is not None
        function = find_function(load_verified(view, contract.code_hash), name)
        assert function is not None
        return {
            "result": None if result is None else result.hex(),
            "value": result_json(function.result, result),
            "gas_used": gas_used,
            **place_of(header),
        }


def _bytes(query: Query) -> bytes:
    """The bytes of the transaction that was given in one form or the other."""
    if query["base64"] is not None:
        return base64.b64decode(query["base64"])
    data: bytes = query["transaction"]
    return data


def _wait_seconds(query: Query) -> float | None:
    """How long to wait for the disk, None for not at all."""
    return None if query["wait"] is None else float(query["timeout"])
