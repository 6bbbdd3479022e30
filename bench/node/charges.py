"""What the ledger charges for by hand-set prices, against what it takes.

`code`: bytes of memory and nanoseconds for each gas that making code ready to run is priced at, for usual modules and for the
dearest shapes known; each in a process of its own. `arguments`: nanoseconds for each gas of whole transactions whose arguments
are long lists of small values. `calls`: microseconds of a call in blocks of calls to contracts that are resident, to more of them
than stay unmoved in the queue of resident code, and to contracts that are never resident.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "chain"))

from ledger_world import ALICE, World  # noqa: E402

from bench.prices.deploy import modules  # noqa: E402
from chain.ledger import residence  # noqa: E402
from chain.ledger.apply import execute  # noqa: E402
from chain.ledger.machine import BlockMachine  # noqa: E402
from chain.ledger.parameters import read_parameters  # noqa: E402
from chain.primitives.address import contract_address  # noqa: E402
from chain.primitives.transaction import Call, Deploy  # noqa: E402
from chain.state.overlay import BlockOverlay  # noqa: E402
from vm import instructions as i  # noqa: E402
from vm.assembler import assemble  # noqa: E402
from vm.codec import encode_module  # noqa: E402
from vm.compiled import Compiled  # noqa: E402
from vm.entrance import entrances  # noqa: E402
from vm.module import Function, Kind, Module  # noqa: E402
from vm.pricing import code_price  # noqa: E402
from vm.type_table import type_table  # noqa: E402
from vm.types import BOOL, U8, U64, U256, Address, Bytes, Enum, List, Option, Struct, Text, Tuple, Type  # noqa: E402
from vm.values import encode_arguments  # noqa: E402
from vm.verifier import verify_bytes  # noqa: E402

NO_ARGUMENTS = b"\x90"
ARGUMENT_BYTES = 100_000
CALLS_PER_BLOCK = 200
BLOCKS = 15
COUNTER = """module M{}
field n: u64
const u64 = 1
init start() does write
  const 0
  store n
  return
public go() does read write
  load n
  const 0
  add u64
  store n
  return
