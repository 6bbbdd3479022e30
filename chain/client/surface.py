"""All that can be asked of a node, written once as plans: the methods of `Client` and of `AsyncClient`.

It needs nothing of the ledger but `chain.primitives`: what it signs it has built, what it believes it has proved.
"""

from __future__ import annotations

import functools
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgpack

from chain.client.plan import Answer, Pause, Plan, Request, both
from chain.client.sender import Sender
from chain.client.sequences import Place, Sequences
from chain.primitives.account import read_balance
from chain.primitives.address import format_address
from chain.primitives.header import Header, decode_header
from chain.primitives.json_text import parse_json
from chain.primitives.keys import Signer
from chain.primitives.keyspace import account_key
from chain.primitives.limits import BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, GAS_LIMIT_MAX, REQUEST_BYTES_MAX
from chain.primitives.proof import decode_proof, verify_proof
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Body, Pay, Transaction, sign

EXPIRY_MS = 10 * 60 * 1000
"""How long after the head's time a transaction expires if nothing else is said: ten minutes, however fast blocks are made."""
GAS_LIMIT = 20_000_000
"""Of a transaction if nothing else is said: cheap to over-state, since only what is used is paid."""
DEVELOPMENT_CHAIN_ID = "tael-devnet"
"""As `chain.node.development` has it."""
MSGPACK = "application/msgpack"
_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX = 0.05, 2.0  # between two tries
_STATUS_SECONDS_MAX = 30  # how long a chain's status is built upon; what has changed is refused and asked again
_ATTEMPTS = 5  # how often a transaction is signed, each time for a reason that the last signature is worth nothing
_GAP_SECONDS = 0.05  # how long a refused transaction's number is kept for the next one while others wait behind it
_BATCH_ENTRY_BYTES = 5  # of msgpack before each byte string
T = TypeVar("T")
_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


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


class Target(NamedTuple):
    """Where a node is."""

    secure: bool
    host: str
    port: int


