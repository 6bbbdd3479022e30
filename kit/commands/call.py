"""`tael call`: call a function of a contract in a signed transaction."""

from __future__ import annotations

import click

from kit.options import Signing, command, signing_options
from kit.output import Output


@command(
    "call",
    examples="""
    tael call tael1… fund --coins 100.00 --from alice
    tael call tael1… accept --from alice --max-spend 0.00
    tael call tael1… vote proposal=3 choice=Yes --json
    """,
)
@click.argument("address")
@click.argument("function")
@click.argument("arguments", nargs=-1)
@click.option("--coins", multiple=True, metavar="AMOUNT", help="Money for a Coin parameter, as in 100.00.")
@signing_options
def call(
    out: Output,
    address: str,
    function: str,
    arguments: tuple[str, ...],
    coins: tuple[str, ...],
    node: str | None,
    signing: Signing,
) -> int:
    """Call FUNCTION of the contract at ADDRESS in a signed transaction, and wait until it is in a block.

    ARGUMENTS are typed by the contract's interface; one may be named, as in price=100.00. Exit code 1 if the call
    fails or the ledger refuses the transaction.
    """
    from chain.primitives.transaction import Call
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt, wrong_phase
    from kit.values import plain_value, read_arguments, show_value
    from vm.module import Kind
    from vm.values import decode, encode_arguments

    network = connect(node)
    contract = network.contract(network.address(address))
    found = contract.function(function, (Kind.PUBLIC,), "call")
    setting = network.setting(contract.currency)
    values = read_arguments(arguments, found.parameters, setting, coins=coins, function=function)
    encoded = encode_arguments([kind for _, kind in found.parameters], values)
    action = Call(contract.address, function, encoded)
    receipt = signing.transact(network, [action])
    tell_receipt(out, network, receipt, dry_run=signing.dry_run)
    where = wrong_phase(network, receipt, contract, found)
    if where is not None:
        allowed = " or ".join(where["allowed"])
        out.line(f"  {contract.module.name} is in phase {where['phase']}; {function} may run in {allowed}.")
    plain = None
    if receipt.ok and found.result is not None and receipt.results[0] is not None:
        value = decode(found.result, receipt.results[0])
        plain = plain_value(value, found.result, setting)
        out.line(f"{'would give' if signing.dry_run else 'gave'} {show_value(value, found.result, setting)}")
    outcome = {"ok": receipt.ok, "value": plain, "receipt": plain_receipt(network, receipt), **signing.plain()}
    out.result(outcome if where is None else {**outcome, "wrong_phase": where})
    return 0 if receipt.ok else 1
