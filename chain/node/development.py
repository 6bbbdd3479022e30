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
BALANCE = 1_000_000_00
"""Minor units of each development wallet at genesis: 1,000,000.00 CNY."""
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


def refuse_development_keys(specification: Mapping[str, Any], seed: str = SEED) -> None:
    """Raises `Refusal` DevelopmentKey if the genesis of another chain than the devnet's funds a development
    wallet, has one issue a currency, or names a development validator.
    """
    if specification.get("chain_id") == CHAIN_ID:
        return
    known = {wallet.key.public.hex() for wallet in development_wallets(seed)}
    known.add(SecretKey.development(f"{seed}/fees", 0).public.hex())
    known.add(development_validator(seed).public.hex())
    validators = specification.get("validators")
    keys = validators.get("keys") if isinstance(validators, dict) else None
    named = {*_keys(specification.get("wallets"), "key"), *_keys(specification.get("currencies"), "issuer")}
    named |= {_plain(key) for key in keys} if isinstance(keys, list) else set()
    for key in sorted(known & named):
        raise Refusal(
            Refused.DEVELOPMENT_KEY,
            f"chain {specification.get('chain_id')!r} would have a wallet, an issuer or a validator of development key {key}",
            key=key,
        )


def _keys(entries: object, field: str) -> set[str]:
    """The keys in a field of entries, without blanks, with which genesis reads them too."""
    found = entries if isinstance(entries, list) else []
    return {_plain(entry.get(field)) for entry in found if isinstance(entry, dict)}


def _plain(key: object) -> str:
    return "".join(str(key).split()).lower()
