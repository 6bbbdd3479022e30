"""What commands have in common: how they are declared, their examples in `--help`, and the options that many share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from kit.output import Output

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Command(click.Command):
    """A command whose help ends with examples."""

    def __init__(self, *arguments: Any, examples: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = [line.strip() for line in examples.strip().splitlines()]

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"  {line}\n")


def command(name: str, *, examples: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command of `tael`: it gets `--json`, and its function an `Output` as `out` first."""

    def declare(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(*arguments: Any, as_json: bool, **options: Any) -> Any:
            return function(Output(as_json=as_json), *arguments, **options)

        with_json = click.option("--json", "as_json", is_flag=True, help="One JSON value instead of lines for people.")
        declared = click.command(
            name,
            cls=_Command,
            examples=examples,
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        )
        return declared(with_json(run))

    return declare


def node_option(function: _Function) -> _Function:
    """`--node`: which node to ask."""
    return click.option(
        "--node",
        metavar="URL",
        help="The node to ask. Else TAEL_NODE, else tael.toml, else the devnet on this machine.",
    )(function)


def sender_options(function: _Function) -> _Function:
    """The options of commands that sign a transaction."""
    for option in reversed(
        (
            click.option("--from", "sender", metavar="WALLET", help="The wallet that signs. Else tael.toml, else dev0."),
            click.option("--gas-limit", type=click.IntRange(1), help="The most gas it may use. Else it is estimated."),
            click.option("--max-spend", metavar="AMOUNT", multiple=True, help="Take at most this from the wallet."),
            click.option("--password-file", type=click.Path(), help="Read the wallet's password from a file."),
            node_option,
        )
    ):
        function = option(function)
    return function
