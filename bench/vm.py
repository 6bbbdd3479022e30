"""How fast the machine is: token transfers and a checked loop, on both tiers and, where they are installed, on its peers.

    python bench/vm.py [--runs 7] [--json]

The peers are `pyrevm` (the EVM of reth, in Rust) and `py-evm` by way of `titanoboa`; both run a Vyper token and a Vyper loop of
the same meaning, compiled when the benchmark begins. What is not installed is left out and named. All run in this one process,
in turns: run 1 of everyone, run 2 of everyone, and so on, so that whatever else the computer does meets all of them alike.
Figures are operations per second with minimum, median and maximum over the runs; ratios are of the runs of one turn.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib.util
import json
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from lang.compiler import compile_file, compile_text  # noqa: E402
from vm.generator import generate  # noqa: E402
from vm.journal import Journal  # noqa: E402
from vm.machine import Session, Tier  # noqa: E402
from vm.verifier import Verified, verify  # noqa: E402

TOKEN = ROOT / "contracts" / "examples" / "token.tael"
LOOP = """contract Loop:
    pure fn run(n: u64) -> u64:
        let total = 0
        for i in 0..n max 1_000_000:
            total += i mod 7
        return total
"""
TOKEN_VYPER = """
# pragma version >=0.4.0
event Transfer:
    owner: indexed(address)
    to: indexed(address)
    amount: uint128

balances: HashMap[address, uint128]

@deploy
def __init__(supply: uint128):
    self.balances[msg.sender] = supply

@external
def transfer(to: address, amount: uint128):
    have: uint128 = self.balances[msg.sender]
    assert amount <= have, "NotEnough"
    self.balances[msg.sender] = have - amount
    self.balances[to] += amount
    log Transfer(owner=msg.sender, to=to, amount=amount)
"""
LOOP_VYPER = """
# pragma version >=0.4.0
@external
@view
def run(n: uint64) -> uint64:
    total: uint64 = 0
    for i: uint64 in range(n, bound=1000000):
        total += i % 7
    return total
