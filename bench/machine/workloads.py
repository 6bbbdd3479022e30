"""The workloads, each with its work in plain Python, against which everyone's results are held."""

from __future__ import annotations

import hashlib
from typing import Any

from bench.machine.play import Call, Expected, Person, Place, Size, Speed, Workload

SUPPLY = 10**30
RECEIVERS = 16
RATE = 3_500_000_000  # 0.35 % a period, in units of 10**-12
PRINCIPAL = 123_456_789_01
RANDOM_MULTIPLIER, RANDOM_MODULUS = 6_364_136_223_846_793_005, 2**64


def numbers(count: int, seed: int) -> list[int]:
    """Numbers of 64 bits in no order, the same every time (a linear congruence, after Knuth)."""
    found = []
    for _ in range(count):
        seed = (seed * RANDOM_MULTIPLIER + 1_442_695_040_888_963_407) % RANDOM_MODULUS
        found.append(seed)
    return found


# Token transfers.


def _transfers(size: Size) -> list[Call]:
    return [Call("transfer", (Person(1 + n % RECEIVERS), 3)) for n in range(size.calls)]


def _balances(people: int) -> list[Call]:
    return [Call("balance_of", (Person(n),)) for n in range(people)]


def _transferred(size: Size) -> Expected:
    balances = [SUPPLY, *[0] * RECEIVERS]
    for n in range(size.calls):
        balances[0] -= 3
        balances[1 + n % RECEIVERS] += 3
    return Expected([None] * size.calls, balances, events=1)


TRANSFER = Workload(
    name="transfer",
    unit="transfers",
    alike="two reads and two writes of balances of 128 bits in a map, a check of the balance, an event; state in memory, no "
    "signatures",
    unlike="ours finds, checks and journals an outermost call, meters, and encodes what changed when its session ends; pyrevm "
    "starts and commits a transaction on a warm database each time, arguments encoded beforehand",
    program="contracts/examples/token.tael",
    contract="FixedToken",
    peer="bench/peers/token.vy",
    sizes={Speed.SLOW: Size(1, 100), Speed.FAST: Size(1, 3_000)},
    calls=_transfers,
    model=_transferred,
    looks=lambda size: _balances(RECEIVERS + 1),
    deployments=lambda size: [(SUPPLY,)],
    calls_per_session=500,
    goals={"pyrevm": 3.0, "py-evm": 100.0},
)


# A loop.


def remainders(count: int) -> int:
    """The sum of the remainders by 7 of the numbers below."""
    total = 0
    for i in range(count):
        total += i % 7
    return total


LOOP = Workload(
    name="loop",
    unit="passes",
    alike="a bounded loop with a checked addition and a remainder; every pass is metered, but for plain Python and "
    "WebAssembly without fuel",
    unlike="numbers of 64 bits in Tael and WebAssembly, words of 256 bits with a range check in the EVM; one call of many "
    "passes, so that entering it does not count",
    program="bench/programs/loop.tael",
    contract="Loop",
    peer="bench/peers/loop.vy",
    sizes={Speed.SLOW: Size(5_000, 1), Speed.FAST: Size(200_000, 1), Speed.NATIVE: Size(1_000_000, 5)},
    calls=lambda size: [Call("run", (size.scale,))] * size.calls,
    model=lambda size: Expected([remainders(size.scale) for _ in range(size.calls)], []),
    reads=True,
    numeric=True,
    by_scale=True,
)


# Sorting.


SORT = Workload(
    name="sort",
    unit="sorts of 1,000",
    alike="1,000 numbers of 64 bits in no order come in, and go out in order, by what is fastest in the language",
    unlike="a list is a value in Tael, so halves are merged into new lists; Vyper has quicksort in place; plain Python has its "
    "own `sorted`; the numbers are checked on their way in on both sides, decoded only in the EVM",
    program="bench/programs/sort.tael",
    contract="Sort",
    peer="bench/peers/sort.vy",
    sizes={Speed.SLOW: Size(1_000, 1), Speed.FAST: Size(1_000, 5)},
    calls=lambda size: [Call("sorted", (tuple(numbers(size.scale, n)),)) for n in range(size.calls)],
    model=lambda size: Expected([sorted(numbers(size.scale, n)) for n in range(size.calls)], []),
    reads=True,
)


# A proof.


def _siblings(count: int) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(b"sibling %d" % n).digest() for n in range(count))


_POSITION = int.from_bytes(hashlib.sha256(b"position").digest(), "big")
_LEAF = hashlib.sha256(b"leaf").digest()


