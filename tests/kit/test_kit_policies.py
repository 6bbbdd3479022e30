"""Commands for wallets of several keys, transactions in files, sessions, fee payers and expiries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kit_world import Tael

from chain.primitives.keys import SecretKey
from chain.primitives.transaction import decode_transaction
from kit import names
from kit.problem import Exit, Problem
from kit.sessions import session_bytes, session_name

ROOT = Path(__file__).parent.parent.parent
ESCROW = str(ROOT / "contracts" / "examples" / "escrow.tael")


def made(net: Tael, name: str, keys: str = "alice,bob,carol", of: str = "2") -> str:
    """A wallet of several keys that is open and has 100.00 CNY; its address."""
    told = net("wallet", "new", name, "--keys", keys, "--of", of, "--json").json
    assert told["ok"], told
    assert net("wallet", "open", name, "--from", "alice").exit_code == 0
    assert net("pay", name, "100.00", "--from", "alice").exit_code == 0
    return str(told["address"])


def transaction_of(file: str) -> Any:
    """What is in a file."""
    return decode_transaction(bytes.fromhex(json.loads(Path(file).read_text())["transaction"]))


def test_two_of_three_sign_with_the_keys_that_are_here(net: Tael) -> None:
    """Exactly as many as must; the policy is shown by the ledger and changed by those who sign."""
    made(net, "board")
    assert net("pay", "dave", "1.00", "--from", "board").exit_code == 0
    told = net("wallet", "policy", "board", "--json").json
    assert (told["threshold"], len(told["keys"])) == (2, 3)
    assert "2 of 3" in net("wallet", "policy", "board").out
    assert "2 of 3 keys" in net("wallet", "list").out
    assert net("wallet", "policy", "board", "--keys", "dave,erin", "--of", "1").exit_code == 0
    assert net("wallet", "policy", "board", "--json").json["threshold"] == 1
    assert net("pay", "dave", "1.00", "--from", "board").exit_code == 0


def test_a_wallet_whose_key_has_been_changed_signs_with_the_new_one(net: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, without being told."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse battery")
    for name in ("old", "new"):
        assert net("wallet", "new", name).exit_code == 0
    assert net("wallet", "open", "old", "--from", "alice").exit_code == 0
    assert net("pay", "old", "5.00", "--from", "alice").exit_code == 0
    assert net("wallet", "policy", "old", "--keys", "new", "--of", "1").exit_code == 0
    assert net("pay", "bob", "1.00", "--from", "old").exit_code == 0


def test_a_transaction_in_a_file_is_signed_by_one_after_another(net: Tael) -> None:
    """Shown in words, incomplete until the second has signed, sent twice with one outcome."""
    made(net, "council", "alice,carol,erin")
    assert net("transaction", "make", "tx.json", "pay", "bob", "2.50", "--from", "council").exit_code == 0
    shown = net("transaction", "show", "tx.json")
    for words in ("pays         2.50 CNY to bob", "still needs  2 of", "from         council", "fee ", "expires "):
        assert words in shown.out, shown.out
    assert net("transaction", "send", "tx.json").exit_code == Exit.FINDINGS
    assert net("transaction", "sign", "tx.json", "--as", "alice").exit_code == Exit.USAGE  # nobody can be asked
    first = net("transaction", "sign", "tx.json", "--as", "alice", "--yes", "--json").json
    assert (first["complete"], len(first["signed"])) == (False, 1)
    second = net("transaction", "sign", "tx.json", "--as", "carol", "--yes", "--json").json
    assert (second["complete"], len(second["signed"])) == (True, 2)
    sent = net("transaction", "send", "tx.json", "--json").json
    assert sent["ok"]
    assert net("transaction", "send", "tx.json", "--json").json["receipt"]["id"] == sent["receipt"]["id"]


def test_copies_that_were_signed_apart_are_joined(net: Tael) -> None:
    """Of one transaction, and of no other."""
    made(net, "trust", "alice,bob,dave")
    assert net("pay", "bob", "1.00", "--from", "trust", "--save", "a.json").exit_code == 0
    assert net("pay", "bob", "2.00", "--from", "trust", "--save", "other.json").exit_code == 0
    for name in ("alice", "bob"):
        assert net("transaction", "sign", "a.json", "--as", name, "--yes", "-o", f"{name}.json").exit_code == 0
    assert net("transaction", "join", "a.json", "alice.json", "other.json").exit_code == Exit.FINDINGS
    assert net("transaction", "join", "a.json", "alice.json", "bob.json", "--json").json["complete"]
    assert net("transaction", "send", "a.json").exit_code == 0


def test_what_is_signed_is_shown_from_the_bytes(net: Tael) -> None:
    """Every kind of action in words: calls with their arguments, deployments, policies, sessions."""
    made(net, "fund", "alice,bob,frank")
    address = net("deploy", ESCROW, "bob", "10.00", "7 days", "--from", "alice", "--json").json["address"]
    said = {
        ("call", address, "fund", "--coins", "10.00"): "Escrow.fund(money: 10.00 CNY)",
        ("deploy", ESCROW, "bob", "10.00", "7 days"): "Escrow(seller: bob, price: 10.00 CNY, open_for: 7 days), in CNY",
        ("wallet", "policy", "fund", "--keys", "alice,dave", "--of", "2"): "2 of ",
        ("wallet", "rules", "fund"): "the rules of fund: none",
        (*"session grant s1 --key dave --total 5.00 --pay bob --until 1h".split(),): "dave act for the sender",
        ("session", "revoke", "s1"): "the session s1",
    }
    for command, words in said.items():
        assert net(*command, "--from", "fund", "--save", "t.json").exit_code == 0, command
        assert words in net("transaction", "show", "t.json").out, command
    told = net("transaction", "show", "t.json", "--json").json
    assert told["complete"] is False
    assert told["lacking"][0]["threshold"] == 2


def test_files_that_are_no_transaction_are_told(net: Tael) -> None:
    """Missing, damaged, of another chain, signed by nobody who must."""
    assert net("transaction", "show", "gone.json").exit_code == Exit.MISSING
    Path("bad.json").write_text("{}")
    assert net("transaction", "show", "bad.json").exit_code == Exit.FINDINGS
    Path("bad.json").write_text('{"format": "tael-transaction/1", "transaction": "00"}')
    assert net("transaction", "show", "bad.json", "--json").json["error"]["code"] == "Malformed"
    assert net("transaction", "make", "x.json", "fmt").exit_code == Exit.USAGE
    assert net("pay", "bob", "1.00", "--from", "alice", "--save", "mine.json").exit_code == 0
    ran = net("transaction", "sign", "mine.json", "--as", "bob", "--yes", "--json")
    assert ran.json["error"]["code"] == "NotASigner"


def test_keys_that_are_not_here_are_told_before_anything_is_signed(net: Tael) -> None:
    """With what to do: a file for the others."""
    stranger = SecretKey.development("elsewhere", 1).public.hex()
    told = net("wallet", "new", "apart", "--keys", f"alice,{stranger}", "--of", "2", "--json").json
    assert told["ok"]
    assert net("wallet", "open", "apart", "--from", "alice").exit_code == 0
    ran = net("pay", "bob", "1.00", "--from", "apart")
    assert ran.exit_code == Exit.MISSING
    assert "2 of the 2 keys of apart must sign, and 1 are on this machine" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--keys", "alice,bob"),
        ("--of", "2"),
        ("--keys", "alice,bob", "--of", "3"),
        ("--keys", "alice,alice", "--of", "1"),
        ("--keys", "alice,zz", "--of", "1"),
        ("--keys", "alice", "--of", "1"),
        ("--scheme", "rsa"),
    ],
)
def test_policies_that_are_none_are_refused(net: Tael, arguments: tuple[str, ...]) -> None:
    """Before a file is written."""
    assert net("wallet", "new", "none", *arguments).exit_code == Exit.USAGE
    assert net("wallet", "list", "--json").json["wallets"] == []


def test_a_key_of_p256_is_made_kept_and_signs(net: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of Ed25519 does; exported and imported it is the same."""
    monkeypatch.setenv("TAEL_PASSWORD", "correct horse battery")
    card = net("wallet", "new", "card", "--scheme", "p256", "--json").json
    assert card["public"].startswith("02")
    assert net("wallet", "open", "card", "--from", "alice").exit_code == 0
    assert net("pay", "card", "5.00", "--from", "alice").exit_code == 0
    assert net("pay", "bob", "1.00", "--from", "card").exit_code == 0
    assert net("wallet", "export", "card", "card.hex").exit_code == 0
    again = net("wallet", "import", "again", "--scheme", "p256", "--secret-file", "card.hex", "--json").json
    assert again["address"] == card["address"]
    assert "encrypted, P-256" in net("wallet", "list").out
    assert net("wallet", "import", "other", "--secret-file", "card.hex", "--json").json["address"] != card["address"]


