"""Commands that talk to a node: deploy, call, read, pay, wallet, receipt, block, proof."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from kit_world import Tael

from chain.client.plan import Answer, Pause, Request
from kit import names
from kit.problem import Exit

ROOT = Path(__file__).parent.parent.parent
ESCROW = str(ROOT / "contracts" / "examples" / "escrow.tael")
NOWHERE = "http://127.0.0.1:9"


def _deploy(net: Tael, *arguments: str) -> str:
    ran = net("deploy", ESCROW, *(arguments or ("bob", "100.00", "7 days")), "--from", "alice", "--json")
    assert ran.exit_code == 0, ran
    return str(ran.json["address"])


def test_the_names_of_the_devnet_are_those_of_the_node() -> None:
    """Chain id, seed and wallets that commands know are those that a devnet has."""
    from chain.node import devnet

    assert (names.CHAIN_ID, names.SEED, names.WALLETS) == (devnet.CHAIN_ID, devnet.SEED, devnet.WALLETS)
    wallets = devnet.development_wallets()
    assert [names.development_key(i, names.SEED).public for i in range(names.WALLETS)] == [w.key.public for w in wallets]
    assert [names.development_number(name) for name in ("dev3", "dev-3", "dave", "mallory", "dev10")] == [3, 3, 3, None, None]


def test_an_agreement_runs_to_its_end(net: Tael) -> None:
    """Deploy, pay in, be refused, accept: each with its receipt, events and figures."""
    address = _deploy(net, "seller=bob", "open_for=7 days", "price=100.00")
    funded = net("call", address, "fund", "--coins", "100.00", "--from", "alice", "--json")
    assert funded.json["receipt"]["moves"][0]["text"] == "100.00 CNY"
    assert net("read", address, "remaining").out == "100.00 CNY\n"
    refused = net("call", address, "accept", "--from", "bob", "--json")
    assert refused.exit_code == Exit.FINDINGS
    assert refused.json["receipt"]["error"]["name"] == "NotAuthorized"
    early = net("call", address, "reclaim", "--from", "carol")
    assert "TooEarly(until: " in early.out
    accepted = net("call", address, "accept", "--from", "alice", "--json")
    event = accepted.json["receipt"]["events"][0]
    assert (event["event"], event["fields"]["amount"]["text"]) == ("Settled", "100.00 CNY")
    assert net("read", address, "remaining", "--json").json["value"]["minor"] == "0"


def test_an_error_of_a_contract_is_shown_with_its_values(net: Tael) -> None:
    """A contract's own error carries typed values."""
    address = _deploy(net)
    ran = net("call", address, "fund", "--coins", "1.00", "--from", "alice", "--json")
    fields = ran.json["receipt"]["error"]["fields"]
    assert {name: money["text"] for name, money in fields.items()} == {"want": "100.00 CNY", "got": "1.00 CNY"}


def test_arguments_are_refused_before_anything_is_signed(net: Tael) -> None:
    """A wrong argument is exit code 2, and no block is made."""
    height = net("block", "--json").json["height"]
    for arguments in (["bob", "100.00"], ["bob", "100.001", "7 days"], ["mallory", "1", "7 days"], ["bob", "1", "7", "8"]):
        ran = net("deploy", ESCROW, *arguments)
        assert ran.exit_code == Exit.USAGE, ran
    assert net("block", "--json").json["height"] == height


def test_functions_are_found_or_refused_with_what_there_is(net: Tael) -> None:
    """A name that is not there, a view that is called, a public function that is read, no contract at all."""
    address = _deploy(net)
    assert "It has fund, accept, reclaim." in net("call", address, "fnud").err
    assert "Use `tael read`" in net("call", address, "remaining").err
    assert "Use `tael call`" in net("read", address, "accept").err
    assert net("call", address, "settle").exit_code == Exit.USAGE
    assert net("read", "alice", "remaining").exit_code == Exit.FINDINGS


