"""Where a person's wallets are kept: `~/.tael`, or the folder that TAEL_HOME names."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder for what outlives a project. It need not exist yet."""
    named = os.environ.get("TAEL_HOME")
    return Path(named) if named else Path.home() / ".tael"


def wallets_folder() -> Path:
    """The folder of encrypted key files."""
    return home() / "wallets"
