"""The gas schedule: what each kind of work costs, in one flat list.

Units: one gas is meant to be about 10 ns on the reference interpreter's peer, the compiled tier. The numbers
below are first estimates by hand, in proportion; `bench/` measures them and a later schedule is fitted from
that. A change of any number changes receipts and is a change of protocol.
"""

GAS_SCHEDULE_VERSION = 1

# Straight-line work, charged at the entry of a segment.
GAS_SEGMENT = 2  # entering any segment: the branch itself
GAS_BASE = 1  # moving a value: constants, locals
GAS_ARITHMETIC = 3  # one checked operation on integers
GAS_MULDIV = 8  # wide product and division with a rounding
GAS_COMPARE = 3
GAS_COMPOUND = 5  # building or opening a tuple, struct, enum
GAS_LIST = 6  # touching a list, text or byte string, before its bytes
GAS_INVOKE = 30  # a function of the same contract
GAS_CALL = 400  # another contract: find it, check it, enter it
GAS_SIGNATURE_TYPE = 4  # per type within the signature that is expected there, parts included
GAS_LOAD = 60  # one state read
GAS_STORE = 200  # one state write
GAS_MONEY = 30  # splitting, joining and moving coins in flight
GAS_PAY = 300  # paying a wallet
GAS_EVENT = 100
GAS_HASH = 80
GAS_SIGNATURE = 12_000

# Work whose size depends on data, charged before it is done.
GAS_UNIT_COPY = 1  # values made or looked through, per unit (`vm.types.units_max`)
GAS_UNIT_ENCODE = 4  # values encoded, decoded or hashed, per unit
GAS_BYTE_STORE = 2  # per byte written to state
GAS_BYTE_EVENT = 1  # per byte of an event's payload

# Deployment.
GAS_DEPLOY = 20_000
GAS_DEPLOY_BYTE = 300  # per byte of module: store, decode, verify; linear by construction, 3-4 us a byte when measured
