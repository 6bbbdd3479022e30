"""Names: what is declared where, and what a name may be: E02xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0201": Entry(
        "a name that stands for no value",
        "Nothing of this name is known here, or it stands for something that is no value: a type, a function, an error. "
        "State fields are written with `self.`, functions are called with `(…)`, who calls is `sender`, the time is "
        "`now`. A `let` ends with the block it stands in.",
        "contract Counter:\n    count: u64 = 0\n\n    view fn next() -> u64:\n        return count + 1\n",
        "contract Counter:\n    count: u64 = 0\n\n    view fn next() -> u64:\n        return self.count + 1\n",
    ),
    "E0202": Entry(
        "a name is declared twice",
        "A name has one meaning wherever it can be seen, so that no line changes its meaning by a line elsewhere. Names "
        "of inner blocks, of parameters and of patterns may not hide others; two blocks beside one another may use the "
        "same name.",
        "pure fn doubled(n: u64) -> u64:\n    let n = n * 2\n    return n\n",
        "pure fn doubled(n: u64) -> u64:\n    let twice = n * 2\n    return twice\n",
    ),
    "E0203": Entry(
        "there is no such type",
        "The types are `bool`, `u8` to `u256`, `i8` to `i256`, `Address`, `Time`, `Duration`, `Rate`, `Amount`, "
        "`Text[n]`, `Bytes[n]`, `List[T, n]`, `Option[T]`, tuples, `Coin`, and for state `Vault`, `Map[K, V]`, `Set[K]`; "
        "further ones are declared with `struct`, `enum` and `resource`.",
        "contract Counter:\n    count: uint = 0\n",
        "contract Counter:\n    count: u64 = 0\n",
    ),
    "E0204": Entry(
        "there is no such field",
        "A struct, a resource or the contract's state has no field of this name, or a value has no such attribute. Lists, "
        "texts and byte strings have `len`, coins and vaults `amount`, options `is_some` and `is_none`, times and "
        "durations `days`, `hours` and so on.",
        "contract Shop:\n    till: Vault\n\n    view fn full() -> bool:\n        return self.till.balance > 0\n",
        "contract Shop:\n    till: Vault\n\n    view fn full() -> bool:\n        return self.till.amount > 0\n",
    ),
    "E0205": Entry(
        "there is no such function or method",
        "Nothing of this name can be called here. Functions of the same contract are called by their bare name, those of "
        "another contract with `call` or `read`; each kind of value has its own few methods.",
        "contract Board:\n    names: List[Address, 10] = []\n\n    pub fn join() by anyone:\n        self.names.push(sender)\n",
        "contract Board:\n    names: List[Address, 10] = []\n\n    pub fn join() by anyone:\n        self.names.append(sender)\n",
    ),
    "E0206": Entry(
        "the name belongs to the language",
        "Names of types, of standard functions, of `sender`, `now`, `this`, `self` and `phase`, and of the machine's own "
        "failures always mean the same. Choose another name.",
        "contract Shop:\n    error Overflow\n\n    pub fn stop() by anyone:\n        fail Overflow\n",
        "contract Shop:\n    error TooMuch\n\n    pub fn stop() by anyone:\n        fail TooMuch\n",
    ),
    "E0207": Entry(
        "there is no such error",
        "An error is declared, with what it carries, in the contract or at the top of a file: `error TooEarly(until: Time)`.",
        "contract Shop:\n    pub fn buy(n: u64) by anyone:\n        require n > 0 else Nothing\n",
        "contract Shop:\n    error Nothing\n\n    pub fn buy(n: u64) by anyone:\n        require n > 0 else Nothing\n",
    ),
    "E0208": Entry(
        "there is no such event",
        "An event is declared in the contract that emits it: `event Sold(to: Address)`.",
        "contract Shop:\n    pub fn buy() by anyone:\n        emit Sold(sender)\n",
        "contract Shop:\n    event Sold(to: Address)\n\n    pub fn buy() by anyone:\n        emit Sold(sender)\n",
    ),
    "E0209": Entry(
        "there is no such phase",
        "A phase is one of those that stand in the contract's `phases`.",
        "contract Deal:\n    phases Open -> Closed\n\n    pub fn close() by anyone in Open:\n        become Close\n",
        "contract Deal:\n    phases Open -> Closed\n\n    pub fn close() by anyone in Open:\n        become Closed\n",
    ),
    "E0210": Entry(
        "there is no such file",
        "An import names a file by its place beside the importing one: `from lib.token import Token` reads `lib/token.tael`.",
        "from lib.tokens import Token\n",
        "from token import Token\n",
    ),
    "E0211": Entry(
        "files import one another in a circle",
        "What two files both need belongs into a third one that both import. Here `example.tael` imports itself.",
        "from example import Token\n",
        "from token import Token\n",
    ),
    "E0212": Entry(
        "the other file declares no such name",
        "An import names what the other file declares at its top: types, constants, units, errors, interfaces, contracts "
        "and pure functions. Here `token.tael` declares `Token`.",
        "from token import Tokens\n",
        "from token import Token\n",
    ),
    "E0213": Entry(
        "there is no such variant",
        "An enum's variants are those that stand in its declaration; an option's are `None` and `Some`.",
        "enum Light:\n    Red\n    Green\n\nconst START: Light = Light.Yellow\n",
        "enum Light:\n    Red\n    Green\n\nconst START: Light = Light.Red\n",
    ),
    "E0214": Entry(
        "there is no such currency",
        "The codes of national currencies are known with their decimals. Others are declared, so that nobody guesses what "
        "the smallest unit is: `unit GLD: 3 decimals`. A code is 3 to 12 capital letters and digits.",
        "const PRICE: Amount[GLD] = 1.500 GLD\n",
        "unit GLD: 3 decimals\n\nconst PRICE: Amount[GLD] = 1.500 GLD\n",
    ),
    "E0215": Entry(
        "new makes resources only",
        "`new` stands before a resource that this contract declares. Structs and variants are made without it.",
        "struct Point:\n    x: u64\n    y: u64\n\npure fn origin() -> Point:\n    return new Point(0, 0)\n",
        "struct Point:\n    x: u64\n    y: u64\n\npure fn origin() -> Point:\n    return Point(0, 0)\n",
    ),
}
