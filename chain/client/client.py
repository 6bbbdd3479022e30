"""A synchronous client of a node's HTTP API.

It needs nothing of the ledger but `chain.primitives`: what it signs it has built, what it believes it has
proved.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import msgpack

from chain.primitives.account import read_balance
from chain.primitives.address import format_address
from chain.primitives.header import Header, decode_header
from chain.primitives.keys import Signer
from chain.primitives.keyspace import account_key
from chain.primitives.limits import GAS_LIMIT_MAX, REQUEST_BYTES_MAX
from chain.primitives.proof import decode_proof, verify_proof
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Body, Pay, Transaction, sign

EXPIRY_MS = 10 * 60 * 1000
"""How long after the head's time a transaction expires if nothing else is said: ten minutes, however fast blocks are made."""
GAS_LIMIT = 20_000_000
"""Of a transaction if nothing else is said: cheap to over-state, since only what is used is paid."""
MSGPACK = "application/msgpack"
_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX = 0.05, 2.0  # between two tries
_ANSWER_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """A committed transaction: its receipt, and the same as the node tells it in JSON, events and errors
    decoded.
    """

    receipt: Receipt
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proved:
    """A state value (None if absent) that a proof under a header's state root has shown."""

    key: bytes
    value: bytes | None
    header: Header


class BatchRow(NamedTuple):
    """What became of one transaction of a batch: `status` is `committed`, `waiting` or `refused`, `code` that of the refusal or
    the name of the error.
    """

    identity: bytes
    status: str
    ok: bool | None
    code: str | None
    height: int | None
    number: int | None