def read_url(url: str) -> Target:
    """The target of `http://HOST:PORT`. Raises `Refusal` BadRequest."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal(Refused.BAD_REQUEST, f"not the address of a node: {url[:100]}", "Give http://HOST:PORT.")
    try:
        port = parts.port
    except ValueError:
        raise Refusal(Refused.BAD_REQUEST, f"not a port: {url[:100]}", "Give http://HOST:PORT.") from None
    secure = parts.scheme == "https"
    return Target(secure, parts.hostname, port or (443 if secure else 80))


class Surface:
    """The questions and submissions of a client.

    Every method raises `Refusal`: the node's own, or Unreachable.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30.0, retry_seconds: float = 0.0) -> None:
        """`url` is the node's, such as `http://127.0.0.1:7070`. `retry_seconds` is how long to go on asking a node that is full
        or does not answer, which is safe: the same transaction gets the same answer.
        """
        self.url = url
        self.target = read_url(url)
        self.sequences = Sequences()
        self._timeout_seconds = timeout_seconds
        self._retry_seconds = retry_seconds
        self._chain_id: str | None = None
        self._status: tuple[float, dict[str, Any]] | None = None

    # Questions.

    @both
    def status(self) -> Plan[dict[str, Any]]:
        """Chain, head, parameters, currencies with their decimals."""
        return (yield from _get(self, "/v1/status"))

    @both
    def wallet(self, address: bytes, lane: int = 0) -> Plan[dict[str, Any]]:
        """A wallet: key, guardian, rules, balances, next sequence of a lane. NotFound if there is none."""
        return (yield from _get(self, f"/v1/wallets/{format_address(address)}", lane=str(lane)))

    @both
    def balance(self, address: bytes, currency: str) -> Plan[int]:
        """What a wallet holds, in minor units, as the node says; see `proved_balance`."""
        answer = yield from _get(self, f"/v1/wallets/{format_address(address)}")
        return sum(int(entry["amount"]) for entry in answer["balances"] if entry["currency"] == currency)

    @both
    def contract(self, address: bytes) -> Plan[dict[str, Any]]:
        """A contract: code hash, module in hexadecimal, home currency, deployer, interface."""
        return (yield from _get(self, f"/v1/contracts/{format_address(address)}"))

    @both
    def block(self, height: int | str = "latest") -> Plan[dict[str, Any]]:
        """A block's header and the identities of its transactions."""
        return (yield from _get(self, f"/v1/blocks/{quote(str(height))}"))

    @both
    def receipt(self, identity: bytes) -> Plan[Outcome]:
        """What became of a transaction. NotFound while it is in no block."""
        return outcome_of((yield from _get(self, f"/v1/receipts/{identity.hex()}")), identity)

    @both
    def events(self, cursor: str = "", limit: int = 100) -> Plan[tuple[list[dict[str, Any]], str]]:
        """(events after a cursor, the cursor to go on from)."""
        answer = yield from _get(self, "/v1/events", **{"from": cursor, "limit": str(limit)})
        return answer["events"], answer["next"]

    @both
    def read(self, contract: bytes, function: str, arguments: bytes) -> Plan[dict[str, Any]]:
        """`result` (encoded, in hexadecimal), `value` (JSON) and `gas_used` of a view or pure function."""
        body = {"contract": format_address(contract), "function": function, "arguments": arguments.hex()}
        return (yield from _post(self, "/v1/read", body))

    @both
    def transaction(self, identity: bytes) -> Plan[dict[str, Any]]:
        """A transaction of a block, its actions decoded. NotFound while it is in no block."""
        return (yield from _get(self, f"/v1/transactions/{identity.hex()}"))

    @both
    def estimate(self, transaction: Transaction) -> Plan[dict[str, Any]]:
        """`gas_used` and the `gas_limit` to give; `ok` and `error` say whether it would succeed. It need not be signed."""
        return (yield from _post(self, "/v1/estimate", {"transaction": transaction.encoded.hex()}))

    @both
    def trace(self, transaction: Transaction | bytes) -> Plan[dict[str, Any]]:
        """What a transaction would do step by step, or did if it is the identity of one in a block."""
        if isinstance(transaction, bytes):
            return (yield from _post(self, "/v1/trace", {"id": transaction.hex()}))
        return (yield from _post(self, "/v1/trace", {"transaction": transaction.encoded.hex()}))

    @both
    def simulate(self, transaction: Transaction) -> Plan[Outcome]:
        """What a transaction would come to in the next block."""
        answer = yield from _post(self, "/v1/simulate", {"transaction": transaction.encoded.hex()})
        return outcome_of(answer, transaction.identity)

    # Proofs.

    @both
    def prove(self, key: bytes, header: Header | None = None) -> Plan[Proved]:
        """A state value with its proof checked here. With a `header` that you trust, the proof must be under
        its root.

        Raises `Refusal` WrongProof if the node's proof does not hold.
        """
        answer = yield from _get(self, "/v1/proof", key=key.hex())
        proof = decode_proof(_hex(answer, "proof"))
        under = decode_header(_hex(answer, "header"))
        if header is not None and header.encoded != under.encoded:
            raise Refusal(Refused.WRONG_PROOF, f"the proof is under block {under.height}, not the one that is trusted")
        if proof.key != key or not verify_proof(proof, under.state_root):
            raise Refusal(Refused.WRONG_PROOF, "the proof does not hold")
        return Proved(key, proof.value, under)

    @both
    def proved_balance(self, address: bytes, currency: str, header: Header | None = None) -> Plan[int]:
        """What a wallet holds, in minor units, proved under the head's (or a trusted header's) state root."""
        proved = yield from Surface.prove.plan(self, account_key(address), header)
        return read_balance(proved.value, currency)

    # Transactions.

    @both
    def chain_id(self) -> Plan[str]:
        """The chain's id, asked for once."""
        if self._chain_id is None:
            self._chain_id = str((yield from Surface.status.plan(self))["chain_id"])
        return self._chain_id

    @both
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
        limits: Mapping[str, int] | None = None,
        memo: bytes | None = None,
    ) -> Plan[Body]:
        """A transaction's body; what is not given is asked of the node.

        It expires `EXPIRY_MS` after the time that the node would give the next block, unless a height or time is given.
        `gas_price` is the chain's least if not given. `limits` maps currencies to the most that may leave the
        sender. `authority` is the session that signs in the sender's stead.
        """
        status = yield from Surface.status.plan(self)
        self._status = (time.monotonic(), status)
        if sequence is None:
            sequence = yield from _next_sequence(self, sender, lane)
        body = _body(status, sender, actions, Place(lane, sequence), expiry_ms=expiry_ms, expiry_height=expiry_height)
        return body._replace(
            gas_limit=min(gas_limit, body.gas_limit),
            gas_price=body.gas_price if gas_price is None else gas_price,
            authority=authority,
            fee_payer=fee_payer,
            limits=None if limits is None else tuple(sorted(limits.items())),
            memo=memo,
        )

    @both
    def submit(self, transaction: Transaction) -> Plan[str]:
        """Hand over a transaction and do not wait: `waiting` or `committed`. Doing so twice is safe."""
        answer = yield from _post(self, "/v1/transactions", {"transaction": transaction.encoded.hex()})
        return str(answer["status"])

    @both
    def commit(self, transaction: Transaction, timeout_seconds: float = 20) -> Plan[Outcome]:
        """Hand over a transaction and wait until it is on disk. Doing so twice is safe: the first outcome
        comes back.

        A transaction that failed has an outcome too (`receipt.ok` is false). NotCommitted when time is up.
        """
        path = f"/v1/transactions?wait=commit&timeout={int(timeout_seconds)}"
        answer = yield from _post(self, path, {"transaction": transaction.encoded.hex()})
        return outcome_of(answer, transaction.identity)

    @both
    def submit_batch(
        self, transactions: Sequence[Transaction], *, wait: bool = True, timeout_seconds: float = 20
    ) -> Plan[list[BatchRow]]:
        """Hand over up to 1,000 transactions in one request; a row for each. With `wait` it is answered when all are on disk or
        refused. Doing so twice is safe.
        """
        data: bytes = msgpack.packb([transaction.encoded for transaction in transactions])
        path = f"/v1/batch?wait=commit&timeout={int(timeout_seconds)}" if wait else "/v1/batch"
        answer = yield from _exchange(self, Request("POST", path, data, {"Content-Type": MSGPACK, "Accept": MSGPACK}))
        if answer.status != HTTPStatus.OK:
            _parse(answer)
        try:
            rows, _, _ = msgpack.unpackb(answer.content, use_list=False)
            told = [BatchRow(*row) for row in rows]
        except (ValueError, TypeError, msgpack.UnpackException):
            raise Refusal(Refused.UNREACHABLE, "the node gave no rows") from None
        if [row.identity for row in told] != [transaction.identity for transaction in transactions]:
            raise Refusal(Refused.UNREACHABLE, "the node gave rows of other transactions")
        return told

    @both
    def send(self, /, key: Signer | Sequence[Signer], sender: bytes, actions: Sequence[Action], **fields: Any) -> Plan[Outcome]:
        """Build (see `build`), sign by one key or several and commit."""
        keys = key if isinstance(key, Sequence) else [key]
        body = yield from Surface.build.plan(self, sender, actions, **fields)
        return (yield from Surface.commit.plan(self, sign(body, keys)))

    @both
    def pay(
        self, /, key: Signer | Sequence[Signer], sender: bytes, to: bytes, currency: str, amount: int, **fields: Any
    ) -> Plan[Outcome]:
        """Pay minor units of a currency to a wallet."""
        return (yield from Surface.send.plan(self, key, sender, [Pay(to, currency, amount)], **fields))

    # Many at once: the sequence numbers are counted here.

    @both
    def draft(self, /, sender: Sender, actions: Sequence[Action], **fields: Any) -> Plan[Transaction]:
        """An unsigned transaction of a sender at sequence 0, to be estimated, simulated or traced."""
        return Transaction((yield from _draft(self, sender, actions, Place(sender.lanes[0], 0), fields)))

    @both
    def transact(
        self, /, sender: Sender, actions: Sequence[Action], *, timeout_seconds: float = 20, **fields: Any
    ) -> Plan[Outcome]:
        """Sign and commit with the next sequence number of the quietest of the sender's lanes; any number of calls may be under
        way at once. `fields` are those of a `Body`. NotCommitted when time is up: the transaction may still go.

        If somebody else took the number, the next one is taken. A refused transaction's number is given to the next one; if
        none comes while others wait behind it, a payment of nothing to oneself fills the gap, for its fee. What could still be
        executed is never signed a second time with another number.
        """
        place_it = functools.partial(_commit_at, self, timeout_seconds=timeout_seconds)
        return (yield from _place(self, sender, actions, fields, place_it))

    @both
    def enlist(self, /, sender: Sender, actions: Sequence[Action], **fields: Any) -> Plan[Transaction]:
        """As `transact`, but do not wait until it is on disk. `commit` with the transaction waits for it."""
        return (yield from _place(self, sender, actions, fields, functools.partial(_submit_at, self)))

    @both
    def transact_many(
        self,
        /,
        sender: Sender,
        orders: Sequence[Sequence[Action]],
        *,
        wait: bool = True,
        timeout_seconds: float = 20,
        **fields: Any,
    ) -> Plan[list[BatchRow]]:
        """A transaction for each list of actions, one behind another in one lane, in as few requests as they fit into. What is
        wrong with one holds up those behind it.
        """
        lane = self.sequences.quietest(sender.address, sender.lanes)
        rows: list[BatchRow] = []
        waiting = [list(actions) for actions in orders]
        while waiting:
            signed: list[Transaction] = []
            places: list[Place] = []
            size = 0
            while waiting and len(signed) < BATCH_TRANSACTIONS_MAX:
                place = yield from _take(self, sender.address, lane)
                transaction = sign((yield from _draft(self, sender, waiting[0], place, fields)), sender.signers)
                size += len(transaction.encoded) + _BATCH_ENTRY_BYTES
                if signed and size > BATCH_BYTES_MAX - _BATCH_ENTRY_BYTES:
                    self.sequences.settle(sender.address, place, free=True)
                    break
                del waiting[0]
                signed.append(transaction)
                places.append(place)
            try:
                told = yield from Surface.submit_batch.plan(self, signed, wait=wait, timeout_seconds=timeout_seconds)
            except BaseException:
                for place in places:
                    self.sequences.settle(sender.address, place, doubtful=True)
                raise
            for place, row in zip(places, told, strict=True):
                self.sequences.settle(sender.address, place, doubtful=row.status == "refused")
            rows += told
        return rows

    # HTTP.

    @both
    def get(self, /, path: str, **query: str) -> Plan[dict[str, Any]]:
        """The JSON answer of a GET."""
        return (yield from _get(self, path, **query))

    @both
    def post(self, path: str, body: dict[str, Any]) -> Plan[dict[str, Any]]:
        """The JSON answer of a POST."""
        return (yield from _post(self, path, body))


