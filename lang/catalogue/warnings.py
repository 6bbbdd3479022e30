"""What is allowed and probably not meant: W…."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "W0201": Entry(
        "a name is never used",
        "The value is computed and never looked at. `_` says that this is meant.",
        "pure fn first(pair: (u64, u64)) -> u64:\n    let a, b = pair\n    return a\n",
        "pure fn first(pair: (u64, u64)) -> u64:\n    let a, _ = pair\n    return a\n",
    ),
    "W0501": Entry(
        "money goes in and never comes out",
        "No function takes money out of this vault. Once in, it stays there for good.",
        "contract Jar:\n    inside: Vault\n\n    pub fn fill(money: Coin) by anyone:\n        self.inside.put(money)\n",
        "contract Jar:\n"
        "    owner: Address\n"
        "    inside: Vault\n"
        "\n"
        "    init():\n"
        "        self.owner = sender\n"
        "\n"
        "    pub fn fill(money: Coin) by anyone:\n"
        "        self.inside.put(money)\n"
        "\n"
        "    pub fn empty() by self.owner:\n"
        "        pay(self.owner, self.inside.take_all())\n",
    ),
}
