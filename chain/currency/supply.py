"""The supply equation: issued - redeemed + minted - burned = in wallets + in contracts, for every currency after every
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chain.currency.records import Currency, currency_value, read_supply, supply_value
from chain.currency.wallets import Wallets
from chain.primitives.header import Supply
from chain.primitives.keyspace import currency_key, supply_key
from chain.primitives.limits import AMOUNT_MAX
from chain.primitives.refusal import SupplyBroken
from chain.state.overlay import BlockOverlay, TransactionOverlay
from vm.failure import Code, Failure


def record_moves(overlay: TransactionOverlay, wallets: dict[str, int], contracts: dict[str, int]) -> None:
    """Enter by how much, per currency, all wallets and all contracts grew. Raises `SupplyBroken` if money
    came or went.
    """
    if not contracts and not any(wallets.values()):
        return
    for currency in sorted({*wallets, *contracts}):
        in_wallets, in_contracts = wallets.get(currency, 0), contracts.get(currency, 0)
        if in_wallets == in_contracts == 0:
            continue
        value = overlay.get(supply_key(currency))
        if value is None:
            raise SupplyBroken(f"{currency} moved but is no currency")
        supply = read_supply(currency, value)
        _store(overlay, supply, wallets=supply.wallets + in_wallets, contracts=supply.contracts + in_contracts)


def add_currency(overlay: TransactionOverlay, currency: Currency) -> None:
    """Enter a currency of which nothing has been issued yet."""
    overlay.set(currency_key(currency.code), currency_value(currency))
    overlay.set(supply_key(currency.code), supply_value(Supply(currency.code, 0, 0, 0, 0)))


def issue(overlay: TransactionOverlay, wallets: Wallets, to: bytes, currency: str, amount: int) -> None:
    """Issue money into a wallet. Fails as a credit does, and with LimitExceeded past what a currency can
    count.
    """
    wallets.credit(to, currency, amount)
    value = overlay.get(supply_key(currency))
    assert value is not None, "a currency without its supply"
    supply = read_supply(currency, value)
    if supply.issued + amount > AMOUNT_MAX:
        raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="no more can be issued")
    overlay.set(supply_key(currency), supply_value(replace(supply, issued=supply.issued + amount)))


def record_edit(overlay: TransactionOverlay, currency: str, change: int) -> None:
    """Enter that an edit adds minor units of a currency, or takes them away. Fails with LimitExceeded past what a currency can
    count.
    """
    value = overlay.get(supply_key(currency))
    assert value is not None, "a currency without its supply"
    supply = read_supply(currency, value)
    changed = replace(supply, minted=supply.minted + max(0, change), burned=supply.burned + max(0, -change))
    if changed.issued + changed.minted > AMOUNT_MAX:
        raise Failure(Code.LIMIT_EXCEEDED, (currency, AMOUNT_MAX), detail="no more can be minted")
    overlay.set(supply_key(currency), supply_value(changed))


def read_supplies(state: BlockOverlay, currencies: Iterable[str]) -> tuple[Supply, ...]:
    """The supply equations of currencies that exist."""
    supplies = []
    for currency in currencies:
        value = state.get(supply_key(currency))
        assert value is not None, "a currency without its supply"
        supplies.append(read_supply(currency, value))
    return tuple(supplies)


def _store(overlay: TransactionOverlay, supply: Supply, *, wallets: int, contracts: int) -> None:
    if wallets < 0 or contracts < 0:
        raise SupplyBroken(f"less than nothing of {supply.currency}: wallets {wallets}, contracts {contracts}")
    changed = replace(supply, wallets=wallets, contracts=contracts)
    if not changed.holds:
        raise SupplyBroken(
            f"{supply.currency}: issued {supply.issued} - redeemed {supply.redeemed} + minted {supply.minted} - burned "
            f"{supply.burned} is not wallets {wallets} + contracts {contracts}"
        )
    overlay.set(supply_key(supply.currency), supply_value(changed))
