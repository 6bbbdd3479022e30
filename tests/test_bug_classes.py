"""Well-known classes of contract bugs, each tried: `docs/security.md` says what becomes of every one, and names the test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from corpus import MAIN, Program, Step, run
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chain.ledger.sandbox import Sandbox
from lang.compiler import compile_text
from vm.codec import decode_module
from vm.failure import Failure
from vm.illegal import Illegal
from vm.verifier import verify

PAGE = (Path(__file__).parent.parent / "docs" / "security.md").read_text("utf-8")
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519 (RFC 8032, 5.1)


def findings(text: str) -> set[str]:
    """The codes of all findings."""
    return {finding.code for finding in compile_text(text).findings}


def refused(text: str, *codes: str) -> None:
    """The program does not compile, for these reasons; for any reason if none is named."""
    compilation = compile_text(text)
    assert not compilation.ok
    assert set(codes) <= {finding.code for finding in compilation.findings}


def play(text: str, *lines: str) -> None:
    """The program compiles and every line gives what it says, as in the corpus of programs."""
    compilation = compile_text(text)
    assert compilation.ok, compilation.findings
    program = Program("", Path(), {MAIN: text}, [Step(number, line, None) for number, line in enumerate(lines)])
    for outcome in run(program, compilation):
        assert outcome.same(), f"{outcome.step.text}\n  gave {outcome.got}"


SAFE = """
contract Safe:
    owner: Address
    held: Vault
    init():
        self.owner = sender
    pub fn put(money: Coin) by anyone:
        self.held.put(money)
    pub fn out(to: Address) by self.owner:
        pay(to, self.held.take_all())
    view fn left() -> Amount:
        return self.held.amount
