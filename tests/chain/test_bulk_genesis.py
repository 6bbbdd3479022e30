"""A genesis whose wallets come as rows of a file is that of the same wallets in a list, and takes no memory for them."""

from __future__ import annotations

import hashlib
import random
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_world import ALICE, TIME_MS, VALIDATOR, specification
from store_world import contents

from chain.ledger.genesis import genesis_parent, make_genesis
from chain.ledger.parameters import parameters_value
from chain.ledger.wallet_rows import wallet_row
from chain.node.check import check_replay, first_parameters
from chain.node.development import devnet_specification
from chain.node.genesis import Genesis
from chain.node.node import Node
from chain.node.wallet_file import with_wallets, write_wallets
from chain.primitives.codec import encode
from chain.primitives.edits import SetBalance
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.state import beginning as beginning_module
from chain.state.sorting import Sorting
from chain.state.store import Store


def listed(count: int, seed: int = 0) -> dict[str, Any]:
    """A specification with so many more wallets in its list, some with nothing, some with much, of all three schemes of keys."""
    chance = random.Random(seed)
    found = specification()
    codes = [entry["code"] for entry in found["currencies"]]
    for _ in range(count):
        scheme, body = chance.choice([(b"\x01", b""), (b"\x02", b"\x02"), (b"\x03", b"\x03")])
        some = chance.sample(codes, chance.randint(0, len(codes)))
        found["wallets"].append(
            {
                "key": (scheme + body + chance.randbytes(32)).hex(),
                "balances": {code: chance.choice([1, 10**6, 2**64, 2**100]) for code in some},
            }
        )
    chance.shuffle(found["wallets"])
    return found


