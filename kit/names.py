"""The development wallets as commands know them: `dev0` … `dev9`, and people's names for the same ten.

What a devnet is called and made from stands in `chain.node.devnet`; it is repeated here, and held equal by a test, because
importing a whole web server to name a wallet would cost every command a fifth of a second.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chain.primitives.keys import SecretKey

CHAIN_ID = "tael-devnet"
SEED = "tael"
ALIASES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
"""Other names of `dev0` … `dev9`, in this order."""
WALLETS = len(ALIASES)
PORT = 8645
"""Where `tael devnet` listens, and where other commands look for it, if nothing else is said."""
_NUMBERED = re.compile(r"dev-?([0-9])\Z")


def development_number(name: str) -> int | None:
    """Which development wallet a name means, or None."""
    numbered = _NUMBERED.match(name)
    if numbered is not None:
        return int(numbered[1])
    return ALIASES.index(name) if name in ALIASES else None


def development_seed() -> str:
    """The seed of the devnet's wallets: that of `TAEL_DEVNET_SEED`, else the usual one."""
    return os.environ.get("TAEL_DEVNET_SEED", SEED)


@lru_cache(maxsize=64)
def development_key(number: int, seed: str) -> SecretKey:
    """The key of development wallet `number`. Everybody can make it."""
    from chain.primitives.keys import SecretKey

    return SecretKey.development(seed, number)
