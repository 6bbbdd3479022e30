"""What only a devnet lets others do to it: snapshots, time, when blocks are made, what waits, money for the asking.

The operations are mounted beside those of the API, by the devnet alone. They answer to addresses of this machine only, so that no
web page can reach them by a name that it has pointed here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.node.api import Operation, Query, query_number, query_text
from chain.node.clock import DevnetClock, Setting
from chain.node.development import CURRENCY, development_wallets
from chain.node.node import Node
from chain.node.producer import Producer
from chain.primitives.address import format_address, parse_address
from chain.primitives.limits import AMOUNT_MAX, BLOCK_TIME_MS_MAX, BLOCKS_MINED_MAX, HEIGHT_MAX, SNAPSHOTS_MAX, TIME_MS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Body, Pay, sign

FAUCET_LANE = 255
"""The lane in which the faucet pays, so that it does not get between what its wallet does otherwise."""
_FAUCET_GAS_MAX = 100_000
_FAUCET_EXPIRY_MS = 60_000


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A place to come back to."""

    number: int
    height: int
    clock: Setting


class Control:
    """The answers. Blocks are made and written elsewhere, so each begins by waiting until all that were made are on disk."""

    def __init__(self, node: Node, producer: Producer, clock: DevnetClock, seed: str) -> None:
        self._node = node
        self._producer = producer
        self._clock = clock
        self._faucet = development_wallets(seed)[-1]
        self._snapshots: list[_Snapshot] = []
        self._count = 0
        self._turn = asyncio.Lock()
        self.operations = (
            Operation(
                "POST",
                "/devnet/snapshot",
                "snapshot",
                "Remember this state, to go back to.",
                self.snapshot,
                answer_fields=("snapshot",),
            ),
            Operation(
                "POST",
                "/devnet/revert",
                "revert",
                "Go back to a snapshot, which is used up with all later ones.",
                self.revert,
                body_fields={"snapshot": "its number; the newest if not given"},
                answer_fields=("snapshot", "waiting"),
            ),
            Operation(
                "POST",
                "/devnet/time",
                "time",
                "Let time pass, hold it, or let it run again.",
                self.time,
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
                self.mode,
                body_fields={"mode": "`instant`, `manual` or a number of milliseconds"},
                answer_fields=("mode",),
            ),
            Operation(
                "POST",
                "/devnet/mine",
                "mine",
                "Make blocks now, with what waits or empty.",
                self.mine,
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
                self.pool,
                answer_fields=("ready", "queued"),
            ),
            Operation(
                "POST",
                "/devnet/drop",
                "drop",
                "Take a transaction out of the pool, or all.",
                self.drop,
                body_fields={"id": "its identity in hexadecimal; all if not given"},
                answer_fields=("dropped",),
            ),
            Operation(
                "POST",
                "/devnet/faucet",
                "faucet",
                f"Pay a wallet out of {self._faucet.name}.",
                self.faucet,
                body_fields={"to": "tael1…", "amount": "minor units", "currency": f"{CURRENCY} if not given"},
                answer_fields=("id",),
            ),
            Operation(
                "POST",
                "/devnet/dump",
                "dump",
                "Copy the ledger with its history into a folder of this machine, while it goes on.",
                self.dump,
                body_fields={"folder": "an empty one, or one that is not there"},
                answer_fields=("folder",),
            ),
        )

    async def snapshot(self, query: Query) -> dict[str, Any]:
        """See the table."""
        async with self._turn:
            await self._producer.settled()
            if len(self._snapshots) >= SNAPSHOTS_MAX:
                raise Refusal(Refused.CONFLICT, f"there are {SNAPSHOTS_MAX} snapshots already", "Go back to one of them.")
            self._count += 1
            self._snapshots.append(_Snapshot(self._count, self._node.head.height, self._clock.setting))
            return {"snapshot": self._count}

    async def revert(self, query: Query) -> dict[str, Any]:
        """See the table."""
        async with self._turn:
            await self._producer.settled()
            number = query_number(query, "snapshot", 0, HEIGHT_MAX, default=self._snapshots[-1].number if self._snapshots else 0)
            found = next((snapshot for snapshot in self._snapshots if snapshot.number == number), None)
            if found is None:
                raise Refusal(Refused.NOT_FOUND, f"there is no snapshot {number}", "Take one first; each is used once.")
            self._producer.revert(found.height)
            self._clock.setting = found.clock
            self._snapshots = [snapshot for snapshot in self._snapshots if snapshot.number < number]
            return {"snapshot": number, "waiting": len(self._node.pool)}

    async def time(self, query: Query) -> dict[str, Any]:
        """See the table."""
        now_ms = self._node.now_ms()
        if "to_ms" in query.body:
            to_ms = query_number(query, "to_ms", 0, TIME_MS_MAX)
            if to_ms < now_ms:
                raise Refusal(
                    Refused.CONFLICT,
                    f"it is {now_ms} already, and time does not go back",
                    "Go back to a snapshot instead.",
                )
            self._clock.advance(to_ms - self._clock())
        elif "advance_ms" in query.body:
            self._clock.advance(query_number(query, "advance_ms", 0, TIME_MS_MAX) + max(0, now_ms - self._clock()))
        if "clock" in query.body:
            {"hold": self._clock.hold, "run": self._clock.run}.get(query_text(query, "clock"), _no_such_clock)()
        return {"now_ms": self._node.now_ms(), "held": self._clock.setting.held_ms is not None}

    async def mode(self, query: Query) -> dict[str, Any]:
        """See the table."""
        wanted = query_text(query, "mode")
        if wanted not in ("instant", "manual"):
            self._producer.set_mode(query_number(query, "mode", 1, BLOCK_TIME_MS_MAX))
        else:
            self._producer.set_mode(0 if wanted == "instant" else None)
        return {"mode": wanted}

    async def mine(self, query: Query) -> dict[str, Any]:
        """See the table."""
        blocks = query_number(query, "blocks", 1, BLOCKS_MINED_MAX, default=1)
        interval_ms = query_number(query, "interval_ms", 0, TIME_MS_MAX // BLOCKS_MINED_MAX, default=0)
        async with self._turn:
            for _ in range(blocks):
                await self._producer.room()
                self._clock.advance(interval_ms)
                self._producer.produce()
            await self._producer.settled()
        return {}

    async def pool(self, query: Query) -> dict[str, Any]:
        """See the table."""
        pool = self._node.pool
        return {"ready": [_told(one) for one in pool.in_order()], "queued": [_told(one) for one in pool.queued()]}

    async def drop(self, query: Query) -> dict[str, Any]:
        """See the table."""
        if "id" not in query.body:
            return {"dropped": self._producer.drop(None)}
        try:
            identity = bytes.fromhex(query_text(query, "id"))
        except ValueError:
            raise Refusal(Refused.BAD_REQUEST, "id must be hexadecimal") from None
        if not self._producer.drop(identity):
            raise Refusal(Refused.NOT_FOUND, "no such transaction waits")
        return {"dropped": 1}

    async def faucet(self, query: Query) -> dict[str, Any]:
        """See the table."""
        to, amount = parse_address(query_text(query, "to")), query_number(query, "amount", 1, AMOUNT_MAX)
        currency = query_text(query, "currency") if "currency" in query.body else CURRENCY
        node, wallet = self._node, self._faucet
        body = Body(
            node.parameters.chain_id,
            wallet.address,
            node.next_sequence(wallet.address, FAUCET_LANE),
            _FAUCET_GAS_MAX,
            node.parameters.gas_price_min,
            (Pay(to, currency, amount),),
            FAUCET_LANE,
            expiry_ms=node.now_ms() + _FAUCET_EXPIRY_MS,
        )
        transaction = sign(body, [wallet.key])
        (row,) = await self._producer.submit([transaction], wait_seconds=_FAUCET_EXPIRY_MS // 1000)
        if row.refusal is not None:
            raise row.refusal
        if not row.ok:
            raise Refusal(Refused.EXECUTION_FAILED, f"the faucet could not pay: {row.error}", id=transaction.identity.hex())
        return {"id": transaction.identity.hex()}

    async def dump(self, query: Query) -> dict[str, Any]:
        """See the table."""
        folder = Path(query_text(query, "folder"))
        if not folder.is_absolute():
            raise Refusal(Refused.BAD_REQUEST, "the folder must be an absolute path")
        await asyncio.to_thread(self._node.store.backup, folder)
        return {"folder": str(folder)}


def _told(waiting: Any) -> dict[str, Any]:
    """One that waits, in JSON."""
    return {
        "id": waiting.identity.hex(),
        "sender": format_address(waiting.sender),
        "lane": waiting.lane,
        "sequence": waiting.sequence,
        "gas_price": waiting.gas_price,
    }


def _no_such_clock() -> None:
    raise Refusal(Refused.BAD_REQUEST, "clock must be `hold` or `run`")
