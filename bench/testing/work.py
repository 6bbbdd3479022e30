"""The same tests of the same token in Tael, Solidity and Python: 300 unit tests, one property, one history with a check."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT_TESTS = 300
SUPPLY = 1_000
FUZZ_NAME = "transfers keep the supply"
STATEFUL_NAME = "the parts add up"
STEPS = 40


def token_tael() -> str:
    """The contract without the tests that stand in its file."""
    text = (ROOT / "contracts" / "examples" / "token.tael").read_text(encoding="utf-8")
    return text[: text.index('\n\ntest "')] + "\n"


def unit_tael() -> str:
    """Three hundred tests of five kinds, with other amounts each."""
    blocks = [token_tael()]
    for number in range(UNIT_TESTS):
        amount = number + 1
        begun = "    let issuer, other = wallets(2, each=0.00 CNY)\n    let token = deploy FixedToken(1_000) as issuer\n"
        body = (
            f"    call token.transfer(other, {amount}) as issuer\n    assert read token.balance_of(other) == {amount}\n",
            f"    call token.transfer(issuer, {amount}) as issuer\n    assert read token.balance_of(issuer) == 1_000\n",
            f"    expect NotEnough(0, {amount}): call token.transfer(issuer, {amount}) as other\n",
            f"    call token.approve(other, {amount}) as issuer\n    call token.transfer_from(issuer, other, {amount}) as other\n"
            f"    assert read token.balance_of(other) == {amount}\n",
            f"    call token.approve(other, {amount}) as issuer\n    assert read token.allowance(issuer, other) == {amount}\n",
        )[number % 5]
        blocks.append(f'\ntest "unit {number}":\n{begun}{body}')
    return "".join(blocks)


def fuzz_tael() -> str:
    """The transfer property."""
    return token_tael() + (
        f'\ntest "{FUZZ_NAME}" for any amount: u128 where amount <= {SUPPLY}:\n'
        "    let issuer, other = wallets(2, each=0.00 CNY)\n"
        f"    let token = deploy FixedToken({SUPPLY}) as issuer\n"
        "    call token.transfer(other, amount) as issuer\n"
        "    assert read token.balance_of(issuer) + read token.balance_of(other) == read token.supply()\n"
    )


def stateful_tael() -> str:
    """All of the token's functions by three people in any order."""
    parts = " + ".join(f"read token.balance_of({name})" for name in "abc")
    return token_tael() + (
        f'\nscenario "{STATEFUL_NAME}" for {STEPS} steps:\n'
        "    let a, b, c = wallets(3, each=0.00 CNY)\n"
        f"    let token = deploy FixedToken({SUPPLY}) as a\n"
        "    act token as a, b, c\n"
        f"    check {parts} <= {SUPPLY}  # the token may hold some itself\n"
    )


# ── Solidity ──────────────────────────────────────────────────────────────────────────────────────────────────────────

SOLIDITY_HEAD = """// SPDX-License-Identifier: Apache-2.0
pragma solidity >=0.8.20;
import {Token} from "../src/Token.sol";
interface Vm { function prank(address) external; function expectRevert(bytes calldata) external; }
"""
SOLIDITY_SETUP = """    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    address constant OTHER = address(0xb0b);
    Token token;
    function setUp() public { token = new Token(1_000); }
"""


def unit_solidity() -> str:
    """The same three hundred."""
    functions = []
    for number in range(UNIT_TESTS):
        amount = number + 1
        body = (
            f"token.transfer(OTHER, {amount}); require(token.balance_of(OTHER) == {amount});",
            f"token.transfer(address(this), {amount}); require(token.balance_of(address(this)) == 1_000);",
            f"vm.prank(OTHER); vm.expectRevert(abi.encodeWithSelector(Token.NotEnough.selector, 0, {amount}));"
            f" token.transfer(address(this), {amount});",
            f"token.approve(OTHER, {amount}); vm.prank(OTHER); token.transfer_from(address(this), OTHER, {amount});"
            f" require(token.balance_of(OTHER) == {amount});",
            f"token.approve(OTHER, {amount}); require(token.allowance(address(this), OTHER) == {amount});",
        )[number % 5]
        functions.append(f"    function test_unit_{number}() public {{ {body} }}\n")
    return SOLIDITY_HEAD + "contract UnitTest {\n" + SOLIDITY_SETUP + "".join(functions) + "}\n"


def fuzz_solidity() -> str:
    """The transfer property; an amount beyond the supply is brought below it, as nothing is thrown away on our side."""
    return (
        SOLIDITY_HEAD
        + "contract FuzzTest {\n"
        + SOLIDITY_SETUP
        + f"    function testFuzz_transfer(uint128 amount) public {{\n        amount = amount % {SUPPLY + 1};\n"
        "        token.transfer(OTHER, amount);\n"
        "        require(token.balance_of(OTHER) + token.balance_of(address(this)) == token.supply());\n    }\n}\n"
    )


def stateful_solidity() -> str:
    """The token alone is called, by three senders, with what Forge chooses; reverts are no failures."""
    return (
        SOLIDITY_HEAD + "contract StatefulTest {\n    Token token;\n"
        "    address[] people = [address(0xa11ce), address(0xb0b), address(0xca401)];\n"
        '    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));\n'
        "    function setUp() public { vm.prank(people[0]); token = new Token(1_000); }\n"
        "    function targetContracts() public view returns (address[] memory found) {\n"
        "        found = new address[](1);\n        found[0] = address(token);\n    }\n"
        "    function targetSenders() public view returns (address[] memory) { return people; }\n"
        "    function invariant_parts() public view {\n"
        "        uint256 sum = 0;\n        for (uint256 i = 0; i < 3; i++) sum += token.balance_of(people[i]);\n"
        "        require(sum <= token.supply());\n    }\n}\n"
    )


# ── Python ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def unit_python(count: int) -> str:
    """As many of the three hundred for pytest with titanoboa. The token of bench/peers is deployed anew for each."""
    return (
        "import boa, pytest\n"
        "TOKEN = boa.load_partial('token.vy')\n\n"
        "@pytest.fixture\ndef token():\n    return TOKEN.deploy(1_000)\n\n"
        "@pytest.fixture\ndef other():\n    return boa.env.generate_address()\n\n"
        f"@pytest.mark.parametrize('number', range({count}))\n"
        "def test_unit(token, other, number):\n"
        "    amount, issuer = number + 1, boa.env.eoa\n"
        "    kind = number % 5\n"
        "    if kind == 0:\n        token.transfer(other, amount)\n        assert token.balance_of(other) == amount\n"
        "    elif kind == 1:\n        token.transfer(issuer, amount)\n        assert token.balance_of(issuer) == 1_000\n"
        "    elif kind == 2:\n        with boa.reverts():\n            token.transfer(issuer, amount, sender=other)\n"
        "    elif kind == 3:\n        token.approve(other, amount)\n"
        "        token.transfer_from(issuer, other, amount, sender=other)\n        assert token.balance_of(other) == amount\n"
        "    else:\n        token.approve(other, amount)\n        assert token.allowance(issuer, other) == amount\n"
    )
