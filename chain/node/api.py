"""The node's API over HTTP: one table of routes, from which the OpenAPI description is made.

Every answer carries `height` and `state_root` of the head, or of the old state that was asked for.
Every refusal is `{code, message, remedy, data}`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from chain.currency.mandates import list_mandates
from chain.currency.records import read_currency
from chain.ledger.contracts import find_function, load_verified, read_contract
from chain.node.batch import MSGPACK, Batch, parse_batch, row_json, rows_msgpack, unpack_batch
from chain.node.gateway import Gateway
from chain.node.inquiries import estimate, header_at, trace, trace_included, transaction_json
from chain.node.openapi import describe
from chain.node.outcome import Row
from chain.node.questions import Questions
from chain.node.rendering import (
    block_json,
    event_json,
    failure_json,
    interface_json,
    mandate_json,
    money_json,
    policy_json,
    receipt_json,
    refusal_json,
    result_json,
)
from chain.node.subscriptions import Subscriptions
from chain.primitives.address import format_address, parse_address
from chain.primitives.codec import decode
from chain.primitives.header import Header
from chain.primitives.keyspace import code_key, currency_key
from chain.primitives.limits import (
    BATCH_BYTES_MAX,
    BATCH_TRANSACTIONS_MAX,
    ESTIMATE_MARGIN_PERCENT,
    FUNCTION_NAME_CHARACTERS_MAX,
    HEIGHT_MAX,
    LANE_MAX,
    PAGE_ITEMS_MAX,
    REQUEST_BYTES_MAX,
    REQUEST_DEPTH_MAX,
    REQUEST_SECONDS_MAX,
    RETRY_AFTER_SECONDS,
    WAIT_SECONDS_MAX,
)
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import decode_transaction
from chain.state.reader import CURSOR_BYTES
from chain.state.versions import OldView
from vm.failure import Failure

_STATUS: dict[Refused, int] = {
    Refused.NOT_FOUND: 404,
    Refused.PRUNED: 410,
    Refused.TOO_LARGE: 413,
    Refused.POOL_FULL: 429,
    Refused.SENDER_FULL: 429,
    Refused.PAYER_FULL: 429,
    Refused.EVICTED: 429,
    Refused.STOPPED: 503,
    Refused.NOT_COMMITTED: 504,
    Refused.MALFORMED: 400,
    Refused.UNKNOWN_VERSION: 400,
    Refused.BAD_REQUEST: 400,
    Refused.WRONG_ADDRESS: 400,
}
"""The HTTP status of a refusal; 422 for all others: understood, and not done."""
_REFUSED_STATUS = 422
_KEY_BYTES_MAX = 511


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: the path's and query's texts, and the body's fields."""

    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    packed: bytes | None = None
    """The body in msgpack, if it came so."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API: how it is asked, what it does, who answers. Parameters by name."""

    method: str
    path: str
    name: str
    summary: str
    answer: Callable[[Query], Awaitable[dict[str, Any]]]
    path_parameters: dict[str, str] = field(default_factory=dict)
    query_parameters: dict[str, str] = field(default_factory=dict)
    body_fields: dict[str, str] = field(default_factory=dict)
    answer_fields: tuple[str, ...] = ()
    lists: bool = False
    """Whether its body's fields are lists of texts, which msgpack may bring and take back as well."""


