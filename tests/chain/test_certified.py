"""A snapshot from anybody is held against what validators have signed: whatever was altered is found, checksums or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import lmdb
import pytest
from ledger_world import BOB, KEYS, VALIDATOR, specification
from store_world import contents, put_raw
from test_chain_node import open_node

from chain.node.certified import Trust, check_certified_rows, trust_of
from chain.node.check import Checked
from chain.primitives.certificate import certify
from chain.primitives.header import decode_header
from chain.primitives.keyspace import PARAMETERS, account_key
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state.sealed import TABLES, seal
from chain.state.store import Store

TRUST = trust_of(specification())


def checked(directory: Path, trust: Trust = TRUST) -> Checked:
    """What the check finds."""
    with closing(Store.reader(directory)) as store:
        return check_certified_rows(store, trust, progress=lambda done, of: None)


def found(directory: Path, trust: Trust = TRUST) -> Refused | None:
    """How a directory is found to be wrong, None for damage that shows in a checksum or the order of a table."""
    try:
        checked(directory, trust)
    except StoreFailed:
        return None
    except Refusal as refusal:
        return refusal.code
    raise AssertionError("it was found right")


def put(directory: Path, table: bytes, key: bytes, value: bytes) -> None:
    """Write a row with a right checksum."""
    put_raw(directory, table, key, seal(table, key, value))


def test_a_good_ledger_is_right(directory: Path) -> None:
    """By the genesis, and by the validators alone; its history is not executed."""
    for trust in (TRUST, Trust(VALIDATOR.public)):
        result = checked(directory, trust)
        assert (result.blocks, result.transactions, result.head.height) == (5, 5, 5)


def test_a_backup_and_what_was_restored_of_it_are_right(directory: Path, tmp_path: Path) -> None:
    """They are data directories."""
    with closing(Store.reader(directory)) as store:
        store.backup(tmp_path / "copy")
    with closing(Store.reader(tmp_path / "copy")) as store:
        store.backup(tmp_path / "again")
    assert checked(tmp_path / "copy") == checked(tmp_path / "again") == checked(directory)


def test_a_pruned_ledger_is_right(tmp_path: Path) -> None:
    """Its headers and certificates are all there, and whatever is kept is looked at."""
    with closing(open_node(tmp_path)) as node:
        for _ in range(140):
            node.produce()
        assert node.store.prune(10) == 10
    assert checked(tmp_path).blocks == 140
    put(tmp_path, b"meta", b"pruned", b"\x09")
    assert found(tmp_path) is Refused.WRONG_BLOCK
    put(tmp_path, b"meta", b"pruned", b"\x0b")
    assert found(tmp_path) is Refused.WRONG_BLOCK


@pytest.mark.parametrize(
    ("trust", "code"),
    [
        (Trust(KEYS["alice"].public), Refused.NOT_CERTIFIED),
        (Trust(KEYS["alice"].public, TRUST.genesis), Refused.NOT_CERTIFIED),
        (Trust(VALIDATOR.public, bytes(32)), Refused.WRONG_BLOCK),
    ],
)
def test_it_is_held_against_what_is_given(directory: Path, trust: Trust, code: Refused) -> None:
    """Other validators, or another genesis: not that ledger."""
    assert found(directory, trust) is code


def test_a_genesis_without_validators_certifies_nothing() -> None:
    """NotCertified, with what to do instead."""
    with pytest.raises(Refusal) as caught:
        trust_of(specification(validators=None))
    assert caught.value.code is Refused.NOT_CERTIFIED


def test_a_ledger_of_its_first_block_alone_needs_the_genesis(tmp_path: Path) -> None:
    """Nobody signs it."""
    open_node(tmp_path).close()
    assert checked(tmp_path).blocks == 0
    assert found(tmp_path, Trust(VALIDATOR.public)) is Refused.NOT_CERTIFIED


def flipped(value: bytes) -> bytes:
    """Its last byte changed, of which there may be none."""
    return value[:-1] + bytes([value[-1] ^ 1 if value else 1])


CHANGES: dict[str, Callable[[bytes], bytes | None]] = {
    "changed": flipped,
    "begun otherwise": lambda value: bytes([value[0] ^ 1 if value else 1]) + value[1:],
    "cut": lambda value: value[:-1],
    "longer": lambda value: value + b"\x00",
    "gone": lambda value: None,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", [name for name in TABLES if name != b"meta"])
def test_whatever_row_is_altered_with_a_right_checksum_is_found(directory: Path, table: bytes, change: str) -> None:
    """Of every table, the first, a middle and the last row, changed in five ways. The events of this ledger are none."""
    with closing(Store(directory)) as store:
        rows = sorted((key, stored[:-4]) for key, stored in contents(store)[table].items())
    for key, value in {rows[0], rows[len(rows) // 2], rows[-1]} if rows else set():
        altered = CHANGES[change](value)
        if altered == value:
            continue  # nothing can be cut of an empty row
        put_raw(directory, table, key, None if altered is None else seal(table, key, altered))
        if table in (b"certificates", b"undo") and change == "gone" and int.from_bytes(key) <= 1:
            put(directory, table, key, value)  # the oldest may be missing: from before there were any, or forgotten
            continue
        assert found(directory) in (None, Refused.WRONG_BLOCK, Refused.NOT_CERTIFIED, Refused.WRONG_STORE), (key, change)
        put(directory, table, key, value)
    assert checked(directory).blocks == 5


@pytest.mark.parametrize("table", [name for name in TABLES if name != b"meta"])
def test_a_row_too_many_is_found(directory: Path, table: bytes) -> None:
    """Of every table: at its end, and of a block that is to come."""
    for key in ((6).to_bytes(8), (5).to_bytes(8) + (9).to_bytes(4), bytes(32), b"\xff" * 40):
        put(directory, table, key, b"\x01" * 40)
        assert found(directory) in (None, Refused.WRONG_BLOCK, Refused.NOT_CERTIFIED)
        put_raw(directory, table, key, None)
    assert checked(directory).blocks == 5


def test_a_richer_bob_with_a_tree_to_match_is_found(directory: Path) -> None:
    """State and tree agree with each other, and not with what was signed; and a forged header has no certificate."""
    with closing(open_node(directory)) as node:
        value = node.store.get(account_key(BOB))
        assert value is not None
        update = node.tree.update([(account_key(BOB), flipped(value))])
    put(directory, b"state", account_key(BOB), flipped(value))
    for key, page in update.pages.items():
        assert page is not None
        put(directory, b"tree", key, page)
    assert found(directory) is Refused.WRONG_BLOCK


def test_another_head_by_a_stranger_is_found(directory: Path) -> None:
    """A certificate that is whole, by a key that is no validator's; or the validator's own, of another block."""
    with closing(Store(directory)) as store:
        header = decode_header(store.header(5) or b"")
        older = decode_header(store.header(4) or b"")
    put(directory, b"certificates", (5).to_bytes(8), certify(header, [KEYS["alice"]]).encoded)
    assert found(directory) is Refused.NOT_CERTIFIED
    put(directory, b"certificates", (5).to_bytes(8), certify(older, [VALIDATOR]).encoded)
    assert found(directory) is Refused.NOT_CERTIFIED


def test_other_parameters_are_found(directory: Path) -> None:
    """Those of the state are under its root; the first block's proof of them is held against its own."""
    put(directory, b"state", PARAMETERS, b"\x90")
    assert found(directory) is Refused.WRONG_BLOCK


def test_a_head_that_went_back_is_found(directory: Path) -> None:
    """Rows of blocks past the head do not belong there."""
    with closing(Store(directory)) as store:
        record = store.undo(5)
    assert record is not None
    with lmdb.open(str(directory / "ledger"), max_dbs=16, map_size=2**30) as environment:
        table = environment.open_db(b"meta")
        with environment.begin(write=True) as transaction:
            transaction.put(b"head", seal(b"meta", b"head", record.head), db=table)
    assert found(directory) is Refused.WRONG_BLOCK
