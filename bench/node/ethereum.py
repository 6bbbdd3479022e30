"""Just enough of Ethereum to send signed transactions: RLP, legacy transactions of EIP-155, addresses, two kinds of call data.

Needs `coincurve` and `pycryptodome` (the extra `bench`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from bench.node.token_evm import BYTECODE

CHAIN_ID = 31_337
GAS_PRICE = 2 * 10**9  # wei: above any base fee that full blocks make from nothing
GAS_TRANSFER = 21_000
GAS_CALL = 100_000
GAS_DEPLOY = 2_000_000
_WORD_BYTES = 32
_SHORT_BYTES = 55  # of what RLP gives a length of one byte


class Ask(NamedTuple):
    """A transaction to be signed: people by number, the token if it is a call."""

    sender: int
    nonce: int
    receiver: int
    amount: int
    token: bytes | None


def keccak(data: bytes) -> bytes:
    """The hash of Ethereum, 32 bytes."""
    from Crypto.Hash import keccak as hashes

    return hashes.new(digest_bits=256, data=data).digest()


def rlp(item: bytes | int | Sequence[bytes | int]) -> bytes:
    """The encoding of a byte string, a number, or a list of these."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8)
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _length(len(item), 0x80) + item
    inner = b"".join(map(rlp, item))
    return _length(len(inner), 0xC0) + inner


def _length(size: int, base: int) -> bytes:
    if size <= _SHORT_BYTES:
        return bytes([base + size])
    number = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([base + _SHORT_BYTES + len(number)]) + number


@cache
def secret(number: int) -> bytes:
    """The secret key of somebody."""
    return hashlib.sha256(b"bench/%d" % number).digest()


@cache
def address(number: int) -> bytes:
    """The address of somebody, 20 bytes."""
    from coincurve import PrivateKey

    return keccak(PrivateKey(secret(number)).public_key.format(compressed=False)[1:])[-20:]


def contract_address(sender: bytes, nonce: int) -> bytes:
    """The address of what a transaction deploys."""
    return keccak(rlp([sender, nonce]))[-20:]


def signed(key: bytes, nonce: int, gas_limit: int, to: bytes, value: int, data: bytes, *, chain_id: int = CHAIN_ID) -> bytes:
    """A legacy transaction with the signature of EIP-155."""
    return signed_at(key, nonce, GAS_PRICE, gas_limit, to, value, data, chain_id)


def signed_at(key: bytes, nonce: int, gas_price: int, gas_limit: int, to: bytes, value: int, data: bytes, chain_id: int) -> bytes:
    """The same at a gas price in wei."""
    from coincurve import PrivateKey

    fields: list[bytes | int] = [nonce, gas_price, gas_limit, to, value, data]
    signature = PrivateKey(key).sign_recoverable(keccak(rlp([*fields, chain_id, 0, 0])), hasher=None)
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
    return rlp([*fields, 35 + 2 * chain_id + signature[64], r, s])


def deployment(supply: int) -> bytes:
    """Person 0 deploys the token with nonce 0."""
    return signed(secret(0), 0, GAS_DEPLOY, b"", 0, BYTECODE + supply.to_bytes(_WORD_BYTES))


def transfer_data(to: bytes, amount: int) -> bytes:
    """The call data of `transfer(address,uint128)`."""
    return keccak(b"transfer(address,uint128)")[:4] + to.rjust(_WORD_BYTES, b"\0") + amount.to_bytes(_WORD_BYTES)


def signed_bytes(asks: Sequence[Ask]) -> list[bytes]:
    """The bytes of transactions."""
    return [
        signed(secret(a.sender), a.nonce, GAS_TRANSFER, address(a.receiver), a.amount, b"")
        if a.token is None
        else signed(secret(a.sender), a.nonce, GAS_CALL, a.token, 0, transfer_data(address(a.receiver), a.amount))
        for a in asks
    ]
