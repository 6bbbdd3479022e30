"""Hypothesis strategies from the types of contracts: values as Python programs write them, edges among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

import vm.types as vm
from chain.client.handles import Contract, Read, Write
from chain.client.interface import Interface, parameter_name
from chain.client.money import Address, Money, MoneyLike, money_of
from chain.client.values import Some, Values, python_name
from chain.primitives.refusal import Refusal, Refused
from kit.pytesting.lab import NAMES, Wallet, current
from kit.pytesting.telling import source
from vm.module import Function, Kind, Module

AMOUNT_UNITS = 1_000_000
"""The most whole units of money that are chosen where nothing else is said: what a named wallet holds."""
_TIME_MS_MAX = 4_102_444_800_000  # the year 2100: later times are among the edges only
_DURATION_MS_MAX = 10 * 365 * 86_400_000
_DURATIONS_MS = (0, 1, 1000, 3_600_000, 86_400_000, 30 * 86_400_000, 365 * 86_400_000)
_DECIMALS = {"CNY": 2}

Dictionary = Mapping[vm.Type, tuple[Any, ...]]


def of(what: Any, function: str | None = None, *, senders: Sequence[str] = NAMES) -> st.SearchStrategy[Any]:
    """Values of a type (`"u128"`, `tael.AMOUNT`), or the arguments of a function, by name: `of(token.transfer)`, or before there
    is a handle `of(compiled, "transfer")`. Coins are at most what a named wallet holds. Raises `Refusal` WrongArguments.
    """
    if isinstance(what, Read | Write):
        interface = what._contract.interface
        return Chooser(interface.values, dictionary(interface.module), senders).arguments(what._function)
    if function is not None:
        module: Module = getattr(what, "module", what)
        found = next((one for one in module.functions if one.name == function), None)
        if found is None:
            raise Refusal(Refused.WRONG_ARGUMENTS, f"{module.name} has no function {function}")
        return Chooser(Values(module.currency or "CNY", _DECIMALS), dictionary(module), senders).arguments(found)
    kind = _SCALARS.get(what) if isinstance(what, str) else what
    if kind is None or isinstance(kind, type | Contract):
        known = ", ".join(_SCALARS)
        raise Refusal(
            Refused.WRONG_ARGUMENTS, f"{what!r} is no type", f"Give a function of a contract, a type, or one of {known}."
        )
    return Chooser(Values("CNY", _DECIMALS), {}, senders).value(kind)


def amounts(*, up_to: MoneyLike, at_least: MoneyLike = 0, currency: str = "CNY") -> st.SearchStrategy[Money]:
    """Money from one amount to another, both included, with the ends and their neighbours among them. A number is one of whole
    units.
    """
    high = money_of(up_to, {currency: _DECIMALS.get(currency, 2)}, currency)
    low = money_of(at_least, {currency: high.decimals}, currency)
    return _integers(low.minor, high.minor).map(lambda minor: Money(minor, currency, high.decimals))


def wallets(count: int = 3) -> st.SearchStrategy[Wallet]:
    """One of the first named wallets."""
    return st.sampled_from(NAMES[:count]).map(lambda name: current().wallets[name])


def durations(up_to: timedelta = timedelta(days=3650)) -> st.SearchStrategy[timedelta]:
    """Times that pass, in milliseconds."""
    most = up_to // timedelta(milliseconds=1)
    return _integers(0, most, [edge for edge in _DURATIONS_MS if edge <= most]).map(lambda ms: timedelta(milliseconds=ms))


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call that may be made: `invocation()` makes it, and gives the receipt."""

    contract: Contract
    function: str
    arguments: Mapping[str, Any]
    sender: Wallet

    def __call__(self, **terms: Any) -> Any:
        return self.contract.function(self.function)(**self.arguments, sender=self.sender, **terms)

    def __repr__(self) -> str:
        return invocation_source(self.contract.interface.module.name.lower(), self.function, self.arguments, self.sender)


def calls(contract: Contract, *functions: str, senders: int = 3) -> st.SearchStrategy[Invocation]:
    """Calls of a contract's public functions, or of some of them, by the first named wallets."""
    interface = contract.interface
    chooser = Chooser(interface.values, dictionary(interface.module), NAMES[:senders])
    chosen = [function for function in public_functions(interface) if not functions or function.name in functions]
    if not chosen:
        raise Refusal(Refused.WRONG_ARGUMENTS, f"{interface.module.name} has no public function {', '.join(functions)}")

    def one(function: Function) -> st.SearchStrategy[Invocation]:
        return st.builds(Invocation, st.just(contract), st.just(function.name), chooser.arguments(function), wallets(senders))

    return st.one_of(*map(one, chosen))


def public_functions(interface: Interface) -> list[Function]:
    """What may be called."""
    return [function for function in interface.functions.values() if function.kind is Kind.PUBLIC]


def dictionary(module: Module) -> Dictionary:
    """The constants of a module by their types, with their neighbours: where code compares, that is where it may be wrong."""
    found: dict[vm.Type, dict[Any, None]] = {}
    for constant in module.constants:
        values: Iterable[Any] = [constant.value]
        if isinstance(constant.type, vm.Int | vm.Amount) and isinstance(constant.value, int):
            low, high = vm.bounds(constant.type)
            values = [value for value in (constant.value, constant.value - 1, constant.value + 1) if low <= value <= high]
        found.setdefault(constant.type, {}).update(dict.fromkeys(values))
    return {kind: tuple(values) for kind, values in found.items()}


