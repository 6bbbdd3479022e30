"""What a pytest session has of Tael, once a test has asked for the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from kit.pytesting.deploying import Deployer
from kit.pytesting.examples import around_examples, is_final
from kit.pytesting.explaining import compare, explain, hide_own_frames
from kit.pytesting.gas import Used, gas_watcher
from kit.pytesting.isolation import Isolation
from kit.pytesting.lab import LabLedger, in_use


class Session:
    """The ledger, and what is done around tests."""

    def __init__(self, ledger: LabLedger, config: pytest.Config) -> None:
        self.ledger = ledger
        self.isolation = Isolation(ledger)
        self.deploy = Deployer(ledger, config.rootpath)
        self._explanation: list[str] = []
        self.gas: Used = {}
        if config.getoption("--tael-gas"):
            ledger.history.watchers.append(gas_watcher(self.gas, lambda: ledger.interfaces))

    @classmethod
    @contextmanager
    def begin(cls, config: pytest.Config) -> Iterator[Session]:
        """Open the ledger that the session was asked for. Raises `pytest.UsageError` that says why it cannot be."""
        from kit.pytesting.opening import open_ledger

        with ExitStack() as closing:
            ledger = closing.enter_context(open_ledger(config))
            closing.enter_context(in_use(ledger))
            yield cls(ledger, config)

    @contextmanager
    def running(self, item: pytest.Item, *, isolated: bool) -> Iterator[None]:
        """A test runs inside."""
        self._explanation = []
        del self.ledger.history.all[:]
        with self.isolation.test(isolated=isolated), around_examples(item, self._example if isolated else None):
            try:
                yield
            except Exception as error:
                self._explain(error)
                hide_own_frames(error)
                if self._explanation:
                    item.add_report_section("call", "tael", "\n".join(self._explanation))
                raise

    def compared(self, op: str, left: object, right: object) -> list[str] | None:
        """A comparison that does not hold, in the contract's terms."""
        return compare(self.ledger.words, op, left, right)

    def _example(self, run: Any) -> Any:
        return self.isolation.example(run, self._explain)

    def _explain(self, error: Exception) -> None:
        """Keep what is known of a failure while the ledger is still there."""
        if is_final() and (told := explain(self.ledger, error)):
            self._explanation = told
