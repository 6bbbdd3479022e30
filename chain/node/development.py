"""The development wallets that everybody knows, and the genesis that funds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.primitives.address import wallet_address
from chain.primitives.keys import SecretKey
from chain.primitives.refusal import Refusal, Refused

CHAIN_ID = "tael-devnet"
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


def devnet_specification(seed: str = SEED, chain_id: str = CHAIN_ID) -> dict[str, Any]:
    """The genesis of a devnet. The fee wallet is one more development wallet, with nothing in it."""
    fee_key = SecretKey.development(f"{seed}/fees", 0)
    wallets = [{"key": wallet.key.public.hex(), "balances": {CURRENCY: BALANCE}} for wallet in development_wallets(seed)]
    return {
        "chain_id": chain_id,
        "time_ms": GENESIS_TIME_MS,
        "base_currency": CURRENCY,
        "fee_wallet": fee_key.public.hex(),
        "currencies": [{"code": CURRENCY, "decimals": DECIMALS, "issuer": None}],
        "wallets": [*wallets, {"key": fee_key.public.hex(), "balances": {}}],
    }


def development_keys(specification: Mapping[str, Any], seed: str = SEED) -> frozenset[bytes]:
    """The public keys that everybody has the secrets of, and that a specification therefore may not have wallets of."""
    if specification.get("chain_id") == CHAIN_ID:
        return frozenset()
    fees = SecretKey.development(f"{seed}/fees", 0).public
    return frozenset((fees, *(wallet.key.public for wallet in development_wallets(seed))))


def refuse_development_keys(specification: Mapping[str, Any], seed: str = SEED) -> None:
    """Raises `Refusal` DevelopmentKey if the genesis of another chain than the devnet's funds a development
    wallet, or has one issue a currency.
    """
    known = {key.hex() for key in development_keys(specification, seed)}
    named = {*_keys(specification.get("wallets"), "key"), *_keys(specification.get("currencies"), "issuer")}
    for key in sorted(known & named):
        raise Refusal(
            Refused.DEVELOPMENT_KEY,
            f"chain {specification.get('chain_id')!r} would have a wallet or an issuer of development key {key}",
            key=key,
        )


def _keys(entries: object, field: str) -> set[str]:
    """The keys in a field of entries; the genesis reads keys with blanks in them too."""
    found = entries if isinstance(entries, list) else []
    return {"".join(str(entry.get(field)).split()).lower() for entry in found if isinstance(entry, dict)}
