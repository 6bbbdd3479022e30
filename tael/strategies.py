"""Hypothesis strategies from the types of contracts (`docs/pytest.md`)."""

from __future__ import annotations

from kit.pytesting.strategies import Invocation, amounts, calls, durations, of, wallets

__all__ = ["Invocation", "amounts", "calls", "durations", "of", "wallets"]
