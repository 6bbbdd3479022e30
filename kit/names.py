"""The names of development wallets: `dev0` … `dev9`, and people's names for the same ten."""

from __future__ import annotations

import os
import re

ALIASES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
"""Other names of `dev0` … `dev9`, in this order."""
_NUMBERED = re.compile(r"dev-?([0-9])\Z")


def development_number(name: str) -> int | None:
    """Which development wallet a name means, or None."""
    numbered = _NUMBERED.match(name)
    if numbered is not None:
        return int(numbered[1])
    return ALIASES.index(name) if name in ALIASES else None


def development_seed() -> str:
    """The seed of the devnet's wallets: that of `TAEL_DEVNET_SEED`, else the usual one."""
    from chain.node.devnet import SEED

    return os.environ.get("TAEL_DEVNET_SEED", SEED)
