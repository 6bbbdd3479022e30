"""The operations by which a devnet is controlled, as a table: for whoever answers them, in the node's process or in a worker.

They are mounted beside those of the API, by the devnet alone. They answer to addresses of this machine only, so that no web page
can reach them by a name that it has pointed here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from chain.node.api import Operation, Query
from chain.node.development import CURRENCY, WALLETS
from chain.primitives.limits import ACTIONS_MAX, BLOCKS_MINED_MAX, LANE_MAX, WAIT_SECONDS_MAX
from chain.primitives.refusal import Refusal, Refused

Answer = Callable[[Query], Awaitable[dict[str, Any]]]
Ask = Callable[[str, Query], Awaitable[dict[str, Any]]]
"""What answers an operation by its name."""

FAUCET: Final = WALLETS - 1
"""Which of the development wallets pays whoever asks."""


def query_truth(query: Query, name: str, default: bool | None = None) -> bool:
    """A truth value of the body. Raises `Refusal` BadRequest."""
    value = query.body.get(name, default)
    if type(value) is not bool:
        raise Refusal(Refused.BAD_REQUEST, f"{name} must be true or false")
    return value


def control_operations(ask: Ask) -> tuple[Operation, ...]:
    """The table, each operation answered by `ask`."""
    return (*_chain_operations(ask), *_edit_operations(ask), *_wallet_operations(ask))


def _chain_operations(ask: Ask) -> tuple[Operation, ...]:
    """Snapshots, time, blocks, the pool, copies."""
    return (
        Operation(
            "POST",
            "/devnet/snapshot",
            "snapshot",
            "Remember this state, to go back to.",
            partial(ask, "snapshot"),
            answer_fields=("snapshot",),
        ),
        Operation(
            "POST",
            "/devnet/revert",
            "revert",
            "Go back to a snapshot, which is used up with all later ones.",
            partial(ask, "revert"),
            body_fields={"snapshot": "its number; the newest if not given"},
            answer_fields=("snapshot", "waiting"),
        ),
        Operation(
            "POST",
            "/devnet/time",
            "time",
            "Let time pass, hold it, or let it run again.",
            partial(ask, "time"),
            body_fields={
                "advance_ms": "milliseconds to let pass",
                "to_ms": "or a time to go on to, in milliseconds since 1970 UTC",
                "clock": "`hold` or `run`",
            },
            answer_fields=("now_ms", "held"),
        ),
        Operation(
            "POST",
            "/devnet/mode",
            "mode",
            "When blocks are made: `instant`, `manual`, or each so many milliseconds.",
            partial(ask, "mode"),
            body_fields={
                "mode": "`instant`, `manual` or a number of milliseconds",
                "empty": "whether blocks are made at an interval though nothing waits; as it is if not given",
            },
            answer_fields=("mode", "empty"),
        ),
        Operation(
            "POST",
            "/devnet/mine",
            "mine",
            "Make blocks now, with what waits or empty.",
            partial(ask, "mine"),
            body_fields={
                "blocks": f"how many, at most {BLOCKS_MINED_MAX}; 1 if not given",
                "interval_ms": "time to let pass before each; none if not given",
            },
        ),
        Operation(
            "GET",
            "/devnet/pool",
            "pool",
            "What waits, in the order in which blocks will take it, and what waits behind a gap.",
            partial(ask, "pool"),
            answer_fields=("ready", "queued"),
        ),
        Operation(
            "POST",
            "/devnet/drop",
            "drop",
            "Take a transaction out of the pool, or all.",
            partial(ask, "drop"),
            body_fields={"id": "its identity in hexadecimal; all if not given"},
            answer_fields=("dropped",),
        ),
        Operation(
            "POST",
            "/devnet/faucet",
            "faucet",
            f"Pay a wallet out of dev-{FAUCET}.",
            partial(ask, "faucet"),
            body_fields={"to": "tael1…", "amount": "minor units", "currency": f"{CURRENCY} if not given"},
            answer_fields=("id",),
        ),
        Operation(
            "POST",
            "/devnet/dump",
            "dump",
            "Copy the ledger with its history into a folder of this machine, while it goes on.",
            partial(ask, "dump"),
            body_fields={"folder": "an empty one, or one that is not there"},
            answer_fields=("folder",),
        ),
    )


def _edit_operations(ask: Ask) -> tuple[Operation, ...]:
    """Changes of the state by blocks of their own."""
    identity = ("id",)
    return (
        Operation(
            "POST",
            "/devnet/balance",
            "set_balance",
            "Let a wallet hold so much of a currency, minted or burned.",
            partial(ask, "set_balance"),
            body_fields={"wallet": "tael1…", "amount": "minor units", "currency": f"{CURRENCY} if not given"},
            answer_fields=identity,
        ),
        Operation(
            "POST",
            "/devnet/slot",
            "set_slot",
            "Put a value into the state of a contract; a vault is minted into or burned out of.",
            partial(ask, "set_slot"),
            body_fields={
                "contract": "tael1…",
                "field": "the field's name, or `phase`",
                "key": "of a map or set, encoded, in hexadecimal",
                "value": "encoded, in hexadecimal; null empties the slot",
            },
            answer_fields=identity,
        ),
        Operation(
            "POST",
            "/devnet/sequence",
            "set_sequence",
            "Set the next sequence of a wallet's lane on.",
            partial(ask, "set_sequence"),
            body_fields={
                "wallet": "tael1…",
                "sequence": "not before the present one",
                "lane": f"0 to {LANE_MAX}; 0 if not given",
            },
            answer_fields=identity,
        ),
        Operation(
            "POST",
            "/devnet/edits",
            "edit",
            f"At most {ACTIONS_MAX} edits in one block, all or none.",
            partial(ask, "edit"),
            body_fields={"edits": "a list of what the three above take, each with `edit`: `balance`, `slot` or `sequence`"},
            answer_fields=identity,
        ),
    )


def _wallet_operations(ask: Ask) -> tuple[Operation, ...]:
    """Acting for wallets without their keys."""
    return (
        Operation(
            "POST",
            "/devnet/impersonate",
            "impersonate",
            "Take unsigned transactions of a wallet, or of all.",
            partial(ask, "impersonate"),
            body_fields={"wallet": "tael1…; all if not given", "stop": "true to take none any more"},
            answer_fields=("all", "wallets"),
        ),
        Operation(
            "GET",
            "/devnet/impersonated",
            "impersonated",
            "The wallets whose transactions need not be signed.",
            partial(ask, "impersonated"),
            answer_fields=("all", "wallets"),
        ),
        Operation(
            "POST",
            "/devnet/transactions",
            "submit_unsigned",
            "Submit a transaction of impersonated wallets, without signatures.",
            partial(ask, "submit_unsigned"),
            body_fields={
                "transaction": "the transaction's bytes in hexadecimal; its signatures are left out",
                "wait_seconds": f"how long to wait until it is on disk, at most {WAIT_SECONDS_MAX}; not at all if not given",
            },
            answer_fields=("id", "status", "receipt"),
        ),
        Operation(
            "POST",
            "/devnet/replace",
            "replace",
            "Put the same transaction with another gas price in the place of one that waits.",
            partial(ask, "replace"),
            body_fields={"id": "its identity in hexadecimal", "gas_price": "minor units per million gas"},
            answer_fields=("id",),
        ),
    )
