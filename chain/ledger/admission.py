"""Whether a transaction may be in a block: the ladder of `docs/ledger.md`, "Admission", in its order."""

from __future__ import annotations

from chain.currency.mandates import Usage, find_mandate
from chain.ledger.parameters import Parameters, fee_of
from chain.primitives.address import NOBODY, format_address, wallet_address
from chain.primitives.edits import SetBalance, SetSequence, SetSlot
from chain.primitives.keys import signing_message
from chain.primitives.limits import (
    EXPIRY_BLOCKS_MAX,
    EXPIRY_MS_MAX,
    GAS_AUTHORITY,
    GAS_EDIT,
    GAS_GRANT,
    GAS_OPEN_WALLET,
    GAS_PAYMENT,
    GAS_REVOKE,
    GAS_SET_POLICY,
    GAS_SET_RULES,
    GAS_TRANSACTION,
    GAS_TRANSACTION_BYTE,
    TRANSACTION_GAS_MAX,
)
from chain.primitives.policy import KeyOrPolicy, Policy, check_valid, key_plain, policy_of, signatures_gas
from chain.primitives.policy import check_signers as check_policies
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import (
    Action,
    Body,
    Call,
    Deploy,
    Grant,
    OpenWallet,
    Pay,
    Revoke,
    SetPolicy,
    SetRules,
    Transaction,
    not_development,
)
from chain.state.overlay import BlockOverlay, TransactionOverlay, View
from vm.gas import GAS_DEPLOY, GAS_DEPLOY_BYTE


def intrinsic_gas(transaction: Transaction) -> int:
    """The gas of all that is done for a transaction outside the machine."""
    return (
        GAS_TRANSACTION
        + GAS_TRANSACTION_BYTE * len(transaction.encoded)
        + signatures_gas([key for key, _ in transaction.signatures])
        + (0 if transaction.body.authority is None else GAS_AUTHORITY)
        + sum([_action_gas(action) for action in transaction.body.actions])
    )


def check_alone(transaction: Transaction, parameters: Parameters) -> None:
    """What can be checked without the state of wallets: its form, then its signatures, which is dear. Raises `Refusal`."""
    check_form(transaction, parameters)
    check_signatures(transaction, parameters)


def check_signatures(transaction: Transaction, parameters: Parameters) -> None:
    """That all signatures are valid, once. Raises `Refusal`."""
    if transaction.checked is not parameters:
        check_valid(transaction.signatures, signing_message(parameters.chain_id, transaction.identity))
        transaction.checked = parameters


def check_form(transaction: Transaction, parameters: Parameters) -> None:
    """That it is for this chain, and its gas within bounds. Raises `Refusal`."""
    if transaction.checked is parameters:
        return
    body = transaction.body
    if transaction.unsigned and not parameters.development:
        raise not_development()
    if body.chain_id != parameters.chain_id:
        raise Refusal(
            Refused.WRONG_CHAIN,
            f"signed for chain {body.chain_id!r}, this is {parameters.chain_id!r}",
            chain_id=parameters.chain_id,
        )
    check_gas(transaction, parameters)


def check_gas(transaction: Transaction, parameters: Parameters) -> None:
    """That price and limit of gas are within bounds. Raises `Refusal`."""
    body = transaction.body
    if body.gas_price < parameters.gas_price_min and body.sender != NOBODY:  # who edits pays nothing
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


def check_expiry(body: Body, height: int, time_ms: int) -> None:
    """Whether a transaction may be in the block of a height and a time. Raises `Refusal`."""
    if body.expiry_height is not None and body.expiry_height < height:
        raise Refusal(Refused.EXPIRED, f"it expired after block {body.expiry_height}; the next is {height}", height=height)
    if body.expiry_ms is not None and body.expiry_ms < time_ms:
        raise Refusal(Refused.EXPIRED, f"it expired {time_ms - body.expiry_ms} ms before the next block", time_ms=time_ms)
    if body.expiry_height is not None and body.expiry_height > height + EXPIRY_BLOCKS_MAX:
        raise Refusal(
            Refused.EXPIRY_TOO_FAR,
            f"block {body.expiry_height} is more than {EXPIRY_BLOCKS_MAX} ahead of {height}",
            expiry_height_max=height + EXPIRY_BLOCKS_MAX,
        )
    if body.expiry_ms is not None and body.expiry_ms > time_ms + EXPIRY_MS_MAX:
        raise Refusal(
            Refused.EXPIRY_TOO_FAR,
            f"it expires more than {EXPIRY_MS_MAX} ms after the next block",
            expiry_ms_max=time_ms + EXPIRY_MS_MAX,
        )


