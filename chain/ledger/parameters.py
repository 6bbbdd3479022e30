"""What a chain is set to: kept in its state, so that a block needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from chain.primitives.codec import as_list, decode, encode, malformed
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.policy import KeyOrPolicy, key_plain, read_key
from chain.state.overlay import BlockOverlay, TransactionOverlay, View


@dataclass(frozen=True, slots=True)
class Parameters:
    """Gas prices are minor units of the base currency per million gas; `gas_limit` is a block's. `validators` certify blocks; a
    chain without them has no certificates.
    """

    chain_id: str
    base_currency: str
    fee_wallet: bytes
    gas_limit: int
    gas_price_min: int
    gas_price_max: int
    validators: KeyOrPolicy | None = None


def parameters_value(parameters: Parameters) -> bytes:
    """The stored form of the parameters."""
    p = parameters
    validators = [] if p.validators is None else [key_plain(p.validators)]
    return encode([p.chain_id, p.base_currency, p.fee_wallet, p.gas_limit, p.gas_price_min, p.gas_price_max, *validators])


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
    fields = as_list(decode(value), "parameters", most=7)
    if len(fields) == 6:
        fields.append(None)
    elif len(fields) == 7:
        fields[6] = read_key(fields[6])
    else:
        raise malformed("parameters have 6 or 7 elements")
    return Parameters(*fields)


def fee_of(gas: int, gas_price: int) -> int:
    """The fee for gas at a price, in minor units, rounded up."""
    return -(-gas * gas_price // 1_000_000)
