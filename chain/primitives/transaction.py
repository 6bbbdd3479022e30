"""Transactions: what a signer asks for, its one encoding, its identity and its signatures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import (
    amount_plain,
    as_amount,
    as_bool,
    as_bytes,
    as_int,
    as_list,
    as_text,
    check_version,
    decode,
    encode,
    malformed,
)
from chain.primitives.hash import HASH_BYTES, TAG_TRANSACTION, tagged_hash
from chain.primitives.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, SecretKey, signing_message
from chain.primitives.limits import (
    ACTIONS_MAX,
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
    TRANSACTION_BYTES_MAX,
)


@dataclass(frozen=True, slots=True)
class OpenWallet:
    """Open the wallet of a 33-byte public key; `guarded` makes the sender its guardian."""

    key: bytes
    guarded: bool = False
    rules: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class SetRules:
    """Replace the rules (contract addresses) of a wallet."""

    wallet: bytes
    rules: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay minor units of a currency to a wallet."""

    to: bytes
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Deploy:
    """Deploy a module with a home currency; `arguments` is the encoded argument list of its `init`."""

    module: bytes
    currency: str
    arguments: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """Call a public function of a contract; `arguments` is the encoded argument list."""

    contract: bytes
    function: str
    arguments: bytes


Action: TypeAlias = OpenWallet | SetRules | Pay | Deploy | Call


@dataclass(frozen=True)
class Body:
    """What is signed. `limits` None sets no limit; a tuple limits every currency, those not in it to 0."""

    chain_id: str
    sender: bytes
    lane: int
    sequence: int
    expiry: int
    gas_limit: int
    gas_price: int
    actions: tuple[Action, ...]
    fee_payer: bytes | None = None
    limits: tuple[tuple[str, int], ...] | None = None
    memo: bytes | None = None

    def plain(self) -> list[Any]:
        """The body as the codec takes it."""
        limits = None if self.limits is None else [[code, amount_plain(most)] for code, most in self.limits]
        return [
            1,
            self.chain_id,
            self.sender,
            self.lane,
            self.sequence,
            self.expiry,
            self.gas_limit,
            self.gas_price,
            self.fee_payer,
            [_action_plain(action) for action in self.actions],
            limits,
            self.memo,
        ]

    @cached_property
    def identity(self) -> bytes:
        """The transaction's identity, 32 bytes; the same whoever signs it, known before it is sent."""
        return tagged_hash(TAG_TRANSACTION, encode(self.plain()))

    @property
    def payer(self) -> bytes:
        """The wallet that pays the fee."""
        return self.sender if self.fee_payer is None else self.fee_payer


@dataclass(frozen=True)
class Transaction:
    """A body and its signatures: (public key, signature), sorted by key."""

    body: Body
    signatures: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def identity(self) -> bytes:
        """See `Body.identity`."""
        return self.body.identity

    @cached_property
    def encoded(self) -> bytes:
        """The one byte string of this transaction."""
        return encode([self.body.plain(), [list(pair) for pair in self.signatures]])

    def signed(self, key: SecretKey) -> Transaction:
        """This transaction with the signature of one more key (or the same key's again)."""
        signature = key.sign(signing_message(self.body.chain_id, self.identity))
        others = [pair for pair in self.signatures if pair[0] != key.public]
        return replace(self, signatures=tuple(sorted([*others, (key.public, signature)])))


def sign(body: Body, keys: Iterable[SecretKey]) -> Transaction:
    """A transaction of a body, signed by the keys."""
    transaction = Transaction(body)
    for key in keys:
        transaction = transaction.signed(key)
    return transaction


