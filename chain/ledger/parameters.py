"""What a chain is set to: kept in its state, so that a block needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chain.primitives.codec import as_list, decode, encode, malformed
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.policy import KeyOrPolicy, key_plain, read_key
from chain.state.overlay import BlockOverlay, TransactionOverlay, View

DEVELOPMENT_CHAIN_ID: Final = "tael-devnet"


@dataclass(frozen=True, slots=True)
class Parameters:
    """Gas prices are minor units of the base currency per million gas; `gas_limit` is a block's. `validators` certify blocks; a
    chain without them has no certificates. On a `development` chain whoever makes blocks may put edits and unsigned transactions
    into them.
    """

    chain_id: str
    base_currency: str
    fee_wallet: bytes
    gas_limit: int
    gas_price_min: int
    gas_price_max: int
    validators: KeyOrPolicy | None = None
    development: bool = False


def parameters_value(parameters: Parameters) -> bytes:
    """The stored form of the parameters; that a chain is for development is said only where it is so."""
    p = parameters
    fields = [p.chain_id, p.base_currency, p.fee_wallet, p.gas_limit, p.gas_price_min, p.gas_price_max]
    if p.validators is not None or p.development:
        fields.append(None if p.validators is None else key_plain(p.validators))
    return encode([*fields, True] if p.development else fields)


def may_be_development(chain_id: str) -> bool:
    """Whether a chain of this id may be one for development: its name says so to everybody who signs for it."""
    return chain_id == DEVELOPMENT_CHAIN_ID or chain_id.startswith(f"{DEVELOPMENT_CHAIN_ID}-")


def read_parameters(state: View | BlockOverlay | TransactionOverlay) -> Parameters:
    """The parameters in a state that has had its genesis."""
    value = state.get(PARAMETERS)
    assert value is not None, "a state without genesis"
    return decode_parameters(value)


@lru_cache(maxsize=16)
def decode_parameters(value: bytes) -> Parameters:
    """The parameters of their stored form: one object for one setting, so that whoever compares two compares their identity.
    Raises `Refusal` Malformed, WrongKey, UnknownKeyScheme.
    """
    fields = as_list(decode(value), "parameters", most=8)
    if len(fields) < 6 or (len(fields) == 7 and fields[6] is None) or (len(fields) == 8 and fields[7] is not True):
        raise malformed("parameters have 6 elements, validators behind them, and true if they are for development")
    if fields[6:] and fields[6] is not None:
        fields[6] = read_key(fields[6])
    return Parameters(*fields)


def fee_of(gas: int, gas_price: int) -> int:
    """The fee for gas at a price, in minor units, rounded up."""
    return -(-gas * gas_price // 1_000_000)
