"""Transactions: what a signer asks for, its one encoding, its identity and its signatures.

What is decoded for every transaction of a node is a named tuple here: a frozen data class of as many fields takes ten times as
long to make.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from chain.primitives.address import ADDRESS_BYTES, NOBODY
from chain.primitives.codec import (
    amount_plain,
    as_amount,
    as_bool,
    as_bytes,
    as_int,
    as_list,
    as_text,
    check_version,
    encode,
    malformed,
    unpack_canonical,
    unpack_stored,
)
from chain.primitives.edits import Edit, SetBalance, SetSequence, SetSlot, check_bare, edit_plain, read_edit
from chain.primitives.hash import HASH_BYTES, TAG_TRANSACTION, tagged_hash
from chain.primitives.keys import Signer, signing_message
from chain.primitives.limits import (
    ACTIONS_MAX,
    AUTHORITY_BYTES,
    CHAIN_ID_CHARACTERS_MAX,
    CURRENCY_CODE_CHARACTERS_MAX,
    FUNCTION_NAME_CHARACTERS_MAX,
    GAS_LIMIT_MAX,
    GAS_PRICE_MAX,
    HEIGHT_MAX,
    LANE_MAX,
    RULES_MAX,
    SEQUENCE_MAX,
    SIGNATURES_MAX,
    SPENDING_LIMITS_MAX,
    TIME_MS_MAX,
    TRANSACTION_BYTES_MAX,
)
from chain.primitives.mandate import Scope, read_scope
from chain.primitives.policy import KeyOrPolicy, key_plain, read_key, read_signatures
from chain.primitives.refusal import Refusal, Refused

TRANSACTION_VERSION = 2
_BODY_FIELDS = 14
_ELEMENTS_MAX = ACTIONS_MAX  # of any array in a transaction; the others are shorter


class OpenWallet(NamedTuple):
    """Open the wallet of a public key or policy; `guarded` makes the sender its guardian."""

    key: KeyOrPolicy
    guarded: bool = False
    rules: tuple[bytes, ...] = ()


class SetRules(NamedTuple):
    """Replace the rules (contract addresses) of a wallet."""

    wallet: bytes
    rules: tuple[bytes, ...]


class Pay(NamedTuple):
    """Pay minor units of a currency to a wallet."""

    to: bytes
    currency: str
    amount: int


class Deploy(NamedTuple):
    """Deploy a module with a home currency; `arguments` is the encoded argument list of its `init`."""

    module: bytes
    currency: str
    arguments: bytes


class Call(NamedTuple):
    """Call a public function of a contract; `arguments` is the encoded argument list."""

    contract: bytes
    function: str
    arguments: bytes


class SetPolicy(NamedTuple):
    """Let another key or policy sign for a wallet, whose address stays and whose sessions end."""

    wallet: bytes
    key: KeyOrPolicy


class Grant(NamedTuple):
    """Let a key or policy act for the sender's wallet within a scope, in blocks up to a time. `session` names it, 16 bytes."""

    session: bytes
    key: KeyOrPolicy
    scope: Scope
    expiry_ms: int


class Revoke(NamedTuple):
    """End a session of the sender's wallet."""

    session: bytes


Action: TypeAlias = OpenWallet | SetRules | Pay | Deploy | Call | SetPolicy | Grant | Revoke | Edit


class Body(NamedTuple):
    """What is signed.

    `expiry_height` is the last block it may be in, `expiry_ms` the last block time; at least one of them is given. `authority`
    names what signs in the wallet's stead, None if its own keys do. `limits` None sets no limit; a tuple limits every currency,
    those not in it to 0.
    """

    chain_id: str
    sender: bytes
    sequence: int
    gas_limit: int
    gas_price: int
    actions: tuple[Action, ...]
    lane: int = 0
    expiry_height: int | None = None
    expiry_ms: int | None = None
    authority: bytes | None = None
    fee_payer: bytes | None = None
    limits: tuple[tuple[str, int], ...] | None = None
    memo: bytes | None = None

    def plain(self) -> list[Any]:
        """The body as the codec takes it."""
        limits = None if self.limits is None else [[code, amount_plain(most)] for code, most in self.limits]
        return [
            TRANSACTION_VERSION,
            self.chain_id,
            self.sender,
            self.authority,
            self.lane,
            self.sequence,
            self.expiry_height,
            self.expiry_ms,
            self.gas_limit,
            self.gas_price,
            self.fee_payer,
            [_action_plain(action) for action in self.actions],
            limits,
            self.memo,
        ]

    @property
    def identity(self) -> bytes:
        """The transaction's identity, 32 bytes; the same whoever signs it, known before it is sent."""
        return tagged_hash(TAG_TRANSACTION, encode(self.plain()))

    @property
    def payer(self) -> bytes:
        """The wallet that pays the fee."""
        return self.sender if self.fee_payer is None else self.fee_payer


