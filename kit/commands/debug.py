"""`tael debug`: walk through a test, or a transaction that was, forwards and backwards."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kit.options import command, node_option
from kit.output import Output
from kit.problem import missing, usage

if TYPE_CHECKING:
    from kit.debugger.session import Session
    from kit.debugger.stage import Stage


@command(
    "debug",
    examples="""
    tael debug "nobody empties it early"
    tael debug contracts/jar.tael:40
    tael debug early --case wait="5 days"
    tael debug --tx 5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592
    printf 'failure\\nwhere\\nback\\nprint self.total\\n' | tael debug early
    """,
)
@click.argument("what", metavar="[TEST] [PATHS]...", nargs=-1)
@click.option("--tx", "identity", metavar="ID", help="Walk through a transaction of a block instead.")
@click.option("--data", metavar="DIR", type=click.Path(), help="With --tx: the data directory of a node.")
@node_option
@click.option("--case", metavar="NAME=VALUE", multiple=True, help="A value of a `for any` test; may be repeated.")
@click.option("--tui", "on_screen", is_flag=True, help="On the whole screen, by single keys.")
@click.option("--seed", type=click.IntRange(0), help="Look for a failing case of a `for any` test by this number.")
def debug(
    out: Output,
    what: tuple[str, ...],
    identity: str | None,
    data: str | None,
    node: str | None,
    case: tuple[str, ...],
    on_screen: bool,
    seed: int | None,
) -> int:
    """Walk through TEST: a part of its name that no other has, or FILE:LINE; or through a transaction with --tx.

    It runs once and is written down line by line; then you go through that, forwards and backwards, and ask for values,
    state, balances, events and gas at any place: `help` lists the commands. They come from the terminal, or line by line from a
    pipe. Of a `for any` test the case that fails is taken. PATHS are where to look for texts, else the project.
    """
    if identity is not None:
        from kit.debugger.opening_transaction import open_transaction

        with open_transaction(identity, what, node=node, data=data) as stage:
            _walk(out, stage, on_screen=on_screen)
    elif what:
        from kit.debugger.opening import open_test

        _walk(out, open_test(out, what[0], what[1:], case, seed=seed), on_screen=on_screen)
    else:
        raise usage("say what to walk through", "A part of a test's name, FILE:LINE, or --tx ID.")
    return 0


def _walk(out: Output, stage: Stage, *, on_screen: bool) -> None:
    from kit.debugger.plain import plain_stage
    from kit.debugger.session import Session
    from kit.debugger.terminal import talk
    from kit.debugger.view import View
    from kit.output import styled

    if out.as_json:
        out.result(plain_stage(stage))
    elif on_screen:
        _on_screen(Session(stage, View(stage)))
    else:
        talk(Session(stage, View(stage, styled if out.colour else None)))


def _on_screen(session: Session) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise usage("--tui needs a terminal", "Leave it out: commands come through the pipe then.")
    try:
        import curses

        from kit.debugger.screen import show_screen
    except ImportError:
        raise missing("this Python has no curses", "Leave out --tui.") from None
    try:
        show_screen(session)
    except curses.error as error:
        raise missing(f"this terminal shows no screen: {error}", "Leave out --tui, or set TERM.") from None
