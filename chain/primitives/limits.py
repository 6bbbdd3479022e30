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
LANE_MAX = 255  # a lane stands in the record of its wallet for ever
EXPIRY_BLOCKS_MAX = 100_000  # about a day at a block a second; how long a pool may have to remember
EXPIRY_MS_MAX = 24 * 60 * 60 * 1000  # a day, for the same reason
AUTHORITY_BYTES = 16  # names one of a wallet's own authorities
SPENDING_LIMITS_MAX = 16  # currencies
CHAIN_ID_CHARACTERS_MAX = 32
FUNCTION_NAME_CHARACTERS_MAX = 64  # as the machine's names
GAS_LIMIT_MAX = 2**40  # keeps every product with a price well inside 128 bits
GAS_PRICE_MAX = 2**40  # minor units per million gas
SEQUENCE_MAX = 2**53  # JSON numbers stay exact
HEIGHT_MAX = 2**53
PROTOCOLS_MAX = 2**16  # far more than there will be
TIME_MS_MAX = 2**53

# Wallets and currencies.
CURRENCIES_MAX = 64  # of a chain: a wallet's balances stand in one record
RULES_MAX = 4  # rules of one wallet: each runs before every payment
AMOUNT_MAX = 2**128 - 1  # minor units, as the machine's
DECIMALS_MAX = 18
CURRENCY_CODE_CHARACTERS_MAX = 12  # as the machine's

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

# Store.
STORE_MAP_BYTES = 2**40  # address space, not disk: the file grows as it is filled
STORE_READERS_MAX = 1_024  # read transactions of all processes at a time; 64 bytes of shared memory each
UNDO_BLOCKS_MAX = 128  # blocks that can be taken back, whose states can be read
UNDO_BYTES_MAX = 64 * 1024 * 1024  # of their records, if that is reached first; a full block of payments leaves 1.3 MB
UNDO_RECORDS_REMOVED_MAX = 4  # by one block, so that a smaller limit is reached bit by bit
OLD_VIEW_BYTES_MAX = 256 * 1024 * 1024  # of memory for the states of old blocks; records of 64 MiB take some 160
PRUNED_ROWS_MAX = 20_000  # by one call, which ends with the block that goes past it: about a second

# Gas of the ledger's own work, charged before execution. Hand estimates in proportion to the machine's
# schedule (10 ns).
GAS_TRANSACTION = 1_000
GAS_TRANSACTION_BYTE = 10  # decode, hash, store
GAS_ARGUMENT_VALUE = 450  # a value in the arguments of a call or deployment, be it within another: decode and check it
GAS_TRANSACTION_SIGNATURE = 15_000
GAS_OPEN_WALLET = 3_000
GAS_SET_RULES = 2_000
GAS_PAYMENT = 1_000
