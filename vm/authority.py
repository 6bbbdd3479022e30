"""Who may call a function, read from its code: for people who sign, from what will really run.

A function asks by computing a truth value and running `authorize` on it before it does anything. This reads the usual ways
to ask (the sender is an address in the state, or one of a list, set or map there, or one of several such) and says so for
any other.
"""

from __future__ import annotations

from vm import instructions as op
from vm.module import Function, Module
from vm.values import encode

ANYONE = "anyone"
OWN_CONDITION = "a condition of its own"
_SENDER = "sender"


def who_may_call(module: Module, function: Function) -> str:
    """`anyone`, `self.buyer`, `any of self.directors`, alternatives joined by `or`, or `OWN_CONDITION`."""
    if op.AUTHORIZE not in _numbers(function):
        return ANYONE
    return _Reader(module, function).read() or OWN_CONDITION


def _numbers(function: Function) -> list[int]:
    numbers, position = [], 0
    while position < len(function.code):
        numbers.append(function.code[position])
        position += 1 + len(op.TABLE[function.code[position]].operands)
    return numbers


class _Reader:
    """Runs the beginning of a function on words instead of values."""

    def __init__(self, module: Module, function: Function) -> None:
        self.module = module
        self.function = function
        self.stack: list[str] = []
        self.locals = {number: name for number, (name, _) in enumerate(function.parameters)}

    def read(self) -> str | None:
        """What is asked before `authorize`, or None if it is not one of the usual ways."""
        code, position = self.function.code, 0
        while position < len(code):
            number = code[position]
            operands = code[position + 1 : position + 1 + len(op.TABLE[number].operands)]
            position += 1 + len(operands)
            if number == op.AUTHORIZE:
                return self.stack.pop() if self.stack else None
            if not self._step(number, operands):
                return None
        return None

    def _step(self, number: int, operands: tuple[int, ...]) -> bool:
        stack = self.stack
        if number == op.LOAD:
            stack.append(f"self.{self.module.fields[operands[0]][0]}")
        elif number == op.SENDER:
            stack.append(_SENDER)
        elif number == op.CONST:
            constant = self.module.constants[operands[0]]
            stack.append(f"0x{encode(constant.type, constant.value).hex()}")
        elif number == op.GET and operands[0] in self.locals:
            stack.append(self.locals[operands[0]])
        elif number == op.SET and stack:
            before = self.locals.get(operands[0])
            self.locals[operands[0]] = f"{before} or {stack[-1]}" if before else stack[-1]
            stack.pop()
        elif number == op.MAP_GET and stack:
            stack.append(f"self.{self.module.fields[operands[0]][0]}[{stack.pop()}]")
        elif number == op.HAS and stack and stack[-1] == _SENDER:
            stack[-1] = f"any of self.{self.module.fields[operands[0]][0]}"
        elif number in (op.EQ, op.CONTAINS) and len(stack) > 1 and stack[-1] == _SENDER:
            stack.pop()
            stack[-1] = f"any of {stack[-1]}" if number == op.CONTAINS else stack[-1]
        elif number in (op.NOT, op.IF, op.END):  # the next alternative is asked where the ones before did not hold
            if number == op.IF:
                stack.pop()
        else:
            return False
        return True
