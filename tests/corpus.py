"""Reads and runs the corpus of small programs: `tests/programs/*.programs`, whose format `tests/programs/README.md` tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.ledger.sandbox import Sandbox
from kit.values import Setting, read_value, show_value
from lang.compiler import Compilation, Compiled, compile_file
from vm import types as vm
from vm.failure import Failure
from vm.module import Function, Kind
from vm.values import decode_arguments

FOLDER = Path(__file__).parent / "programs"
CURRENCIES = {"CNY": 2, "USD": 2, "JPY": 0, "BHD": 3, "GLD": 3}
WALLETS = ("alice", "bob", "carol", "dave")
NOBODY = bytes(31) + b"\x01"
MAIN = "program"


@dataclass(slots=True)
class Step:
    """One line of a script. `events` None means that the program does not say."""

    line: int  # in the file of programs, from 0
    text: str
    gas: int | None
    events: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Program:
    """One program with what is to be done with it."""

    name: str
    topic: Path
    files: dict[str, str]
    steps: list[Step]

    @property
    def label(self) -> str:
        """For the reports of tests."""
        return f"{self.topic.stem}: {self.name}"


def programs(path: Path) -> Iterator[Program]:
    """The programs of one file."""
    program: Program | None = None
    into: str | None = None
    for number, line in enumerate(path.read_text("utf-8").split("\n")):
        if line.startswith("=== "):
            if program is not None:
                yield program
            program, into = Program(line[4:].strip(), path, {MAIN: ""}, []), MAIN
        elif program is None:
            continue
        elif line.startswith("--- file "):
            into = line[9:].strip()
            program.files[into] = ""
        elif line.startswith("--- run"):
            into = None
        elif into is not None:
            program.files[into] += line + "\n"
        elif line.startswith("  event "):
            program.steps[-1].events.append(line[8:].strip())
        elif line.strip() and not line.startswith("#"):
            found = re.search(r"\s+@ ([\d_]+)$", line)
            gas = int(found[1].replace("_", "")) if found else None
            program.steps.append(Step(number, line[: found.start()] if found else line.rstrip(), gas))
    if program is not None:
        yield program


def all_programs() -> list[Program]:
    """Every program of the corpus."""
    return [program for path in sorted(FOLDER.glob("*.programs")) for program in programs(path)]


def split(text: str) -> list[str]:
    """The parts of a list of arguments, by the commas that are in no bracket and no quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, character in enumerate(text):
        if character == '"' and (place == 0 or text[place - 1] != "\\"):
            quoted = not quoted
        elif not quoted:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(character, 0)
            if character == "," and not depth:
                parts.append(text[start:place])
                start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts] if text.strip() else []


CALL = re.compile(r"(?:(?P<contract>\w+)\.)?(?P<function>\w+)\((?P<arguments>.*)\)$", re.DOTALL)
LINE = re.compile(r"(?P<what>.*?)(?: as (?P<sender>\w+))?(?: (?P<sign>=|!) (?P<wanted>.*))?$", re.DOTALL)


