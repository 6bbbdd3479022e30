"""Text to module. Line by line: declarations at the margin, locals and code of a function indented, `;` for
remarks.

    module Counter
    const u64 = 1
    field count: u64
    public step(by: u64) -> u64 does read write
      load count
      get 0
      add u64
      store count
      load count
      return

Types are declared in the order of the table, parts before wholes, with the spelling of `vm.types.type_name`;
structs, enums and resources as `struct P(x: u64)`, `enum E(A, B(x: u64))`, `resource R(x: u64) divides 0`.
Operands that have a name may be given by name or number. The assembler checks spelling, not sense: that is
the verifier's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, NoReturn

from vm.assembly import EFFECT_WORDS, ROUNDING_WORDS, AssemblyError, read_value, split, without_comment
from vm.illegal import Illegal
from vm.instructions import BY_NAME
from vm.limits import ASSEMBLY_CHARACTERS_MAX
from vm.module import Constant, External, Function, Kind, Module, Record
from vm.type_table import TypeTable
from vm.types import (
    SCALARS,
    Amount,
    Bytes,
    Coin,
    Enum,
    List,
    Map,
    Option,
    Resource,
    Set,
    Struct,
    Text,
    Tuple,
    Type,
    Vault,
    type_name,
)

_KINDS: Final = {str(kind): kind for kind in Kind}
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_$]*"
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)


class _Signature(NamedTuple):
    name: str
    parameters: str
    result: str | None
    phases: str | None
    effects: str


def assemble(text: str) -> Module:
    """The module that a text describes. Raises `AssemblyError`."""
    if len(text) > ASSEMBLY_CHARACTERS_MAX:
        raise AssemblyError(1, f"more than {ASSEMBLY_CHARACTERS_MAX} characters")
    return _Assembler(text).run()


def _positions(names: Iterable[str]) -> dict[str, int]:
    """Where each name stands first."""
    places: dict[str, int] = {}
    for position, name in enumerate(names):
        places.setdefault(name, position)
    return places


class _Assembler:
    def __init__(self, text: str) -> None:
        self._lines = [
            (number, line) for number, line in enumerate((without_comment(line) for line in text.split("\n")), 1) if line
        ]
        self._line = 1
        self._table = TypeTable()
        self._types: dict[str, Type] = {type_name(kind): kind for kind in SCALARS}
        self._name: str | None = None
        self._currency: str | None = None
        self._implements: list[str] = []
        self._phases: list[str] = []
        self._steps: list[tuple[int, int]] = []
        self._constants: list[Constant] = []
        self._fields: list[tuple[str, Type]] = []
        self._events: list[Record] = []
        self._errors: list[Record] = []
        self._externals: list[External] = []
        self._functions: list[Function] = []
        self._bodies: list[list[tuple[int, str]]] = []
        self._promises: list[tuple[int, str]] = []
        self._resolved: list[tuple[int, int | None, int]] = []
        self._phase_places: dict[str, int] = {}
        self._names: dict[str, dict[str, int]] = {}
        self._type_numbers: dict[str, int] = {}

    def run(self) -> Module:
        """Declarations first, code after, since code may name what is declared later."""
        for number, line in self._lines:
            self._line = number
            if line[0] in " \t":
                if not self._bodies:
                    self._fail("code outside of a function")
                self._bodies[-1].append((number, line.strip()))
            else:
                word, _, rest = line.partition(" ")
                self._declare(word, rest.strip())
        if self._name is None:
            self._fail("no `module` line")
        self._names = {
            "field": _positions(name for name, _ in self._fields),
            "function": _positions(function.name for function in self._functions),
            "event": _positions(event.name for event in self._events),
            "error": _positions(error.name for error in self._errors),
            "phase": self._phase_places,
            "rounding": _positions(ROUNDING_WORDS),
        }
        self._type_numbers = {type_name(kind): number for number, kind in enumerate(self._table.types)}
        functions = [self._with_body(*pair) for pair in zip(self._functions, self._bodies, strict=True)]
        for number, promise in self._promises:
            self._line = number
            self._resolved.append(self._promise(promise))
        return Module(
            name=self._name,
            currency=self._currency,
            types=tuple(self._table.types[len(SCALARS) :]),
            constants=tuple(self._constants),
            fields=tuple(self._fields),
            phases=tuple(self._phases),
            steps=tuple(self._steps),
            events=tuple(self._events),
            errors=tuple(self._errors),
            externals=tuple(self._externals),
            implements=tuple(self._implements),
            functions=tuple(functions),
            promises=tuple(self._resolved),
        )

    def _fail(self, message: str) -> NoReturn:
        raise AssemblyError(self._line, message)

    # Declarations.

    def _declare(self, word: str, rest: str) -> None:
        match word:
            case "module":
                if self._name is not None:
                    self._fail("a second `module` line")
                self._name = self._word(rest)
            case "currency":
                self._currency = self._word(rest)
            case "implements":
                self._implements.append(self._word(rest))
            case "phase":
                self._phase_places.setdefault(self._word(rest), len(self._phases))
                self._phases.append(rest)
            case "step":
                before, after = self._two(rest, " -> ")
                self._steps.append((self._position(before, self._phase_places), self._position(after, self._phase_places)))
            case "type":
                self._add_type(rest)
            case "const":
                kind, value = self._two(rest, " = ")
                self._constants.append(self._constant(self._type(kind), value))
            case "field":
                self._fields.append(self._field(rest))
            case "event":
                self._events.append(self._record(rest))
            case "error":
                self._errors.append(self._record(rest))
            case "external":
                self._externals.append(self._external(rest))
            case "promise":
                self._promises.append((self._line, rest))
            case _ if word in _KINDS:
                self._functions.append(self._function(_KINDS[word], rest))
                self._bodies.append([])
            case _:
                self._fail(f"unknown declaration `{word}`")

    def _word(self, text: str) -> str:
        if not re.fullmatch(_NAME, text, re.ASCII):
            self._fail(f"`{text}` is not a name")
        return text

    def _two(self, text: str, separator: str) -> tuple[str, str]:
        left, found, right = text.partition(separator)
        if not found:
            self._fail(f"expected `{separator.strip()}`")
        return left.strip(), right.strip()

    def _position(self, text: str, names: Mapping[str, int]) -> int:
        if _NUMBER.fullmatch(text):
            return int(text)
        if text not in names:
            self._fail(f"nothing here is called `{text}`")
        return names[text]

    def _constant(self, kind: Type, text: str) -> Constant:
        try:
            return Constant(kind, read_value(kind, text))
        except ValueError as error:
            raise AssemblyError(self._line, str(error)) from error

    def _field(self, text: str) -> tuple[str, Type]:
        name, kind = self._two(text, ":")
        return self._word(name), self._type(kind)

    def _all_fields(self, text: str) -> tuple[tuple[str, Type], ...]:
        return tuple([self._field(part) for part in split(text, ",")])

    def _named(self, text: str) -> tuple[str, str, str]:
        """`name(inner) rest`."""
        name, bracket, inner = text.partition("(")
        end = inner.rfind(")")
        if not bracket or end < 0:
            self._fail("expected a name and `(…)`")
        return self._word(name), inner[:end], inner[end + 1 :].strip()

    def _record(self, text: str) -> Record:
        name, inner, rest = self._named(text)
        if rest:
            self._fail(f"unexpected `{rest}`")
        return Record(name, self._all_fields(inner))

    def _signature(self, text: str) -> _Signature:
        """`name(parameters) -> result in phases does effects`, of which all behind `)` may be missing."""
        head, _, effects = text.partition(" does ")
        head, found_in, phases = head.partition(" in ")
        head, arrow, result = head.partition(" -> ")
        name, parameters, rest = self._named(head)
        if rest:
            self._fail(f"unexpected `{rest}`")
        return _Signature(name, parameters, result if arrow else None, phases.strip() if found_in else None, effects.strip())

    def _external(self, text: str) -> External:
        how, rest = self._two(text, " ")
        interface, function = self._two(rest, ".")
        signature = self._signature(function)
        if how not in ("view", "public") or signature.phases or signature.effects:
            self._fail("expected `view` or `public`, and a plain signature")
        return External(
            interface=self._word(interface),
            function=signature.name,
            view=how == "view",
            parameters=tuple([self._type(kind) for kind in split(signature.parameters, ",")]),
            result=self._result(signature),
        )

    def _result(self, signature: _Signature) -> Type | None:
        return None if signature.result is None else self._type(signature.result)

    def _function(self, kind: Kind, text: str) -> Function:
        signature = self._signature(text)
        return Function(
            name=signature.name,
            kind=kind,
            parameters=self._all_fields(signature.parameters),
            result=self._result(signature),
            phases=None if signature.phases is None else self._mask(signature.phases),
            effects=self._effects(signature.effects),
            locals=(),
            code=(),
        )

    def _effects(self, text: str) -> int:
        if _NUMBER.fullmatch(text):
            return int(text)
        effects = 0
        for word in text.split():
            if word not in EFFECT_WORDS:
                self._fail(f"unknown effect `{word}`")
            effects |= EFFECT_WORDS[word]
        return effects

    def _mask(self, text: str) -> int:
        if _NUMBER.fullmatch(text):
            return int(text)
        mask = 0
        for phase in text.split("|"):
            if phase not in self._phase_places:
                self._fail(f"no phase is called `{phase}`")
            mask |= 1 << self._phase_places[phase]
        return mask

    def _promise(self, text: str) -> tuple[int, int | None, int]:
        functions = self._names["function"]
        match text.split():
            case [function, "ensures", ensures]:
                return self._position(function, functions), None, self._position(ensures, functions)
            case [function, "old", old, "ensures", ensures]:
                places = [self._position(name, functions) for name in (function, old, ensures)]
                return places[0], places[1], places[2]
        return self._fail("expected `promise function [old checker] ensures checker`")

    # Types.

    def _type(self, text: str) -> Type:
        found = self._types.get(text.strip())
        if found is None:
            self._fail(f"no type `{text.strip()}` is declared above")
        return found

    def _number(self, text: str) -> int:
        if not _NUMBER.fullmatch(text):
            self._fail(f"`{text}` is not a number")
        return int(text)

    def _add_type(self, text: str) -> None:
        kind = self._entry(text)
        try:
            self._table.add(kind)
        except Illegal as illegal:
            raise AssemblyError(self._line, str(illegal)) from illegal
        self._types[type_name(kind)] = kind

    def _entry(self, text: str) -> Type:
        word, _, rest = text.partition(" ")
        if word in ("struct", "resource", "enum"):
            return self._named_entry(word, rest.strip())
        if text.startswith("(") and text.endswith(")"):
            return Tuple(tuple([self._type(item) for item in split(text[1:-1], ",")]))
        name, _, inner = text.partition("[")
        if not inner.endswith("]"):
            self._fail(f"`{text}` is not a type")
        inner = inner[:-1]
        match name, split(inner, ","):
            case "Amount", [code]:
                return Amount(code)
            case "Coin", [code]:
                return Coin(code)
            case "Vault", [code]:
                return Vault(code)
            case "Text", [most]:
                return Text(self._number(most))
            case "Bytes", [most]:
                return Bytes(self._number(most))
            case "List", [element, most]:
                return List(self._type(element), self._number(most))
            case "Option", [element]:
                return Option(self._type(element))
            case "Map", [key, value]:
                return Map(self._type(key), self._type(value))
            case "Set", [key]:
                return Set(self._type(key))
        return self._fail(f"`{text}` is not a type")

    def _named_entry(self, word: str, text: str) -> Type:
        name, inner, rest = self._named(text)
        if word == "resource":
            divides = None
            if rest:
                by, number = self._two(rest, " ")
                if by != "divides":
                    self._fail(f"unexpected `{rest}`")
                divides = self._number(number)
            return Resource(name, self._all_fields(inner), divides)
        if rest:
            self._fail(f"unexpected `{rest}`")
        if word == "struct":
            return Struct(name, self._all_fields(inner))
        return Enum(name, tuple([self._variant(part) for part in split(inner, ",")]))

    def _variant(self, text: str) -> tuple[str, tuple[tuple[str, Type], ...]]:
        if "(" not in text:
            return self._word(text), ()
        record = self._record(text)
        return record.name, record.fields

    # Code.

    def _with_body(self, function: Function, body: Iterable[tuple[int, str]]) -> Function:
        kinds: list[Type] = []
        code: list[int] = []
        for number, line in body:
            self._line = number
            word, _, rest = line.partition(" ")
            if word == "local":
                kinds.append(self._type(rest))
            elif word == "word":
                code.append(self._number(rest.strip()))
            else:
                code += self._instruction(word, split(rest.strip(), " "))
        return Function(
            name=function.name,
            kind=function.kind,
            parameters=function.parameters,
            result=function.result,
            phases=function.phases,
            effects=function.effects,
            locals=tuple(kinds),
            code=tuple(code),
        )

    def _instruction(self, name: str, operands: list[str]) -> list[int]:
        row = BY_NAME.get(name)
        if row is None:
            self._fail(f"no instruction `{name}`")
        if len(operands) != len(row.operands):
            self._fail(f"`{name}` takes {len(row.operands)} operands: {' '.join(row.operands) or 'none'}")
        return [
            row.code,
            *(self._operand(kind, text) for kind, text in zip(row.operands, operands, strict=True)),
        ]

    def _operand(self, kind: str, text: str) -> int:
        if kind == "type" and not _NUMBER.fullmatch(text):
            number = self._type_numbers.get(text)
            if number is None:
                self._fail(f"no type `{text}` is declared")
            return number
        if kind == "phases":
            return self._mask(text)
        if kind in self._names:
            return self._position(text, self._names[kind])
        return self._number(text)