def test_a_fee_payer_signs_and_pays(net: Tael) -> None:
    """Its name is all that is given."""
    assert net("pay", "bob", "1.00", "--from", "frank", "--fee-payer", "grace").exit_code == 0
    assert net("pay", "bob", "1.00", "--from", "frank", "--fee-payer", "grace", "--save", "f.json").exit_code == 0
    shown = net("transaction", "show", "f.json").out
    assert "grace pays it" in shown
    assert shown.count("still needs") == 2


def test_an_expiry_is_a_time_or_so_long_from_now(net: Tael) -> None:
    """What is neither, or too far, is told."""
    assert net("pay", "bob", "1.00", "--expires", "30m", "--save", "e.json").exit_code == 0
    near = transaction_of("e.json").body.expiry_ms
    assert net("pay", "bob", "1.00", "--expires", "2h", "--lane", "3", "--save", "e.json").exit_code == 0
    assert 5_000_000 < transaction_of("e.json").body.expiry_ms - near < 6_000_000
    assert transaction_of("e.json").body.lane == 3
    assert net("pay", "bob", "1.00", "--expires", "soon").exit_code == Exit.USAGE
    assert net("pay", "bob", "1.00", "--expires", "3d", "--json").json["error"]["code"] == "ExpiryTooFar"