def invocation_source(name: str, function: str, arguments: Mapping[str, Any], sender: Any) -> str:
    """The call as it would stand in a test."""
    given = [f"{parameter}={source(value)}" for parameter, value in arguments.items()]
    return f"{name}.{python_name(function)}({', '.join([*given, f'sender={source(sender)}'])})"


class Chooser:
    """Strategies for the values of one contract."""

    def __init__(self, values: Values, constants: Dictionary, senders: Sequence[str], coin_minor_max: int | None = None) -> None:
        """`constants` are more edges by type; `senders` the names of the wallets that addresses are mostly of."""
        self._values = values
        self._constants = constants
        self._senders = tuple(senders)
        self._coin_minor_max = coin_minor_max

    def arguments(self, function: Function) -> st.SearchStrategy[dict[str, Any]]:
        """The arguments of a function by their names in Python."""
        return st.fixed_dictionaries(self.parameters(function))

    def parameters(self, function: Function) -> dict[str, st.SearchStrategy[Any]]:
        """A strategy for each parameter."""
        return {parameter_name(name): self.value(kind) for name, kind in function.parameters}

    def value(self, kind: vm.Type) -> st.SearchStrategy[Any]:
        """Every value of a plain type or a coin, simple ones first when it is shrunk."""
        match kind:
            case vm.Bool():
                return st.booleans()
            case vm.Int(name="Time"):
                return self._number(kind, _TIME_MS_MAX).map(self._python(kind))
            case vm.Int(name="Duration"):
                return self._number(kind, _DURATION_MS_MAX, _DURATIONS_MS).map(self._python(kind))
            case vm.Int(name="Rate"):
                return self._number(kind, vm.RATE_ONE).map(self._python(kind))
            case vm.Int():
                return self._number(kind, kind.high)
            case vm.Amount():
                return self._number(kind, self._coin_max(kind)).map(self._python(kind))
            case vm.Coin():
                return self._coin(kind)
            case vm.Address():
                named = st.sampled_from(self._senders).map(lambda name: current().wallets[name])
                strange = st.binary(min_size=vm.ADDRESS_BYTES, max_size=vm.ADDRESS_BYTES).map(Address)
                return st.one_of(named, named, named, strange)
            case vm.Text(most):
                letters = st.characters(codec="utf-8")
                return st.text(letters, max_size=most).filter(lambda text: len(text.encode()) <= most)
            case vm.Bytes(most):
                return st.binary(max_size=most)
        return self._compound(kind)

    def _compound(self, kind: vm.Type) -> st.SearchStrategy[Any]:
        match kind:
            case vm.List(element, most):
                return st.lists(self.value(element), max_size=most)
            case vm.Option(element):
                inner = self.value(element)
                return st.one_of(st.none(), inner.map(Some) if isinstance(element, vm.Option) else inner)
            case vm.Tuple(items):
                return st.tuples(*map(self.value, items))
            case vm.Struct(_, fields):
                return st.builds(self._values.class_of(kind), *(self.value(item) for _, item in fields))
            case vm.Enum(_, variants):
                return st.one_of(*(self._variant(kind, tag) for tag in range(len(variants))))
        raise Refusal(Refused.WRONG_ARGUMENTS, f"values of {vm.type_name(kind)} are not given from outside")

    def _variant(self, kind: vm.Enum, tag: int) -> st.SearchStrategy[Any]:
        _, payload = kind.variants[tag]
        if not payload:
            return st.just(self._values.to_python(kind, (tag,)))
        member = getattr(self._values.class_of(kind), python_name(kind.variants[tag][0]))
        return st.builds(member, *(self.value(item) for _, item in payload))

    def _number(self, kind: vm.Int | vm.Amount, usual_max: int, edges: Sequence[int] = ()) -> st.SearchStrategy[int]:
        low, high = vm.bounds(kind)
        more = [edge for edge in (*edges, *self._constants.get(kind, ()), high, high - 1) if low <= edge <= high]
        return _integers(low, min(high, usual_max), more)

    def _coin(self, kind: vm.Coin) -> st.SearchStrategy[Money]:
        most = self._coin_max(kind)
        constants = [edge for edge in self._constants.get(vm.Amount(kind.currency), ()) if edge <= most]
        return _integers(0, most, constants).map(self._python(vm.Amount(kind.currency)))

    def _coin_max(self, kind: vm.Coin | vm.Amount) -> int:
        if self._coin_minor_max is not None:
            return self._coin_minor_max
        currency = kind.currency or self._values.home or ""
        return int(AMOUNT_UNITS * 10 ** self._values.decimals.get(currency, 0))

    def _python(self, kind: vm.Type) -> Callable[[Any], Any]:
        def convert(value: Any) -> Any:
            return self._values.to_python(kind, value)

        convert.__name__ = vm.type_name(kind)  # Hypothesis shows it before the number that was chosen
        return convert


def _integers(low: int, high: int, more: Sequence[int] = ()) -> st.SearchStrategy[int]:
    """Numbers in bounds, and edges, some of which may be out of them."""
    ends = [edge for edge in (low, low + 1, 0, 1, high - 1, high) if low <= edge <= high]
    edges = sorted({*ends, *more}, key=abs)
    return st.one_of(st.integers(low, high), st.sampled_from(edges))


_SCALARS: dict[str, vm.Type] = {vm.type_name(kind): kind for kind in vm.SCALARS if not isinstance(kind, vm.Vault)}
