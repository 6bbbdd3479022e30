"""`tael debug`: walk through a test, or a transaction that was, forwards and backwards."""

from __future__ import annotations

import click

from kit.options import command
from kit.output import Output


@command(
    "debug",
    examples="""
    tael debug "nobody empties it early"
    tael debug contracts/jar.tael:40
    tael debug early --case wait="5 days"
    printf 'failure\\nwhere\\nback\\nprint self.total\\n' | tael debug early
    """,
)
@click.argument("test")
@click.argument("paths", nargs=-1)
@click.option("--case", metavar="NAME=VALUE", multiple=True, help="A value of a `for any` test; may be repeated.")
@click.option("--seed", type=click.IntRange(0), help="Look for a failing case of a `for any` test by this number.")
def debug(out: Output, test: str, paths: tuple[str, ...], case: tuple[str, ...], seed: int | None) -> int:
    """Walk through TEST: a part of its name that no other has, or FILE:LINE.

    The test runs once and is written down line by line; then you go through that, forwards and backwards, and ask for values,
    state, balances, events and gas at any place: `help` lists the commands. They come from the terminal, or line by line from a
    pipe. Of a `for any` test the case that fails is taken. PATHS are where to look for it, else the project.
    """
    from kit.debugger.opening import open_test
    from kit.debugger.plain import plain_stage
    from kit.debugger.session import Session
    from kit.debugger.terminal import talk
    from kit.debugger.view import View
    from kit.output import styled

    stage = open_test(out, test, paths, case, seed=seed)
    if out.as_json:
        out.result(plain_stage(stage))
        return 0
    talk(Session(stage, View(stage, styled if out.colour else None)))
    return 0
