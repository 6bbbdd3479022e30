"""Every limit of the machine: unit in the name, and why it is what it is. Each is tested at and past it."""

# Modules: one fits in a transaction with room to spare; verification stays in milliseconds.
MODULE_BYTES_MAX = 64 * 1024
TYPES_MAX = 256  # compound types of a module
TYPE_DEPTH_MAX = 8  # nesting of a type
TYPE_SIZE_BYTES_MAX = 64 * 1024  # greatest abstract size of one value of a type
TYPE_NODES_MAX = 256  # types within a type, itself included; bounds every walk, however parts are shared
STRUCT_FIELDS_MAX = 32
VARIANTS_MAX = 32
CONSTANTS_MAX = 1024
STATE_FIELDS_MAX = 64
PHASES_MAX = 32
EVENTS_MAX = 64
ERRORS_MAX = 128
EXTERNALS_MAX = 64
IMPLEMENTS_MAX = 16
FUNCTIONS_MAX = 256
PARAMETERS_MAX = 16
LOCALS_MAX = 128  # parameters included
CODE_WORDS_MAX = 8192  # of one function
BLOCK_DEPTH_MAX = 64  # blocks within blocks of one function; CPython takes 100 indents
LOOP_DEPTH_MAX = 16  # loops within loops of one function; CPython takes 20
STACK_DEPTH_MAX = 64  # operand stack of one function
NAME_CHARACTERS_MAX = 64
NATIVE_WORDS_MAX = 2048  # of a function and all that it invokes; above, compiling would take too long at one go
NATIVE_FUNCTIONS_MAX = 256  # kept in native form; each takes some fifty kilobytes
NATIVE_STACK_BYTES_MAX = 256 * 1024  # of native code; half of the smallest stack that a thread has where we run
LOOP_PASSES_MAX = 1_000_000  # the greatest bound a loop may declare
ASSEMBLY_CHARACTERS_MAX = 4 * 1024 * 1024  # of a module's text; some fifty times the longest module

# Code that all nodes have at hand, by the gas that its making took (`docs/ledger.md`, "Resident code"). For each gas, code
# takes 0.07 to 0.13 bytes of memory when it is verified and compiled, as measured: 215 MB at most.
CODE_RESIDENT_GAS_MAX = 1_650_000_000
# Kept in memory, so that what is resident is there: a quarter more, since use that is recent leaves the order alone, and a third
# for what a block brings.
CODE_CACHED_GAS_MAX = CODE_RESIDENT_GAS_MAX * 8 // 5

# Values.
TEXT_BYTES_MAX = 4096
BYTES_MAX = 16 * 1024
LIST_ELEMENTS_MAX = 4096
KEY_BYTES_MAX = 256  # encoded key of a map or set
VALUE_BYTES_MAX = 64 * 1024  # encoded value of a state slot

# One transaction.
PROMISE_GAS_MAX = 1_000_000_000  # of one checker, which the meter of the transaction does not see
FRAMES_MAX = 16  # contracts calling contracts
INVOKE_DEPTH_MAX = 64  # functions of one contract calling each other: the height of the call graph
CALLS_MAX = 1024  # calls of other contracts, in all
EVENT_BYTES_MAX = 16 * 1024  # encoded payload of one event
EVENT_BYTES_EACH = 512  # what an event counts for beside its payload: a receipt has two thousand of them at most
EVENTS_BYTES_MAX = 1024 * 1024  # encoded payloads of all events, and EVENT_BYTES_EACH, so that a receipt stays readable
ERROR_BYTES_MAX = 4 * 1024  # encoded fields of one error; nobody pays for encoding it
RETURN_BYTES_MAX = 64 * 1024
SLOT_BYTES = 64  # abstract bytes of a slot that a transaction has looked at, beside those of its value
MEMORY_BYTES_MAX = 16 * 1024 * 1024  # abstract bytes of all values made
JOURNAL_ENTRIES_MAX = 100_000
CURRENCY_CODE_CHARACTERS_MAX = 12

# Remembered from one transaction of a session for the next, then dropped altogether: some ten megabytes each.
CONTRACTS_AT_HAND_MAX = 4096  # and ways into their functions; more than one transaction reaches by calls
SLOTS_AT_HAND_BYTES_MAX = 16 * 1024 * 1024  # abstract bytes; as much as one transaction may see of them

# Static bounds of gas: how exact they are, never whether they hold.
BOUND_TERMS_MAX = 24  # of a polynomial; more than a reader takes in
BOUND_ATOM_WEIGHT_MAX = 32  # terms and atoms within a `min`, `max` or quotient
BOUND_FACTS_MAX = 16  # comparisons remembered on a path, the newest ones
BOUND_WORK_MAX = 200_000  # terms touched for one module, some hundred times a usual one; after that, numbers alone
