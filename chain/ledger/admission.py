"""Whether a transaction may be in a block: the ladder of `docs/ledger.md`, "Admission", in its order."""

from __future__ import annotations

from chain.currency.records import Wallet, read_wallet
from chain.ledger.parameters import Parameters, fee_of
from chain.primitives.address import format_address, wallet_address
from chain.primitives.codec import as_int, decode
from chain.primitives.keys import check_public_key, signing_message, verify
from chain.primitives.keyspace import balance_key, read_amount, sequence_key, wallet_key
from chain.primitives.limits import (
    EXPIRY_BLOCKS_MAX,
    GAS_OPEN_WALLET,
    GAS_PAYMENT,
    GAS_SET_RULES,
    GAS_TRANSACTION,
    GAS_TRANSACTION_BYTE,
    GAS_TRANSACTION_SIGNATURE,
    SEQUENCE_MAX,
    TRANSACTION_GAS_MAX,
)
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Action, Body, Call, Deploy, OpenWallet, Pay, SetRules, Transaction
from chain.state.overlay import BlockOverlay, View
from vm.gas import GAS_DEPLOY, GAS_DEPLOY_BYTE


def intrinsic_gas(transaction: Transaction) -> int:
    """The gas of all that is done for a transaction outside the machine."""
    return (
        GAS_TRANSACTION
        + GAS_TRANSACTION_BYTE * len(transaction.encoded)
        + GAS_TRANSACTION_SIGNATURE * len(transaction.signatures)
        + sum(_action_gas(action) for action in transaction.body.actions)
    )


def check_alone(transaction: Transaction, parameters: Parameters) -> None:
    """What can be checked without the state of wallets. Raises `Refusal`."""
    body = transaction.body
    if body.chain_id != parameters.chain_id:
        raise Refusal(
            Refused.WRONG_CHAIN,
            f"signed for chain {body.chain_id!r}, this is {parameters.chain_id!r}",
            chain_id=parameters.chain_id,
        )
    keys = [key for key, _ in transaction.signatures]
    if keys != sorted(set(keys)):
        raise Refusal(Refused.WRONG_SIGNATURE, "signatures must be sorted by key, each key once")
    message = signing_message(body.chain_id, transaction.identity)
    for key, signature in transaction.signatures:
        check_public_key(key)
        if not verify(key, message, signature):
            raise Refusal(Refused.WRONG_SIGNATURE, f"the signature of key {key.hex()} is not valid", key=key.hex())
    check_gas(transaction, parameters)


def check_gas(transaction: Transaction, parameters: Parameters) -> None:
    """That price and limit of gas are within bounds. Raises `Refusal`."""
    body = transaction.body
    if body.gas_price < parameters.gas_price_min:
        low = parameters.gas_price_min
        raise Refusal(Refused.GAS_PRICE_TOO_LOW, f"{body.gas_price} is under {low}", gas_price_min=low)
    if body.gas_price > parameters.gas_price_max:
        high = parameters.gas_price_max
        raise Refusal(Refused.GAS_PRICE_TOO_HIGH, f"{body.gas_price} is over {high}", gas_price_max=high)
    most = min(parameters.gas_limit, TRANSACTION_GAS_MAX)
    if body.gas_limit > most:
        raise Refusal(Refused.GAS_LIMIT_TOO_HIGH, f"{body.gas_limit} is over {most}", gas_limit_max=most)
    intrinsic = intrinsic_gas(transaction)
    if body.gas_limit < intrinsic:
        raise Refusal(
            Refused.GAS_LIMIT_TOO_LOW,
            f"{body.gas_limit} is under {intrinsic}, the intrinsic gas",
            gas_limit_min=intrinsic,
        )


def check_expiry(body: Body, height: int) -> None:
    """Whether a transaction may be in the block of a height. Raises `Refusal`."""
    if body.expiry < height:
        raise Refusal(Refused.EXPIRED, f"it expired after block {body.expiry}; the next is {height}", height=height)
    if body.expiry > height + EXPIRY_BLOCKS_MAX:
        raise Refusal(
            Refused.EXPIRY_TOO_FAR,
            f"block {body.expiry} is more than {EXPIRY_BLOCKS_MAX} ahead of {height}",
            expiry_max=height + EXPIRY_BLOCKS_MAX,
        )