class Api:
    """The answers."""

    def __init__(self, questions: Questions, gateway: Gateway, control: Sequence[Operation] = ()) -> None:
        """`control` are operations of a devnet, which answer to addresses of this machine only."""
        self._node = questions
        self._gateway = gateway
        transaction = {"transaction": "the transaction's bytes in hexadecimal", "base64": "or in base64"}
        self.operations = (
            Operation("GET", "/v1/status", "status", "Chain, head, parameters and currencies.", self.status),
            Operation(
                "POST",
                "/v1/transactions",
                "submit",
                "Submit a transaction. The same one again is answered with what became of the first.",
                self.submit,
                query_parameters={
                    "wait": "`commit` answers when it is on disk, with its receipt",
                    "timeout": f"seconds to wait, at most {WAIT_SECONDS_MAX}",
                },
                body_fields=transaction,
                answer_fields=("id", "status", "receipt"),
            ),
            Operation(
                "POST",
                "/v1/batch",
                "batch",
                f"Submit at most {BATCH_TRANSACTIONS_MAX} transactions. What is wrong with one holds up no other.",
                self.batch,
                query_parameters={
                    "wait": "`commit` answers when all are on disk or refused",
                    "timeout": f"seconds to wait, at most {WAIT_SECONDS_MAX}",
                },
                body_fields={"transactions": "the bytes of each in hexadecimal"},
                answer_fields=("rows",),
                lists=True,
            ),
            Operation(
                "POST",
                "/v1/simulate",
                "simulate",
                "What a transaction would come to in the next block, whatever its signatures and sequence.",
                self.simulate,
                body_fields=transaction,
                answer_fields=("receipt",),
            ),
            Operation(
                "POST",
                "/v1/estimate",
                "estimate",
                f"The gas that a transaction needs, and a limit for it: {ESTIMATE_MARGIN_PERCENT} % more on the machine's part.",
                self.estimate,
                body_fields=transaction,
                answer_fields=("ok", "gas_used", "gas_limit", "error"),
            ),
            Operation(
                "POST",
                "/v1/trace",
                "trace",
                "What a transaction does step by step: one that would be in the next block, or one of a block by its `id`.",
                self.trace,
                body_fields={**transaction, "id": "or the identity of one that is in a block, in hexadecimal"},
                answer_fields=("receipt", "calls", "steps", "cut"),
            ),
            Operation(
                "GET",
                "/v1/transactions/{id}",
                "transaction",
                "A transaction of a block, its actions decoded.",
                self.transaction,
                path_parameters={"id": "the transaction's identity in hexadecimal"},
                answer_fields=("id", "block", "index", "sender", "actions", "encoded"),
            ),
            Operation(
                "GET",
                "/v1/blocks/{height}",
                "block",
                "A block's header and the identities of its transactions.",
                self.block,
                path_parameters={"height": "a height, or `latest`"},
                query_parameters={"full": "1 adds the block's bytes as `encoded`"},
                answer_fields=("header", "transactions"),
            ),
            Operation(
                "GET",
                "/v1/receipts/{id}",
                "receipt",
                "What became of a transaction.",
                self.receipt,
                path_parameters={"id": "the transaction's identity in hexadecimal"},
                answer_fields=("receipt",),
            ),
            Operation(
                "GET",
                "/v1/wallets/{address}",
                "wallet",
                "A wallet: key, guardian, rules, balances, next sequence of a lane.",
                self.wallet,
                path_parameters={"address": "tael1…"},
                query_parameters={
                    "lane": f"0 to {LANE_MAX}; 0 if not given",
                    "height": "after which block, if its state is still kept; the newest if not given",
                },
                answer_fields=("address", "key", "guardian", "rules", "balances", "lane", "next_sequence"),
            ),
            Operation(
                "GET",
                "/v1/contracts/{address}",
                "contract",
                "A contract: code, home currency, deployer, interface.",
                self.contract,
                path_parameters={"address": "tael1…"},
                answer_fields=("address", "code_hash", "currency", "deployer", "module", "interface"),
            ),
            Operation(
                "POST",
                "/v1/read",
                "read",
                "The value of a view or pure function.",
                self.read,
                body_fields={
                    "contract": "tael1…",
                    "function": "its name",
                    "arguments": "the encoded arguments in hexadecimal",
                    "height": "after which block, if its state is still kept; the newest if not given",
                },
                answer_fields=("result", "value", "gas_used"),
            ),
            Operation(
                "GET",
                "/v1/proof",
                "proof",
                "A proof of a state key under the head's state root, with the head's header.",
                self.proof,
                query_parameters={"key": "the key in hexadecimal"},
                answer_fields=("key", "value", "proof", "header"),
            ),
            Operation(
                "GET",
                "/v1/events",
                "events",
                "Events in order, from a cursor on.",
                self.events,
                query_parameters={
                    "from": "the `next` of an earlier answer; from the beginning if not given",
                    "limit": f"at most {PAGE_ITEMS_MAX}, 100 if not given",
                },
                answer_fields=("events", "next"),
            ),
            *control,
        )
        self._control = frozenset(operation.name for operation in control)

    async def status(self, query: Query) -> dict[str, Any]:
        """See the table."""
        node, p = self._node, self._node.parameters
        first = node.block(0)
        assert first is not None
        codes = [supply.currency for supply in node.head.supply]
        return {
            "chain_id": p.chain_id,
            "genesis": first.header.hash.hex(),
            "block": node.head.hash.hex(),
            "time_ms": node.head.time_ms,
            "now_ms": node.now_ms(),
            "waiting": await self._gateway.waiting(),
            "base_currency": p.base_currency,
            "gas_limit": p.gas_limit,
            "gas_price_min": p.gas_price_min,
            "gas_price_max": p.gas_price_max,
            "currencies": {code: self._decimals(code) for code in codes},
        }

    async def submit(self, query: Query) -> dict[str, Any]:
        """See the table."""
        wait_seconds = _wait_seconds(query)
        transaction = decode_transaction(_transaction_bytes(query.body))
        (row,) = await self._gateway.submit([transaction], wait_seconds=wait_seconds)
        self._node.renew()
        if row.refusal is not None:
            raise row.refusal
        identity = transaction.identity
        if row.height is None:
            return {"id": identity.hex(), "status": "waiting", "receipt": None}
        receipt = self._node.receipt(identity)
        assert receipt is not None
        return {"id": identity.hex(), "status": "committed", "receipt": receipt_json(receipt, self._node.store)}

    async def batch(self, query: Query) -> dict[str, Any]:
        """See the table."""
        return {"rows": [row_json(row) for row in await self._rows(query)]}

    async def _rows(self, query: Query) -> list[Row]:
        """What became of a batch."""
        wait_seconds = _wait_seconds(query)
        batch = Batch(parse_batch(query.body) if query.packed is None else unpack_batch(query.packed))
        rows = batch.rows(await self._gateway.submit(batch.transactions, wait_seconds=wait_seconds))
        self._node.renew()
        return rows

    async def simulate(self, query: Query) -> dict[str, Any]:
        """See the table."""
        receipt = self._node.simulate(_transaction_bytes(query.body))
        return {"receipt": receipt_json(receipt, self._node.store)}

    async def block(self, query: Query) -> dict[str, Any]:
        """See the table."""
        text = query.path["height"]
        height = self._node.head.height if text == "latest" else _number(text, "height", 0, HEIGHT_MAX)
        header = header_at(self._node, height)
        answer = block_json(header, self._node.store.identities(height), self._node.store)
        if _number(query.query.get("full", "0"), "full", 0, 1):
            encoded = self._node.store.block(height)
            assert encoded is not None
            answer["encoded"] = encoded.hex()
        return answer

    async def estimate(self, query: Query) -> dict[str, Any]:
        """See the table."""
        return estimate(self._node, _transaction_bytes(query.body))

    async def trace(self, query: Query) -> dict[str, Any]:
        """See the table."""
        if "id" not in query.body:
            return trace(self._node, _transaction_bytes(query.body))
        return _found(trace_included(self._node, _hex(_text(query.body, "id"), "id")))

    async def transaction(self, query: Query) -> dict[str, Any]:
        """See the table."""
        return _found(transaction_json(self._node, _hex(query.path["id"], "id")))

    async def receipt(self, query: Query) -> dict[str, Any]:
        """See the table."""
        identity = _hex(query.path["id"], "id")
        receipt = self._node.receipt(identity)
        if receipt is None:
            outlook = await self._gateway.outlook(identity)
            if isinstance(outlook, Refusal):
                raise outlook
            raise Refusal(Refused.NOT_FOUND, "no block has this transaction", waiting=outlook)
        return {"receipt": receipt_json(receipt, self._node.store)}

    async def wallet(self, query: Query) -> dict[str, Any]:
        """See the table."""
        address = parse_address(query.path["address"])
        lane = _number(query.query.get("lane", "0"), "lane", 0, LANE_MAX)
        old = self._old(query.query.get("height"))
        view, header = (self._node.store, self._node.head) if old is None else old
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
            "next_sequence": await self._gateway.next_sequence(address, lane) if old is None else wallet.sequences.get(lane, 0),
            **_place(old),
        }

    def _old(self, height: Any) -> tuple[OldView, Header] | None:
        """The state after a block that was named, with its header; None for that of the newest. Raises `Refusal`."""
        if height is None:
            return None
        if not isinstance(height, str):
            raise _bad("height must be a text")
        number = _number(height, "height", 0, HEIGHT_MAX)
        return self._node.store.at(number), header_at(self._node, number)

    async def contract(self, query: Query) -> dict[str, Any]:
        """See the table."""
        address = parse_address(query.path["address"])
        store = self._node.store
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

    async def read(self, query: Query) -> dict[str, Any]:
        """See the table."""
        address = parse_address(_text(query.body, "contract"))
        name = _text(query.body, "function")
        if len(name) > FUNCTION_NAME_CHARACTERS_MAX:
            raise _bad("the function's name is too long")
        arguments = _hex(_text(query.body, "arguments"), "arguments")
        old = self._old(query.body.get("height"))
        view = self._node.store if old is None else old[0]
        result, gas_used = self._node.read(address, name, arguments, old=old)
        contract = read_contract(view, address)
        assert contract is not None
        function = find_function(load_verified(view, contract.code_hash), name)
        assert function is not None
        return {
            "result": None if result is None else result.hex(),
            "value": result_json(function.result, result),
            "gas_used": gas_used,
            **_place(old),
        }

    async def proof(self, query: Query) -> dict[str, Any]:
        """See the table."""
        key = _hex(query.query.get("key", ""), "key")
        if not 0 < len(key) <= _KEY_BYTES_MAX:
            raise _bad(f"key must have 1 to {_KEY_BYTES_MAX} bytes")
        proof = self._node.prove(key)
        return {
            "key": key.hex(),
            "value": None if proof.value is None else proof.value.hex(),
            "proof": proof.encoded.hex(),
            "header": self._node.head.encoded.hex(),
        }

    async def events(self, query: Query) -> dict[str, Any]:
        """See the table."""
        after = _hex(query.query.get("from", ""), "from")
        if len(after) not in (0, CURSOR_BYTES):
            raise _bad("from must be a cursor of an earlier answer")
        height = int.from_bytes(after[:8])
        if height > self._node.head.height:
            message = f"the cursor is of block {height}, and the newest is {self._node.head.height}: blocks were taken back"
            raise Refusal(Refused.NOT_FOUND, message, "Go on from an earlier cursor, or from the beginning.")
        limit = _number(query.query.get("limit", "100"), "limit", 1, PAGE_ITEMS_MAX)
        found = self._node.store.events(after, limit)
        events = []
        for cursor, data in found:
            identity, contract, number, payload = decode(data)
            events.append(
                {
                    "cursor": cursor.hex(),
                    "block": int.from_bytes(cursor[:8]),
                    "transaction": identity.hex(),
                    **event_json(contract, number, payload, self._node.store),
                }
            )
        return {"events": events, "next": found[-1][0].hex() if found else after.hex()}

    def application(self) -> Starlette:
        """The ASGI application."""
        routes: list[BaseRoute] = [Route(o.path, self._endpoint(o), methods=[o.method]) for o in self.operations]
        routes.append(Route("/openapi.json", self._openapi, methods=["GET"]))
        routes.append(WebSocketRoute("/v1/subscribe", Subscriptions(self._node, self._gateway.failed).serve))
        return Starlette(routes=routes, exception_handlers={HTTPException: self._http_error, Exception: self._defect})

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                if operation.name in self._control:
                    _check_host(request)
                query = await _query(request, operation)
                self._node.renew()
                if operation.lists and MSGPACK in request.headers.get("accept", ""):
                    return self._packed(await self._rows(query))
                answer = await operation.answer(query)
            except Refusal as refusal:
                return self._refused(refusal)
            except StoreFailed as error:  # it may have misled others already
                self._gateway.failed(error)
                return self._stopped()
            except Failure as failure:
                message = f"{failure.name} {failure.detail}".strip()
                return self._refused(Refusal(Refused.EXECUTION_FAILED, message), failure_json(failure, self._node.store))
            return self._json(answer, 200)

        return endpoint

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(describe(self.operations))

    async def _http_error(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        refusal = Refusal(Refused.NOT_FOUND if status == 404 else Refused.BAD_REQUEST, "there is nothing here")
        return self._json(refusal_json(refusal), status)

    async def _defect(self, request: Request, error: Exception) -> Response:
        """What should not happen. The error itself goes to the log, not to whoever asked."""
        return self._json(refusal_json(Refusal(Refused.DEFECT, "the node has a defect")), 500)

    def _stopped(self) -> Response:
        """Of a node whose store has failed: the head that it knew is still told, and nothing is read any more."""
        return self._json(refusal_json(Refusal(Refused.STOPPED, "the node has stopped after a failure")), 503)

    def _refused(self, refusal: Refusal, error: dict[str, Any] | None = None) -> Response:
        body = refusal_json(refusal)
        if error is not None:
            body["error"] = error
        answer = self._json(body, _STATUS.get(refusal.code, _REFUSED_STATUS))
        if answer.status_code == 429:
            answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return answer

    def _packed(self, rows: list[Row]) -> Response:
        head = self._node.head
        return Response(rows_msgpack(rows, head.height, head.state_root), media_type=MSGPACK)

    def _json(self, content: dict[str, Any], status: int) -> Response:
        head = self._node.head
        # An answer from an old state brings its own.
        return JSONResponse({"height": head.height, "state_root": head.state_root.hex(), **content}, status)

    def _decimals(self, code: str) -> int:
        value = self._node.store.get(currency_key(code))
        assert value is not None
        return read_currency(code, value).decimals


_BRACKETS_AND_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]')