class Transaction:
    """A body and its signatures: (public key, signature), sorted by key. Immutable; equal if both are.

    `checked` is for admission: the parameters by which it was found to be well made, so that it is looked at once, not by pool
    and block alike. `unsigned` says that nobody has to sign it: whoever runs a development chain has made it.
    """

    __slots__ = ("_encoded", "_identity", "body", "checked", "signatures", "unsigned")

    def __init__(
        self,
        body: Body,
        signatures: tuple[tuple[bytes, bytes], ...] = (),
        *,
        encoded: bytes | None = None,
        identity: bytes | None = None,
        unsigned: bool = False,
    ) -> None:
        """`encoded` and `identity` are for who knows them already."""
        self.body = body
        self.signatures = signatures
        self.unsigned = unsigned
        self.checked: object = None
        self._encoded = encoded
        self._identity = identity

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transaction) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __repr__(self) -> str:
        return f"Transaction({self.body!r}, {self.signatures!r})"

    @property
    def identity(self) -> bytes:
        """See `Body.identity`."""
        if self._identity is None:
            self._identity = self.body.identity
        return self._identity

    @property
    def encoded(self) -> bytes:
        """The one byte string of this transaction."""
        if self._encoded is None:
            self._encoded = encode([self.body.plain(), None if self.unsigned else self.signatures])
        return self._encoded

    def signed(self, key: Signer) -> Transaction:
        """This transaction with the signature of one more key (or the same key's again)."""
        signature = key.sign(signing_message(self.body.chain_id, self.identity))
        others = [pair for pair in self.signatures if pair[0] != key.public]
        return Transaction(self.body, tuple(sorted([*others, (key.public, signature)])), identity=self.identity)


def sign(body: Body, keys: Iterable[Signer]) -> Transaction:
    """A transaction of a body, signed by the keys."""
    transaction = Transaction(body)
    for key in keys:
        transaction = transaction.signed(key)
    return transaction


def decode_transaction(data: bytes, *, included: bool = False) -> Transaction:
    """The transaction of a byte string; `included` if it stands in a block, where one that nobody has signed may be. Raises
    `Refusal` TooLarge, Malformed, UnknownVersion, WrongKey, UnknownKeyScheme, WrongSignature if they are not sorted,
    NotDevelopment.

    Says nothing about whether signatures are valid, nor about state: that is admission's business.
    """
    plain = unpack_canonical(data, bytes_max=TRANSACTION_BYTES_MAX, elements_max=_ELEMENTS_MAX)
    body_plain, signatures_plain = as_list(plain, "a transaction", size=2)
    body = _read_body(body_plain)
    unsigned = signatures_plain is None
    if (unsigned or body.sender == NOBODY) and not (unsigned and included):
        raise not_development()
    signatures = () if unsigned else read_signatures(signatures_plain, most=SIGNATURES_MAX)
    # The encoding is canonical, so the body's own bytes stand in it: after the byte that says "two", before the signatures.
    identity = tagged_hash(TAG_TRANSACTION, data[1 : len(data) - len(encode(signatures_plain))])
    return Transaction(body, signatures, encoded=data, identity=identity, unsigned=unsigned)


def recall_transaction(data: bytes, identity: bytes, parameters: object) -> Transaction:
    """A transaction that another process of this node has decoded and found to be well made by these parameters, signatures too;
    None if it has not looked at these.
    """
    fields, signatures = unpack_stored(data, lists=True)
    recall = read_edit if fields[2] == NOBODY else _recall_action
    body = Body(
        fields[1],
        fields[2],
        fields[5],
        fields[8],
        fields[9],
        tuple([recall(action) for action in fields[11]]),
        fields[4],
        fields[6],
        fields[7],
        fields[3],
        fields[10],
        None if fields[12] is None else _read_limits(fields[12]),
        fields[13],
    )
    pairs = tuple([(key, signature) for key, signature in signatures or ()])
    transaction = Transaction(body, pairs, encoded=data, identity=identity, unsigned=signatures is None)
    transaction.checked = parameters
    return transaction


def not_development() -> Refusal:
    """For what only whoever runs a development chain may do, and was asked for otherwise."""
    return Refusal(Refused.NOT_DEVELOPMENT, "nobody has signed it, or it is an edit")


def _recall_action(plain: list[Any]) -> Action:
    """An action that has been read before. Payments, of which there are most, are taken as they are."""
    if plain[0] == 2 and type(plain[3]) is int:
        return Pay(plain[1], plain[2], plain[3])
    return _read_action(plain)