"""


def test_visibility_must_be_said() -> None:
    """A public function without `by` does not compile, and a private one cannot be called from outside."""
    refused("contract C:\n    n: u64 = 0\n    pub fn set(n: u64):\n        self.n = n\n", "E0501")
    play("contract C:\n    n: u64 = 0\n    fn set(n: u64):\n        self.n = n\n", "set(1) ! NoFunction")


def test_overflow_fails() -> None:
    """Sums, differences, products and conversions out of range fail instead of wrapping round."""
    text = "contract C:\n    pure fn f(a: u8, b: u8) -> u8:\n        return a + b\n    pure fn g(a: u8) -> u8:\n"
    text += "        return a - 1\n"
    play(text, "f(255, 1) ! Overflow", "g(0) ! Overflow")


def test_deployed_code_is_verified_whatever_compiled_it() -> None:
    """The ledger checks the module itself: a byte changed anywhere gives another module or none at all, never a crash."""
    code = compile_text(SAFE).contracts["Safe"].code
    verify(decode_module(code))
    stopped = 0
    for place in range(0, len(code), 3):
        broken = code[:place] + bytes([code[place] ^ 1]) + code[place + 1 :]
        try:
            verify(decode_module(broken))
        except Illegal:
            stopped += 1
    assert stopped > 0


def test_one_text_gives_one_module() -> None:
    """Compiling twice gives the same bytes, so anybody can check which text is deployed."""
    assert compile_text(SAFE).contracts["Safe"].code == compile_text(SAFE).contracts["Safe"].code


def test_a_failed_call_cannot_go_unnoticed() -> None:
    """A failed call fails the caller; `try` must say what happens then."""
    callee = "contract A:\n    error No\n    pub fn f() by anyone:\n        fail No\n"
    play(f"{callee}contract B:\n    pub fn g(a: A) by anyone:\n        call a.f()\n", "deploy A()", "deploy B()", "g(a) ! No")
    refused(f"{callee}contract B:\n    pub fn g(a: A) by anyone:\n        try call a.f()\n")


def test_withdrawals_say_who() -> None:
    """Money leaves only through functions that name who may call them."""
    refused(SAFE.replace(" by self.owner", ""), "E0501")
    play(SAFE, "put(5.00) as bob", "out(carol) as carol ! NotAuthorized", "out(carol)", "balance carol = 1005.00 CNY")


def test_nothing_self_destructs() -> None:
    """There is no such function, and a final phase is not entered with money in the contract."""
    refused("contract C:\n    pub fn f() by anyone:\n        selfdestruct(sender)\n", "E0205")
    text = "contract C:\n    phases Open -> Gone\n    held: Vault\n    pub fn put(money: Coin) by anyone in Open:\n"
    text += "        self.held.put(money)\n    pub fn end() by anyone in Open:\n        become Gone\n"
    text += "    pub fn out() by anyone in Open:\n        pay(sender, self.held.take_all())\n"
    play(text, "put(1.00)", "end() ! MoneyTrapped")


def test_no_contract_is_entered_twice() -> None:
    """A contract at work is not entered again, be it to call or to read."""
    text = "interface Bank:\n    pub fn out()\n    view fn left() -> Amount\n"
    text += "contract Thief:\n    pub fn again(b: Bank) by anyone:\n        call b.out()\n"
    text += "    view fn look(b: Bank) -> Amount:\n        return read b.left()\n"
    text += "contract Vaults implements Bank:\n    held: Vault\n    pub fn put(money: Coin) by anyone:\n"
    text += "        self.held.put(money)\n"
    text += "    pub fn out() by anyone:\n        pay(sender, self.held.take_all())\n    view fn left() -> Amount:\n"
    text += "        return self.held.amount\n    pub fn call_out(t: Thief) by anyone:\n        call t.again(Bank(this))\n"
    text += "    pub fn read_out(t: Thief) -> Amount by anyone:\n        return read t.look(Bank(this))\n"
    play(text, "deploy Thief()", "deploy Vaults()", "put(1.00)", "call_out(thief) ! ReEntry", "read_out(thief) ! ReEntry")


def test_state_is_reached_only_through_functions() -> None:
    """The state of another contract is neither read nor written by name."""
    other = "contract A:\n    n: u64 = 0\n    pub fn f() by anyone:\n        self.n += 1\n"
    refused(f"{other}contract B:\n    view fn g(a: A) -> u64:\n        return a.n\n", "E0701")
    refused(f"{other}contract B:\n    pub fn g(a: A) by anyone:\n        a.n = 1\n")


def test_there_are_no_pointers_into_storage() -> None:
    """A local is a copy, and every field has a value from the start."""
    text = "struct P:\n    x: u64\ncontract C:\n    p: P = P(1)\n    pub fn f() -> u64 by anyone:\n"
    text += "        let q = self.p\n        q.x = 9\n"
    text += "        return q.x\n    view fn at() -> u64:\n        return self.p.x\n"
    play(text, "f() = 9", "at() = 1")
    refused("contract C:\n    n: u64\n    view fn f() -> u64:\n        return self.n\n", "E0321")


def test_asserting_is_for_tests_and_promises_are_checked() -> None:
    """A contract requires with a named error; what must always hold is an invariant, which tests check after every call."""
    refused("contract C:\n    pub fn f(n: u64) by anyone:\n        assert n > 0\n", "E0801")
    text = "contract C:\n    n: u64 = 1\n    pub fn set(n: u64) by anyone:\n        self.n = n\n    invariant self.n > 0\n"
    play(text, "set(2)", "set(0) ! InvariantBroken")


@pytest.mark.parametrize("name", ["suicide", "sha3", "throw_", "callcode", "block_hash"])
def test_old_and_dangerous_functions_are_not_there(name: str) -> None:
    """What other languages had to deprecate has no meaning here."""
    refused(f"contract C:\n    pub fn f() by anyone:\n        {name}(1)\n", "E0205")


def test_code_of_others_is_never_borrowed() -> None:
    """There is no delegated call: an address has no methods."""
    refused("contract C:\n    pub fn f(a: Address) by anyone:\n        a.delegatecall(0x00)\n", "E0205")


def test_paying_runs_no_code_and_a_failure_can_be_contained() -> None:
    """A payee cannot refuse or burn gas, for paying runs none of its code; a call that may fail is tried."""
    text = "contract Bad:\n    error Never\n    pub fn f() by anyone:\n        fail Never\n"
    text += "contract Good:\n    n: u64 = 0\n    pub fn g(b: Bad) by anyone:\n        try call b.f() else:\n"
    text += "            self.n += 1\n"
    text += "    pub fn give(to: Address, money: Coin) by anyone:\n        pay(to, money)\n    view fn at() -> u64:\n"
    text += "        return self.n\n"
    play(text, "deploy Bad()", "deploy Good()", "g(bad)", "at() = 1", "give(bob, 1.00)", "give(bad, 1.00) ! NoWallet")


def test_what_must_not_be_seen_early_is_committed_to() -> None:
    """Commit and reveal is a dozen lines; a word fits only the hash that was stored before."""
    text = "contract C:\n    hash: Map[Address, Bytes[32]]\n    pub fn commit(hash: Bytes[32]) by anyone:\n"
    text += "        self.hash[sender] = hash\n    pub fn open(word: Text[16]) -> bool by anyone:\n"
    text += "        return sha256(encode((sender, word))) == self.hash[sender]\n"
    play(text, "commit(0x00)", 'open("a") = false', 'open("a") as bob ! MissingKey')


def test_the_sender_is_who_calls() -> None:
    """There is no origin: behind a contract in the middle stands that contract, not the wallet that began."""
    refused("contract C:\n    pub fn f() by anyone:\n        require tx.origin == this else No\n    error No\n", "E0201")
    middle = "contract Middle:\n    pub fn f(s: Safe, to: Address) by anyone:\n        call s.out(to)\n"
    play(SAFE + middle, "deploy Safe()", "put(1.00) as bob", "deploy Middle()", "f(safe, carol) ! NotAuthorized")


def test_the_time_is_the_blocks() -> None:
    """`now` is one value for all of a block, in units that a number of seconds is not mistaken for."""
    refused("contract C:\n    view fn f() -> bool:\n        return now > 1_700_000_000\n", "E0320")
    play("contract C:\n    view fn f() -> bool:\n        return now == now\n", "f() = true")


def signed(message: bytes) -> tuple[bytes, bytes]:
    """The public key and the signature of a fixed private key."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    return key.public_key().public_bytes_raw(), key.sign(message)


