"""What making the code of a module costs: its bytes, the values of its instructions, its segments and what is worth one."""

from __future__ import annotations

import pytest

import vm.compiled
from vm import gas
from vm.assembler import assemble
from vm.codec import encode_module
from vm.pricing import CodeCounts, code_counts, code_price
from vm.verifier import Verified, verify

TYPES = "type Text[9]\ntype Option[u64]\ntype Map[Text[9], Text[9]]\ntype Map[u64, u64]\n"
DECLARED = (
    TYPES
    + "field texts: Map[Text[9], Text[9]]\nfield numbers: Map[u64, u64]\nfield n: u64\nevent E(a: u64)\nevent T(a: Text[9])\n"
)
USED = "private g(a: u64, b: Option[u64])\n  return\n"
HEAD = "public f(a: u64, b: Text[9]) does read write emit\n  load n\n  store n\n  get 0\n  emit E\n"
INVOKE = "  get 0\n  invoke g\n"
TAIL = "  get 1\n  emit T\n  get 0\n  get 0\n  map_put numbers\n  get 1\n  get 1\n  map_put texts\n  return\n"


def made(code: str) -> Verified:
    """A module with some code among other code."""
    lines = "".join(f"  {line.strip()}\n" for line in code.split(";") if line)
    return verify(assemble(f"module M\n{DECLARED}{USED}{HEAD}{lines}{TAIL}"))


def adds(code: str) -> CodeCounts:
    """What some code adds to the counts of a module."""
    with_it, without = code_counts(made(code).bodies), code_counts(made("").bodies)
    return CodeCounts(with_it.values - without.values, with_it.segments - without.segments)


@pytest.mark.parametrize(
    ("code", "values", "segments"),
    [
        ("get 0; drop", 2, 0),
        ("get 0; get 0; add u64; drop", 6, 0),
        ("get 1; drop", 2, 0),
        ("get 1; get 1; eq Text[9]; drop", 6, 2),
        ("get 1; length Text[9]; drop", 4, 1),
        ("get 0; emit E", 2, 1),
        ("get 1; emit T", 2, 2),
        ("get 0; map_get numbers; drop", 4, 1),
        ("get 1; map_get texts; drop", 4, 3),
        ("get 1; map_find texts; drop", 4, 3),
        ("get 1; has texts; drop", 4, 3),
        ("get 0; get 0; lt u64; if; end", 6, 2),
    ],
)
def test_code_counts_its_values_and_what_is_worth_a_segment(code: str, values: int, segments: int) -> None:
    """Moves are values only; what touches state, tells, or works on texts is worth segments beside those that branches begin."""
    assert adds(code) == CodeCounts(values, segments)


def test_an_invoke_is_worth_a_segment_however_long_what_it_invokes() -> None:
    """The generator may write a function where it is invoked; the price does not ask whether it does."""
    counts = []
    for length in (1, 40):
        inner = "private g(a: u64)\n" + "  get 0\n  drop\n" * length + "  return\n"
        both = [code_counts(verify(assemble(f"module M\n{inner}pure f(a: u64)\n{INVOKE * n}  return\n")).bodies) for n in (1, 5)]
        counts.append((both[1].values - both[0].values, both[1].segments - both[0].segments))
    assert counts == [(8, 4), (8, 4)]


def test_the_price_of_code_is_the_sum_of_its_bytes_values_and_segments() -> None:
    """Each is taken so many times as there is of it."""
    bodies = made("get 1; map_get texts; drop").bodies
    counts = code_counts(bodies)
    parts = gas.GAS_DEPLOY_BYTE * 77 + gas.GAS_DEPLOY_VALUE * counts.values + gas.GAS_DEPLOY_SEGMENT * counts.segments
    assert code_price(77, bodies) == parts


def test_the_size_of_compiled_code_in_the_cache_is_no_more_than_its_price() -> None:
    """So that code that is resident is kept."""
    verified = made("")
    size = vm.compiled._size(vm.compiled.Compiled(verified, checked=False, native=False))
    assert 0 < size <= code_price(len(encode_module(verified.module)), verified.bodies)
