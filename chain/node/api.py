"""The node's API over HTTP: the operations of all topics, put to work.

Every answer carries the height and state root of the state that was read. Every refusal is `{code, message, remedy, data}`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from chain.node.api_answer import answer_json, answer_raw, answer_refusal, answer_rows
from chain.node.api_ledger import LedgerApi
from chain.node.api_proofs import ProofApi
from chain.node.api_request import check_host, read_request
from chain.node.api_sync import SyncApi
from chain.node.api_transactions import TransactionApi
from chain.node.batch import MSGPACK
from chain.node.docs_page import docs_page
from chain.node.gateway import Gateway
from chain.node.openapi import describe
from chain.node.operation import Operation, Raw
from chain.node.questions import Questions
from chain.node.rendering import failure_json
from chain.node.subscriptions import Subscriptions
from chain.node.unpaid import Unpaid
from chain.primitives.limits import REQUESTS_AT_ONCE_MAX
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from vm.failure import Failure


class Api:
    """The answers."""

    def __init__(
        self,
        questions: Questions,
        gateway: Gateway,
        control: Sequence[Operation] = (),
        on_refused: Callable[[int, str], None] = lambda count, code: None,
        following: Callable[[], dict[str, Any] | None] = lambda: None,
    ) -> None:
        """`control` are operations of a devnet, which answer to addresses of this machine only. `on_refused` is told how many
        refusals of a code were answered. `following` gives what the status says of the node that this one follows, if it
        follows one.
        """
        self._node = questions
        self._gateway = gateway
        self._unpaid = Unpaid(questions, time.monotonic)
        self._on_refused = on_refused
        self._transactions = TransactionApi(questions, gateway, on_refused)
        own = (
            *LedgerApi(questions, gateway, following).operations,
            *self._transactions.operations,
            *ProofApi(questions).operations,
            *SyncApi(questions).operations,
        )
        self.operations = (*own, *control)
        self._control = frozenset(operation.name for operation in control)
        self._at_once = 0
        self._document: dict[str, Any] | None = None

    def application(self) -> Starlette:
        """The ASGI application."""
        routes: list[BaseRoute] = [Route(o.path, self._endpoint(o), methods=[o.method]) for o in self.operations]
        routes.append(Route("/v1/openapi.json", self._openapi, methods=["GET"]))
        routes.append(Route("/v1/docs", self._docs, methods=["GET"]))
        routes.append(WebSocketRoute("/v1/subscribe", Subscriptions(self._node, self._gateway.failed).serve))
        made = Starlette(routes=routes, exception_handlers={HTTPException: self._http_error, Exception: self._defect})
        made.state.head = lambda: self._node.head
        return made

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if self._at_once >= REQUESTS_AT_ONCE_MAX:
                return self._refused(Refusal(Refused.BUSY, f"{REQUESTS_AT_ONCE_MAX} requests are being answered already"))
            self._at_once += 1
            try:
                return await answered(request)
            finally:
                self._at_once -= 1

        async def answered(request: Request) -> Response:
            try:
                if operation.name in self._control:
                    check_host(request)
                query = await read_request(request, operation)
                if operation.unpaid:
                    self._unpaid.check()
                self._node.renew()
                if operation.lists and MSGPACK in request.headers.get("accept", ""):
                    return answer_rows(await self._transactions.rows(query), self._node.head)
                answer = await operation.answer(query)
                if operation.name in self._control:
                    self._node.renew()  # what it has done is on disk
            except Refusal as refusal:
                return self._refused(refusal)
            except StoreFailed as error:  # it may have misled others already
                self._gateway.failed(error)
                return self._refused(Refusal(Refused.STOPPED, "the node has stopped after a failure"))
            except Failure as failure:
                message = f"{failure.name} {failure.detail}".strip()
                return self._refused(Refusal(Refused.EXECUTION_FAILED, message, error=failure_json(failure, self._node.store)))
            return answer_raw(answer) if isinstance(answer, Raw) else answer_json(answer, self._node.head)

        return endpoint

    def _described(self) -> dict[str, Any]:
        if self._document is None:
            self._document = describe(self.operations)
        return self._document

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(self._described())

    async def _docs(self, request: Request) -> Response:
        return HTMLResponse(
            docs_page(self._described()), headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        )

    async def _http_error(self, request: Request, error: Exception) -> Response:
        """What no operation is for: an address that is none, or another method."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        refusal = Refusal(Refused.NOT_FOUND if status == 404 else Refused.BAD_REQUEST, "there is nothing here")
        answer = self._refused(refusal)
        answer.status_code = status
        if isinstance(error, HTTPException) and error.headers:
            answer.headers.update(error.headers)
        return answer

    async def _defect(self, request: Request, error: Exception) -> Response:
        """What should not happen. The error itself goes to the log, not to whoever asked."""
        return self._refused(Refusal(Refused.DEFECT, "the node has a defect"))

    def _refused(self, refusal: Refusal) -> Response:
        self._on_refused(1, refusal.code)
        # The head is known without reading, also to a node whose store has failed.
        return answer_refusal(refusal, self._node.head)
