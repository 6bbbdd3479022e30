"""What stands in tests, and what does not: E08xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0801": Entry(
        "this belongs into a test",
        "Contracts do not deploy, wait, assert or act as someone else. They `require`.",
        "contract Shop:\n    error Nothing\n\n    pub fn buy(n: u64) by anyone:\n        assert n > 0\n",
        "contract Shop:\n    error Nothing\n\n    pub fn buy(n: u64) by anyone:\n        require n > 0 else Nothing\n",
    ),
    "E0802": Entry(
        "this belongs into a contract",
        "A test has no caller of its own and returns nothing. It names wallets, lets them call and pay, and asserts.",
        'test "money is there":\n    let shop = wallet(each=5.00 CNY)\n    assert balance(shop) == balance(sender)\n',
        'test "money is there":\n    let shop = wallet(each=5.00 CNY)\n    assert balance(shop) == 5.00 CNY\n',
    ),
    "E0803": Entry(
        "no values of this type are chosen",
        "`for any` chooses plain values. Contracts are deployed and coins are paid inside of the test.",
        'test "any coin" for any money: Coin:\n    assert true\n',
        'test "any amount" for any money: Amount:\n    assert money >= 0\n',
    ),
    "E0804": Entry(
        "wallets are counted",
        "`wallets(n, each=…)` makes 2 to 32 wallets, n being written as a number; `wallet(each=…)` makes one.",
        'test "one":\n    let shop = wallets(1, each=5.00 CNY)\n    assert balance(shop) == 5.00 CNY\n',
        'test "one":\n    let shop = wallet(each=5.00 CNY)\n    assert balance(shop) == 5.00 CNY\n',
    ),
    "E0805": Entry(
        "a scenario says who acts",
        "A scenario calls the public functions of contracts at random. `act pot as a, b` says of which contracts, "
        "or `act pot.fill` which functions, and by whom. Without it nothing would happen.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    check balance(a) + balance(b) + balance(pot) == 10.00 CNY\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n"
        "    check balance(a) + balance(b) + balance(pot) == 10.00 CNY\n",
    ),
    "E0806": Entry(
        "a scenario has an order",
        "First stands what is set up, once; then `act`, who calls what; then `check`, what holds after every step;"
        " last, if need be, `may keep money`. What is to happen at random times is a public function that someone "
        "calls.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n"
        "    call pot.fill(1.00 CNY) as a\n"
        "    check balance(a) + balance(b) + balance(pot) == 10.00 CNY\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    call pot.fill(1.00 CNY) as a\n"
        "    act pot as a, b\n"
        "    check balance(a) + balance(b) + balance(pot) == 10.00 CNY\n",
    ),
    "E0807": Entry(
        "there is nothing that could be called",
        "`act` names contracts, whose public functions are all called, or single public functions. Views change "
        "nothing; a `check` may read them.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot.held as a, b\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n"
        "    check read pot.held() <= 10.00 CNY\n",
    ),
    "E0808": Entry(
        "nobody could act",
        "Without `as`, every wallet of the scenario acts; so it opens one. Or `as` names who does.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let pot = deploy Pot()\n"
        "    act pot\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a = wallet(each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot\n",
    ),
    "E0809": Entry(
        "a check only looks",
        "A check is asked after every step. It reads state, balances, views and the time, and `old(…)`, what "
        "something was before the step. It calls nothing, opens no wallets and lets no time pass.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) -> bool by anyone:\n"
        "        self.inside.put(money)\n"
        "        return true\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n"
        "    check call pot.fill(1.00 CNY) as a\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money":\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n"
        "    check read pot.held() <= 10.00 CNY\n",
    ),
    "E0810": Entry(
        "the number of steps",
        "`for 40 steps` says how many calls one history has: 1 to 1_000. Longer histories are hard to read and "
        "find little that more histories do not; `--runs` says how many those are.",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money" for 0 steps:\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n",
        "contract Pot:\n"
        "    inside: Vault\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by anyone:\n"
        "        pay(sender, self.inside.take_all())\n"
        "\n"
        "    view fn held() -> Amount:\n"
        "        return self.inside.amount\n"
        "\n"
        'scenario "the pot keeps its money" for 100 steps:\n'
        "    let a, b = wallets(2, each=5.00 CNY)\n"
        "    let pot = deploy Pot() as a\n"
        "    act pot as a, b\n",
    ),
    "E0811": Entry(
        "a table of cases",
        "`for (amount, ok) in [(1.00 CNY, true), (2.00 CNY, false)]` runs the test once for each row. Rows hold "
        "plain values that the file knows: literals, constants, what pure functions give.",
        'test "sums" for (a, b) in []:\n    assert a == b\n',
        'test "sums" for (a, b) in [(1, 1), (2, 2)]:\n    assert a == b\n',
    ),
}
