"""The development wallets that everybody knows, and the genesis that funds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.ledger.parameters import DEVELOPMENT_CHAIN_ID, may_be_development
from chain.primitives.address import wallet_address
from chain.primitives.keys import SecretKey
from chain.primitives.refusal import Refusal, Refused

CHAIN_ID = DEVELOPMENT_CHAIN_ID
SEED = "tael"
CURRENCY = "CNY"
DECIMALS = 2
WALLETS = 10
UNITS = 1_000_000
"""Of the base currency, in each development wallet at the beginning."""
BALANCE = UNITS * 10**DECIMALS
"""The same in minor units of a devnet's own currency: 1,000,000.00 CNY."""
GENESIS_TIME_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, so that the same seed gives the same genesis."""


@dataclass(frozen=True, slots=True)
class DevelopmentWallet:
    """A funded wallet whose secret anybody can derive: worth nothing anywhere else."""

    name: str
    key: SecretKey
    address: bytes


def development_wallets(seed: str = SEED, count: int = WALLETS) -> list[DevelopmentWallet]:
    """The wallets `dev-0` … of a seed."""
    keys = [SecretKey.development(seed, number) for number in range(count)]
    return [DevelopmentWallet(f"dev-{i}", key, wallet_address(key.public)) for i, key in enumerate(keys)]


def development_validator(seed: str = SEED) -> SecretKey:
    """The key that certifies the blocks of a devnet; everybody knows it too."""
    return SecretKey.development(f"{seed}/validator", 0)


def devnet_specification(seed: str = SEED, chain_id: str = CHAIN_ID) -> dict[str, Any]:
    """The genesis of a devnet. The fee wallet is one more development wallet, with nothing in it."""
    fee_key = SecretKey.development(f"{seed}/fees", 0)
    wallets = [{"key": wallet.key.public.hex(), "balances": {CURRENCY: BALANCE}} for wallet in development_wallets(seed)]
    return {
        "chain_id": chain_id,
        "development": may_be_development(chain_id),
        "time_ms": GENESIS_TIME_MS,
        "base_currency": CURRENCY,
        "fee_wallet": fee_key.public.hex(),
        "validators": {"threshold": 1, "keys": [development_validator(seed).public.hex()]},
        "currencies": [{"code": CURRENCY, "decimals": DECIMALS, "issuer": None}],
        "wallets": [*wallets, {"key": fee_key.public.hex(), "balances": {}}],
    }


def development_keys(specification: Mapping[str, Any], seed: str = SEED) -> frozenset[bytes]:
    """The public keys that everybody has the secrets of, and that a specification therefore may not have wallets of."""
    if specification.get("chain_id") == CHAIN_ID:
        return frozenset()
    fees = SecretKey.development(f"{seed}/fees", 0).public
    return frozenset((fees, development_validator(seed).public, *(wallet.key.public for wallet in development_wallets(seed))))


def refuse_development_keys(specification: Mapping[str, Any], seed: str = SEED) -> None:
    """Raises `Refusal` DevelopmentKey if the genesis of another chain than the devnet's funds a development
    wallet, or has one issue a currency or certify blocks.
    """
    known = {key.hex() for key in development_keys(specification, seed)}
    validators = specification.get("validators")
    listed = validators.get("keys") if isinstance(validators, dict) else None
    certifying = [{"key": key} for key in listed] if isinstance(listed, list) else []
    named = {
        *_keys(specification.get("wallets"), "key"),
        *_keys(specification.get("currencies"), "issuer"),
        *_keys(certifying, "key"),
    }
    for key in sorted(known & named):
        raise Refusal(
            Refused.DEVELOPMENT_KEY,
            f"chain {specification.get('chain_id')!r} would have a wallet, an issuer or a validator of development key {key}",
            key=key,
        )


def _keys(entries: object, field: str) -> set[str]:
    """The keys in a field of entries, without blanks, with which genesis reads them too."""
    found = entries if isinstance(entries, list) else []
    return {"".join(str(entry.get(field)).split()).lower() for entry in found if isinstance(entry, dict)}
