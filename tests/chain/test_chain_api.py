"""The devnet over real HTTP on loopback, through the client and past it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ledger_world import call, deploy, module

from chain.client.client import Client
from chain.node.development import CHAIN_ID as DEVNET_CHAIN_ID
from chain.node.development import development_wallets
from chain.node.devnet import Devnet, start_devnet
from chain.primitives.address import contract_address, format_address, wallet_address
from chain.primitives.header import decode_header
from chain.primitives.keys import SecretKey
from chain.primitives.keyspace import account_key, contract_key
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import OpenWallet, Pay, sign
from chain.state.store import Commit, Store
from vm.types import CoinValue
from vm.values import encode_arguments

WALLETS = development_wallets()
ALICE, BOB, CAROL = WALLETS[0], WALLETS[1], WALLETS[2]
ROOT = Path(__file__).parents[2]


def ask(devnet: Devnet, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    """A bare request: (status, JSON)."""
    connection = http.client.HTTPConnection(devnet.address.removeprefix("http://"), timeout=10)
    connection.request(method, path, body)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def test_a_payment_is_committed_and_its_receipt_tells_it(client: Client) -> None:
    """The receipt is on disk when the answer comes, and the balance has changed."""
    before = client.balance(BOB.address, "CNY")
    outcome = client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 12_345)
    assert outcome.receipt.ok
    assert outcome.json["moves"][0]["text"] == "123.45 CNY"
    assert client.balance(BOB.address, "CNY") == before + 12_345
    assert client.receipt(outcome.receipt.identity) == outcome


def test_the_same_transaction_again_gets_the_first_outcome(client: Client) -> None:
    """A retry after an answer was lost changes nothing."""
    transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 1)]), [ALICE.key])
    first = client.commit(transaction)
    before = client.balance(BOB.address, "CNY")
    assert client.commit(transaction) == first
    assert client.submit(transaction) == "committed"
    assert client.balance(BOB.address, "CNY") == before


def test_a_balance_is_proved_and_the_proof_is_checked_by_the_client(client: Client) -> None:
    """Presence and absence, under a header that the client may hold already."""
    assert client.proved_balance(CAROL.address, "CNY") == client.balance(CAROL.address, "CNY")
    header = decode_header(bytes.fromhex(client.block()["header"]["encoded"]))
    proved = client.prove(contract_key(bytes(32)), header)
    assert (proved.value, proved.header) == (None, header)


def test_a_proof_under_another_header_is_refused(client: Client) -> None:
    """Whoever trusts an older header is not given a newer state."""
    old = decode_header(bytes.fromhex(client.block(0)["header"]["encoded"]))
    client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    with pytest.raises(Refusal) as caught:
        client.prove(account_key(BOB.address), old)
    assert caught.value.code is Refused.WRONG_PROOF


def test_a_contract_is_deployed_called_and_read(client: Client) -> None:
    """Interface, events, errors and values come decoded."""
    body = client.build(CAROL.address, [deploy("escrow", BOB.address, 100, 1_000)])
    assert client.commit(sign(body, [CAROL.key])).receipt.ok
    escrow = contract_address(CAROL.address, body.identity, 0)
    told = client.contract(escrow)
    assert told["module"] == module("escrow").hex()
    assert {"name": "accept", "kind": "public", "parameters": [], "result": None} in told["interface"]["functions"]
    wrong = client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 99))])
    assert wrong.json["error"]["name"] == "WrongPrice"
    assert wrong.json["error"]["fields"] == {"want": "100", "got": "99"}
    assert client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "fund", CoinValue("CNY", 100))]).receipt.ok
    assert client.read(escrow, "remaining", encode_arguments([], []))["value"] == "100"
    _, cursor = client.events(limit=1_000)
    paid = client.send(CAROL.key, CAROL.address, [call(escrow, "escrow", "accept")])
    fields = {"to": format_address(BOB.address), "amount": "100"}
    assert paid.json["events"][0]["fields"] == fields
    events, after = client.events(cursor)
    assert [(e["event"], e["fields"]) for e in events] == [("Settled", fields)]
    assert client.events(after) == ([], after)


def test_a_failed_read_tells_the_failure(client: Client) -> None:
    """ExecutionFailed with the error's name."""
    with pytest.raises(Refusal) as caught:
        client.read(bytes(32), "f", b"\x90")
    assert caught.value.code is Refused.EXECUTION_FAILED
    assert caught.value.data["error"]["name"] == "NoContract"  # type: ignore[index]


