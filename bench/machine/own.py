"""The contestants of the house: every tier of the machine, on as little of a ledger as it needs."""

from __future__ import annotations

import gc
import time
from functools import cache
from typing import Any

from bench.machine.play import ROOT, Call, Expected, Outcome, Person, Place, Size, Speed, Workload, as_lists
from lang.compiler import compile_file
from vm.journal import Journal
from vm.machine import Effects, Session, Tier
from vm.verifier import Verified, verify

NOWHERE = bytes(32)
HOME_CURRENCY = "CNY"
GAS_LIMIT = 10**12
SPEEDS = {"reference": Speed.SLOW, "native": Speed.NATIVE}


class Ledger:
    """Contracts and the bytes of their slots, in memory."""

    def __init__(self) -> None:
        self.contracts: dict[bytes, tuple[Verified, str]] = {}
        self.store: dict[tuple[bytes, bytes], bytes] = {}

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        """The module at an address."""
        return self.contracts.get(address)

    def code_price(self, address: bytes) -> int:
        """All code is at hand."""
        return 0

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        """The bytes of a slot."""
        return self.store.get((contract, slot))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Nobody is paid here."""
        raise NotImplementedError

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Nothing is signed here."""
        raise NotImplementedError

    def session(self, tier: Tier, *, checked: bool | None = None) -> Session:
        """A transaction."""
        return Session(self, Journal(), now=1_700_000_000_000, gas_limit=GAS_LIMIT, tier=tier, checked=checked)

    def commit(self, session: Session) -> Effects:
        """Keep what a transaction wrote."""
        effects = session.finish()
        for slot, data in effects.writes.items():
            if data is None:
                self.store.pop(slot, None)
            else:
                self.store[slot] = data
        return effects


@cache
def module_of(program: str, contract: str) -> Verified:
    """The verified module of a program."""
    compilation = compile_file(ROOT / program)
    assert compilation.ok, compilation.findings
    return verify(compilation.contracts[contract].module)


def _value(argument: Any, places: list[bytes]) -> Any:
    match argument:
        case Person():
            return argument.address
        case Place(number):
            return places[number] if number >= 0 else NOWHERE
        case tuple():
            return tuple(_value(part, places) for part in argument)
    return argument


class Own:
    """One tier; either many calls go into a session, or each has a session of its own. What was verified is checked as code runs,
    or not.
    """

    def __init__(self, tier: Tier, *, together: bool, checked: bool = True) -> None:
        self.tier = tier
        self.together = together
        self.checked = checked
        self.name = f"tael {tier}" + (", one session" if together else "") + ("" if checked else ", not checked")
        self.speed = SPEEDS.get(tier.value, Speed.FAST)

    def plays(self, workload: Workload) -> bool:
        """A native tier is for arithmetic; sessions are for what has a state."""
        return (workload.numeric or self.tier.value != "native") and (not self.together or workload.calls_per_session > 1)

    def play(self, workload: Workload, size: Size) -> Outcome:
        """Deploy, compile by a call that is forgotten, and make the calls."""
        sender = Person(0).address
        ledger, places = self._deployed(workload, size)
        calls = [_made(call, places) for call in workload.calls(size)]
        self._run(ledger, workload, places, sender, calls[:1])
        per_session = workload.calls_per_session if self.together else 1
        sessions = [calls[first : first + per_session] for first in range(0, len(calls), per_session)]
        results: list[Any] = []
        gas = events = 0
        gc.collect()
        began = time.process_time()
        for some in sessions:
            session = self._run(ledger, workload, places, sender, some, results)
            effects = ledger.commit(session)
            gas += effects.gas_used
            events += len(effects.events)
        seconds = time.process_time() - began
        look = ledger.session(self.tier)
        looks = [look.read(places[-1], *_made(call, places), sender) for call in workload.looks(size)]
        return Outcome(seconds, Expected(as_lists(results), as_lists(looks), events // len(calls)), gas)

    def _deployed(self, workload: Workload, size: Size) -> tuple[Ledger, list[bytes]]:
        ledger, places = Ledger(), list[bytes]()
        module = module_of(workload.program, workload.contract)
        for number, arguments in enumerate(workload.deployments(size)):
            address = (b"contract %d" % number).ljust(32, b".")
            session = ledger.session(Tier.REFERENCE)
            session.deploy(address, module, HOME_CURRENCY, _value(arguments, places), Person(0).address)
            ledger.contracts[address] = module, HOME_CURRENCY
            ledger.commit(session)
            places.append(address)
        return ledger, places

    def _run(
        self,
        ledger: Ledger,
        workload: Workload,
        places: list[bytes],
        sender: bytes,
        calls: list[tuple[str, tuple[Any, ...]]],
        results: list[Any] | None = None,
    ) -> Session:
        session = ledger.session(self.tier, checked=None if self.checked else False)
        run = session.read if workload.reads else session.call
        for function, arguments in calls:
            result = run(places[-1], function, arguments, sender)
            if results is not None:
                results.append(result)
        return session


def _made(call: Call, places: list[bytes]) -> tuple[str, tuple[Any, ...]]:
    return call.function, _value(call.arguments, places)


def own() -> list[Own]:
    """All contestants of the house, in the order of the tiers."""
    tiers = [Own(tier, together=together) for tier in Tier for together in (True, False)]
    return [*tiers, Own(Tier.COMPILED, together=True, checked=False)]
