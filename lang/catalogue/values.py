"""Values: types, units, literals and what can be done with them: E03xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0301": Entry(
        "another type belongs here",
        "Nothing is converted silently. Numbers are converted by the name of a type, which fails if the value does not "
        "fit: `u64(n)`. A coin comes from a caller or out of a vault; an amount is only a number. A text or list fits "
        "where the greatest length is the same or larger.",
        "pure fn total(count: u8) -> u64:\n    return count\n",
        "pure fn total(count: u8) -> u64:\n    return u64(count)\n",
    ),
    "E0302": Entry(
        "these types do not go together",
        "An operation has no meaning for these types or units. Amounts and durations are added to their like and scaled "
        "by numbers and rates; a time plus a duration is a time. Integers of different sizes are converted first.",
        "pure fn ends(start: Time, other: Time) -> Time:\n    return start + other\n",
        "pure fn ends(start: Time, length: Duration) -> Time:\n    return start + length\n",
    ),
    "E0303": Entry(
        "the rounding is missing",
        "A division, and a product with a rate, can come out uneven. The text says which way it is rounded: `down`, `up`, "
        "`half_even` and so on.",
        "pure fn half(n: u64) -> u64:\n    return n / 2\n",
        "pure fn half(n: u64) -> u64:\n    return n / 2 rounded down\n",
    ),
    "E0304": Entry(
        "out of range",
        "The number does not fit its type, or a length or a list is past its bounds.",
        "const MOST: u8 = 300\n",
        "const MOST: u16 = 300\n",
    ),
    "E0305": Entry(
        "the type cannot be told",
        "`None`, `[]` and literals of addresses take their type from where they stand. Say it: `let xs: List[u64, 10] = []`.",
        "pure fn nothing() -> bool:\n    let found = None\n    return found.is_none\n",
        "pure fn nothing() -> bool:\n    let found: Option[u64] = None\n    return found.is_none\n",
    ),
    "E0306": Entry(
        "these values have no order, or are not compared",
        "Numbers and quantities have an order. Other plain values are equal or not. Coins and resources are not compared; "
        "their amounts and fields are.",
        "contract Shop:\n"
        "    pub fn refund(money: Coin, price: Coin) -> bool by anyone:\n"
        "        let same = money == price\n"
        "        pay(sender, money)\n"
        "        pay(sender, price)\n"
        "        return same\n",
        "contract Shop:\n"
        "    pub fn refund(money: Coin, price: Coin) -> bool by anyone:\n"
        "        let same = money.amount == price.amount\n"
        "        pay(sender, money)\n"
        "        pay(sender, price)\n"
        "        return same\n",
    ),
    "E0307": Entry(
        "the number of arguments is wrong",
        "A function, a variant, an event or an error takes exactly the values that it declares.",
        "pure fn larger(a: u64) -> u64:\n    return max(a)\n",
        "pure fn larger(a: u64) -> u64:\n    return max(a, 10)\n",
    ),
    "E0308": Entry(
        "there is no such parameter",
        "An argument is named like a parameter, once: `f(a=1, b=2)`.",
        "struct Point:\n    x: u64\n    y: u64\n\nconst START: Point = Point(x=1, z=2)\n",
        "struct Point:\n    x: u64\n    y: u64\n\nconst START: Point = Point(x=1, y=2)\n",
    ),
    "E0309": Entry(
        "this is not called",
        "Only functions, structs, variants and conversions are called. A resource is made with `new`, an error is raised "
        "with `fail`, an event is emitted with `emit`, a contract is deployed by a test.",
        "contract Shop:\n    price: u64 = 3\n\n    view fn cost() -> u64:\n        return self.price()\n",
        "contract Shop:\n    price: u64 = 3\n\n    view fn cost() -> u64:\n        return self.price\n",
    ),
    "E0310": Entry(
        "this has no elements",
        "Lists are pointed at by a number, maps by a key. A set is asked with `in`.",
        "contract Club:\n"
        "    members: Set[Address]\n"
        "\n"
        "    view fn known(who: Address) -> bool:\n"
        "        return self.members[who]\n",
        "contract Club:\n"
        "    members: Set[Address]\n"
        "\n"
        "    view fn known(who: Address) -> bool:\n"
        "        return who in self.members\n",
    ),
    "E0311": Entry(
        "this stays in the state",
        "Vaults, maps and sets are state fields, or vaults in a map. They are not values: not in a `let`, not a "
        "parameter, not within one another.",
        "contract Bank:\n    accounts: Map[Address, Map[u64, Amount]]\n",
        "contract Bank:\n    accounts: Map[(Address, u64), Amount]\n",
    ),
    "E0312": Entry(
        "a type is not written like this",
        "`Text[64]`, `Bytes[32]`, `List[Address, 100]`, `Option[u64]`, `Map[Address, u64]`, `Set[u64]`, and for money of "
        "another currency `Amount[USD]`, `Coin[USD]`, `Vault[USD]`. Lengths are part of the type, so that sizes and gas "
        "have bounds.",
        "contract Board:\n    names: List[Address] = []\n",
        "contract Board:\n    names: List[Address, 100] = []\n",
    ),
    "E0313": Entry(
        "there is nothing to round, or no such rounding",
        "Products of whole numbers come out even. The roundings are those of `rounded …`; in `mul_div(a, b, c, down)` the "
        "rounding is named last.",
        "pure fn twice(n: u64) -> u64:\n    return n * 2 rounded down\n",
        "pure fn twice(n: u64) -> u64:\n    return n * 2\n",
    ),
    "E0314": Entry(
        "too many decimals",
        "A currency has its decimals, durations are whole, and a rate resolves 10**-12.",
        "const PRICE: Amount[USD] = 1.999 USD\n",
        "const PRICE: Amount[USD] = 1.99 USD\n",
    ),
    "E0315": Entry(
        "not a constant",
        "A constant, and the value with which a state field begins, is computed from literals and other constants when "
        "the contract is compiled. It must not fail either.",
        "const LAST: u8 = 250 + 10\n",
        "const LAST: u16 = 250 + 10\n",
    ),
    "E0316": Entry(
        "a condition is true or false",
        "Nothing but a `bool` is a condition; numbers are compared, options are asked with `is_some`.",
        "pure fn any_left(n: u64) -> bool:\n    return not n\n",
        "pure fn any_left(n: u64) -> bool:\n    return n != 0\n",
    ),
    "E0317": Entry(
        "this is not assigned to",
        "Parameters, the names of loops and patterns, constants, fields of resources, and values that are just computed "
        "keep what they have. A `let` and the state can be given another value; vaults, maps and sets have methods.",
        "pure fn capped(n: u64) -> u64:\n    if n > 100:\n        n = 100\n    return n\n",
        "pure fn capped(n: u64) -> u64:\n    let most = n\n    if most > 100:\n        most = 100\n    return most\n",
    ),
    "E0318": Entry(
        "this cannot be a key",
        "A key is a plain value of bounded size: no coins or resources, and no long texts. A hash stands in for something long.",
        "contract Notes:\n    seen: Set[Text[1000]]\n",
        "contract Notes:\n    seen: Set[Bytes[32]]\n",
    ),
    "E0319": Entry(
        "another currency than the contract's own",
        "A contract has one home currency: the declared one, or the first that its text names. `Amount`, `Coin` and "
        "`Vault` are of that; money of another currency says so in its type.",
        "contract Shop:\n    price: Amount = 5.00 USD\n    fee: Amount = 1.00 EUR\n",
        "contract Shop:\n    price: Amount = 5.00 USD\n    fee: Amount[EUR] = 1.00 EUR\n",
    ),
    "E0320": Entry(
        "a bare number is not a quantity",
        "Amounts, durations, times and rates carry their unit: `5.00 CNY`, `3 days`, `2.5 %`. Zero needs none.",
        "const WAIT: Duration = 60\n",
        "const WAIT: Duration = 60 seconds\n",
    ),
    "E0321": Entry(
        "a state field begins without a value",
        "Every state field that is not a vault, map or set gets a value in `init` on every way through it, or where it is "
        "declared.",
        "contract Shop:\n    owner: Address\n    open: bool = true\n",
        "contract Shop:\n    owner: Address\n    open: bool = true\n\n    init():\n        self.owner = sender\n",
    ),
    "E0322": Entry(
        "this gives no value",
        "A function without `->` gives nothing that could be used; `init` and rules give nothing at all.",
        "contract Shop:\n"
        "    count: u64 = 0\n"
        "\n"
        "    fn add():\n"
        "        self.count += 1\n"
        "\n"
        "    pub fn buy() by anyone:\n"
        "        let now_sold = add()\n",
        "contract Shop:\n"
        "    count: u64 = 0\n"
        "\n"
        "    fn add() -> u64:\n"
        "        self.count += 1\n"
        "        return self.count\n"
        "\n"
        "    pub fn buy() -> u64 by anyone:\n"
        "        let now_sold = add()\n"
        "        return now_sold\n",
    ),
    "E0323": Entry(
        "names and values do not pair up",
        "As many names as values: for a tuple its items, for a pattern what the variant carries. `_` forgets a plain one.",
        "pure fn first(pair: (u64, u64)) -> u64:\n    let a, b, c = pair\n    return a + b + c\n",
        "pure fn first(pair: (u64, u64)) -> u64:\n    let a, _ = pair\n    return a\n",
    ),
    "E0324": Entry(
        "declared by way of itself",
        "A type cannot contain itself, and a constant cannot be computed from itself. Values have bounded size; keep "
        "links as numbers or keys of a map.",
        "struct Node:\n    value: u64\n    next: Option[Node]\n",
        "struct Node:\n    value: u64\n    next: Option[u64]\n",
    ),
    "E0325": Entry(
        "read before it has a value",
        "In `init`, and in what `init` calls, a state field is assigned before it is read.",
        "contract Shop:\n"
        "    price: u64\n"
        "    double: u64\n"
        "\n"
        "    init():\n"
        "        self.double = self.price * 2\n"
        "        self.price = 5\n",
        "contract Shop:\n"
        "    price: u64\n"
        "    double: u64\n"
        "\n"
        "    init():\n"
        "        self.price = 5\n"
        "        self.double = self.price * 2\n",
    ),
}
