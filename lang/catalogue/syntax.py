"""What is wrong with the shape of a text: E01xx."""

from __future__ import annotations

from lang.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "E0100": Entry(
        "something does not fit here",
        "The text cannot go on like this. The finding names what was found and what could stand there instead.",
        "const A: = 5\n",
        "const A: u64 = 5\n",
    ),
    "E0101": Entry(
        "a mark or a word is missing",
        "The line reads well with one mark or word put in: most often `:` at the end of a line "
        "that opens a block, a `,` between arguments, `->` before the type of a result, `fn`, "
        "`in` or `else`.",
        "fn f():\n    if now > due\n        return\n",
        "fn f():\n    if now > due:\n        return\n",
    ),
    "E0102": Entry(
        "a bracket is never closed",
        "Inside brackets a line goes on in the next one, so a forgotten `)` or `]` swallows what "
        "follows. The finding points at the bracket that was opened.",
        "fn f():\n    let a = min(1, 2\n    let b = 3\n",
        "fn f():\n    let a = min(1, 2)\n    let b = 3\n",
    ),
    "E0103": Entry(
        "a closing bracket does not fit",
        "It closes nothing, or closes another kind of bracket than was opened.",
        "fn f():\n    let a = [1, 2)\n",
        "fn f():\n    let a = [1, 2]\n",
    ),
    "E0104": Entry(
        "an indentation fits no block",
        "A line belongs to the block whose lines are indented just like it. This one stands between two blocks.",
        "fn f():\n    if true:\n        pass\n      pass\n",
        "fn f():\n    if true:\n        pass\n    pass\n",
    ),
    "E0105": Entry(
        "a line is indented without reason",
        "Only a line that ends in `:` opens a deeper block.",
        "fn f():\n    let a = 1\n        let b = 2\n",
        "fn f():\n    let a = 1\n    let b = 2\n",
    ),
    "E0106": Entry(
        "a block is missing",
        "A line that ends in `:` needs deeper lines below it. `pass` does nothing.",
        "fn f():\nconst A: u64 = 1\n",
        "fn f():\n    pass\nconst A: u64 = 1\n",
    ),
    "E0107": Entry(
        "a tab",
        "Tabs are not equally wide for every reader, and the width of the indentation carries meaning. Use spaces, four a level.",
        "fn f():\n\tpass\n",
        "fn f():\n    pass\n",
    ),
    "E0108": Entry(
        "a character means nothing",
        "This character is no part of the language outside of texts and comments.",
        "fn f():\n    let a = b @ c\n",
        "fn f():\n    let a = b + c\n",
    ),
    "E0109": Entry(
        "a name has foreign letters",
        "Names are made of the letters a to z and A to Z, digits and `_`: letters of other "
        "scripts can look just like these, and two names that look alike could hide a theft. "
        "Texts and comments may hold any letters.",
        "const größe: u64 = 1\n",
        "const size: u64 = 1\n",
    ),
    "E0110": Entry(
        "a text is not closed",
        'A text ends with `"` on the line on which it began; one in triple quotes, which explains '
        "what it opens, ends with three.",
        'const A: Text[8] = "hello\n',
        'const A: Text[8] = "hello"\n',
    ),
    "E0111": Entry(
        "an escape stands for no character",
        'In texts `\\n`, `\\t`, `\\"`, `\\\\` and `\\u{1F600}` stand for characters.',
        'const A: Text[8] = "a\\q"\n',
        'const A: Text[8] = "a\\\\q"\n',
    ),
    "E0112": Entry(
        "a number or unit is not one",
        "Numbers are digits with single `_` between them; the units are `ms`, `seconds`, "
        "`minutes`, `hours`, `days`, `weeks`, `bps`, `%` and codes of currencies in capitals. "
        "There are no months and years: they are not all equally long.",
        "const A: Duration = 3 months\n",
        "const A: Duration = 90 days\n",
    ),
    "E0113": Entry(
        "decimals need a unit",
        "There are no floating-point numbers. Decimals belong to amounts and rates, whose unit "
        "says what they mean: `100.00 CNY`, `3.85 %`.",
        "const A: Amount = 5.0\n",
        "const A: Amount = 5.0 CNY\n",
    ),
    "E0114": Entry(
        "bytes are not in pairs of digits",
        "A byte string is `0x` and two hexadecimal digits for each byte.",
        "const A: Bytes[2] = 0x123\n",
        "const A: Bytes[2] = 0x0123\n",
    ),
    "E0115": Entry(
        "an operator of another language",
        "Logic is written in words: `and`, `or`, `not`. The remainder is `mod`; there is no `++`, and no power.",
        "fn f():\n    return a && b\n",
        "fn f():\n    return a and b\n",
    ),
    "E0116": Entry(
        "a word of another language",
        "Functions begin with `fn`, names with `let`, `else if` is `elif`, `True` is `true`. Misspelt words are here as well.",
        "def f():\n    pass\n",
        "fn f():\n    pass\n",
    ),
    "E0117": Entry(
        "a comment of another language",
        "Comments begin with `#` and go to the end of the line.",
        "// counts\nconst A: u64 = 1\n",
        "# counts\nconst A: u64 = 1\n",
    ),
    "E0118": Entry(
        "a semicolon",
        "Statements end with their line.",
        "fn f():\n    return 1;\n",
        "fn f():\n    return 1\n",
    ),
    "E0119": Entry(
        "braces",
        "Blocks are made by `:` and indentation.",
        "fn f() {\n    pass\n}\n",
        "fn f():\n    pass\n",
    ),
    "E0120": Entry(
        "comparisons do not chain",
        "`a < b < c` reads differently in different languages, so it is refused.",
        "fn f():\n    return a < b < c\n",
        "fn f():\n    return a < b and b < c\n",
    ),
    "E0121": Entry(
        "a new name without `let`",
        "A local name begins its life with `let`: `let x = 1` or `let x: u64 = 1`.",
        "fn f():\n    x: u64 = 1\n",
        "fn f():\n    let x: u64 = 1\n",
    ),
    "E0122": Entry(
        "a word of the language as a name",
        "Some words are never names. (After a dot any word is a name.)",
        "const match: u64 = 1\n",
        "const matches: u64 = 1\n",
    ),
    "E0123": Entry(
        "what cannot be given a value",
        "Values are given to names, fields of the contract and entries of maps.",
        "fn f():\n    g() = 1\n",
        "fn f():\n    let a = g()\n",
    ),
    "E0124": Entry(
        "`call` and `read` without a function",
        "They call a function of another contract: `call token.transfer(to, n)`.",
        "fn f():\n    let a = read feed\n",
        "fn f():\n    let a = read feed.price()\n",
    ),
    "E0125": Entry(
        "an unknown way to round",
        "Rounding is `down` (towards minus infinity), `up` (towards plus infinity), `half_up` or `half_even`.",
        "fn f():\n    return a / 3 rounded nearest\n",
        "fn f():\n    return a / 3 rounded half_even\n",
    ),
    "E0126": Entry(
        "`=`, `==` or `:` in place of another",
        "`=` gives a value, also to an argument by its name; `==` compares; `:` comes before types and blocks.",
        "fn f():\n    if a = 1:\n        return\n",
        "fn f():\n    if a == 1:\n        return\n",
    ),
    "E0127": Entry(
        "an explaining text in the wrong place",
        "A text in triple quotes is the first thing of the file or block it explains. Elsewhere use comments.",
        'fn f():\n    let a = 1\n    """Counts."""\n    return a\n',
        "fn f():\n    let a = 1\n    # Counts.\n    return a\n",
    ),
    "E0128": Entry(
        "`self` alone",
        "`self.name` is a field of the contract. The contract as such has an address: `this`.",
        "fn f():\n    return self\n",
        "fn f():\n    return this\n",
    ),
    "E0129": Entry(
        "a hidden character",
        "Characters that nobody sees, or that turn the direction of text, can make a program read "
        "differently from what it does. They are refused everywhere, in texts and comments too.",
        "# harmless \u202e\nconst A: u64 = 1\n",
        "# harmless\nconst A: u64 = 1\n",
    ),
    "E0130": Entry(
        "other quotes",
        "Texts stand in straight double quotes.",
        "const A: Text[8] = 'hello'\n",
        'const A: Text[8] = "hello"\n',
    ),
    "E0131": Entry(
        "a word too many before a function",
        "A function is private unless it begins with one of `pub`, `view`, `pure` and `rule`; `init` stands alone.",
        "pub view fn f() -> u64:\n    return 1\n",
        "view fn f() -> u64:\n    return 1\n",
    ),
    "E0132": Entry(
        "a resource divides by two fields",
        "Splitting a resource shares out one field between the parts; the others are copied.",
        "contract C:\n    resource R:\n        a: u64\n        b: u64\n        divides by a\n        divides by b\n",
        "contract C:\n    resource R:\n        a: u64\n        b: u64\n        divides by a\n",
    ),
    "E0133": Entry(
        "a tuple of one, or `old` of several",
        "A tuple has at least two parts; `old(…)` holds one expression.",
        "fn f():\n    return (1,)\n",
        "fn f():\n    return (1)\n",
    ),
    "E0134": Entry(
        "an argument without name after one with a name",
        "Arguments without names come first.",
        "fn f():\n    return g(a=1, 2)\n",
        "fn f():\n    return g(2, a=1)\n",
    ),
    "E0135": Entry(
        "a statement or declaration in the wrong place",
        "Statements stand inside functions and tests; events, phases, resources and invariants "
        "inside contracts; other declarations outside functions. Often the indentation is wrong.",
        "event Paid\n",
        "contract C:\n    event Paid\n",
    ),
    "E0136": Entry(
        "`is` where it cannot be",
        "`is` asks for the phase: `phase is Funded`. Values are compared with `==`, options and "
        "enums are taken apart by `match`.",
        "fn f():\n    return a is None\n",
        "fn f():\n    return a == None\n",
    ),
    "E0137": Entry(
        "a result's type after a colon",
        "The type of a result comes after `->`.",
        "fn f(): u64:\n    return 1\n",
        "fn f() -> u64:\n    return 1\n",
    ),
    "E0138": Entry(
        "clauses in another order",
        "A function reads: name, parameters, `-> Type`, `by` who may call it, `in` which phases. "
        "All but the parameters may be left out where they have no meaning.",
        "contract C:\n    pub fn f() in Open by anyone:\n        pass\n",
        "contract C:\n    pub fn f() by anyone in Open:\n        pass\n",
    ),
    "E0139": Entry(
        "a branch without its head",
        "`else` and `elif` are indented like their `if`, `case` stands in the block of a `match`.",
        "fn f():\n    pass\n    else:\n        pass\n",
        "fn f():\n    if a:\n        pass\n    else:\n        pass\n",
    ),
    "E0140": Entry(
        "a body in an interface",
        "An interface lists what functions look like from outside; what they do, and who may call them, stands in contracts.",
        "interface Feed:\n    view fn price() -> u64:\n        return 1\n",
        "interface Feed:\n    view fn price() -> u64\n",
    ),
    "E0141": Entry(
        "a modifier of another language",
        "There are no modifiers. After the parameters stand only `-> Type`, `by` who may call and `in` which phases; "
        "money that is sent along is a parameter of type `Coin`.",
        "contract C:\n    owner: Address = this\n    pub fn f() onlyOwner:\n        pass\n",
        "contract C:\n    owner: Address = this\n    pub fn f() by self.owner:\n        pass\n",
    ),
}