def test_paying_moves_money_and_proofs_show_it(net: Tael) -> None:
    """A payment changes two balances by its amount, as `wallet balance` and `proof` agree."""

    def minor(name: str) -> int:
        return int(net("wallet", "balance", name, "--json").json["wallets"][0]["balances"][0]["minor"])

    before = minor("grace"), minor("heidi")
    assert net("pay", "heidi", "12.34 CNY", "--from", "grace").exit_code == 0
    assert (minor("grace"), minor("heidi")) == (before[0] - 1234, before[1] + 1234)
    proof = net("proof", "heidi", "--json").json
    assert proof["checked_here"] is True
    assert int(proof["value"]["minor"]) == before[1] + 1234


def test_a_dry_run_changes_nothing(net: Tael) -> None:
    """`--dry-run` shows the outcome and makes no block."""
    height = net("block", "--json").json["height"]
    ran = net("pay", "heidi", "1.00", "--from", "grace", "--dry-run", "--json")
    assert ran.json["receipt"]["ok"] is True
    assert ran.json["dry_run"] is True
    assert net("pay", "heidi", "1.00", "--from", "grace", "--dry-run").out.startswith("would go well  (nothing was sent)\n")
    assert net("pay", "heidi", "9_999_999.00", "--from", "grace", "--dry-run").out.startswith("would fail  (nothing was sent)\n")
    deployed = net("deploy", ESCROW, "bob", "100.00", "7 days", "--dry-run").out
    assert "Escrow would be at tael1" in deployed
    assert not deployed.splitlines()[-1].startswith("tael1")
    assert net("block", "--json").json["height"] == height


def test_a_spending_limit_is_kept(net: Tael) -> None:
    """`--max-spend` makes a transaction that takes more fail."""
    ran = net("pay", "heidi", "10.00", "--from", "grace", "--max-spend", "9.99", "--json")
    assert ran.exit_code == Exit.FINDINGS
    assert ran.json["receipt"]["error"]["name"] == "SpendingLimit"


def test_a_receipt_can_be_asked_for_again(net: Tael) -> None:
    """`receipt` shows what the command showed that made the transaction; an unknown one is exit code 1."""
    paid = net("pay", "heidi", "0.01", "--from", "grace", "--json").json["receipt"]
    assert net("receipt", paid["id"], "--json").json["receipt"] == paid
    assert net("receipt", "00" * 32).exit_code == Exit.FINDINGS
    assert net("receipt", "xyz").exit_code == Exit.USAGE


def test_blocks_are_shown_with_their_supply(net: Tael) -> None:
    """The newest block, genesis, and one that is not there."""
    newest = net("block", "--json").json
    assert all(supply["holds"] for supply in newest["supply"])
    assert net("block", "0").exit_code == 0
    assert net("block", str(newest["height"] + 1_000)).exit_code == Exit.FINDINGS
    assert net("block", "-1").exit_code == Exit.USAGE
    assert net("block", "9" * 30).exit_code == Exit.USAGE
    assert "is not a whole number" in net("block", "x").err


def test_fields_of_a_contract_are_proven(net: Tael) -> None:
    """A plain field, a vault, one that is not there, and the contract itself."""
    address = _deploy(net)
    assert net("proof", address, "--field", "seller", "--json").json["text"] == "bob"
    assert net("proof", address, "--field", "held", "--json").json["value"]["minor"] == "0"
    assert net("proof", address, "--json").json["value"] is True
    assert net("proof", address, "--field", "nothing").exit_code == Exit.USAGE
    assert net("proof", "alice", "--field", "held").exit_code == Exit.USAGE
    assert net("proof", "--key", "zz").exit_code == Exit.USAGE
    assert net("proof").exit_code == Exit.USAGE
    assert net("proof", address, "--entry", "bob").exit_code == Exit.USAGE


