"""Every instruction of the machine: number, name, operands, stack effect, static gas, one sentence.

The verifier, the interpreter, the assembler, the disassembler and the documentation read this table.

Operand kinds: `type` an index into the module's type table, `const` into its constants, `local`, `field` (a state
field), `part` (a field of a struct or resource, or a variant of an enum or option), `function`, `external`, `event`,
`error`, `phase`, `phases` (a bit mask of phases), `rounding`, `count`.

Stack effects read left to right, top of the stack last. `T` is the operand type, `E` the element of a list, `F` a part's
type, `K` and `V` a state map's key and value, `[K]` a key that is there only when the field is a map of vaults, `…` as many
as the table of the operand says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from vm import gas


class Rounding(IntEnum):
    """How a quotient that does not come out even becomes an integer."""

    DOWN = 0  # towards minus infinity
    UP = 1  # towards plus infinity
    HALF_UP = 2  # to the nearest, halves towards plus infinity
    HALF_EVEN = 3  # to the nearest, halves to the even neighbour


class Effect(IntEnum):
    """What a function may do, as bits that the verifier holds against what its code does."""

    READ = 1
    WRITE = 2
    MONEY = 4
    EMIT = 8
    READ_OTHER = 16
    CALL_OTHER = 32


@dataclass(frozen=True, slots=True)
class Instruction:
    """One row of the table."""

    code: int
    name: str
    operands: tuple[str, ...]
    effect: str
    gas: int
    does: int
    says: str


TABLE: dict[int, Instruction] = {}
BY_NAME: dict[str, Instruction] = {}


def _row(code: int, spelling: str, effect: str, cost: int, says: str, does: int = 0) -> int:
    name, *operands = spelling.split()
    assert code not in TABLE
    assert name not in BY_NAME
    TABLE[code] = BY_NAME[name] = Instruction(code, name, tuple(operands), effect, cost, does, says)
    return code


_RW = Effect.READ | Effect.WRITE

# Control. Blocks are closed: what lies on the stack outside of a block cannot be seen inside, and a block leaves nothing.
IF = _row(0x01, "if", "bool --", 0, "Run the block up to `else` or `end` when the condition holds.")
ELSE = _row(0x02, "else", "--", 0, "The other branch of the `if`.")
END = _row(0x03, "end", "--", 0, "Close the innermost `if` or `loop`.")
LOOP = _row(0x04, "loop count", "--", 0, "Repeat up to `end`; fail with LoopBound on entering a pass beyond `count`.")
BREAK = _row(0x05, "break", "--", 0, "Leave the innermost loop.")
CONTINUE = _row(0x06, "continue", "--", 0, "Begin the next pass of the innermost loop.")
RETURN = _row(0x07, "return", "result --", 1, "End the function with its result, if it has one.")
FAIL = _row(0x08, "fail error", "… --", 1, "End the call with this error; nothing of the call remains.")

# Values and locals.
CONST = _row(0x10, "const const", "-- T", gas.GAS_BASE, "Push a constant.")
GET = _row(0x11, "get local", "-- T", gas.GAS_BASE, "Push a copy of a plain local.")
SET = _row(0x12, "set local", "T --", gas.GAS_BASE, "Assign a local; a linear one must be empty.")
MOVE = _row(0x13, "move local", "-- T", gas.GAS_BASE, "Push a linear local and leave it empty.")
DROP = _row(0x14, "drop", "T --", gas.GAS_BASE, "Forget a plain value.")

# Numbers. `T` is an integer, unit or amount; results outside of its bounds fail with Overflow.
ADD = _row(0x20, "add type", "T T -- T", gas.GAS_ARITHMETIC, "Sum.")
SUB = _row(0x21, "sub type", "T T -- T", gas.GAS_ARITHMETIC, "Difference.")
MUL = _row(0x22, "mul type", "T T -- T", gas.GAS_ARITHMETIC, "Product.")
DIV = _row(0x23, "div type rounding", "T T -- T", gas.GAS_ARITHMETIC, "Quotient, rounded; DivisionByZero.")
MOD = _row(0x24, "mod type", "T T -- T", gas.GAS_ARITHMETIC, "Remainder with the sign of the divisor; DivisionByZero.")
NEG = _row(0x25, "neg type", "T -- T", gas.GAS_ARITHMETIC, "Negation.")
MULDIV = _row(0x26, "muldiv type rounding", "T T T -- T", gas.GAS_MULDIV, "a * b / c without overflow in between, rounded.")
MIN = _row(0x27, "min type", "T T -- T", gas.GAS_ARITHMETIC, "The smaller.")
MAX = _row(0x28, "max type", "T T -- T", gas.GAS_ARITHMETIC, "The greater.")
CAST = _row(0x29, "cast type", "number -- T", gas.GAS_ARITHMETIC, "The same number as another number type; Overflow.")

# Comparison.
EQ = _row(0x30, "eq type", "T T -- bool", gas.GAS_COMPARE, "Equal; any plain type, size charged.")
NE = _row(0x31, "ne type", "T T -- bool", gas.GAS_COMPARE, "Not equal; any plain type, size charged.")
LT = _row(0x32, "lt type", "T T -- bool", gas.GAS_COMPARE, "Less; numbers.")
LE = _row(0x33, "le type", "T T -- bool", gas.GAS_COMPARE, "Less or equal; numbers.")
GT = _row(0x34, "gt type", "T T -- bool", gas.GAS_COMPARE, "Greater; numbers.")
GE = _row(0x35, "ge type", "T T -- bool", gas.GAS_COMPARE, "Greater or equal; numbers.")
NOT = _row(0x36, "not", "bool -- bool", gas.GAS_BASE, "Negation of a truth value.")

# Compound values.
PACK = _row(0x40, "pack type", "… -- T", gas.GAS_COMPOUND, "Make a struct or tuple of its parts.")
UNPACK = _row(0x41, "unpack type", "T -- …", gas.GAS_COMPOUND, "Open a struct or tuple into its parts.")
FIELD = _row(0x42, "field type part", "T -- F", gas.GAS_BASE, "One part of a plain struct or tuple.")
WITH_FIELD = _row(
    0x43,
    "with_field type part",
    "T F -- T",
    gas.GAS_COMPOUND,
    "A plain struct or tuple with one part replaced.",
)
VARIANT = _row(0x44, "variant type part", "… -- T", gas.GAS_COMPOUND, "Make a variant of an enum or option of its payload.")
TAG = _row(0x45, "tag type", "T -- u8", gas.GAS_BASE, "The position of the variant of a plain enum or option.")
OPEN = _row(
    0x46,
    "open type part",
    "T -- …",
    gas.GAS_COMPOUND,
    "The payload of this variant; WrongVariant if it is another.",
)
LIST = _row(0x47, "list type count", "E×count -- T", gas.GAS_LIST, "Make a list.")
APPEND = _row(0x48, "append type", "T E -- T", gas.GAS_LIST, "The list with one more element; TooLong.")
INDEX = _row(0x49, "index type", "T u64 -- E", gas.GAS_LIST, "The element at a position from 0; IndexOutOfRange.")
WITH_INDEX = _row(
    0x4A,
    "with_index type",
    "T u64 E -- T",
    gas.GAS_LIST,
    "The list with one element replaced; IndexOutOfRange.",
)
LENGTH = _row(0x4B, "length type", "T -- u64", gas.GAS_BASE, "Elements of a list, bytes of a text or byte string.")
CONTAINS = _row(0x4C, "contains type", "T E -- bool", gas.GAS_LIST, "Whether a list has an element.")
SLICE = _row(
    0x4D,
    "slice type",
    "T u64 u64 -- T",
    gas.GAS_LIST,
    "From a position up to another of a list or byte string; IndexOutOfRange.",
)
CONCAT = _row(0x4E, "concat type", "A B -- T", gas.GAS_LIST, "Two lists, texts or byte strings in one; TooLong.")
POP = _row(
    0x4F,
    "pop type",
    "T -- T E",
    gas.GAS_LIST,
    "The list without its last element, and that element; IndexOutOfRange.",
)

# A look at a linear local, which stays.
PEEK_AMOUNT = _row(0x50, "peek_amount local", "-- amount", gas.GAS_BASE, "The amount of a coin.")
PEEK_FIELD = _row(0x51, "peek_field local part", "-- F", gas.GAS_BASE, "A field of a resource.")
PEEK_TAG = _row(0x52, "peek_tag local", "-- u8", gas.GAS_BASE, "The variant of a linear option.")

# State. Keys of maps and sets are plain values.
LOAD = _row(0x60, "load field", "-- T", gas.GAS_LOAD, "A plain state field; Unset if never stored.", Effect.READ)
STORE = _row(0x61, "store field", "T --", gas.GAS_STORE, "Assign a plain state field.", Effect.WRITE)
MAP_GET = _row(0x62, "map_get field", "K -- V", gas.GAS_LOAD, "The plain value of a key; MissingKey.", Effect.READ)
MAP_FIND = _row(0x63, "map_find field", "K -- Option[V]", gas.GAS_LOAD, "The plain value of a key, or None.", Effect.READ)
MAP_PUT = _row(
    0x64,
    "map_put field",
    "K V --",
    gas.GAS_STORE,
    "Set a plain value; a linear one only where none is (KeyExists).",
    _RW,
)
HAS = _row(0x65, "has field", "K -- bool", gas.GAS_LOAD, "Whether a map or set has a key.", Effect.READ)
MAP_TAKE = _row(0x66, "map_take field", "K -- V", gas.GAS_STORE, "Take the value of a key out of the map; MissingKey.", _RW)
SET_ADD = _row(0x67, "set_add field", "K --", gas.GAS_STORE, "Remember a key.", Effect.WRITE)
REMOVE = _row(
    0x68,
    "remove field",
    "K --",
    gas.GAS_STORE,
    "Forget a key of a set or of a map of plain values, if it is there.",
    Effect.WRITE,
)
VAULT_PUT = _row(0x69, "vault_put field", "[K] coin --", gas.GAS_STORE, "Put a coin to rest.", _RW | Effect.MONEY)
VAULT_TAKE = _row(
    0x6A,
    "vault_take field",
    "[K] amount -- coin",
    gas.GAS_STORE,
    "Take so much; InsufficientFunds.",
    _RW | Effect.MONEY,
)
VAULT_TAKE_ALL = _row(
    0x6B,
    "vault_take_all field",
    "[K] -- coin",
    gas.GAS_STORE,
    "Take everything, maybe nothing.",
    _RW | Effect.MONEY,
)
VAULT_AMOUNT = _row(0x6C, "vault_amount field", "[K] -- amount", gas.GAS_LOAD, "How much rests there.", Effect.READ)
MAP_PEEK = _row(
    0x6D,
    "map_peek field part",
    "K -- F",
    gas.GAS_LOAD,
    "A field of the resource of a key, which stays; MissingKey.",
    Effect.READ,
)
MAP_OR = _row(0x6E, "map_or field", "K V -- V", gas.GAS_LOAD, "The plain value of a key, or the one given.", Effect.READ)

# Coins and resources in flight.
COIN_SPLIT = _row(0x70, "coin_split", "coin amount -- coin coin", gas.GAS_MONEY, "So much, and the rest; InsufficientFunds.")
COIN_JOIN = _row(0x71, "coin_join", "coin coin -- coin", gas.GAS_MONEY, "Two coins of one currency in one.")
PAY = _row(0x72, "pay", "address coin --", gas.GAS_PAY, "Pay a coin to a wallet; NoWallet.", Effect.MONEY)
NEW = _row(0x73, "new type", "… -- T", gas.GAS_COMPOUND, "Make a resource of its fields.")
DESTROY = _row(0x74, "destroy type", "T -- …", gas.GAS_COMPOUND, "Unmake a resource into its fields.")
SPLIT = _row(
    0x75,
    "split type",
    "T F -- T T",
    gas.GAS_MONEY,
    "A resource that divides: so much, and the rest; InsufficientFunds.",
)
MERGE = _row(0x76, "merge type", "T T -- T", gas.GAS_MONEY, "Two parts in one; CannotMerge if other fields differ.")

# The world.
SENDER = _row(0x80, "sender", "-- address", gas.GAS_BASE, "Who made this call: a wallet or a contract.")
NOW = _row(0x81, "now", "-- time", gas.GAS_BASE, "The time of the block.")
THIS = _row(0x82, "this", "-- address", gas.GAS_BASE, "The address of this contract.")
PHASE_IN = _row(0x84, "phase_in phases", "-- bool", gas.GAS_LOAD, "Whether the phase is one of these.", Effect.READ)
BECOME = _row(0x85, "become phase", "--", gas.GAS_STORE, "Step to a phase; WrongPhase, MoneyTrapped.", _RW)
AUTHORIZE = _row(0x86, "authorize", "bool --", gas.GAS_BASE, "Go on only if it holds; NotAuthorized.")
EMIT = _row(0x87, "emit event", "… --", gas.GAS_EVENT, "Tell the world.", Effect.EMIT)

# Calls.
INVOKE = _row(0x90, "invoke function", "… -- result", gas.GAS_INVOKE, "A private, pure or view function of this contract.")
CALL = _row(
    0x91,
    "call external",
    "address … -- result",
    gas.GAS_CALL,
    "A public function of another contract.",
    Effect.CALL_OTHER,
)
READ = _row(0x92, "read external", "address … -- result", gas.GAS_CALL, "A view of another contract.", Effect.READ_OTHER)
TRY_CALL = _row(
    0x93,
    "try_call external",
    "address … -- Option[result]|bool",
    gas.GAS_CALL,
    "Call; a failure undoes the callee's effects and gives None or false.",
    Effect.CALL_OTHER,
)
TRY_READ = _row(
    0x94,
    "try_read external",
    "address … -- Option[result]|bool",
    gas.GAS_CALL,
    "Read; a failure gives None.",
    Effect.READ_OTHER,
)

# Standard functions.
SHA256 = _row(0xA0, "sha256", "bytes -- Bytes[32]", gas.GAS_HASH, "SHA-256 (FIPS 180-4).")
SHA3_256 = _row(0xA1, "sha3_256", "bytes -- Bytes[32]", gas.GAS_HASH, "SHA3-256 (FIPS 202).")
BLAKE2B_256 = _row(0xA2, "blake2b_256", "bytes -- Bytes[32]", gas.GAS_HASH, "BLAKE2b with 32 bytes (RFC 7693).")
ENCODE = _row(0xA3, "encode type", "T -- Bytes", gas.GAS_LIST, "The canonical encoding of a plain value.")
VERIFY_ED25519 = _row(
    0xA4,
    "verify_ed25519",
    "Bytes[32] bytes Bytes[64] -- bool",
    gas.GAS_SIGNATURE,
    "Whether a key signed a message (RFC 8032).",
)
TEXT_BYTES = _row(0xA5, "text_bytes", "Text[n] -- Bytes[n]", gas.GAS_LIST, "The UTF-8 of a text.")
