"""The stage of a transaction that is in a block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from kit.debugger.stage import Stage
from kit.meanings import FAILURES
from kit.problem import Problem, missing, usage
from kit.project import find_sources
from kit.record.reasons import Reasons
from kit.record.words import Words
from kit.replay.guide import Sources
from kit.replay.included import included_at, included_in
from kit.replay.replay import Replayed, replay


@contextmanager
def replayed(identity: str, paths: Sequence[str], *, node: str | None, data: str | None) -> Iterator[Replayed]:
    """A transaction of a block executed once more: of a node, or of a data directory, which stays open as long. Raises `Problem`,
    `Refusal`.
    """
    from kit.wallets import names

    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", identity):
        raise usage(f"{identity!r} is not the identity of a transaction", "It has 64 hexadecimal digits.")
    if node is not None and data is not None:
        raise usage("--node and --data are two ways to it", "Give one of them.")
    raw = bytes.fromhex(identity.removeprefix("0x"))
    sources = Sources(_texts(paths))
    if data is None:
        from kit.network import connect

        network = connect(node)
        yield replay(included_at(network.client, raw), sources, names(network.status.chain_id))
        return
    with _in_directory(raw, sources, data) as run:
        yield run


@contextmanager
def _in_directory(identity: bytes, sources: Sources, data: str) -> Iterator[Replayed]:
    from chain.ledger.parameters import decode_parameters
    from chain.primitives.keyspace import PARAMETERS
    from chain.primitives.refusal import StoreFailed
    from chain.state.store import Store
    from kit.wallets import names

    if not (Path(data) / "ledger" / "data.mdb").is_file():
        raise missing(f"there is no ledger in {data}", "Name the data directory of a node, as in `tael devnet --data`.")
    try:
        with closing(Store.reader(Path(data))) as store:
            value = store.get(PARAMETERS)
            chain_id = None if value is None else decode_parameters(value).chain_id
            yield replay(included_in(store, identity), sources, names(chain_id))
    except StoreFailed as error:
        remedy = "Restore it from a backup with `tael node restore`."
        raise Problem(f"the data directory is damaged: {error}", remedy, code="StoreFailed") from None


def _texts(paths: Sequence[str]) -> list[Path]:
    """The files in which the texts of contracts may be: those that were named, else the project's, if there are any."""
    if paths:
        return find_sources(paths)
    try:
        return find_sources(())
    except Problem:
        return []


def outcome_of(run: Replayed) -> list[str]:
    """What came of it, and why it failed, if it did."""
    if run.failure is None:
        return [f"it went well in block {run.receipt.height:_}"]
    words = Words(run.guide)
    own = words.error_fields(run.failure) is not None
    meaning = f": {FAILURES[run.failure.name]}" if not own and run.failure.name in FAILURES else ""
    reasons = Reasons(run.record, run.guide, run.time_ms).of(run.failure)
    return [f"it failed with {words.failure(run.failure)}{meaning}", *(f"  {reason}" for reason in reasons)]


@contextmanager
def open_transaction(identity: str, paths: Sequence[str], *, node: str | None, data: str | None) -> Iterator[Stage]:
    """The stage of a transaction. Raises `Problem`, `Refusal`."""
    with replayed(identity, paths, node=node, data=data) as run:
        outcome = outcome_of(run)
        if not run.record.lines:
            message = f"no code of a contract ran in this transaction: {outcome[0]}"
            raise Problem(message, "`tael trace` tells what it did.", code="NothingRan")
        title = f"transaction {run.receipt.identity.hex()}"
        yield Stage(run.record, run.guide, title, outcome, run.failure is not None, run.time_ms, is_whole=False)
