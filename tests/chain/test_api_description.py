"""The description of the API, and that answers are as it says."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import ledger_world
import msgpack
import pytest
from ledger_world import call, deploy
from schema_check import problems
from test_chain_node import open_node, payment

from chain.client.client import Client
from chain.node.api_answer import STATUSES
from chain.node.development import development_wallets
from chain.node.devnet import Devnet
from chain.node.listing import list_transactions
from chain.primitives.address import contract_address, format_address
from chain.primitives.header import decode_header
from chain.primitives.keys import SecretKey
from chain.primitives.mandate import Limit, Scope
from chain.primitives.policy import Policy
from chain.primitives.refusal import Refused
from chain.primitives.transaction import Grant, OpenWallet, Pay, SetPolicy, Transaction, sign
from vm.types import CoinValue

ALICE, BOB, CAROL = development_wallets()[:3]


def ask(devnet: Devnet, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A bare request: (status, headers, content)."""
    connection = http.client.HTTPConnection(devnet.address.removeprefix("http://"), timeout=10)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


@pytest.fixture(scope="module")
def document(devnet: Devnet) -> dict[str, Any]:
    """The description."""
    found: dict[str, Any] = json.loads(ask(devnet, "GET", "/v1/openapi.json")[2])
    return found


@pytest.fixture(scope="module")
def story(devnet: Devnet) -> Iterator[dict[str, Any]]:
    """A ledger with something of everything: a contract, events, a failure, a policy of two keys, a session."""
    with Client(devnet.address) as client:
        body = client.build(CAROL.address, [deploy("escrow", BOB.address, 100, 1_000)])
        deployed = client.commit(sign(body, [CAROL.key]))
        escrow = contract_address(CAROL.address, body.identity, 0)
        failed = client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 99))])
        client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100))])
        paid = client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "accept")])
        keys = [SecretKey.generate() for _ in range(2)]
        policy = Policy(tuple(sorted(key.public for key in keys)), 2)
        client.send(BOB.key, BOB.address, [OpenWallet(policy), SetPolicy(BOB.address, policy)])
        scope = Scope(limits=(Limit("CNY", 5, 50, 1_000),), payees=(ALICE.address,), calls=((escrow, ("fund",)),))
        expiry_ms = int(client.status()["now_ms"]) + 1_000_000
        granted = client.send(keys, BOB.address, [Grant(bytes(16), keys[0].public, scope, expiry_ms)])
        payment = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)]), [ALICE.key])
        outcomes = [one.receipt.identity.hex() for one in (deployed, failed, paid, granted)]
        yield {
            "escrow": format_address(escrow),
            "bob": format_address(BOB.address),
            "ids": outcomes,
            "payment": payment.encoded.hex(),
            "unsigned": Transaction(client.build(CAROL.address, [Pay(BOB.address, "CNY", 1)])).encoded.hex(),
        }


