"""The fixtures of `chain_world`, for all tests of this folder."""

from __future__ import annotations

from chain_world import client, devnet, directory

__all__ = ["client", "devnet", "directory"]
