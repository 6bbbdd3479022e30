"""What verifying a signature costs, by scheme and library, and how many a machine verifies: the raw limit of the ledger.

    python bench/signatures.py [one] [cores] [threads] [--seconds 2] [--json]

`one`: microseconds of processor time of one verification, the least and the median of some rounds: the libraries bare, the
ledger's functions around them, and what wrong signatures cost. `cores`: verifications a second in one process and in as many
processes as there are cores: by the clock, and by processor time, as if nobody else used the machine. No ledger that
verifies every signature exceeds that here. `threads`: how fast a loop in Python runs beside a thread that verifies, which
shows that the library lets go of the interpreter, and what that gains.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "chain")]

from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402
from nacl import bindings  # noqa: E402
from passkey import Passkey  # noqa: E402

from chain.primitives.ed25519 import verify_ed25519  # noqa: E402
from chain.primitives.keys import P256SecretKey, SecretKey, Signer, verify  # noqa: E402
from chain.primitives.library_check import check_signature_library  # noqa: E402
from chain.primitives.p256 import point_of, verify_p256  # noqa: E402
from chain.primitives.policy import Policy, check_signers, check_valid, make_policy  # noqa: E402

ROUNDS = 9
MESSAGES = [sha256(b"%d" % number).digest() for number in range(100)]
Pairs = list[tuple[bytes, bytes]]
"""Messages and signatures."""


def signed(key: Signer) -> Pairs:
    """The messages, signed."""
    return [(message, key.sign(message)) for message in MESSAGES]


def micros(verify: Callable[[bytes, bytes], object], pairs: Pairs) -> tuple[float, float]:
    """Least and median microseconds of one call, over rounds of all pairs."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for message, signature in pairs:
            verify(message, signature)
        rounds.append((time.process_time() - began) / len(pairs) * 1e6)
    return min(rounds), statistics.median(rounds)


def measured() -> dict[str, tuple[Callable[[bytes, bytes], object], Pairs]]:
    """What is timed, by name."""
    edwards, curve, passkey = SecretKey(bytes(32)), P256SecretKey(bytes(31) + b"\x07"), Passkey(7)
    right, raw = signed(edwards), edwards.public[1:]
    forged = [(message, signature[:63] + bytes([signature[63] ^ 1])) for message, signature in right]
    high = [(message, signature[:32] + b"\xff" * 32) for message, signature in right]
    openssl = Ed25519PublicKey.from_public_bytes(raw)
    wallet = [(bytes(32), Policy((edwards.public,)))]

    def openssl_key(message: bytes, signature: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)

    def openssl_forged(message: bytes, signature: bytes) -> None:
        try:
            openssl.verify(signature, message)
        except InvalidSignature:
            return

    def point_each(message: bytes, signature: bytes) -> None:
        point_of.cache_clear()
        verify_p256(curve.public[1:], message, signature)

    def webauthn_each(message: bytes, signature: bytes) -> None:
        point_of.cache_clear()
        verify(passkey.public, message, signature)

    several = [(bytes(32), make_policy(3, [SecretKey(bytes([n]) * 32).public for n in range(5)]))]
    three = several[0][1].keys[:3]
    return {
        "Ed25519: PyNaCl, crypto_sign_open": (lambda m, s: bindings.crypto_sign_open(s + m, raw), right),
        "Ed25519: cryptography, key kept": (lambda m, s: openssl.verify(s, m), right),
        "Ed25519: cryptography, key each time": (openssl_key, right),
        "Ed25519: ours, verify_ed25519": (lambda m, s: verify_ed25519(raw, m, s), right),
        "Ed25519: ours, verify": (lambda m, s: verify(edwards.public, m, s), right),
        "Ed25519: ours, forged": (lambda m, s: verify(edwards.public, m, s), forged),
        "Ed25519: ours, S too large": (lambda m, s: verify(edwards.public, m, s), high),
        "Ed25519: cryptography, forged": (openssl_forged, forged),
        "P-256: ours, point kept": (lambda m, s: verify(curve.public, m, s), signed(curve)),
        "P-256: ours, point each time": (point_each, signed(curve)),
        "Passkey: ours, point kept": (lambda m, s: verify(passkey.public, m, s), signed(passkey)),
        "Passkey: ours, point each time": (webauthn_each, signed(passkey)),
        "who signs: one key": (lambda m, s: check_signers(wallet, (edwards.public,)), right),
        "who signs: 3 of 5": (lambda m, s: check_signers(several, three), right),
        "check_valid, Ed25519": (lambda m, s: check_valid(((edwards.public, s),), m), right),
    }


def one() -> dict[str, Any]:
    """Microseconds of everything, and milliseconds of the check at the start of a node."""
    result: dict[str, Any] = {}
    for name, (rule, pairs) in measured().items():
        low, median = micros(rule, pairs)
        result[name] = {"us_min": low, "us_median": median}
        print(f"{name:40} {low:8.1f} {median:8.1f} us", file=sys.stderr, flush=True)
    low, median = micros(lambda m, s: check_signature_library(), [(b"", b"")] * 5)
    result["check_signature_library"] = {"us_min": low, "us_median": median}
    print(f"{'check_signature_library':40} {low:8.1f} {median:8.1f} us", file=sys.stderr, flush=True)
    return result


def verifications(seconds: float) -> tuple[int, float]:
    """How many signatures this process verifies within seconds of the clock, and the processor time of it."""
    key = SecretKey(bytes(32))
    pairs, public, count, ends, began = signed(key), key.public, 0, time.perf_counter() + seconds, time.process_time()
    while time.perf_counter() < ends:
        for message, signature in pairs:
            verify(public, message, signature)
        count += len(pairs)
    return count, time.process_time() - began


def cores(seconds: float) -> dict[str, Any]:
    """Verifications a second: one process, then one for each core."""
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    result: dict[str, Any] = {}
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for count in (1, processes):
            pool.map(verifications, [0.1] * count, chunksize=1)
            done = pool.map(verifications, [seconds] * count, chunksize=1)
            clock, processor = sum(n for n, _ in done) / seconds, sum(n / used for n, used in done)
            result[f"{count} processes"] = {"per_second": clock, "per_second_of_processor_time": processor}
            print(f"{count} processes: {clock:,.0f}/s by the clock, {processor:,.0f}/s by processor time", file=sys.stderr)
    return result


def threads(seconds: float) -> dict[str, Any]:
    """A loop in Python alone, and beside a thread that verifies."""

    def loop() -> int:
        passes, ends = 0, time.perf_counter() + seconds
        while time.perf_counter() < ends:
            for number in range(100):
                passes += number & 1
        return passes

    alone, verified = loop(), 0

    def work() -> None:
        nonlocal verified
        verified, _ = verifications(seconds)

    thread = threading.Thread(target=work)
    thread.start()
    beside = loop()
    thread.join()
    print(f"the loop at {beside / alone:.0%} beside {verified / seconds:,.0f} verifications/s", file=sys.stderr, flush=True)
    return {"loop_share": beside / alone, "verified_per_second": verified / seconds}


def main() -> None:
    """Measure what is asked for, or all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["one", "cores", "threads", []], default=[])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    measures: dict[str, Callable[[], dict[str, Any]]] = {
        "one": one,
        "cores": lambda: cores(options.seconds),
        "threads": lambda: threads(options.seconds),
    }
    results = {name: measures[name]() for name in options.what or measures}
    if options.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
