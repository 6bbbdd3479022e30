"""Who may call a function is read from what will run."""

from __future__ import annotations

import pytest

from lang.compiler import compile_text
from vm.authority import who_may_call

TEXT = """
contract C:
    owner: Address
    helper: Address
    few: List[Address, 3]
    many: Set[Address]
    held: Map[u64, Address]
    count: u64 = 0

    init(helper: Address):
        self.owner = sender
        self.helper = helper
        self.few = [helper]

    pub fn f(id: u64, to: Address) by CLAUSE:
        self.count += id
"""

CLAUSES = [
    "anyone",
    "self.owner",
    "self.owner or self.helper",
    "any of self.few",
    "any of self.many",
    "self.owner or any of self.few or any of self.many",
    "self.held[id]",
    "to",
]


@pytest.mark.parametrize("clause", CLAUSES)
def test_the_clause_of_the_text_is_read_back_from_the_code(clause: str) -> None:
    """Every usual way to say who may call comes back word for word from the module."""
    compilation = compile_text(TEXT.replace("CLAUSE", clause))
    module = compilation.contracts["C"].module

    function = next(function for function in module.functions if function.name == "f")

    assert clause == who_may_call(module, function)
