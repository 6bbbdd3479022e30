"""What scenarios share: the options of the run, processes that sign, and one devnet, started when first needed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType

from bench.node.client import Driven, drive
from bench.node.devnet import Bench, Process
from bench.node.report import Run, latencies_ms
from bench.node.system import CORES
from bench.node.wires import Wire, outcomes, requests
from bench.node.work import Mix, Signers


@dataclass
class Scene:
    """The stage of a run. A context manager."""

    folder: Path
    wallets: int
    repeats: int
    transactions: int
    batch: int
    connections: int
    people: int
    workers: int
    quick: bool
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @cached_property
    def signers(self) -> Signers:
        """Processes that sign, on all cores; they sleep while anything is timed."""
        return self._stack.enter_context(Signers(CORES))

    @cached_property
    def bench(self) -> Bench:
        """The devnet with its wallets."""
        process = self._stack.enter_context(Process(self.folder, "--workers", str(self.workers)))
        bench = Bench(process, self.wallets, self.batch, self.connections)
        print(
            f"devnet: ready in {process.ready_seconds:.2f} s; {self.wallets:,} wallets, a token: {bench.setup_seconds:.1f} s;"
            f" {process.memory_mib():.0f} MiB; {bench.wire.name}, {bench.wire.connections} connections",
            flush=True,
        )
        return bench

    def play(self, mix: Mix, count: int, per_second: float | None = None, wire: Wire | None = None) -> Run:
        """Sign, and send: `per_second` transactions a second, or as many as the node takes; by the usual wire or another."""
        bench = self.bench
        wire, process = wire or bench.wire, bench.process
        signed = self.signers.sign(bench.book.plan(mix, count, wire.connections))
        prepared = requests(wire, signed)
        height, processor = process.status()["height"], process.processor_seconds()
        driven: Driven = drive(process.port, prepared, None if per_second is None else per_second / wire.batch)
        used = process.processor_seconds() - processor
        return Run(
            count,
            driven.seconds,
            used,
            driven.client_seconds,
            process.status()["height"] - height,
            latencies_ms(driven.answers),
            dict(outcomes(wire, driven)),
        )
