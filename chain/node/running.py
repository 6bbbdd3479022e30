"""A node of a chain of one's own: `tael node run`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from chain.ledger.genesis import genesis_parameters
from chain.ledger.parameters import decode_parameters
from chain.node.configuration import Configuration
from chain.node.development import CHAIN_ID, refuse_development_keys
from chain.node.genesis import Genesis
from chain.node.genesis_file import read_genesis
from chain.node.logs import say
from chain.node.measures import Measures
from chain.node.node import Node
from chain.node.operations import Operations
from chain.node.pool import Pool
from chain.node.server import NodeServer, listen, url_of, write_ready_file
from chain.node.serving import spare_collector
from chain.node.template import Template
from chain.node.validators import signers_of
from chain.node.vitals import Vitals, build
from chain.primitives.header import Header, decode_header
from chain.primitives.refusal import Refusal, Refused
from chain.state.directory import FILE, LEDGER, lock
from chain.state.store import Store


def run_node(
    configuration: Configuration,
    *,
    ready_file: Path | None = None,
    on_hangup: Callable[[], None] = lambda: None,
    template: Template | None = None,
) -> BaseException | None:
    """Run a node in this thread until a signal ends it; what stopped it, if it was no signal. `on_hangup` is what SIGHUP asks
    for. Workers are forked from `template`, for who has started it before this module was imported.

    Raises `Refusal` WrongGenesis, DevelopmentKey, WrongStore, WrongLibrary, WrongKeyFile, WrongKey, BadRequest (an address cannot
    be listened on).
    """
    with _signals() as signals:
        try:
            server, listener = _open(configuration, ready_file, on_hangup)
        except _Interrupted:
            say(logging.INFO, "stopped before it was ready")
            return None
        signals.server = server
        spare_collector()
        server.serve_on(listener, configuration.workers, template)
    return server.failure


def _open(c: Configuration, ready_file: Path | None, on_hangup: Callable[[], None]) -> tuple[NodeServer, socket.socket]:
    """A server of an open node, and where it is to listen."""
    vitals = Vitals(
        Measures(), head_age_seconds_max=c.head_age_seconds_max, disk_free_bytes_min=c.disk_free_megabytes_min * 1024 * 1024
    )
    operations = None
    with ExitStack() as resources:
        listener = resources.enter_context(closing(listen(c.api_address, c.api_port)))
        if c.operations:
            operations_listener = listen(c.operations_address, c.operations_port)
            operations = url_of(operations_listener)
            resources.enter_context(Operations(operations_listener, vitals))
        say(logging.INFO, "starting", **build(), data=c.data, genesis=c.genesis, operations=operations)
        specification = read_genesis(Path(c.genesis))
        pool = Pool(c.pool_transactions_max, c.pool_bytes_max)
        refuse_development_keys(specification)
        parameters = decode_parameters(genesis_parameters(specification))
        signers = signers_of(parameters.chain_id, parameters.validators, Path(c.validator_key))
        node = resources.enter_context(
            closing(Node(Path(c.data), specification, clock=_now_ms, pool=pool, archive=c.archive, signers=signers))
        )
        server = NodeServer(
            node, vitals, resources.pop_all(), block_time_ms=c.interval_ms, drain_seconds=c.drain_seconds, on_hangup=on_hangup
        )
    address, chain_id = url_of(listener), node.head.chain_id
    if chain_id == CHAIN_ID:
        say(logging.WARNING, "everybody knows the keys of this chain: it is for development", chain=chain_id)

    def ready() -> None:
        write_ready_file(ready_file, address, chain_id, operations)
        say(logging.INFO, "ready", chain=chain_id, height=node.head.height, api=address, workers=c.workers)

    server.on_ready = ready
    return server, listener


class _Interrupted(BaseException):
    """A signal asks a node to stop that is not open yet."""


@dataclass(slots=True)
class _Signals:
    """What SIGINT and SIGTERM do while no server looks at them: they end the opening; a server that is about to begin, or that
    closes, is told.
    """

    server: NodeServer | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.server is None:
            raise _Interrupted
        self.server.handle_exit(number, frame)


@contextmanager
def _signals() -> Iterator[_Signals]:
    handler = _Signals()
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield handler
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look at one thing has come to: `refusal` is None if it is as it should be."""

    what: str
    says: str
    refusal: Refusal | None = None


def check_node(configuration: Configuration) -> list[Finding]:
    """Whether a node could start with a configuration, thing by thing. Nothing is written, but for the lock of a data directory
    that is there.
    """
    c = configuration
    genesis, header = _look("genesis", lambda: _genesis(c))
    findings = [genesis, _look("data", lambda: _data(c, header))[0], _look("API", lambda: _port(c.api_address, c.api_port))[0]]
    if c.operations:
        findings.append(_look("operations", lambda: _operations_port(c))[0])
    return findings


def _look(what: str, look: Callable[[], tuple[str, Header | None]]) -> tuple[Finding, Header | None]:
    try:
        says, header = look()
    except Refusal as refusal:
        return Finding(what, refusal.message, refusal), None
    return Finding(what, says), header


def _genesis(c: Configuration) -> tuple[str, Header]:
    header = Genesis(read_genesis(Path(c.genesis))).header()
    return f"chain {header.chain_id}, {header.hash.hex()}", header


def _data(c: Configuration, wanted: Header | None) -> tuple[str, None]:
    directory = Path(c.data)
    if not directory.exists():
        parent = next(folder for folder in directory.absolute().parents if folder.exists())
        if not parent.is_dir():
            raise Refusal(Refused.WRONG_STORE, f"{directory} cannot be made: {parent} is no folder", "Choose another directory.")
        if not os.access(parent, os.W_OK | os.X_OK):
            message = f"{directory} cannot be made: {parent} may not be written"
            raise Refusal(Refused.WRONG_STORE, message, "Make it, and give it to the user that runs the node.")
        return f"{directory} is not there yet", None
    lock(directory).close()
    if not (directory / LEDGER / FILE).exists():
        return f"{directory} has no ledger yet", None
    with closing(Store.reader(directory)) as store:
        data = store.header(0)
        height = store.height()
    found = None if data is None else decode_header(data)
    if found is not None and wanted is not None and found.hash != wanted.hash:
        raise Refusal(
            Refused.WRONG_STORE,
            f"{directory} holds chain {found.chain_id}, whose genesis is {found.hash.hex()}; {c.genesis} makes"
            f" {wanted.chain_id}, {wanted.hash.hex()}",
            "Name the genesis that it was made with (chain.genesis), or another directory (chain.data).",
            chain_id=found.chain_id,
            wanted=wanted.chain_id,
        )
    return f"{directory} holds block {height} of chain {'?' if found is None else found.chain_id}", None


def _port(host: str, port: int) -> tuple[str, None]:
    listen(host, port).close()
    return f"{host}:{port} is free", None


def _operations_port(c: Configuration) -> tuple[str, None]:
    if c.operations_port and (c.operations_address, c.operations_port) == (c.api_address, c.api_port):
        message = f"the operations port is that of the API, {c.api_port}"
        raise Refusal(Refused.WRONG_CONFIGURATION, message, "Choose another operations.port.")
    return _port(c.operations_address, c.operations_port)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
