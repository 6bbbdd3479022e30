"""The conformance corpus: programs in `programs/*.tasm` with scenarios in `programs/*.json`.

A scenario lists steps and, behind each, what the machine must make of it to the unit of gas. Values are
JSON: addresses as "@name", byte strings as "0x…", coins as {"coin": [currency, amount]}, the rest as it looks
at run time. To take down what the machine does now, after a change of protocol, run this file with the
project's root and `tests/vm` on the path.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from machine_world import PROGRAMS, World, address, program

from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.disassembler import disassemble
from vm.failure import Failure
from vm.instructions import TABLE
from vm.machine import Session
from vm.types import CoinValue
from vm.values import decode_arguments
from vm.verifier import Verified

SCENARIOS = sorted(PROGRAMS.glob("*.json"))
TEXTS = sorted(PROGRAMS.glob("*.tasm"))


def from_json(form: Any) -> Any:
    match form:
        case str() if form.startswith("@"):
            return address(form[1:])
        case str() if form.startswith("0x"):
            return bytes.fromhex(form[2:])
        case list():
            return tuple(from_json(part) for part in form)
        case {"coin": [currency, amount]}:
            return CoinValue(currency, amount)
    return form


def to_json(value: Any) -> Any:
    match value:
        case CoinValue(currency, amount):
            return {"coin": [currency, amount]}
        case bytes() if len(value) == 32 and value.endswith(b"."):
            return "@" + value.rstrip(b".").decode()
        case bytes():
            return "0x" + value.hex()
        case tuple():
            return [to_json(part) for part in value]
    return value


def told(world: World, contract: bytes, number: int, payload: bytes) -> tuple[Any, ...]:
    """The values of an event."""
    fields = world.contracts[contract][0].module.events[number].fields
    return decode_arguments([kind for _, kind in fields], payload)


def play(scenario: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a scenario with what came of each."""
    world = World(checked=True)
    played = []
    for step in scenario["steps"]:
        session = world.session(gas_limit=step.get("gas_limit", 1_000_000))
        seen: dict[str, Any] = {}
        try:
            result = perform(world, session, step)
        except Failure as failure:
            seen["failure"] = [failure.name, *map(to_json, failure.values)]
            seen["where"] = [[to_json(at), function, pc] for at, function, pc in failure.where]
        else:
            seen["result"] = to_json(result)
        effects = world.commit(session)
        seen["gas"] = effects.gas_used
        seen["events"] = [[to_json(at), number, to_json(told(world, at, number, data))] for at, number, data in effects.events]
        seen["writes"] = len(effects.writes)
        played.append({key: step[key] for key in step if key != "expect"} | {"expect": seen})
    balances = {f"{to_json(who)} {currency}": n for (who, currency), n in sorted(world.balances.items())}
    store = hashlib.sha256(repr(sorted(world.store.items())).encode()).hexdigest()
    played.append({"balances": balances, "store": store})
    return played


def perform(world: World, session: Session, step: dict[str, Any]) -> Any:
    at, sender = address(step.get("at", "here")), address(step.get("from", "alice"))
    arguments = [from_json(argument) for argument in step.get("arguments", ())]
    if "deploy" in step:
        module, currency = program(step["deploy"]), step.get("currency", world.currency)
        session.deploy(at, module, currency, arguments, sender)
        world.contracts[at] = (module, currency)
        return None
    if "read" in step:
        return session.read(at, step["read"], arguments, sender)
    if "rule" in step:
        return session.rule(at, from_json(step["rule"]))
    return session.call(at, step["call"], arguments, sender)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path) -> None:
    """Results, failures, gas, events, balances and state are exactly those that were taken down."""
    scenario = json.loads(path.read_text())
    assert play({"steps": [s for s in scenario["steps"] if "store" not in s]}) == scenario["steps"]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_text_round_trip(path: Path) -> None:
    """Disassembling and assembling gives the same module, and so does encoding and decoding."""
    module = assemble(path.read_text())
    assert assemble(disassemble(module)) == module
    assert decode_module(encode_module(module)) == module


def test_every_instruction_has_a_program() -> None:
    """Between them, the programs run through every row of the table."""
    used: set[int] = set()
    for path in TEXTS:
        verified: Verified = program(path.stem)
        for body in verified.bodies:
            used.update(op.code for op in body.ops)
    assert sorted(row.name for row in TABLE.values() if row.code not in used) == []


def write() -> None:
    """Take down what the machine does now."""
    for path in SCENARIOS:
        steps = [s for s in json.loads(path.read_text())["steps"] if "store" not in s]
        lines = ",\n".join(json.dumps(step, ensure_ascii=False) for step in play({"steps": steps}))
        path.write_text(f'{{"steps": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    write()
