"""What transactions do to the ledger, in memory."""

from __future__ import annotations

import pytest
from ledger_world import ADDRESSES, ALICE, BOB, CAROL, DAVE, FEES, FUNDS, KEYS, World, call, deploy

from chain.primitives.address import wallet_address
from chain.primitives.codec import decode
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Call, Deploy, OpenWallet, Pay, SetRules, Transaction, decode_transaction, sign
from vm.types import CoinValue

COIN = CoinValue("CNY", 100)


@pytest.fixture
def world() -> World:
    """A chain with genesis only."""
    return World()


def refusal_of(world: World, transaction: Transaction) -> Refused:
    """The code with which a transaction is refused."""
    with pytest.raises(Refusal) as caught:
        world.commit(transaction)
    return caught.value.code


def test_a_payment_moves_money_from_wallet_to_wallet(world: World) -> None:
    """What one wallet loses the other has, and the receipt says so."""
    receipt = world.send("alice", Pay(BOB, "CNY", 250))
    assert (world.balance(ALICE), world.balance(BOB)) == (FUNDS - 250, FUNDS + 250)
    assert [(m.source, m.to, m.amount, m.reason) for m in receipt.moves] == [(ALICE, BOB, 250, "pay")]


def test_actions_are_all_or_none(world: World) -> None:
    """When the last action fails nothing of the earlier ones is left."""
    receipt = world.send("alice", Pay(BOB, "CNY", 250), OpenWallet(KEYS["dave"].public), Pay(BOB, "CNY", FUNDS))
    assert not receipt.ok
    assert (world.balance(ALICE), world.balance(BOB)) == (FUNDS, FUNDS)
    assert receipt.error is not None
    assert (receipt.error.name, receipt.error.action) == ("InsufficientFunds", 2)
    assert decode(receipt.error.payload) == ["CNY", FUNDS - 250, FUNDS]
    assert receipt.moves == ()