# What plans are made of.


def _get(surface: Surface, path: str, **query: str) -> Plan[dict[str, Any]]:
    filled = {name: value for name, value in query.items() if value != ""}
    answer = yield from _exchange(surface, Request("GET", f"{path}?{urlencode(filled)}" if filled else path))
    return _parse(answer)


def _post(surface: Surface, path: str, body: dict[str, Any]) -> Plan[dict[str, Any]]:
    data = json.dumps(body).encode()
    if len(data) > REQUEST_BYTES_MAX:
        raise Refusal(Refused.TOO_LARGE, f"a request has at most {REQUEST_BYTES_MAX} bytes")
    return _parse((yield from _exchange(surface, Request("POST", path, data, {"Content-Type": "application/json"}))))


def _exchange(surface: Surface, request: Request) -> Plan[Answer]:
    """The answer of a request, asked again, less and less often, as long as the client was told to."""
    end = time.monotonic() + surface._retry_seconds
    pause_seconds = _PAUSE_SECONDS_MIN
    while True:
        wanted_seconds = 0.0
        try:
            answer = yield request
        except Refusal:
            if time.monotonic() + pause_seconds > end:
                raise
        else:
            wanted_seconds = answer.retry_after_seconds or 0.0
            if answer.status not in _AGAIN or time.monotonic() + max(wanted_seconds, pause_seconds) > end:
                return answer
        # Not all who were turned away together come back together.
        yield Pause(max(wanted_seconds, pause_seconds * (0.5 + random.random() / 2)))
        pause_seconds = min(2 * pause_seconds, _PAUSE_SECONDS_MAX)


