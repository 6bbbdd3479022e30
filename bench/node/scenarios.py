"""Throughput and latency: the node beside Anvil and beside bare verification, mixes, offered rates, blocks of one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from bench.machine.contest import Spread
from bench.node import ethereum, verification
from bench.node.anvil import Absent, Anvil, check, program
from bench.node.client import drive
from bench.node.report import HEAD, Run, latencies_ms, print_runs
from bench.node.scene import Scene
from bench.node.system import CORES
from bench.node.wires import OK, Batches, Single
from bench.node.work import Mix

PAYMENTS = Mix("payments")
CALLS = Mix("token transfers", calls=True)
MIXES = (
    PAYMENTS,
    Mix("10 % invalid", invalid_percent=10),
    Mix("50 % invalid", invalid_percent=50),
    Mix("all from one wallet, 200 lanes", hot="sender"),
    Mix("all to one wallet", hot="receiver"),
    CALLS,
    Mix("token transfers to one", calls=True, hot="receiver"),
)
ANVILS: dict[str, tuple[str, ...]] = {"auto-mine": (), "each 0.5 s": ("--block-time", "0.5")}
ANVIL_CONNECTIONS = 4
ANVIL_BATCH = 250
OFFERED = (0.25, 0.5, 0.8)
OFFERED_BATCH = 25  # small, so that a batch is not most of the latency
OFFERED_CONNECTIONS = 16
VERIFY_SECONDS = 3.0


def contest(scene: Scene) -> dict[str, Any]:
    """Payments and calls of ours, the same of Anvil, and verification alone: in turns, in one run."""
    try:
        program()
        anvils = ANVILS
    except Absent as absent:
        print(f"Anvil is left out: {absent}")
        anvils = {}
    raw: list[tuple[float, float]] = []
    runs: dict[str, list[Run]] = {}
    with ExitStack() as stack:
        peers = {name: stack.enter_context(Anvil(scene.people, *options)) for name, options in anvils.items()}
        for _ in range(scene.repeats):
            raw.append(verification.rate(0.5 if scene.quick else VERIFY_SECONDS))
            for mix in (PAYMENTS, CALLS):
                runs.setdefault(mix.name, []).append(scene.play(mix, scene.transactions))
                for name, anvil in peers.items():
                    for receipts_all in (False, True):
                        title = f"Anvil, {mix.name}, {name}{', receipts' if receipts_all else ''}"
                        run = _anvil_run(anvil, scene.transactions // 2, calls=mix.calls, receipts_all=receipts_all)
                        runs.setdefault(title, []).append(run)
    print("\n" + HEAD)
    found: dict[str, Any] = {name: print_runs(name, of) for name, of in runs.items()}
    found["verification alone"] = _print_raw(raw)
    found["ratios"] = _ratios(raw, runs)
    return found


def _anvil_run(anvil: Anvil, count: int, *, calls: bool, receipts_all: bool) -> Run:
    signed = [ethereum.signed_bytes(part) for part in anvil.plan(count, ANVIL_CONNECTIONS, calls=calls)]
    prepared = anvil.requests(signed, ANVIL_BATCH, receipts_all=receipts_all)
    height, processor = anvil.height(), anvil.processor_seconds()
    driven = drive(anvil.port, prepared)
    used = anvil.processor_seconds() - processor
    done = check(driven, receipts_all=receipts_all)
    blocks = anvil.height() - height
    return Run(count, driven.seconds, used, driven.client_seconds, blocks, latencies_ms(driven.answers), {OK: done})


def _print_raw(raw: list[tuple[float, float]]) -> dict[str, Any]:
    rate, micros = Spread.of([rate for rate, _ in raw]), Spread.of([micros for _, micros in raw])
    print(f"{f'verification alone, {CORES} cores':46}{rate.min:14,.0f}{rate.median:9,.0f}{rate.max:9,.0f}{micros.median:9,.0f}")
    return {"per second": rate._asdict(), "us": micros._asdict()}


def _ratios(raw: list[tuple[float, float]], runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Ours to the others', by the clock and by processor time, each taken within its repeat."""
    pairs = {}
    for mix in (PAYMENTS, CALLS):
        beside = list(zip(runs[mix.name], raw, strict=True))
        pairs[f"{mix.name} / verification alone"] = (
            [run.rate / rate for run, (rate, _) in beside],
            [micros / (_micros(run) * 1e6) for run, (_, micros) in beside],
        )
    for ours in (PAYMENTS, CALLS):
        for name, theirs in runs.items():
            if name.startswith("Anvil") and ours.name in name:
                both = list(zip(runs[ours.name], theirs, strict=True))
                pairs[f"{ours.name} / {name}"] = (
                    [one.rate / other.rate for one, other in both],
                    [_micros(other) / _micros(one) for one, other in both],
                )
    print(f"\n{'times as fast':62}{'min':>8}{'median':>8}{'max':>8}   by processor time of node and client")
    found = {}
    for name, of in pairs.items():
        spreads = [Spread.of(values) for values in of]
        print(f"{name:62}" + "   ".join("".join(f"{value:8.2f}" for value in spread) for spread in spreads))
        found[name] = [spread._asdict() for spread in spreads]
    return found


def _micros(run: Run) -> float:
    return (run.node_seconds + run.client_seconds) / run.count


def mixes(scene: Scene) -> dict[str, Any]:
    """Invalid ones, hot accounts, calls: each at saturation, in turns."""
    runs: dict[str, list[Run]] = {}
    for _ in range(scene.repeats):
        for mix in MIXES:
            runs.setdefault(mix.name, []).append(scene.play(mix, scene.transactions))
    print("\n" + HEAD)
    found: dict[str, Any] = {name: print_runs(name, of) for name, of in runs.items()}
    found["memory MiB"] = scene.bench.process.memory_mib()
    print(f"the node's memory with {scene.wallets:,} wallets afterwards: {found['memory MiB']:.0f} MiB")
    return found


def latency(scene: Scene) -> dict[str, Any]:
    """From due to acknowledged on disk: at parts of what the node takes at most, and at that."""
    runs: dict[str, list[Run]] = {}
    for _ in range(scene.repeats):
        most = scene.play(PAYMENTS, scene.transactions)
        wire = scene.bench.wire if scene.bench.wire.batch == 1 else Batches(OFFERED_BATCH, OFFERED_CONNECTIONS)
        for part in OFFERED:
            run = scene.play(PAYMENTS, int(scene.transactions * part), most.rate * part, wire)
            runs.setdefault(f"{part:.0%} of saturation offered", []).append(run)
        runs.setdefault("saturation", []).append(most)
    print("\n" + HEAD)
    return {name: print_runs(name, of) for name, of in runs.items()}


def instant(scene: Scene) -> dict[str, Any]:
    """Payments one a request, answered when on disk: one after the other, so that each has a block, and eight at a time."""
    count = 96 if scene.quick else 480
    runs: dict[str, list[Run]] = {}
    for _ in range(scene.repeats):
        for connections, title in ((1, "one connection"), (8, "8 connections")):
            runs.setdefault(title, []).append(scene.play(PAYMENTS, count, wire=Single(connections)))
    print("\n" + HEAD)
    found: dict[str, Any] = {}
    for title, of in runs.items():
        found[title] = print_runs(title, of)
        blocks = Spread.of([run.blocks / run.seconds for run in of])
        found[title]["blocks per second"] = blocks._asdict()
        print(f"{'  blocks':46}" + f"{blocks.min:14,.0f}{blocks.median:9,.0f}{blocks.max:9,.0f}")
    return found
