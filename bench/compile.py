"""How fast the compiler is: lines a second of each stage, from parsing to the Python that runs, on contracts that are generated.

    python bench/compile.py [--runs 7] [--json]

The text of a size is always the same. A module holds some four hundred lines of this kind, so a longer text has several
contracts. Prints minimum, median and maximum of milliseconds of work, and lines a second by the median; the first run, which
warms caches, is not counted.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, where `vm` would be a benchmark

from lang.check import CheckedFile, check_file
from lang.diagnostics import Findings
from lang.emit import emit_contract
from lang.parser import parse
from lang.source import Source
from vm.codec import encode_module
from vm.compiled import Compiled
from vm.verifier import Verified, verify

SIZES_LINES = (30, 300, 3000)
CONTRACT_LINES_MAX = 300


HEAD = """\
contract Shop{n}:
    phases Open -> Closed

    owner: Address
    price: Amount = 5.00 CNY
    till: Vault
    sold: Map[Address, u64]

    event Sold(to: Address, count: u64)

    error TooFew(want: u64)

    init():
        self.owner = sender

    pub fn close() by self.owner in Open:
        pay(self.owner, self.till.take_all())
        become Closed

"""
PART = """\
    pub fn buy_{i}(count: u64, money: Coin) -> Amount by anyone in Open:
        ensures self.sold[sender] >= count
        require count > {i} and money.amount >= self.price else TooFew({i})
        let cost = self.price * count
        let fee = cost * 2.5 % rounded down
        let given = 0
        for step in 0..count max 50:
            if step mod 3 == {i} mod 3:
                continue
            given += 1
        let rest = money
        self.till.put(rest.take(min(rest.amount, cost + fee)))
        self.sold[sender] = self.sold.get(sender, default=0) + count
        match self.sold.find(self.owner):
            case Some(before):
                emit Sold(sender, before + given)
            case None:
                emit Sold(sender, given)
        pay(sender, rest)
        return cost - fee

"""


def text_of(lines: int) -> str:
    """A file of about so many lines that compiles without a finding."""
    contracts: list[str] = []
    left = lines
    while left > 0:
        size = min(left, CONTRACT_LINES_MAX)
        parts = max(1, (size - HEAD.count("\n")) // PART.count("\n"))
        body = "".join(PART.replace("{i}", str(number)) for number in range(parts))
        contracts.append(HEAD.replace("{n}", str(len(contracts))) + body)
        left -= size
    return "\n".join(contracts)


def measured(text: str) -> dict[str, float]:
    """Seconds of work of each stage for one compilation."""
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> object:
        began = time.process_time()
        made = work()
        seconds[name] = time.process_time() - began
        return made

    findings = Findings()
    file = timed("parse", lambda: parse(Source("<bench>", text), findings))
    checked = timed("check", lambda: check_file(file, findings, lambda *_: None))  # type: ignore[arg-type]
    assert isinstance(checked, CheckedFile)
    assert not findings.diagnostics, [finding.message for finding in findings.diagnostics]
    modules = timed("emit", lambda: [emit_contract(contract).module for contract in checked.contracts])
    assert isinstance(modules, list)
    verified = timed("verify", lambda: [(encode_module(module), verify(module))[1] for module in modules])
    assert isinstance(verified, list)
    timed("generate", lambda: [_generate(module) for module in verified])
    return seconds


def _generate(module: Verified) -> None:
    """The Python of all functions of a module, compiled, past the cache."""
    fresh = Compiled(module, checked=True, native=True)
    for position in range(len(module.module.functions)):
        fresh.function(position)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in SIZES_LINES:
        text = text_of(size)
        lines = text.count("\n")
        measured(text)
        runs = []
        for _ in range(options.runs):
            gc.collect()
            runs.append(measured(text))
        stages: dict[str, list[float]] = {name: [run[name] for run in runs] for name in runs[0]}
        stages["parse and check"] = [run["parse"] + run["check"] for run in runs]
        stages["all"] = [sum(run.values()) for run in runs]
        results[str(lines)] = {name: figures(found, lines) for name, found in stages.items()}
        if not options.json:
            for name, row in results[str(lines)].items():
                shown = "  ".join(f"{word} {row[word]:8.2f}" for word in ("min", "median", "max"))
                print(f"{lines:5} lines  {name:16} {shown} ms  {row['lines_per_s']:9,.0f} lines/s", flush=True)
    if options.json:
        print(json.dumps(results, indent=2))


def figures(seconds: list[float], lines: int) -> dict[str, float]:
    """Milliseconds, and lines a second by the median."""
    median = statistics.median(seconds)
    return {
        "min": min(seconds) * 1000,
        "median": median * 1000,
        "max": max(seconds) * 1000,
        "lines_per_s": lines / median,
    }


if __name__ == "__main__":
    main()