def root(leaf: bytes, position: int, siblings: tuple[bytes, ...]) -> bytes:
    """The root of a tree that a proof leads to."""
    for sibling in siblings:
        both = leaf + sibling if position % 2 == 0 else sibling + leaf
        leaf = hashlib.sha256(both).digest()
        position //= 2
    return leaf


def _rooted(size: Size) -> Expected:
    siblings = _siblings(size.scale)
    return Expected([root(_LEAF, _POSITION, siblings) for _ in range(size.calls)], [])


PROOF = Workload(
    name="proof",
    unit="proofs of 256 steps",
    alike="256 times SHA-256 of 64 bytes, in an order by the bits of a number of 256 bits",
    unlike="hashes are an instruction in Tael and a call of a precompiled contract in the EVM; both are native code within",
    program="bench/programs/proof.tael",
    contract="Proof",
    peer="bench/peers/proof.vy",
    sizes={Speed.SLOW: Size(256, 2), Speed.FAST: Size(256, 100)},
    calls=lambda size: [Call("root", (_LEAF, _POSITION, _siblings(size.scale)))] * size.calls,
    model=_rooted,
    reads=True,
)


# Interest.


def compounded(amount: int, rate: int, periods: int) -> int:
    """An amount with interest upon interest, rounded half up every period."""
    for _ in range(periods):
        amount += (amount * rate + 10**12 // 2) // 10**12
    return amount


INTEREST = Workload(
    name="interest",
    unit="sums over 360 periods",
    alike="360 periods of amount · rate / 10**12 rounded half up, and a checked addition",
    unlike="Tael has amounts of 128 bits, rates of 64 and an exact product; the EVM has words of 256 bits and checks the product",
    program="bench/programs/interest.tael",
    contract="Interest",
    peer="bench/peers/interest.vy",
    sizes={Speed.SLOW: Size(360, 5), Speed.FAST: Size(360, 200), Speed.NATIVE: Size(360, 200)},
    calls=lambda size: [Call("compound", (PRINCIPAL, RATE, size.scale))] * size.calls,
    model=lambda size: Expected([compounded(PRINCIPAL, RATE, size.scale) for _ in range(size.calls)], []),
    reads=True,
    numeric=True,
)


# A batch of payments.


def _payments(size: Size) -> list[Call]:
    to = tuple(Person(1 + n) for n in range(size.scale))
    amounts = tuple(1 + n for n in range(size.scale))
    return [Call("pay_all", (to, amounts))] * size.calls


def _paid(size: Size) -> Expected:
    balances = [SUPPLY, *[0] * size.scale]
    for _ in range(size.calls):
        for n in range(size.scale):
            balances[0] -= 1 + n
            balances[1 + n] += 1 + n
    return Expected([None] * size.calls, balances, events=size.scale)


BATCH = Workload(
    name="batch",
    unit="batches of 100",
    alike="one call with two lists of 100, for each entry what a transfer does, with its event",
    unlike="the lists are checked on their way in on both sides, decoded only in the EVM; otherwise as transfers",
    program="bench/programs/batch.tael",
    contract="Batch",
    peer="bench/peers/batch.vy",
    sizes={Speed.SLOW: Size(100, 1), Speed.FAST: Size(100, 50)},
    calls=_payments,
    model=_paid,
    looks=lambda size: _balances(size.scale + 1),
    deployments=lambda size: [(SUPPLY,)],
    calls_per_session=10,
)


# A chain of calls.


def _passed(size: Size) -> Expected:
    counts = [0] * size.scale
    results = []
    for _ in range(size.calls):
        counts = [count + 1 for count in counts]
        results.append(sum(counts))
    return Expected(results, [])


def _links(size: Size) -> list[tuple[Any, ...]]:
    return [(Place(n - 1),) for n in range(size.scale)]


CHAIN = Workload(
    name="chain",
    unit="chains of 10",
    alike="ten contracts, each reads and writes a counter and its neighbour's address, and calls the next one for its result",
    unlike="ours compares signatures, guards against coming back and opens a journal mark at each call; the EVM encodes and "
    "decodes arguments and results, with no such guard",
    program="bench/programs/chain.tael",
    contract="Link",
    peer="bench/peers/chain.vy",
    sizes={Speed.SLOW: Size(10, 10), Speed.FAST: Size(10, 400)},
    calls=lambda size: [Call("pass_on", (size.scale - 1,))] * size.calls,
    model=_passed,
    deployments=_links,
    calls_per_session=100,
)

WORKLOADS = (TRANSFER, LOOP, SORT, PROOF, INTEREST, BATCH, CHAIN)