def test_a_failed_transaction_keeps_its_sequence_and_its_fee(world: World) -> None:
    """The fee goes to the fee wallet and the same sequence cannot be used again."""
    failed = world.transaction("alice", Pay(BOB, "CNY", FUNDS * 2), gas_price=1_000)
    receipt = world.commit(failed).receipts[0]
    assert not receipt.ok
    assert receipt.fee == -(-receipt.gas_used * 1_000 // 1_000_000) > 0
    assert (world.balance(ALICE), world.balance(FEES)) == (FUNDS - receipt.fee, receipt.fee)
    assert refusal_of(world, failed) is Refused.SEQUENCE_USED


def test_the_fee_payer_pays_the_fee_and_must_have_signed(world: World) -> None:
    """A sponsor's signature is required; then the sender pays nothing."""
    body = world.body("alice", [Pay(BOB, "CNY", 1)], gas_price=1_000, fee_payer=CAROL)
    assert refusal_of(world, sign(body, [KEYS["alice"]])) is Refused.MISSING_SIGNATURE
    receipt = world.commit(sign(body, [KEYS["alice"], KEYS["carol"]])).receipts[0]
    assert (world.balance(ALICE), world.balance(CAROL)) == (FUNDS - 1, FUNDS - receipt.fee)


def test_spending_limits_name_what_was_exceeded(world: World) -> None:
    """The second payment passes the limit, and the error names currency, limit and sum."""
    pays = (Pay(BOB, "CNY", 60), Pay(CAROL, "CNY", 60))
    receipt = world.send("alice", *pays, limits=(("CNY", 100),))
    assert receipt.error is not None
    assert receipt.error.name == "SpendingLimit"
    assert decode(receipt.error.payload) == ["CNY", 100, 120]
    assert world.send("alice", *pays, limits=(("CNY", 120),)).ok


def test_spending_limits_forbid_currencies_that_they_do_not_name(world: World) -> None:
    """A list of limits without USD lets no USD go."""
    receipt = world.send("alice", Pay(BOB, "USD", 1), limits=(("CNY", 100),))
    assert receipt.error is not None
    assert decode(receipt.error.payload) == ["USD", 0, 1]


def test_spending_limits_bind_coins_of_calls(world: World) -> None:
    """Coins attached to a call count like payments."""
    escrow = world.deploy("alice", "escrow", BOB, 100, 1_000)
    fund = call(escrow, "escrow", "fund", COIN)
    receipt = world.send("alice", fund, limits=(("CNY", 99),))
    assert receipt.error is not None
    assert receipt.error.name == "SpendingLimit"


def test_an_escrow_runs_to_its_end(world: World) -> None:
    """Coins go in with a call and come out to the seller, with an event."""
    escrow = world.deploy("alice", "escrow", BOB, 100, 1_000)
    assert world.send("alice", call(escrow, "escrow", "fund", COIN)).ok
    supply = {s.currency: s for s in world.head.supply}["CNY"]
    assert (supply.contracts, supply.wallets) == (100, 3 * FUNDS - 100)
    receipt = world.send("alice", call(escrow, "escrow", "accept"))
    assert [(e.contract, e.number) for e in receipt.events] == [(escrow, 0)]
    assert [(m.to, m.amount, m.reason) for m in receipt.moves] == [(BOB, 100, "payout")]
    assert (world.balance(ALICE), world.balance(BOB)) == (FUNDS - 100, FUNDS + 100)
    assert {s.currency: s for s in world.head.supply}["CNY"].contracts == 0


def test_a_failed_call_gives_the_contracts_own_error(world: World) -> None:
    """Name, values in their declared types, and the contract are in the receipt; the coins stay with the
    sender.
    """
    escrow = world.deploy("alice", "escrow", BOB, 100, 1_000)
    receipt = world.send("alice", call(escrow, "escrow", "fund", CoinValue("CNY", 99)))
    assert receipt.error is not None
    assert (receipt.error.name, receipt.error.contract) == ("WrongPrice", escrow)
    assert decode(receipt.error.payload) == [100, 99]
    assert world.balance(ALICE) == FUNDS


def test_now_is_the_time_of_the_block(world: World) -> None:
    """A deadline passes when the block's time has passed it."""
    escrow = world.deploy("alice", "escrow", BOB, 100, 1_000)
    world.send("alice", call(escrow, "escrow", "fund", COIN))
    assert not world.send("bob", call(escrow, "escrow", "reclaim")).ok
    world.time_ms += 1_001
    assert world.send("bob", call(escrow, "escrow", "reclaim")).ok


def test_coins_that_a_call_returns_go_to_the_sender(world: World) -> None:
    """What is withdrawn is in the sender's wallet."""
    bank = world.deploy("alice", "bank")
    world.send("alice", call(bank, "bank", "deposit", COIN))
    assert world.send("alice", call(bank, "bank", "withdraw", 40)).ok
    assert world.balance(ALICE) == FUNDS - 60


def test_a_program_may_be_deployed_twice_in_one_transaction(world: World) -> None:
    """The position of the action makes the addresses differ."""
    receipt = world.send("alice", deploy("bank"), deploy("bank"))
    assert receipt.ok
    assert len(set(receipt.results)) == 2


def test_an_illegal_module_is_a_failed_deployment(world: World) -> None:
    """Bytes that are no module give IllegalModule and leave no contract."""
    receipt = world.send("alice", Deploy(b"\x90", "CNY", b"\x90"))
    assert receipt.error is not None
    assert receipt.error.name == "IllegalModule"


def test_a_contract_that_is_not_there_cannot_be_called(world: World) -> None:
    """NoContract with the address."""
    receipt = world.send("alice", Call(bytes(32), "f", b"\x90"))
    assert receipt.error is not None
    assert receipt.error.name == "NoContract"


@pytest.mark.parametrize("encoded", [b"", b"\xc0", b"\x91\xc0", b"\x81\xc0\xc0", b"\xff" * 9])
def test_arguments_that_are_none_are_a_failed_call(world: World, encoded: bytes) -> None:
    """Anything but the function's encoded arguments gives WrongArguments."""
    bank = world.deploy("alice", "bank")
    receipt = world.send("alice", Call(bank, "deposit", encoded))
    assert receipt.error is not None
    assert receipt.error.name == "WrongArguments"


@pytest.mark.parametrize("function", ["balance", "pay_out", "no_such"])
def test_only_public_functions_are_called(world: World, function: str) -> None:
    """Views, private functions and unknown names fail with a typed error."""
    bank = world.deploy("alice", "bank")
    receipt = world.send("alice", Call(bank, function, b"\x91\xc4\x20" + bytes(32)))
    assert receipt.error is not None
    assert receipt.error.name == "NoFunction"


def test_unknown_currencies_are_refused(world: World) -> None:
    """Nothing can be paid, deployed or attached in a currency that the ledger does not have."""
    bank = world.deploy("alice", "bank")
    for action in (
        Pay(BOB, "EUR", 1),
        deploy("bank", currency="EUR"),
        call(bank, "bank", "deposit", CoinValue("EUR", 1)),
    ):
        receipt = world.send("alice", action)
        assert receipt.error is not None
        assert receipt.error.name == "UnknownCurrency"


def test_a_coin_of_another_currency_is_refused_and_stays(world: World) -> None:
    """USD into a vault of CNY fails with WrongCurrency; the USD are where they were."""
    bank = world.deploy("alice", "bank")
    receipt = world.send("alice", call(bank, "bank", "deposit", CoinValue("USD", 5)))
    assert receipt.error is not None
    assert receipt.error.name == "WrongCurrency"
    assert world.balance(ALICE, "USD") == FUNDS


# Wallets.


def test_somebody_opens_a_wallet_for_a_key(world: World) -> None:
    """It can be paid, and its key spends from it."""
    assert world.send("alice", OpenWallet(KEYS["dave"].public), Pay(DAVE, "CNY", 70)).ok
    assert world.send("dave", Pay(BOB, "CNY", 30)).ok
    assert world.balance(DAVE) == 40


def test_a_wallet_opens_itself(world: World) -> None:
    """Its first transaction may open it, if the first action does."""
    assert refusal_of(world, world.transaction("dave", Pay(BOB, "CNY", 1))) is Refused.NO_WALLET
    assert world.send("dave", OpenWallet(KEYS["dave"].public)).ok


def test_a_wallet_that_fails_to_open_itself_is_not_there(world: World) -> None:
    """The failed transaction leaves only its sequence."""
    receipt = world.send("dave", OpenWallet(KEYS["dave"].public), Pay(BOB, "CNY", 1))
    assert not receipt.ok
    assert refusal_of(world, world.transaction("dave", Pay(BOB, "CNY", 1))) is Refused.NO_WALLET


def test_a_wallet_is_opened_once(world: World) -> None:
    """WalletExists the second time."""
    receipt = world.send("alice", OpenWallet(KEYS["bob"].public))
    assert receipt.error is not None
    assert receipt.error.name == "WalletExists"


def test_money_is_paid_to_wallets_that_exist(world: World) -> None:
    """Neither a free address nor a contract can be paid."""
    bank = world.deploy("alice", "bank")
    for to in (DAVE, bank):
        receipt = world.send("alice", Pay(to, "CNY", 1))
        assert receipt.error is not None
        assert receipt.error.name == "NoWallet"


def ruled_world() -> tuple[World, bytes, bytes]:
    """A world in which Dave has a wallet guarded by Alice with an allowance of 100 to Bob: (world, rule,
    wallet).
    """
    world = World()
    rule = world.deploy("alice", "allowance", 100)
    child = wallet_address(KEYS["dave"].public, ALICE)
    receipt = world.send(
        "alice",
        OpenWallet(KEYS["dave"].public, guarded=True, rules=(rule,)),
        Pay(child, "CNY", 500),
        Pay(child, "USD", 500),
        call(rule, "allowance", "allow", BOB),
    )
    assert receipt.ok, receipt.error
    return world, rule, child


def test_a_rule_lets_go_what_it_allows_and_remembers() -> None:
    """60 of 100 go; of the next 60 only 40 may, and the rule's own error says so."""
    world, rule, child = ruled_world()
    assert world.send("dave", Pay(BOB, "CNY", 60), sender=child).ok
    receipt = world.send("dave", Pay(BOB, "CNY", 60), sender=child, sequence=1)
    assert receipt.error is not None
    assert (receipt.error.name, receipt.error.contract) == ("OverBudget", rule)
    assert decode(receipt.error.payload) == [40]


def test_a_refused_payment_does_not_use_up_the_allowance() -> None:
    """A transaction that fails later gives the rule its state back."""
    world, _, child = ruled_world()
    assert not world.send("dave", Pay(BOB, "CNY", 60), Pay(DAVE, "CNY", 1), sender=child).ok
    assert world.send("dave", Pay(BOB, "CNY", 100), sender=child, sequence=1).ok


def test_coins_of_a_call_are_shown_to_the_rule() -> None:
    """A contract that is not on the list cannot be funded."""
    world, rule, child = ruled_world()
    bank = world.deploy("alice", "bank")
    receipt = world.send("dave", call(bank, "bank", "deposit", COIN), sender=child)
    assert receipt.error is not None
    assert (receipt.error.name, receipt.error.contract) == ("NotHere", rule)


def test_money_in_a_currency_without_a_rule_does_not_leave_a_wallet_that_has_rules() -> None:
    """The other currency is no way around the rule."""
    world, _, child = ruled_world()
    receipt = world.send("dave", Pay(BOB, "USD", 1), sender=child)
    assert receipt.error is not None
    assert receipt.error.name == "NoRuleForCurrency"


def test_only_the_guardian_sets_the_rules_of_a_guarded_wallet() -> None:
    """The child cannot take its rules off; the guardian can."""
    world, _, child = ruled_world()
    receipt = world.send("dave", SetRules(child, ()), sender=child)
    assert receipt.error is not None
    assert receipt.error.name == "NotAuthorized"
    assert world.send("alice", SetRules(child, ())).ok
    assert world.send("dave", Pay(CAROL, "CNY", 400), sender=child, sequence=1).ok


def test_only_the_owner_sets_the_rules_of_a_free_wallet(world: World) -> None:
    """A stranger can neither set rules later nor open somebody's wallet with rules."""
    rule = world.deploy("alice", "allowance", 100)
    for action in (SetRules(BOB, (rule,)), OpenWallet(KEYS["dave"].public, rules=(rule,))):
        receipt = world.send("alice", action)
        assert receipt.error is not None
        assert receipt.error.name == "NotAuthorized"
    assert world.send("bob", SetRules(BOB, (rule,))).ok


def test_a_rule_must_be_one(world: World) -> None:
    """A contract without a rule function is NotARule; no contract is NoContract."""
    bank = world.deploy("alice", "bank")
    names = []
    for rule in (bank, bytes(32)):
        receipt = world.send("alice", SetRules(ALICE, (rule,)))
        assert receipt.error is not None
        names.append(receipt.error.name)
    assert names == ["NotARule", "NoContract"]


def test_nobody_opens_the_address_of_another_with_himself_as_guardian(world: World) -> None:
    """The guarded wallet of a key has another address than its free wallet."""
    assert world.send("alice", OpenWallet(KEYS["dave"].public, guarded=True)).ok
    assert world.send("dave", OpenWallet(KEYS["dave"].public)).ok


# Admission.


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"chain_id": "other"}, Refused.WRONG_CHAIN),
        ({"gas_price": 1_000_001}, Refused.GAS_PRICE_TOO_HIGH),
        ({"gas_limit": 2_000_000_001}, Refused.GAS_LIMIT_TOO_HIGH),
        ({"gas_limit": 1_000}, Refused.GAS_LIMIT_TOO_LOW),
        ({"expiry_height": 0}, Refused.EXPIRED),
        ({"expiry_height": 100_002}, Refused.EXPIRY_TOO_FAR),
        ({"sequence": 1}, Refused.SEQUENCE_AHEAD),
        ({"sender": DAVE}, Refused.NO_WALLET),
        ({"sender": BOB}, Refused.MISSING_SIGNATURE),
        ({"fee_payer": DAVE}, Refused.NO_WALLET),
        ({"gas_price": 1_000_000, "gas_limit": FUNDS + 1}, Refused.FEE_NOT_COVERED),
    ],
)
def test_a_transaction_that_may_not_be_in_the_block_is_refused(world: World, fields: dict[str, object], code: Refused) -> None:
    """Each guard of the ladder refuses with its own code."""
    assert refusal_of(world, world.transaction("alice", Pay(BOB, "CNY", 1), **fields)) is code


