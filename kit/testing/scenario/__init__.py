"""Scenarios: histories of calls by chance, and what no history may break."""

from kit.testing.scenario.run import run_scenario

__all__ = ["run_scenario"]