VERIFIER = "contract C:\n    pure fn f(k: Bytes[32], m: Bytes[64], s: Bytes[64]) -> bool:\n"
VERIFIER += "        return verify_ed25519(k, m, s)\n"


def test_a_signature_has_one_form() -> None:
    """The other form of a signature, with the group's order added, is not one."""
    key, signature = signed(b"hello")
    shifted = (int.from_bytes(signature[32:], "little") + GROUP_ORDER).to_bytes(32, "little")
    good, bad = signature.hex(), (signature[:32] + shifted).hex()
    play(VERIFIER, f"f(0x{key.hex()}, 0x68656c6c6f, 0x{good}) = true", f"f(0x{key.hex()}, 0x68656c6c6f, 0x{bad}) = false")


def test_whoever_is_no_signer_is_not_taken_for_one() -> None:
    """Another message, an empty key, a key of small order: none of them verifies."""
    key, signature = signed(b"hello")
    play(
        VERIFIER,
        f"f(0x{key.hex()}, 0x68656c6c70, 0x{signature.hex()}) = false",
        f"f(0x, 0x68656c6c6f, 0x{signature.hex()}) = false",
        f"f(0x{'00' * 32}, 0x68656c6c6f, 0x{'00' * 64}) = false",
        f"f(0x01{'00' * 31}, 0x68656c6c6f, 0x01{'00' * 63}) = false",
    )


def test_a_signed_message_counts_once() -> None:
    """A voucher bound to its contract and its number is refused the second time, and elsewhere."""
    text = "contract Voucher:\n    key: Bytes[32]\n    used: Set[u64]\n    error Again\n    error Forged\n"
    text += "    init(key: Bytes[32]):\n"
    text += "        self.key = key\n    pub fn redeem(n: u64, s: Bytes[64]) by anyone:\n"
    text += "        require n not in self.used else Again\n"
    text += "        require verify_ed25519(self.key, encode((this, n)), s) else Forged\n        self.used.add(n)\n"
    code = compile_text(text).contracts["Voucher"].code
    sandbox = Sandbox()
    alice = sandbox.wallet("alice")
    key, _ = signed(b"")
    here, there = (sandbox.deploy(code, "CNY", (key,), alice) for _ in range(2))
    _, signature = signed(bytes([0x92, 0xC4, 32]) + here + bytes([7]))
    sandbox.call(here, "redeem", (7, signature), alice)
    for contract, name in ((here, "Again"), (there, "Forged")):
        with pytest.raises(Failure) as caught:
            sandbox.call(contract, "redeem", (7, signature), alice)
        assert caught.value.name == name


