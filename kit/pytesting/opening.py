"""Which ledger a pytest session is about, by what it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chain.primitives.money import check_currency
from chain.primitives.refusal import Refusal
from kit.pytesting.lab import LabLedger


@contextmanager
def open_ledger(config: pytest.Config) -> Iterator[LabLedger]:
    """The ledger in this process, or a devnet's. Raises `pytest.UsageError` that says why it cannot be."""
    url, own = config.getoption("--tael-node"), config.getoption("--tael-devnet")
    balance = str(config.getini("tael_balance"))
    if url is None and not own:
        from kit.pytesting.in_process import ProcessLedger

        try:
            yield ProcessLedger(_currencies(config), balance)
        except Refusal as refusal:
            raise pytest.UsageError(f"tael_balance: {refusal}") from None
        return
    if url is not None and own:
        raise pytest.UsageError("--tael-node and --tael-devnet: give one of them")
    if url is not None and hasattr(config, "workerinput"):
        raise pytest.UsageError("--tael-node with -n: workers would take the state away from one another; use --tael-devnet")
    from kit.pytesting.on_devnet import open_devnet, start_own

    if url is None:
        with start_own() as address, open_devnet(address, balance) as ledger:
            yield ledger
        return
    with open_devnet(url, balance) as ledger:
        yield ledger


def _currencies(config: pytest.Config) -> dict[str, int]:
    """The base currency and those of `tael_currencies`."""
    currencies = {"CNY": 2}
    for line in config.getini("tael_currencies"):
        code, _, decimals = line.partition(" ")
        try:
            check_currency(code)
            currencies[code] = int(decimals)
        except (Refusal, ValueError):
            raise pytest.UsageError(f"tael_currencies: {line!r} is not a code and its decimals, as in `USD 2`") from None
    return currencies
