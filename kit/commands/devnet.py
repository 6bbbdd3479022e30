"""`tael devnet`: a network of one on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.commands.devnet_edits import balance, impersonate, sequence, slot
from kit.commands.node_follow import serve
from kit.names import ALIASES, PORT, development_seed
from kit.options import CONTEXT, Group, command, node_option
from kit.output import Output
from kit.problem import missing, usage

if TYPE_CHECKING:
    from chain.node.devnet import DevelopmentWallet


@click.group(
    "devnet",
    cls=Group,
    invoke_without_command=True,
    context_settings=CONTEXT,
    examples=(
        "tael devnet\ntael devnet --port 0 --ready-file ready.json\ntael devnet --data ledger --block-time 1s\n"
        "tael devnet snapshot\ntael devnet time --advance 30d"
    ),
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
@click.option("--no-empty", is_flag=True, help="With --block-time: make no block when nothing waits.")
@click.option("-v", "--verbose", "verbosity", count=True, help="Show events and money of each transaction; twice: its calls too.")
@click.option("--quiet", is_flag=True, help="Show no transactions.")
@click.option("--copy", metavar="URL[@HEIGHT]", help="Begin with a copy of that network's state, and go on without it.")
@click.option("--follow", "follows", metavar="URL", help="Make no blocks: follow the devnet there, and serve what it has.")
@click.option("--operations-port", type=click.IntRange(0, 65535), metavar="PORT", help="Have a port for health and metrics too.")
@click.option("--seed", metavar="TEXT", help="Make the wallets from this. Other commands need it in TAEL_DEVNET_SEED.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of lines for people, one value a line.")
@click.pass_context
def devnet(
    context: click.Context,
    as_json: bool,
    port: int,
    data_dir: str | None,
    ready_file: str | None,
    block_time: str,
    workers: int,
    no_empty: bool,
    verbosity: int,
    quiet: bool,
    copy: str | None,
    follows: str | None,
    operations_port: int | None,
    seed: str | None,
) -> int | None:
    """Start a network of one node, with ten funded wallets whose keys everybody knows. Ctrl-C ends it.

    It is for development: anybody can take what these wallets hold. It shows each transaction, what it does and what comes of it.
    The commands below are for a devnet that runs.
    """
    if context.invoked_subcommand is not None:
        return None
    out = Output(as_json=as_json)
    from chain.node.template import Template

    template = Template() if workers else None  # it imports what workers need, and so do we
    from chain.node.copied import parse_source
    from chain.node.devnet import devnet_specification, run_devnet
    from chain.node.upstream import Upstream
    from chain.primitives.refusal import Refusal, Refused
    from kit.transaction_log import TransactionLog

    _check_folder(data_dir)
    _check_ready_file(ready_file)
    block_time_ms = _milliseconds(block_time)
    seed = seed if seed is not None else development_seed()
    if follows is not None:
        if copy is not None or workers or block_time_ms:
            raise usage("--follow makes no blocks and has no workers, and copies nothing", "Leave the other options out.")
        specification = devnet_specification(seed)
        return serve(out, follows, data_dir, specification, port=port, ready_file=ready_file)
    if copy is not None:
        Upstream(parse_source(copy)[0])  # a wrong address is told as such
    try:
        return run_devnet(
            data_dir,
            port=port,
            block_time_ms=block_time_ms,
            workers=workers,
            seed=seed,
            copy=copy,
            ready_file=ready_file,
            makes_empty=not no_empty,
            template=template,
            operations_port=operations_port,
            announce=lambda address, wallets: _announce(out, address, wallets, data_dir, copy),
            watch=None if quiet else lambda node: TransactionLog(node, out, verbosity=verbosity),
        )
    except Refusal as refusal:
        if refusal.code is not Refused.BAD_REQUEST:
            raise
        raise missing(refusal.message, "Choose another port, or 0 for any that is free.") from None


@command("snapshot", examples="tael devnet snapshot", group=devnet)
@node_option
def snapshot(out: Output, node: str | None) -> None:
    """Remember the present state, to go back to with `tael devnet revert`."""
    answer = _ask(node, "snapshot", {})
    out.line(f"snapshot {answer['snapshot']} at block {answer['height']}")
    out.result({"ok": True, "snapshot": answer["snapshot"], "height": answer["height"]})


@command("revert", examples="tael devnet revert\ntael devnet revert 3", group=devnet)
@click.argument("number", type=click.IntRange(1), required=False)
@node_option
def revert(out: Output, number: int | None, node: str | None) -> None:
    """Go back to a snapshot, the newest if no NUMBER is given. It is used up, with all later ones."""
    answer = _ask(node, "revert", {} if number is None else {"snapshot": number})
    out.line(f"back at snapshot {answer['snapshot']}, block {answer['height']}; {answer['waiting']} transactions wait")
    out.result({"ok": True, **{name: answer[name] for name in ("snapshot", "height", "waiting")}})


@command("time", examples="tael devnet time\ntael devnet time --advance 30d\ntael devnet time --hold", group=devnet)
@click.option("--advance", metavar="TIME", help="Let so much pass: 30s, 12h, 30d.")
@click.option("--to", "moment", metavar="MOMENT", help="Or go on to a moment: 2026-12-31 or 2026-12-31T12:00:00Z.")
@click.option("--hold", "clock", flag_value="hold", help="Let the clock stand still.")
@click.option("--run", "clock", flag_value="run", help="Let it go on.")
@node_option
def time(out: Output, advance: str | None, moment: str | None, clock: str | None, node: str | None) -> None:
    """Show the time that the next block will have, or change it: on, never back."""
    from kit.values import Setting, plain_value, show_value
    from vm.types import TIME

    body: dict[str, Any] = {} if clock is None else {"clock": clock}
    if advance is not None:
        body["advance_ms"] = _milliseconds(advance, "--advance")
    if moment is not None:
        body["to_ms"] = _moment(moment)
    answer = _ask(node, "time", body)
    out.line(f"{show_value(answer['now_ms'], TIME, Setting())}{', held' if answer['held'] else ''}")
    out.result({"ok": True, "now": plain_value(answer["now_ms"], TIME, Setting()), **_some(answer, "now_ms", "held")})


@command("mode", examples="tael devnet mode manual\ntael devnet mode 500ms\ntael devnet mode instant", group=devnet)
@click.argument("mode")
@node_option
def mode(out: Output, mode: str, node: str | None) -> None:
    """Say when blocks are made: instant (when there is a transaction), manual (see mine), or a TIME between them."""
    wanted = mode if mode in ("instant", "manual") else str(_milliseconds(mode, "MODE"))
    answer = _ask(node, "mode", {"mode": "instant" if wanted == "0" else wanted})
    out.line(f"blocks are made: {mode}")
    out.result({"ok": True, **_some(answer, "mode")})


@command("mine", examples="tael devnet mine\ntael devnet mine 10 --interval 1d", group=devnet)
@click.argument("blocks", type=click.IntRange(1), default=1)
@click.option("--interval", default="0s", metavar="TIME", help="Let so much time pass before each.")
@node_option
def mine(out: Output, blocks: int, interval: str, node: str | None) -> None:
    """Make BLOCKS blocks now, with what waits or empty."""
    answer = _ask(node, "mine", {"blocks": blocks, "interval_ms": _milliseconds(interval, "--interval")})
    out.line(f"block {answer['height']}")
    out.result({"ok": True, **_some(answer, "height", "state_root")})


@command("pool", examples="tael devnet pool\ntael devnet pool --json", group=devnet)
@node_option
def pool(out: Output, node: str | None) -> None:
    """Show what waits for a block, in the order in which blocks will take it; then what waits behind a gap."""
    from chain.primitives.address import parse_address
    from kit.network import connect
    from kit.values import show_address

    network = connect(node)
    answer = network.client.get("/devnet/pool")
    setting = network.setting()
    rows = [
        (one["id"][:16], show_address(parse_address(one["sender"]), setting), str(one["lane"]), str(one["sequence"]), where)
        for where in ("ready", "queued")
        for one in answer[where]
    ]
    out.table(("id", "sender", "lane", "sequence", ""), rows)
    if not rows:
        out.line("nothing waits")
    out.result({"ok": True, **_some(answer, "ready", "queued")})


@command("drop", examples="tael devnet drop 5f0c…\ntael devnet drop --all", group=devnet)
@click.argument("identity", required=False)
@click.option("--all", "drop_all", is_flag=True, help="Drop all that waits.")
@node_option
def drop(out: Output, identity: str | None, drop_all: bool, node: str | None) -> None:
    """Take a transaction out of the pool, by its IDENTITY or the beginning of it; whoever waits for it is told."""
    if (identity is None) != drop_all:
        raise usage("say which transaction, or --all", "`tael devnet pool` shows what waits.")
    answer = _ask(node, "drop", {} if identity is None else {"id": _waiting(node, identity)})
    out.line(f"dropped {answer['dropped']}")
    out.result({"ok": True, **_some(answer, "dropped")})


@command("replace", examples="tael devnet replace 5f0c… --gas-price 10", group=devnet)
@click.argument("identity")
@click.option("--gas-price", type=click.IntRange(0), required=True, help="In minor units per million gas; a tenth more, or 1.")
@node_option
def replace(out: Output, identity: str, gas_price: int, node: str | None) -> None:
    """Put the same transaction with a higher gas price in the place of one that waits, by its IDENTITY or its beginning."""
    answer = _ask(node, "replace", {"id": _waiting(node, identity), "gas_price": gas_price})
    out.line(f"{answer['id']} waits in its place")
    out.result({"ok": True, **_some(answer, "id")})


@command("fund", examples="tael devnet fund alice '500.00 CNY'", group=devnet)
@click.argument("wallet")
@click.argument("amount")
@node_option
def fund(out: Output, wallet: str, amount: str, node: str | None) -> None:
    """Pay WALLET an AMOUNT out of the faucet, which is the last of the devnet's wallets."""
    from chain.primitives.address import format_address
    from kit.network import connect

    network = connect(node)
    currency, minor = network.coin(amount)
    to = format_address(network.address(wallet))
    answer = _ask(node, "faucet", {"to": to, "amount": str(minor), "currency": currency})
    out.line(f"{wallet} got {amount}")
    out.result({"ok": True, **_some(answer, "id", "height")})


