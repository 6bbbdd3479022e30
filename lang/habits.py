"""Words that people bring along from other languages, and what to write instead.

Each word has a sentence, and where one word simply stands for another, that other.
"""

from __future__ import annotations

from lang.diagnostics import Edit
from lang.source import Span

Habit = tuple[str, str | None]

_ABSENT: Habit = ("there is no null; what may be missing is an `Option`, and `None` is its empty value", None)
_OWNER: Habit = ("there are no modifiers: write `by self.owner`, with a state field for the owner", None)
_PAY: Habit = ("money is paid with `pay(to, coin)`; a coin comes from a caller or out of a vault", None)
_NO_LOG: Habit = ("there is nothing to print on: `emit` an event, or look at the trace of a failed test", None)
_REQUIRE: Habit = ("a condition is a statement: `require condition else Error(…)`", None)
_SHA3: Habit = ("the hashes are `sha256`, `sha3_256` and `blake2b`", None)
_CONVERT: Habit = ("numbers are converted by their type's name: `u64(x)`", None)
_EXCLUSIVE: Habit = ("nothing needs a lock: a contract on the call stack cannot be entered again", None)

VALUES: dict[str, Habit] = {
    "null": _ABSENT,
    "nil": _ABSENT,
    "undefined": _ABSENT,
    "none": _ABSENT,
    "msg": ("there is no `msg`: who calls is `sender`, money comes as a parameter of type `Coin`", None),
    "tx": ("there is no `tx`: who calls is `sender`", None),
    "block": ("there is no `block`: the time is `now`", None),
    "timestamp": ("the time is `now`", "now"),
    "caller": ("who calls is `sender`", "sender"),
    "onlyOwner": _OWNER,
    "only_owner": _OWNER,
    "controller": ("name the state field that holds the address: `by self.owner`", None),
    "nonReentrant": _EXCLUSIVE,
    "True": ("it is written `true`", "true"),
    "False": ("it is written `false`", "false"),
}
FUNCTIONS: dict[str, Habit] = {
    "range": ("a range is written `for i in 0..n max 100`", None),
    "enumerate": ("walk through the places: `for i in 0..xs.len max 100`", None),
    "len": ("the length is an attribute: `xs.len`", None),
    "print": _NO_LOG,
    "log": _NO_LOG,
    "transfer": _PAY,
    "send": _PAY,
    "safeTransfer": _PAY,
    "raw_call": ("another contract is called by its interface: `call token.transfer(…)`", None),
    "address": ("the contract's own address is `this`; another one is `Address(0x…)`", None),
    "payable": ("any address can be paid", None),
    "assert": _REQUIRE,
    "revert": ("failing is a statement: `fail Error(…)`", None),
    "require": _REQUIRE,
    "keccak256": _SHA3,
    "keccak": _SHA3,
    "hash": _SHA3,
    "ripemd160": _SHA3,
    "ecrecover": ("signatures are checked with `verify_ed25519(key, message, signature)`", None),
    "int": _CONVERT,
    "uint": _CONVERT,
    "uint256": _CONVERT,
    "str": ("numbers do not become text; say them in an event", None),
    "sum": ("add up in a loop: `for x in xs: total += x`", None),
    "abs": ("write `x if x >= 0 else -x`", None),
    "empty": ("there are no default values; write the value", None),
    "selfdestruct": ("contracts stay; a final phase ends one", None),
    "super": ("nothing is inherited", None),
    "mint": ("money is issued by the ledger; for a token of its own a contract declares a `resource` or keeps a map", None),
    "Ok": ("what fails, fails: `fail Error(…)`; what may be missing is an `Option`", None),
    "Err": ("what fails, fails: `fail Error(…)`", None),
}
TYPES: dict[str, Habit] = {
    "int": ("integers have sizes", "u64"),
    "Int": ("integers have sizes; money is an `Amount`", "u64"),
    "Integer": ("integers have sizes; money is an `Amount`", "u64"),
    "uint": ("integers have sizes", "u256"),
    "uint8": ("it is called `u8`", "u8"),
    "uint16": ("it is called `u16`", "u16"),
    "uint32": ("it is called `u32`", "u32"),
    "uint64": ("it is called `u64`", "u64"),
    "uint128": ("it is called `u128`", "u128"),
    "uint256": ("it is called `u256`; money is an `Amount`", "u256"),
    "int128": ("it is called `i128`", "i128"),
    "int256": ("it is called `i256`", "i256"),
    "usize": ("integers have the same size everywhere", "u64"),
    "string": ("a text says how long it may be", "Text[64]"),
    "String": ("a text says how long it may be", "Text[64]"),
    "str": ("a text says how long it may be", "Text[64]"),
    "bytes": ("a byte string says how long it may be", "Bytes[32]"),
    "bytes4": ("a byte string says how long it may be", "Bytes[4]"),
    "bytes20": ("a byte string says how long it may be", "Bytes[20]"),
    "bytes32": ("a byte string says how long it may be", "Bytes[32]"),
    "address": ("it is called `Address`", "Address"),
    "signer": ("who calls is `sender`; an address is an `Address`", "Address"),
    "Party": ("a party is an `Address`", "Address"),
    "Bool": ("it is called `bool`", "bool"),
    "boolean": ("it is called `bool`", "bool"),
    "float": ("there are no floating-point numbers; shares are a `Rate`", "Rate"),
    "double": ("there are no floating-point numbers; shares are a `Rate`", "Rate"),
    "decimal": ("there are no floating-point numbers; money is an `Amount`, shares are a `Rate`", "Rate"),
    "Decimal": ("there are no floating-point numbers; money is an `Amount`, shares are a `Rate`", "Rate"),
    "mapping": ("it is called `Map`: `Map[Address, Amount]`", None),
    "HashMap": ("it is called `Map`: `Map[Address, Amount]`", None),
    "dict": ("it is called `Map`: `Map[Address, Amount]`", None),
    "Table": ("it is called `Map`: `Map[Address, Amount]`", None),
    "vector": ("it is called `List` and says how long it may be: `List[u64, 100]`", None),
    "Vec": ("it is called `List` and says how long it may be: `List[u64, 100]`", None),
    "DynArray": ("it is called `List` and says how long it may be: `List[u64, 100]`", None),
    "list": ("it is called `List` and says how long it may be: `List[u64, 100]`", None),
    "Optional": ("it is called `Option`: `Option[u64]`", None),
    "Maybe": ("it is called `Option`: `Option[u64]`", None),
    "Balance": ("money that moves is a `Coin`, money that lies is a `Vault`, a number of it is an `Amount`", "Amount"),
    "timestamp": ("it is called `Time`", "Time"),
    "datetime": ("it is called `Time`", "Time"),
}
MEMBERS: dict[str, Habit] = {
    "balance": ("money lies in vaults, and a vault says how much: `self.held.amount`", None),
    "transfer": _PAY,
    "send": _PAY,
    "call": ("another contract is called by its interface: `call token.transfer(…)`", None),
    "unwrap": ("an option is opened by `match`, or with a default: `x.get(default)`", None),
    "expect": ("an option is opened by `match`, or with a default: `x.get(default)`", None),
    "insert": ("maps have `put`, sets have `add`, lists have `append`", None),
    "push": ("lists grow by `append`", "append"),
    "push_back": ("lists grow by `append`", "append"),
    "delete": ("maps and sets have `remove`", "remove"),
    "keys": ("maps are not walked through; keep a list beside it", None),
    "items": ("maps are not walked through; keep a list beside it", None),
    "values": ("maps are not walked through; keep a list beside it", None),
    "address": ("`this`, `sender` and whatever else is an `Address` are the address already", None),
    "withdraw": ("a vault is emptied by `take(amount)` or `take_all()`", None),
    "deposit": ("money is put into a vault by `put(coin)`", None),
    "format": ("texts are joined with `+`; numbers do not become text", None),
}
_VISIBLE = "a function is private unless it says `pub`, `view` or `pure`"
_INHERITED = "nothing is inherited; `contract C implements I` promises the functions of an interface"
CLAUSES: dict[str, str] = {
    "only": "there are no modifiers: write `by self.owner`, with a state field for who may call",
    "auth": "there are no modifiers: write `by self.owner`, with a state field for who may call",
    "authorized": "there are no modifiers: write `by self.owner`, with a state field for who may call",
    "nonReentrant": "nothing needs a lock: a contract on the call stack cannot be entered again",
    "external": f"{_VISIBLE}; write `pub fn name(…) by …:`",
    "public": f"{_VISIBLE}; write `pub fn name(…) by …:`",
    "private": _VISIBLE,
    "internal": _VISIBLE,
    "payable": "money that is sent along is a parameter: `money: Coin`",
    "override": _INHERITED,
    "virtual": _INHERITED,
    "returns": "the type of a result comes after `->`: `fn name(…) -> u64`",
    "view": "what only reads begins with it: `view fn name(…)`",
    "pure": "what only computes begins with it: `pure fn name(…)`",
    "constant": "what only reads is a `view fn name(…)`",
}
OF_THE_CALL = {
    "msg.sender": "sender",
    "tx.origin": "sender",
    "block.timestamp": "now",
}


def edit_of(habit: Habit, span: Span) -> Edit | None:
    """The edit that writes the other word, if one word stands for another."""
    return Edit(span, habit[1], f"write `{habit[1]}`") if habit[1] is not None else None
