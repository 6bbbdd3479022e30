"""Contracts and what they promise: calls, interfaces, effects: E07xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0701": Entry(
        "another contract is called without saying so",
        "`call` for what changes something, `read` for a view, so that everyone sees where control leaves the contract.",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    feed: Feed\n"
        "\n"
        "    init(feed: Feed):\n"
        "        self.feed = feed\n"
        "\n"
        "    view fn cost() -> u64:\n"
        "        return self.feed.price() * 2\n",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    feed: Feed\n"
        "\n"
        "    init(feed: Feed):\n"
        "        self.feed = feed\n"
        "\n"
        "    view fn cost() -> u64:\n"
        "        return read self.feed.price() * 2\n",
    ),
    "E0702": Entry(
        "this cannot be called on it",
        "What is called must be known: a value of an interface's or contract's type, and a function that it has. An "
        "address becomes one by saying what it is: `Token(address)`.",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    view fn cost(feed: Address) -> u64:\n"
        "        return read feed.price()\n",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    view fn cost(feed: Address) -> u64:\n"
        "        return read Feed(feed).price()\n",
    ),
    "E0703": Entry(
        "call and read are confused",
        "Views are `read`, other functions are `call`ed.",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    pub fn cost(feed: Feed) -> u64 by anyone:\n"
        "        return call feed.price()\n",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Shop:\n"
        "    pub fn cost(feed: Feed) -> u64 by anyone:\n"
        "        return read feed.price()\n",
    ),
    "E0704": Entry(
        "this may only read",
        "Views, promises and `by` clauses only read, by way of others too. Rules decide and remember, but move no money "
        "and call nobody.",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    view fn next() -> u64:\n"
        "        self.count += 1\n"
        "        return self.count\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn next() -> u64 by anyone:\n"
        "        self.count += 1\n"
        "        return self.count\n",
    ),
    "E0705": Entry(
        "this may only compute",
        "A pure function sees its parameters and constants: not the state, not the time, not who calls, by way of others either.",
        "contract Shop:\n    price: u64 = 5\n\n    pure fn cost(n: u64) -> u64:\n        return n * self.price\n",
        "contract Shop:\n    price: u64 = 5\n\n    view fn cost(n: u64) -> u64:\n        return n * self.price\n",
    ),
    "E0706": Entry(
        "a function of the interface is missing",
        "A contract that implements an interface has each of its functions, public or as a view. A WalletRule has `rule "
        "fn check(payment: Payment)`.",
        "interface Feed:\n    view fn price() -> u64\n\ncontract Fixed implements Feed:\n    value: u64 = 5\n",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Fixed implements Feed:\n"
        "    value: u64 = 5\n"
        "\n"
        "    view fn price() -> u64:\n"
        "        return self.value\n",
    ),
    "E0707": Entry(
        "a function differs from the interface's",
        "Kind, parameters and result are those that the interface asks for.",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Fixed implements Feed:\n"
        "    view fn price() -> u8:\n"
        "        return 5\n",
        "interface Feed:\n"
        "    view fn price() -> u64\n"
        "\n"
        "contract Fixed implements Feed:\n"
        "    view fn price() -> u64:\n"
        "        return 5\n",
    ),
    "E0708": Entry(
        "money in a call that may fail",
        "When a tried call fails, its coins would be neither here nor there. Call without `try`, or let the other side "
        "fetch the money.",
        "interface Till:\n"
        "    pub fn pay_in(money: Coin)\n"
        "\n"
        "contract Shop:\n"
        "    pub fn buy(till: Till, money: Coin) by anyone:\n"
        "        try call till.pay_in(money) else:\n"
        "            pass\n",
        "interface Till:\n"
        "    pub fn pay_in(money: Coin)\n"
        "\n"
        "contract Shop:\n"
        "    pub fn buy(till: Till, money: Coin) by anyone:\n"
        "        call till.pay_in(money)\n",
    ),
    "E0709": Entry(
        "this is no rule",
        "A rule is `rule fn check(payment: Payment)` of a contract that implements WalletRule; the ledger runs it before "
        "the wallet pays.",
        "contract Limit:\n"
        "    error TooMuch\n"
        "\n"
        "    rule fn check(payment: Payment):\n"
        "        require payment.amount < 5.00 CNY else TooMuch\n",
        "contract Limit implements WalletRule:\n"
        "    error TooMuch\n"
        "\n"
        "    rule fn check(payment: Payment):\n"
        "        require payment.amount < 5.00 CNY else TooMuch\n",
    ),
    "E0710": Entry(
        "this is entered from outside only",
        "Public functions, `init` and rules are not called from inside: who may call them was said for callers from "
        "outside. Move what both need into a private `fn`.",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        self.count += 1\n"
        "\n"
        "    pub fn add_again() by anyone:\n"
        "        add()\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        more()\n"
        "\n"
        "    pub fn add_again() by anyone:\n"
        "        more()\n"
        "\n"
        "    fn more():\n"
        "        self.count += 1\n",
    ),
    "E0711": Entry(
        "old stands in ensures",
        "`old(…)` is a value before the function ran. It stands in `ensures`, and not inside of another `old`.",
        "contract Counter:\n    count: u64 = 0\n\n    invariant self.count >= old(self.count)\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        ensures self.count >= old(self.count)\n"
        "        self.count += 1\n",
    ),
    "E0712": Entry(
        "result stands in ensures",
        "`result` is what the function gives, plain values only. It stands in `ensures`.",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        ensures result > 0\n"
        "        self.count += 1\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() -> u64 by anyone:\n"
        "        ensures result > 0\n"
        "        self.count += 1\n"
        "        return self.count\n",
    ),
    "E0713": Entry(
        "this belongs into a contract",
        "Outside of a contract there is no state, no phase and no caller; only a `pure fn` stands there.",
        "fn twice(n: u64) -> u64:\n    return n * 2\n",
        "pure fn twice(n: u64) -> u64:\n    return n * 2\n",
    ),
    "E0714": Entry(
        "an invariant has no caller",
        "An invariant holds at all times, whoever calls. What depends on the caller is said by `by`, `require` or `ensures`.",
        "contract Shop:\n    owner: Address\n\n    init():\n        self.owner = sender\n\n    invariant self.owner == sender\n",
        "contract Shop:\n    owner: Address\n\n    init():\n        ensures self.owner == sender\n        self.owner = sender\n",
    ),
}
