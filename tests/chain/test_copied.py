"""A devnet that begins with a copy of another network's state, and needs the other network no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from ledger_world import arguments, deploy, module

from chain.client.client import Client
from chain.node.certified import Trust, check_certified_rows
from chain.node.copied import begin_copy, copy_network, parse_source
from chain.node.development import BALANCE, CHAIN_ID, development_validator, development_wallets
from chain.node.devnet import Devnet, start_devnet
from chain.node.node import Node
from chain.node.upstream import StatePage, Upstream
from chain.primitives.address import contract_address
from chain.primitives.header import Header, decode_header
from chain.primitives.keyspace import PARAMETERS
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Call, Pay, sign
from chain.state.store import Store
from vm.types import CoinValue

OTHER = "elsewhere"
ALICE, BOB = development_wallets(OTHER)[:2]
DEV = development_wallets()[0]


@pytest.fixture
def remote() -> Iterator[Devnet]:
    """Another network: a devnet of another seed, whose wallets are strangers to ours."""
    with start_devnet(seed=OTHER) as running:
        yield running


def send(client: Client, wallet: Any, *actions: Any) -> Any:
    """One transaction, committed."""
    outcome = client.commit(sign(client.build(wallet.address, list(actions)), [wallet.key]))
    assert outcome.receipt.ok, outcome.json["error"]
    return outcome.receipt


def banked(client: Client) -> bytes:
    """A bank in which Alice has put seven."""
    receipt = send(client, ALICE, deploy("bank"))
    bank = contract_address(ALICE.address, receipt.identity, 0)
    send(client, ALICE, Call(bank, "deposit", arguments(module("bank"), "deposit", CoinValue("CNY", 7))))
    return bank


def test_a_copy_has_all_that_the_network_has_and_goes_on_without_it(remote: Devnet, tmp_path: Path) -> None:
    """Balances and contracts, which can be called; heights and time go on; the devnet's wallets have money; and it is found
    again when it starts once more, by the rows and by what was signed.
    """
    with Client(remote.address) as client:
        bank = banked(client)
        client.post("/devnet/time", {"advance_ms": 10**9})
        send(client, ALICE, Pay(BOB.address, "CNY", 100))
        before = client.block()["header"]
    with start_devnet(tmp_path / "copy", copy=remote.address) as copied, Client(copied.address) as client:
        remote.stop()
        status = client.status()
        assert (status["chain_id"], status["height"]) == (CHAIN_ID, before["height"] + 1)
        assert status["time_ms"] == before["time_ms"]
        assert client.balance(BOB.address, "CNY") == BALANCE + 100
        assert client.balance(DEV.address, "CNY") == BALANCE
        send(client, DEV, Call(bank, "deposit", arguments(module("bank"), "deposit", CoinValue("CNY", 5))))
        assert client.proved_balance(DEV.address, "CNY") == BALANCE - 5
        head = client.block()
    with start_devnet(tmp_path / "copy") as again, Client(again.address) as client:
        assert client.block() == head
        send(client, DEV, Pay(BOB.address, "CNY", 1))
    with closing(Store.reader(tmp_path / "copy")) as store:
        trust = Trust(development_validator().public)
        assert check_certified_rows(store, trust, progress=lambda done, of: None).blocks == 2


def test_a_copy_of_an_older_height_has_what_was_there_then(remote: Devnet) -> None:
    """What came later is not in it: neither values nor keys; what went later is."""
    with Client(remote.address) as client:
        for amount in (1, 2, 4):
            send(client, ALICE, Pay(BOB.address, "CNY", amount))
        bank = banked(client)
    with start_devnet(copy=f"{remote.address}@2") as copied, Client(copied.address) as client:
        assert client.status()["height"] == 3
        assert client.balance(BOB.address, "CNY") == BALANCE + 3
        with pytest.raises(Refusal) as caught:
            client.contract(bank)
        assert caught.value.code is Refused.NOT_FOUND


def test_a_copy_of_a_devnet_of_the_same_seed_gives_its_wallets_more(tmp_path: Path) -> None:
    """They keep what they had, and their sequences go on."""
    with start_devnet() as remote, Client(remote.address) as client:
        send(client, DEV, Pay(DEV.address, "CNY", 1))
        with start_devnet(copy=remote.address) as copied, Client(copied.address) as other:
            assert other.balance(DEV.address, "CNY") == 2 * BALANCE
            assert other.wallet(DEV.address)["next_sequence"] == 1
            send(other, DEV, Pay(DEV.address, "CNY", 1))


def test_pages_of_the_state_go_on_where_they_ended(remote: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three entries each."""
    monkeypatch.setattr("chain.node.api_sync.COPY_PAGE_ENTRIES_MAX", 3)
    told: list[int] = []
    header = copy_network(remote.address, tmp_path / "copy", "tael", told=told.append)
    assert header.height == 0
    assert len(told) > 3
    with closing(Node(tmp_path / "copy", None, clock=lambda: 0)) as node:
        assert node.head.height == 1
        assert node.balance(BOB.address, "CNY") == BALANCE


def test_a_ledger_is_not_written_over(remote: Devnet, tmp_path: Path) -> None:
    """WrongStore; and it goes on as it was."""
    copy_network(remote.address, tmp_path / "copy", "tael")
    with pytest.raises(Refusal) as caught:
        start_devnet(tmp_path / "copy", copy=remote.address)
    assert caught.value.code is Refused.WRONG_STORE
    assert "--copy" in caught.value.remedy


