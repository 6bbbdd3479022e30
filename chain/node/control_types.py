"""What the operations of a devnet's control take and answer, by their names; those that are not here take anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from chain.node.operation import Operation
from chain.node.parameters import ADDRESS, AMOUNT, IDENTITY, Kind, Parameter, bad, choice, member, text, text_of
from chain.node.schema import HASH, TEXT, TIME_MS, TRUTH, Schema, listed, record, ref, whole
from chain.primitives.limits import (
    BLOCKS_MINED_MAX,
    CURRENCY_CODE_CHARACTERS_MAX,
    HEIGHT_MAX,
    SNAPSHOTS_MAX,
    TIME_MS_MAX,
)
from chain.primitives.refusal import Refused

_MODES = ("instant", "manual")
_MILLISECONDS = "[1-9][0-9]{0,6}"  # at most some three hours


def _read_mode(value: object, name: str) -> str:
    if not isinstance(value, str) or (value not in _MODES and re.fullmatch(_MILLISECONDS, value) is None):
        raise bad(f"{name} must be `instant`, `manual` or milliseconds, in a text")
    return value


_MODE = Kind({"type": "string", "pattern": f"^({'|'.join(_MODES)}|{_MILLISECONDS})$"}, _read_mode)
_CODE = text("[A-Z0-9]", CURRENCY_CODE_CHARACTERS_MAX)
_FOLDER_CHARACTERS_MAX = 1_024


def _read_folder(value: object, name: str) -> str:
    folder = text_of(value, name)
    if not folder.startswith("/") or "\0" in folder or len(folder) > _FOLDER_CHARACTERS_MAX:
        raise bad(f"{name} must be an absolute path of at most {_FOLDER_CHARACTERS_MAX} characters")
    return folder


_FOLDER = Kind({"type": "string", "pattern": r"^/[^\x00]*$", "maxLength": _FOLDER_CHARACTERS_MAX}, _read_folder)

BODIES: dict[str, dict[str, Kind]] = {
    "snapshot": {},
    "revert": {"snapshot": member(0, HEIGHT_MAX)},
    "time": {"advance_ms": member(0, TIME_MS_MAX), "to_ms": member(0, TIME_MS_MAX), "clock": choice("hold", "run")},
    "mode": {"mode": _MODE},
    "mine": {"blocks": member(1, BLOCKS_MINED_MAX), "interval_ms": member(0, TIME_MS_MAX // BLOCKS_MINED_MAX)},
    "drop": {"id": IDENTITY},
    "faucet": {"to": ADDRESS, "amount": AMOUNT, "currency": _CODE},
    "dump": {"folder": _FOLDER},
}
"""The kinds of the fields of each body."""
REQUIRED: dict[str, tuple[str, ...]] = {"mode": ("mode",), "faucet": ("to", "amount"), "dump": ("folder",)}
ANSWERS: dict[str, Schema] = {
    "snapshot": record(snapshot=whole(1, SNAPSHOTS_MAX * SNAPSHOTS_MAX)),
    "revert": record(snapshot=whole(1), waiting=whole()),
    "time": record(now_ms=TIME_MS, held=TRUTH),
    "mode": record(mode=TEXT),
    "mine": record(),
    "pool": record(ready=listed(ref("Waiting")), queued=listed(ref("Waiting"))),
    "drop": record(dropped=whole()),
    "faucet": record(id=HASH),
    "dump": record(folder=TEXT),
}
REFUSALS: dict[str, tuple[Refused, ...]] = {
    "snapshot": (Refused.CONFLICT,),
    "revert": (Refused.NOT_FOUND, Refused.PRUNED),
    "time": (Refused.CONFLICT,),
    "mine": (Refused.CONFLICT,),
    "drop": (Refused.NOT_FOUND,),
    "faucet": (Refused.WRONG_ADDRESS, Refused.WRONG_AMOUNT, Refused.EXECUTION_FAILED, Refused.NOT_COMMITTED, Refused.POOL_FULL),
    "dump": (Refused.WRONG_STORE,),
}


def typed(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Operations with their types."""
    return tuple(_typed(operation) for operation in operations)


def _typed(operation: Operation) -> Operation:
    name = operation.name
    kinds = BODIES.get(name)
    if kinds is None or set(kinds) != set(operation.body_fields):
        body = operation.body
    else:
        needed = REQUIRED.get(name, ())
        body = tuple(
            Parameter(field, kind, operation.body_fields[field], required=field in needed) for field, kind in kinds.items()
        )
    return replace(operation, body=body, answers=ANSWERS.get(name, operation.answers), refusals=REFUSALS.get(name, ()))