def test_a_session_is_granted_used_listed_and_revoked(net: Tael) -> None:
    """Within its limits and not past them; its key signs, the wallet pays."""
    grant = ("session", "grant", "shop", "--key", "erin", "--from", "frank", "--until", "30d")
    limits = ("--total", "10.00", "--single", "4.00", "--every", "1d", "--pay", "bob", "--uses", "5")
    granted = net(*grant, *limits)
    assert granted.exit_code == 0, granted
    assert "10.00 CNY every 1 day, 4.00 CNY at once" in granted.out
    assert net("session", "use", "shop", "pay", "bob", "3.00", "--from", "frank", "--fee-payer", "erin").exit_code == 0
    assert net("pay", "bob", "3.00", "--from", "frank", "--session", "shop", "--fee-payer", "erin").exit_code == 0
    past = net("session", "use", "shop", "pay", "bob", "4.01", "--from", "frank", "--fee-payer", "erin", "--json").json
    assert past["receipt"]["error"]["name"] == "SessionLimit"
    other = net("session", "use", "shop", "pay", "carol", "1.00", "--from", "frank", "--fee-payer", "erin")
    assert other.exit_code == Exit.FINDINGS
    listed = net("session", "list", "frank", "--json").json["sessions"]
    assert [(told["name"], told["uses"]) for told in listed] == [("shop", 2)]
    assert "6.00 CNY spent" in net("session", "list", "frank").out
    assert "shop: until" in net("wallet", "show", "frank").out
    assert net("session", "revoke", "shop", "--from", "frank").exit_code == 0
    assert "no sessions" in net("session", "list", "frank").out
    gone = net("session", "use", "shop", "pay", "bob", "1.00", "--from", "frank", "--json").json
    assert gone["error"]["code"] == "NoAuthority"


def test_a_session_calls_only_what_it_may(net: Tael) -> None:
    """A function that is not there is told when it is granted."""
    address = net("deploy", ESCROW, "bob", "10.00", "7 days", "--from", "grace", "--json").json["address"]
    grant = ("session", "grant", "buy", "--key", "erin", "--from", "grace", "--until", "2h", "--total", "20.00")
    assert net(*grant, "--call", f"{address}:nothing").exit_code == Exit.USAGE
    assert net(*grant, "--single", "1.00 USD").exit_code == Exit.USAGE
    assert net(*grant, "--call", f"{address}:fund").exit_code == 0
    use = ("session", "use", "buy", "call", address)
    assert net(*use, "fund", "--coins", "10.00", "--from", "grace", "--fee-payer", "erin").exit_code == 0
    assert net(*use, "accept", "--from", "grace", "--fee-payer", "erin").exit_code == Exit.FINDINGS
    assert net("session", "use", "buy", "wallet", "list").exit_code == Exit.USAGE


def test_sessions_have_names_or_digits() -> None:
    """There and back, and what is neither is told."""
    assert session_name(session_bytes("shop")) == "shop"
    assert session_name(bytes(range(16))) == bytes(range(16)).hex()
    assert session_bytes("00" * 16) == bytes(16)
    for text in ("", "a b", "x" * 17, "é"):
        with pytest.raises(Problem):
            session_bytes(text)


def test_groups_show_examples(tael: Tael) -> None:
    """Every new command has help with examples."""
    for command in (
        ("transaction", "make"),
        ("transaction", "sign"),
        ("transaction", "show"),
        ("transaction", "join"),
        ("transaction", "send"),
        ("session", "grant"),
        ("session", "list"),
        ("session", "revoke"),
        ("session", "use"),
        ("wallet", "policy"),
        ("bind",),
    ):
        ran = tael(*command, "--help")
        assert ran.exit_code == 0
        assert f"tael {' '.join(command)}" in ran.out.split("Examples")[1], command


def test_names_of_the_devnet_are_not_taken(tael: Tael) -> None:
    """By shared wallets either."""
    for name in names.ALIASES[:2]:
        assert tael("wallet", "new", name, "--keys", "carol,dave", "--of", "1").exit_code == Exit.USAGE
    assert tael("wallet", "new", "../out", "--keys", "carol,dave", "--of", "1").exit_code == Exit.USAGE
