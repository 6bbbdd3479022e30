"""Verifying a data directory, by its rows and by executing it again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from ledger_world import BOB, specification
from store_world import put_raw
from test_chain_node import damage, open_node, payment

from chain.node.check import Checked, check_replay, check_rows
from chain.primitives.keyspace import account_key
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.store import Store


def nothing(done: int, total: int) -> None:
    """No progress is shown."""


def by_rows(directory: Path) -> Checked:
    """The quick check."""
    with closing(Store.reader(directory)) as store:
        return check_rows(store, progress=nothing)


def by_replay(directory: Path, **changes: object) -> Checked:
    """The whole check."""
    with closing(Store.reader(directory)) as store:
        return check_replay(store, specification(**changes), progress=nothing)


def test_a_good_ledger_is_right_both_ways(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five blocks, five transactions, the same head; also when the replay is written in parts."""
    monkeypatch.setattr("chain.node.check.CHECK_BLOCKS_TOGETHER_MAX", 2)
    rows, replay = by_rows(directory), by_replay(directory)
    assert (rows.blocks, rows.transactions) == (5, 5)
    assert rows == replay


def test_a_ledger_is_checked_while_a_node_holds_it(directory: Path) -> None:
    """It sees the ledger as it was when it began."""
    with closing(open_node(directory)) as node, closing(node.store.beside()) as store:
        node.submit(payment(5).encoded)
        node.produce()
        assert check_replay(store, specification(), progress=nothing).head.height == 5


def test_a_value_with_a_wrong_checksum_is_found_by_its_row(directory: Path) -> None:
    """Whatever the table."""
    put_raw(directory, b"receipts", (2).to_bytes(8) + bytes(4), b"junk")
    with pytest.raises(StoreFailed, match="receipts"):
        by_rows(directory)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (b"receipts", (3).to_bytes(8) + bytes(4)),
        (b"events", (3).to_bytes(8) + bytes(8)),
        (b"index", payment(2).identity),
        (b"identities", (3).to_bytes(8)),
        (b"headers", (3).to_bytes(8)),
    ],
)
def test_a_forged_row_is_found_by_replay_at_its_height(directory: Path, table: bytes, key: bytes) -> None:
    """Although its checksum is right."""
    damage(directory, table, key, bytes(32))
    with pytest.raises(Refusal) as caught:
        by_replay(directory)
    assert caught.value.code is Refused.WRONG_BLOCK
    assert caught.value.data["height"] == 3


@pytest.mark.parametrize("table", [b"state", b"tree"])
def test_a_forged_state_is_found_by_replay_at_the_head(directory: Path, table: bytes) -> None:
    """A row too many with a right checksum."""
    damage(directory, table, account_key(BOB) + b"x", b"forged")
    with pytest.raises(Refusal, match=f"another {table.decode()}"):
        by_replay(directory)


def test_another_genesis_is_told_at_block_0(directory: Path) -> None:
    """The specification that is given is what the chain is held to."""
    with pytest.raises(Refusal) as caught:
        by_replay(directory, gas_price_min=1)
    assert caught.value.data["height"] == 0