def _next_sequence(surface: Surface, sender: bytes, lane: int) -> Plan[int]:
    try:
        return int((yield from Surface.wallet.plan(surface, sender, lane))["next_sequence"])
    except Refusal as refusal:
        if refusal.code is Refused.NOT_FOUND:
            return 0  # a wallet that opens itself
        raise


def recent_status(surface: Surface) -> Plan[dict[str, Any]]:
    """The status as it was a moment ago, its `now_ms` carried on by this machine's clock."""
    if surface._status is None or time.monotonic() - surface._status[0] > _STATUS_SECONDS_MAX:
        surface._status = (time.monotonic(), (yield from Surface.status.plan(surface)))
        surface._chain_id = str(surface._status[1]["chain_id"])
    asked, status = surface._status
    return {**status, "now_ms": int(status["now_ms"]) + int((time.monotonic() - asked) * 1000)}


def _body(
    status: Mapping[str, Any],
    sender: bytes,
    actions: Sequence[Action],
    place: Place,
    *,
    expiry_ms: int | None = None,
    expiry_height: int | None = None,
) -> Body:
    if expiry_height is None and expiry_ms is None:
        expiry_ms = int(status["now_ms"]) + EXPIRY_MS
    return Body(
        chain_id=str(status["chain_id"]),
        sender=bytes(sender),
        lane=place.lane,
        sequence=place.sequence,
        gas_limit=min(int(status["gas_limit"]), GAS_LIMIT_MAX),
        gas_price=int(status["gas_price_min"]),
        actions=tuple(actions),
        expiry_height=expiry_height,
        expiry_ms=expiry_ms,
    )