def signers(body: Body, state: View | BlockOverlay) -> dict[bytes, bytes]:
    """The keys that must sign, each with the wallet it signs for. Raises `Refusal` NoWallet."""
    needed = {_wallet_of(body, body.sender, state).key: body.sender}
    needed.setdefault(_wallet_of(body, body.payer, state).key, body.payer)
    return needed


def check_signers(transaction: Transaction, state: View | BlockOverlay) -> None:
    """That the keys of sender and fee payer have signed, and no others. Raises `Refusal`."""
    needed = signers(transaction.body, state)
    signed = {key for key, _ in transaction.signatures}
    for key, address in needed.items():
        if key not in signed:
            text = format_address(address)
            raise Refusal(Refused.MISSING_SIGNATURE, f"the key of wallet {text} has not signed", wallet=text)
    for key in sorted(signed):
        if key not in needed:
            raise Refusal(Refused.EXTRA_SIGNATURE, f"key {key.hex()} need not sign", key=key.hex())


def check_sequence(body: Body, next_sequence: int) -> None:
    """That it is the next of its lane. Raises `Refusal`."""
    if body.sequence < next_sequence:
        raise Refusal(
            Refused.SEQUENCE_USED,
            f"sequence {body.sequence} of lane {body.lane} has been used; the next is {next_sequence}",
            next_sequence=next_sequence,
        )
    if body.sequence > next_sequence:
        raise Refusal(
            Refused.SEQUENCE_AHEAD,
            f"sequence {body.sequence} of lane {body.lane} is ahead; the next is {next_sequence}",
            next_sequence=next_sequence,
        )


def check_fee(body: Body, parameters: Parameters, balance: int) -> None:
    """That the payer can cover the greatest fee. Raises `Refusal`."""
    fee = fee_of(body.gas_limit, body.gas_price)
    if balance < fee:
        raise Refusal(
            Refused.FEE_NOT_COVERED,
            f"the fee may be {fee} minor units of {parameters.base_currency}; the payer has {balance}",
            fee_max=fee,
            balance=balance,
        )


def admit(
    transaction: Transaction,
    state: View | BlockOverlay,
    parameters: Parameters,
    *,
    height: int,
    waiting: int = 0,
) -> None:
    """The whole ladder for a transaction in the block of a height, on the state just before it.

    `waiting` is how many transactions of its lane will come before it. Raises `Refusal`.
    """
    body = transaction.body
    check_alone(transaction, parameters)
    check_expiry(body, height)
    check_signers(transaction, state)
    check_sequence(body, read_sequence(state, body.sender, body.lane) + waiting)
    check_fee(body, parameters, read_amount(state.get(balance_key(body.payer, parameters.base_currency))))


def read_sequence(state: View | BlockOverlay, wallet: bytes, lane: int) -> int:
    """The next sequence of a wallet's lane."""
    value = state.get(sequence_key(wallet, lane))
    return 0 if value is None else as_int(decode(value), 1, SEQUENCE_MAX + 1, "a sequence")


def opens_itself(body: Body) -> bytes | None:
    """The key of the wallet that a transaction opens for its own sender, or None."""
    first = body.actions[0]
    if isinstance(first, OpenWallet) and not first.guarded and wallet_address(first.key) == body.sender:
        return first.key
    return None


def _wallet_of(body: Body, address: bytes, state: View | BlockOverlay) -> Wallet:
    value = state.get(wallet_key(address))
    if value is not None:
        return read_wallet(value)
    key = opens_itself(body) if address == body.sender else None
    if key is None:
        text = format_address(address)
        raise Refusal(Refused.NO_WALLET, f"there is no wallet {text}", wallet=text)
    return Wallet(key, None, ())


def _action_gas(action: Action) -> int:
    match action:
        case OpenWallet():
            return GAS_OPEN_WALLET
        case SetRules():
            return GAS_SET_RULES
        case Pay():
            return GAS_PAYMENT
        case Deploy(module):
            return GAS_DEPLOY + GAS_DEPLOY_BYTE * len(module)
        case Call():
            return 0
