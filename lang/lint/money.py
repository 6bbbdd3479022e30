"""Money that moves: L03xx."""

from __future__ import annotations

from collections.abc import Iterator

from lang import ast
from lang.catalogue.entry import Entry
from lang.diagnostics import Diagnostic, Edit
from lang.lint.subject import Rule, Subject, calls_builtin, functions_of, is_open, is_sender, nodes_of, with_invoked
from lang.symbols import FunctionSymbol, Local, Method
from vm import types as vm


def silent_payments(subject: Subject) -> Iterator[Diagnostic]:
    """Public functions that pay and emit nothing."""
    for contract in subject.contracts:
        for function in functions_of(contract):
            nodes = list(nodes_of(with_invoked(function)))
            pays = any(calls_builtin(node, "pay") for node in nodes) or isinstance(function.result, vm.Coin)
            if function.kind == "pub" and pays and not any(isinstance(node, ast.Emit) for node in nodes):
                name = function.declaration.name
                yield subject.finding("L0301", f"`{name.text}` pays money out and emits no event", name.span)


def open_payouts(subject: Subject) -> Iterator[Diagnostic]:
    """Functions open to anyone that pay the contract's money to whom the caller names."""
    for contract in subject.contracts:
        for function in functions_of(contract):
            if not is_open(function):
                continue
            chosen = _chosen_by_caller(function)
            nodes = list(nodes_of(with_invoked(function)))
            from_vault = any(_method(node) in (Method("vault", "take"), Method("vault", "take_all")) for node in nodes)
            if not from_vault or any(calls_builtin(node, "verify_ed25519") for node in nodes) or _asks_sender(nodes):
                continue
            for node in nodes:
                if isinstance(node, ast.Call) and calls_builtin(node, "pay"):
                    to = node.arguments[0].value
                    if isinstance(to, ast.Name) and to.ref in chosen:
                        message = f"anyone may have money of the contract paid to a wallet of their choice, by `{function.name}`"
                        yield subject.finding("L0302", message, node.span)


def _chosen_by_caller(function: FunctionSymbol) -> set[Local]:
    """The addresses that a caller chooses: parameters, and those of private functions they are handed to."""
    chosen = {local for local in function.locals[: len(function.parameters)] if local.type == vm.ADDRESS}
    for inner in with_invoked(function):
        for node in nodes_of([inner]):
            callee = node.ref if isinstance(node, ast.Call) else None
            if isinstance(callee, FunctionSymbol):
                assert isinstance(node, ast.Call)
                for local, argument in zip(callee.locals, node.arguments, strict=False):
                    if isinstance(argument.value, ast.Name) and argument.value.ref in chosen and argument.name is None:
                        chosen.add(local)
    return chosen


def _asks_sender(nodes: list[ast.Node]) -> bool:
    """Whether who calls decides anything: outside of events, `sender` is looked at."""
    told = {id(inner) for node in nodes if isinstance(node, ast.Emit) for inner in ast.walk(node)}
    return any(is_sender(node) and id(node) not in told for node in nodes)


def _method(node: ast.Node) -> Method | None:
    return node.ref if isinstance(node, ast.Call) and isinstance(node.ref, Method) else None


def favours_the_payer(subject: Subject) -> Iterator[Diagnostic]:
    """What is paid out is rounded up, or what must be paid in is rounded down."""
    for contract in subject.contracts:
        for function in functions_of(contract):
            values = _values(function)
            for node in nodes_of([function]):
                if isinstance(node, ast.Call) and node.ref == Method("vault", "take"):
                    yield from _rounded(
                        subject, node.arguments[0].value, values, "up", "down", "more than its share leaves the vault"
                    )
                elif isinstance(node, ast.Require) and isinstance(node.condition, ast.Binary):
                    for one, other in ((node.condition.left, node.condition.right), (node.condition.right, node.condition.left)):
                        if _is_paid_in(one, function):
                            yield from _rounded(subject, other, values, "down", "up", "less than its share is paid in")


def _is_paid_in(node: ast.Expression, function: FunctionSymbol) -> bool:
    """Whether a value is the amount of a coin that the caller brings."""
    if not isinstance(node, ast.Attribute) or node.name.text != "amount" or not isinstance(node.value, ast.Name):
        return False
    return node.value.ref in function.locals[: len(function.parameters)] and isinstance(node.value.type, vm.Coin)


def _values(function: FunctionSymbol) -> dict[Local, ast.Expression]:
    """What each `let` of one name stands for."""
    return {
        node.names[0].ref: node.value
        for node in nodes_of([function])
        if isinstance(node, ast.Let) and len(node.names) == 1 and isinstance(node.names[0].ref, Local)
    }


