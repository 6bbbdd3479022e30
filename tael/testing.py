"""For tests of contracts in pytest: what they expect of calls, and the types of the fixtures (`docs/pytest.md`)."""

from __future__ import annotations

from kit.pytesting.deploying import Deployer
from kit.pytesting.expectations import emits, moves, reverts
from kit.pytesting.in_process import ProcessLedger
from kit.pytesting.lab import LabLedger, Wallet, Wallets

__all__ = ["Deployer", "LabLedger", "ProcessLedger", "Wallet", "Wallets", "emits", "moves", "reverts"]
