"""What somebody in a simulation may do: payments as a rule, and contracts, rules, sessions, policies and new wallets besides."""

from __future__ import annotations

from random import Random
from typing import Any

from ledger_world import ALICE, BOB, CAROL, DAVE, KEYS, call, deploy
from sim.model import Made

from chain.primitives.account import read_account
from chain.primitives.keys import SecretKey, Signer
from chain.primitives.keyspace import account_key, mandate_key
from chain.primitives.mandate import Limit, Scope
from chain.primitives.policy import Policy
from chain.primitives.transaction import Action, Grant, OpenWallet, Pay, Revoke, SetPolicy, SetRules
from vm.types import CoinValue

TOO_MUCH = 10**12
SESSIONS = {bytes([number]) * 16: SecretKey.development("sim", number) for number in (1, 2)}
SIGNERS: dict[bytes, Signer] = {key.public: key for key in KEYS.values()}
_TWO = Policy(tuple(sorted((KEYS["carol"].public, KEYS["dave"].public))), 2)


class Actions:
    """Draws what is done from the chance of a simulation, by what there is after the newest block."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def pay(self, sender: bytes) -> Pay:
        """A payment to somebody else, which may be too much."""
        to = self._chance.choice([wallet for wallet in (ALICE, BOB, CAROL) if wallet != sender])
        return Pay(to, "CNY", self._chance.choice((1, 30, 5_000, 60_000, TOO_MUCH)))

    def other(self, sender: bytes, made: Made, now_ms: int) -> tuple[Action, ...]:
        """One or two actions that are not only a payment."""
        chance = self._chance
        kind = chance.choices(("deploy", "call", "wallet"), (3, 12, 4))[0]
        if kind == "deploy" or (kind == "call" and not made.contracts):
            return (self._deployment(made),)
        if kind == "call":
            calls = [self._call(made) for _ in range(chance.choice((1, 1, 2)))]
            return (*calls, *((self.pay(sender),) if chance.randrange(4) == 0 else ()))
        return (self._of_wallet(sender, made, now_ms),)

    def authority(self, sender: bytes, made: Made) -> bytes | None:
        """A session of the wallet if it has one, and now and then one that it has not."""
        session = self._chance.choice(list(SESSIONS))
        granted = made.view.get(mandate_key(sender, session)) is not None
        return session if self._chance.randrange(2 if granted else 20) == 0 else None

    def signers(self, sender: bytes, made: Made, authority: bytes | None) -> list[Signer]:
        """Who must sign by the policy of the wallet, or of its session."""
        if authority is not None:
            return [SESSIONS[authority]]
        value = made.view.get(account_key(sender))
        assert value is not None
        key = read_account(value).key
        return [SIGNERS[each] for each in (key.keys if isinstance(key, Policy) else (key,))]

    def _deployment(self, made: Made) -> Action:
        at = [address for program, address in made.contracts if program == "callee"]
        some: list[tuple[Any, ...]] = [("bank",), ("state",), ("callee", CoinValue("CNY", 5)), ("allowance", 20_000)]
        if at:
            some.append(("caller", self._chance.choice(at)))
        return deploy(*self._chance.choice(some))

    def _call(self, made: Made) -> Action:
        chance = self._chance
        program, address = chance.choice(made.contracts)
        coin, amount = CoinValue("CNY", chance.choice((1, 7, 50_000))), chance.choice((0, 1, 3, 10**6))
        wallet, number = chance.choice((ALICE, BOB, CAROL, DAVE)), chance.choice((0, 1, 2, 7))
        functions: dict[str, list[tuple[Any, ...]]] = {
            "bank": [("deposit", coin), ("withdraw", amount), ("pay", wallet, amount), ("pay_then_fail", wallet, amount)],
            "state": [("set_count", number), ("put", number), ("take",), ("forget",), ("name", "a", "b" * number)],
            "callee": [("bump", number), ("bump", number), ("fails", number), ("keep", coin), ("give",)],
            "caller": [("try_bump", number), ("round_trip", coin), ("try_fails", number), ("fails", number)],
            "allowance": [("allow", wallet)],
        }
        return call(address, program, *chance.choice(functions[program]))

    def _of_wallet(self, sender: bytes, made: Made, now_ms: int) -> Action:
        chance, session = self._chance, self._chance.choice(list(SESSIONS))
        rules = [address for program, address in made.contracts if program == "allowance"]
        match chance.randrange(6):
            case 0 | 1:
                scope = Scope((Limit("CNY", 5_000, 20_000, chance.choice((None, 60_000))),), uses=chance.choice((None, 3)))
                return Grant(session, SESSIONS[session].public, scope, now_ms + chance.choice((1_000, 100_000)))
            case 2:
                return Revoke(session)
            case 3 | 4 if sender != ALICE:
                if sender == CAROL:
                    return SetPolicy(CAROL, chance.choice((KEYS["carol"].public, _TWO)))
                return SetRules(BOB, (chance.choice(rules),) if rules and chance.randrange(2) else ())
            case _:
                return OpenWallet(KEYS["dave"].public, False, ())
