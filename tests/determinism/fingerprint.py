"""Prints the bytes that every node must agree on, as hashes: modules, gas, receipts, headers of a fixed history.

Run it as `python tests/determinism/fingerprint.py`; `--write` renews `golden.json` beside it. It needs nothing but the
project, so that any Python can be asked.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("golden.json")
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "chain")]

from ledger_world import ALICE, BOB, World, arguments  # noqa: E402

from chain.primitives.address import contract_address  # noqa: E402
from chain.primitives.transaction import Call, Deploy, Pay  # noqa: E402
from lang.compiler import Compiled, compile_file  # noqa: E402
from vm.types import CoinValue  # noqa: E402

DAY_MS = 86_400_000


def modules() -> dict[str, Compiled]:
    """Every contract of the shipped examples."""
    found: dict[str, Compiled] = {}
    for path in sorted((ROOT / "contracts" / "examples").glob("*.tael")):
        compilation = compile_file(path)
        assert compilation.ok, path
        found |= compilation.contracts
    return found


def history(compiled: dict[str, Compiled]) -> list[dict[str, Any]]:
    """An escrow that settles, one that is refunded, a split claim, failing calls, a payment: block by block."""
    world = World()
    escrow, receivable = compiled["Escrow"].code, compiled["Receivable"].code
    blocks = []

    def commit(*transactions: Any) -> None:
        applied = world.commit(*transactions)
        header = applied.block.header
        receipts = b"".join(receipt.encoded for receipt in applied.receipts)
        gas = [receipt.gas_used for receipt in applied.receipts]
        blocks.append({"header": header.hash.hex(), "receipts": hashlib.sha256(receipts).hexdigest(), "gas": gas})

    deal = Deploy(escrow, "CNY", arguments(escrow, "init", BOB, 10_000, 7 * DAY_MS))
    claim = Deploy(receivable, "CNY", arguments(receivable, "init", BOB, 50_000, DAY_MS))
    first, second = world.transaction("alice", deal, deal), world.transaction("bob", claim)
    commit(first, second)
    one, two = (contract_address(ALICE, first.identity, place) for place in (0, 1))
    owed = contract_address(BOB, second.identity, 0)
    fund = arguments(escrow, "fund", CoinValue("CNY", 10_000))
    commit(world.transaction("alice", Call(one, "fund", fund), Call(two, "fund", fund)))
    commit(
        world.transaction("alice", Call(one, "accept", arguments(escrow, "accept"))),
        world.transaction("bob", Call(two, "reclaim", arguments(escrow, "reclaim"))),
    )
    commit(world.transaction("bob", Call(owed, "assign", arguments(receivable, "assign", ALICE, 20_000))))
    world.time_ms += 8 * DAY_MS
    commit(
        world.transaction("bob", Call(two, "reclaim", arguments(escrow, "reclaim"))),
        world.transaction("carol", Pay(ALICE, "CNY", 4_200)),
    )
    return blocks


def fingerprint() -> dict[str, Any]:
    """Everything, ready to compare."""
    compiled = modules()
    return {
        "modules": {name: contract.hash.hex() for name, contract in compiled.items()},
        "interfaces": {
            name: hashlib.sha256(json.dumps(contract.interface).encode()).hexdigest() for name, contract in compiled.items()
        },
        "blocks": history(compiled),
    }


def main() -> None:
    """Print, or renew the golden file."""
    text = json.dumps(fingerprint(), indent=1) + "\n"
    if "--write" in sys.argv:
        GOLDEN.write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
