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
}