def questions(story: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """What each operation is asked: path and body."""
    escrow, bob, ids, payment = (story[name] for name in ("escrow", "bob", "ids", "payment"))
    names = ["parameters", f"wallet:{bob}", f"field:{escrow}:phase", f"slot:{escrow}:00", "00"]
    return {
        "status": [("/v1/status", None)],
        "block": [("/v1/blocks/latest", None), ("/v1/blocks/1?full=1&limit=1", None)],
        "certificate": [("/v1/blocks/latest/certificate", None), ("/v1/blocks/0/certificate", None)],
        "transaction": [(f"/v1/transactions/{one}", None) for one in ids],
        "receipt": [(f"/v1/receipts/{one}", None) for one in ids],
        "receipt_proof": [(f"/v1/receipts/{one}/proof", None) for one in ids],
        "events": [("/v1/events", None), ("/v1/events?limit=1", None)],
        "wallet": [(f"/v1/wallets/{bob}?lane=3", None), (f"/v1/wallets/{bob}?height=1", None)],
        "wallet_transactions": [(f"/v1/wallets/{bob}/transactions?limit=2", None)],
        "contracts": [("/v1/contracts?limit=1", None)],
        "contract": [(f"/v1/contracts/{escrow}", None)],
        "submit": [("/v1/transactions", {"transaction": payment}), ("/v1/transactions?wait=commit", {"transaction": payment})],
        "batch": [("/v1/batch?wait=commit", {"transactions": [payment, "c0"]}), ("/v1/batch", {"transactions": [payment]})],
        "simulate": [("/v1/simulate", {"transaction": payment})],
        "estimate": [("/v1/estimate", {"transaction": payment})],
        "trace": [("/v1/trace", {"transaction": payment}), ("/v1/trace", {"id": ids[2]})],
        "read": [("/v1/read", {"contract": escrow, "function": "remaining", "arguments": "90"})],
        "proof": [(f"/v1/proof?key={name}&form={form}", None) for name in names for form in ("own", "ics23")],
        "proofs": [("/v1/proofs", {"keys": names, "form": form, "height": 2}) for form in ("own", "ics23")],
        "sync_blocks": [],
        "sync_state": [],
        "snapshot": [("/devnet/snapshot", {})],
        "time": [("/devnet/time", {"advance_ms": 10})],
        "mode": [("/devnet/mode", {"mode": "manual"}), ("/devnet/mode", {"mode": "50"}), ("/devnet/mode", {"mode": "instant"})],
        "mine": [("/devnet/mine", {"blocks": 2})],
        "pool": [("/devnet/pool", None)],
        "drop": [("/devnet/drop", {})],
        "faucet": [("/devnet/faucet", {"to": bob, "amount": "3", "currency": "CNY"})],
        "set_balance": [("/devnet/balance", {"wallet": bob, "amount": "7"})],
        "set_slot": [("/devnet/slot", {"contract": escrow, "field": "phase", "value": "01"})],
        "set_sequence": [("/devnet/sequence", {"wallet": bob, "sequence": 9, "lane": 5})],
        "edit": [("/devnet/edits", {"edits": [{"edit": "balance", "wallet": bob, "amount": "8", "currency": "CNY"}]})],
        "impersonate": [("/devnet/impersonate", {"wallet": bob}), ("/devnet/impersonate", {})],
        "impersonated": [("/devnet/impersonated", None)],
        "submit_unsigned": [("/devnet/transactions", {"transaction": story["unsigned"], "wait_seconds": 10})],
        "revert": [("/devnet/revert", {})],
    }


def test_every_answer_is_as_described(devnet: Devnet, document: dict[str, Any], story: dict[str, Any]) -> None:
    """Of every operation but a dump and a replacement, with something of everything in the ledger; all have height and root."""
    operations = {o["operationId"]: o for methods in document["paths"].values() for o in methods.values()}
    asked = questions(story)
    assert set(operations) == {*asked, "dump", "replace"}
    for name, cases in asked.items():
        contents = operations[name]["responses"]["200"]["content"]
        if "application/json" not in contents:  # see `test_what_other_nodes_fetch_comes_in_msgpack`
            assert name.startswith("sync_") and set(contents) == {"application/msgpack"}
            continue
        schema = contents["application/json"]["schema"]
        assert {"height", "state_root"} <= set(schema["required"])
        for path, body in cases:
            status, _, content = ask(devnet, "GET" if body is None else "POST", path, body)
            assert status == 200, (path, content)
            assert problems(json.loads(content), schema, document) == [], path


def test_a_replacement_is_answered_as_described(devnet: Devnet, document: dict[str, Any]) -> None:
    """Of one that waits."""
    schema = document["paths"]["/devnet/replace"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    with Client(devnet.address) as client:
        ask(devnet, "POST", "/devnet/mode", {"mode": "manual"})
        waits = sign(client.build(ALICE.address, [Pay(CAROL.address, "CNY", 1)]), [ALICE.key])
        client.submit(waits)
        status, _, content = ask(devnet, "POST", "/devnet/replace", {"id": waits.identity.hex(), "gas_price": 20})
        ask(devnet, "POST", "/devnet/drop", {})
        ask(devnet, "POST", "/devnet/mode", {"mode": "instant"})
    assert status == 200 and problems(json.loads(content), schema, document) == []
    assert json.loads(content)["id"] != waits.identity.hex()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/blocks/99999999", None),
        ("GET", "/v1/blocks/x", None),
        ("GET", "/v1/wallets/tael1q", None),
        ("POST", "/v1/transactions", {"transaction": "c0"}),
        ("POST", "/v1/read", {"contract": format_address(ALICE.address), "function": "f", "arguments": "90"}),
        ("GET", f"/v1/proof?key=field:{format_address(ALICE.address)}:x", None),
        ("POST", "/devnet/revert", {"snapshot": 77}),
        ("POST", "/devnet/balance", {"wallet": format_address(bytes(32)), "amount": "1"}),
        ("POST", "/devnet/slot", {"contract": format_address(ALICE.address), "field": "x"}),
        ("POST", "/devnet/edits", {"edits": [{"edit": "slot", "contract": "tael1q"}]}),
        ("POST", "/devnet/transactions", {"transaction": "c0"}),
        ("POST", "/devnet/replace", {"id": "00" * 32, "gas_price": 1}),
    ],
)
def test_every_refusal_is_of_one_shape_with_a_code_that_was_described(
    devnet: Devnet, document: dict[str, Any], method: str, path: str, body: Any
) -> None:
    """Its status has the code among those of the operation."""
    status, _, content = ask(devnet, method, path, body)
    bare = path.partition("?")[0]
    (template,) = (known for known in document["paths"] if _fits(known, bare) and method.lower() in document["paths"][known])
    answers = document["paths"][template][method.lower()]["responses"]
    assert problems(json.loads(content), answers[str(status)]["content"]["application/json"]["schema"], document) == []


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) is not None