def _rounded(
    subject: Subject, value: ast.Expression, values: dict[Local, ast.Expression], wrong: str, right: str, says: str
) -> Iterator[Diagnostic]:
    """Roundings the wrong way in a value, in the `let`s it comes from and in what the functions it calls give."""
    waiting: list[ast.Expression] = [value]
    seen: set[int] = set()
    while waiting:
        for node in ast.walk(waiting.pop()):
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, ast.Name) and node.ref in values:
                waiting.append(values[node.ref])
            word: ast.Identifier | ast.Name | None = node.rounding if isinstance(node, ast.Binary) else None
            if isinstance(node, ast.Call) and calls_builtin(node, "mul_div"):
                last = node.arguments[-1].value
                word = last if isinstance(last, ast.Name) else None
            elif isinstance(node, ast.Call) and isinstance(node.ref, FunctionSymbol) and node.ref.source is subject.source:
                waiting += [r.value for r in nodes_of([node.ref]) if isinstance(r, ast.Return) and r.value is not None]
            if word is not None and word.text == wrong:
                edit = Edit(word.span, right, f"round {right}")
                yield subject.finding(
                    "L0303", f"rounded {wrong}, {says}", word.span, edit=edit, notes=(("it counts here", value.span),)
                )


RULES = [
    Rule(
        "L0301",
        Entry(
            "money is paid without an event",
            "The ledger keeps what moved, but not why. Whoever follows the contract learns of it by an event.",
            "contract Jar:\n"
            "    owner: Address\n"
            "    money: Vault\n"
            "\n"
            "    init():\n"
            "        self.owner = sender\n"
            "\n"
            "    pub fn save(coin: Coin) by anyone:\n"
            "        self.money.put(coin)\n"
            "\n"
            "    pub fn empty() by self.owner:\n"
            "        pay(self.owner, self.money.take_all())\n",
            "contract Jar:\n"
            "    owner: Address\n"
            "    money: Vault\n"
            "\n"
            "    event Emptied(amount: Amount)\n"
            "\n"
            "    init():\n"
            "        self.owner = sender\n"
            "\n"
            "    pub fn save(coin: Coin) by anyone:\n"
            "        self.money.put(coin)\n"
            "\n"
            "    pub fn empty() by self.owner:\n"
            "        emit Emptied(self.money.amount)\n"
            "        pay(self.owner, self.money.take_all())\n",
        ),
        silent_payments,
    ),
    Rule(
        "L0302",
        Entry(
            "anyone may have money paid to whom they like",
            "The function is open to everyone, takes money out of a vault and pays it to an address that the caller gives, and "
            "nothing in it asks who the caller is.",
            "contract Jar:\n"
            "    money: Vault\n"
            "\n"
            "    event Paid(to: Address, amount: Amount)\n"
            "\n"
            "    pub fn save(coin: Coin) by anyone:\n"
            "        self.money.put(coin)\n"
            "\n"
            "    pub fn empty(to: Address) by anyone:\n"
            "        emit Paid(to, self.money.amount)\n"
            "        pay(to, self.money.take_all())\n",
            "contract Jar:\n"
            "    owner: Address\n"
            "    money: Vault\n"
            "\n"
            "    event Paid(to: Address, amount: Amount)\n"
            "\n"
            "    init():\n"
            "        self.owner = sender\n"
            "\n"
            "    pub fn save(coin: Coin) by anyone:\n"
            "        self.money.put(coin)\n"
            "\n"
            "    pub fn empty(to: Address) by self.owner:\n"
            "        emit Paid(to, self.money.amount)\n"
            "        pay(to, self.money.take_all())\n",
        ),
        open_payouts,
    ),
    Rule(
        "L0303",
        Entry(
            "rounding favours the payer",
            "A contract that rounds up what it pays, or rounds down what it is paid, loses the difference each time, and whoever "
            "repeats it often enough drains it.",
            "contract Shop:\n"
            "    owner: Address\n"
            "    fee: Rate\n"
            "    money: Vault\n"
            "\n"
            "    event Collected(amount: Amount)\n"
            "    error WrongMoney\n"
            "\n"
            "    init(fee: Rate):\n"
            "        self.owner = sender\n"
            "        self.fee = fee\n"
            "\n"
            "    pub fn pay_in(price: Amount, money: Coin) by anyone:\n"
            "        require money.amount == price * self.fee rounded down else WrongMoney\n"
            "        self.money.put(money)\n"
            "\n"
            "    pub fn collect() by self.owner:\n"
            "        emit Collected(self.money.amount)\n"
            "        pay(self.owner, self.money.take_all())\n",
            "contract Shop:\n"
            "    owner: Address\n"
            "    fee: Rate\n"
            "    money: Vault\n"
            "\n"
            "    event Collected(amount: Amount)\n"
            "    error WrongMoney\n"
            "\n"
            "    init(fee: Rate):\n"
            "        self.owner = sender\n"
            "        self.fee = fee\n"
            "\n"
            "    pub fn pay_in(price: Amount, money: Coin) by anyone:\n"
            "        require money.amount == price * self.fee rounded up else WrongMoney\n"
            "        self.money.put(money)\n"
            "\n"
            "    pub fn collect() by self.owner:\n"
            "        emit Collected(self.money.amount)\n"
            "        pay(self.owner, self.money.take_all())\n",
        ),
        favours_the_payer,
    ),
]