async def _query(request: Request, operation: Operation) -> Query:
    path, query = dict(request.path_params), dict(request.query_params)
    if operation.method != "POST":
        return Query(path, query, {})
    data = await _data(request, BATCH_BYTES_MAX if operation.lists else REQUEST_BYTES_MAX)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if operation.lists and content_type == MSGPACK:
        return Query(path, query, {}, data)
    return Query(path, query, _object(data))


def _check_host(request: Request) -> None:
    """Raises `Refusal` BadRequest if the request names another host than this machine."""
    host = request.url.hostname or ""
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise _bad("the devnet is controlled under 127.0.0.1 only")


async def _data(request: Request, bytes_max: int) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            async for chunk in request.stream():
                data += chunk
                if len(data) > bytes_max:
                    raise Refusal(Refused.TOO_LARGE, f"a request has at most {bytes_max} bytes")
    except (ClientDisconnect, TimeoutError):
        raise _bad("the request ended too early, or took too long") from None
    return bytes(data)


def _object(data: bytes) -> dict[str, Any]:
    if not _is_shallow(data):
        raise _bad("the body must be JSON, and not so deep")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _bad("the body must be JSON") from None
    if not isinstance(body, dict):
        raise _bad("the body must be a JSON object")
    return body


def _wait_seconds(query: Query) -> float | None:
    """How long to wait for the disk, None for not at all."""
    wait = query.query.get("wait")
    if wait not in (None, "commit"):
        raise _bad("wait must be `commit`")
    timeout = _number(query.query.get("timeout", "10"), "timeout", 0, WAIT_SECONDS_MAX)
    return None if wait is None else timeout


