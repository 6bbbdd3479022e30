"""`tael demo`: see it all work."""

from __future__ import annotations

from kit.options import command
from kit.output import Output


@command("demo", examples="tael demo\ntael demo --json")
def demo(out: Output) -> int:
    """See it all work in a few seconds: an escrow is compiled, deployed on a real network, paid into and settled in
    signed transactions; then the ledger is opened again from the disk and checked by proof and by replay.

    Everything happens in a temporary folder. Exit code 1 if anything does not hold.
    """
    from kit.demo import run_demo

    return 0 if run_demo(out) else 1
