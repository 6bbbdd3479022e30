"""The gas schedule: what each kind of work costs, in one flat list.

One gas is meant to be 10 ns of the compiled tier. The numbers are fitted to measurements by `python bench/gas.py --write`, which
wrote this file: beside each stands what it is for and, behind the colon, the case that fixed it with what it took, on a 2-core
x86 cloud machine with CPython 3.11. How often a price is taken is said by `vm/pricing.py`. A change of any number changes
receipts and is a change of protocol.
"""

GAS_SCHEDULE_VERSION = 3

# Straight-line work, charged at the entry of a segment.
GAS_SEGMENT = 8  # entering any segment: the branch, and the look at the meter: if true, 156 ns
GAS_LOOP = 25  # getting ready for a loop: loop left at once, 390 ns
GAS_BASE = 1  # moving a value: constants, locals: sender, now, this, 35 ns
GAS_ADD = 9  # a checked sum, difference, negation, choice or conversion of integers: add i256, 110 ns
GAS_COMPARE = 1  # a comparison: lt u64, 23 ns
GAS_MULTIPLY = 12  # a product in up to 64 bits: mul i64, 146 ns
GAS_MULTIPLY_128 = 12  # in up to 128: mul i64, 146 ns
GAS_MULTIPLY_256 = 20  # in up to 256: mul i256, 229 ns
GAS_DIVIDE = 37  # a quotient or remainder in up to 64 bits: div i64 up, 397 ns
GAS_DIVIDE_128 = 38  # in up to 128: div Amount up, 408 ns
GAS_DIVIDE_256 = 47  # in up to 256: div i256 up, 503 ns
GAS_MULDIV = 51  # a wide product and its quotient in up to 64 bits: muldiv u64 up, 525 ns
GAS_MULDIV_128 = 68  # in up to 128: muldiv Amount up, 716 ns
GAS_MULDIV_256 = 110  # in up to 256: muldiv u256 up, 1,093 ns
GAS_ROUND = 150  # what rounding to the nearest adds: div i256 half_up, 1,950 ns
GAS_FIELD = 3  # one part of a compound value, or its length: length of 4096 u64, 50 ns
GAS_COMPOUND = 42  # making a compound value, before its parts: new and destroy, 552 ns
GAS_OPEN = 1  # opening one, before its parts: open Some, 38 ns
GAS_INDEX = 6  # one element of a list: index of 4096 u64, 80 ns
GAS_LIST = 55  # touching a list, text or byte string, before its elements: with_index of 1 u64, 593 ns
GAS_TEXT = 19  # what it adds that the length of a text is counted in UTF-8: concat Text 漢 of 15 bytes, 800 ns
GAS_ENCODE = 12  # an encoding, before its parts: encode Address, 221 ns
GAS_HASH = 200  # a hash, before its bytes: sha3_256 of 0, 1,977 ns
GAS_SIGNATURE = 12_000  # checking a signature: verify_ed25519 of 32, 106,767 ns

# Work that grows with values. A part is a value within a value, itself included; a chunk is sixteen bytes as begun.
GAS_PART_MAKE = 1  # a part of a value that is made or opened: with_index of 256 Address, 2,040 ns
GAS_CHUNK_MAKE = 1  # a chunk that is copied: concat Text é of 2046 bytes, 1,579 ns
GAS_PART_SCAN = 3  # a part that is compared: eq of lists, 256 (u64, u64), 19,695 ns
GAS_CHUNK_SCAN = 1  # a chunk that is compared: length Text 漢 of 2046 bytes, 354 ns
GAS_PART_ENCODE = 9  # a part that is encoded: encode 64 options, 11,127 ns
# what it adds if a number in the value may need more than 64 bits, or in a compound key: encode 64 (u8, u128), 328,020 ns
GAS_PART_CONVERT = 160
GAS_PART_DECODE = 400  # a part that is read from the store: map_get first, value 32 u256, 131,486 ns
GAS_CHUNK_ENCODE = 6  # a chunk that is encoded or read from the store: map_get first, value text, 19,606 ns
GAS_CHUNK_HASH = 6  # a chunk that is hashed: sha3_256 of 16384, 59,788 ns
GAS_BYTE_STORE = 1  # a byte that is written to the store: map_put new, value bytes, 6,081 ns
GAS_BYTE_EVENT = 1  # a byte of an event: emit text, 2,819 ns

# State, money, events.
GAS_LOAD = 320  # a slot that is read, be it for the first time: map_get first, value i256, 7,125 ns
GAS_STORE = 900  # a slot that is written, with its share in the end of the transaction: remove kept, key 30 u256, 22,662 ns
GAS_BECOME = 200  # a step to another phase: become there and back, 4,291 ns
GAS_VAULT = 1_600  # money put into a vault or taken out: vault put in a map with tuples, new, 35,607 ns
GAS_MONEY = 310  # a coin or a resource split or joined: split and merge, 6,916 ns
GAS_PAY = 130  # a wallet paid: coin split and pay, 4,318 ns
GAS_EVENT = 180  # an event, before its fields: emit a short text, 2,063 ns

# Calls.
# a function of the same contract, and its share if the call fails: try_call that fails 60 functions deep, 49,736 ns
GAS_INVOKE = 21
GAS_CALL = 2_500  # another contract: find it, check it, enter it: call with a list of 4000, 25,127 ns
# the same where a failure does not end the caller: a failure costs more than a call: try_call of what overflows, 32,192 ns
GAS_TRY = 3_300
GAS_SIGNATURE_TYPE = 4  # a type within the signature that is expected there, parts included
GAS_FAIL = 1  # failing by an error of one's own

# Deployment.
GAS_DEPLOY = 20_000  # a contract, before its bytes
GAS_DEPLOY_BYTE = 1_000  # a byte of its module: decode, verify, generate and compile: deployment of 256 functions, 333,883,923 ns
# what a value adds that an instruction takes or gives: deployment of structs behind a loop, 516,468,973 ns
GAS_DEPLOY_VALUE = 600
# what a segment adds, and what looks at the meter or calls as it does: deployment of events of 8 texts, 470,567,636 ns
GAS_DEPLOY_SEGMENT = 7_100