def _is_shallow(data: bytes) -> bool:
    """Whether brackets outside of strings stand within each other at most REQUEST_DEPTH_MAX deep: the reader of JSON calls
    itself once a level, on a stack whose size is not ours.
    """
    if data.count(b"[") + data.count(b"{") <= REQUEST_DEPTH_MAX:
        return True
    depth = 0
    for found in _BRACKETS_AND_STRINGS.finditer(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        if depth > REQUEST_DEPTH_MAX:
            return False
    return True


def _transaction_bytes(body: dict[str, Any]) -> bytes:
    if "base64" in body:
        try:
            return base64.b64decode(_text(body, "base64"), validate=True)
        except (binascii.Error, ValueError):
            raise _bad("base64 must be base64") from None
    return _hex(_text(body, "transaction"), "transaction")


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not (value.isascii() or _is_unicode(value)):
        raise _bad(f"{name} must be a text")
    return value


def query_text(query: Query, name: str) -> str:
    """A field of the body that must be there. Raises `Refusal` BadRequest."""
    return _text(query.body, name)


def query_number(query: Query, name: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number of the body, as a number or a text. Raises `Refusal` BadRequest."""
    value = query.body.get(name, default)
    if type(value) is bool or not isinstance(value, int | str):
        raise _bad(f"{name} must be a whole number from {low} to {high}")
    return _number(str(value), name, low, high)


def _is_unicode(text: str) -> bool:
    """Whether a text has a form in bytes: JSON can name halves of characters, which have none."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _hex(text: str, name: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _bad(f"{name} must be hexadecimal") from None


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and low <= int(text) <= high):
        raise _bad(f"{name} must be a whole number from {low} to {high}")
    return int(text)


def _place(old: tuple[OldView, Header] | None) -> dict[str, Any]:
    """What an answer from an old state says of it."""
    return {} if old is None else {"height": old[1].height, "state_root": old[1].state_root.hex()}


def _found(answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        raise Refusal(Refused.NOT_FOUND, "no block has this transaction")
    return answer


def _bad(message: str) -> Refusal:
    return Refusal(Refused.BAD_REQUEST, message)