def signers(body: Body, state: View | BlockOverlay) -> list[tuple[bytes, Policy]]:
    """The wallets for which somebody must sign, each with whom its own keys or the session let. Raises `Refusal` NoWallet,
    NoAuthority.
    """
    if body.sender == NOBODY:
        return []
    needed = [(body.sender, policy_of(_signer_of(body, state)))]
    if body.fee_payer is not None:
        needed.append((body.fee_payer, policy_of(_key_of(body, body.fee_payer, state))))
    return needed


def check_signers(transaction: Transaction, state: View | BlockOverlay) -> None:
    """That those whom sender and fee payer need have signed, and no others. Raises `Refusal`."""
    body, signatures = transaction.body, transaction.signatures
    if body.fee_payer is None and len(signatures) == 1 and signatures[0][0] == _signer_of(body, state):
        return
    needed = signers(body, state)
    if not transaction.unsigned:
        check_policies(needed, [key for key, _ in signatures])


def find_usage(state: View | BlockOverlay | TransactionOverlay, body: Body, base_currency: str, now_ms: int) -> Usage:
    """What a transaction by a session may still do. Raises `Refusal` NoAuthority, SessionExpired, SessionLimit."""
    assert body.authority is not None
    fee_max = fee_of(body.gas_limit, body.gas_price) if body.payer == body.sender else 0
    mandate = find_mandate(state, body.sender, body.authority)
    return Usage(mandate, body.sender, body.authority, now_ms=now_ms, base_currency=base_currency, fee_max=fee_max)


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
    time_ms: int,
    waiting: int = 0,
) -> None:
    """The whole ladder for a transaction in the block of a height and a time, on the state just before it, the dearest last.

    `waiting` is how many transactions of its lane will come before it. Raises `Refusal`.
    """
    body = transaction.body
    check_form(transaction, parameters)
    check_expiry(body, height, time_ms)
    check_signers(transaction, state)
    if body.authority is not None:
        find_usage(state, body, parameters.base_currency, time_ms)
    check_sequence(body, read_sequence(state, body.sender, body.lane) + waiting)
    check_fee(body, parameters, read_balance(state, body.payer, parameters.base_currency))
    check_signatures(transaction, parameters)


def read_sequence(state: View | BlockOverlay, wallet: bytes, lane: int) -> int:
    """The next sequence of a wallet's lane."""
    account = state.account(wallet)
    return 0 if account is None else account.sequences.get(lane, 0)


def read_balance(state: View | BlockOverlay, wallet: bytes, currency: str) -> int:
    """What a wallet holds, in minor units."""
    account = state.account(wallet)
    return 0 if account is None else account.balances.get(currency, 0)


def opens_itself(body: Body) -> KeyOrPolicy | None:
    """The key or policy of the wallet that a transaction opens for its own sender, or None."""
    first = body.actions[0]
    if isinstance(first, OpenWallet) and not first.guarded and wallet_address(key_plain(first.key)) == body.sender:
        return first.key
    return None


def _signer_of(body: Body, state: View | BlockOverlay) -> KeyOrPolicy:
    if body.authority is not None:
        return find_mandate(state, body.sender, body.authority).key
    return _key_of(body, body.sender, state)


def _key_of(body: Body, address: bytes, state: View | BlockOverlay) -> KeyOrPolicy:
    account = state.account(address)
    if account is not None and account.key:
        return account.key
    key = opens_itself(body) if address == body.sender else None
    if key is None:
        text = format_address(address)
        raise Refusal(Refused.NO_WALLET, f"there is no wallet {text}", wallet=text)
    return key


def _action_gas(action: Action) -> int:
    if isinstance(action, Deploy):
        return GAS_DEPLOY + GAS_DEPLOY_BYTE * len(action.module)
    return _ACTION_GAS[type(action)]


_ACTION_GAS: dict[type[Action], int] = {
    OpenWallet: GAS_OPEN_WALLET,
    SetRules: GAS_SET_RULES,
    Pay: GAS_PAYMENT,
    Call: 0,  # the machine's meter
    SetPolicy: GAS_SET_POLICY,
    Grant: GAS_GRANT,
    Revoke: GAS_REVOKE,
    SetBalance: GAS_EDIT,
    SetSlot: GAS_EDIT,
    SetSequence: GAS_EDIT,
}
