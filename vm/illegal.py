"""Why bytes or a module may not run: one exception with a stable code."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The stable codes of refusal, in the order in which a module is looked at."""

    MALFORMED = "malformed"  # not the one canonical byte string of a module
    LIMIT = "limit"  # past a limit of `vm.limits`
    NAME = "name"  # not a well-formed name or currency code
    DUPLICATE = "duplicate"  # two things of one name, or one type twice
    RESERVED = "reserved"  # a name that already means something to the machine
    TYPE = "type"  # a type that is not well formed, or may not stand in this place
    UNKNOWN_TYPE = "unknown-type"  # a type that is not in the module's table
    UNUSED_TYPE = "unused-type"
    CONSTANT = "constant"  # a constant that is no value of its type
    STEP = "step"  # steps between phases out of order or out of range
    PHASES = "phases"  # a mask of phases that do not exist, or on a function that takes none
    SIGNATURE = "signature"  # parameters or result that a function of this kind may not have
    KIND = "kind"  # a second init or rule
    PROMISE = "promise"  # a promise whose checkers do not fit its function
    INSTRUCTION = "instruction"  # no instruction has this number
    TRUNCATED = "truncated"  # code that ends amid the operands of an instruction
    INDEX = "index"  # an operand out of range
    OPERAND = "operand"  # an operand of a kind that does not suit its instruction
    UNDERFLOW = "underflow"  # more is taken from the stack than the block has put there
    MISMATCH = "mismatch"  # a value of one type where another is expected
    UNASSIGNED = "unassigned"  # a local read before it is assigned on every path, or moved out before
    OVERWRITE = "overwrite"  # a linear local assigned while it holds a value
    LINEAR = "linear"  # a linear value copied, dropped, or left behind
    JOIN = "join"  # a linear local held on one path into a join or a loop's head and not on another
    BLOCK = "block"  # `else`, `end`, `break` or `continue` without its block, or a block without its end
    LEFTOVER = "leftover"  # a block that leaves values on the stack
    DEAD_CODE = "dead-code"
    NO_RETURN = "no-return"  # the end of a function can be reached
    INVOKE = "invoke"  # an invoked function of a kind that may not be
    RECURSION = "recursion"
    EFFECTS = "effects"  # declared effects are not the actual ones, or not allowed to the kind


class Illegal(Exception):
    """A module that may not run. `code` is a `Reason`, `where` the place in the module, `detail` what was
    found.
    """

    def __init__(self, code: Reason, where: str, detail: str = "") -> None:
        super().__init__(f"{code}: {where}: {detail}" if detail else f"{code}: {where}")
        self.code = code
        self.where = where
        self.detail = detail
