"""The fixtures of `kit_world`, for all tests of this folder."""

from __future__ import annotations

from kit_world import devnet_url, net, tael

__all__ = ["devnet_url", "net", "tael"]
