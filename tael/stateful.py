"""State machines from contracts (`docs/pytest.md`); `rule`, `precondition` and the like are those of `hypothesis.stateful`."""

from __future__ import annotations

from kit.pytesting.stateful import StateMachine, check, explore

__all__ = ["StateMachine", "check", "explore"]
