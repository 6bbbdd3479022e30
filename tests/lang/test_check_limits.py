"""Every limit that a program can pass is a finding: at the limit it compiles, one past it is E0901, and nothing falls over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lang.compiler import compile_text
from vm import limits

HEAD = "contract C:\n"
FUNCTION = "    pub fn f(n: u64) by anyone:\n"
BAD = "    error Bad\n"
FIRST = "        if n == 0:\n            pass\n"
STATE = "    n: u64 = 0\n"


def _lines(count: int, line: str) -> str:
    return "".join(line.replace("{i}", str(number)) for number in range(count))


def _listed(count: int, item: str) -> str:
    return ", ".join(item.replace("{i}", str(number)) for number in range(count))


def _calls(count: int) -> str:
    chain = "".join(f"    fn f{number}():\n        f{number + 1}()\n" for number in range(count - 1))
    return f"{HEAD}{chain}    fn f{count - 1}():\n        pass\n"


def _structs(count: int) -> str:
    chain = "".join(f"struct S{number + 1}:\n    x: S{number}\n" for number in range(count - 1))
    return f"struct S0:\n    x: u64\n{chain}{HEAD}    view fn f(s: S{count - 1}) -> u64:\n        return 1\n"


def _loops(count: int) -> str:
    heads = "".join(f"{'    ' * (2 + number)}for i_{number} in 0..2:\n" for number in range(count))
    return f"{HEAD}{FUNCTION}{heads}{'    ' * (count + 2)}pass\n"


def _constants(count: int) -> str:
    lines = [f"        self.n = {10_000 + number}\n" for number in range(count)]
    return HEAD + STATE + "".join(f"    fn f{block}():\n{''.join(lines[block::8])}" for block in range(8))


def _backwards(count: int, declaration: str, first: str) -> str:
    """Declarations that each lean on the next; `{i}` is a number, `{h}` the one before it."""
    chain = [declaration.replace("{i}", str(n + 1)).replace("{h}", str(n)) for n in reversed(range(count))]
    return "".join(chain) + first


Make = Callable[[int], str]

LIMITS: dict[str, tuple[int, Make]] = {
    "state fields": (limits.STATE_FIELDS_MAX, lambda n: HEAD + _lines(n, "    a{i}: u64 = 0\n")),
    "phases": (limits.PHASES_MAX, lambda n: f"{HEAD}    phases {' -> '.join(f'P{i}' for i in range(n))}\n{STATE}"),
    "events": (limits.EVENTS_MAX, lambda n: HEAD + _lines(n, "    event E{i}\n")),
    "errors": (limits.ERRORS_MAX, lambda n: HEAD + _lines(n, "    error E{i}\n")),
    "errors of the file": (
        limits.ERRORS_MAX,
        lambda n: _lines(n, "error E{i}\n") + HEAD + FUNCTION + _lines(n, "        require n > {i} else E{i}\n"),
    ),
    "functions": (limits.FUNCTIONS_MAX // 2, lambda n: HEAD + _lines(n, "    fn f{i}():\n        pass\n")),
    "parameters": (limits.PARAMETERS_MAX, lambda n: f"{HEAD}    fn f({_listed(n, 'a{i}: u64')}):\n        pass\n"),
    "parameters of an interface": (
        limits.PARAMETERS_MAX,
        lambda n: f"interface I:\n    pub fn f({_listed(n, 'a{i}: u64')})\n{HEAD}{STATE}",
    ),
    "fields of a struct": (limits.STRUCT_FIELDS_MAX, lambda n: "struct S:\n" + _lines(n, "    a{i}: u8\n") + HEAD + STATE),
    "fields of a resource": (
        limits.STRUCT_FIELDS_MAX,
        lambda n: f"{HEAD}    resource R:\n{_lines(n, '        a{i}: u8' + chr(10))}    all: Map[u64, R]\n",
    ),
    "fields of an event": (limits.STRUCT_FIELDS_MAX, lambda n: f"{HEAD}    event E({_listed(n, 'a{i}: u8')})\n"),
    "variants": (limits.VARIANTS_MAX, lambda n: "enum E:\n" + _lines(n, "    A{i}\n") + HEAD + STATE),
    "items of a tuple": (limits.STRUCT_FIELDS_MAX, lambda n: f"{HEAD}    a: List[({_listed(n, 'u8')}), 2] = []\n"),
    "items of a tuple literal": (
        limits.STRUCT_FIELDS_MAX,
        lambda n: f"{HEAD}{FUNCTION}        let x = ({_listed(n, 'n')})\n        require x == x else Bad\n{BAD}",
    ),
    "depth of a type": (limits.TYPE_DEPTH_MAX - 1, lambda n: f"{HEAD}    a: {'Option[' * n}u64{']' * n} = None\n"),
    "depth of structs": (limits.TYPE_DEPTH_MAX - 1, _structs),
    "types within a type": (
        limits.TYPE_NODES_MAX // 30 - 1,
        lambda n: f"struct A:\n{_lines(29, '    a{i}: u8' + chr(10))}struct B:\n"
        f"{_lines(n if n == 7 else 9, '    b{i}: A' + chr(10))}{HEAD}    l: List[B, 1] = []\n",
    ),
    "length of a text": (limits.TEXT_BYTES_MAX, lambda n: f'{HEAD}    t: Text[4096] = "{"a" * n}"\n'),
    "length of a name": (limits.NAME_CHARACTERS_MAX, lambda n: f"{HEAD}    {'a' * n}: u64 = 0\n"),
    "length of a function's name": (limits.NAME_CHARACTERS_MAX, lambda n: f"{HEAD}    fn {'a' * n}():\n        pass\n"),
    "length of a parameter's name": (limits.NAME_CHARACTERS_MAX, lambda n: f"{HEAD}    fn f({'a' * n}: u64):\n        pass\n"),
    "length of a phase's name": (limits.NAME_CHARACTERS_MAX, lambda n: f"{HEAD}    phases A -> {'B' * n}\n{STATE}"),
    "length of a variant's name": (limits.NAME_CHARACTERS_MAX, lambda n: f"enum E:\n    {'A' * n}\n{HEAD}{STATE}"),
    "size of an event": (
        limits.EVENT_BYTES_MAX,
        lambda n: f"{HEAD}    event E(a: Bytes[8000], b: Bytes[{n - 8009}])\n",
    ),
    "size of a state field": (1872, lambda n: f"{HEAD}    a: List[u256, {n}] = []\n"),
    "branches": (
        limits.BLOCK_DEPTH_MAX - 1,
        lambda n: HEAD + FUNCTION + FIRST + _lines(n, "        elif n == 1:\n            pass\n"),
    ),
    "conditions in conditions": (
        limits.BLOCK_DEPTH_MAX,
        lambda n: f"{HEAD}    view fn f(n: u64) -> u64:\n        return {_lines(n, '{i} if n == {i} else ')}n\n",
    ),
    "loops in loops": (limits.LOOP_DEPTH_MAX, _loops),
    "values that wait": (
        limits.STACK_DEPTH_MAX,
        lambda n: f"{HEAD}{FUNCTION}        let x = [{_listed(n, 'n')}]\n        require x.len > 0 else Bad\n{BAD}",
    ),
    "locals": (limits.LOCALS_MAX - 1, lambda n: f"{HEAD}{FUNCTION}{_lines(n, '        let _a{i} = n' + chr(10))}"),
    "constants": (limits.CONSTANTS_MAX - 1, _constants),
    "words of code": (1023, lambda n: f"{HEAD}{STATE}{FUNCTION}" + "        self.n = self.n + n\n" * n),
    "functions of other contracts": (
        limits.EXTERNALS_MAX,
        lambda n: f"interface T:\n{_lines(n, '    pub fn f{i}()' + chr(10))}{HEAD}    pub fn f(t: T) by anyone:\n"
        + _lines(n, "        call t.f{i}()\n"),
    ),
    "interfaces": (
        limits.IMPLEMENTS_MAX,
        lambda n: _lines(n, "interface T{i}:\n    view fn f() -> u64\n")
        + f"contract C implements {_listed(n, 'T{i}')}:\n    view fn f() -> u64:\n        return 1\n",
    ),
    "calls in calls": (limits.INVOKE_DEPTH_MAX, _calls),
    "invariants": (limits.FUNCTIONS_MAX - 1, lambda n: HEAD + STATE + _lines(n, "    invariant self.n != {i}\n")),
    "remembered values": (
        limits.PARAMETERS_MAX - 1,
        lambda n: f"{HEAD}{STATE}{FUNCTION}        ensures {' + '.join(['old(self.n)'] * n)} >= 0\n        pass\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("most", "make"), LIMITS.values(), ids=LIMITS)
def test_limits_are_findings(most: int, make: Make) -> None:
    """At the limit a program compiles; one past it there is one kind of finding, E0901."""
    assert [finding.message for finding in compile_text(make(most)).findings if finding.is_error] == []
    assert {finding.code for finding in compile_text(make(most + 1)).findings if finding.is_error} == {"E0901"}


HOSTILE: dict[str, str] = {
    "branches": HEAD + FUNCTION + FIRST + _lines(4000, "        elif n == {i}:\n            pass\n"),
    "branches of a test": 'test "t":\n    if true:\n        pass\n' + _lines(4000, "    elif true:\n        pass\n"),
    "structs declared backwards": _backwards(3000, "struct S{i}:\n    x: S{h}\n", "struct S0:\n    x: u64\n"),
    "constants declared backwards": _backwards(3000, "const A{i}: u64 = A{h}\n", "const A0: u64 = 1\n"),
    "deep constants declared backwards": _backwards(
        100, f"const A{{i}}: u64 = {'(' * 60}A{{h}}{' + 1)' * 60}\n", "const A0: u64 = 1\n"
    ),
    "structs of structs": f"struct S0:\n{_lines(30, '    x{i}: u8' + chr(10))}"
    + "".join(f"struct S{n + 1}:\n" + _lines(30, f"    y{{i}}: S{n}\n") for n in range(60)),
    "deep expressions in deep blocks": HEAD + FUNCTION
    + "".join(f"{'    ' * (n + 2)}if n > {n}:\n" for n in range(60))
    + f"{'    ' * 62}require {'(n > 1 and ' * 60}n > 2{')' * 60} else Bad\n{BAD}",
    "becoming in loops": f"{HEAD}    phases {' -> '.join(f'P{n}' for n in range(32))}\n    pub fn f() by anyone in P0:\n"
    + "".join(f"{'    ' * (n + 2)}for i_{n} in 0..2:\n" for n in range(16))
    + "".join(f"{'    ' * 18}if phase is P{n}:\n{'    ' * 19}become P{n + 1}\n" for n in range(31)),
    "many errors": HEAD + FUNCTION + _lines(3000, "        let a{i} = b{i} + c{i}\n"),
    "many functions that call": HEAD + "".join(
        f"    fn f{n}():\n" + "".join(f"        f{m}()\n" for m in range(n + 1, min(n + 40, 120)))
        for n in range(120)
    ),
    "functions that assign by way of many": "contract C:\n    n: u64\n    init():\n        f0()\n"
    + "".join(f"    fn f{n}():\n        f{n + 1}()\n        f{n + 1}()\n" for n in range(60))
    + "    fn f60():\n        self.n = 1\n",
    "names of one letter": HEAD + _lines(64, "    a{i}: u64 = 0\n") + FUNCTION + _lines(2000, "        self.b{i} = n\n"),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_programs_come_to_an_end(text: str) -> None:
    """Programs made to be slow or deep are compiled or refused without a fall; were one exponential, the test would hang."""
    compile_text(text)