def _draft(surface: Surface, sender: Sender, actions: Sequence[Action], place: Place, fields: Mapping[str, Any]) -> Plan[Body]:
    status = yield from recent_status(surface)
    expiry = {name: fields[name] for name in ("expiry_ms", "expiry_height") if fields.get(name) is not None}
    body = _body(status, sender.address, actions, place, **expiry)
    given = {name: value for name, value in fields.items() if value is not None}
    return body._replace(
        **{
            "gas_limit": min(GAS_LIMIT, body.gas_limit),
            "authority": sender.session,
            "fee_payer": None if sender.fee_payer is None else bytes(sender.fee_payer.address),
            **given,
        }
    )


def _take(surface: Surface, wallet: bytes, lane: int) -> Plan[Place]:
    if surface._chain_id == DEVELOPMENT_CHAIN_ID:
        surface.sequences.forget(wallet, lane)  # blocks may have been taken back, and the numbers with them
    while (place := surface.sequences.take(wallet, lane)) is None:
        surface.sequences.learn(wallet, lane, (yield from _next_sequence(surface, wallet, lane)))
    return place


def _place(
    surface: Surface,
    sender: Sender,
    actions: Sequence[Action],
    fields: Mapping[str, Any],
    hand_over: Callable[[Transaction, Place], Plan[T]],
) -> Plan[T]:
    """Sign with the next sequence number and hand over, again where that is safe."""
    lane = surface.sequences.quietest(sender.address, sender.lanes)
    for attempt in range(_ATTEMPTS):
        place = yield from _take(surface, sender.address, lane)
        try:
            transaction = sign((yield from _draft(surface, sender, actions, place, fields)), sender.signers)
        except BaseException:
            surface.sequences.settle(sender.address, place, free=True)
            raise
        try:
            return (yield from hand_over(transaction, place))
        except Refusal as refusal:
            stale = refusal.code in (Refused.EXPIRED, Refused.EXPIRY_TOO_FAR, Refused.GAS_PRICE_TOO_LOW)
            if stale:
                surface._status = None
            if attempt == _ATTEMPTS - 1 or not (stale or refusal.code is Refused.SEQUENCE_USED):
                yield from _fill(surface, sender, place)
                raise
    raise AssertionError


