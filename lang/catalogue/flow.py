"""The order of things: loops, branches and ends: E06xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0601": Entry(
        "a function comes back to itself",
        "Everything ends: no function may reach itself by calls. A bounded loop does what a recursion would.",
        "pure fn factorial(n: u64) -> u64:\n    return 1 if n == 0 else n * factorial(n - 1)\n",
        "pure fn factorial(n: u64) -> u64:\n"
        "    let product = 1\n"
        "    for i in 0..n max 20:\n"
        "        product = product * (i + 1)\n"
        "    return product\n",
    ),
    "E0602": Entry(
        "a loop has no bound",
        "A loop says how often it runs at most. A loop over a list, or between two constants, needs no bound.",
        "pure fn sum(n: u64) -> u64:\n    let total = 0\n    for i in 0..n:\n        total += i\n    return total\n",
        "pure fn sum(n: u64) -> u64:\n    let total = 0\n    for i in 0..n max 100:\n        total += i\n    return total\n",
    ),
    "E0603": Entry(
        "a bound is out of range",
        "A loop runs at least once and at most 1 000 000 times.",
        "pure fn sum(n: u64) -> u64:\n"
        "    let total = 0\n"
        "    for i in 0..n max 5_000_000:\n"
        "        total += i\n"
        "    return total\n",
        "pure fn sum(n: u64) -> u64:\n    let total = 0\n    for i in 0..n max 5_000:\n        total += i\n    return total\n",
    ),
    "E0604": Entry(
        "a variant has no arm",
        "`match` covers every variant, or ends in `case _`.",
        "enum Light:\n"
        "    Red\n"
        "    Green\n"
        "\n"
        "pure fn may_go(light: Light) -> bool:\n"
        "    match light:\n"
        "        case Green:\n"
        "            return true\n",
        "enum Light:\n"
        "    Red\n"
        "    Green\n"
        "\n"
        "pure fn may_go(light: Light) -> bool:\n"
        "    match light:\n"
        "        case Green:\n"
        "            return true\n"
        "        case Red:\n"
        "            return false\n",
    ),
    "E0605": Entry(
        "an arm is never taken",
        "The arms above take everything that could get here.",
        "enum Light:\n"
        "    Red\n"
        "    Green\n"
        "\n"
        "pure fn may_go(light: Light) -> bool:\n"
        "    match light:\n"
        "        case _:\n"
        "            return true\n"
        "        case Red:\n"
        "            return false\n",
        "enum Light:\n"
        "    Red\n"
        "    Green\n"
        "\n"
        "pure fn may_go(light: Light) -> bool:\n"
        "    match light:\n"
        "        case Red:\n"
        "            return false\n"
        "        case _:\n"
        "            return true\n",
    ),
    "E0606": Entry(
        "outside of a loop",
        "`break` and `continue` stand in a loop.",
        "pure fn f(n: u64) -> u64:\n    if n > 3:\n        break\n    return n\n",
        "pure fn f(n: u64) -> u64:\n    if n > 3:\n        return 3\n    return n\n",
    ),
    "E0607": Entry(
        "this is never reached",
        "All ways end above: by `return`, `fail`, `break` or `continue`.",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() -> u64 by anyone:\n"
        "        return self.count\n"
        "        self.count += 1\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() -> u64 by anyone:\n"
        "        self.count += 1\n"
        "        return self.count\n",
    ),
    "E0608": Entry(
        "a way ends without a result",
        "A function with `->` returns a value on every way through it.",
        "pure fn sign(n: i64) -> i64:\n    if n > 0:\n        return 1\n    elif n < 0:\n        return -1\n",
        "pure fn sign(n: i64) -> i64:\n    if n > 0:\n        return 1\n    elif n < 0:\n        return -1\n    return 0\n",
    ),
    "E0609": Entry(
        "a promise stands too late",
        "`ensures` stands at the beginning of a function, before what it does.",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        self.count += 1\n"
        "        ensures self.count > 0\n",
        "contract Counter:\n"
        "    count: u64 = 0\n"
        "\n"
        "    pub fn add() by anyone:\n"
        "        ensures self.count > 0\n"
        "        self.count += 1\n",
    ),
    "E0610": Entry(
        "a requirement names no error",
        "`require` says how it fails, so that callers can tell: `else TooEarly(until)`.",
        "contract Shop:\n    pub fn buy(n: u64) by anyone:\n        require n > 0\n",
        "contract Shop:\n    error Nothing\n\n    pub fn buy(n: u64) by anyone:\n        require n > 0 else Nothing\n",
    ),
    "E0612": Entry(
        "a line does nothing",
        "A value is computed and forgotten. Often `==` stands where `=` was meant.",
        "contract Switch:\n    on: bool = false\n\n    pub fn turn() by anyone:\n        self.on == true\n",
        "contract Switch:\n    on: bool = false\n\n    pub fn turn() by anyone:\n        self.on = true\n",
    ),
}
