"""`tael devnet`: a network of one on this machine."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kit.names import ALIASES, PORT, development_seed
from kit.options import command
from kit.output import Output
from kit.problem import missing, usage

if TYPE_CHECKING:
    from chain.node.devnet import DevelopmentWallet


@command(
    "devnet",
    examples="tael devnet\ntael devnet --port 0 --ready-file ready.json\ntael devnet --data ledger --block-time 1s",
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes any free port.")
@click.option(
    "--data",
    "data_dir",
    type=click.Path(),
    metavar="DIR",
    help="Keep the ledger here. Else it is forgotten.",
)
@click.option(
    "--ready-file",
    type=click.Path(),
    metavar="FILE",
    help="Write JSON with address, pid and chain_id here when it answers.",
)
@click.option(
    "--block-time",
    default="0s",
    show_default=True,
    metavar="TIME",
    help="Time between blocks; 0s makes one when there is a transaction.",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    help="Processes that look at signatures and answer requests, for load; 0 does all in one.",
)
@click.option("--seed", metavar="TEXT", help="Make the wallets from this. Other commands need it in TAEL_DEVNET_SEED.")
def devnet(
    out: Output, port: int, data_dir: str | None, ready_file: str | None, block_time: str, workers: int, seed: str | None
) -> int:
    """Start a network of one node, with ten funded wallets whose keys everybody knows. Ctrl-C ends it.

    It is for development: anybody can take what these wallets hold.
    """
    from chain.node.devnet import run_devnet
    from chain.primitives.refusal import Refusal, Refused

    _check_folder(data_dir)
    _check_ready_file(ready_file)
    block_time_ms = _milliseconds(block_time)
    try:
        return run_devnet(
            data_dir,
            port=port,
            block_time_ms=block_time_ms,
            workers=workers,
            seed=seed if seed is not None else development_seed(),
            ready_file=ready_file,
            announce=lambda address, wallets: _announce(out, address, wallets, data_dir),
        )
    except Refusal as refusal:
        if refusal.code is not Refused.BAD_REQUEST:
            raise
        cause = refusal.__context__
        used = isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE
        why = "is used by another program" if used else "cannot be listened on"
        raise missing(f"port {port} {why}", "Choose another port with --port, or 0 for any that is free.") from None


def _check_folder(data_dir: str | None) -> None:
    """A ledger is begun in an empty folder, and found again in its own; it is not put among other things."""
    folder = None if data_dir is None else Path(data_dir)
    if folder is not None and folder.exists() and not folder.is_dir():
        raise missing(f"{data_dir} is no folder", "Name an empty folder, or one that is not there yet.")
    if folder is not None and folder.is_dir() and any(folder.iterdir()) and not (folder / "ledger").exists():
        raise missing(f"{data_dir} has something in it that is no ledger", "Name an empty folder, or one that is not there yet.")


def _check_ready_file(ready_file: str | None) -> None:
    if ready_file is None:
        return
    if Path(ready_file).is_dir():
        raise missing(f"{ready_file} is a folder", "Name a file for --ready-file.")
    if not Path(ready_file).parent.is_dir():
        raise missing(f"{ready_file} cannot be written: its folder is not there", "Make the folder first.")


def _milliseconds(text: str) -> int:
    from kit.values import Setting, WrongValue, read_value
    from vm.types import DURATION

    try:
        value = read_value(text, DURATION, Setting())
    except WrongValue as wrong:
        raise usage(f"--block-time: {wrong.message}", "Write it like 500ms, 1s or 0s.") from None
    assert isinstance(value, int)
    return value


def _announce(out: Output, address: str, wallets: list[DevelopmentWallet], data_dir: str | None) -> None:
    from chain.node.devnet import BALANCE, CHAIN_ID, CURRENCY, DECIMALS
    from chain.primitives.address import format_address
    from chain.primitives.money import format_money

    balance = format_money(BALANCE, CURRENCY, DECIMALS)
    rows = [(f"dev{i}", ALIASES[i], format_address(wallet.address)) for i, wallet in enumerate(wallets)]
    if out.as_json:
        plain = [{"name": name, "alias": alias, "address": text} for name, alias, text in rows]
        print(json.dumps({"ok": True, "address": address, "chain_id": CHAIN_ID, "wallets": plain}), flush=True)
        return
    out.line(f"{out.style('Tael devnet', 'bold')} at {out.style(address, 'cyan')}  (chain {CHAIN_ID})")
    out.line(f"The ledger is kept in {data_dir}." if data_dir else "The ledger is forgotten when it ends; --data DIR keeps it.")
    out.line()
    out.line(f"Wallets, each with {balance} at the beginning. Everybody knows their keys: development only.")
    out.table(("name", "alias", "address"), rows)
    out.line()
    out.line("Ctrl-C ends it.")
