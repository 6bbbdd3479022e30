"""Transactions in words: who does what, with arguments by the types of the contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kit.receipts import Book
from kit.values import show_address, show_money, show_value

if TYPE_CHECKING:
    from chain.primitives.edits import SetSlot
    from chain.primitives.transaction import Action, Call, Deploy, Transaction
    from vm.module import Function
    from vm.types import Type

_ACTIONS_SHOWN_MAX = 3  # of one transaction; the others are counted


def show_actions(book: Book, transaction: Transaction) -> str:
    """What a transaction asks for, in one line."""
    actions = transaction.body.actions
    shown = [show_action(book, action) for action in actions[:_ACTIONS_SHOWN_MAX]]
    if len(actions) > len(shown):
        shown.append(f"and {len(actions) - len(shown)} more")
    return "; ".join(shown)


def show_action(book: Book, action: Action) -> str:
    """One action: `pays 25.00 CNY to bob`, `Escrow.fund(money: 100.00 CNY)`."""
    from chain.primitives.edits import SetBalance, SetSequence, SetSlot
    from chain.primitives.transaction import Call, Deploy, Grant, OpenWallet, Pay, Revoke, SetPolicy, SetRules

    match action:
        case Pay(to, currency, amount):
            return f"pays {show_money(amount, currency, book.setting())} to {_name(book, to)}"
        case Call():
            return _show_call(book, action)
        case Deploy():
            return _show_deploy(book, action)
        case OpenWallet():
            return "opens a wallet"
        case SetRules(wallet, rules):
            return f"sets {len(rules)} rules of {_name(book, wallet)}"
        case SetPolicy(wallet, _):
            return f"sets who signs for {_name(book, wallet)}"
        case Grant(session, _, _, _):
            return f"grants session {session.hex()[:8]}…"
        case Revoke(session):
            return f"revokes session {session.hex()[:8]}…"
        case SetBalance(wallet, currency, amount):
            return f"{_name(book, wallet)} holds {show_money(amount, currency, book.setting())}"
        case SetSequence(wallet, lane, sequence):
            return f"lane {lane} of {_name(book, wallet)} goes on at {sequence}"
        case SetSlot():
            return _show_slot(book, action)


def show_function(book: Book, function: Function, values: tuple[Any, ...], currency: str) -> str:
    """A function with its arguments."""
    setting = book.setting(currency)
    pairs = zip(function.parameters, values, strict=False)
    return f"{function.name}({', '.join(f'{name}: {show_value(value, kind, setting)}' for (name, kind), value in pairs)})"


def _show_call(book: Book, call: Call) -> str:
    if not book.is_contract(call.contract):
        return f"{_name(book, call.contract)}.{call.function}(…)"
    contract = book.contract(call.contract)
    function = next((one for one in contract.module.functions if one.name == call.function), None)
    values = None if function is None else _arguments(function, call.arguments)
    if function is None or values is None:
        return f"{contract.module.name}.{call.function}(…)"
    return f"{contract.module.name}.{show_function(book, function, values, contract.currency)}"


def _show_deploy(book: Book, deploy: Deploy) -> str:
    from vm.codec import decode_module
    from vm.illegal import Illegal
    from vm.module import Kind

    try:
        module = decode_module(deploy.module)
    except Illegal:
        return "deploys what is no module"
    init = next((one for one in module.functions if one.kind is Kind.INIT), None)
    values = None if init is None else _arguments(init, deploy.arguments)
    shown = "()" if init is None or values is None else show_function(book, init, values, deploy.currency)[len(init.name) :]
    return f"deploys {module.name}{shown}"


def _show_slot(book: Book, edit: SetSlot) -> str:
    from vm.types import Map, Set

    if not book.is_contract(edit.contract):
        return f"a slot of {_name(book, edit.contract)} is set"
    contract = book.contract(edit.contract)
    module = contract.module
    if edit.field < 0:
        return f"{module.name} is in another phase"
    if edit.field >= len(module.fields):
        return f"{module.name} has no field {edit.field}"
    name, kind = module.fields[edit.field]
    key = ""
    if isinstance(kind, Map | Set) and edit.key is not None:
        key = f"[{_encoded(book, kind.key, edit.key, contract.currency)}]"
    value_kind = kind.value if isinstance(kind, Map) else kind
    value = "empty" if edit.value is None else _encoded(book, value_kind, edit.value, contract.currency)
    return f"{module.name}.{name}{key} = {'there' if isinstance(kind, Set) and edit.value is not None else value}"


def _encoded(book: Book, kind: Type, data: bytes, currency: str) -> str:
    from vm.failure import Failure
    from vm.types import Amount, Set, Vault
    from vm.values import decode

    if isinstance(kind, Set):
        return ""
    try:
        value = decode(kind, data)
    except Failure:
        return "?"
    return show_value(value, Amount(kind.currency) if isinstance(kind, Vault) else kind, book.setting(currency))


def _arguments(function: Function, encoded: bytes) -> tuple[Any, ...] | None:
    from vm.failure import Failure
    from vm.values import decode_arguments

    try:
        return decode_arguments([kind for _, kind in function.parameters], encoded)
    except Failure:
        return None


def _name(book: Book, address: bytes) -> str:
    return show_address(address, book.setting())
