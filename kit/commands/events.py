"""`tael events`: what contracts have told, in order."""

from __future__ import annotations

from typing import Any

import click

from kit.options import command, node_option
from kit.output import Output

_PAGE = 100


@command("events", examples="tael events\ntael events tael1… --limit 10\ntael events --from CURSOR --json")
@click.argument("contract", required=False)
@click.option("--from", "cursor", metavar="CURSOR", default="", help="Go on after this event; the last line names the next.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=_PAGE, show_default=True, help="The most events to show.")
@node_option
def events(out: Output, contract: str | None, cursor: str, limit: int, node: str | None) -> None:
    """Show the events of all contracts, or of CONTRACT only, oldest first, as the node tells them."""
    from chain.primitives.address import parse_address
    from chain.primitives.receipt import Event
    from kit.network import connect
    from kit.receipts import plain_event, show_event

    network = connect(node)
    wanted = None if contract is None else network.contract(network.address(contract)).address
    shown: list[dict[str, Any]] = []
    while len(shown) < limit:
        page, _ = network.client.events(cursor, _PAGE)
        for told in page:
            cursor = told["cursor"]
            address = parse_address(told["contract"])
            if wanted not in (None, address):
                continue
            records = network.contract(address).module.events
            number = next(n for n, record in enumerate(records) if record.name == told["event"])
            event = Event(address, number, bytes.fromhex(told["payload"]))
            out.line(f"block {told['block']:_}  {show_event(network, event)}")
            place = {"cursor": cursor, "block": told["block"], "transaction": told["transaction"]}
            shown.append({**place, **plain_event(network, event)})
            if len(shown) == limit:
                break
        if len(page) < _PAGE:
            break
    out.line(f"go on with --from {cursor}" if cursor else "No events yet.")
    out.result({"ok": True, "events": shown, "next": cursor})