def test_codes_are_described_under_the_status_that_they_have(document: dict[str, Any]) -> None:
    """400 is for what is not as described; a code stands under one status only."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status != "200":
                    (_, narrowed) = answer["content"]["application/json"]["schema"]["allOf"]
                    codes = [Refused(code) for code in narrowed["properties"]["code"]["enum"]]
                    assert {STATUSES.get(code, 422) for code in codes} == {int(status)}
    assert STATUSES[Refused.BAD_REQUEST] == 400 and list(STATUSES.values()).count(400) == 1


def test_bare_bytes_are_those_of_the_json_answer(devnet: Devnet, story: dict[str, Any]) -> None:
    """With `Accept: application/octet-stream`; height and root stand in the head of the answer."""
    bare = {"Accept": "application/octet-stream"}
    for path, field in (
        ("/v1/proof?key=parameters", ("proof",)),
        ("/v1/proof?key=parameters&form=ics23&height=1", ("proof",)),
        (f"/v1/receipts/{story['ids'][0]}", ("receipt", "encoded")),
        (f"/v1/transactions/{story['ids'][0]}", ("encoded",)),
        ("/v1/blocks/1?full=1", ("encoded",)),
        ("/v1/blocks/1/certificate", ("certificate",)),
    ):
        told = json.loads(ask(devnet, "GET", path)[2])
        status, headers, content = ask(devnet, "GET", path, **bare)
        expected = told
        for name in field:
            expected = expected[name]
        assert (status, content.hex()) == (200, expected)
        assert (headers["tael-height"], headers["tael-state-root"]) == (str(told["height"]), told["state_root"])


def test_what_other_nodes_fetch_comes_in_msgpack(devnet: Devnet, story: dict[str, Any]) -> None:
    """Blocks and the state, with height and root in the head of the answer; what is asked wrongly is refused like all else."""
    status, headers, content = ask(devnet, "GET", "/v1/sync/blocks?from=1&limit=2")
    height, block_hash, blocks = msgpack.unpackb(content)
    assert (status, headers["content-type"], headers["tael-height"]) == (200, "application/msgpack", str(height))
    assert len(blocks) == 2 and all(block and certificate for block, certificate in blocks)
    assert json.loads(ask(devnet, "GET", "/v1/status")[2])["block"] == block_hash.hex()
    status, headers, content = ask(devnet, "GET", "/v1/sync/state?height=1")
    header, _, entries, more = msgpack.unpackb(content)
    assert (status, more, headers["tael-height"]) == (200, None, "1")
    assert decode_header(header).state_root.hex() == headers["tael-state-root"]
    assert entries == sorted(entries) and entries
    for wrong in ("/v1/sync/blocks", "/v1/sync/blocks?from=x", "/v1/sync/state?after=", "/v1/sync/state?other=1"):
        status, _, content = ask(devnet, "GET", wrong)
        assert (status, json.loads(content)["code"]) == (400, "BadRequest")


def test_the_page_for_people_needs_nothing_from_elsewhere(devnet: Devnet, document: dict[str, Any]) -> None:
    """It shows every operation and schema, and a browser may load nothing for it."""
    _, headers, content = ask(devnet, "GET", "/v1/docs")
    page = content.decode()
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert all(target.startswith(("/v1/", "#")) for target in re.findall(r"(?:src|href)=[\"']?([^\"' >]*)", page))
    for path in document["paths"]:
        assert path in page
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page


def test_pages_follow_each_other(devnet: Devnet, story: dict[str, Any]) -> None:
    """A wallet's transactions, contracts, events and a block's transactions: one at a time they are the same as all at once."""
    lists = (
        (f"/v1/wallets/{story['bob']}/transactions", "transactions"),
        ("/v1/contracts", "contracts"),
        ("/v1/events", "events"),
        ("/v1/blocks/2", "transactions"),
    )
    for path, name in lists:
        whole = json.loads(ask(devnet, "GET", path)[2])[name]
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = json.loads(ask(devnet, "GET", f"{path}?limit=1&from={cursor}")[2])
            found += answer[name]
            cursor = answer["next"] if answer[name] or answer["next"] not in (None, cursor) else None
        assert found == whole and whole, path


def test_a_page_of_a_wallets_transactions_looks_at_a_bounded_number(
    devnet: Devnet, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be empty though there is more behind it; going on finds all."""
    path = f"/v1/wallets/{story['bob']}/transactions"
    whole = json.loads(ask(devnet, "GET", path)[2])["transactions"]
    monkeypatch.setattr("chain.node.listing.LIST_SCANNED_MAX", 1)
    found: list[Any] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        answer = json.loads(ask(devnet, "GET", f"{path}?from={cursor}")[2])
        assert len(answer["transactions"]) <= 1
        found += answer["transactions"]
        cursor, pages = answer["next"], pages + 1
    assert found == whole and pages > len(whole)