def _read_body(plain: object) -> Body:
    fields = as_list(plain, "a transaction's body")
    if fields:
        check_version(fields[0], "the transaction", TRANSACTION_VERSION)
    as_list(plain, "a transaction's body", size=_BODY_FIELDS)
    authority, expiry_height, expiry_ms = fields[3], fields[6], fields[7]
    fee_payer, limits, memo = fields[10], fields[12], fields[13]
    actions = as_list(fields[11], "actions", most=ACTIONS_MAX)
    if not actions:
        raise malformed("a transaction has at least one action")
    if expiry_height is None and expiry_ms is None:
        raise malformed("a transaction has an expiry, by height or by time")
    sender = _address(fields[2], "sender")
    if sender == NOBODY:
        check_bare(authority, fee_payer, limits, fields[9])
    read = read_edit if sender == NOBODY else _read_action  # so nobody's are edits, all of them, and edits are nobody's
    return Body(
        as_text(fields[1], "chain_id", CHAIN_ID_CHARACTERS_MAX),
        sender,
        as_int(fields[5], 0, SEQUENCE_MAX, "sequence"),
        as_int(fields[8], 0, GAS_LIMIT_MAX, "gas_limit"),
        as_int(fields[9], 0, GAS_PRICE_MAX, "gas_price"),
        tuple([read(action) for action in actions]),
        as_int(fields[4], 0, LANE_MAX, "lane"),
        None if expiry_height is None else as_int(expiry_height, 0, HEIGHT_MAX, "expiry_height"),
        None if expiry_ms is None else as_int(expiry_ms, 0, TIME_MS_MAX, "expiry_ms"),
        None if authority is None else as_bytes(authority, "authority", size=AUTHORITY_BYTES),
        None if fee_payer is None else _address(fee_payer, "fee_payer"),
        None if limits is None else _read_limits(limits),
        None if memo is None else as_bytes(memo, "memo", size=HASH_BYTES),
    )


def _read_limits(plain: object) -> tuple[tuple[str, int], ...]:
    limits = []
    for pair in as_list(plain, "limits", most=SPENDING_LIMITS_MAX):
        code, most = as_list(pair, "a limit", size=2)
        limits.append((_currency(code), as_amount(most, "a limit")))
    codes = [code for code, _ in limits]
    if codes != sorted(set(codes)):
        raise malformed("limits must be sorted by currency, each once")
    return tuple(limits)


def _action_plain(action: Action) -> list[Any]:
    match action:
        case OpenWallet(key, guarded, rules):
            return [0, key_plain(key), guarded, list(rules)]
        case SetRules(wallet, rules):
            return [1, wallet, list(rules)]
        case Pay(to, currency, amount):
            return [2, to, currency, amount_plain(amount)]
        case Deploy(module, currency, arguments):
            return [3, module, currency, arguments]
        case Call(contract, function, arguments):
            return [4, contract, function, arguments]
        case SetPolicy(wallet, key):
            return [5, wallet, key_plain(key)]
        case Grant(session, key, scope, expiry_ms):
            return [6, session, key_plain(key), scope.plain(), expiry_ms]
        case Revoke(session):
            return [7, session]
        case SetBalance() | SetSlot() | SetSequence():
            return edit_plain(action)


_ACTION_SIZES = (4, 3, 4, 4, 4, 3, 5, 2)


def _read_action(plain: object) -> Action:
    fields = as_list(plain, "an action")
    tag = as_int(fields[0] if fields else None, 0, len(_ACTION_SIZES) - 1, "an action's kind")
    as_list(plain, "an action", size=_ACTION_SIZES[tag])
    if tag == 0:
        return OpenWallet(read_key(fields[1]), as_bool(fields[2], "guarded"), _read_rules(fields[3]))
    if tag == 1:
        return SetRules(_address(fields[1], "wallet"), _read_rules(fields[2]))
    if tag == 2:
        return Pay(_address(fields[1], "to"), _currency(fields[2]), as_amount(fields[3], "amount"))
    if tag >= 5:
        return _read_authorising(tag, fields)
    arguments = as_bytes(fields[3], "arguments", most=TRANSACTION_BYTES_MAX)
    if tag == 3:
        return Deploy(as_bytes(fields[1], "module", most=TRANSACTION_BYTES_MAX), _currency(fields[2]), arguments)
    function = as_text(fields[2], "function", FUNCTION_NAME_CHARACTERS_MAX)
    return Call(_address(fields[1], "contract"), function, arguments)


def _read_authorising(tag: int, fields: list[Any]) -> Action:
    if tag == 5:
        return SetPolicy(_address(fields[1], "wallet"), read_key(fields[2]))
    session = as_bytes(fields[1], "session", size=AUTHORITY_BYTES)
    if tag == 7:
        return Revoke(session)
    return Grant(session, read_key(fields[2]), read_scope(fields[3]), as_int(fields[4], 0, TIME_MS_MAX, "expiry_ms"))


def _read_rules(plain: object) -> tuple[bytes, ...]:
    rules = tuple(_address(rule, "a rule") for rule in as_list(plain, "rules", most=RULES_MAX))
    if len(set(rules)) != len(rules):
        raise malformed("a rule is attached once")
    return rules


def _address(value: object, what: str) -> bytes:
    return as_bytes(value, what, size=ADDRESS_BYTES)


def _currency(value: object) -> str:
    return as_text(value, "a currency code", CURRENCY_CODE_CHARACTERS_MAX)
