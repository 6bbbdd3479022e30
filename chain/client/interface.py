"""What a contract takes and gives, in Python's terms: functions, events and errors of its module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import vm.types as vm
from chain.client.money import Address, Money, Several, money_of, several
from chain.client.values import Values, python_name, record_class, show
from chain.primitives.address import ADDRESS_BYTES
from chain.primitives.codec import decode
from chain.primitives.receipt import Error
from chain.primitives.refusal import Refusal, Refused
from vm.failure import Failure
from vm.module import Function, Kind, Module, Record
from vm.types import type_name
from vm.values import decode as decode_value
from vm.values import decode_arguments, encode_arguments

TERM_NAMES = "sender coins max_spend gas gas_price expiry_ms expiry_height memo wait_seconds check currency".split()
"""What the terms of a transaction are called (`handles.Terms`), `coins`, and the `currency` of a deployment."""
ENTERED = (Kind.PUBLIC, Kind.VIEW, Kind.PURE)
"""What can be called or read from outside."""


class ContractFailed(Exception):
    """A contract, or the machine below it, said no: `name` and `fields` are those of its error, which are attributes too.

    `contract` is where it came from, None for the ledger. `receipt` is that of the transaction if one was sent: it has cost its
    fee. Errors of a contract are subclasses (`contract.errors`), so they can be caught by kind.
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Any],
        contract: Address | None = None,
        *,
        action: int | None = None,
        module: str = "",
    ) -> None:
        shown = ", ".join(f"{field}: {show(value)}" for field, value in fields.items())
        super().__init__(f"{module + '.' if module else ''}{name}({shown})")
        self.name = name
        self.fields = dict(fields)
        self.contract = contract
        self.action = action
        self.receipt: Any = None

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["fields"][name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True, slots=True)
class Encoded:
    """The arguments of a call, and what money is among them."""

    arguments: bytes
    attached: tuple[Money, ...]


class Interface:
    """A module in a home currency, with the Python classes of its types, events and errors."""

    def __init__(self, module: Module, values: Values, classes: Mapping[str, type] | None = None) -> None:
        """`classes` has events (`event Name`) and errors (`error Name`) where `tael bind` made them."""
        given = classes or {}
        self.module = module
        self.values = values
        self.functions = {python_name(function.name): function for function in module.functions if function.kind in ENTERED}
        self.events = {r.name: given.get(f"event {r.name}") or record_class(r.name, r.fields) for r in module.events}
        self.errors: dict[str, type[ContractFailed]] = {
            r.name: given.get(f"error {r.name}") or type(python_name(r.name), (ContractFailed,), {}) for r in module.errors
        }

    @property
    def init(self) -> Function | None:
        """What runs at deployment."""
        return next((function for function in self.module.functions if function.kind is Kind.INIT), None)

    def encode(
        self,
        function: Function | None,
        arguments: Sequence[Any],
        named: Mapping[str, Any],
        coins: Several | None = None,
    ) -> Encoded:
        """The arguments of a function, by order, name, or as `coins` that fill its parameters of type `Coin`. Raises `Refusal`
        WrongArguments that names the parameter and shows the signature.
        """
        parameters = () if function is None else function.parameters
        name = self.module.name if function is None else function.name
        given = _arrange(signature(name, parameters), parameters, arguments, named, coins)
        made: list[Any] = []
        attached: list[Money] = []
        for parameter, kind in parameters:
            try:
                value = self.values.to_machine(kind, given[parameter])
            except Refusal as refusal:
                message = f"{name}: {parameter}: {refusal.message}"
                remedy = f"Its signature is {signature(name, parameters)}."
                raise Refusal(Refused.WRONG_ARGUMENTS, message, remedy, parameter=parameter, **refusal.data) from None
            made.append(value)
            if isinstance(kind, vm.Coin):
                attached.append(Money(value.amount, value.currency, self.values.decimals[value.currency]))
        return Encoded(encode_arguments([kind for _, kind in parameters], made), tuple(attached))

    def result(self, function: Function, encoded: bytes | None) -> Any:
        """What a function gave, None if nothing. Raises `Refusal` WrongProof if it is not of its type."""
        if function.result is None or encoded is None:
            return None
        try:
            return self.values.to_python(function.result, decode_value(function.result, encoded))
        except Failure:
            raise Refusal(Refused.WRONG_PROOF, f"the node gave no {type_name(function.result)}") from None

    def event(self, number: int, payload: bytes) -> Any:
        """The event of a payload. Raises `Refusal` WrongProof if it is none of the contract's."""
        try:
            record = self.module.events[number]
            return self.events[record.name](*self._fields(record, payload).values())
        except (IndexError, Failure):
            raise Refusal(Refused.WRONG_PROOF, "the node gave an event that the contract does not have") from None

    def failed(self, error: Error) -> ContractFailed:
        """The exception of an error that came from this contract."""
        record = next((record for record in self.module.errors if record.name == error.name), None)
        try:
            fields = None if record is None else self._fields(record, error.payload)
        except Failure:
            fields = None
        if fields is None:
            return failed_elsewhere(error, self.values.decimals, self.module.name)
        place = None if error.contract is None else Address(error.contract)
        return self.errors[error.name](error.name, fields, place, action=error.action, module=self.module.name)

    def _fields(self, record: Record, payload: bytes) -> dict[str, Any]:
        values = decode_arguments([kind for _, kind in record.fields], payload)
        pairs = zip(record.fields, values, strict=True)
        return {python_name(name): self.values.to_python(kind, value) for (name, kind), value in pairs}