def decode_transaction(data: bytes) -> Transaction:
    """The transaction of a byte string. Raises `Refusal` TooLarge, Malformed, UnknownVersion.

    Says nothing about signatures and state: that is admission's business.
    """
    body_plain, signatures_plain = as_list(decode(data, bytes_max=TRANSACTION_BYTES_MAX), "a transaction", size=2)
    signatures = []
    for pair in as_list(signatures_plain, "signatures", most=SIGNATURES_MAX):
        key, signature = as_list(pair, "a signature", size=2)
        signatures.append(
            (
                as_bytes(key, "a key", size=PUBLIC_KEY_BYTES),
                as_bytes(signature, "a signature", size=SIGNATURE_BYTES),
            )
        )
    transaction = Transaction(_read_body(body_plain), tuple(signatures))
    transaction.__dict__["encoded"] = data  # decode has proved it to be the one encoding
    return transaction


def _read_body(plain: object) -> Body:
    fields = as_list(plain, "a transaction's body")
    if fields:
        check_version(fields[0], "the transaction")
    as_list(plain, "a transaction's body", size=12)
    fee_payer, limits, memo = fields[8], fields[10], fields[11]
    actions = as_list(fields[9], "actions", most=ACTIONS_MAX)
    if not actions:
        raise malformed("a transaction has at least one action")
    return Body(
        chain_id=as_text(fields[1], "chain_id", CHAIN_ID_CHARACTERS_MAX),
        sender=_address(fields[2], "sender"),
        lane=as_int(fields[3], 0, LANE_MAX, "lane"),
        sequence=as_int(fields[4], 0, SEQUENCE_MAX, "sequence"),
        expiry=as_int(fields[5], 0, HEIGHT_MAX, "expiry"),
        gas_limit=as_int(fields[6], 0, GAS_LIMIT_MAX, "gas_limit"),
        gas_price=as_int(fields[7], 0, GAS_PRICE_MAX, "gas_price"),
        fee_payer=None if fee_payer is None else _address(fee_payer, "fee_payer"),
        actions=tuple(_read_action(action) for action in actions),
        limits=None if limits is None else _read_limits(limits),
        memo=None if memo is None else as_bytes(memo, "memo", size=HASH_BYTES),
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
            return [0, key, guarded, list(rules)]
        case SetRules(wallet, rules):
            return [1, wallet, list(rules)]
        case Pay(to, currency, amount):
            return [2, to, currency, amount_plain(amount)]
        case Deploy(module, currency, arguments):
            return [3, module, currency, arguments]
        case Call(contract, function, arguments):
            return [4, contract, function, arguments]


_ACTION_SIZES = (4, 3, 4, 4, 4)


def _read_action(plain: object) -> Action:
    fields = as_list(plain, "an action")
    tag = as_int(fields[0] if fields else None, 0, len(_ACTION_SIZES) - 1, "an action's kind")
    as_list(plain, "an action", size=_ACTION_SIZES[tag])
    if tag == 0:
        key = as_bytes(fields[1], "key", size=PUBLIC_KEY_BYTES)
        return OpenWallet(key, as_bool(fields[2], "guarded"), _read_rules(fields[3]))
    if tag == 1:
        return SetRules(_address(fields[1], "wallet"), _read_rules(fields[2]))
    if tag == 2:
        return Pay(_address(fields[1], "to"), _currency(fields[2]), as_amount(fields[3], "amount"))
    arguments = as_bytes(fields[3], "arguments", most=TRANSACTION_BYTES_MAX)
    if tag == 3:
        return Deploy(as_bytes(fields[1], "module", most=TRANSACTION_BYTES_MAX), _currency(fields[2]), arguments)
    function = as_text(fields[2], "function", FUNCTION_NAME_CHARACTERS_MAX)
    return Call(_address(fields[1], "contract"), function, arguments)


def _read_rules(plain: object) -> tuple[bytes, ...]:
    rules = tuple(_address(rule, "a rule") for rule in as_list(plain, "rules", most=RULES_MAX))
    if len(set(rules)) != len(rules):
        raise malformed("a rule is attached once")
    return rules


def _address(value: object, what: str) -> bytes:
    return as_bytes(value, what, size=ADDRESS_BYTES)


def _currency(value: object) -> str:
    return as_text(value, "a currency code", CURRENCY_CODE_CHARACTERS_MAX)
