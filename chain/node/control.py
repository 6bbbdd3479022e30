"""What only a devnet lets others do to it: snapshots, time, when blocks are made, what waits, money for the asking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.node.clock import DevnetClock, Setting
from chain.node.control_edits import Edits
from chain.node.control_table import FAUCET, Answer
from chain.node.development import development_wallets
from chain.node.impersonation import Impersonation
from chain.node.node import Node
from chain.node.operation import Query
from chain.node.producer import Producer
from chain.primitives.address import format_address
from chain.primitives.limits import SNAPSHOTS_MAX
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
        self._faucet = development_wallets(seed)[FAUCET]
        self._snapshots: list[_Snapshot] = []
        self._count = 0
        self._turn = asyncio.Lock()
        self._edits = Edits(node, producer)
        self._impersonation = Impersonation(node, producer)
        self._answers: dict[str, Answer] = {
            "snapshot": self.snapshot,
            "revert": self.revert,
            "time": self.time,
            "mode": self.mode,
            "mine": self.mine,
            "pool": self.pool,
            "drop": self.drop,
            "faucet": self.faucet,
            "dump": self.dump,
            **self._edits.answers,
            **self._impersonation.answers,
        }

    async def answer(self, name: str, query: Query) -> dict[str, Any]:
        """What an operation of the table answers. Raises `Refusal`."""
        return await self._answers[name](query)

    async def snapshot(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        async with self._turn:
            await self._producer.settled()
            if len(self._snapshots) >= SNAPSHOTS_MAX:
                raise Refusal(Refused.CONFLICT, f"there are {SNAPSHOTS_MAX} snapshots already", "Go back to one of them.")
            self._count += 1
            self._snapshots.append(_Snapshot(self._count, self._node.head.height, self._clock.setting))
            return {"snapshot": self._count}

    async def revert(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        async with self._turn:
            await self._producer.settled()
            number = query["snapshot"]
            if number is None:
                number = self._snapshots[-1].number if self._snapshots else 0
            found = next((snapshot for snapshot in self._snapshots if snapshot.number == number), None)
            if found is None:
                raise Refusal(Refused.NOT_FOUND, f"there is no snapshot {number}", "Take one first; each is used once.")
            self._producer.revert(found.height)
            self._clock.setting = found.clock
            self._snapshots = [snapshot for snapshot in self._snapshots if snapshot.number < number]
            return {"snapshot": number, "waiting": len(self._node.pool)}

    async def time(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        now_ms, to_ms, advance_ms = self._node.now_ms(), query["to_ms"], query["advance_ms"]
        if to_ms is not None:
            if to_ms < now_ms:
                raise Refusal(
                    Refused.CONFLICT,
                    f"it is {now_ms} already, and time does not go back",
                    "Go back to a snapshot instead.",
                )
            self._clock.advance(to_ms - self._clock())
        elif advance_ms is not None:
            self._clock.advance(advance_ms + max(0, now_ms - self._clock()))
        if query["clock"] is not None:
            {"hold": self._clock.hold, "run": self._clock.run}[query["clock"]]()
        return {"now_ms": self._node.now_ms(), "held": self._clock.setting.held_ms is not None}

    async def mode(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        wanted = query["mode"]
        if query["empty"] is not None:
            self._producer.makes_empty = query["empty"]
        if wanted not in ("instant", "manual"):
            self._producer.set_mode(int(wanted))
        else:
            self._producer.set_mode(0 if wanted == "instant" else None)
        return {"mode": wanted, "empty": self._producer.makes_empty}

    async def mine(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        async with self._turn:
            for _ in range(query["blocks"]):
                await self._producer.room()
                self._clock.advance(query["interval_ms"])
                self._producer.produce()
            await self._producer.settled()
        return {}

    async def pool(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        pool = self._node.pool
        return {"ready": [_told(one) for one in pool.in_order()], "queued": [_told(one) for one in pool.queued()]}

    async def drop(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        dropped = self._producer.drop(query["id"])
        if query["id"] is not None and not dropped:
            raise Refusal(Refused.NOT_FOUND, "no such transaction waits")
        return {"dropped": dropped}

    async def faucet(self, query: Query) -> dict[str, Any]:
        """See `control_table`."""
        if not query["amount"]:
            raise Refusal(Refused.WRONG_AMOUNT, "the faucet pays one minor unit or more")
        node, wallet = self._node, self._faucet
        body = Body(
            node.parameters.chain_id,
            wallet.address,
            node.next_sequence(wallet.address, FAUCET_LANE),
            _FAUCET_GAS_MAX,
            node.parameters.gas_price_min,
            (Pay(query["to"], query["currency"], query["amount"]),),
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
        """See `control_table`."""
        folder = Path(query["folder"])
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
