"""Contracts and scenarios for the tests of scenarios: some with one fault, some sound."""

from __future__ import annotations

POT = """
contract Pot:
    phases Open -> Closed

    owner: Address
    until: Time
    inside: Vault
    given: Map[Address, Amount]

    event Given(by: Address, amount: Amount)

    error TooEarly(until: Time)
    error Nothing

    init(open_for: Duration):
        self.owner = sender
        self.until = now + open_for

    pub fn give(money: Coin) by anyone in Open:
        let before = self.given.get(sender, default=0)
        self.given[sender] = before + money.amount
        emit Given(sender, money.amount)
        self.inside.put(money)

    pub fn back() by anyone in Open:
        require now >= self.until else TooEarly(self.until)
        let amount = self.given.get(sender, default=0)
        require amount > 0 else Nothing
        pay(sender, self.inside.take(amount))

    pub fn never() by self.owner in Closed:
        self.until = now


"""
"""Whoever gave once takes as often as there is something."""

HONEST = """
contract Shop:
    owner: Address
    price: Amount
    till: Vault
    deposits: Map[Address, Vault]
    done: Set[Address]
    closed: Set[Address]

    error WrongPrice(want: Amount)
    error Again

    init(price: Amount):
        self.owner = sender
        self.price = price

    pub fn order(money: Coin) by anyone:
        require money.amount == self.price else WrongPrice(self.price)
        require sender not in self.done else Again
        self.done.add(sender)
        self.deposits[sender].put(money)

    pub fn refund() by anyone:
        require sender in self.done and sender not in self.closed else Again
        self.closed.add(sender)
        pay(sender, self.deposits[sender].take_all())

    pub fn deliver(to: Address) by self.owner:
        require to in self.done and to not in self.closed else Again
        self.closed.add(to)
        self.till.put(self.deposits[to].take_all())

    pub fn earn() by self.owner:
        pay(self.owner, self.till.take_all())

scenario "orders":
    let owner, ann, ben = wallets(3, each=100.00 CNY)
    let shop = deploy Shop(5.00 CNY) as owner
    act shop
    check balance(owner) + balance(ann) + balance(ben) + balance(shop) == 300.00 CNY
"""
FORGETFUL = HONEST.replace("        pay(sender, self.deposits[sender].take_all())\n", "")
"""The refund closes the order and pays nothing."""

SOUND = {
    "auction": """
scenario "auction":
    let seller, ann, ben = wallets(3, each=1_000.00 CNY)
    let auction = deploy Auction(2 days) as seller
    act auction
    check balance(seller) + balance(ann) + balance(ben) + balance(auction) == 3_000.00 CNY
""",
    "crowdfunding": """
scenario "fund":
    let creator, ann, ben = wallets(3, each=100.00 CNY)
    let fund = deploy Crowdfunding(50.00 CNY, 10 days) as creator
    act fund
    check balance(ann) <= 100.00 CNY and balance(ben) <= 100.00 CNY
""",
    "pvp": """
scenario "pvp":
    let left = wallet(each=100.00 USD, holds=100.00 CNY)
    let right = wallet(each=100.00 USD, holds=100.00 CNY)
    let pair = deploy Pvp(right, 10.00 USD, 70.00 CNY, 2 days) as left
    act pair
""",
    "splitbill": """
scenario "bill":
    let host, ann, ben = wallets(3, each=100.00 CNY)
    let bill = deploy SplitBill(0.11 CNY, [ann, ben]) as host
    act bill
    check balance(host) + balance(ann) + balance(ben) + balance(bill) == 300.00 CNY
""",
    "stream": """
scenario "stream":
    let payer, payee = wallets(2, each=100.00 CNY)
    let stream = deploy Stream(payee, 10 days, 50.00 CNY) as payer
    act stream
    check balance(payer) + balance(payee) + balance(stream) == 200.00 CNY
""",
    "subscription": """
scenario "subscription":
    let user, shop, other = wallets(3, each=100.00 CNY)
    let plan = deploy Subscription(shop, 5.00 CNY, 20.00 CNY) as user
    act plan
    check balance(user) + balance(shop) + balance(other) + balance(plan) == 300.00 CNY
""",
    "tickets": """
scenario "tickets":
    let owner, ann, ben = wallets(3, each=100.00 CNY)
    let tickets = deploy Tickets(10.00 CNY) as owner
    act tickets
    check balance(owner) <= 130.00 CNY
""",
    "warehouse": """
scenario "warehouse":
    let keeper, farmer, bank = wallets(3, each=1_000.00 CNY)
    let store = deploy Warehouse() as keeper
    let lender = deploy Lender(store, 1.00 CNY, 50 %, 10 %, 500.00 CNY) as bank
    act store, lender
""",
}