def test_a_new_wallet_is_opened_and_spends(client: Client) -> None:
    """By somebody else, for a key that the node has never seen."""
    key = SecretKey.generate()
    address = wallet_address(key.public)
    with pytest.raises(Refusal) as caught:
        client.wallet(address)
    assert caught.value.code is Refused.NOT_FOUND
    client.send(ALICE.key, ALICE.address, [OpenWallet(key.public), Pay(address, "CNY", 5)])
    client.pay(key, address, ALICE.address, "CNY", 2)
    assert client.balance(address, "CNY") == 3


def test_a_simulation_tells_what_would_happen(client: Client) -> None:
    """Outcome and gas, and nothing happens."""
    before = client.balance(BOB.address, "CNY")
    body = client.build(ALICE.address, [Pay(BOB.address, "CNY", 10**12)])
    assert client.simulate(sign(body, [ALICE.key])).json["error"]["name"] == "InsufficientFunds"
    assert client.balance(BOB.address, "CNY") == before


def test_many_at_once_are_each_answered(devnet: Devnet) -> None:
    """Ten threads, each with its own wallet, all their payments arrive."""

    def work(number: int) -> int:
        wallet = WALLETS[number]
        with Client(devnet.address) as own:
            return sum(own.pay(wallet.key, wallet.address, BOB.address, "CNY", 1).receipt.ok for _ in range(5))

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(work, range(10))) == 50


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "NotFound"),
        ("POST", "/v1/status", b"{}", 405, "BadRequest"),
        ("GET", "/v1/blocks/999999", None, 404, "NotFound"),
        ("GET", "/v1/blocks/-1", None, 400, "BadRequest"),
        ("GET", "/v1/blocks/" + "9" * 5_000, None, 400, "BadRequest"),
        ("GET", "/v1/wallets/tael1x", None, 422, "WrongAddress"),
        ("GET", f"/v1/wallets/{format_address(ALICE.address)}?lane=256", None, 400, "BadRequest"),
        ("GET", f"/v1/contracts/{format_address(ALICE.address)}", None, 404, "NotFound"),
        ("GET", "/v1/receipts/00", None, 400, "BadRequest"),
        ("GET", f"/v1/receipts/{'00' * 32}", None, 404, "NotFound"),
        ("GET", f"/v1/receipts/{'00' * 32}?heigth=1", None, 400, "BadRequest"),
        ("GET", "/v1/events?limit=1&limit=1", None, 400, "BadRequest"),
        ("GET", "/v1/receipts/xyz", None, 400, "BadRequest"),
        ("GET", "/v1/proof", None, 400, "BadRequest"),
        ("GET", "/v1/proof?key=" + "00" * 512, None, 400, "BadRequest"),
        ("GET", "/v1/events?from=00", None, 400, "BadRequest"),
        ("GET", "/v1/events?limit=0", None, 400, "BadRequest"),
        ("POST", "/v1/transactions", b"", 400, "BadRequest"),
        ("POST", "/v1/transactions", b"[]", 400, "BadRequest"),
        ("POST", "/v1/transactions", b"[" * 100_000, 400, "BadRequest"),
        ("POST", "/v1/transactions", b'{"transaction": ' + b"[" * 32 + b"]" * 32 + b"}", 400, "BadRequest"),
        ("POST", "/v1/transactions", b"\xff", 400, "BadRequest"),
        ("POST", "/v1/transactions", b'{"transaction": 5}', 400, "BadRequest"),
        ("POST", "/v1/transactions", b'{"transaction": "c0"}', 422, "Malformed"),
        ("POST", "/v1/transactions", b'{"base64": "!"}', 400, "BadRequest"),
        ("POST", "/v1/transactions?wait=forever", b'{"transaction": "c0"}', 400, "BadRequest"),
        ("POST", "/v1/transactions", b" " * 600_000, 413, "TooLarge"),
        ("POST", "/v1/simulate", b'{"transaction": ""}', 422, "Malformed"),
        ("POST", "/v1/simulate", b'{"transaction": "", "base64": ""}', 400, "BadRequest"),
        ("POST", "/v1/simulate", b'{"transaction": "", "more": 1}', 400, "BadRequest"),
        ("POST", "/v1/read", b"{}", 400, "BadRequest"),
        ("POST", "/v1/read", b'{"contract": "\\ud800", "function": "f", "arguments": ""}', 400, "BadRequest"),
    ],
)
def test_wrong_requests_are_refused_with_code_remedy_height_and_root(
    devnet: Devnet, method: str, path: str, body: bytes | None, *, status: int, code: str
) -> None:
    """Whatever is asked, the answer is a typed refusal."""
    got, answer = ask(devnet, method, path, body)
    assert (got, answer["code"]) == (status, code)
    assert {"message", "remedy", "height", "state_root"} <= set(answer)


