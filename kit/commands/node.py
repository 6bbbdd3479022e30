"""`tael node`: a node of one's own, and its data directory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.commands.node_config import config
from kit.commands.node_follow import follow, read_trust
from kit.commands.node_genesis import genesis
from kit.commands.node_key import key
from kit.commands.node_run import run, unit
from kit.commands.node_status import status
from kit.options import CONTEXT, command
from kit.output import Output, count
from kit.problem import Problem, missing

if TYPE_CHECKING:
    from chain.node.check import Checked
    from chain.state.reader import Reader

_HEIGHT_MAX = 2**53  # as `chain.primitives.limits`, which is not imported for `--help`
_SHOWN_EVERY_SECONDS = 0.5
_READ = "read, every value as it was written"
_EXECUTED = "executed from genesis"
_CERTIFIED = "held against what the validators have signed"


@click.group("node", context_settings=CONTEXT)
def node() -> None:
    """Run a node, watch it; check, copy, restore and prune its data directory."""


for _command in (run, follow, status, unit, config, genesis, key):
    node.add_command(_command)


@command(
    "check",
    examples=(
        "tael node check ledger\ntael node check ledger --genesis genesis.json\ntael node check ledger --last 1000 --json\n"
        "tael node check copy --certified genesis.json"
    ),
    group=node,
)
@click.argument("directory", type=click.Path())
@click.option("--genesis", "genesis_file", type=click.Path(), metavar="FILE", help="Execute all blocks again from this.")
@click.option("--certified", metavar="FILE|KEYS", help="Hold it against what the validators of this have signed.")
@click.option("--from", "start", type=click.IntRange(0, _HEIGHT_MAX), metavar="HEIGHT", help="Follow the blocks down to here.")
@click.option("--last", type=click.IntRange(1, _HEIGHT_MAX), metavar="N", help="Follow the last N blocks only.")
def check(
    out: Output, directory: str, genesis_file: str | None, certified: str | None, start: int | None, last: int | None
) -> int:
    """Verify the ledger in DIRECTORY. A node may use it in the meantime.

    Without --genesis every value is compared with its checksum, and the blocks with their headers. With it all blocks are
    executed again, and all that they leave is compared with what is on disk.

    With --certified nothing is executed: the certificate of the head is checked, by the genesis of the chain or the keys of its
    validators (KEY, or 2:KEY,KEY,KEY), and the state, the tree and all rows must follow from it. So a backup from anybody can be
    checked, and one that was pruned.
    """
    from chain.node.certified import check_certified_rows
    from chain.node.check import check_replay, check_rows

    _check_one_way(genesis_file, certified, start, last)
    trust = None if certified is None else read_trust(certified)
    specification = None if genesis_file is None else specification_of(genesis_file)
    with _reader(directory) as store, _damage_told():
        if specification is not None:
            checked = check_replay(store, specification, progress=_progress(out))
        elif trust is not None:
            checked = check_certified_rows(store, trust, progress=_progress(out))
        else:
            begin = max(0, store.height() - last + 1) if last is not None else start or 0
            checked = check_rows(store, start=begin, progress=_progress(out))
    how = _READ if specification is None else _EXECUTED
    _tell_checked(out, checked, how if trust is None else _CERTIFIED)
    return 0


@command("backup", examples="tael node backup ledger copy", group=node)
@click.argument("directory", type=click.Path())
@click.argument("target", type=click.Path())
def backup(out: Output, directory: str, target: str) -> None:
    """Copy the ledger in DIRECTORY to TARGET, which is empty or not there. A node may use it in the meantime."""
    with _reader(directory) as store, _damage_told():
        store.backup(Path(target))
    with _reader(target) as copied, _damage_told():
        height = copied.height()
    out.line(f"Copied up to block {height:_} to {target}.")
    out.result({"ok": True, "height": height, "target": target})


@command("restore", examples="tael node restore copy ledger\ntael node restore copy ledger --certified genesis.json", group=node)
@click.argument("copy", type=click.Path())
@click.argument("directory", type=click.Path())
@click.option("--certified", metavar="FILE|KEYS", help="Take it only if the validators of this have signed it; see check.")
def restore(out: Output, copy: str, directory: str, certified: str | None) -> None:
    """Put the ledger of the backup COPY into DIRECTORY, which is empty or not there. The backup stays, and is read once."""
    from chain.node.certified import check_certified_rows

    trust = None if certified is None else read_trust(certified)
    with _reader(copy) as store, _damage_told():
        if trust is not None:
            check_certified_rows(store, trust, progress=_progress(out))
        store.check()
        height = store.height()
        store.backup(Path(directory))
    out.line(f"Restored up to block {height:_} into {directory}.")
    out.result({"ok": True, "height": height, "directory": directory})


@command("prune", examples="tael node prune ledger --before 100000", group=node)
@click.argument("directory", type=click.Path())
@click.option("--before", type=click.IntRange(1, _HEIGHT_MAX), required=True, metavar="HEIGHT", help="The first block to keep.")
def prune(out: Output, directory: str, before: int) -> None:
    """Leave only the headers of the blocks before a height. The node must not run.

    Genesis stays, and so do the newest blocks, whose state can still be read. Nothing brings back what was removed but a backup.
    """
    from chain.state.store import Store

    _check_ledger(directory)
    with _damage_told(), closing(Store(Path(directory))) as store:
        done = store.pruned_before()
        while (floor := store.prune(before)) > done:
            done = floor
    out.line(f"Blocks before {done:_} are kept as headers only." if done else "Nothing was old enough to be removed.")
    out.result({"ok": True, "pruned_before": done})


def _check_one_way(genesis_file: str | None, certified: str | None, start: int | None, last: int | None) -> None:
    if sum(value is not None for value in (genesis_file, certified, start, last)) > 1:
        raise click.UsageError("--genesis, --certified, --from and --last are four ways to check: choose one.")


def _check_ledger(directory: str) -> None:
    if not (Path(directory) / "ledger" / "data.mdb").is_file():
        raise missing(f"there is no ledger in {directory}", "Name the data directory of a node, as in `tael devnet --data`.")


@contextmanager
def _reader(directory: str) -> Iterator[Reader]:
    from chain.state.store import Store

    _check_ledger(directory)
    with closing(Store.reader(Path(directory))) as store:
        yield store


@contextmanager
def _damage_told() -> Iterator[None]:
    """Damage is found, not a defect of this command."""
    from chain.primitives.refusal import StoreFailed

    try:
        yield
    except StoreFailed as error:
        remedy = "Restore it from a backup with `tael node restore`."
        raise Problem(f"the data directory is damaged: {error}", remedy, code="StoreFailed") from None


def specification_of(file: str) -> dict[str, Any]:
    """The genesis specification in a file; what it says is not looked at."""
    from chain.node.genesis_file import read_genesis

    if not Path(file).is_file():
        raise missing(f"the file {file} is not there", "Check the path.")
    return read_genesis(Path(file))


def _progress(out: Output) -> Callable[[int, int], None]:
    """On a terminal a line that says how far it is, how fast, and how long it will take."""
    if out.as_json or not sys.stderr.isatty():
        return lambda done, total: None
    began = shown = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _SHOWN_EVERY_SECONDS and done < total:
            return
        shown = now
        speed = done / max(now - began, 0.001)
        left = (total - done) / speed if speed else 0
        end = "\n" if done >= total else ""
        print(f"\r{done:_} of {count(total, 'block')}, {speed:,.0f} a second, {left:.0f} s left  ", end=end, file=sys.stderr)

    return show


def _tell_checked(out: Output, checked: Checked, how: str) -> None:
    head = checked.head
    out.line(f"{count(checked.blocks, 'block')} with {count(checked.transactions, 'transaction')} {how}.")
    out.pairs([("head", f"{head.height:_}"), ("hash", head.hash.hex()), ("state root", head.state_root.hex())])
    out.result(
        {
            "ok": True,
            "executed": how == _EXECUTED,
            "certified": how == _CERTIFIED,
            "blocks": checked.blocks,
            "transactions": checked.transactions,
            "height": head.height,
            "hash": head.hash.hex(),
            "state_root": head.state_root.hex(),
        }
    )