"""


# Code.


def code() -> None:
    """One process for each module."""
    print(f"{'module':16} {'bytes':>7} {'gas':>12} {'memory':>10} {'B/gas':>6} {'ns/gas':>7}")
    for name, _ in modules():
        subprocess.run([sys.executable, str(ROOT / "bench" / "ledger.py"), "--one", name], check=True)


def one(name: str) -> None:
    """Memory and time of one module, of which some are made."""
    data = dict(modules())[name]
    price = code_price(len(data), _made(data).verified.bodies)
    count = max(2, min(400, 400_000 // len(data)))
    gc.collect()
    before, began = _memory_bytes(), time.process_time()
    kept = [_made(data) for _ in range(count)]
    seconds = (time.process_time() - began) / count
    gc.collect()
    memory = (_memory_bytes() - before) / len(kept)
    print(
        f"{name:16} {len(data):7,} {price:12,} {memory / 1024:7,.0f} kB {memory / price:6.2f} {seconds * 1e9 / price:7.1f}",
        flush=True,
    )


def _made(data: bytes) -> Compiled:
    verified = verify_bytes(data)
    entrances(verified)
    made = Compiled(verified, checked=True, native=True)
    for function in range(len(verified.module.functions)):
        made.function(function)
        if verified.module.functions[function].kind == Kind.PUBLIC:
            made.door(function)
    return made


def _memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


# Arguments.


def shapes() -> list[tuple[str, Type, Any]]:
    """Types whose values are many for their bytes."""
    small = Struct("S", (("x", BOOL),))
    either = Enum("E", (("A", ()), ("B", (("x", U8),))))
    deep: Type = BOOL
    value: Any = True
    for _ in range(4):
        deep, value = Option(deep), (1, value)
    return [
        ("u8", List(U8, 4096), (7,) * 4096),
        ("u64", List(U64, 4096), (7,) * 4096),
        ("u256", List(U256, 1900), (2**255,) * 1900),
        ("options, none", List(Option(U8), 4096), ((0,),) * 4096),
        ("options, some", List(Option(U8), 4096), ((1, 7),) * 4096),
        ("options in options", List(deep, 4096), (value,) * 4096),
        ("tuples", List(Tuple((BOOL, BOOL)), 4096), ((True, False),) * 4096),
        ("structs", List(small, 4096), ((True,),) * 4096),
        ("enums", List(either, 4096), ((0,), (1, 3)) * 2048),
        ("empty lists", List(List(U8, 1), 4096), ((),) * 4096),
        ("lists of one", List(List(U8, 1), 4096), ((3,),) * 4096),
        ("empty texts", List(Text(1), 4096), ("",) * 4096),
        ("texts", List(Text(4), 4000), ("é",) * 4000),
        ("addresses", List(Address(), 2000), (bytes(32),) * 2000),
        ("bytes", Bytes(16_000), bytes(16_000)),
    ]


def arguments() -> None:
    """Transactions of calls whose function does nothing with what it is given."""
    world = World(gas_limit=2**40)
    print(f"{'arguments':20} {'bytes':>7} {'gas':>12} {'ms':>7} {'ns/gas':>7}")
    for name, kind, value in shapes():
        function = Function("go", Kind.PUBLIC, (("a", kind),), None, None, 0, (), (i.RETURN,))
        module = encode_module(Module("M", types=type_table((kind,)), functions=(function,)))
        given = encode_arguments([kind], (value,))
        call = Call(deployed(world, module), "go", given)
        transaction = world.transaction("bob", *[call] * (ARGUMENT_BYTES // len(given)), gas_limit=190_000_000)
        parameters = read_parameters(world.view)

        def run(transaction: Any = transaction, parameters: Any = parameters) -> int:
            machine = BlockMachine(BlockOverlay(world.view), now_ms=world.time_ms)
            receipt = execute(machine, transaction, parameters, height=world.head.height + 1, index=0)
            assert receipt.ok, receipt.error
            return receipt.gas_used

        gas, seconds = run(), min(_timed(run) for _ in range(3))
        print(f"{name:20} {len(transaction.encoded):7,} {gas:12,} {seconds * 1e3:7.1f} {seconds * 1e9 / gas:7.1f}", flush=True)


def deployed(world: World, module: bytes) -> bytes:
    """The address of a module that Alice deploys."""
    transaction = world.transaction("alice", Deploy(module, "CNY", NO_ARGUMENTS), gas_limit=100_000_000)
    assert world.commit(transaction).receipts[0].ok
    return contract_address(ALICE, transaction.identity, 0)


def _timed(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


# Calls.


def calls() -> None:
    """Blocks of calls, admission and signatures included, without the disk."""
    print(f"{'contracts':32} {'us a call':>9} {'records of residence a block':>29}")
    usual = residence.CODE_RESIDENT_GAS_MAX
    blocks_of(200)  # to have all of them made
    for name, count, most in (
        ("10, resident", 10, usual),
        ("200, resident", 200, usual),
        ("200, resident, moved by each use", 200, 60_000_000),
        ("200, never resident", 200, 0),
    ):
        residence.CODE_RESIDENT_GAS_MAX = most  # type: ignore[misc]
        micros, records = blocks_of(count)
        print(f"{name:32} {micros:9.0f} {records:29,.0f}", flush=True)


def blocks_of(count: int) -> tuple[float, float]:
    """Microseconds of a call, the median of some blocks, and records of the queue that a block writes."""
    world = World(gas_limit=2**40)
    addresses = [deployed(world, encode_module(assemble(COUNTER.format(n)))) for n in range(count)]
    seconds, records = [], []
    for block in range(BLOCKS):
        transactions = [
            world.transaction("bob", Call(addresses[n % count], "go", NO_ARGUMENTS), lane=n, sequence=block)
            for n in range(CALLS_PER_BLOCK)
        ]
        began = time.process_time()
        run = world.run()
        for transaction in transactions:
            run.add(transaction)
        applied = run.finish()
        assert all(receipt.ok for receipt in applied.receipts)
        seconds.append(time.process_time() - began)
        world.view.apply(applied.state, applied.tree)
        world.head = applied.block.header
        records.append(sum(key.startswith(b"r") for key in applied.state))
    return statistics.median(seconds) * 1e6 / CALLS_PER_BLOCK, statistics.mean(records)