def test_every_answer_carries_height_and_state_root(devnet: Devnet) -> None:
    """Those of the head."""
    for path in ("/v1/status", "/v1/blocks/0", f"/v1/wallets/{format_address(ALICE.address)}", "/v1/events"):
        answer = ask(devnet, "GET", path)[1]
        head = ask(devnet, "GET", "/v1/blocks/latest")[1]
        assert (answer["height"], answer["state_root"]) == (head["height"], head["state_root"])


def test_the_description_lists_every_route(devnet: Devnet) -> None:
    """OpenAPI 3.1, and what is described answers."""
    described = ask(devnet, "GET", "/v1/openapi.json")[1]
    assert described["openapi"] == "3.1.0"
    assert {"/v1/transactions", "/v1/read", "/v1/proof", "/v1/simulate", "/v1/events"} <= set(described["paths"])
    answer = ask(devnet, "GET", "/v1/proof?key=70")[1]
    schema = described["paths"]["/v1/proof"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(schema["required"]) <= set(answer)


def test_a_client_of_nothing_says_so() -> None:
    """Unreachable, and a bad address is BadRequest."""
    with pytest.raises(Refusal) as caught:
        Client("http://127.0.0.1:1").status()
    assert caught.value.code is Refused.UNREACHABLE
    with pytest.raises(Refusal):
        Client("ftp://x")


def test_blocks_at_an_interval() -> None:
    """With a block time, transactions wait for the next block and empty blocks come too."""
    with start_devnet(block_time_ms=50) as running, Client(running.address) as client:
        height = client.status()["height"]
        assert client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1).receipt.height > height
        time.sleep(0.15)
        assert client.status()["height"] >= height + 2


def test_a_devnet_with_a_data_directory_goes_on_where_it_was(tmp_path: Path) -> None:
    """Stopped and started again: the same balances, and a retry of the last transaction is still safe."""
    with start_devnet(tmp_path) as running, Client(running.address) as client:
        transaction = sign(client.build(ALICE.address, [Pay(BOB.address, "CNY", 7)]), [ALICE.key])
        first = client.commit(transaction)
        balance = client.proved_balance(BOB.address, "CNY")
    with start_devnet(tmp_path) as running, Client(running.address) as client:
        assert client.commit(transaction) == first
        assert client.proved_balance(BOB.address, "CNY") == balance


def test_a_failing_disk_stops_the_devnet_and_whoever_waits_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is Stopped, never success, and the failure comes out when the devnet ends."""
    running = start_devnet()

    def fail(self: Store, *commits: Commit) -> None:
        raise StoreFailed("no space left")

    monkeypatch.setattr(Store, "write", fail)
    with Client(running.address) as client, pytest.raises(Refusal) as caught:
        client.pay(ALICE.key, ALICE.address, BOB.address, "CNY", 1)
    assert caught.value.code is Refused.STOPPED
    with pytest.raises(StoreFailed):
        running.stop()


def test_a_taken_port_is_refused(devnet: Devnet) -> None:
    """With a typed refusal that tells to choose another."""
    with pytest.raises(Refusal, match="listened"):
        start_devnet(port=int(devnet.address.rsplit(":", 1)[1]))


def test_the_devnet_says_when_it_is_ready_and_ends_at_a_signal(tmp_path: Path) -> None:
    """The ready file has the address; SIGTERM ends the process with status 0."""
    ready = tmp_path / "ready.json"
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from chain.node.devnet import run_devnet\n"
        f"sys.exit(run_devnet({str(tmp_path / 'data')!r}, ready_file={str(ready)!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.01)
    told = json.loads(ready.read_text())
    with Client(told["address"]) as client:
        assert client.chain_id() == told["chain_id"] == DEVNET_CHAIN_ID
    process.terminate()
    assert process.wait(timeout=10) == 0
