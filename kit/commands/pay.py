"""`tael pay`: pay money to a wallet."""

from __future__ import annotations

import click

from kit.options import command, sender_options
from kit.output import Output


@command("pay", examples='tael pay bob 25.00 --from alice\ntael pay tael1… "25.00 CNY" --from savings')
@click.argument("to")
@click.argument("amount")
@sender_options
def pay(
    out: Output,
    to: str,
    amount: str,
    sender: str | None,
    gas_limit: int | None,
    max_spend: tuple[str, ...],
    password_file: str | None,
    node: str | None,
) -> int:
    """Pay AMOUNT to the wallet TO, a name or an address, and wait until it is in a block.

    Without a code the amount is in the currency of tael.toml, else the chain's. Exit code 1 if it is refused or fails.
    """
    from chain.primitives.transaction import Pay
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt
    from kit.values import read_value
    from vm.types import COIN, Coin

    network = connect(node)
    code = amount.rpartition(" ")[2]
    home = network.project_currency or network.status.base_currency
    kind = Coin(code) if code in network.status.decimals else COIN
    coin = read_value(amount, kind, network.setting(home))
    wallet = network.signer(sender, password_file)
    action = Pay(network.address(to), coin.currency, coin.amount)
    receipt = network.transact(wallet, [action], gas_limit=gas_limit, max_spend=max_spend)
    tell_receipt(out, network, receipt)
    out.result({"ok": receipt.ok, "receipt": plain_receipt(network, receipt)})
    return 0 if receipt.ok else 1
