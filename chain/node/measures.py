"""What a node counts while it works: in its own process, and in its workers, who hand over what they have counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chain.node.metrics import Counter, Histogram
from chain.primitives.receipt import Receipt

_STAGE_SECONDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RequestMeasures:
    """What is counted where requests are answered."""

    def __init__(self) -> None:
        self.refusals = Counter(
            "tael_refusals_total", "Refusals of transactions and requests that were answered, by code.", "code"
        )
        self.requests = Counter(
            "tael_http_requests_total", "Requests over HTTP, by route and class of status.", "route", "status"
        )
        self.request_seconds = Histogram(
            "tael_http_request_seconds",
            "Time until a request was answered, waiting for blocks included.",
            _REQUEST_SECONDS,
            "route",
        )

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self.requests.add(1, route, f"{status // 100}xx")
        self.request_seconds.observe(seconds, route)

    def take(self) -> list[Any]:
        """What was counted since the last call, for `merge` in another process."""
        return [metric.take() for metric in (self.refusals, self.requests, self.request_seconds)]

    def merge(self, taken: Sequence[Any]) -> None:
        """Add what another process has taken."""
        metrics: tuple[Counter | Histogram, ...] = (self.refusals, self.requests, self.request_seconds)
        for metric, more in zip(metrics, taken, strict=True):
            metric.merge(more)


class Measures(RequestMeasures):
    """What is counted where blocks are made: a few numbers a block."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = Counter("tael_blocks_total", "Blocks written since the start.")
        self.transactions = Counter("tael_transactions_total", "Transactions in written blocks, by outcome.", "outcome")
        self.gas = Counter("tael_gas_used_total", "Gas used by written blocks.")
        self.departures = Counter(
            "tael_pool_departures_total", "Transactions that left the pool without a block, by code.", "code"
        )
        self.stage_seconds = Histogram(
            "tael_block_stage_seconds",
            "Time for a block, by stage: admit into the pool, execute, tree and header, write (blocks written together).",
            _STAGE_SECONDS,
            "stage",
        )
        self.sync_seconds = Histogram("tael_sync_seconds", "Time for the disk to have what was written.", _STAGE_SECONDS)
        for outcome in ("ok", "failed"):
            self.transactions.add(0, outcome)

    def written(self, receipts: Sequence[Receipt], gas_used: int) -> None:
        """Count a block that is on disk."""
        went_well = sum([receipt.ok for receipt in receipts])
        self.blocks.add()
        self.transactions.add(went_well, "ok")
        self.transactions.add(len(receipts) - went_well, "failed")
        self.gas.add(gas_used)

    def all(self) -> tuple[Counter | Histogram, ...]:
        """Everything that is counted here."""
        return (
            self.blocks, self.transactions, self.gas, self.refusals, self.departures, self.stage_seconds, self.sync_seconds,
            self.requests, self.request_seconds,
        )  # fmt: skip