class World:
    """A sandbox, the names of what lives in it, and the last line's outcome."""

    def __init__(self, compilation: Compilation) -> None:
        self.compiled = _reachable(compilation)
        self.sandbox = Sandbox(CURRENCIES)
        self.names: dict[str, bytes] = {"nobody": NOBODY}
        for name in WALLETS:
            money = {code: 1_000 * 10**places for code, places in CURRENCIES.items()}
            self.names[name] = self.sandbox.wallet(name, money)
        self.modules: dict[bytes, Compiled] = {}
        self.homes: dict[bytes, str] = {}
        self.last = b""

    def setting(self, contract: bytes) -> Setting:
        """How values are written around a contract."""
        named = {address: name for name, address in self.names.items()}
        return Setting(self.homes.get(contract, "CNY"), CURRENCIES, self.names.get, named.get)

    def deploy(self, text: str, sender: str) -> None:
        """`NAME(arguments) [in CODE] [at ALIAS]`."""
        found = re.fullmatch(r"(\w+)\((.*)\)(?: in (\w+))?(?: at (\w+))?", text, re.DOTALL)
        assert found is not None, text
        compiled = self.compiled[found[1]]
        home = found[3] or compiled.module.currency or "CNY"
        init = next(f for f in compiled.module.functions if f.kind is Kind.INIT)
        self.homes[b""] = home
        arguments = self.arguments(init, found[2], self.setting(b""))
        address = self.sandbox.deploy(compiled.code, home, arguments, self.names[sender])
        self.names[found[4] or found[1].lower()] = self.last = address
        self.modules[address] = compiled
        self.homes[address] = home

    def arguments(self, function: Function, text: str, setting: Setting) -> tuple[Any, ...]:
        """The values of written arguments."""
        parts = split(text)
        kinds = [kind for _, kind in function.parameters]
        assert len(parts) == len(kinds), f"{function.name} takes {len(kinds)} arguments: {text}"
        return tuple(read_value(part, kind, setting) for part, kind in zip(parts, kinds, strict=True))

    def call(self, text: str, sender: str) -> tuple[Any, vm.Type | None, Setting]:
        """`[contract.]function(arguments)`: the value, its type, and how it is written."""
        found = CALL.match(text)
        assert found is not None, text
        address = self.names[found["contract"]] if found["contract"] else self.last
        module = self.modules[address].module
        function = next(f for f in module.functions if f.name == found["function"])
        setting = self.setting(address)
        values = self.arguments(function, found["arguments"], setting)
        if function.kind in (Kind.VIEW, Kind.PURE):
            value = self.sandbox.read(address, function.name, values)
        else:
            value = self.sandbox.call(address, function.name, values, self.names[sender])
        return value, function.result, setting

    def step(self, text: str) -> str | None:
        """Do one line; what it gave or how it failed, written as the line writes it: `= 5`, `! Overflow`, or None."""
        found = LINE.match(text)
        assert found is not None
        what, sender = found["what"], found["sender"] or "alice"
        verb, _, rest = what.partition(" ")
        try:
            match verb:
                case "deploy":
                    self.deploy(rest, sender)
                case "advance":
                    self.sandbox.advance(read_value(rest, vm.DURATION, self.setting(b"")))
                case "gas":
                    self.sandbox.gas_limit = int(rest.replace("_", ""))
                case "promises":
                    self.sandbox.check_promises = rest == "on"
                case "balance":
                    who, _, code = rest.partition(" ")
                    amount = self.sandbox.balance(self.names[who], code or "CNY")
                    return f"= {show_value(amount, vm.Amount(code or 'CNY'), self.setting(b''))}"
                case "pay":
                    amount, _, to = rest.partition(" to ")
                    coin = read_value(amount, vm.COIN, self.setting(b""))
                    self.sandbox.pay(self.names[sender], self.names[to], coin.currency, coin.amount)
                case "attach":
                    rule, _, wallet = rest.partition(" to ")
                    self.sandbox.attach(self.names[rule], self.names[wallet], self.names[sender])
                case _:
                    value, kind, setting = self.call(what, sender)
                    return None if kind is None else f"= {show_value(value, kind, setting)}"
        except Failure as failure:
            return f"! {self.failure(failure)}"
        return None

    def failure(self, failure: Failure) -> str:
        """A failure as a program writes it: its name, and the values of a contract's error."""
        compiled = self.modules.get(failure.contract or b"")
        if compiled is None:
            owner = next((c for c in self.compiled.values() if any(e.name == failure.name for e in c.module.errors)), None)
        else:
            owner = compiled
        errors = [] if owner is None else owner.module.errors
        record = next((error for error in errors if error.name == failure.name), None)
        if record is None or not record.fields:
            return failure.name
        setting = self.setting(failure.contract or b"")
        shown = [show_value(v, kind, setting) for v, (_, kind) in zip(failure.values, record.fields, strict=True)]
        return f"{failure.name}({', '.join(shown)})"

    def events(self, since: int) -> list[str]:
        """The events from a point on, as a program writes them."""
        written = []
        for event in self.sandbox.events[since:]:
            record = self.modules[event.contract].module.events[event.number]
            kinds = [kind for _, kind in record.fields]
            setting = self.setting(event.contract)
            values = decode_arguments(kinds, event.payload)
            shown = [show_value(v, kind, setting) for v, kind in zip(values, kinds, strict=True)]
            written.append(f"{record.name}({', '.join(shown)})")
        return written


def _reachable(compilation: Compilation) -> dict[str, Compiled]:
    return dict(compilation.contracts)


def compile_program(program: Program, folder: Path) -> Compilation:
    """Compile a program, its files laid out in a folder."""
    for name, text in program.files.items():
        path = folder / (name if name != MAIN else f"{MAIN}.tael")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return compile_file(folder / f"{MAIN}.tael")


@dataclass(slots=True)
class Outcome:
    """What one line of a script came to."""

    step: Step
    got: str | None
    gas: int
    events: list[str]

    def same(self) -> bool:
        """Whether it came to what the program says, gas apart."""
        found = LINE.match(self.step.text)
        assert found is not None
        wanted = None if found["sign"] is None else f"{found['sign']} {found['wanted']}"
        return _tight(wanted) == _tight(self.got) and [_tight(e) for e in self.events] == [_tight(e) for e in self.step.events]


def _tight(text: str | None) -> str | None:
    """The same without blanks and `_` among digits, so that both ways to write a value compare equal."""
    if text is None:
        return None
    return re.sub(r"(?<=\d)_(?=\d)", "", re.sub(r"\s+", "", text)).removesuffix("()")


def run(program: Program, compilation: Compilation) -> Iterator[Outcome]:
    """Run the script of a compiled program."""
    world = World(compilation)
    if not program.steps[0].text.startswith("deploy") and not any(s.text.startswith("deploy") for s in program.steps):
        world.deploy(f"{list(world.compiled)[-1]}()", "alice")
    for step in program.steps:
        since = len(world.sandbox.events)
        world.sandbox.last_gas = 0
        got = world.step(step.text)
        yield Outcome(step, got, world.sandbox.last_gas, world.events(since))