@command("dump", examples="tael devnet dump saved\ntael devnet --data saved", group=devnet)
@click.argument("folder", type=click.Path())
@node_option
def dump(out: Output, folder: str, node: str | None) -> None:
    """Copy the ledger with its history into FOLDER while it goes on. `tael devnet --data FOLDER` starts from it."""
    answer = _ask(node, "dump", {"folder": str(Path(folder).resolve())})
    out.line(f"block {answer['height']} and all before it are in {folder}; `tael devnet --data {folder}` starts from there")
    out.result({"ok": True, **_some(answer, "folder", "height")})


for verb in (balance, slot, sequence, impersonate):
    devnet.add_command(verb)


def _waiting(node: str | None, text: str) -> str:
    """The identity of the one that waits and begins so. Raises `Problem` if none does, or several do."""
    answer = _ask(node, "pool", None)
    found = [one["id"] for where in ("ready", "queued") for one in answer[where] if one["id"].startswith(text.lower())]
    if len(found) != 1:
        many = f"{len(found)} that wait begin with {text}" if found else f"no transaction that waits begins with {text}"
        raise missing(many, "`tael devnet pool` shows what waits.")
    identity: str = found[0]
    return identity


def _ask(node: str | None, verb: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """What a devnet answers to a verb of its control."""
    from kit.network import connect

    client = connect(node).client
    return client.get(f"/devnet/{verb}") if body is None else client.post(f"/devnet/{verb}", body)


def _some(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: answer[name] for name in names}


def _moment(text: str) -> int:
    from kit.values import Setting, WrongValue, read_value
    from vm.types import TIME

    try:
        value = read_value(text, TIME, Setting())
    except WrongValue as wrong:
        raise usage(f"--to: {wrong.message}", "Write it like 2026-12-31 or 2026-12-31T12:00:00Z.") from None
    assert isinstance(value, int)
    return value


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


def _milliseconds(text: str, option: str = "--block-time") -> int:
    from kit.values import Setting, WrongValue, read_value
    from vm.types import DURATION

    try:
        value = read_value(text, DURATION, Setting())
    except WrongValue as wrong:
        raise usage(f"{option}: {wrong.message}", "Write it like 500ms, 1s or 0s.") from None
    assert isinstance(value, int)
    return value


def _announce(out: Output, address: str, wallets: list[DevelopmentWallet], data_dir: str | None, copy: str | None) -> None:
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
    if copy is not None:
        out.line(f"The state is a copy of {copy}, which is not needed any more.")
    what = f"each with {balance} at the beginning" if copy is None else "each with a million of the base currency more"
    out.line(f"Wallets, {what}. Everybody knows their keys: development only.")
    out.table(("name", "alias", "address"), rows)
    out.line()
    out.line("Ctrl-C ends it.")
