"""What failures mean, for people: one sentence each."""

from __future__ import annotations

FAILURES = {
    "Overflow": "A result is outside the range of its type.",
    "DivisionByZero": "The divisor is zero.",
    "IndexOutOfRange": "A list, text or byte string has no such position.",
    "TooLong": "A list, text or byte string would be longer than its type allows.",
    "WrongVariant": "An enum or option holds another variant than the code opens.",
    "MissingKey": "The map has no entry at this key.",
    "KeyExists": "The map has an entry at this key already, and overwriting it would lose what it holds.",
    "Unset": "A state field was read before anything was stored in it.",
    "LoopBound": "A loop would run more often than its `max` allows.",
    "InsufficientFunds": "There is less money, or less of a resource, than is asked for.",
    "WrongCurrency": "A coin is of another currency than its place asks for.",
    "CannotMerge": "Two resources differ in more than the field by which they divide.",
    "NoWallet": "There is no wallet at the address that is to be paid.",
    "MoneyTrapped": "The contract would enter a final phase while a vault still holds money.",
    "NotAuthorized": "The sender is none of those whom the function's `by` clause names.",
    "WrongPhase": "The function may not run in the present phase, or the step between phases is not declared.",
    "NoContract": "There is no contract at the address.",
    "NoFunction": "The contract has no such function, or it is of another kind than it was called as.",
    "WrongArguments": "The arguments do not fit the function's parameters.",
    "ReEntry": "A contract that is being called was called again before it had finished.",
    "OutOfGas": "The gas limit was used up.",
    "LimitExceeded": "A limit of the machine or of the ledger was passed.",
    "InvariantBroken": "After a call, an invariant of a contract did not hold.",
    "EnsuresBroken": "After a function, what it ensures did not hold.",
    "SpendingLimit": "More of the signer's money would move than the transaction's spending limits allow.",
    "IllegalModule": "The module was refused by the verifier; build it anew with this version's compiler.",
    "UnknownCurrency": "The ledger has no such currency.",
    "NotARule": "The contract is no wallet rule: it has no `rule fn check(payment: Payment)`.",
    "NoRuleForCurrency": "The wallet has rules, and none of them judges this currency.",
    "WrongKey": "The key is of a scheme that the ledger does not know.",
}
"""What each failure of the machine and of the ledger's actions means, by its name."""
