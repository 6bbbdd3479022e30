"""`tael receipt`: what became of a transaction."""

from __future__ import annotations

import re

import click

from kit.options import command, node_option
from kit.output import Output
from kit.problem import usage


@command("receipt", examples="tael receipt 5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592")
@click.argument("identity", metavar="ID")
@node_option
def receipt(out: Output, identity: str, node: str | None) -> int:
    """Show what became of the transaction ID: events, money moved, gas, the error if it failed.

    Exit code 1 if no block has it, or it failed.
    """
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt

    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", identity):
        raise usage(f"{identity!r} is not the identity of a transaction", "It has 64 hexadecimal digits.")
    network = connect(node)
    found = network.receipt(bytes.fromhex(identity.removeprefix("0x")))
    tell_receipt(out, network, found)
    if not found.ok:
        out.line(f"`tael trace {identity}` tells what it did, `tael debug --tx {identity}` walks through it")
    out.result({"ok": found.ok, "receipt": plain_receipt(network, found)})
    return 0 if found.ok else 1
