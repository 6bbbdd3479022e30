"""Every instruction of the machine: number, name, operands, stack effect, price, one sentence.

The verifier, the interpreter, the assembler, the disassembler and the documentation read this table. What a price comes to is
said by `vm.pricing`.

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
    price: str
    does: int
    says: str


TABLE: dict[int, Instruction] = {}
BY_NAME: dict[str, Instruction] = {}


def _row(code: int, spelling: str, effect: str, price: str, says: str, does: int = 0) -> int:
    name, *operands = spelling.split()
    assert code not in TABLE
    assert name not in BY_NAME
    TABLE[code] = BY_NAME[name] = Instruction(code, name, tuple(operands), effect, price, does, says)
    return code


_RW = Effect.READ | Effect.WRITE

# Control. Blocks are closed: what lies on the stack outside of a block cannot be seen inside, and a block leaves nothing.
IF = _row(0x01, "if", "bool --", "free", "Run the block up to `else` or `end` when the condition holds.")
ELSE = _row(0x02, "else", "--", "free", "The other branch of the `if`.")
END = _row(0x03, "end", "--", "free", "Close the innermost `if` or `loop`.")
LOOP = _row(0x04, "loop count", "--", "loop", "Repeat up to `end`; fail with LoopBound on entering a pass beyond `count`.")
BREAK = _row(0x05, "break", "--", "free", "Leave the innermost loop.")
CONTINUE = _row(0x06, "continue", "--", "free", "Begin the next pass of the innermost loop.")
RETURN = _row(0x07, "return", "result --", "base", "End the function with its result, if it has one.")
FAIL = _row(0x08, "fail error", "… --", "fail", "End the call with this error; nothing of the call remains.")

# Values and locals.
CONST = _row(0x10, "const const", "-- T", "base", "Push a constant.")
GET = _row(0x11, "get local", "-- T", "base", "Push a copy of a plain local.")
SET = _row(0x12, "set local", "T --", "base", "Assign a local; a linear one must be empty.")
MOVE = _row(0x13, "move local", "-- T", "base", "Push a linear local and leave it empty.")
DROP = _row(0x14, "drop", "T --", "base", "Forget a plain value.")

# Numbers. `T` is an integer, unit or amount; results outside of its bounds fail with Overflow.
ADD = _row(0x20, "add type", "T T -- T", "add", "Sum.")
SUB = _row(0x21, "sub type", "T T -- T", "add", "Difference.")
MUL = _row(0x22, "mul type", "T T -- T", "multiply", "Product.")
DIV = _row(0x23, "div type rounding", "T T -- T", "divide", "Quotient, rounded; DivisionByZero.")
MOD = _row(0x24, "mod type", "T T -- T", "divide", "Remainder with the sign of the divisor; DivisionByZero.")
NEG = _row(0x25, "neg type", "T -- T", "add", "Negation.")
MULDIV = _row(0x26, "muldiv type rounding", "T T T -- T", "muldiv", "a * b / c without overflow in between, rounded.")
MIN = _row(0x27, "min type", "T T -- T", "add", "The smaller.")
MAX = _row(0x28, "max type", "T T -- T", "add", "The greater.")
CAST = _row(0x29, "cast type", "number -- T", "add", "The same number as another number type; Overflow.")

# Comparison.
EQ = _row(0x30, "eq type", "T T -- bool", "compare", "Equal; any plain type, size charged.")
NE = _row(0x31, "ne type", "T T -- bool", "compare", "Not equal; any plain type, size charged.")
LT = _row(0x32, "lt type", "T T -- bool", "compare", "Less; numbers.")
LE = _row(0x33, "le type", "T T -- bool", "compare", "Less or equal; numbers.")
GT = _row(0x34, "gt type", "T T -- bool", "compare", "Greater; numbers.")
GE = _row(0x35, "ge type", "T T -- bool", "compare", "Greater or equal; numbers.")
NOT = _row(0x36, "not", "bool -- bool", "base", "Negation of a truth value.")

# Compound values.
PACK = _row(0x40, "pack type", "… -- T", "compound", "Make a struct or tuple of its parts.")
UNPACK = _row(0x41, "unpack type", "T -- …", "open", "Open a struct or tuple into its parts.")
FIELD = _row(0x42, "field type part", "T -- F", "field", "One part of a plain struct or tuple.")
WITH_FIELD = _row(
    0x43,
    "with_field type part",
    "T F -- T",
    "compound",
    "A plain struct or tuple with one part replaced.",
)
VARIANT = _row(0x44, "variant type part", "… -- T", "compound", "Make a variant of an enum or option of its payload.")
TAG = _row(0x45, "tag type", "T -- u8", "field", "The position of the variant of a plain enum or option.")
OPEN = _row(
    0x46,
    "open type part",
    "T -- …",
    "open",
    "The payload of this variant; WrongVariant if it is another.",
)
LIST = _row(0x47, "list type count", "E×count -- T", "list", "Make a list.")
APPEND = _row(0x48, "append type", "T E -- T", "list", "The list with one more element; TooLong.")
INDEX = _row(0x49, "index type", "T u64 -- E", "index", "The element at a position from 0; IndexOutOfRange.")
WITH_INDEX = _row(
    0x4A,
    "with_index type",
    "T u64 E -- T",
    "list",
    "The list with one element replaced; IndexOutOfRange.",
)
LENGTH = _row(0x4B, "length type", "T -- u64", "length", "Elements of a list, bytes of a text or byte string.")
CONTAINS = _row(0x4C, "contains type", "T E -- bool", "list", "Whether a list has an element.")
SLICE = _row(
    0x4D,
    "slice type",
    "T u64 u64 -- T",
    "list",
    "From a position up to another of a list or byte string; IndexOutOfRange.",
)
CONCAT = _row(0x4E, "concat type", "A B -- T", "list", "Two lists, texts or byte strings in one; TooLong.")
POP = _row(
    0x4F,
    "pop type",
    "T -- T E",
    "list",
    "The list without its last element, and that element; IndexOutOfRange.",
)

# A look at a linear local, which stays.
PEEK_AMOUNT = _row(0x50, "peek_amount local", "-- amount", "field", "The amount of a coin.")
PEEK_FIELD = _row(0x51, "peek_field local part", "-- F", "field", "A field of a resource.")
PEEK_TAG = _row(0x52, "peek_tag local", "-- u8", "field", "The variant of a linear option.")

# State. Keys of maps and sets are plain values.
LOAD = _row(0x60, "load field", "-- T", "load", "A plain state field; Unset if never stored.", Effect.READ)
STORE = _row(0x61, "store field", "T --", "store", "Assign a plain state field.", Effect.WRITE)
MAP_GET = _row(0x62, "map_get field", "K -- V", "load", "The plain value of a key; MissingKey.", Effect.READ)
MAP_FIND = _row(0x63, "map_find field", "K -- Option[V]", "load", "The plain value of a key, or None.", Effect.READ)
MAP_PUT = _row(
    0x64,
    "map_put field",
    "K V --",
    "store",
    "Set a plain value; a linear one only where none is (KeyExists).",
    _RW,
)
HAS = _row(0x65, "has field", "K -- bool", "load", "Whether a map or set has a key.", Effect.READ)
MAP_TAKE = _row(0x66, "map_take field", "K -- V", "store", "Take the value of a key out of the map; MissingKey.", _RW)
SET_ADD = _row(0x67, "set_add field", "K --", "store", "Remember a key.", Effect.WRITE)
REMOVE = _row(
    0x68,
    "remove field",
    "K --",
    "store",
    "Forget a key of a set or of a map of plain values, if it is there.",
    Effect.WRITE,
)
VAULT_PUT = _row(0x69, "vault_put field", "[K] coin --", "vault", "Put a coin to rest.", _RW | Effect.MONEY)
VAULT_TAKE = _row(
    0x6A,
    "vault_take field",
    "[K] amount -- coin",
    "vault",
    "Take so much; InsufficientFunds.",
    _RW | Effect.MONEY,
)
VAULT_TAKE_ALL = _row(
    0x6B,
    "vault_take_all field",
    "[K] -- coin",
    "vault",
    "Take everything, maybe nothing.",
    _RW | Effect.MONEY,
)
VAULT_AMOUNT = _row(0x6C, "vault_amount field", "[K] -- amount", "load", "How much rests there.", Effect.READ)
MAP_PEEK = _row(
    0x6D,
    "map_peek field part",
    "K -- F",
    "load",
    "A field of the resource of a key, which stays; MissingKey.",
    Effect.READ,
)
MAP_OR = _row(0x6E, "map_or field", "K V -- V", "load", "The plain value of a key, or the one given.", Effect.READ)

# Coins and resources in flight.
COIN_SPLIT = _row(0x70, "coin_split", "coin amount -- coin coin", "money", "So much, and the rest; InsufficientFunds.")
COIN_JOIN = _row(0x71, "coin_join", "coin coin -- coin", "money", "Two coins of one currency in one.")
PAY = _row(0x72, "pay", "address coin --", "pay", "Pay a coin to a wallet; NoWallet.", Effect.MONEY)
NEW = _row(0x73, "new type", "… -- T", "compound", "Make a resource of its fields.")
DESTROY = _row(0x74, "destroy type", "T -- …", "open", "Unmake a resource into its fields.")
SPLIT = _row(
    0x75,
    "split type",
    "T F -- T T",
    "money",
    "A resource that divides: so much, and the rest; InsufficientFunds.",
)
MERGE = _row(0x76, "merge type", "T T -- T", "money", "Two parts in one; CannotMerge if other fields differ.")

# The world.
SENDER = _row(0x80, "sender", "-- address", "base", "Who made this call: a wallet or a contract.")
NOW = _row(0x81, "now", "-- time", "base", "The time of the block.")
THIS = _row(0x82, "this", "-- address", "base", "The address of this contract.")
PHASE_IN = _row(0x84, "phase_in phases", "-- bool", "load", "Whether the phase is one of these.", Effect.READ)
BECOME = _row(0x85, "become phase", "--", "become", "Step to a phase; WrongPhase, MoneyTrapped.", _RW)
AUTHORIZE = _row(0x86, "authorize", "bool --", "base", "Go on only if it holds; NotAuthorized.")
EMIT = _row(0x87, "emit event", "… --", "event", "Tell the world.", Effect.EMIT)

# Calls.
INVOKE = _row(0x90, "invoke function", "… -- result", "invoke", "A private, pure or view function of this contract.")
CALL = _row(
    0x91,
    "call external",
    "address … -- result",
    "call",
    "A public function of another contract.",
    Effect.CALL_OTHER,
)
READ = _row(0x92, "read external", "address … -- result", "call", "A view of another contract.", Effect.READ_OTHER)
TRY_CALL = _row(
    0x93,
    "try_call external",
    "address … -- Option[result]|bool",
    "try",
    "Call; a failure undoes the callee's effects and gives None or false.",
    Effect.CALL_OTHER,
)
TRY_READ = _row(
    0x94,
    "try_read external",
    "address … -- Option[result]|bool",
    "try",
    "Read; a failure gives None.",
    Effect.READ_OTHER,
)

# Standard functions.
SHA256 = _row(0xA0, "sha256", "bytes -- Bytes[32]", "hash", "SHA-256 (FIPS 180-4).")
SHA3_256 = _row(0xA1, "sha3_256", "bytes -- Bytes[32]", "hash", "SHA3-256 (FIPS 202).")
BLAKE2B_256 = _row(0xA2, "blake2b_256", "bytes -- Bytes[32]", "hash", "BLAKE2b with 32 bytes (RFC 7693).")
ENCODE = _row(0xA3, "encode type", "T -- Bytes", "encode", "The canonical encoding of a plain value.")
VERIFY_ED25519 = _row(
    0xA4,
    "verify_ed25519",
    "Bytes[32] bytes Bytes[64] -- bool",
    "signature",
    "Whether a key signed a message (RFC 8032).",
)
TEXT_BYTES = _row(0xA5, "text_bytes", "Text[n] -- Bytes[n]", "text", "The UTF-8 of a text.")
