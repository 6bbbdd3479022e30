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
SIGNATURES_MAX = 32  # the policies of sender and fee payer may need 16 each
SIGNATURES_UNASKED_MAX = 2  # verified before it is known whether a wallet asks for them: sender and payer, half a millisecond
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
CLOCK_MS_MAX = 2**52  # to which the clock of a devnet may be put: it goes on from there, and blocks have no time past the former

# Keys and signatures.
SIGNATURE_BYTES_MAX = 1024  # of a passkey, with what its browser adds: 250 to 500 in use; all others have 64
POLICY_KEYS_MAX = 16  # of one wallet: bounds its record, and the signatures that a transaction can need
P256_KEYS_KEPT_MAX = 1024  # points at hand, about a kilobyte each

# Sessions.
SESSIONS_MAX = 16  # of one wallet: they all go when its policy changes
SESSION_LIMITS_MAX = 16  # currencies, as SPENDING_LIMITS_MAX
SESSION_PAYEES_MAX = 16  # a record is read for every transaction of the session
SESSION_CONTRACTS_MAX = 16  # for the same reason
SESSION_FUNCTIONS_MAX = 16  # of one contract
SESSION_USES_MAX = 2**53  # JSON numbers stay exact

# Edits of a development chain.
STATE_FIELDS_MAX = 64  # of a module, as the machine's

# Wallets and currencies.
CURRENCIES_MAX = 64  # of a chain: a wallet's balances stand in one record
RULES_MAX = 4  # rules of one wallet: each runs before every payment
AMOUNT_MAX = 2**128 - 1  # minor units, as the machine's
DECIMALS_MAX = 18
CURRENCY_CODE_CHARACTERS_MAX = 12  # as the machine's

# Proofs.
PROOF_KEYS_MAX = 1_000  # of one proof of many keys: a page of the API
PROOF_CHANGES_MAX = 50_000  # keys that have changed since the height of a proof: a second of work, a slice at a time
PROOF_SLICE = 100  # keys that are proved or changed in a tree before others have their turn: some 6 ms
GAS_PROOF_KEY = 6_000  # of unpaid work, for which there is no other measure: 60 us
GAS_PROOF_CHANGE = 2_500  # 25 us
UNDO_RECORDS_SLICE = 2  # of full blocks: 13 ms each
STATE_KEY_BYTES_MAX = 511  # as LMDB's
PROOF_BYTES_MAX = 2 * 1024 * 1024  # 1,000 keys of usual values with 64 steps each; bounds the hashing of who checks it

# Blocks.
BLOCK_TRANSACTIONS_MAX = 10_000
BLOCK_BYTES_MAX = 8 * 1024 * 1024
TRANSACTION_GAS_MAX = 200_000_000  # the largest module of usual code takes some 110 million; at most two seconds of a node
BLOCK_GAS_MAX = 500_000_000  # of the development chain; a chain's own limit stands in its genesis

# Pool.
POOL_TRANSACTIONS_MAX = 20_000
POOL_BYTES_MAX = 64 * 1024 * 1024
POOL_SHARES = 16  # once it is half full, one wallet has at most one of so many equal parts; before, a busy shop may have all
POOL_LOOK_AHEAD_MAX = 64  # sequences past the first missing one of a lane: a batch whose parts arrive out of order
POOL_QUEUED_MAX = 5_000  # behind a gap, of all: they may never go into a block
POOL_QUEUED_PER_SENDER_MAX = 256  # of one sender over its lanes
POOL_QUEUED_MS_MAX = 60_000  # behind a gap; who waits for an answer does not wait longer
POOL_REPLACEMENT_PERCENT = 10  # more gas price than the one that waits; so replacing again and again is not free

# State.
TREE_CACHE_BYTES_MAX = 256 * 1024 * 1024  # pages of the tree at hand: all those of a million keys are 160 MB
ACCOUNTS_AT_HAND_MAX = 50_000  # of a node, read or changed lately: about a kilobyte each

# Writing: how far blocks may be made ahead of the disk.
BLOCKS_AHEAD_MAX = 32  # many small ones share one wait for the disk
TRANSACTIONS_AHEAD_MAX = 64  # after a large block the next one gathers what comes in the meantime