def test_the_constructor_has_one_name() -> None:
    """`init` is a word of the language: a misspelled one is a function that must say who may call it."""
    refused("contract C:\n    owner: Address\n    pub fn C():\n        self.owner = sender\n", "E0501")
    refused("contract C:\n    owner: Address\n    fn initt():\n        self.owner = sender\n", "E0321")


def test_nothing_is_shadowed() -> None:
    """A name in sight is not declared again."""
    refused("contract C:\n    pure fn f(n: u64) -> u64:\n        if n > 0:\n            let n = 5\n        return n\n", "E0202")
    refused("contract C:\n    n: u64 = 0\n    n: u64 = 1\n", "E0202")


def test_there_is_nothing_to_guess_randomness_from() -> None:
    """No block hash, difficulty or coinbase can be read."""
    refused("contract C:\n    view fn f() -> u64:\n        return block.number mod 2\n", "E0201")


def test_requirements_name_their_error() -> None:
    """`require` without an error does not compile, and a failure names the contract's error."""
    refused("contract C:\n    pub fn f(n: u64) by anyone:\n        require n > 0\n", "E0610")
    text = "contract C:\n    error Low(n: u64)\n    pub fn f(n: u64) by anyone:\n        require n > 5 else Low(n)\n"
    play(text, "f(3) ! Low(3)")


def test_writing_past_a_list_fails() -> None:
    """A position outside of the list reaches nothing."""
    text = "contract C:\n    xs: List[u64, 4] = [1]\n    owner: Address\n    init():\n        self.owner = sender\n"
    text += "    pub fn f(i: u64) by anyone:\n        self.xs[i] = 7\n    view fn who() -> Address:\n        return self.owner\n"
    play(text, "f(18446744073709551615) ! IndexOutOfRange", "f(1) ! IndexOutOfRange", "who() = alice")


def test_there_is_no_inheritance() -> None:
    """A contract is all there is to read."""
    refused("contract A:\n    n: u64 = 0\ncontract B(A):\n    m: u64 = 0\n")
    refused("contract A:\n    n: u64 = 0\ncontract B is A:\n    m: u64 = 0\n")


def test_a_callee_without_gas_is_a_failed_call() -> None:
    """Whoever gives too little gas makes the tried call fail where the caller sees it, or the whole call."""
    text = "contract Deep:\n    n: u64 = 0\n    pub fn f() by anyone:\n        for i in 0..500:\n            self.n += 1\n"
    text += "contract Top:\n    ok: u64 = 0\n    pub fn g(d: Deep) by anyone:\n        call d.f()\n        self.ok = 1\n"
    text += "    view fn at() -> u64:\n        return self.ok\n"
    play(text, "deploy Deep()", "deploy Top()", "gas 20000", "g(deep) ! OutOfGas", "gas 1000000", "at() = 0", "g(deep)")


def test_functions_are_not_values() -> None:
    """Nothing that is computed can be jumped to."""
    refused("contract C:\n    pure fn f(n: u64) -> u64:\n        return n(1)\n", "E0309")
    refused("contract C:\n    pure fn f(n: u64) -> u64:\n        let g = f\n        return n\n", "E0201")


def test_loops_are_bounded_in_the_text() -> None:
    """A loop over what others may let grow says its bound, and lists have a greatest length."""
    refused(
        "contract C:\n    pure fn f(n: u64) -> u64:\n        for i in 0..n:\n            return i\n        return 0\n",
        "E0602",
    )
    refused(
        "contract C:\n    m: Map[Address, u64]\n    pub fn f() by anyone:\n        for x in self.m:\n            pass\n",
        "E0302",
    )


def test_mistyped_operators_are_refused() -> None:
    """`=+`, `=` for `==` and `==` for `=` do not compile."""
    refused("contract C:\n    n: u64 = 0\n    pub fn f() by anyone:\n        self.n =+ 1\n")
    refused("contract C:\n    n: u64 = 0\n    pub fn f() by anyone:\n        if self.n = 1:\n            pass\n")
    refused("contract C:\n    n: u64 = 0\n    pub fn f() by anyone:\n        self.n == 1\n")


def test_hidden_characters_are_refused() -> None:
    """A character that turns the reading direction does not stand in a program."""
    refused("contract C:\n    # \u202e harmless\n    n: u64 = 0\n", "E0129")


