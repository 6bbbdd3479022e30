"""Contracts in the state, and the cache of their verified code."""

from __future__ import annotations

from dataclasses import dataclass

from cachetools import LRUCache

from chain.primitives.codec import as_list, decode, encode
from chain.primitives.keyspace import code_key, contract_key
from chain.state.overlay import BlockOverlay, TransactionOverlay, View
from vm.codec import module_hash
from vm.limits import CODE_CACHED_GAS_MAX
from vm.module import Function, Kind
from vm.pricing import code_price
from vm.verifier import Verified, verify_bytes

_CALLABLE = (Kind.PUBLIC, Kind.VIEW, Kind.PURE)
_cache: LRUCache[bytes, tuple[Verified, int]] = LRUCache(CODE_CACHED_GAS_MAX, lambda entry: entry[1])


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract: the hash of its code, its home currency, who deployed it, and the gas that making its code took then."""

    code_hash: bytes
    currency: str
    deployer: bytes
    code_price: int


def contract_value(contract: Contract) -> bytes:
    """The stored form of a contract."""
    return encode([contract.code_hash, contract.currency, contract.deployer, contract.code_price])


def read_contract(state: View | BlockOverlay | TransactionOverlay, address: bytes) -> Contract | None:
    """The contract at an address, or None."""
    value = state.get(contract_key(address))
    return None if value is None else Contract(*as_list(decode(value), "a contract", size=4))


def verified_code(code: bytes) -> tuple[bytes, Verified]:
    """(code hash, verified module) of a module's bytes. Raises `vm.illegal.Illegal`. Remembers what it has
    verified.
    """
    code_hash = module_hash(code)
    known = _cache.get(code_hash)
    if known is None:
        verified = verify_bytes(code)
        known = _cache[code_hash] = verified, code_price(len(code), verified.bodies)
    return code_hash, known[0]


def price_of_code(code: bytes) -> int:
    """The gas that making the code of a module takes. Raises `vm.illegal.Illegal`."""
    code_hash, verified = verified_code(code)
    known = _cache.get(code_hash)
    return code_price(len(code), verified.bodies) if known is None else known[1]


def load_verified(state: View | BlockOverlay | TransactionOverlay, code_hash: bytes) -> Verified:
    """The verified module of a code hash that stands in the state."""
    known = _cache.get(code_hash)
    if known is not None:
        return known[0]
    code = state.get(code_key(code_hash))
    assert code is not None, "a contract without its code"
    return verified_code(code)[1]


def find_function(verified: Verified, name: str) -> Function | None:
    """The function of a module by the name by which it is called or read from outside, or None."""
    position = verified.by_name.get(name)
    function = None if position is None else verified.module.functions[position]
    return function if function is not None and function.kind in _CALLABLE else None
