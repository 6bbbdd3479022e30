"""How the ledger says no: one typed value with a stable code, a message, and what to do about it."""

from __future__ import annotations

from enum import StrEnum


class Refused(StrEnum):
    """The codes of refusals. Stable: clients match on them."""

    # encoding
    MALFORMED = "Malformed"
    TOO_LARGE = "TooLarge"
    UNKNOWN_VERSION = "UnknownVersion"
    WRONG_ADDRESS = "WrongAddress"
    WRONG_AMOUNT = "WrongAmount"
    WRONG_PROOF = "WrongProof"
    # keys
    WRONG_KEY = "WrongKey"
    UNKNOWN_KEY_SCHEME = "UnknownKeyScheme"
    WRONG_LIBRARY = "WrongLibrary"
    WRONG_PASSWORD = "WrongPassword"
    WRONG_KEY_FILE = "WrongKeyFile"
    DEVELOPMENT_KEY = "DevelopmentKey"
    # admission
    WRONG_CHAIN = "WrongChain"
    WRONG_SIGNATURE = "WrongSignature"
    MISSING_SIGNATURE = "MissingSignature"
    EXTRA_SIGNATURE = "ExtraSignature"
    GAS_PRICE_TOO_LOW = "GasPriceTooLow"
    GAS_PRICE_TOO_HIGH = "GasPriceTooHigh"
    GAS_LIMIT_TOO_LOW = "GasLimitTooLow"
    GAS_LIMIT_TOO_HIGH = "GasLimitTooHigh"
    EXPIRED = "Expired"
    EXPIRY_TOO_FAR = "ExpiryTooFar"
    NO_WALLET = "NoWallet"
    NO_AUTHORITY = "NoAuthority"
    SESSION_EXPIRED = "SessionExpired"
    SESSION_LIMIT = "SessionLimit"
    SEQUENCE_USED = "SequenceUsed"
    SEQUENCE_AHEAD = "SequenceAhead"
    FEE_NOT_COVERED = "FeeNotCovered"
    BLOCK_FULL = "BlockFull"
    ALREADY_INCLUDED = "AlreadyIncluded"
    NOT_DEVELOPMENT = "NotDevelopment"
    # blocks, genesis and store
    WRONG_BLOCK = "WrongBlock"
    NOT_CERTIFIED = "NotCertified"
    FORKED = "Forked"
    WRONG_GENESIS = "WrongGenesis"
    WRONG_STORE = "WrongStore"
    PRUNED = "Pruned"
    # node
    WRONG_CONFIGURATION = "WrongConfiguration"
    POOL_FULL = "PoolFull"
    SENDER_FULL = "SenderFull"
    PAYER_FULL = "PayerFull"
    REPLACED = "Replaced"
    EVICTED = "Evicted"
    DROPPED = "Dropped"
    STOPPED = "Stopped"
    NOT_COMMITTED = "NotCommitted"
    BUSY = "Busy"
    CONFLICT = "Conflict"
    NOT_FOUND = "NotFound"
    BAD_REQUEST = "BadRequest"
    EXECUTION_FAILED = "ExecutionFailed"
    WRONG_ARGUMENTS = "WrongArguments"
    UNREACHABLE = "Unreachable"
    DEFECT = "Defect"


