"""`tael pay`: pay money to a wallet."""

from __future__ import annotations

import click

from kit.options import Signing, command, signing_options
from kit.output import Output
from kit.problem import usage


@command("pay", examples='tael pay bob 25.00 --from alice\ntael pay tael1… "25.00 CNY" --from savings')
@click.argument("to")
@click.argument("amount")
@signing_options
def pay(
    out: Output,
    to: str,
    amount: str,
    node: str | None,
    signing: Signing,
) -> int:
    """Pay AMOUNT to the wallet TO, a name or an address, and wait until it is in a block.

    Without a code the amount is in the currency of tael.toml, else the chain's. Exit code 1 if it is refused or fails.
    """
    from chain.primitives.transaction import Pay
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt

    network = connect(node)
    currency, minor = network.coin(amount)
    address = network.address(to)
    if network.is_contract(address):
        name = network.contract(address).module.name
        raise usage(
            f"{to} is a contract, {name}: only a call puts money into it",
            f"As in `tael call {to} FUNCTION --coins {amount}`; `tael inspect {to}` shows its functions.",
        )
    action = Pay(address, currency, minor)
    receipt = signing.transact(network, [action])
    tell_receipt(out, network, receipt, dry_run=signing.dry_run)
    out.result({"ok": receipt.ok, "receipt": plain_receipt(network, receipt), **signing.plain()})
    return 0 if receipt.ok else 1
