"""A contract that can fail in many ways, and how a test of it is run or walked through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.testing import Options, run

JAR = """struct Terms:
    most: Amount
    until: Time

contract Jar:
    phases Open -> Closed

    owner: Address
    friends: Set[Address]
    terms: Terms
    total: Amount = 0.00 CNY
    shares: Map[Address, Amount]
    money: Vault

    event Saved(by: Address, amount: Amount)
    error Enough(held: Amount, most: Amount)

    init(most: Amount):
        self.owner = sender
        self.terms = Terms(most, now + 1 day)

    pub fn save(coin: Coin) by anyone in Open:
        let amount = coin.amount
        require self.money.amount + amount <= self.terms.most else Enough(self.money.amount, self.terms.most)
        credit(sender, amount)
        emit Saved(sender, amount)
        self.money.put(coin)

    fn credit(who: Address, amount: Amount):
        let before = self.shares.get(who, default=0.00 CNY)
        self.shares[who] = before + amount
        self.total += amount

    pub fn admit(who: Address) by self.owner:
        self.friends.add(who)

    pub fn extend(days: Duration) by self.owner or any of self.friends:
        self.terms.until = self.terms.until + days

    pub fn take(amount: Amount) by self.owner:
        pay(self.owner, self.money.take(amount))

    pub fn close() by self.owner in Open:
        become Closed

    pub fn miscount() by anyone:
        self.total += 1.00 CNY

    pub fn count(times: u64) by anyone:
        for i in 0..times max 1_000:
            self.total = 0.00 CNY
            self.total = 0.01 CNY

    view fn left() -> Amount:
        return self.terms.most - self.money.amount

    view fn share(who: Address) -> Amount:
        return self.shares[who]

    view fn shown() -> Terms:
        return self.terms

    invariant phase is Closed or self.total <= self.terms.most + 1.00 CNY

"""

BEGINNING = """    let a, b, c = wallets(3, each=100.00 CNY)
    let jar = deploy Jar(50.00 CNY) as a
    call jar.admit(c) as a
    call jar.save(20.00 CNY) as b
"""

STORY = """test "too much is saved":
    let a, b = wallets(2, each=100.00 CNY)
    let jar = deploy Jar(50.00 CNY) as a
    call jar.save(20.00 CNY) as b
    call jar.save(40.00 CNY) as b
"""


def write_jar(folder: Path, tests: str) -> Path:
    """The file of the jar with these tests."""
    path = folder / "jar.tael"
    path.write_text(JAR + tests)
    return path


def trouble_of(statement: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What is told as data of a test that ends in this statement."""
    path = write_jar(folder, f'test "it":\n{BEGINNING}    {statement}\n')
    run([path], Options(as_json=True))
    trouble: dict[str, Any] = json.loads(capsys.readouterr().out)["tests"][0]["trouble"]
    return trouble


def line_of(text: str) -> int:
    """The line of the jar that has this text in it, from 1."""
    return next(number for number, line in enumerate(JAR.splitlines(), 1) if text in line)
