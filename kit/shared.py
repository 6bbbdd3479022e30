"""Wallets for which several keys sign, as this machine knows them: a file each, without a secret, to be passed around.

```json
{"format": "tael-policy/1", "name": "board", "threshold": 2, "keys": ["01…", "01…", "02…"]}
```
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kit.home import wallets_folder
from kit.problem import Problem, missing

if TYPE_CHECKING:
    from chain.primitives.policy import Policy

FORMAT = "tael-policy/1"
_SUFFIX = ".policy.json"
_FILE_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class SharedWallet:
    """A wallet and who signs for it, as it was made: what holds now is on the ledger."""

    name: str
    policy: Policy

    @property
    def address(self) -> bytes:
        """Its address, which stays when the policy changes."""
        from chain.primitives.address import wallet_address

        return wallet_address(self.policy.plain())


def create_shared(name: str, policy: Policy) -> SharedWallet:
    """Write the file of a new one. Raises `Problem` if there is one of the name."""
    path = _path(name)
    if path.exists():
        raise missing(f"there is a wallet {name} already", "Choose another name; nothing is overwritten.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {"format": FORMAT, "name": name, "threshold": policy.threshold, "keys": [key.hex() for key in policy.keys]}
    with path.open("x", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")
    return SharedWallet(name, policy)


def find_shared(name: str) -> SharedWallet | None:
    """The one of a name, None if there is none here. Raises `Problem` if its file is damaged."""
    path = _path(name)
    return _read(path) if path.parent == wallets_folder() and path.is_file() else None


def list_shared() -> list[SharedWallet]:
    """All of this machine, by name."""
    folder = wallets_folder()
    return [_read(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))] if folder.is_dir() else []


def _path(name: str) -> Path:
    return wallets_folder() / f"{name}{_SUFFIX}"


def _read(path: Path) -> SharedWallet:
    from chain.primitives.json_text import parse_json
    from chain.primitives.policy import make_policy
    from chain.primitives.refusal import Refusal

    try:
        content = parse_json(path.read_bytes()[:_FILE_BYTES_MAX])
        if content["format"] != FORMAT or f"{content['name']}{_SUFFIX}" != path.name:
            raise ValueError
        policy = make_policy(int(content["threshold"]), [bytes.fromhex(key) for key in content["keys"]])
    except (ValueError, KeyError, TypeError, AttributeError, Refusal):
        raise Problem(f"{path.name} is damaged or of an unknown format", "Make it again from the keys.", code="Missing") from None
    return SharedWallet(str(content["name"]), policy)
