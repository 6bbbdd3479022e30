"""`tael block`: a block's header and transactions."""

from __future__ import annotations

import click

from kit.options import command, node_option
from kit.output import Output

_HEIGHT_MAX = 2**53  # as `chain.primitives.limits`, which is not imported for `--help`


@command("block", examples="tael block\ntael block 0\ntael block 7 --json")
@click.argument("height", type=click.IntRange(0, _HEIGHT_MAX), required=False)
@node_option
def block(out: Output, height: int | None, node: str | None) -> None:
    """Show the block at HEIGHT, else the newest: hashes, roots, the supply equation, transactions."""
    from chain.primitives.address import format_address
    from kit.network import connect
    from kit.values import plain_money, show_address, show_money, show_time

    network = connect(node)
    found = network.block(height)
    header = found.header
    out.line(f"{out.style(f'block {header.height:_}', 'bold')}  of {header.chain_id}  {show_time(header.time_ms)}")
    out.pairs(
        [
            ("hash", header.hash.hex()),
            ("parent", header.parent.hex()),
            ("transactions root", header.transactions_root.hex()),
            ("receipts root", header.receipts_root.hex()),
            ("state root", header.state_root.hex()),
            ("gas", f"{header.gas_used:_} of {header.gas_limit:_}"),
            ("proposer", show_address(header.proposer, network.setting())),
        ]
    )
    for supply in header.supply:
        sides = (supply.issued, supply.redeemed, supply.minted, supply.burned, supply.wallets, supply.contracts)
        issued, redeemed, minted, burned, wallets, contracts = (
            show_money(n, supply.currency, network.setting(supply.currency)).removesuffix(f" {supply.currency}") for n in sides
        )
        holds = out.style("holds", "green") if supply.holds else out.style("does not hold", "red")
        edits = f" + {minted} minted - {burned} burned by edits" if supply.minted or supply.burned else ""
        equation = f"{issued} issued - {redeemed} redeemed{edits} = {wallets} in wallets + {contracts} in contracts"
        out.line(f"  {supply.currency}: {equation}  {holds}")
    out.line(f"  transactions: {len(found.transactions)}")
    for identity in found.transactions:
        out.line(f"    {identity}")
    out.result(
        {
            "ok": True,
            "hash": header.hash.hex(),
            "chain_id": header.chain_id,
            "height": header.height,
            "time": {"ms": header.time_ms, "utc": show_time(header.time_ms)},
            "parent": header.parent.hex(),
            "transactions_root": header.transactions_root.hex(),
            "receipts_root": header.receipts_root.hex(),
            "state_root": header.state_root.hex(),
            "gas_used": header.gas_used,
            "gas_limit": header.gas_limit,
            "proposer": format_address(header.proposer),
            "supply": [
                {
                    "currency": s.currency,
                    "holds": s.holds,
                    **{
                        name: plain_money(getattr(s, name), s.currency, network.setting(s.currency))
                        for name in ("issued", "redeemed", "minted", "burned", "wallets", "contracts")
                    },
                }
                for s in header.supply
            ],
            "transactions": list(found.transactions),
        }
    )
