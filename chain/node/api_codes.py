"""Which refusals an operation of the API may have, as far as they are told beforehand."""

from __future__ import annotations

from chain.primitives.refusal import Refused

EVERYWHERE = (Refused.BAD_REQUEST, Refused.BUSY, Refused.STOPPED, Refused.DEFECT)
"""Of every operation."""
BYTES = (
    *(Refused.MALFORMED, Refused.TOO_LARGE, Refused.UNKNOWN_VERSION, Refused.WRONG_KEY, Refused.UNKNOWN_KEY_SCHEME),
    Refused.NOT_DEVELOPMENT,
)
"""Of bytes that are no transaction, or none that anybody may send."""
_FORM = (Refused.WRONG_SIGNATURE, Refused.WRONG_AMOUNT, Refused.WRONG_ADDRESS)
SIGNERS = (Refused.NO_WALLET, Refused.NO_AUTHORITY, Refused.SESSION_EXPIRED, Refused.SESSION_LIMIT)
GAS = (Refused.GAS_PRICE_TOO_LOW, Refused.GAS_PRICE_TOO_HIGH, Refused.GAS_LIMIT_TOO_LOW, Refused.GAS_LIMIT_TOO_HIGH)
OUTLOOK = (
    *SIGNERS,
    *GAS,
    *(Refused.WRONG_CHAIN, Refused.WRONG_SIGNATURE, Refused.MISSING_SIGNATURE, Refused.EXTRA_SIGNATURE),
    *(Refused.EXPIRED, Refused.EXPIRY_TOO_FAR, Refused.SEQUENCE_USED, Refused.SEQUENCE_AHEAD, Refused.FEE_NOT_COVERED),
    *(Refused.POOL_FULL, Refused.SENDER_FULL, Refused.PAYER_FULL, Refused.REPLACED, Refused.EVICTED, Refused.DROPPED),
    Refused.BLOCK_FULL,
)
"""Of a transaction that no block has: why it did not come so far."""
SUBMISSION = (*BYTES, *_FORM[1:], *OUTLOOK, Refused.ALREADY_INCLUDED, Refused.NOT_COMMITTED)
"""Of what is handed in."""
PROGRAM = (Refused.EXECUTION_FAILED, Refused.NOT_FOUND, Refused.PRUNED, Refused.WRONG_ADDRESS)
"""Of what a program was asked."""
UNPAID = (*BYTES, *_FORM, *SIGNERS, *GAS, Refused.WRONG_CHAIN, Refused.FEE_NOT_COVERED, Refused.EXECUTION_FAILED)
"""Of a transaction that is tried out."""
