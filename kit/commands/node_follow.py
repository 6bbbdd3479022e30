"""`tael node follow`: a node that takes another's blocks and serves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kit.commands.node_genesis import validators_plain
from kit.options import command
from kit.output import Output
from kit.problem import missing

if TYPE_CHECKING:
    from chain.node.certified import Trust

PORT = 7071
"""Not the devnet's, which may well run on the same machine."""


@command(
    "follow",
    examples=(
        "tael node follow http://10.0.0.1:7070 --genesis genesis.json --data ledger\n"
        "tael node follow http://10.0.0.2:7070 --data ledger"
    ),
)
@click.argument("url")
@click.option("--genesis", "genesis_file", type=click.Path(), metavar="FILE", help="Of the chain; DIR remembers it.")
@click.option("--data", "data_dir", type=click.Path(), metavar="DIR", required=True, help="Keep the ledger here.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes any free port.")
@click.option(
    "--ready-file", type=click.Path(), metavar="FILE", help="Write JSON with address, pid and chain_id here when ready."
)
def follow(out: Output, url: str, genesis_file: str | None, data_dir: str, host: str, port: int, ready_file: str | None) -> int:
    """Follow the node at URL: fetch its blocks, check what the chain's validators have signed, execute them, and serve it all.

    What is submitted here is passed on to it. It goes on serving while the other is gone, and says in its status how far behind
    it is. A backup of another node may be put in DIR first, with `tael node restore`, so that only newer blocks are fetched.
    """
    from kit.commands.node import specification_of

    specification = None if genesis_file is None else specification_of(genesis_file)
    if specification is None and not (Path(data_dir) / "ledger" / "data.mdb").is_file():
        raise missing(f"there is no ledger in {data_dir} yet", "Give the genesis of the chain with --genesis FILE.")
    return serve(out, url, data_dir, specification, host=host, port=port, ready_file=ready_file)


def serve(
    out: Output,
    url: str,
    data_dir: str | None,
    specification: dict[str, object] | None,
    *,
    host: str = "127.0.0.1",
    port: int,
    ready_file: str | None,
) -> int:
    """Follow until a signal ends it; the exit code."""
    from chain.node.following import run_follower
    from chain.node.logs import begin_logs
    from chain.node.upstream import Upstream
    from chain.primitives.refusal import Refusal, Refused

    Upstream(url)  # a wrong address is told as such
    begin_logs("info", "json" if out.as_json else "text")

    def announce(address: str) -> None:
        if out.as_json:
            print(json.dumps({"ok": True, "address": address, "following": url}), flush=True)
            return
        out.line(f"{out.style('Following', 'bold')} {url} at {out.style(address, 'cyan')}")
        out.line("`GET /v1/status` says how far behind it is. Ctrl-C ends it.")

    try:
        return run_follower(url, data_dir, specification, host=host, port=port, ready_file=ready_file, announce=announce)
    except Refusal as refusal:
        if refusal.code is not Refused.BAD_REQUEST:
            raise
        raise missing(refusal.message, "Choose another port with --port, or 0 for any that is free.") from None


def read_trust(text: str) -> Trust:
    """Whom to believe: a file with the genesis specification of a chain, or keys of validators, `KEY` or `2:KEY,KEY,KEY`. Raises
    `Problem`, `Refusal`.
    """
    from chain.ledger.genesis import read_validators
    from chain.node.certified import Trust, trust_of
    from kit.commands.node import specification_of

    if Path(text).is_file() or text.endswith(".json"):
        return trust_of(specification_of(text))
    validators = read_validators(validators_plain(text))
    assert validators is not None
    return Trust(validators)
