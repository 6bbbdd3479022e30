"""The contestants with an EVM: `pyrevm` (the EVM of reth, in Rust) and `py-evm`, by way of `titanoboa`. Both run Vyper."""

from __future__ import annotations

import gc
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from bench.machine.play import ROOT, Call, Expected, Outcome, Person, Place, Size, Speed, Workload, as_lists

NOWHERE = bytes(20)
SENDER = "0x" + Person(0).address_evm.hex()
GAS_LIMIT = 10**12


class Program:
    """A Vyper contract: initialisation code, and how its functions are called."""

    def __init__(self, peer: str) -> None:
        from vyper.compiler import compile_code

        text = (ROOT / peer).read_text("utf-8")
        output = compile_code(text, output_formats=["bytecode", "abi", "method_identifiers"])
        self.code = bytes.fromhex(output["bytecode"][2:])
        self._selectors = {
            name.partition("(")[0]: int(number, 16).to_bytes(4, "big") for name, number in output["method_identifiers"].items()
        }
        self._shapes = {entry.get("name", entry["type"]): entry for entry in output["abi"] if entry["type"] != "event"}

    def _types(self, function: str, side: str) -> list[str]:
        return [part["type"] for part in self._shapes[function][side]] if function in self._shapes else []

    def creation(self, arguments: tuple[Any, ...], places: list[bytes]) -> bytes:
        """The data that deploys it."""
        from eth_abi import encode

        return self.code + encode(self._types("constructor", "inputs"), _value(arguments, places))

    def data(self, call: Call, places: list[bytes]) -> bytes:
        """The data of a call."""
        from eth_abi import encode

        encoded = encode(self._types(call.function, "inputs"), _value(call.arguments, places))
        return self._selectors[call.function] + bytes(encoded)

    def result(self, call: Call, data: bytes) -> Any:
        """What a call gave."""
        from eth_abi import decode

        values = decode(self._types(call.function, "outputs"), data)
        return as_lists(values[0]) if values else None


def _value(argument: Any, places: list[bytes]) -> Any:
    match argument:
        case Person():
            return argument.address_evm
        case Place(number):
            return places[number] if number >= 0 else NOWHERE
        case tuple():
            return tuple(_value(part, places) for part in argument)
    return argument


program = cache(Program)


class Evm(ABC):
    """Deploys, makes the calls, looks. Arguments are encoded before the clock runs, results decoded after."""

    name: str
    speed: Speed

    def plays(self, workload: Workload) -> bool:
        """Every workload has its Vyper."""
        return bool(workload.peer)

    def play(self, workload: Workload, size: Size) -> Outcome:
        """Play it once, on a state of its own."""
        with self.state():
            return self._play(workload, size)

    def _play(self, workload: Workload, size: Size) -> Outcome:
        code, places = program(workload.peer), list[bytes]()
        for arguments in workload.deployments(size):
            places.append(self.deploy(code.creation(arguments, places)))
        calls, looks = workload.calls(size), workload.looks(size)
        datas = [code.data(call, places) for call in calls]
        at = "0x" + places[-1].hex()
        gc.collect()
        began = time.process_time()
        given = self.run(at, datas)
        seconds = time.process_time() - began
        events = self.events()
        seen = self.run(at, [code.data(call, places) for call in looks])
        results = [code.result(call, data) for call, data in zip(calls, given, strict=True)]
        looked = [code.result(call, data) for call, data in zip(looks, seen, strict=True)]
        return Outcome(seconds, Expected(results, looked, events))

    @abstractmethod
    def state(self) -> AbstractContextManager[Any]:
        """A state of its own, for as long as it is entered."""

    @abstractmethod
    def deploy(self, creation: bytes) -> bytes:
        """The address of a new contract."""

    @abstractmethod
    def run(self, at: str, datas: list[bytes]) -> list[bytes]:
        """What calls give, one after the other; a call that fails raises."""

    @abstractmethod
    def events(self) -> int:
        """How many events the last call left."""


class PyRevm(Evm):
    """`pyrevm.EVM.message_call`."""

    name = "pyrevm"
    speed = Speed.FAST

    def state(self) -> AbstractContextManager[Any]:
        import pyrevm

        self._machine: Any = pyrevm.EVM(gas_limit=2**63 - 1)
        self._machine.insert_account_info(SENDER, pyrevm.AccountInfo(balance=10**30))
        return nullcontext()

    def deploy(self, creation: bytes) -> bytes:
        return bytes.fromhex(self._machine.deploy(SENDER, creation)[2:])

    def run(self, at: str, datas: list[bytes]) -> list[bytes]:
        call = self._machine.message_call
        return [call(SENDER, at, calldata=data) for data in datas]

    def events(self) -> int:
        return len(self._machine.result.logs)


@cache
def _environment() -> Any:
    """One for all plays, each taken back: py-evm becomes slower with every further environment (by a third after thirty), and
    with every call that stays in one (by half after a hundred chains).
    """
    import boa

    return boa.Env()


class PyEvm(Evm):
    """`boa.env.execute_code`, without boa's own encoding of arguments."""

    name = "py-evm"
    speed = Speed.SLOW

    def state(self) -> AbstractContextManager[Any]:
        self._last: Any = None
        anchor: AbstractContextManager[Any] = _environment().anchor()
        return anchor

    def deploy(self, creation: bytes) -> bytes:
        address = _environment().deploy_code(sender=SENDER, bytecode=creation)[0]
        return bytes.fromhex(str(address)[2:])

    def run(self, at: str, datas: list[bytes]) -> list[bytes]:
        given = []
        execute = _environment().execute_code
        for data in datas:
            self._last = execute(to_address=at, sender=SENDER, data=data, gas=GAS_LIMIT)
            assert not self._last.is_error, self._last.error
            given.append(self._last.output)
        return given

    def events(self) -> int:
        return len(self._last.get_log_entries())
