"""`tael node run` and `tael node unit`: a node of a chain of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import which

import click

from kit.commands.node_options import FILE, Source, configuration_options
from kit.options import command
from kit.output import Output
from kit.problem import Exit, missing


@command(
    "run",
    examples=(
        "tael node run --config node.toml\ntael node run --genesis genesis.json --data ledger --port 0 --ready-file ready.json\n"
        "tael node run --set stop.drain_seconds=10 --log-format json"
    ),
)
@configuration_options
@click.option(
    "--ready-file", type=click.Path(), metavar="FILE", help="Write JSON with address, operations and pid when it answers."
)
def run(out: Output, source: Source, ready_file: str | None) -> int:
    """Run a node that makes the blocks of a chain of your own, until SIGTERM or Ctrl-C ends it.

    SIGHUP reads the log level again. It ends with 0 when it was asked to, with 1 after a failure, with 2 or 4 if it could not
    start.
    """
    import logging

    from chain.node.logs import begin_logs, say, set_level
    from chain.node.template import Template

    configuration = source.read().configuration
    template = Template() if configuration.workers else None  # it imports what workers need, and so do we
    from chain.node.running import run_node
    from chain.primitives.refusal import Refusal
    from kit.trouble import refusal_problem

    begin_logs(configuration.log_level, configuration.log_format)

    def hangup() -> None:
        try:
            level = source.read().configuration.log_level
        except Refusal as refusal:
            say(logging.ERROR, "the configuration was not read again", code=refusal.code, why=refusal.message)
            return
        set_level(level)
        say(logging.WARNING, "the log level was read again", level=level)

    try:
        ready = None if ready_file is None else Path(ready_file)
        failure = run_node(configuration, ready_file=ready, on_hangup=hangup, template=template)
    except Refusal as refusal:
        say(logging.ERROR, "not started", code=refusal.code, why=refusal.message, remedy=refusal.remedy)
        problem = refusal_problem(refusal)
        out.result(problem.plain())
        return Exit.MISSING if problem.exit_code == Exit.FINDINGS else problem.exit_code
    out.result({"ok": failure is None})
    return Exit.OK if failure is None else Exit.FINDINGS


@command("unit", examples="tael node unit --config node.toml > tael.service\ntael node unit --config node.toml --user ledger")
@configuration_options
@click.option("--user", default="tael", show_default=True, metavar="NAME", help="The user that runs it.")
@click.option("--no-native", is_flag=True, help="For an installation without wasmtime: memory may then not be executable.")
def unit(out: Output, source: Source, user: str, no_native: bool) -> None:
    """Print the unit with which systemd runs a node of this configuration: watched, restarted, with few rights.

    Put it into /etc/systemd/system. The data directory must be there and the user's own.
    """
    from chain.node.unit import unit_text

    file = source.file
    if file is None:
        raise missing("a unit needs a file of configuration", f"Write one with `tael node config init {FILE}`, and name it.")
    configuration = source.read().configuration
    found = which("tael")
    program = [sys.executable, "-m", "kit.main"] if found is None else [found]
    text = unit_text(configuration, command=program, file=file, user=user, native=not no_native)
    out.line(text.rstrip("\n"))
    out.result({"ok": True, "unit": text})
