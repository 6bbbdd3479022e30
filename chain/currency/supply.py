"""The supply equation: issued - redeemed = in wallets + in contracts, for every currency after every transaction."""

from __future__ import annotations

from dataclasses import replace

from chain.currency.records import read_supply, supply_value
from chain.primitives.header import Supply
from chain.primitives.keyspace import supply_key
from chain.primitives.refusal import SupplyBroken
from chain.state.overlay import TransactionOverlay


def record_moves(overlay: TransactionOverlay, wallets: dict[str, int], contracts: dict[str, int]) -> None:
    """Enter by how much, per currency, all wallets and all contracts grew. Raises `SupplyBroken` if money came or went."""
    for currency in sorted({*wallets, *contracts}):
        in_wallets, in_contracts = wallets.get(currency, 0), contracts.get(currency, 0)
        if in_wallets == in_contracts == 0:
            continue
        value = overlay.get(supply_key(currency))
        if value is None:
            raise SupplyBroken(f"{currency} moved but is no currency")
        supply = read_supply(currency, value)
        _store(overlay, supply, wallets=supply.wallets + in_wallets, contracts=supply.contracts + in_contracts)


def record_issue(overlay: TransactionOverlay, currency: str, amount: int) -> None:
    """Enter newly issued money, which stands in wallets."""
    value = overlay.get(supply_key(currency))
    supply = Supply(currency, 0, 0, 0, 0) if value is None else read_supply(currency, value)
    changed = replace(supply, issued=supply.issued + amount, wallets=supply.wallets + amount)
    overlay.set(supply_key(currency), supply_value(changed))


def _store(overlay: TransactionOverlay, supply: Supply, *, wallets: int, contracts: int) -> None:
    if wallets < 0 or contracts < 0:
        raise SupplyBroken(f"less than nothing of {supply.currency}: wallets {wallets}, contracts {contracts}")
    changed = replace(supply, wallets=wallets, contracts=contracts)
    if not changed.holds:
        raise SupplyBroken(
            f"{supply.currency}: issued {supply.issued} - redeemed {supply.redeemed} is not "
            f"wallets {wallets} + contracts {contracts}"
        )
    overlay.set(supply_key(supply.currency), supply_value(changed))
