"""What commands have in common: how they are declared, their examples in `--help`, and options that many share."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kit.output import Output
from kit.saved import Saved

if TYPE_CHECKING:
    from chain.primitives.receipt import Receipt
    from chain.primitives.transaction import Action
    from kit.network import Network

_Function = TypeVar("_Function", bound=Callable[..., Any])


_NEGATIVE = re.compile(r"-\.?[0-9]")
_MARK = "\0"


def _unmarked(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_unmarked, value))
    return value.removeprefix(_MARK) if isinstance(value, str) else value


class _WithExamples(click.Command):
    """A command or group whose help ends with examples."""

    def __init__(self, *arguments: Any, examples: str = "", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.examples = [line.strip() for line in examples.strip().splitlines()]

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples:
                    formatter.write(f"  {line}\n")


class Group(_WithExamples, click.Group):
    """A group that is a command too, with examples."""


class _Command(_WithExamples):
    """A command that takes negative numbers."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        """As click's, but what begins like a negative number is an argument, not an option."""
        flags = {name for option in self.params if isinstance(option, click.Option) and option.is_flag for name in option.opts}
        marked: list[str] = []
        for text in arguments:
            after_option = bool(marked) and marked[-1].startswith("-") and marked[-1] not in flags
            negative = _NEGATIVE.match(text) is not None and not after_option
            marked.append(_MARK + text if negative else text)
        rest = super().parse_args(context, marked)
        context.params = {name: _unmarked(value) for name, value in context.params.items()}
        return rest


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
"""How every command and group is set up."""


def command(name: str, *, examples: str, group: click.Group | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command: it gets `--json`, and its function an `Output` as its first argument."""

    def declare(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def run(*arguments: Any, as_json: bool, **options: Any) -> Any:
            out = Output(as_json=as_json)
            try:
                return function(out, *arguments, **options)
            except Saved as saved:
                out.line(f"Wrote it to {saved.file}. Nothing was sent. Next: tael transaction sign {saved.file}")
                out.result({"ok": True, "file": saved.file, "sent": False})
                return 0

        with_json = click.option("--json", "as_json", is_flag=True, help="One JSON value instead of lines for people.")
        maker = click.command if group is None else group.command
        declared: click.Command = maker(name, cls=_Command, examples=examples, context_settings=CONTEXT)(with_json(run))
        return declared

    return declare


def node_option(function: _Function) -> _Function:
    """`--node`: which node to ask."""
    return click.option(
        "--node",
        metavar="URL",
        help="The node to ask. Else TAEL_NODE, else tael.toml, else the devnet on this machine.",
    )(function)


def password_option(function: _Function) -> _Function:
    """`--password-file`: where the password is, if it is not asked for."""
    return click.option(
        "--password-file",
        type=click.Path(),
        metavar="FILE",
        help="Read the wallet's password from here. Else TAEL_PASSWORD, else it is asked for.",
    )(function)


@dataclass(frozen=True, slots=True)
class Signing:
    """What was said about who signs a transaction and what it may take."""

    sender: str | None
    gas_limit: int | None
    max_spend: tuple[str, ...]
    dry_run: bool
    password_file: str | None
    lane: int = 0
    session: str | None = None
    fee_payer: str | None = None
    expires: str | None = None
    save: str | None = None

    def by(self, sender: str) -> Signing:
        """The same, signed by another wallet."""
        return replace(self, sender=sender)

    def plain(self) -> dict[str, bool]:
        """What a result says besides, in JSON: that it was a dry run, if it was."""
        return {"dry_run": True} if self.dry_run else {}

    def transact(self, network: Network, actions: list[Action]) -> Receipt:
        """Send the actions as one transaction of the wallet that signs."""
        return network.transact(
            network.signer(self.sender),
            actions,
            gas_limit=self.gas_limit,
            max_spend=self.max_spend,
            password_file=self.password_file,
            dry_run=self.dry_run,
            lane=self.lane,
            session=self.session,
            fee_payer=self.fee_payer,
            expires=self.expires,
            save=self.save,
        )


def signing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of commands that sign a transaction: the function gets them as one `Signing`."""

    @functools.wraps(function)
    def run(
        *arguments: Any,
        sender: str | None,
        gas_limit: int | None,
        max_spend: tuple[str, ...],
        dry_run: bool,
        password_file: str | None,
        lane: int,
        session: str | None,
        fee_payer: str | None,
        expires: str | None,
        save: str | None,
        **options: Any,
    ) -> Any:
        signing = Signing(sender, gas_limit, max_spend, dry_run, password_file, lane, session, fee_payer, expires, save)
        return function(*arguments, signing=signing, **options)

    options: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
        click.option("--from", "sender", metavar="WALLET", help="The wallet that signs. Else TAEL_FROM, tael.toml, dev0."),
        click.option("--gas-limit", type=click.IntRange(1), help="The most gas it may use. Else 20,000,000."),
        click.option("--max-spend", metavar="AMOUNT", multiple=True, help="Take at most this from the wallet; may be repeated."),
        click.option("--lane", type=click.IntRange(0, 255), default=0, help="Order it among those of this lane only. Else 0."),
        click.option("--expires", metavar="WHEN", help="A time, or so long from now, as in 30m; a day at most. Else 10 minutes."),
        click.option("--fee-payer", metavar="WALLET", help="The wallet that pays the fee, and signs too."),
        click.option("--session", metavar="NAME", help="Sign with the keys of this session of the wallet."),
        click.option("--save", metavar="FILE", help="Send nothing; write it to FILE for `tael transaction sign`. Holds a day."),
        click.option("--dry-run", is_flag=True, help="Only ask what it would come to. Needs no password."),
        password_option,
        node_option,
    )
    declared: Callable[..., Any] = run
    for option in reversed(options):
        declared = option(declared)
    return declared


_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?(ms|s|m|)")
_TIME_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}


def seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Read a time such as `10s`, `2m`, `500ms`, or a number of seconds. Raises `click.BadParameter`."""
    if value is None:
        return None
    found = _TIME.fullmatch(value)
    read = 0.0 if found is None else float(found[1]) * _TIME_UNITS[found[2]]
    if read <= 0:
        raise click.BadParameter(f"{value!r} is not a time; write 10s, 2m or 500ms.", context, parameter)
    return read
