"""`tael trace`: what a transaction of a block did, call by call."""

from __future__ import annotations

import click

from kit.options import command, node_option
from kit.output import Output


@command(
    "trace",
    examples="""
    tael trace 5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592
    tael trace 5d41402a… --lines contracts/escrow.tael
    tael trace 5d41402a… --data ledger --json
    """,
)
@click.argument("identity", metavar="ID")
@click.argument("paths", nargs=-1)
@click.option("--lines", is_flag=True, help="With every line that ran, its gas and the values that it changed.")
@click.option("--data", metavar="DIR", type=click.Path(), help="The data directory of a node, instead of a node that runs.")
@node_option
def trace(out: Output, identity: str, paths: tuple[str, ...], lines: bool, data: str | None, node: str | None) -> int:
    """Show what the transaction ID did: calls with arguments and results, money, state before and after, events, gas.

    It is executed here once more, on the state that it found. Nodes keep that for some blocks. Texts of contracts are looked for
    in PATHS, else in the project. Exit code 1 if it failed.
    """
    from kit.debugger.opening_transaction import outcome_of, replayed
    from kit.output import styled
    from kit.record.plain import plain_scene
    from kit.record.story import lay_out, rows
    from kit.record.words import Words

    with replayed(identity, paths, node=node, data=data) as run:
        words = Words(run.guide)
        outcome = outcome_of(run)
        for line in lay_out(rows(run.record, words, lines=lines), styled if out.colour else None, most=_LINES_MAX):
            out.line(line)
        for line in outcome:
            out.line(line)
        ok = run.failure is None
        if not ok and run.record.lines:
            out.line(f"`tael debug --tx {run.receipt.identity.hex()[:8]}…` walks through it")
        calls = plain_scene(run.record.root, words)
        out.result({"ok": ok, "id": run.receipt.identity.hex(), "outcome": outcome, "calls": calls})
        return 0 if ok else 1


_LINES_MAX = 1_000  # of a story; --json has all