def test_another_seed_does_not_go_on_with_a_copy(remote: Devnet, tmp_path: Path) -> None:
    """Its validator is another."""
    copy_network(remote.address, tmp_path / "copy", "tael")
    with pytest.raises(Refusal) as caught:
        start_devnet(tmp_path / "copy", seed="third")
    assert caught.value.code is Refused.WRONG_KEY


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("http://127.0.0.1:1", Refused.UNREACHABLE),
        ("nowhere", Refused.BAD_REQUEST),
        ("http://127.0.0.1:1@x", Refused.BAD_REQUEST),
        ("http://127.0.0.1:1@-1", Refused.BAD_REQUEST),
    ],
)
def test_what_cannot_be_copied_leaves_nothing(tmp_path: Path, source: str, code: Refused) -> None:
    """The same directory can be used for the next try."""
    with pytest.raises(Refusal) as caught:
        copy_network(source, tmp_path / "copy", "tael")
    assert caught.value.code is code
    with closing(Store(tmp_path / "copy")) as store:
        assert store.is_empty()


def test_a_height_that_is_not_there_is_refused(remote: Devnet, tmp_path: Path) -> None:
    """By the network itself."""
    with pytest.raises(Refusal) as caught:
        copy_network(f"{remote.address}@5", tmp_path / "copy", "tael")
    assert caught.value.code is Refused.NOT_FOUND


def test_a_source_is_an_address_and_maybe_a_height() -> None:
    """The last @ counts."""
    assert parse_source("http://a:1") == ("http://a:1", None)
    assert parse_source("http://a:1@12") == ("http://a:1", 12)


def test_who_must_have_certified_it_is_held_to_that(remote: Devnet, tmp_path: Path) -> None:
    """With trust in other validators the copy is refused, with trust in its own it is made. Block 0 has no signatures."""
    with Client(remote.address) as client:
        send(client, ALICE, Pay(BOB.address, "CNY", 1))
    with pytest.raises(Refusal) as caught:
        copy_network(remote.address, tmp_path / "one", "tael", trust=Trust(development_validator().public))
    assert caught.value.code is Refused.NOT_CERTIFIED
    trust = Trust(development_validator(OTHER).public)
    assert copy_network(remote.address, tmp_path / "two", "tael", trust=trust).height == 1


def whole(remote: Devnet) -> tuple[Header, dict[bytes, bytes]]:
    """The state of a network, as it gives it."""
    page = Upstream(remote.address).state(0, None)
    assert page.more is None
    return decode_header(page.header), dict(page.entries)


def test_a_state_that_is_not_the_headers_is_refused(remote: Devnet) -> None:
    """A value changed, a key left out, one too many: WrongProof."""
    header, state = whole(remote)
    begin_copy(header, dict(state), "tael")
    key = sorted(state)[3]
    for altered in ({**state, key: b"\x90"}, {k: v for k, v in state.items() if k != key}, {**state, b"z": b"1"}):
        with pytest.raises(Refusal) as caught:
            begin_copy(header, altered, "tael")
        assert caught.value.code is Refused.WRONG_PROOF


def test_a_state_of_no_ledger_is_refused(remote: Devnet) -> None:
    """Also if somebody has made up a header for it."""
    from dataclasses import replace

    from chain.state.tree import root_of

    header, state = whole(remote)
    for gone in (PARAMETERS, *(key for key in state if key[:1] in b"tu")):
        less = {key: value for key, value in state.items() if key != gone}
        with pytest.raises(Refusal) as caught:
            begin_copy(replace(header, state_root=root_of(less.items())), less, "tael")
        assert caught.value.code is Refused.WRONG_PROOF


def pages(*entries: list[tuple[bytes, bytes]], more: bool = False) -> Any:
    """A node that gives these pages."""

    class Fake:
        def __init__(self, header: bytes) -> None:
            self.header = header
            self.left = list(entries)

        def status(self) -> dict[str, Any]:
            return {"height": 0}

        def state(self, height: int, after: bytes | None) -> StatePage:
            page = self.left.pop(0)
            return StatePage(self.header, None, page, page[-1][0] if self.left or more else None)

    return Fake


@pytest.mark.parametrize(
    "given",
    [
        pages([(b"b", b"1"), (b"a", b"1")]),
        pages([(b"a", b"1")], [(b"a", b"1")]),
        pages([(b"b", b"1")], [(b"a", b"1")]),
    ],
)
def test_entries_that_are_not_in_order_are_refused(
    remote: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Any
) -> None:
    """Malformed: so nobody can keep it busy with the same page for ever."""
    header, _ = whole(remote)
    monkeypatch.setattr("chain.node.copied.Upstream", lambda url: given(header.encoded))
    with pytest.raises(Refusal) as caught:
        copy_network("http://there", tmp_path / "copy", "tael")
    assert caught.value.code is Refused.MALFORMED


def test_a_state_without_end_is_refused(remote: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TooLarge, past what a copy may have."""
    header, _ = whole(remote)
    monkeypatch.setattr("chain.node.copied.COPY_BYTES_MAX", 3)
    monkeypatch.setattr("chain.node.copied.Upstream", lambda url: pages([(b"a", b"1234")], more=True)(header.encoded))
    with pytest.raises(Refusal) as caught:
        copy_network("http://there", tmp_path / "copy", "tael")
    assert caught.value.code is Refused.TOO_LARGE