_LEDGER_FIELDS = {
    "InsufficientFunds": ("have", "want"),
    "SpendingLimit": ("limit", "spent"),
    "NoWallet": ("wallet",),
    "NoContract": ("contract_asked",),
    "SessionLimit": ("what", "currency", "limit", "wanted"),
}
"""The names of the values of errors that no contract declares; of others they are `value0`, `value1` and so on."""


def failed_elsewhere(error: Error, decimals: Mapping[str, int], module: str = "") -> ContractFailed:
    """The exception of an error of the machine or of the ledger, whose values have no types of their own. Numbers behind the code
    of a currency are amounts of it.
    """
    plain = decode(error.payload)
    values: list[Any] = plain if isinstance(plain, list) else []
    code = values[0] if values and isinstance(values[0], str) and values[0] in decimals else None
    if code is not None and len(values) > 1 and all(type(value) is int for value in values[1:]):
        values = [Money(value, code, decimals[code]) for value in values[1:]]
    values = [Address(value) if isinstance(value, bytes) and len(value) == ADDRESS_BYTES else value for value in values]
    names = _LEDGER_FIELDS.get(error.name, ())
    fields = {names[n] if n < len(names) else f"value{n}": value for n, value in enumerate(values)}
    place = None if error.contract is None else Address(error.contract)
    return ContractFailed(error.name, fields, place, action=error.action, module=module)


def signature(name: str, parameters: Sequence[tuple[str, vm.Type]]) -> str:
    """`transfer(to: Address, amount: u128)`."""
    return f"{name}({', '.join(f'{parameter}: {type_name(kind)}' for parameter, kind in parameters)})"


def parameter_name(name: str) -> str:
    """A parameter's name in Python: with an underscore behind it where terms of a transaction have it."""
    return f"{name}_" if name in TERM_NAMES else python_name(name)


def _arrange(
    shown: str,
    parameters: Sequence[tuple[str, vm.Type]],
    arguments: Sequence[Any],
    named: Mapping[str, Any],
    coins: Several | None,
) -> dict[str, Any]:
    """The value of each parameter by its name in the module."""
    names = {parameter_name(name): name for name, _ in parameters}
    given: dict[str, Any] = {}
    for name, value in named.items():
        if name not in names:
            raise _misfit(f"there is no parameter {name}", shown)
        given[names[name]] = value
    listed = several(coins)
    purses = [name for name, kind in parameters if isinstance(kind, vm.Coin) and name not in given]
    if len(listed) > len(purses):
        raise _misfit(f"coins are given for {len(listed)} parameters, and {len(purses)} take some", shown)
    given.update(zip(purses, listed, strict=False))
    free = [name for name, _ in parameters if name not in given]
    if len(arguments) > len(free):
        raise _misfit(f"{len(arguments)} arguments are too many", shown)
    given.update(zip(free, arguments, strict=False))
    lacking = [name for name, _ in parameters if name not in given]
    if lacking:
        raise _misfit(f"{', '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing", shown)
    return given


def _misfit(why: str, shown: str) -> Refusal:
    return Refusal(Refused.WRONG_ARGUMENTS, f"{shown.partition('(')[0]}: {why}", f"Its signature is {shown}.")


def limits_of(
    attached: Sequence[Money], max_spend: Several | None, decimals: Mapping[str, int], meant: str
) -> tuple[tuple[str, int], ...]:
    """The spending limits of a transaction: what was said, else what is attached to its calls. Raises `Refusal` WrongAmount."""
    if max_spend is None:
        said: Sequence[Money] = attached
    else:
        said = [money_of(one, decimals, meant) for one in several(max_spend)]
    sums: dict[str, int] = {}
    for money in said:
        sums[money.currency] = sums.get(money.currency, 0) + money.minor
    return tuple(sorted(sums.items()))