def test_the_phase_of_a_contract_is_shown(net: Tael) -> None:
    """By `inspect`, by a proof of its slot, and where a call comes in the wrong one."""
    address = _deploy(net)
    first = net("proof", address, "--field", "phase", "--json").json["value"]
    assert f"in phase {first}" in net("inspect", address).out
    assert net("inspect", address, "--storage", "--json").json["phase"] == first
    early = net("call", address, "accept", "--from", "alice")
    assert f"Escrow is in phase {first}; accept may run in " in early.out
    assert net("call", address, "accept", "--from", "alice", "--json").json["wrong_phase"]["phase"] == first
    net("call", address, "fund", "--coins", "100.00", "--from", "alice")
    net("call", address, "accept", "--from", "alice")
    assert net("proof", address, "--field", "phase", "--json").json["value"] != first


def test_a_proof_that_does_not_hold_is_refused(net: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that lies about a value is found out here: exit code 1."""
    from chain.client.client import Client

    honest = Client._do

    def lies(self: Client, step: Request | Pause) -> Answer:
        answer = honest(self, step)
        if isinstance(step, Request) and step.path.startswith("/v1/proof"):
            told = json.loads(answer.content)
            proof = bytearray.fromhex(told["proof"])
            proof[-1] ^= 1
            return replace(answer, content=json.dumps({**told, "proof": proof.hex()}).encode())
        return answer

    monkeypatch.setattr(Client, "_do", lies)
    ran = net("proof", "alice", "--json")
    assert ran.exit_code == Exit.FINDINGS
    assert ran.json["error"]["code"] == "WrongProof"


def test_the_storage_at_an_address_is_shown(net: Tael) -> None:
    """`inspect --storage` of an address has the present values, proven."""
    address = _deploy(net)
    storage = net("inspect", address, "--storage", "--json").json["storage"]
    assert {row["name"]: row["text"] for row in storage if row["name"] in ("buyer", "price", "held")} == {
        "buyer": "alice",
        "price": "100.00 CNY",
        "held": "0.00 CNY",
    }


def test_a_node_that_does_not_answer_is_exit_code_3(net: Tael) -> None:
    """Every command says where it looked and what to do."""
    for arguments in (["block"], ["pay", "bob", "1"], ["wallet", "balance"], ["proof", "bob"], ["deploy", ESCROW]):
        ran = net(*arguments, "--node", NOWHERE)
        assert ran.exit_code == Exit.UNREACHABLE
        assert "tael devnet" in ran.err
    assert net("block", "--node", "not an address").exit_code == Exit.USAGE


def test_a_wallet_of_ones_own_pays_and_is_paid(net: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made with a password, opened, paid, paying; its key file is encrypted and for its owner only."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse")
    made = net("wallet", "new", "savings", "--json").json
    assert net("pay", "bob", "1.00", "--from", "savings").err.count("tael wallet open savings") == 1
    assert net("wallet", "open", "savings", "--json").json["opened"] is True
    assert net("wallet", "open", "savings", "--json").json["opened"] is False
    assert net("pay", "savings", "5.00", "--from", "alice").exit_code == 0
    assert net("pay", "bob", "1.50", "--from", "savings").exit_code == 0
    assert net("wallet", "balance", "savings").out.split() == ["savings", "3.50", "CNY"]
    assert net("wallet", "show", made["address"], "--json").json["address"] == made["address"]
    (file,) = (net.folder.parent / "home" / "wallets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setenv("TAEL_PASSWORD", "wrong horse")
    ran = net("pay", "bob", "1.00", "--from", "savings")
    assert ran.exit_code == Exit.MISSING
    assert "wrong password" in ran.err
    assert "horse" not in ran.err + ran.out


def test_without_a_terminal_a_password_must_be_given(net: Tael) -> None:
    """A command never hangs at a prompt that nobody sees."""
    assert net("wallet", "new", "savings").exit_code == Exit.MISSING
    Path("short").write_text("1234567\n")
    assert net("wallet", "new", "savings", "--password-file", "short").exit_code == Exit.USAGE
    Path("long").write_text("12345678\n")
    assert net("wallet", "new", "savings", "--password-file", "long").exit_code == 0
    assert net("wallet", "new", "savings", "--password-file", "long").exit_code == Exit.MISSING
    Path("empty").write_text("")
    assert "is empty" in net("wallet", "new", "other", "--password-file", "empty").err


def test_a_secret_key_goes_out_and_in_again(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export writes a file for its owner only and overwrites nothing; import gives the same address."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse")
    first = tael("wallet", "new", "first", "--json").json["address"]
    exported = tael("wallet", "export", "first", "key.hex")
    assert exported.exit_code == 0
    secret = Path("key.hex").read_text().strip()
    assert secret not in exported.out
    assert stat.S_IMODE(Path("key.hex").stat().st_mode) == 0o600
    assert tael("wallet", "export", "first", "key.hex").exit_code == Exit.MISSING
    assert tael("wallet", "import", "second", "--secret-file", "key.hex", "--json").json["address"] == first
    Path("bad.hex").write_text("12")
    assert tael("wallet", "import", "third", "--secret-file", "bad.hex").exit_code == Exit.USAGE
    Path("empty.hex").write_text("")
    empty = tael("wallet", "import", "third", "--secret-file", "empty.hex")
    assert empty.exit_code == Exit.USAGE
    assert "empty.hex is empty" in empty.err


def test_wallets_are_listed_with_what_they_are(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """Own wallets are marked encrypted, the devnet's as such; nothing of a secret is shown."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse")
    assert tael("wallet", "list").exit_code == 0
    tael("wallet", "new", "savings")
    listed = tael("wallet", "list", "--dev", "--json").json["wallets"]
    assert [entry["name"] for entry in listed][:2] == ["savings", "dev0"]
    assert [entry["development"] for entry in listed][:2] == [False, True]


@pytest.mark.parametrize("name", ["alice", "dev3", "dev-3", "tael1x", "../evil", ""])
def test_names_that_would_mislead_are_refused(tael: Tael, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A wallet may not be called like the devnet's, like an address, or like a path."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse")
    assert tael("wallet", "new", name).exit_code == Exit.USAGE
    assert not list(tael.folder.parent.rglob("*.key.json"))


def test_failures_of_the_ledger_show_money_as_money(net: Tael) -> None:
    """More than there is cannot be paid, and the failure says both amounts as people write them."""
    ran = net("pay", "heidi", "9_999_999.00", "--from", "ivan")
    assert ran.exit_code == Exit.FINDINGS
    assert "InsufficientFunds(have: 1_000_000.00 CNY, want: 9_999_999.00 CNY)" in ran.out


def test_a_devnet_is_not_begun_among_other_things(tael: Tael) -> None:
    """A folder with something in it that is no ledger is left alone."""
    Path("papers").mkdir()
    Path("papers/letter.txt").write_text("dear")
    assert tael("devnet", "--port", "0", "--data", "papers").exit_code == Exit.MISSING
    assert [path.name for path in Path("papers").iterdir()] == ["letter.txt"]
    assert tael("devnet", "--port", "0", "--data", "papers/letter.txt").exit_code == Exit.MISSING
    lost = tael("devnet", "--port", "0", "--ready-file", "nowhere/ready.json")
    assert lost.exit_code == Exit.MISSING
    assert "nowhere/ready.json cannot be written" in lost.err


def test_a_group_without_a_command_shows_its_help(tael: Tael) -> None:
    """`tael` and `tael wallet` show what there is."""
    assert "Write:" in tael().out
    assert "balance" in tael("wallet").out
    assert tael("wallet").exit_code == 0


def test_negative_numbers_are_arguments(net: Tael) -> None:
    """They are read as values, not as options."""
    ran = net("pay", "bob", "-5", "--from", "alice")
    assert ran.exit_code == Exit.USAGE
    assert "'-5' is not a Coin: it is less than nothing" in ran.err


def test_a_named_argument_that_is_not_known_is_named(net: Tael) -> None:
    """A typing error in a parameter's name is told as such."""
    ran = net("deploy", ESCROW, "bob", "pric=100.00", "7 days")
    assert ran.exit_code == Exit.USAGE
    assert "has no parameter 'pric'" in ran.err


def test_files_that_are_not_there_are_exit_code_4(net: Tael) -> None:
    """A contract that is missing, a folder, a device."""
    for arguments in (("deploy", "nope.tael"), ("deploy", "."), ("check", "/dev/null"), ("inspect", "nope.tael")):
        assert net(*arguments).exit_code == Exit.MISSING, arguments


def test_a_sequence_that_another_process_took_is_no_trouble(net: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next sequence is taken and the transaction signed again, but not for ever; a lane counts for itself."""
    from chain.client.client import Client

    assert net("pay", "heidi", "0.01", "--from", "judy").exit_code == 0
    honest, late = Client._do, [2]

    def stale(self: Client, step: Request | Pause) -> Answer:
        answer = honest(self, step)
        if isinstance(step, Request) and step.path.startswith("/v1/wallets/"):
            late[0] -= 1
            if late[0] >= 0:
                return replace(answer, content=json.dumps({**json.loads(answer.content), "next_sequence": 0}).encode())
        return answer

    monkeypatch.setattr(Client, "_do", stale)
    assert net("pay", "heidi", "0.02", "--from", "judy").exit_code == 0
    late[0] = 100
    assert net("pay", "heidi", "0.03", "--from", "judy", "--json").json["error"]["code"] == "SequenceUsed"
    assert late[0] == 95
    assert net("pay", "heidi", "0.03", "--from", "judy", "--lane", "7").exit_code == 0


def test_more_gas_than_a_block_has_is_refused(net: Tael) -> None:
    """The most that the chain allows is told."""
    ran = net("pay", "heidi", "0.01", "--gas-limit", "999_999_999_999".replace("_", ""))
    assert ran.exit_code == Exit.USAGE
    assert "is more than a block of this chain has" in ran.err


def test_a_contract_is_not_paid_but_called(net: Tael) -> None:
    """`pay` to a contract says how money goes in, before anything is sent."""
    ran = net("pay", _deploy(net), "1.00", "--from", "alice")
    assert ran.exit_code == Exit.USAGE
    assert "is a contract, Escrow" in ran.err
    assert "--coins 1.00" in ran.err


def test_rules_of_a_wallet_are_set_and_judge(net: Tael) -> None:
    """`wallet rules` attaches a rule, which refuses a payment, and takes it off again."""
    allowance = str(ROOT / "contracts" / "examples" / "allowance.tael")
    rule = net("deploy", allowance, "20.00", "--from", "alice", "--json").json["address"]
    assert net("wallet", "rules", "frank", rule).exit_code == 0
    assert "NotHere" in net("pay", "heidi", "1.00", "--from", "frank").out
    assert net("wallet", "rules", "frank").exit_code == 0
    assert net("pay", "heidi", "1.00", "--from", "frank").exit_code == 0


def test_events_are_shown_in_order(net: Tael) -> None:
    """Of one contract, with decoded fields; after the cursor there are no more."""
    address = _deploy(net)
    net("call", address, "fund", "--coins", "100.00", "--from", "alice")
    net("call", address, "accept", "--from", "alice")
    told = net("events", address, "--json").json
    assert told["events"][-1]["event"] == "Settled"
    assert told["events"][-1]["fields"]["amount"]["text"] == "100.00 CNY"
    assert net("events", address, "--from", told["next"], "--json").json["events"] == []
    assert "Escrow.Settled(" in net("events", address).out