# API.
REQUEST_BYTES_MAX = 512 * 1024  # a transaction in hexadecimal and its envelope
BATCH_TRANSACTIONS_MAX = 1_000  # of one request
BATCH_BYTES_MAX = 1024 * 1024  # 1,000 payments take 210 kB, in hexadecimal twice that
BATCH_STEP = 50  # transactions whose signatures are looked at before others have their turn: some 6 ms
JSON_DEPTH_MAX = 512  # brackets within brackets of a file or an answer; a trace has three for each call within another
REQUEST_DEPTH_MAX = 32  # brackets within brackets of a request; ours have 4
PAGE_ITEMS_MAX = 1_000
QUERY_FIELDS_MAX = 16  # parameters of a query; no operation has more than 6
LIST_SCANNED_MAX = 500  # transactions looked at for a page of those of a wallet, which no index has: some 30 ms
PAGE_BYTES_MAX = 1024 * 1024  # of events; the page ends after the one that goes past it
REQUEST_SECONDS_MAX = 30  # for the body of a request to arrive
WAIT_SECONDS_MAX = 60
RETRY_AFTER_SECONDS = 1  # what a full pool asks of who is turned away: a block or more has been made by then
REQUEST_HEAD_SECONDS_MAX = 10  # from its first byte on: who sends a byte now and then is not waited for
REQUEST_LINE_BYTES_MAX = 8 * 1024  # of the address of a request: a key of 511 bytes in hexadecimal takes 1 kB
REQUEST_HEAD_BYTES_MAX = 32 * 1024  # of its headers together
HEADERS_MAX = 100
REQUESTS_PIPELINED_MAX = 16  # of one connection, behind the one that is being answered: no more of them are kept
REQUESTS_AT_ONCE_MAX = 1_024  # of a process, half a megabyte of body each at most
REQUEST_DISCARDED_BYTES_MAX = 1024 * 1024  # of a body that is still coming when the answer has been given
ANSWER_SECONDS_MAX = 30  # to take an answer that is larger than what the system holds for the connection
ANSWER_BLOCK_BYTES_MAX = 1024 * 1024  # of a block in JSON, where it takes twice that; as bare bytes there is no such limit
CONNECTIONS_MAX = 4_096  # of a process; one that is idle takes some 10 kB
CONNECTIONS_PER_ADDRESS_MAX = 512  # so that one address cannot have them all; a proxy has this many
DESCRIPTORS_SPARE = 128  # open files besides connections: the ledger, its workers, the log
CONNECTION_IDLE_SECONDS_MAX = 75  # longer than anybody waits for a block
COLLECTED_OBJECTS = 100_000  # new ones before Python looks for cycles among them; 700 by itself, some twenty transactions

# The control of a devnet.
SNAPSHOTS_MAX = 10_000
BLOCKS_MINED_MAX = 10_000  # by one request: some ten seconds
IMPERSONATED_MAX = 10_000  # wallets; past that, all are meant
BLOCK_TIME_MS_MAX = 24 * 60 * 60 * 1000

# Worker processes.
FRAME_BYTES_MAX = 64 * 1024 * 1024  # a batch of the largest transactions is a fraction of it
WORKERS_MAX = 64  # far more than one executor can keep busy
WORKER_STARTS_MAX = 100  # beyond the first of each: after that something is wrong with the machine

# Operations.
BEAT_SECONDS = 1  # between two looks at the pool, and two signs of life; what workers have counted comes as often
BEAT_SECONDS_MAX = 30  # without one, before the node counts as dead: the longest block takes a few
DRAIN_SECONDS_MAX = 60  # for what waits to go into last blocks; service managers kill after 90
GENESIS_LISTED_MAX = 10_000  # wallets in the specification itself when it is made; more go into a file of rows beside it
GENESIS_FILE_BYTES_MAX = 2 * 1024 * 1024 * 1024  # ten million wallets take some 1.3 GB
CONFIGURATION_BYTES_MAX = 64 * 1024  # of the file; all keys explained take 2 kB
OPERATIONS_REQUEST_BYTES_MAX = 1_024  # the name of a level