@pytest.mark.parametrize("edge", [{"expiry_height": 1}, {"expiry_height": 100_001}, {"gas_price": 10**6, "gas_limit": FUNDS}])
def test_a_transaction_at_the_edge_is_admitted(world: World, edge: dict[str, object]) -> None:
    """The last block of the window, the first, and a fee that is just covered."""
    assert world.send("alice", Pay(BOB, "CNY", 1), **edge).identity


def test_a_price_under_the_minimum_is_refused() -> None:
    """A chain may ask for a price."""
    world = World(gas_price_min=5)
    assert refusal_of(world, world.transaction("alice", Pay(BOB, "CNY", 1))) is Refused.GAS_PRICE_TOO_LOW


def test_a_changed_transaction_has_no_valid_signature(world: World) -> None:
    """The signature binds every field."""
    signed = world.transaction("alice", Pay(BOB, "CNY", 1))
    other = world.body("alice", [Pay(BOB, "CNY", 2)])
    assert refusal_of(world, Transaction(other, signed.signatures)) is Refused.WRONG_SIGNATURE


def test_signatures_bind_the_chain() -> None:
    """The same body signed for another chain id is not valid on this one."""
    here, there = World(), World(chain_id="other-chain")
    signed = there.transaction("alice", Pay(BOB, "CNY", 1), chain_id="other-chain")
    assert refusal_of(here, Transaction(here.body("alice", [Pay(BOB, "CNY", 1)]), signed.signatures)) is (Refused.WRONG_SIGNATURE)


