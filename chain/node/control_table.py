"""The operations by which a devnet is controlled, as a table: for whoever answers them, in the node's process or in a worker.

They are mounted beside those of the API, by the devnet alone. They answer to addresses of this machine only, so that no web page
can reach them by a name that it has pointed here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from chain.node import api_codes
from chain.node.development import CURRENCY, WALLETS
from chain.node.operation import Operation, Query
from chain.node.parameters import (
    ADDRESS,
    AMOUNT,
    IDENTITY,
    TRANSACTION,
    TRUTH,
    Kind,
    Parameter,
    bad,
    choice,
    hexadecimal,
    member,
    object_schema,
    optional,
    read_some,
    text,
    text_of,
)
from chain.node.schema import ADDRESS as ADDRESS_TEXT
from chain.node.schema import HASH, TEXT, TIME_MS, either, listed, nullable, one_of, record, ref, same, whole
from chain.node.schema import TRUTH as TRUTH_VALUE
from chain.primitives.limits import (
    ACTIONS_MAX,
    BLOCKS_MINED_MAX,
    CURRENCY_CODE_CHARACTERS_MAX,
    FUNCTION_NAME_CHARACTERS_MAX,
    GAS_PRICE_MAX,
    HEIGHT_MAX,
    LANE_MAX,
    SEQUENCE_MAX,
    SNAPSHOTS_MAX,
    TIME_MS_MAX,
    WAIT_SECONDS_MAX,
)
from chain.primitives.refusal import Refusal, Refused

Answer = Callable[[Query], Awaitable[dict[str, Any]]]
Ask = Callable[[str, Query], Awaitable[dict[str, Any]]]
"""What answers an operation by its name."""

FAUCET: Final = WALLETS - 1
"""Which of the development wallets pays whoever asks."""
_FOLDER_CHARACTERS_MAX = 1_024
_MODES = ("instant", "manual")
_MILLISECONDS = "[1-9][0-9]{0,6}"  # at most some three hours


def read_control(name: str, body: dict[str, Any]) -> Query:
    """What an operation of the table was asked with a body. Raises `Refusal` BadRequest, WrongAddress, WrongAmount."""
    later: list[Refusal] = []
    query = Query({}, {}, body, values=read_some(_FIELDS[name], body, "the body", later))
    if later:
        raise later[0]
    return query


def control_operations(ask: Ask) -> tuple[Operation, ...]:
    """The table, each operation answered by `ask`."""
    return (*_chain_operations(ask), *_edit_operations(ask), *_wallet_operations(ask))


def _read_mode(value: object, name: str) -> str:
    if not isinstance(value, str) or (value not in _MODES and re.fullmatch(_MILLISECONDS, value) is None):
        raise bad(f"{name} must be `instant`, `manual` or milliseconds, in a text")
    return value


def _read_folder(value: object, name: str) -> str:
    folder = text_of(value, name)
    if not folder.startswith("/") or "\0" in folder or len(folder) > _FOLDER_CHARACTERS_MAX:
        raise bad(f"{name} must be an absolute path of at most {_FOLDER_CHARACTERS_MAX} characters")
    return folder


def _read_edits(value: object, name: str) -> list[dict[str, Any]]:
    """The fields of each edit, its kind as `edit` among them."""
    if not isinstance(value, list) or not 1 <= len(value) <= ACTIONS_MAX:
        raise bad(f"{name} must be a list of 1 to {ACTIONS_MAX}")
    found = []
    for fields in value:
        kind = fields.get("edit") if isinstance(fields, dict) else None
        if not isinstance(kind, str) or kind not in _EDITS:
            raise bad("edit must be `balance`, `slot` or `sequence`")
        rest = {field: given for field, given in fields.items() if field != "edit"}
        later: list[Refusal] = []
        found.append({"edit": kind, **read_some(_EDITS[kind], rest, "the edit", later)})
        if later:
            raise later[0]
    return found


_MODE = Kind({"type": "string", "pattern": f"^({'|'.join(_MODES)}|{_MILLISECONDS})$"}, _read_mode)
_CODE = text("[A-Z0-9]", CURRENCY_CODE_CHARACTERS_MAX)
_FOLDER = Kind({"type": "string", "pattern": r"^/[^\x00]*$", "maxLength": _FOLDER_CHARACTERS_MAX}, _read_folder)
_NAME = text("[A-Za-z0-9_]", FUNCTION_NAME_CHARACTERS_MAX)
_A_CURRENCY = Parameter("currency", _CODE, f"{CURRENCY} if not given.", CURRENCY, default=CURRENCY)
_AN_AMOUNT = Parameter("amount", AMOUNT, "Minor units.", "500", required=True)
_A_WALLET = Parameter("wallet", ADDRESS, "tael1…", required=True)
_EDITS = {
    "balance": (_A_WALLET, _AN_AMOUNT, _A_CURRENCY),
    "slot": (
        Parameter("contract", ADDRESS, "tael1…", required=True),
        Parameter("field", _NAME, "The field's name, or `phase`.", "phase", required=True),
        Parameter("key", optional(hexadecimal()), "Of a map or set, encoded, in hexadecimal."),
        Parameter("value", optional(hexadecimal()), "Encoded, in hexadecimal; null or nothing empties the slot."),
    ),
    "sequence": (
        _A_WALLET,
        Parameter("sequence", member(0, SEQUENCE_MAX), "Not before the present one.", 7, required=True),
        Parameter("lane", member(0, LANE_MAX), "0 if not given.", 0, default=0),
    ),
}
_EDIT_SCHEMAS = [
    object_schema((Parameter("edit", Kind(same(kind), _read_mode), "Which.", required=True), *fields))
    for kind, fields in _EDITS.items()
]
_LIST_OF_EDITS = Kind({**listed(either(*_EDIT_SCHEMAS), ACTIONS_MAX), "minItems": 1}, _read_edits)
_IMPERSONATED = record(all=TRUTH_VALUE, wallets=listed(ADDRESS_TEXT))
_DONE = record(id=HASH)
_NO_EDIT = (Refused.NOT_DEVELOPMENT, Refused.EXECUTION_FAILED, Refused.WRONG_ADDRESS, Refused.WRONG_AMOUNT)


def _chain_operations(ask: Ask) -> tuple[Operation, ...]:
    """Snapshots, time, blocks, the pool, copies."""
    return (
        Operation(
            *("POST", "/devnet/snapshot", "snapshot", "Remember this state, to go back to.", partial(ask, "snapshot")),
            answers=record(snapshot=whole(1, SNAPSHOTS_MAX * SNAPSHOTS_MAX)),
            refusals=(Refused.CONFLICT,),
        ),
        Operation(
            *("POST", "/devnet/revert", "revert"),
            "Go back to a snapshot, which is used up with all later ones.",
            partial(ask, "revert"),
            body=(Parameter("snapshot", member(0, HEIGHT_MAX), "Its number; the newest if not given."),),
            answers=record(snapshot=whole(1), waiting=whole()),
            refusals=(Refused.NOT_FOUND, Refused.PRUNED),
        ),
        Operation(
            *("POST", "/devnet/time", "time", "Let time pass, hold it, or let it run again.", partial(ask, "time")),
            body=(
                Parameter("advance_ms", member(0, TIME_MS_MAX), "Milliseconds to let pass.", 1_000),
                Parameter("to_ms", member(0, TIME_MS_MAX), "Or a time to go on to, in milliseconds since 1970 UTC."),
                Parameter("clock", choice("hold", "run"), "`hold` or `run`."),
            ),
            answers=record(now_ms=TIME_MS, held=TRUTH_VALUE),
            refusals=(Refused.CONFLICT,),
        ),
        Operation(
            *("POST", "/devnet/mode", "mode"),
            "When blocks are made: `instant`, `manual`, or each so many milliseconds.",
            partial(ask, "mode"),
            body=(
                Parameter("mode", _MODE, "`instant`, `manual` or a number of milliseconds.", "instant", required=True),
                Parameter("empty", TRUTH, "Whether blocks are made at an interval though nothing waits; else as it is."),
            ),
            answers=record(mode=TEXT, empty=TRUTH_VALUE),
        ),
        Operation(
            *("POST", "/devnet/mine", "mine", "Make blocks now, with what waits or empty.", partial(ask, "mine")),
            body=(
                Parameter("blocks", member(1, BLOCKS_MINED_MAX), "How many; 1 if not given.", 1, default=1),
                Parameter(
                    *("interval_ms", member(0, TIME_MS_MAX // BLOCKS_MINED_MAX)),
                    "Time to let pass before each; none if not given.",
                    0,
                    default=0,
                ),
            ),
            answers=record(),
            refusals=(Refused.CONFLICT,),
        ),
        Operation(
            *("GET", "/devnet/pool", "pool"),
            "What waits, in the order in which blocks will take it, and what waits behind a gap.",
            partial(ask, "pool"),
            answers=record(ready=listed(ref("Waiting")), queued=listed(ref("Waiting"))),
        ),
        Operation(
            *("POST", "/devnet/drop", "drop", "Take a transaction out of the pool, or all.", partial(ask, "drop")),
            body=(Parameter("id", IDENTITY, "Its identity in hexadecimal; all if not given."),),
            answers=record(dropped=whole()),
            refusals=(Refused.NOT_FOUND,),
        ),
        Operation(
            *("POST", "/devnet/faucet", "faucet", f"Pay a wallet out of dev-{FAUCET}.", partial(ask, "faucet")),
            body=(Parameter("to", ADDRESS, "tael1…", required=True), _AN_AMOUNT, _A_CURRENCY),
            answers=_DONE,
            refusals=(
                *(Refused.WRONG_ADDRESS, Refused.WRONG_AMOUNT, Refused.EXECUTION_FAILED, Refused.NOT_COMMITTED),
                *(Refused.POOL_FULL, Refused.EVICTED),
            ),
        ),
        Operation(
            *("POST", "/devnet/dump", "dump"),
            "Copy the ledger with its history into a folder of this machine, while it goes on.",
            partial(ask, "dump"),
            body=(Parameter("folder", _FOLDER, "An empty one, or one that is not there.", required=True),),
            answers=record(folder=TEXT),
            refusals=(Refused.WRONG_STORE,),
        ),
    )


def _edit_operations(ask: Ask) -> tuple[Operation, ...]:
    """Changes of the state by blocks of their own."""
    return (
        Operation(
            *("POST", "/devnet/balance", "set_balance"),
            "Let a wallet hold so much of a currency, minted or burned.",
            partial(ask, "set_balance"),
            body=_EDITS["balance"],
            answers=_DONE,
            refusals=_NO_EDIT,
        ),
        Operation(
            *("POST", "/devnet/slot", "set_slot"),
            "Put a value into the state of a contract; a vault is minted into or burned out of.",
            partial(ask, "set_slot"),
            body=_EDITS["slot"],
            answers=_DONE,
            refusals=(*_NO_EDIT, Refused.NOT_FOUND),
        ),
        Operation(
            *("POST", "/devnet/sequence", "set_sequence"),
            "Set the next sequence of a wallet's lane on.",
            partial(ask, "set_sequence"),
            body=_EDITS["sequence"],
            answers=_DONE,
            refusals=_NO_EDIT,
        ),
        Operation(
            *("POST", "/devnet/edits", "edit", f"At most {ACTIONS_MAX} edits in one block, all or none.", partial(ask, "edit")),
            body=(
                Parameter(
                    *("edits", _LIST_OF_EDITS),
                    "What the three above take, each with `edit`: `balance`, `slot` or `sequence`.",
                    required=True,
                ),
            ),
            answers=_DONE,
            refusals=(*_NO_EDIT, Refused.NOT_FOUND),
        ),
    )


def _wallet_operations(ask: Ask) -> tuple[Operation, ...]:
    """Acting for wallets without their keys."""
    return (
        Operation(
            *("POST", "/devnet/impersonate", "impersonate"),
            "Take unsigned transactions of a wallet, or of all.",
            partial(ask, "impersonate"),
            body=(
                Parameter("wallet", ADDRESS, "tael1…; all if not given."),
                Parameter("stop", TRUTH, "True to take none any more.", default=False),
            ),
            answers=_IMPERSONATED,
            refusals=(Refused.WRONG_ADDRESS, Refused.CONFLICT),
        ),
        Operation(
            *("GET", "/devnet/impersonated", "impersonated"),
            "The wallets whose transactions need not be signed.",
            partial(ask, "impersonated"),
            answers=_IMPERSONATED,
        ),
        Operation(
            *("POST", "/devnet/transactions", "submit_unsigned"),
            "Submit a transaction of impersonated wallets, without signatures.",
            partial(ask, "submit_unsigned"),
            body=(
                Parameter(
                    *("transaction", TRANSACTION),
                    "The transaction's bytes in hexadecimal; its signatures are left out.",
                    "92c0",
                    required=True,
                ),
                Parameter(
                    "wait_seconds", member(0, WAIT_SECONDS_MAX), "How long to wait until it is on disk; not at all if not given."
                ),
            ),
            answers=record(id=HASH, status=one_of("waiting", "committed"), receipt=nullable(ref("Receipt"))),
            refusals=api_codes.SUBMISSION,
        ),
        Operation(
            *("POST", "/devnet/replace", "replace"),
            "Put the same transaction with another gas price in the place of one that waits.",
            partial(ask, "replace"),
            body=(
                Parameter("id", IDENTITY, "Its identity in hexadecimal.", "00" * 32, required=True),
                Parameter("gas_price", member(0, GAS_PRICE_MAX), "Minor units per million gas.", 10, required=True),
            ),
            answers=_DONE,
            refusals=(*api_codes.SUBMISSION, Refused.NOT_FOUND),
        ),
    )


async def _nobody(name: str, query: Query) -> dict[str, Any]:
    """Answers nothing: for the table alone."""
    raise AssertionError(name)


_FIELDS = {operation.name: operation.body for operation in control_operations(_nobody)}
