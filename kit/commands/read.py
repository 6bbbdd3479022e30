"""`tael read`: ask a view or pure function of a contract."""

from __future__ import annotations

import click

from kit.options import command, node_option
from kit.output import Output


@command("read", examples="tael read tael1… remaining\ntael read tael1… balance_of bob --json")
@click.argument("address")
@click.argument("function")
@click.argument("arguments", nargs=-1)
@node_option
def read(out: Output, address: str, function: str, arguments: tuple[str, ...], node: str | None) -> None:
    """Ask FUNCTION, a view of the contract at ADDRESS. It costs nothing and changes nothing.

    The node computes the answer: it is as trustworthy as the node. `tael proof` checks stored values here.
    """
    from kit.network import connect
    from kit.values import plain_value, read_arguments, show_value
    from vm.module import Kind
    from vm.values import decode, encode_arguments

    network = connect(node)
    contract = network.contract(network.address(address))
    found = contract.function(function, (Kind.VIEW, Kind.PURE), "read")
    setting = network.setting(contract.currency)
    values = read_arguments(arguments, found.parameters, setting, function=function)
    encoded, gas_used = network.read(contract.address, function, encode_arguments([kind for _, kind in found.parameters], values))
    if found.result is None or encoded is None:
        out.result({"ok": True, "value": None, "gas_used": gas_used})
        return
    value = decode(found.result, encoded)
    out.line(show_value(value, found.result, setting))
    plain = plain_value(value, found.result, setting)
    text = show_value(value, found.result, setting)
    out.result({"ok": True, "value": plain, "text": text, "gas_used": gas_used})
