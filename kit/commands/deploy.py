"""`tael deploy`: put a contract on the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kit.compiling import load_code
from kit.options import Signing, command, signing_options
from kit.output import Output
from kit.problem import usage

if TYPE_CHECKING:
    from vm.module import Module


@command(
    "deploy",
    examples="""
    tael deploy contracts/escrow.tael bob 100.00 "7 days" --from alice
    tael deploy escrow.tael:Escrow seller=bob price=100.00 open_for="7 days"
    tael deploy out/Escrow.tmod bob 100.00 7d --currency CNY
    """,
)
@click.argument("target")
@click.argument("arguments", nargs=-1)
@click.option("--coins", multiple=True, metavar="AMOUNT", help="Money for a Coin parameter of init, as in 100.00.")
@click.option("--currency", metavar="CODE", help="The contract's home currency. Else its own, tael.toml's, the chain's.")
@signing_options
def deploy(
    out: Output,
    target: str,
    arguments: tuple[str, ...],
    coins: tuple[str, ...],
    currency: str | None,
    node: str | None,
    signing: Signing,
) -> int:
    """Put a contract on the ledger: TARGET is FILE, FILE:CONTRACT or a module (.tmod); ARGUMENTS are those of init.

    Prints the contract's address. Exit code 1 if the ledger refuses it or init fails.
    """
    from chain.primitives.address import format_address
    from chain.primitives.transaction import Deploy
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt
    from kit.values import read_arguments
    from vm.module import Kind
    from vm.values import encode_arguments

    code, module = load_code(out, target)
    network = connect(node)
    home = _home_currency(network.project_currency, module, currency, network.status.base_currency)
    setting = network.setting(home)
    if home not in setting.decimals:
        known = ", ".join(setting.decimals)
        raise usage(f"the chain does not know the currency {home}", f"It knows {known}. Choose one with --currency.")
    init = next((function for function in module.functions if function.kind is Kind.INIT), None)
    parameters = () if init is None else init.parameters
    values = read_arguments(arguments, parameters, setting, coins=coins, function=f"{module.name} init")
    action = Deploy(code, home, encode_arguments([kind for _, kind in parameters], values))
    receipt = signing.transact(network, [action])
    tell_receipt(out, network, receipt, dry_run=signing.dry_run)
    address = receipt.results[0] if receipt.ok else None
    if address is not None and signing.dry_run:
        out.line()
        out.line(f"{out.style(module.name, 'bold')} would be at {format_address(address)}, if nothing else is sent before.")
    elif address is not None:
        out.line()
        out.line(f"{out.style(module.name, 'bold')} is at")
        out.line(format_address(address))
    text = None if address is None else format_address(address)
    out.result({"ok": receipt.ok, "address": text, "receipt": plain_receipt(network, receipt), **signing.plain()})
    return 0 if receipt.ok else 1


def _home_currency(project: str | None, module: Module, asked: str | None, base: str) -> str:
    if module.currency is not None and asked not in (None, module.currency):
        raise usage(f"{module.name} insists on {module.currency}", "Leave out --currency.")
    return asked or module.currency or project or base