class Client:
    """A connection to one node. May be shared by threads; each has a connection of its own.

    Every method raises `Refusal`: the node's own, or Unreachable.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0) -> None:
        """`url` is the node's, such as `http://127.0.0.1:7070`. `retry_seconds` is how long to go on asking a node that is full
        or does not answer, which is safe: the same transaction gets the same answer.
        """
        self._retry_seconds = retry_seconds
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refusal(Refused.BAD_REQUEST, f"not the address of a node: {url[:100]}", "Give http://HOST:PORT.")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        try:
            self._port = parts.port
        except ValueError:
            raise Refusal(Refused.BAD_REQUEST, f"not a port: {url[:100]}", "Give http://HOST:PORT.") from None
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()
        self._chain_id: str | None = None

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Questions.

    def status(self) -> dict[str, Any]:
        """Chain, head, parameters, currencies with their decimals."""
        return self.get("/v1/status")

    def wallet(self, address: bytes, lane: int = 0) -> dict[str, Any]:
        """A wallet: key, guardian, rules, balances, next sequence of a lane. NotFound if there is none."""
        return self.get(f"/v1/wallets/{format_address(address)}", lane=str(lane))

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, in minor units, as the node says; see `proved_balance`."""
        for entry in self.wallet(address)["balances"]:
            if entry["currency"] == currency:
                return int(entry["amount"])
        return 0

    def contract(self, address: bytes) -> dict[str, Any]:
        """A contract: code hash, module in hexadecimal, home currency, deployer, interface."""
        return self.get(f"/v1/contracts/{format_address(address)}")

    def block(self, height: int | str = "latest") -> dict[str, Any]:
        """A block's header and the identities of its transactions."""
        return self.get(f"/v1/blocks/{quote(str(height))}")

    def receipt(self, identity: bytes) -> Outcome:
        """What became of a transaction. NotFound while it is in no block."""
        return _outcome(self.get(f"/v1/receipts/{identity.hex()}"), identity)

    def events(self, cursor: str = "", limit: int = 100) -> tuple[list[dict[str, Any]], str]:
        """(events after a cursor, the cursor to go on from)."""
        answer = self.get("/v1/events", **{"from": cursor, "limit": str(limit)})
        return answer["events"], answer["next"]

    def read(self, contract: bytes, function: str, arguments: bytes) -> dict[str, Any]:
        """`result` (encoded, in hexadecimal), `value` (JSON) and `gas_used` of a view or pure function."""
        body = {"contract": format_address(contract), "function": function, "arguments": arguments.hex()}
        return self.post("/v1/read", body)

    def transaction(self, identity: bytes) -> dict[str, Any]:
        """A transaction of a block, its actions decoded. NotFound while it is in no block."""
        return self.get(f"/v1/transactions/{identity.hex()}")

    def estimate(self, transaction: Transaction) -> dict[str, Any]:
        """`gas_used` and the `gas_limit` to give; `ok` and `error` say whether it would succeed. It need not be signed."""
        return self.post("/v1/estimate", {"transaction": transaction.encoded.hex()})

    def trace(self, transaction: Transaction | bytes) -> dict[str, Any]:
        """What a transaction would do step by step, or did if it is the identity of one in a block."""
        if isinstance(transaction, bytes):
            return self.post("/v1/trace", {"id": transaction.hex()})
        return self.post("/v1/trace", {"transaction": transaction.encoded.hex()})

    def simulate(self, transaction: Transaction) -> Outcome:
        """What a transaction would come to in the next block."""
        answer = self.post("/v1/simulate", {"transaction": transaction.encoded.hex()})
        return _outcome(answer, transaction.identity)

    # Proofs.

    def prove(self, key: bytes, header: Header | None = None) -> Proved:
        """A state value with its proof checked here. With a `header` that you trust, the proof must be under
        its root.

        Raises `Refusal` WrongProof if the node's proof does not hold.
        """
        answer = self.get("/v1/proof", key=key.hex())
        proof = decode_proof(_hex(answer, "proof"))
        under = decode_header(_hex(answer, "header"))
        if header is not None and header.encoded != under.encoded:
            raise Refusal(Refused.WRONG_PROOF, f"the proof is under block {under.height}, not the one that is trusted")
        if proof.key != key or not verify_proof(proof, under.state_root):
            raise Refusal(Refused.WRONG_PROOF, "the proof does not hold")
        return Proved(key, proof.value, under)

    def proved_balance(self, address: bytes, currency: str, header: Header | None = None) -> int:
        """What a wallet holds, in minor units, proved under the head's (or a trusted header's) state root."""
        return read_balance(self.prove(account_key(address), header).value, currency)

    # Transactions.

    def chain_id(self) -> str:
        """The chain's id, asked for once."""
        if self._chain_id is None:
            self._chain_id = str(self.status()["chain_id"])
        return self._chain_id

    def build(
        self,
        sender: bytes,
        actions: Sequence[Action],
        *,
        lane: int = 0,
        sequence: int | None = None,
        expiry_height: int | None = None,
        expiry_ms: int | None = None,
        gas_limit: int = GAS_LIMIT,
        gas_price: int | None = None,
        authority: bytes | None = None,
        fee_payer: bytes | None = None,
        limits: dict[str, int] | None = None,
        memo: bytes | None = None,
    ) -> Body:
        """A transaction's body; what is not given is asked of the node.

        It expires `EXPIRY_MS` after the time that the node would give the next block, unless a height or time is given.
        `gas_price` is the chain's least if not given. `limits` maps currencies to the most that may leave the
        sender. `authority` is the session that signs in the sender's stead.
        """
        status = self.status()
        self._chain_id = str(status["chain_id"])
        if expiry_height is None and expiry_ms is None:
            expiry_ms = int(status["now_ms"]) + EXPIRY_MS
        if sequence is None:
            sequence = self._next_sequence(sender, lane)
        return Body(
            chain_id=self._chain_id,
            sender=sender,
            lane=lane,
            sequence=sequence,
            gas_limit=min(gas_limit, int(status["gas_limit"]), GAS_LIMIT_MAX),
            gas_price=int(status["gas_price_min"]) if gas_price is None else gas_price,
            actions=tuple(actions),
            expiry_height=expiry_height,
            expiry_ms=expiry_ms,
            authority=authority,
            fee_payer=fee_payer,
            limits=None if limits is None else tuple(sorted(limits.items())),
            memo=memo,
        )

    def submit(self, transaction: Transaction) -> str:
        """Hand over a transaction and do not wait: `waiting` or `committed`. Doing so twice is safe."""
        answer = self.post("/v1/transactions", {"transaction": transaction.encoded.hex()})
        return str(answer["status"])

    def commit(self, transaction: Transaction, timeout_seconds: float = 20) -> Outcome:
        """Hand over a transaction and wait until it is on disk. Doing so twice is safe: the first outcome
        comes back.

        A transaction that failed has an outcome too (`receipt.ok` is false). NotCommitted when time is up.
        """
        path = f"/v1/transactions?wait=commit&timeout={int(timeout_seconds)}"
        answer = self.post(path, {"transaction": transaction.encoded.hex()})
        return _outcome(answer, transaction.identity)

    def submit_batch(
        self, transactions: Sequence[Transaction], *, wait: bool = True, timeout_seconds: float = 20
    ) -> list[BatchRow]:
        """Hand over up to 1,000 transactions in one request; a row for each. With `wait` it is answered when all are on disk or
        refused. Doing so twice is safe.
        """
        data: bytes = msgpack.packb([transaction.encoded for transaction in transactions])
        path = f"/v1/batch?wait=commit&timeout={int(timeout_seconds)}" if wait else "/v1/batch"
        content, status = self._exchange("POST", path, data, {"Content-Type": MSGPACK, "Accept": MSGPACK})
        if status != http.client.OK:
            _parse(content, status)
        try:
            rows, _, _ = msgpack.unpackb(content, use_list=False)
            told = [BatchRow(*row) for row in rows]
        except (ValueError, TypeError, msgpack.UnpackException):
            raise Refusal(Refused.UNREACHABLE, "the node gave no rows") from None
        if [row.identity for row in told] != [transaction.identity for transaction in transactions]:
            raise Refusal(Refused.UNREACHABLE, "the node gave rows of other transactions")
        return told

    def send(self, key: Signer | Sequence[Signer], sender: bytes, actions: Sequence[Action], **fields: Any) -> Outcome:
        """Build (see `build`), sign by one key or several and commit."""
        keys = key if isinstance(key, Sequence) else [key]
        return self.commit(sign(self.build(sender, actions, **fields), keys))

    def pay(self, key: Signer | Sequence[Signer], sender: bytes, to: bytes, currency: str, amount: int, **fields: Any) -> Outcome:
        """Pay minor units of a currency to a wallet."""
        return self.send(key, sender, [Pay(to, currency, amount)], **fields)

    def _next_sequence(self, sender: bytes, lane: int) -> int:
        try:
            return int(self.wallet(sender, lane)["next_sequence"])
        except Refusal as refusal:
            if refusal.code is Refused.NOT_FOUND:
                return 0  # a wallet that opens itself
            raise

    # HTTP.

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The JSON answer of a GET."""
        filled = {name: value for name, value in query.items() if value != ""}
        return self._ask("GET", f"{path}?{urlencode(filled)}" if filled else path, None)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The JSON answer of a POST."""
        data = json.dumps(body).encode()
        if len(data) > REQUEST_BYTES_MAX:
            raise Refusal(Refused.TOO_LARGE, f"a request has at most {REQUEST_BYTES_MAX} bytes")
        return self._ask("POST", path, data)

    def _ask(self, method: str, path: str, data: bytes | None) -> dict[str, Any]:
        return _parse(*self._exchange(method, path, data, {"Content-Type": "application/json"} if data else {}))

    def _exchange(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[bytes, int]:
        """(content, status) of an answer; asked again, less and less often, as long as the client was told to."""
        end = time.monotonic() + self._retry_seconds
        pause_seconds = _PAUSE_SECONDS_MIN
        while True:
            try:
                content, status = self._exchange_once(method, path, data, headers)
                if status != http.client.TOO_MANY_REQUESTS or time.monotonic() + pause_seconds > end:
                    return content, status
            except Refusal:
                if time.monotonic() + pause_seconds > end:
                    raise
            time.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _PAUSE_SECONDS_MAX)

    def _exchange_once(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> tuple[bytes, int]:
        # Everything that is sent may be sent twice (a transaction has one identity), so a lost connection is
        # tried again.
        for last in (False, True):
            fresh = not hasattr(self._local, "connection")
            connection = self._connection()
            try:
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                return response.read(_ANSWER_BYTES_MAX), response.status
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if last or fresh:
                    raise Refusal(Refused.UNREACHABLE, f"{self._host}:{self._port or ''} does not answer: {error}") from None
        raise AssertionError

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._local.connection = kind(self._host, self._port, timeout=self._timeout_seconds)
        connection: http.client.HTTPConnection = self._local.connection
        return connection


def _parse(content: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Refusal(Refused.UNREACHABLE, f"no node answers there (status {status})")
    if status == http.client.OK:
        return answer
    try:
        code = Refused(str(answer.get("code")))
    except ValueError:
        raise Refusal(Refused.BAD_REQUEST, str(answer.get("message", status))) from None
    data = answer.get("data")
    refusal = Refusal(code, str(answer.get("message")), str(answer.get("remedy")))
    refusal.data.update(data if isinstance(data, dict) else {})
    raise refusal


def _outcome(answer: dict[str, Any], identity: bytes) -> Outcome:
    told = answer.get("receipt")
    if not isinstance(told, dict):
        raise Refusal(Refused.UNREACHABLE, "the node gave no receipt")
    receipt = decode_receipt(_hex(told, "encoded"))
    if receipt.identity != identity:
        raise Refusal(Refused.WRONG_PROOF, "the node gave the receipt of another transaction")
    return Outcome(receipt, told)


def _hex(answer: dict[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(answer[name])
    except (KeyError, TypeError, ValueError):
        raise Refusal(Refused.UNREACHABLE, f"the node gave no {name}") from None