def test_unused_names_are_told() -> None:
    """A local that nobody reads is a warning."""
    assert findings("contract C:\n    pure fn f() -> u64:\n        let n = 5\n        return 1\n") == {"W0201"}


def test_money_does_not_come_unasked() -> None:
    """Money enters a contract only by a function that takes it, so what a vault holds is what was put there."""
    play(SAFE, "deploy Safe()", "pay 1.00 CNY to safe ! NoWallet", "left() = 0.00 CNY", "put(1.00)", "left() = 1.00 CNY")


def test_encodings_do_not_run_into_one_another() -> None:
    """Two texts encoded together differ wherever the boundary between them does."""
    text = "contract C:\n    pure fn f(a: Text[8], b: Text[8]) -> Bytes[32]:\n        return encode((a, b))\n"
    play(text, 'f("a", "bc") = 0x92a161a26263', 'f("ab", "c") = 0x92a26162a163')


def test_no_gas_is_written_into_a_call() -> None:
    """There are no words for it."""
    refused("interface A:\n    pub fn f()\ncontract C:\n    pub fn g(a: A) by anyone:\n        call a.f() gas 5000\n")


def test_lines_without_effect_are_refused() -> None:
    """What computes and forgets, and what is never reached, does not compile."""
    refused("contract C:\n    pub fn f(n: u64) by anyone:\n        n + 1\n", "E0612")
    refused("contract C:\n    pure fn f() -> u64:\n        return 1\n        return 2\n", "E0607")


def test_arguments_have_exactly_their_type() -> None:
    """An address of 31 bytes is no address, and nothing moves up to fill the place."""
    compiled = compile_text(SAFE).contracts["Safe"]
    sandbox = Sandbox()
    alice = sandbox.wallet("alice")
    address = sandbox.deploy(compiled.code, "CNY", (), alice)
    for wrong in (bytes(31), bytes(33), b"", 5):
        with pytest.raises((Failure, AssertionError, ValueError, TypeError)):
            sandbox.call(address, "out", (wrong,), alice)


def test_lost_and_copied_money_does_not_compile() -> None:
    """A coin that is dropped or used twice is refused, on whichever way."""
    refused("contract C:\n    pub fn f(money: Coin) by anyone:\n        pass\n", "E0401")
    refused("contract C:\n    pub fn f(m: Coin) by anyone:\n        pay(sender, m)\n        pay(sender, m)\n", "E0402")
    branch = "contract C:\n    pub fn f(m: Coin, b: bool) by anyone:\n        if b:\n            pay(sender, m)\n"
    refused(branch)


def test_units_and_roundings_are_said() -> None:
    """Adding money to time, dividing without a rounding, and giving a yuan three decimals are refused."""
    refused("contract C:\n    view fn f(a: Amount) -> Amount:\n        return a + 1 day\n", "E0302")
    refused("contract C:\n    pure fn f(a: Amount) -> Amount:\n        return a / 3\n", "E0303")
    refused("contract C:\n    pure fn f() -> Amount:\n        return 1.005 CNY\n", "E0314")


ROWS = [line for line in PAGE.split("\n") if re.match(r"\| (SWC-\d+|DASP-\d+|\+) ", line)]


def test_the_table_names_every_class() -> None:
    """Every entry of both lists has its row, in order."""
    wanted = [f"SWC-{number}" for number in range(100, 137)] + [f"DASP-{number}" for number in range(1, 11)]
    assert [row.split()[1] for row in ROWS if not row.startswith("| + ")] == wanted


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip() + row.split("|")[2])
def test_every_row_has_a_test_that_exists_or_a_reason(row: str) -> None:
    """What becomes of a class is one of four things, and is shown by a test of this file or explained."""
    _, _, _, fate, how, shown, _ = (cell.strip() for cell in row.split("|"))
    assert fate in {"impossible", "refused", "stopped", "author"}
    assert len(how) > 10
    for name in re.findall(r"`(test_\w+)`", shown):
        assert callable(globals().get(name)), name
    assert "`test_" in shown or fate == "author"


def test_every_test_of_a_class_stands_in_the_table() -> None:
    """No test of this file shows something that the table does not tell."""
    about_the_table = ("test_the_table", "test_every")
    for name in [n for n in globals() if n.startswith("test_") and not n.startswith(about_the_table)]:
        assert f"`{name}`" in PAGE, name
