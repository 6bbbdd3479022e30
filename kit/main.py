"""The `tael` command: finds the command that was typed, runs it, and never ends in a traceback.

Commands are found by name in `COMMANDS` and imported when they run, so that `tael --help` imports only click.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from kit.output import show_problem
from kit.problem import Exit, Problem

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Write": {
        "new": ("kit.commands.new:new", "Begin a project: a contract, its tests, tael.toml."),
        "check": ("kit.commands.check:check", "Find mistakes in contracts."),
        "fmt": ("kit.commands.fmt:fmt", "Lay out contracts the one way."),
        "test": ("kit.commands.test:test", "Run the test blocks of contracts."),
        "lint": ("kit.commands.lint:lint", "Find what is allowed and probably not meant."),
        "mutate": ("kit.commands.mutate:mutate", "See whether tests notice small changes to contracts."),
        "debug": ("kit.commands.debug:debug", "Walk through a test or a transaction, forwards and backwards."),
        "build": ("kit.commands.build:build", "Compile contracts to modules and interfaces."),
        "bind": ("kit.commands.bind:bind", "Make a typed Python module for a contract."),
        "explain": ("kit.commands.explain:explain", "Tell what a code such as E0301 means."),
        "inspect": ("kit.commands.inspect:inspect", "Show a contract: interface, bytecode, storage, gas."),
    },
    "Run": {
        "devnet": ("kit.commands.devnet:devnet", "Start a network of one, with funded wallets."),
        "node": ("kit.commands.node:node", "Run a node of your own, watch it, check and copy its ledger."),
        "deploy": ("kit.commands.deploy:deploy", "Put a contract on the ledger."),
        "call": ("kit.commands.call:call", "Call a function of a contract, maybe with coins."),
        "read": ("kit.commands.read:read", "Ask a view of a contract."),
        "pay": ("kit.commands.pay:pay", "Pay money to a wallet."),
    },
    "Look": {
        "wallet": ("kit.commands.wallet:wallet", "Make, list, show and open wallets."),
        "session": ("kit.commands.session:session", "Let a key act for a wallet, within limits."),
        "transaction": ("kit.commands.transaction:transaction", "Transactions in files, signed by several people."),
        "trace": ("kit.commands.trace:trace", "Show what a transaction did, call by call."),
        "receipt": ("kit.commands.receipt:receipt", "Show what became of a transaction."),
        "events": ("kit.commands.events:events", "Show the events of contracts."),
        "block": ("kit.commands.block:block", "Show a block."),
        "proof": ("kit.commands.proof:proof", "Fetch a proof of the state and check it here."),
    },
    "More": {
        "demo": ("kit.commands.demo:demo", "See it all work: an agreement from text to settled money."),
        "version": ("kit.commands.version:version", "Show the versions of Tael and what it stands on."),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class _Tael(click.Group):
    """The group of all commands, each imported when it is needed."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module, _, attribute = entry[0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, context: click.Context, arguments: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments and arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
            raise click.UsageError(f"There is no command {arguments[0]!r}.{_did_you_mean(arguments[0])}", context)
        return super().resolve_command(context, arguments)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, says) for name, (_, says) in commands.items()], col_max=12)

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text("Begin with `tael demo`, or with `tael new hello`. `tael COMMAND --help` has examples.")


def _did_you_mean(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


@click.command(
    cls=_Tael,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.option("--version", "wants_version", is_flag=True, help="Show the version and stop.")
@click.pass_context
def tael(context: click.Context, wants_version: bool) -> None:
    """Write agreements about money, test them, run them on a ledger."""
    if wants_version:
        from kit.commands.version import own_version

        click.echo(f"tael {own_version()}")
        context.exit()
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code. Prints every problem; raises nothing."""
    try:
        return _run(arguments)
    except BrokenPipeError:
        # The reader has gone, as in `tael … | head`: nothing is left to say, and nobody to say it to.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return Exit.OK


def _run(arguments: Sequence[str]) -> int:
    as_json = "--json" in arguments
    try:
        outcome = tael.main(list(arguments), prog_name="tael", standalone_mode=False)
    except Problem as problem:
        show_problem(problem, as_json=as_json)
        return problem.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return Exit.OK
    except click.UsageError as error:
        show_problem(_usage_problem(error), as_json=as_json)
        return Exit.USAGE
    except click.ClickException as error:
        show_problem(Problem(error.format_message(), exit_code=Exit.MISSING, code="Missing"), as_json=as_json)
        return Exit.MISSING
    except (click.Abort, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:
        return _last_resort(error, as_json=as_json)
    return outcome if isinstance(outcome, int) else Exit.OK


def _usage_problem(error: click.UsageError) -> Problem:
    context = error.ctx
    remedy = ""
    if context is not None:
        remedy = f"{' '.join(context.get_usage().split())} · `{context.command_path} --help` has examples"
    message = error.format_message().replace("is not a valid integer range", "is not a whole number")
    return Problem(message, remedy, exit_code=Exit.USAGE, code="Usage")


def _last_resort(error: Exception, *, as_json: bool) -> int:
    """Turn whatever came up into one line: a refusal, trouble with a file, or a defect of ours."""
    from kit.trouble import problem_of

    if os.environ.get("TAEL_TRACEBACK"):
        raise error
    problem = problem_of(error)
    show_problem(problem, as_json=as_json)
    return problem.exit_code


def main() -> None:
    """Entry point of the `tael` script."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