# Reads and the start.
READ_GAS_MAX = 40_000_000  # of a read or a simulation; nobody pays for it, and it holds up all others
UNPAID_GAS_PER_SECOND = 40_000_000  # of all reads, simulations and proofs of a process together: 0.4 s of each second or so
UNPAID_GAS_SAVED_MAX = 10 * READ_GAS_MAX  # after a quiet time: a page that reads much at once is answered
ESTIMATE_MARGIN_PERCENT = 25  # on the machine's gas: others may have changed the state before the transaction runs
TRACE_STEPS_MAX = 250_000  # instructions of a trace, which runs on the slow tier: some 0.3 s
GAS_TRACE_STEP = 150  # of unpaid work: 1.3 us
TRACE_ENTRIES_MAX = 5_000  # calls, changes, payments and events of one trace
TRACE_BYTES_MAX = 1024 * 1024  # of a trace, roughly
SUBSCRIBERS_MAX = 256  # connections that listen; each looks for a new head as often as the next line says
SUBSCRIPTION_POLL_MS = 20  # until the head is looked at again: who listens waits 10 ms on average
SUBSCRIPTIONS_MAX = 16  # of one connection
SUBSCRIPTION_ITEMS_MAX = 100  # looked at for one subscription before others have their turn
SUBSCRIPTION_NAME_CHARACTERS_MAX = 64
SUBSCRIPTION_BEAT_SECONDS = 20  # of silence, after which the height of the head is sent: dead connections show
SUBSCRIBER_SECONDS_MAX = 10  # to take one message when what the system holds for the connection is full
SUBSCRIBER_BYTES_MAX = 8 * 1024  # that a subscriber sends in the seconds of the next line; an empty frame takes 20 us
SUBSCRIBER_WINDOW_SECONDS = 10  # fifty messages are a great deal
SUBSCRIPTION_MESSAGE_BYTES_MAX = 4_096  # of what a subscriber sends
BLOCKS_CHECKED_AT_START = 1_000
TRANSACTIONS_CHECKED_AT_START = 5_000
KEYS_CHECKED_AT_START = 5_000
CHECK_BLOCKS_TOGETHER_MAX = 64  # that a replay keeps in memory before they are written; each wait for the disk is some ms

# Store.
STORE_MAP_BYTES = 2**40  # address space, not disk: the file grows as it is filled
STORE_READERS_MAX = 1_024  # read transactions of all processes at a time; 64 bytes of shared memory each
GENESIS_WALLETS_MAX = 2**32 - 1  # as many as an array of msgpack has
BEGINNING_ROWS_MAX = 50_000  # of a large genesis in one transaction: some 10 MB
BEGINNING_PAGES_MAX = 20_000  # of its tree, likewise: some 25 MB
SORTED_IN_MEMORY_BYTES_MAX = 48 * 1024 * 1024  # of each of the two orders in which a large genesis is sorted
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
GAS_SIGNATURE_ED25519 = 15_000  # 104 us as measured, and nearly half as much again; the others in proportion
GAS_SIGNATURE_P256 = 30_000  # 205 us: its point is not at hand
GAS_SIGNATURE_WEBAUTHN = 38_000  # 260 us: and what the browser adds is unpacked and hashed
GAS_OPEN_WALLET = 3_000
GAS_SET_RULES = 2_000
GAS_SET_POLICY = 34_000  # a record, and those of the sessions that go with the old keys
GAS_GRANT = 5_000  # two records
GAS_REVOKE = 5_000
GAS_AUTHORITY = 4_000  # of a transaction by a session: its record is read and written
GAS_PAYMENT = 1_000
GAS_EDIT = 10_000  # nobody pays for it; it counts towards the gas of a block

# Following another node.
SYNC_WAIT_SECONDS_MAX = 20  # that a question for the next block may stay open: shorter than proxies cut connections off
SYNC_WAITING_MAX = 256  # such questions at a time; each looks at the head as often as a subscription
SYNC_BLOCKS_MAX = 256  # of one answer, which also ends after PAGE_BYTES_MAX
SYNC_ANSWER_BYTES_MAX = 32 * 1024 * 1024  # that a follower reads: the largest block, a page before it, and what is around them
SYNC_SECONDS_MAX = 60  # for an answer to arrive beyond what was waited for; a page at 150 kB a second takes it
FOLLOW_BLOCKS_TOGETHER_MAX = 64  # that are written with one wait for the disk
FOLLOW_TRANSACTIONS_TOGETHER_MAX = 2_000  # in them: half a second of execution, which is what a reader of the newest may miss
FOLLOW_PAUSE_SECONDS_MAX = 10  # until a producer that does not answer is asked again
FOLLOW_FORWARDS_MAX = 16  # submissions on their way to the producer at a time

# Copies of another network's state.
COPY_PAGE_ENTRIES_MAX = 10_000  # of one answer, which also ends after PAGE_BYTES_MAX
COPY_BYTES_MAX = 4 * 1024 * 1024 * 1024  # keys and values of a copied state, which is held in memory once