def _submit_at(surface: Surface, transaction: Transaction, place: Place) -> Plan[Transaction]:
    """Submit without waiting, and settle the place whatever happens."""
    try:
        yield from Surface.submit.plan(surface, transaction)
    except BaseException as error:
        yield from _settle(surface, transaction, place, error)
        raise
    surface.sequences.settle(transaction.body.sender, place)
    return transaction


def _commit_at(surface: Surface, transaction: Transaction, place: Place, timeout_seconds: float) -> Plan[Outcome]:
    """Commit, and settle the place whatever happens. One that stands behind a gap is handed over again until the gap is filled,
    as long as something else is under way that may fill it.
    """
    wallet = transaction.body.sender
    end = time.monotonic() + timeout_seconds
    pause_seconds = _PAUSE_SECONDS_MIN
    while True:
        try:
            outcome = yield from Surface.commit.plan(surface, transaction, max(1, end - time.monotonic()))
        except Refusal as refusal:
            may_go = surface.sequences.may_go(wallet, place)
            if refusal.code is Refused.SEQUENCE_AHEAD and may_go and time.monotonic() < end:
                yield Pause(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _PAUSE_SECONDS_MAX)
                continue
            yield from _settle(surface, transaction, place, refusal)
            raise
        except BaseException as error:
            yield from _settle(surface, transaction, place, error)
            raise
        surface.sequences.settle(wallet, place)
        return outcome


def _settle(surface: Surface, transaction: Transaction, place: Place, error: BaseException) -> Plan[None]:
    """After a transaction could not be handed over: whose is its number now?"""
    wallet = transaction.body.sender
    code = error.code if isinstance(error, Refusal) else None
    if code is Refused.SEQUENCE_USED:
        surface.sequences.settle(wallet, place)
        surface.sequences.learn(wallet, place.lane, (yield from _next_sequence(surface, wallet, place.lane)))
    else:
        doubtful = code is None or code in _DOUBTFUL
        surface.sequences.settle(wallet, place, free=not doubtful, doubtful=doubtful)


def _fill(surface: Surface, sender: Sender, place: Place) -> Plan[None]:
    """If others wait behind a refused transaction and no other takes its number, fill the gap."""
    if not surface.sequences.reclaim(sender.address, place):
        return
    surface.sequences.settle(sender.address, place, free=True)
    yield Pause(_GAP_SECONDS)
    if not surface.sequences.reclaim(sender.address, place):
        return
    try:
        currency = str((yield from recent_status(surface))["base_currency"])
        body = yield from _draft(surface, sender, [Pay(bytes(sender.address), currency, 0)], place, {})
        content = json.dumps({"transaction": sign(body, sender.signers).encoded.hex()}).encode()
        # Urgent: those that wait behind the gap may have all connections.
        headers = {"Content-Type": "application/json"}
        _parse((yield from _exchange(surface, Request("POST", "/v1/transactions", content, headers, urgent=True))))
    except Refusal:
        surface.sequences.settle(sender.address, place, doubtful=True)  # whoever waits behind it is told in time
    else:
        surface.sequences.settle(sender.address, place)


_DOUBTFUL = (Refused.UNREACHABLE, Refused.NOT_COMMITTED, Refused.STOPPED, Refused.DEFECT, Refused.SEQUENCE_AHEAD)
"""Refusals after which the transaction may still be executed, or the count here was wrong."""


def _parse(answer: Answer) -> dict[str, Any]:
    try:
        told = parse_json(answer.content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refusal(Refused.UNREACHABLE, f"no node answers there (status {answer.status})")
    if answer.status == HTTPStatus.OK:
        return told
    try:
        code = Refused(str(told.get("code")))
    except ValueError:
        raise Refusal(Refused.BAD_REQUEST, str(told.get("message", answer.status))) from None
    data = told.get("data")
    refusal = Refusal(code, str(told.get("message")), str(told.get("remedy")))
    refusal.data.update(data if isinstance(data, dict) else {})
    raise refusal


def outcome_of(answer: dict[str, Any], identity: bytes) -> Outcome:
    """The outcome in an answer of a node. Raises `Refusal` Unreachable, WrongProof if it is none, or another's."""
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
