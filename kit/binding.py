"""Python modules for contracts (`tael bind`): the handles of `chain.client`, with static types for editors and type checkers.

Of one contract there comes one text, whenever and wherever it is made. Names of a contract reach the text only if they are
names in Python, and everything else as literals, so a module of a stranger can put nothing else into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chain.client.handles import TERMS, Contract
from chain.client.interface import ENTERED
from chain.client.values import python_name
from vm import types as vm
from vm.module import Function, Kind, Module
from vm.types import type_name

if TYPE_CHECKING:
    from chain.client.values import Fields

_LINE_CHARACTERS = 100
_TAKEN = frozenset(
    """Any Awaitable ClassVar Decimal Enum Mapping Sequence Unpack bool bytes dataclass datetime dict int list object property str
    super tael timedelta tuple type""".split()
)
_OWN = frozenset({*dir(Contract), "at", "deploy", "address", "interface", "ledger"})
_NAMED = frozenset({*TERMS, "self", "cls", "ledger", "currency", "terms", "_done"})
_IMPORTS = """from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Unpack

import tael
"""


def bind(code: bytes, module: Module, code_hash: str) -> str:
    """The text of a Python module for a contract. Raises `Refusal` WrongProof if a name of it is none in Python."""
    return _Writer(code, module, code_hash).text()


class _Writer:
    def __init__(self, code: bytes, module: Module, code_hash: str) -> None:
        self._code, self._module, self._code_hash = code, module, code_hash
        self._names: set[str] = set(_TAKEN)
        self._kinds: dict[vm.Type, str] = {}
        self._classes: list[tuple[str, str]] = []  # (what it is called below, Python's name)
        self._lines: list[str] = []

    def text(self) -> str:
        """All of it."""
        module = self._module
        self._name(module.name)
        self._name(f"Async{module.name}")
        functions = sorted((f for f in module.functions if f.kind in ENTERED), key=lambda function: function.name)
        init = next((function for function in module.functions if function.kind is Kind.INIT), None)
        for kind in self._found(functions, init):
            self._type(kind)
        for record in sorted(module.events, key=lambda record: record.name):
            name = self._name(record.name, "Event")
            self._record(name, record.fields, f"The event {record.name}.")
            self._classes.append((f"event {record.name}", name))
        for record in sorted(module.errors, key=lambda record: record.name):
            self._error(record.name, record.fields)
        self._lines += ["", "", "CLASSES: Mapping[str, type] = {"]
        self._lines += [f"    {_text(key)}: {name}," for key, name in self._classes]
        self._lines += ["}"]
        for prefix in ("", "Async"):
            self._contract(prefix, functions, init)
        return "\n".join((self._head(), *self._lines)) + "\n"

    def _head(self) -> str:
        digits = self._code.hex()
        steps = [digits[start : start + _LINE_CHARACTERS] for start in range(0, len(digits), _LINE_CHARACTERS)]
        code = "\n".join(f'    "{step}"' for step in steps)
        name = self._module.name
        return (
            f'"""The contract {name}, made by `tael bind`; make it again, do not change it.\n\n'
            f"`{name}.at(ledger, address)` is the contract at an address, `{name}.deploy(ledger, …)` puts one there.\n"
            f'"""\n\n{_IMPORTS}\nCODE = bytes.fromhex(\n{code}\n)\nCODE_HASH = "{self._code_hash}"'
        )

    # Types.

    def _found(self, functions: Sequence[Function], init: Function | None) -> list[vm.Type]:
        """The structs and enums of the interface, each behind those that it is made of."""
        fields: list[vm.Type] = []
        for function in (*([init] if init else []), *functions):
            fields += [kind for _, kind in function.parameters] + ([function.result] if function.result else [])
        for record in (*self._module.events, *self._module.errors):
            fields += [kind for _, kind in record.fields]
        found: dict[vm.Type, None] = {}

        def look(kind: vm.Type) -> None:
            for part in vm.parts(kind):
                look(part)
            if isinstance(kind, vm.Struct | vm.Enum):
                found.setdefault(kind)

        for kind in fields:
            look(kind)
        return sorted(found, key=lambda kind: (_depth(kind), type_name(kind)))

    def _name(self, wanted: str, suffix: str = "") -> str:
        """A name that nothing else here has."""
        name = python_name(wanted)
        while name in self._names:
            name = f"{name}{suffix or '_'}"
        self._names.add(name)
        return name

    def _type(self, kind: vm.Type) -> None:
        assert isinstance(kind, vm.Struct | vm.Enum)
        name = self._kinds[kind] = self._name(kind.name, "Type")
        self._classes.append((kind.name, name))
        if isinstance(kind, vm.Struct):
            self._record(name, kind.fields, f"The struct {kind.name}.")
        elif any(payload for _, payload in kind.variants):
            self._lines += ["", "", f"class {name}:", f'    """The enum {kind.name}: one of the classes below."""']
            for variant, payload in kind.variants:
                own = self._name(f"{kind.name}{variant}")
                self._record(own, payload, f"The variant {kind.name}.{variant}.", name)
                self._classes.append((f"{kind.name}.{variant}", own))
        else:
            self._lines += ["", "", f"class {name}(Enum):", f'    """The enum {kind.name}."""', ""]
            self._lines += [f"    {python_name(variant)} = {tag}" for tag, (variant, _) in enumerate(kind.variants)]

    def _record(self, name: str, fields: Fields, says: str, base: str = "") -> None:
        self._lines += ["", "", "@dataclass(frozen=True)", f"class {name}{f'({base})' if base else ''}:", f'    """{says}"""']
        self._lines += [""] if fields else []
        self._lines += [f"    {python_name(field)}: {self._given(kind)}" for field, kind in fields]

    def _error(self, wanted: str, fields: Fields) -> None:
        name = self._name(wanted, "Error")
        self._lines += ["", "", f"class {name}(tael.ContractFailed):", f'    """The error {wanted}."""']
        self._lines += [""] if fields else []
        self._lines += [f"    {python_name(field)}: {self._given(kind)}" for field, kind in fields]
        self._classes.append((f"error {wanted}", name))

    def _given(self, kind: vm.Type) -> str:
        """The type of what the ledger gives."""
        match kind:
            case vm.Bool():
                return "bool"
            case vm.Int(name="Time"):
                return "datetime"
            case vm.Int(name="Duration"):
                return "timedelta"
            case vm.Int(name="Rate"):
                return "Decimal"
            case vm.Int():
                return "int"
            case vm.Amount() | vm.Coin() | vm.Vault():
                return "tael.Money"
            case vm.Address():
                return "tael.Address"
            case vm.Text():
                return "str"
            case vm.Bytes():
                return "bytes"
            case vm.List(element, _):
                return f"list[{self._given(element)}]"
            case vm.Tuple(items):
                return f"tuple[{', '.join(map(self._given, items))}]"
            case vm.Option(element):
                inner = f"tael.Some | {self._given(element)}" if isinstance(element, vm.Option) else self._given(element)
                return f"{inner.removesuffix(' | None')} | None"
            case vm.Struct() | vm.Enum():
                return self._kinds[kind]
        return "Any"

    def _taken(self, kind: vm.Type) -> str:
        """The type of what the ledger takes."""
        match kind:
            case vm.Int(name="Rate"):
                return "Decimal | int | str"
            case vm.Amount() | vm.Coin() | vm.Vault():
                return "tael.MoneyLike"
            case vm.Address():
                return "tael.AddressLike"
            case vm.List(element, _):
                return f"Sequence[{self._taken(element)}]"
            case vm.Tuple(items):
                return f"tuple[{', '.join(map(self._taken, items))}]"
            case vm.Option(element) if not isinstance(element, vm.Option):
                return f"{self._taken(element)} | None"
        return self._given(kind)

    # Functions.

    def _contract(self, prefix: str, functions: Sequence[Function], init: Function | None) -> None:
        module = self._module
        names = {}
        for function in functions:
            names[function.name] = self._name(f"{prefix}{_camel(function.name)}Function")
            self._function(names[function.name], function, "async " if prefix else "", "await " if prefix else "")
        own = f"{prefix}{python_name(module.name)}"
        says = f"The contract {module.name}{', awaited' if prefix else ''}."
        self._lines += ["", "", f"class {own}(tael.Contract):", f'    """{says}"""', ""]
        self._lines += [
            f"    NAME = {_text(module.name)}",
            "    CODE = CODE",
            "    CODE_HASH = CODE_HASH",
            "    CLASSES = CLASSES",
        ]
        self._lines += ["    FUNCTIONS: ClassVar[Mapping[str, type[tael.Read] | type[tael.Write]]] = {"]
        self._lines += [f"        {_text(function)}: {name}," for function, name in names.items()]
        self._lines += ["    }"]
        for function in functions:
            attribute = f"{function.name}_" if function.name in _OWN else python_name(function.name)
            self._lines.append(f"    {attribute}: {names[function.name]}")
        ledger = "tael.AsyncLedger" if prefix else "tael.BlockingLedger"
        asynchronous, wait = ("async ", "await ") if prefix else ("", "")
        parameters = () if init is None else init.parameters
        self._lines += [
            "",
            "    @classmethod",
            f"    {asynchronous}def at(cls, ledger: {ledger}, address: tael.AddressLike) -> {own}:",
            '        """The contract at an address; another one there is refused."""',
            f"        found: {own} = {wait}ledger.contract(cls, address)",
            "        return found",
            "",
            "    @classmethod",
        ]
        head = f"{asynchronous}def deploy"
        self._method(head, ["cls", f"ledger: {ledger}"], parameters, own, "currency: str | None = None")
        order = "".join(f"{_parameter(name)}, " for name, _ in parameters)
        self._lines += [
            '        """Put one on the ledger."""',
            f"        made: {own} = {wait}ledger.deploy(cls, {order}currency=currency, **terms)",
            "        return made",
        ]

    def _function(self, name: str, function: Function, asynchronous: str, wait: str) -> None:
        writes = function.kind is Kind.PUBLIC
        shown = f"{function.name}({', '.join(f'{p}: {type_name(kind)}' for p, kind in function.parameters)})"
        self._lines += ["", "", f"class {name}(tael.{'Write' if writes else 'Read'}):", f'    """`{shown}`"""']
        value = "None" if function.result is None else self._given(function.result)
        order = ", ".join(_parameter(parameter) for parameter, _ in function.parameters)
        if not writes:
            self._lines += [""]
            self._method(f"{asynchronous}def __call__", ["self"], function.parameters, value)
            self._lines += [f"        _done: {value} = {wait}super().__call__({order})", "        return _done"]
            return
        order = f"({order},)" if len(function.parameters) == 1 else f"({order})"
        verbs = (
            ("__call__", "call", f"tael.CallReceipt[{value}]"),
            ("submit", "submit", f"tael.Pending[{value}]"),
            ("simulate", "simulate", f"tael.CallReceipt[{value}]"),
            ("estimate", "estimate", "tael.Estimate"),
            ("trace", "trace", "dict[str, Any]"),
        )
        for method, verb, gives in verbs:
            self._lines += [""]
            self._method(f"{asynchronous}def {method}", ["self"], function.parameters, gives, "")
            self._lines += [f'        _done: {gives} = {wait}self._carry_out("{verb}", {order}, terms)', "        return _done"]

    def _method(self, head: str, first: Sequence[str], parameters: Fields, gives: str, terms: str | None = None) -> None:
        """The head of a method; with `terms` it takes those of a transaction too."""
        taken = [f"{_parameter(name)}: {self._taken(kind)}" for name, kind in parameters]
        more = [] if terms is None else [*(["*", terms] if terms else []), "**terms: Unpack[tael.Terms]"]
        every = [*first, *taken, *more]
        line = f"    {head}({', '.join(every)}) -> {gives}:"
        if len(line) <= _LINE_CHARACTERS:
            self._lines.append(line)
        else:
            self._lines += [
                f"    {head}(",
                *[f"        {one}," for one in every[:-1]],
                f"        {every[-1]},",
                f"    ) -> {gives}:",
            ]


def _depth(kind: vm.Type) -> int:
    return 1 + max(map(_depth, vm.parts(kind)), default=0)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _parameter(name: str) -> str:
    """A parameter's name; all are passed on by their order."""
    return f"{name}_" if name in _NAMED else python_name(name)


def _text(text: str) -> str:
    """A literal, in double quotes; names of contracts have none in them."""
    return f'"{text}"'