def test_signatures_that_nobody_needs_are_refused(world: World) -> None:
    """A third party cannot hang its signature on a transaction."""
    signed = world.transaction("alice", Pay(BOB, "CNY", 1)).signed(KEYS["bob"])
    assert refusal_of(world, signed) is Refused.EXTRA_SIGNATURE


def test_signatures_are_sorted_and_single(world: World) -> None:
    """Another order of signatures, or one twice, is not another valid transaction."""
    body = world.body("alice", [Pay(BOB, "CNY", 1)], fee_payer=BOB)
    signed = sign(body, [KEYS["alice"], KEYS["bob"]])
    turned = Transaction(body, signed.signatures[::-1])
    doubled = Transaction(body, (*signed.signatures, signed.signatures[-1]))
    for other in (turned, doubled):
        with pytest.raises(Refusal) as caught:
            decode_transaction(other.encoded)
        assert caught.value.code is Refused.WRONG_SIGNATURE


def test_who_signs_is_asked_before_anything_is_verified(world: World) -> None:
    """The signature of somebody who need not sign costs nobody the time to verify it, so it is not what is told."""
    body = world.body("alice", [Pay(BOB, "CNY", 1)])
    assert refusal_of(world, Transaction(body, ((KEYS["bob"].public, bytes(64)),))) is Refused.MISSING_SIGNATURE
    assert refusal_of(world, Transaction(body, ((KEYS["alice"].public, bytes(64)),))) is Refused.WRONG_SIGNATURE


def test_lanes_count_apart(world: World) -> None:
    """The same sequence is used once in every lane."""
    world.commit(*(world.transaction("alice", Pay(BOB, "CNY", 1), lane=lane) for lane in (0, 7, 255)))
    assert world.balance(BOB) == FUNDS + 3


def test_the_supply_equation_holds_in_every_header(world: World) -> None:
    """After payments, contracts, failures and fees."""
    bank = world.deploy("alice", "bank")
    world.send("alice", call(bank, "bank", "deposit", COIN), gas_price=999)
    world.send("bob", Pay(ALICE, "CNY", FUNDS * 3), gas_price=999)
    world.send("alice", call(bank, "bank", "pay", CAROL, 10))
    for applied in world.blocks:
        assert all(supply.holds for supply in applied.block.header.supply)
    assert sum(world.balance(address) for address in ADDRESSES.values()) + 90 == 3 * FUNDS
