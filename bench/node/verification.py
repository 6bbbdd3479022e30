"""What the computer can verify at most: a process for each core that does nothing but verify Ed25519 signatures."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

from nacl import bindings

from bench.node.system import CORES

SIGNATURES = 500  # distinct ones, over and over
MESSAGE_BYTES = 32


def rate(seconds: float) -> tuple[float, float]:
    """Signatures a second of all processes together by the clock, and microseconds of processor time of one."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(CORES + 1)
    results: Any = context.Queue()
    workers = [context.Process(target=_verify, args=(barrier, results, seconds)) for _ in range(CORES)]
    for worker in workers:
        worker.start()
    barrier.wait()
    done = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    counted = sum(count for count, _, _ in done)
    return sum(count / wall for count, wall, _ in done), sum(used for _, _, used in done) * 1e6 / counted


def _verify(barrier: Any, results: Any, seconds: float) -> None:
    public, secret = bindings.crypto_sign_seed_keypair(bytes(32))
    signed = [bindings.crypto_sign(number.to_bytes(MESSAGE_BYTES), secret) for number in range(SIGNATURES)]
    check = bindings.crypto_sign_open
    barrier.wait()
    count, began, processor = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        for one in signed:
            check(one, public)
        count += SIGNATURES
    results.put((count, time.perf_counter() - began, time.process_time() - processor))