REMEDIES: dict[Refused, str] = {
    Refused.MALFORMED: "Encode it as docs/ledger.md says: canonical msgpack, arrays only.",
    Refused.TOO_LARGE: "Split it into smaller parts.",
    Refused.UNKNOWN_VERSION: "Use the version that docs/ledger.md gives, or a newer node.",
    Refused.WRONG_ADDRESS: "Look for a typing error; an address begins with tael1 and has 63 characters.",
    Refused.WRONG_AMOUNT: "Write an amount such as 1_000.00 CNY.",
    Refused.WRONG_PROOF: "Do not trust this answer; ask another node.",
    Refused.WRONG_KEY: "Give the 32 bytes of the secret, or the scheme's byte and the raw public key.",
    Refused.UNKNOWN_KEY_SCHEME: "Use Ed25519 (01 and 32 bytes), P-256 (02 and 33) or a passkey (03 and 33).",
    Refused.WRONG_LIBRARY: "Install PyNaCl and cryptography from their wheels, not built on another libsodium or OpenSSL.",
    Refused.WRONG_PASSWORD: "Try the password again; it cannot be recovered.",
    Refused.WRONG_KEY_FILE: "Restore the key file from a backup.",
    Refused.DEVELOPMENT_KEY: "Everybody knows development keys: make a wallet of your own for this chain.",
    Refused.WRONG_CHAIN: "Sign it for the chain id that /v1/status shows.",
    Refused.WRONG_SIGNATURE: "Sign the transaction's identity again, with each key once, sorted by key.",
    Refused.MISSING_SIGNATURE: "Add the signature of that wallet's key.",
    Refused.EXTRA_SIGNATURE: "Leave out signatures of others than the sender and the fee payer.",
    Refused.GAS_PRICE_TOO_LOW: "Raise gas_price to the chain's minimum.",
    Refused.GAS_PRICE_TOO_HIGH: "Lower gas_price to the chain's maximum.",
    Refused.GAS_LIMIT_TOO_LOW: "Raise gas_limit above the intrinsic gas.",
    Refused.GAS_LIMIT_TOO_HIGH: "Lower gas_limit: a transaction may use 200 million, and no more than a block.",
    Refused.EXPIRED: "Sign it again with a later expiry.",
    Refused.EXPIRY_TOO_FAR: "Sign it again with a nearer expiry.",
    Refused.NO_WALLET: "Open the wallet first, with an open-wallet action.",
    Refused.NO_AUTHORITY: "Sign with the wallet's own keys, or with an authority that it has granted.",
    Refused.SESSION_EXPIRED: "Have the wallet grant a new session.",
    Refused.SESSION_LIMIT: "Wait for the session's next period, name a fee payer, or have the wallet grant a new session.",
    Refused.SEQUENCE_USED: "Ask for the lane's next sequence and sign again.",
    Refused.SEQUENCE_AHEAD: "Send the missing transaction of the lane first.",
    Refused.FEE_NOT_COVERED: "Lower gas_limit or gas_price, or name a fee payer.",
    Refused.BLOCK_FULL: "Wait for the next block.",
    Refused.ALREADY_INCLUDED: "Read its receipt.",
    Refused.NOT_DEVELOPMENT: "Sign it; or use the control of a devnet: `tael devnet impersonate`, `balance`, `slot`, `sequence`.",
    Refused.WRONG_BLOCK: "Do not apply it; ask another node for this height.",
    Refused.NOT_CERTIFIED: "Do not trust this block; ask another node for it and its certificate.",
    Refused.FORKED: "Find out which history the validators stand by; for the other one begin with an empty directory.",
    Refused.WRONG_GENESIS: "Correct the genesis specification.",
    Refused.WRONG_STORE: "Restore the data directory, or begin with an empty one.",
    Refused.PRUNED: "Ask for a height that is kept, or a node that keeps all (an archive).",
    Refused.WRONG_CONFIGURATION: "Correct it; `tael node config check` says whether it is right.",
    Refused.POOL_FULL: "Try again in a moment.",
    Refused.SENDER_FULL: "Wait until earlier transactions of this wallet are in a block.",
    Refused.PAYER_FULL: "Wait until earlier transactions with this fee payer are in a block, or name another.",
    Refused.REPLACED: "Follow the transaction that took its place.",
    Refused.EVICTED: "Send it again with a higher gas_price, or later.",
    Refused.DROPPED: "Send it again, if it should still go.",
    Refused.STOPPED: "Start the node again.",
    Refused.NOT_COMMITTED: "Ask for the receipt later, or send the same transaction again: that is safe.",
    Refused.CONFLICT: "See the message for what stands against it.",
    Refused.BUSY: "Ask again after the seconds that Retry-After gives.",
    Refused.NOT_FOUND: "Check the identifier; it may not be in a block yet.",
    Refused.BAD_REQUEST: "See /v1/openapi.json for what this address takes.",
    Refused.EXECUTION_FAILED: "See the error's name and values.",
    Refused.WRONG_ARGUMENTS: "Give what the function's signature asks for; docs/client.md has what stands for which type.",
    Refused.DEFECT: "Report it, with what was asked; see the node's log.",
    Refused.UNREACHABLE: "Check that the node runs and the address is right.",
}


class Refusal(Exception):
    """A typed no. `data` has the figures behind the message, as JSON-able values."""

    def __init__(self, code: Refused, message: str, remedy: str | None = None, **data: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.remedy = REMEDIES[code] if remedy is None else remedy
        self.data = data


class StoreFailed(Exception):
    """The disk failed while a block was being written, or gave bytes that are not those that were written. The process must
    stop; a restart finds the last whole block, or says what is damaged.
    """


class SupplyBroken(Exception):
    """The supply equation of a currency does not hold after a transaction: a defect. The process stops."""
