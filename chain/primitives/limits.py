"""Every limit of the ledger, with its unit in its name and the reason for its size. Each is tested at and
past it.
"""

# Encoding.
DECODE_DEPTH_MAX = 16  # arrays within arrays; the deepest of our formats has 6
ARRAY_ELEMENTS_MAX = 65_536  # of one array; a block's transactions are the longest
VALUE_BYTES_MAX = 16 * 1024 * 1024  # of one decoded value; a block is the largest

# Transactions.
TRANSACTION_BYTES_MAX = 128 * 1024  # a module of 64 KiB and its arguments fit with room
ACTIONS_MAX = 64  # a batch of payments; bounds the work of one transaction with its gas
SIGNATURES_MAX = 4  # sender and fee payer need two
LANE_MAX = 255  # a lane costs a state entry for ever
EXPIRY_BLOCKS_MAX = 100_000  # about a day at a block a second; how long a pool may have to remember
SPENDING_LIMITS_MAX = 16  # currencies
CHAIN_ID_CHARACTERS_MAX = 32
FUNCTION_NAME_CHARACTERS_MAX = 64  # as the machine's names
GAS_LIMIT_MAX = 2**40  # keeps every product with a price well inside 128 bits
GAS_PRICE_MAX = 2**40  # minor units per million gas
SEQUENCE_MAX = 2**53  # JSON numbers stay exact
HEIGHT_MAX = 2**53
TIME_MS_MAX = 2**53

# Wallets and currencies.
RULES_MAX = 4  # rules of one wallet: each runs before every payment
AMOUNT_MAX = 2**128 - 1  # minor units, as the machine's
DECIMALS_MAX = 18
CURRENCY_CODE_CHARACTERS_MAX = 12  # as the machine's

# Proofs.
PROOF_KEYS_MAX = 1_000  # of one proof of many keys: a page of the API
PROOF_BYTES_MAX = 2 * 1024 * 1024  # 1,000 keys of usual values with 64 steps each; bounds the hashing of who checks it

# Blocks.
BLOCK_TRANSACTIONS_MAX = 10_000
BLOCK_BYTES_MAX = 8 * 1024 * 1024
TRANSACTION_GAS_MAX = 200_000_000  # the largest module of usual code takes some 110 million; at most two seconds of a node
BLOCK_GAS_MAX = 500_000_000  # of the development chain; a chain's own limit stands in its genesis

# Pool.
POOL_TRANSACTIONS_MAX = 20_000
POOL_BYTES_MAX = 64 * 1024 * 1024
POOL_PER_SENDER_MAX = 1_000  # one sender cannot fill it

# API.
REQUEST_BYTES_MAX = 512 * 1024  # a transaction in hexadecimal and its envelope
REQUEST_DEPTH_MAX = 32  # brackets within brackets of a request; ours have 4
PAGE_ITEMS_MAX = 1_000
PAGE_BYTES_MAX = 1024 * 1024  # of events; the page ends after the one that goes past it
REQUEST_SECONDS_MAX = 30  # for the body of a request to arrive
WAIT_SECONDS_MAX = 60
READ_GAS_MAX = 40_000_000  # of a read or a simulation; nobody pays for it, and it holds up all others
BLOCKS_CHECKED_AT_START = 1_000
TRANSACTIONS_CHECKED_AT_START = 5_000
KEYS_CHECKED_AT_START = 5_000

# Gas of the ledger's own work, charged before execution. Hand estimates in proportion to the machine's
# schedule (10 ns).
GAS_TRANSACTION = 1_000
GAS_TRANSACTION_BYTE = 10  # decode, hash, store
GAS_ARGUMENT_VALUE = 450  # a value in the arguments of a call or deployment, be it within another: decode and check it
GAS_TRANSACTION_SIGNATURE = 15_000
GAS_OPEN_WALLET = 3_000
GAS_SET_RULES = 2_000
GAS_PAYMENT = 1_000
