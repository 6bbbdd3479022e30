"""Random functions that are mostly loops: counters that go up, down, back or nowhere, guards in every place, lists that grow.

What `vm.bound_loops` claims of a loop must hold for all of them, so they are made to be almost like the loops that compilers
emit, but not quite. Text of the assembler, so that one that fails can be read.
"""

from __future__ import annotations

import random
from typing import Final

HEAD: Final = """module Loops
type List[u64, 12]
type Text[20]
const u64 = 0
const u64 = 1
const u64 = 2
const u64 = 7
const bool = true
const bool = false
error Stop()
private double(l: List[u64, 12], n: u64) -> List[u64, 12]
  get 0
  get 0
  concat List[u64, 12]
  return
private scan(l: List[u64, 12], n: u64) -> u64
  get 0
  get 1
  contains List[u64, 12]
  drop
  get 1
  return
pure f(a: u64, b: u64, xs: List[u64, 12], t: Text[20]) -> u64
  local u64
  local u64
  local u64
  local List[u64, 12]
  local bool
"""
NUMBERS: Final = (0, 1, 4, 5, 6)
LISTS: Final = (2, 7)
TRUTH: Final = 8
LIST: Final = "List[u64, 12]"


class LoopMaker:
    """Writes one function."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.lines: list[str] = []
        self.depth = 0
        self.loops = 0

    def make(self) -> str:
        """The text of a module whose function `f` takes two numbers, a list and a text."""
        self.put("const 0", "set 4", "const 0", "set 5", "get 1", "set 6", "get 2", "set 7", "const 4", f"set {TRUTH}")
        for local in (4, 5, 6):
            if self.source.random() < 0.5:
                self.put(*self.number(), f"set {local}")
        for _ in range(self.source.randint(1, 3)):
            self.loop()
        if self.source.random() < 0.3:
            self.statement()
        self.put("get 4", "return")
        return HEAD + "\n".join(f"  {line}" for line in self.lines) + "\n"

    def put(self, *lines: str) -> None:
        """Some instructions."""
        self.lines += lines

    def number(self) -> list[str]:
        """Push a number."""
        match self.source.randrange(8):
            case 0:
                return [f"const {self.source.randrange(4)}"]
            case 1:
                return [f"get {self.source.choice(LISTS)}", f"length {LIST}"]
            case 2:
                return ["get 3", "length Text[20]"]
            case 3:
                return [f"get {self.source.choice(NUMBERS)}", f"const {self.source.randrange(1, 4)}", "div u64 down"]
            case 4:
                word = self.source.choice(["min", "max", "add", "mul"])
                return [f"get {self.source.choice(NUMBERS)}", f"get {self.source.choice(NUMBERS)}", f"{word} u64"]
        return [f"get {self.source.choice(NUMBERS)}"]

    def condition(self) -> None:
        """Push a truth value."""
        if self.source.random() < 0.15:
            self.put(f"get {TRUTH}")
            return
        self.put(*self.number(), *self.number(), f"{self.source.choice(['lt', 'lt', 'le', 'gt', 'ge', 'ne'])} u64")
        if self.source.random() < 0.2:
            self.put("not")

    def loop(self) -> None:
        """A loop, as often as not with a counter that looks right."""
        counter, end = self.source.sample(NUMBERS[2:], 2)
        head = self.source.random() < 0.4
        self.put(f"loop {self.source.choice([1, 3, 9, 30])}")
        self.loops += 1
        self.depth += 1
        if head:
            self.guard(counter, end)
        for _ in range(self.source.randint(0, 2)):
            self.statement()
        if self.source.random() < 0.9:
            self.change(counter)
        if self.source.random() < 0.3:
            self.statement()
        if not head or self.source.random() < 0.1:
            self.guard(counter, end)
        self.put("end")
        self.loops -= 1
        self.depth -= 1

    def guard(self, counter: int, end: int) -> None:
        """Leave the loop when the counter is done, or nearly so."""
        other = [f"get {end}"] if self.source.random() < 0.5 else self.number()
        self.put(f"get {counter}", *other, f"{self.source.choice(['ge', 'ge', 'ge', 'gt', 'le', 'eq'])} u64")
        if self.source.random() < 0.15:
            self.put(f"set {TRUTH}", f"get {TRUTH}")
        self.put("if", self.source.choice(["break"] * 8 + ["continue", "fail Stop"]), "end")

    def change(self, counter: int) -> None:
        """Change a counter, most often by one more."""
        step = self.source.choice(["const 1"] * 5 + ["const 0", "const 2", "get 0"])
        self.put(f"get {counter}", step, self.source.choice(["add u64"] * 6 + ["sub u64", "mul u64"]), f"set {counter}")

    def statement(self) -> None:
        """Something else that happens within a loop."""
        self.depth += 1
        kind = self.source.randrange(12)
        if self.depth > 6:
            kind = min(kind, 4)
        match kind:
            case 0:
                self.change(self.source.choice(NUMBERS[2:]))
            case 1:
                self.put(f"get {self.source.choice(LISTS)}", *self.number(), f"append {LIST}", f"set {self.source.choice(LISTS)}")
            case 2:
                self.put(*self.number(), f"set {self.source.choice(NUMBERS)}")
            case 3:
                self.put("get 3", "get 3", "eq Text[20]", f"set {TRUTH}")
            case 4:
                listed = self.source.choice(LISTS)
                self.put(f"get {listed}", f"pop {LIST}", f"set {self.source.choice(NUMBERS[2:])}", f"set {listed}")
            case 5:
                self.put(f"get {self.source.choice(LISTS)}", *self.number(), "invoke double", "set 7")
            case 6:
                self.put(f"get {self.source.choice(LISTS)}", *self.number(), "invoke scan", f"set {self.source.choice(NUMBERS)}")
            case 7:
                self.put(f"get {self.source.choice(LISTS)}", *self.number(), *self.number(), f"slice {LIST}", "set 7")
            case 8 if self.loops < 3:
                self.loop()
            case 9:
                self.condition()
                self.put(f"set {TRUTH}")
            case _:
                self.branch()
        self.depth -= 1

    def branch(self) -> None:
        """Two ways, or one and none."""
        self.condition()
        self.put("if")
        self.statement()
        self.leave()
        if self.source.random() < 0.4:
            self.put("else")
            self.statement()
            self.leave()
        self.put("end")

    def leave(self) -> None:
        """Sometimes, leave the loop, the pass or the function."""
        if self.source.random() < 0.25:
            ways = [("break",), ("continue",)] if self.loops else []
            live = self.lines[-1] not in ("break", "continue", "return", "fail Stop")
            if live:
                self.put(*self.source.choice([*ways, ("get 5", "return"), ("fail Stop",)]))
