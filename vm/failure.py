"""How a call fails: one typed value with a stable name, never a Python traceback."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """The failures that the machine itself raises. Contracts add their own errors by name."""

    OVERFLOW = "Overflow"
    DIVISION_BY_ZERO = "DivisionByZero"
    INDEX_OUT_OF_RANGE = "IndexOutOfRange"
    TOO_LONG = "TooLong"
    WRONG_VARIANT = "WrongVariant"
    MISSING_KEY = "MissingKey"
    KEY_EXISTS = "KeyExists"
    UNSET = "Unset"
    LOOP_BOUND = "LoopBound"
    INSUFFICIENT_FUNDS = "InsufficientFunds"
    WRONG_CURRENCY = "WrongCurrency"
    CANNOT_MERGE = "CannotMerge"
    NO_WALLET = "NoWallet"
    MONEY_TRAPPED = "MoneyTrapped"
    NOT_AUTHORIZED = "NotAuthorized"
    WRONG_PHASE = "WrongPhase"
    NO_CONTRACT = "NoContract"
    NO_FUNCTION = "NoFunction"
    WRONG_ARGUMENTS = "WrongArguments"
    RE_ENTRY = "ReEntry"
    OUT_OF_GAS = "OutOfGas"
    LIMIT_EXCEEDED = "LimitExceeded"
    INVARIANT_BROKEN = "InvariantBroken"
    ENSURES_BROKEN = "EnsuresBroken"


class Failure(Exception):
    """A call that failed. `name` is a `Code` or the name of a contract's error; `values` are its fields.

    `contract` is the address whose code raised it (None when the ledger did), `where` the frames from the
    outermost to the failing one as (contract, function index, position in its code).
    """

    def __init__(
        self,
        name: str,
        values: tuple[object, ...] = (),
        *,
        contract: bytes | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(name, values)
        self.name = str(name)
        self.values = values
        self.contract = contract
        self.detail = detail
        self.where: list[tuple[bytes, int, int]] = []


class Defect(Exception):
    """The machine, or the store below it, has broken its own rules. Nothing after this can be trusted."""
