"""Money and resources: values that are used exactly once: E04xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0401": Entry(
        "money would be lost",
        "A coin or a resource that nobody uses would be gone. On every way it is paid, put into a vault or a map, handed "
        "to a function, returned, or, if it is a resource, destroyed.",
        "contract Shop:\n    pub fn buy(money: Coin) by anyone:\n        pass\n",
        "contract Shop:\n    pub fn buy(money: Coin) by anyone:\n        pay(sender, money)\n",
    ),
    "E0402": Entry(
        "money is used a second time",
        "A coin or a resource is gone once it is handed on. Look at its amount before, or split it.",
        "contract Shop:\n"
        "    event Paid(amount: Amount)\n"
        "\n"
        "    pub fn buy(money: Coin) by anyone:\n"
        "        pay(sender, money)\n"
        "        emit Paid(money.amount)\n",
        "contract Shop:\n"
        "    event Paid(amount: Amount)\n"
        "\n"
        "    pub fn buy(money: Coin) by anyone:\n"
        "        emit Paid(money.amount)\n"
        "        pay(sender, money)\n",
    ),
    "E0403": Entry(
        "money is used on some ways only",
        "Where branches meet, a coin or resource is either there on all of them or on none. The same holds for what is "
        "only perhaps looked at: the right side of `and`, a value after `else`.",
        "contract Shop:\n"
        "    owner: Address\n"
        "\n"
        "    init():\n"
        "        self.owner = sender\n"
        "\n"
        "    pub fn buy(money: Coin, keep: bool) by anyone:\n"
        "        if keep:\n"
        "            pay(self.owner, money)\n",
        "contract Shop:\n"
        "    owner: Address\n"
        "\n"
        "    init():\n"
        "        self.owner = sender\n"
        "\n"
        "    pub fn buy(money: Coin, keep: bool) by anyone:\n"
        "        if keep:\n"
        "            pay(self.owner, money)\n"
        "        else:\n"
        "            pay(sender, money)\n",
    ),
    "E0404": Entry(
        "money is used in a loop",
        "The next pass would use it again. Take a part in each pass, or make the coin inside of the loop.",
        "contract Share:\n"
        "    pub fn share(money: Coin, to: List[Address, 10]) by anyone:\n"
        "        for who in to:\n"
        "            pay(who, money)\n",
        "contract Share:\n"
        "    pub fn share(money: Coin, to: List[Address, 10]) by anyone:\n"
        "        for who in to:\n"
        "            pay(who, money.take(1.00 CNY))\n"
        "        pay(sender, money)\n",
    ),
    "E0405": Entry(
        "a value would be overwritten",
        "Assigning to a name that still holds a coin or resource, or to an entry of a map of resources, could lose what "
        "is there. `put` refuses if there is something.",
        "contract Shop:\n"
        "    till: Vault\n"
        "\n"
        "    pub fn change(money: Coin) by anyone:\n"
        "        money = self.till.take_all()\n"
        "        pay(sender, money)\n",
        "contract Shop:\n"
        "    till: Vault\n"
        "\n"
        "    pub fn change(money: Coin) by anyone:\n"
        "        money.join(self.till.take_all())\n"
        "        pay(sender, money)\n",
    ),
    "E0406": Entry(
        "only plain values stand here",
        "Plain values may be copied. Coins and resources may not: they do not stand in structs, enums, lists, events, "
        "errors or constants, are not encoded, and are taken out of a map rather than read. Coins are kept in a `Vault`, "
        "resources in a `Map`.",
        "contract Jar:\n    inside: Coin\n",
        "contract Jar:\n    inside: Vault\n",
    ),
    "E0407": Entry(
        "resources do not leave their contract",
        "Only the contract that declares a resource handles it. A public function takes and gives plain values and coins; "
        "a private `fn` hands resources on.",
        "contract Theatre:\n"
        "    resource Ticket:\n"
        "        seat: u64\n"
        "\n"
        "    tickets: Map[Address, Ticket]\n"
        "\n"
        "    pub fn take() -> Ticket by anyone:\n"
        "        return self.tickets.take(sender)\n",
        "contract Theatre:\n"
        "    resource Ticket:\n"
        "        seat: u64\n"
        "\n"
        "    tickets: Map[Address, Ticket]\n"
        "\n"
        "    pub fn leave() by anyone:\n"
        "        destroy take(sender)\n"
        "\n"
        "    fn take(who: Address) -> Ticket:\n"
        "        return self.tickets.take(who)\n",
    ),
    "E0408": Entry(
        "this resource does not divide",
        "`split`, `take` and `merge` exist for a resource that says by which field: `divides by face`. That field is an "
        "amount or an unsigned integer.",
        "contract Claims:\n"
        "    resource Claim:\n"
        "        face: Amount\n"
        "\n"
        "    claims: Map[Address, Claim]\n"
        "\n"
        "    pub fn add(face: Amount) by anyone:\n"
        "        self.claims.merge(sender, new Claim(face))\n",
        "contract Claims:\n"
        "    resource Claim:\n"
        "        face: Amount\n"
        "        divides by face\n"
        "\n"
        "    claims: Map[Address, Claim]\n"
        "\n"
        "    pub fn add(face: Amount) by anyone:\n"
        "        self.claims.merge(sender, new Claim(face))\n",
    ),
    "E0409": Entry(
        "contracts neither make nor destroy money",
        "Money is issued by the ledger. A contract moves, splits and joins what it was given.",
        "contract Fire:\n    pub fn burn(money: Coin) by anyone:\n        destroy money\n",
        "contract Fire:\n    pub fn refuse(money: Coin) by anyone:\n        pay(sender, money)\n",
    ),
    "E0410": Entry(
        "the value needs a name first",
        "Looking at a coin that has no name, or splitting it, would leave the rest nowhere.",
        "contract Shop:\n"
        "    till: Vault\n"
        "\n"
        "    pub fn empty() -> Amount by anyone:\n"
        "        return self.till.take_all().amount\n",
        "contract Shop:\n"
        "    till: Vault\n"
        "\n"
        "    pub fn empty() -> Amount by anyone:\n"
        "        let money = self.till.take_all()\n"
        "        let amount = money.amount\n"
        "        pay(sender, money)\n"
        "        return amount\n",
    ),
}
