"""`tael bind`: a Python module for a contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kit.compiling import load_code
from kit.options import command, node_option
from kit.output import Output, short
from kit.project import write_file

if TYPE_CHECKING:
    from vm.module import Module


@command(
    "bind",
    examples="""
    tael bind contracts/escrow.tael -o escrow.py
    tael bind contracts/token.tael:FixedToken -o token.py
    tael bind out/Escrow.tmod
    tael bind tael1… -o feed.py
    """,
)
@click.argument("target")
@click.option("--output", "-o", metavar="FILE", type=click.Path(), help="The file to write. Else it is printed.")
@node_option
def bind(out: Output, target: str, output: str | None, node: str | None) -> None:
    """Write a Python module for a contract: FILE, FILE:CONTRACT, a module (.tmod), or the address of one on the ledger.

    Its functions, events and errors have static types then, for editors and type checkers. The same contract gives the same
    bytes.
    """
    from kit.binding import bind as text_of
    from vm.codec import module_hash

    code, module = _find(out, target, node)
    text = text_of(code, module, module_hash(code).hex())
    if output is None:
        out.line(text.rstrip("\n"))
    else:
        write_file(Path(output), text.encode())
        out.line(f"bound {out.style(module.name, 'bold')}  {output}  {short(module_hash(code))}")
    out.result({"ok": True, "name": module.name, "hash": module_hash(code).hex(), "file": output, "text": text})


def _find(out: Output, target: str, node: str | None) -> tuple[bytes, Module]:
    if not target.lower().startswith("tael1"):
        return load_code(out, target)
    from kit.network import connect

    network = connect(node)
    found = network.contract(network.address(target))
    return found.code, found.module
