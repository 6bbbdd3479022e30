"""What a transaction takes of the executor, by kind, without its signature and without the tree.

    python bench/calls.py [--transactions 400] [--blocks 9] [--gas-price 1]

Microseconds of processor time a transaction, the median of some blocks: `add` is all of `BlockRun.add` with signatures that have
been verified before, `execute` the part of it that is no admission. The token and the allowance are those of contracts/examples;
every transaction pays a fee, unless gas is to cost nothing.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "chain")]

from ledger_world import ALICE, BOB, CAROL, World  # noqa: E402

from chain.ledger import apply  # noqa: E402
from chain.primitives.address import contract_address  # noqa: E402
from chain.primitives.transaction import Action, Call, Deploy, Pay, SetRules, Transaction  # noqa: E402
from lang.compiler import compile_file  # noqa: E402
from vm.codec import encode_module  # noqa: E402
from vm.types import Type  # noqa: E402
from vm.values import encode_arguments  # noqa: E402

GAS_LIMIT = 90_000
LANES = 200
RECEIVERS = 16
SUPPLY = 10**15
WEEKLY = 10**12


class Scene:
    """A chain with a token that is all Alice's, and with an allowance that rules Bob's wallet."""

    def __init__(self, gas_price: int = 1) -> None:
        self.gas_price = gas_price
        self.world = World(gas_limit=2**40, gas_price_max=10**6)
        self.token, parameters = self._deploy("token", "FixedToken", SUPPLY)
        self.transfer = parameters["transfer"]
        rule, parameters = self._deploy("allowance", "Allowance", WEEKLY)
        allow = Call(rule, "allow", encode_arguments(parameters["allow"], (CAROL,)))
        assert self.world.send("alice", allow, gas_limit=GAS_LIMIT * 10).ok
        assert self.world.send("bob", SetRules(BOB, (rule,))).ok
        self._sent = 0
        self._sequences: dict[tuple[str, int], int] = {}

    def _deploy(self, program: str, contract: str, argument: int) -> tuple[bytes, dict[str, list[Type]]]:
        """The address of a contract that Alice deploys, and the parameters of its functions."""
        module = compile_file(ROOT / "contracts" / "examples" / f"{program}.tael").contracts[contract].module
        kinds = {function.name: [kind for _, kind in function.parameters] for function in module.functions}
        (init,) = [kinds[function.name] for function in module.functions if function.kind == "init"]
        action = Deploy(encode_module(module), "CNY", encode_arguments(init, (argument,)))
        transaction = self.world.transaction("alice", action, gas_limit=100_000_000)
        receipt = self.world.commit(transaction).receipts[0]
        assert receipt.ok, receipt.error
        return contract_address(ALICE, transaction.identity, 0), kinds

    def payment(self, number: int) -> tuple[str, Action]:
        """Alice pays Carol."""
        return "alice", Pay(CAROL, "CNY", 1 + number % 2)

    def guarded(self, number: int) -> tuple[str, Action]:
        """Bob pays Carol, which the allowance judges."""
        return "bob", Pay(CAROL, "CNY", 1 + number % 2)

    def call(self, number: int) -> tuple[str, Action]:
        """Alice sends a token to one of some."""
        receiver = (number % RECEIVERS).to_bytes(32)
        return "alice", Call(self.token, "transfer", encode_arguments(self.transfer, (receiver, 3)))

    def block(self, kind: Callable[[int], tuple[str, Action]], size: int) -> list[Transaction]:
        """Signed transactions of one kind for the next block, in many lanes."""
        return [self._signed(*kind(number)) for number in range(size)]

    def _signed(self, name: str, action: Action) -> Transaction:
        lane = 1 + self._sent % LANES
        self._sent += 1
        sequence = self._sequences[name, lane] = self._sequences.get((name, lane), -1) + 1
        return self.world.transaction(name, action, lane=lane, sequence=sequence, gas_limit=GAS_LIMIT, gas_price=self.gas_price)


class Watch:
    """Counts the processor time that a function takes."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.seconds = 0.0
        self._function = function

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it."""
        began = time.process_time()
        try:
            return self._function(*arguments, **named)
        finally:
            self.seconds += time.process_time() - began


def timed(scene: Scene, kind: Callable[[int], tuple[str, Action]], size: int, *, apart: bool) -> float:
    """Microseconds a transaction of `BlockRun.add` in one block, or `apart` of `execute` alone."""
    world, transactions = scene.world, scene.block(kind, size)
    trial = world.run()
    for transaction in transactions:  # verifies the signatures
        assert trial.add(transaction).ok
    run, watch, execute = world.run(), Watch(apply.execute), apply.execute
    if apart:
        apply.execute = watch
    gc.collect()
    gc.disable()
    began = time.process_time()
    for transaction in transactions:
        run.add(transaction)
    seconds = watch.seconds if apart else time.process_time() - began
    gc.enable()
    apply.execute = execute
    applied = run.finish()
    world.view.apply(applied.state, applied.tree)
    world.head = applied.block.header
    return seconds * 1e6 / size


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--transactions", type=int, default=400)
    parser.add_argument("--blocks", type=int, default=9)
    parser.add_argument("--gas-price", type=int, default=1)
    options = parser.parse_args()
    scene = Scene(options.gas_price)
    print(f"{'us a transaction':20} {'add':>8} {'execute':>8}")
    for name, kind in (("payment", scene.payment), ("guarded payment", scene.guarded), ("token transfer", scene.call)):
        columns = []
        for apart in (False, True):
            figures = [timed(scene, kind, options.transactions, apart=apart) for _ in range(options.blocks)]
            columns.append(statistics.median(figures))
        print(f"{name:20} " + " ".join(f"{column:8.1f}" for column in columns), flush=True)


if __name__ == "__main__":
    main()