"""
SUPPLY = 10**30
ALICE, TOKEN_AT = b"alice".ljust(32, b"."), b"token".ljust(32, b".")
RECEIVERS = [b"%8d" % n + bytes(24) for n in range(16)]
RECEIVERS_EVM = [f"0x{n + 4096:040x}" for n in range(16)]
ALICE_EVM = "0x00000000000000000000000000000000000a11ce"
LOOP_PASSES = {"slow": 5_000, "fast": 200_000}
TRANSFERS = {"slow": 200, "fast": 3_000}
SESSION_TRANSFERS = 500

Runs = dict[str, Callable[[], float]]
"""For each contestant, a run that gives operations per second."""


class Ledger:
    """As little of a ledger as the machine needs."""

    def __init__(self) -> None:
        self.contracts: dict[bytes, tuple[Verified, str]] = {}
        self.store: dict[tuple[bytes, bytes], bytes] = {}

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        """The module at an address."""
        return self.contracts.get(address)

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        """The bytes of a slot."""
        return self.store.get((contract, slot))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Nobody is paid here."""
        raise NotImplementedError

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Nothing is signed here."""
        raise NotImplementedError

    def session(self, tier: Tier, gas_limit: int = 10**12) -> Session:
        """A transaction."""
        return Session(self, Journal(), now=1_700_000_000_000, gas_limit=gas_limit, tier=tier)

    def commit(self, session: Session) -> None:
        """Keep what a transaction wrote."""
        for slot, data in session.finish().writes.items():
            if data is None:
                self.store.pop(slot, None)
            else:
                self.store[slot] = data


def token_ledger() -> Ledger:
    """A ledger with a token of which all belongs to Alice."""
    ledger = Ledger()
    module = verify(compile_file(TOKEN).contracts["FixedToken"].module)
    session = ledger.session(Tier.REFERENCE)
    session.deploy(TOKEN_AT, module, "CNY", [SUPPLY], ALICE)
    ledger.contracts[TOKEN_AT] = module, "CNY"
    ledger.commit(session)
    return ledger


def transfers_in_sessions(tier: Tier, count: int, each: int) -> float:
    """Transfers per second, so many in a session; encoding, events and keeping what was written included."""
    ledger = token_ledger()
    ledger.session(tier).call(TOKEN_AT, "transfer", (RECEIVERS[0], 3), ALICE)  # compiles
    began = time.perf_counter()
    for first in range(0, count, each):
        session = ledger.session(tier)
        for n in range(first, first + each):
            session.call(TOKEN_AT, "transfer", (RECEIVERS[n % 16], 3), ALICE)
        ledger.commit(session)
    return count / (time.perf_counter() - began)


@functools.cache
def loop_ledger() -> Ledger:
    """A ledger with the loop. It stays, since what runs natively shows in the first calls (`bench/native.py` measures these)."""
    ledger = Ledger()
    ledger.contracts[TOKEN_AT] = verify(compile_text(LOOP, "loop.tael").contracts["Loop"].module), "CNY"
    return ledger


def passes_of_loop(tier: Tier, count: int) -> float:
    """Passes per second."""
    ledger = loop_ledger()
    ledger.session(tier).read(TOKEN_AT, "run", (count,), ALICE)
    began = time.perf_counter()
    assert ledger.session(tier).read(TOKEN_AT, "run", (count,), ALICE) == sum(i % 7 for i in range(7)) * (count // 7) + sum(
        range(count % 7)
    )
    return count / (time.perf_counter() - began)


def own() -> tuple[Runs, Runs]:
    """The contestants of the house."""
    transfers: Runs = {
        "compiled, one session": lambda: transfers_in_sessions(Tier.COMPILED, TRANSFERS["fast"], SESSION_TRANSFERS),
        "compiled, a session each": lambda: transfers_in_sessions(Tier.COMPILED, TRANSFERS["fast"], 1),
        "reference, one session": lambda: transfers_in_sessions(Tier.REFERENCE, TRANSFERS["slow"], TRANSFERS["slow"]),
        "reference, a session each": lambda: transfers_in_sessions(Tier.REFERENCE, TRANSFERS["slow"], 1),
    }
    loops: Runs = {
        "compiled": lambda: passes_of_loop(Tier.COMPILED, LOOP_PASSES["fast"]),
        "reference": lambda: passes_of_loop(Tier.REFERENCE, LOOP_PASSES["slow"]),
    }
    return transfers, loops


def vyper_code(text: str) -> Any:
    """Initialisation code."""
    from vyper.compiler import compile_code

    return bytes.fromhex(compile_code(text, output_formats=["bytecode"])["bytecode"][2:])


def call_data(signature: str, *words: int) -> bytes:
    """An EVM call."""
    from eth_utils import keccak

    return bytes(keccak(text=signature)[:4]) + b"".join(word.to_bytes(32, "big") for word in words)


def pyrevm_runs() -> tuple[Runs, Runs]:
    """`pyrevm.EVM.message_call` on state in memory."""
    import pyrevm

    def evm() -> Any:
        machine = pyrevm.EVM(gas_limit=2**63 - 1)
        machine.insert_account_info(ALICE_EVM, pyrevm.AccountInfo(balance=10**30))
        return machine

    def transfers() -> float:
        machine = evm()
        at = machine.deploy(ALICE_EVM, vyper_code(TOKEN_VYPER) + SUPPLY.to_bytes(32, "big"))
        datas = [call_data("transfer(address,uint128)", int(to, 16), 3) for to in RECEIVERS_EVM]
        began = time.perf_counter()
        for n in range(TRANSFERS["fast"]):
            machine.message_call(ALICE_EVM, at, calldata=datas[n % 16])
        return TRANSFERS["fast"] / (time.perf_counter() - began)

    def loops() -> float:
        machine = evm()
        at = machine.deploy(ALICE_EVM, vyper_code(LOOP_VYPER))
        data = call_data("run(uint64)", LOOP_PASSES["fast"])
        began = time.perf_counter()
        machine.message_call(ALICE_EVM, at, calldata=data)
        return LOOP_PASSES["fast"] / (time.perf_counter() - began)

    return {"pyrevm": transfers}, {"pyrevm": loops}


def py_evm_runs() -> tuple[Runs, Runs]:
    """`py-evm` as `titanoboa` drives it, without its encoding of arguments."""
    import boa

    def run(at: Any, data: bytes) -> None:
        computation = boa.env.execute_code(to_address=at, sender=ALICE_EVM, data=data, gas=10**12)
        assert not computation.is_error

    def transfers() -> float:
        with boa.swap_env(boa.Env()):
            at, _ = boa.env.deploy_code(sender=ALICE_EVM, bytecode=vyper_code(TOKEN_VYPER) + SUPPLY.to_bytes(32, "big"))[:2]
            datas = [call_data("transfer(address,uint128)", int(to, 16), 3) for to in RECEIVERS_EVM]
            began = time.perf_counter()
            for n in range(TRANSFERS["slow"]):
                run(at, datas[n % 16])
            return TRANSFERS["slow"] / (time.perf_counter() - began)

    def loops() -> float:
        with boa.swap_env(boa.Env()):
            at, _ = boa.env.deploy_code(sender=ALICE_EVM, bytecode=vyper_code(LOOP_VYPER))[:2]
            data = call_data("run(uint64)", LOOP_PASSES["slow"])
            began = time.perf_counter()
            run(at, data)
            return LOOP_PASSES["slow"] / (time.perf_counter() - began)

    return {"py-evm": transfers}, {"py-evm": loops}


def generation() -> dict[str, float]:
    """Milliseconds to generate and compile the Python of functions of growing length, and microseconds for each code word."""
    found = {}
    for lines in (20, 120, 600):
        body = "".join(f"        x = x + y * {n % 9 + 1}\n" for n in range(lines))
        text = f"contract C:\n    pure fn f(a: u64, y: u64) -> u64:\n        let x = a\n{body}        return x\n"
        compilation = compile_text(text, "long.tael")
        assert compilation.ok
        module = verify(compilation.contracts["C"].module)
        place = module.by_name["f"]
        began = time.perf_counter()
        compile(generate(module, place).source, "<bench>", "exec")
        seconds = time.perf_counter() - began
        found[f"{lines} lines, ms"] = seconds * 1e3
        found[f"{lines} lines, us a word"] = seconds * 1e6 / len(module.module.functions[place].code)
    return found


def spread(values: list[float]) -> dict[str, float]:
    """Minimum, median, maximum."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def contest(runs: Runs, times: int) -> dict[str, Any]:
    """Operations per second of all, and ratios of the first to the others, turn by turn."""
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    gc.collect()
    gc.freeze()  # the collector need not walk over the modules of the peers in the time of whoever runs
    for _ in range(times):
        for name, run in runs.items():
            rates[name].append(run())
    first = next(iter(rates))
    ratios = {
        f"{first} / {name}": spread([a / b for a, b in zip(rates[first], found, strict=True)])
        for name, found in rates.items()
        if name != first
    }
    return {"per second": {name: spread(found) for name, found in rates.items()}, "ratios": ratios}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    transfers, loops = own()
    missing = []
    for name, needs, peer in (("pyrevm", "pyrevm", pyrevm_runs), ("py-evm", "boa", py_evm_runs)):
        if importlib.util.find_spec(needs) and importlib.util.find_spec("vyper"):
            more_transfers, more_loops = peer()
            transfers |= more_transfers
            loops |= more_loops
        else:
            missing.append(name)
    results: dict[str, Any] = {
        "python": platform.python_version(),
        "not installed": missing,
        "token transfers": contest(transfers, options.runs),
        "checked loop": contest(loops, options.runs),
        "generation": generation(),
    }
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print(f"Python {results['python']}; not installed, so not compared: {', '.join(missing) or 'nothing'}")
    for title in ("token transfers", "checked loop"):
        for what, rows in results[title].items():
            print(f"\n{title}, {what}")
            for name, found in rows.items():
                print(f"  {name:52}" + "".join(f"  {word} {value:14,.2f}" for word, value in found.items()))
    print("\ngeneration")
    for name, value in results["generation"].items():
        print(f"  {name:24} {value:10.2f}")


if __name__ == "__main__":
    main()