def test_a_list_of_transactions_ends_where_blocks_are_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there comes, and that is the end of it; a cursor into what is gone is at the end as well."""
    with closing(open_node(tmp_path)) as node:
        monkeypatch.setattr("chain.state.writing.UNDO_BLOCKS_MAX", 8)
        for sequence in range(20):
            node.submit(payment(sequence).encoded)
            node.produce()
        floor = node.store.prune(1_000)
        rows, following = list_transactions(node, ledger_world.ALICE, b"", 1_000)
        assert [row["block"] for row in rows] == list(range(node.head.height, floor - 1, -1))
        assert following is None and floor > 1
        assert list_transactions(node, ledger_world.ALICE, (1).to_bytes(8) + bytes(4), 10) == ([], None)


def test_a_block_in_json_is_bounded_and_as_bare_bytes_is_not(
    devnet: Devnet, story: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the limit its bytes are in the answer, past it TooLarge says how else to ask."""
    size = len(json.loads(ask(devnet, "GET", "/v1/blocks/1?full=1")[2])["encoded"]) // 2
    for most, status in ((size, 200), (size - 1, 413)):
        monkeypatch.setattr("chain.node.api_ledger.ANSWER_BLOCK_BYTES_MAX", most)
        assert ask(devnet, "GET", "/v1/blocks/1?full=1")[0] == status
    assert len(ask(devnet, "GET", "/v1/blocks/1", Accept="application/octet-stream")[2]) == size


def test_a_query_has_a_bounded_number_of_parameters(devnet: Devnet, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit they are read, one more is refused."""
    monkeypatch.setattr("chain.node.api_request.QUERY_FIELDS_MAX", 2)
    assert ask(devnet, "GET", "/v1/blocks/latest?full=1&limit=1")[0] == 200
    assert ask(devnet, "GET", "/v1/blocks/latest?full=1&limit=1&from=")[0] == 400
