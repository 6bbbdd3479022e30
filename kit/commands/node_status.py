"""`tael node status`: how a node is, as its operations port tells."""

from __future__ import annotations

import http.client
import json
import os
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click

from kit.commands.node_options import Source, configuration_options
from kit.options import command
from kit.output import Output
from kit.problem import Exit, Problem, usage

_TIMEOUT_SECONDS = 5
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Condition:
    """What was told at one moment."""

    at: float
    chain_id: str
    version: str
    alive: bool
    reasons: list[str]
    numbers: dict[tuple[str, tuple[str, ...]], float]

    def number(self, name: str, *labels: str) -> float | None:
        """A number by its metric's name, with `tael_` before it."""
        return self.numbers.get((f"tael_{name}", labels))

    def total(self, name: str) -> float:
        """The sum of a metric over all values of its labels."""
        return sum(number for (found, _), number in self.numbers.items() if found == f"tael_{name}")


@command("status", examples="tael node status\ntael node status --watch\ntael node status --url http://127.0.0.1:8646 --json")
@click.option("--url", metavar="URL", help="The operations port. Else TAEL_OPERATIONS, else that of the configuration.")
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C: one line for each look.")
@click.option(
    "--every", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, metavar="SECONDS", help="Between two looks."
)
@configuration_options
def status(out: Output, source: Source, url: str | None, watch: bool, every: float) -> int:
    """Show how a node is: health, height, rate, what waits, disk. Exit code 0 if it is ready, else 1; 3 if nobody answers."""
    chosen = url or os.environ.get("TAEL_OPERATIONS") or _configured(source)
    found = look(chosen)
    if not watch:
        _show(out, chosen, found)
        return Exit.FINDINGS if found.reasons else Exit.OK
    before: Condition | None = found
    while True:
        time.sleep(every)
        before = _look_again(out, chosen, before)


def _look_again(out: Output, url: str, before: Condition | None) -> Condition | None:
    """A line for one more look; None if nobody answers, who may be there again at the next."""
    try:
        now = look(url)
    except Problem as problem:
        out.line(out.style(problem.message, "red"))
        if out.as_json:
            print(json.dumps(problem.plain()), flush=True)
        return None
    _show_line(out, now, before or now)
    return now


def look(url: str) -> Condition:
    """Ask an operations port. Raises `Problem` if nobody answers there."""
    from chain.node.metrics import read
    from chain.primitives.json_text import parse_json

    try:
        numbers = read(_get(url, "/metrics"))
        health, ready, version = (parse_json(_get(url, path)) for path in ("/health", "/ready", "/version"))
        return Condition(
            time.monotonic(), version["chain_id"] or "?", version["version"], health["alive"], list(ready["reasons"]), numbers
        )
    except (OSError, http.client.HTTPException):
        remedy = "Start the node, or say where its operations port is with --url or TAEL_OPERATIONS."
        problem = f"no operations port answers at {url}"
        raise Problem(problem, remedy, exit_code=Exit.UNREACHABLE, code="Unreachable", data={"url": url}) from None
    except (ValueError, KeyError, TypeError):
        remedy = "It is another port than that of the API: see operations.port."
        raise Problem(f"what answers at {url} is no operations port", remedy, code="Unreachable") from None


def _get(url: str, path: str) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _configured(source: Source) -> str:
    configuration = source.read().configuration
    if not configuration.operations:
        raise usage("this configuration has no operations port", "Set operations.enabled, or name one with --url.")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(configuration.operations_address, configuration.operations_address)
    return f"http://{f'[{host}]' if ':' in host else host}:{configuration.operations_port}"


def _show(out: Output, url: str, found: Condition) -> None:
    up = found.number("up_seconds") or 0
    mean = found.total("transactions_total") / up if up else 0
    rows = [
        ("node", f"{url}, chain {found.chain_id}, version {found.version}"),
        ("ready", out.style("yes", "green") if not found.reasons else out.style("no: " + "; ".join(found.reasons), "red")),
        ("height", f"{_shown(found.number('height'))}, {_shown(found.number('head_age_seconds'))} s ago"),
        ("rate", f"{mean:,.1f} transactions a second since the start {up:,.0f} s ago"),
        ("refusals", _shown(found.total("refusals_total"))),
        ("pool", _pool(found)),
        ("disk", _disk(found)),
        ("processes", _processes(found)),
    ]
    out.pairs(rows)
    out.result({"ok": not found.reasons, "url": url, **_plain(found)})


def _show_line(out: Output, now: Condition, before: Condition) -> None:
    seconds = (now.at - before.at) or 1
    rate = (now.total("transactions_total") - before.total("transactions_total")) / seconds
    blocks = (now.total("blocks_total") - before.total("blocks_total")) / seconds
    mark = out.style("ready", "green") if not now.reasons else out.style("not ready: " + "; ".join(now.reasons), "red")
    out.line(
        f"{mark}  height {_shown(now.number('height'))}  {rate:,.0f} tx/s  {blocks:,.1f} blocks/s"
        f"  pool {_pool(now)}  disk {_disk(now)}"
    )
    if out.as_json:
        plain = {"ok": not now.reasons, **_plain(now), "transactions_per_second": rate, "blocks_per_second": blocks}
        print(json.dumps(plain), flush=True)


def _plain(found: Condition) -> dict[str, Any]:
    names = ("height", "head_age_seconds", "pool_bytes", "pool_oldest_seconds", "store_bytes", "store_free_bytes",
             "disk_free_bytes", "connections", "blocks_ahead", "workers", "up_seconds")  # fmt: skip
    return {
        "alive": found.alive,
        "ready": not found.reasons,
        "reasons": found.reasons,
        "chain_id": found.chain_id,
        "version": found.version,
        "transactions": int(found.total("transactions_total")),
        "refusals": int(found.total("refusals_total")),
        "pool_transactions": int(found.total("pool_transactions")),
        **{name: _whole(found.number(name)) for name in names},
    }


def _whole(number: float | None) -> float | None:
    return int(number) if number is not None and number.is_integer() else number


def _pool(found: Condition) -> str:
    oldest = found.number("pool_oldest_seconds") or 0
    return f"{_shown(found.total('pool_transactions'))} waiting" + (f", the oldest {oldest:.0f} s" if oldest else "")


def _disk(found: Condition) -> str:
    size, left = found.number("store_bytes"), found.number("disk_free_bytes")
    if size is None or left is None:
        return "not known"
    return f"{size / _MEGABYTE:,.1f} MB used, {left / _MEGABYTE:,.0f} MB left"


def _processes(found: Condition) -> str:
    memory, processor = found.total("resident_bytes") / _MEGABYTE, found.total("processor_seconds_total")
    return f"{1 + int(found.number('workers') or 0)}, {memory:,.0f} MB of memory, {processor:,.1f} s of processor"


def _shown(number: float | None) -> str:
    return "?" if number is None else f"{number:_.0f}"