def written(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same with its wallets in a file."""
    rows = ((bytes.fromhex(entry["key"]), entry["balances"]) for entry in found["wallets"])
    return {**found, "wallets": write_wallets(folder / "wallets.rows", rows)}


def open_node(folder: Path, found: dict[str, Any]) -> Node:
    """A node whose clock stands still."""
    return Node(folder, found, clock=lambda: TIME_MS)


def tables(folder: Path) -> dict[bytes, dict[bytes, bytes]]:
    """All that a closed ledger has."""
    with closing(Store(folder)) as store:
        return contents(store)


@pytest.mark.parametrize("count", [0, 1, 40, 700])
def test_rows_make_what_a_list_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Every table of the ledger is the same to the byte, with much put down on the disk in between, and the two go on as one."""
    monkeypatch.setattr(beginning_module, "BEGINNING_ROWS_MAX", 64)
    monkeypatch.setattr(beginning_module, "BEGINNING_PAGES_MAX", 50)
    monkeypatch.setattr("chain.node.genesis.Sorting", lambda folder: Sorting(folder, bytes_max=20_000))
    found = listed(count)
    rows = with_wallets(written(found, tmp_path), tmp_path)
    open_node(tmp_path / "listed", found).close()
    open_node(tmp_path / "rows", rows).close()
    assert tables(tmp_path / "rows") == tables(tmp_path / "listed")
    for specification_ in (found, rows, found):
        with closing(open_node(tmp_path / "rows", specification_)) as node:
            node.produce()
            assert check_replay(node.store, rows).head == node.head


def test_rows_make_a_development_chain_with_validators(tmp_path: Path) -> None:
    """Its parameters say both, and a proof of them stands where the first certificate would."""
    found = {**listed(20), "chain_id": "tael-devnet-test", "development": True}
    rows = with_wallets(written(found, tmp_path), tmp_path)
    with closing(Node(tmp_path / "rows", rows, clock=lambda: TIME_MS, signers=[VALIDATOR])) as node:
        assert node.parameters.development and node.parameters.validators == VALIDATOR.public
        assert node.make_edit([SetBalance(ALICE, "CNY", 5)]).receipts[0].ok
        assert first_parameters(node.store) == parameters_value(node.parameters)
    open_node(tmp_path / "listed", found).close()
    assert tables(tmp_path / "rows") == tables(tmp_path / "listed")


def test_the_header_is_had_without_a_ledger(tmp_path: Path) -> None:
    """Nothing is written when it is only asked which block a file makes."""
    found = listed(50)
    rows = with_wallets(written(found, tmp_path), tmp_path)
    assert Genesis(rows).header() == make_genesis(found).block.header
    assert genesis_parent(rows) == make_genesis(found).block.header.parent
    assert [path.name for path in tmp_path.iterdir()] == ["wallets.rows"]


def test_a_node_that_starts_again_makes_nothing_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is compared with what block 0 says of it; only for another chain its block is made, to name it."""
    rows = with_wallets(written(listed(20), tmp_path), tmp_path)
    open_node(tmp_path / "ledger", rows).close()
    other = {**rows, "time_ms": 1}
    with pytest.raises(Refusal, match="holds another chain"):
        open_node(tmp_path / "ledger", other)
    monkeypatch.setattr("chain.node.genesis.stream_genesis", None)
    open_node(tmp_path / "ledger", rows).close()


@pytest.mark.parametrize("steps", [1, 2, 5, 9])
def test_a_beginning_that_fails_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Nothing is left of it by the next one, be that of another genesis."""
    monkeypatch.setattr(beginning_module, "BEGINNING_ROWS_MAX", 64)
    monkeypatch.setattr(beginning_module, "BEGINNING_PAGES_MAX", 50)
    found = listed(700)
    rows = with_wallets(written(found, tmp_path), tmp_path)
    with monkeypatch.context() as patch:
        honest, left = beginning_module.Beginning._step, [steps]

        def step(self: beginning_module.Beginning) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise StoreFailed("the disk is full")
            return honest(self)

        patch.setattr(beginning_module.Beginning, "_step", step)
        with pytest.raises(Refusal, match="disk is full"):
            open_node(tmp_path / "ledger", rows)
    second = rows if steps % 2 else specification()
    open_node(tmp_path / "ledger", second).close()
    open_node(tmp_path / "right", second).close()
    assert tables(tmp_path / "ledger") == tables(tmp_path / "right")


KEY = b"\x01" + bytes(32)


@pytest.mark.parametrize(
    "rows",
    [
        [b"\xc1"],
        [b"\x92\xc4"],
        [encode([KEY])],
        [encode([KEY[1:], []])],
        [encode([KEY, [["ZZZ", 1]]])],
        [encode([KEY, [["CNY", 0]]])],
        [encode([KEY, [["CNY", -1]]])],
        [encode([KEY, [["CNY", 1], ["CNY", 1]]])],
        [encode([KEY, [["USD", 1], ["CNY", 1]]])],
        [encode([KEY, [["CNY", b"\x01"]]])],
        [wallet_row(KEY, {"CNY": 1})] * 2,
        [wallet_row(KEY, {"CNY": 2**128 - 1}), wallet_row(b"\x02\x02" + bytes(32), {"CNY": 1})],
        [wallet_row(KEY, {}), b"\x92\xc4\x22\x02\x02" + bytes(32) + b"\xdc\x00\x00"],
        [b"\x80"],
    ],
    ids=repr,
)
def test_rows_that_are_none_are_refused(tmp_path: Path, rows: list[bytes]) -> None:
    """Each with a typed error, whatever hash is named."""
    found = specification()
    own = [wallet_row(bytes.fromhex(entry["key"]), entry["balances"]) for entry in found["wallets"]]
    data = b"".join(sorted([*own, *rows]))
    (tmp_path / "wallets.rows").write_bytes(data)
    named = {"file": "wallets.rows", "count": len(own) + len(rows), "sha256": hashlib.sha256(data).hexdigest()}
    with pytest.raises(Refusal) as caught:
        Genesis(with_wallets({**found, "wallets": named}, tmp_path)).header()
    assert caught.value.code is Refused.WRONG_GENESIS


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"file": "wallets.rows", "count": 0, "sha256": "00" * 32},
        {"file": "wallets.rows", "count": 3, "sha256": "0x"},
        {"file": "wallets.rows", "count": 3, "sha256": "00" * 32},
        {"file": "../wallets.rows", "count": 3, "sha256": "00" * 32},
        {"file": "none.rows", "count": 3, "sha256": "00" * 32},
        {"file": 7, "count": 3, "sha256": "00" * 32},
    ],
    ids=repr,
)
def test_a_file_that_is_not_as_it_is_named_is_refused(tmp_path: Path, named: dict[str, Any]) -> None:
    """Another hash, another count, no such file, or a name that leads elsewhere."""
    found = specification()
    written(found, tmp_path)
    with pytest.raises(Refusal) as caught:
        Genesis(with_wallets({**found, "wallets": named}, tmp_path)).header()
    assert caught.value.code is Refused.WRONG_GENESIS


def test_a_file_without_the_fee_wallet_is_refused(tmp_path: Path) -> None:
    """And so is one with a development key on another chain, and a wallet that comes twice."""
    found = specification()
    rest = [entry for entry in found["wallets"] if entry["key"] != found["fee_wallet"]]
    with pytest.raises(Refusal, match="fee wallet"):
        Genesis(with_wallets(written({**found, "wallets": rest}, tmp_path), tmp_path)).header()
    (tmp_path / "wallets.rows").unlink()
    known = {**devnet_specification(chain_id="another-chain"), "validators": None}
    with pytest.raises(Refusal, match="everybody knows"):
        Genesis(with_wallets(written(known, tmp_path), tmp_path)).header()
    (tmp_path / "wallets.rows").unlink()
    with pytest.raises(Refusal, match="twice"):
        write_wallets(tmp_path / "wallets.rows", [(KEY, {}), (KEY, {"CNY": 1})])


def test_many_byte_strings_are_sorted(tmp_path: Path) -> None:
    """As `sorted` does, whatever fits into memory, empty and equal ones too."""
    chance = random.Random(1)
    items = [chance.randbytes(chance.choice([0, 1, 2, 40])) for _ in range(2_000)]
    for bytes_max in (0, 500, 10_000, 10**9):
        with closing(Sorting(tmp_path, bytes_max=bytes_max)) as sorting:
            for item in items[: 200 if not bytes_max else None]:
                sorting.add(item)
            assert list(sorting) == sorted(items[: 200 if not bytes_max else None])
    assert list(tmp_path.iterdir()) == []
