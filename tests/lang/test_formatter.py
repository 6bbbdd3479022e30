"""One way to lay out a program."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from syntax_texts import EXAMPLES, accepted, bare, mangled_example

from lang.compiler import compile_text
from lang.diagnostics import Refused
from lang.formatter import WIDTH_MAX, format_text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_are_formatted(path: object) -> None:
    """The example programs are laid out as the formatter would."""
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    assert format_text(text) == text


def _layout_alone_changes(text: str) -> None:
    once = format_text(text)
    assert format_text(once) == once
    assert bare(accepted(once)) == bare(accepted(text))
    assert once.count("#") == text.count("#")


@given(mangled_example())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
def test_layout_does_not_change_a_program(text: str) -> None:
    """Formatting keeps the tree and every comment, and formatting again changes nothing."""
    _layout_alone_changes(text)


@pytest.mark.long
@given(mangled_example())
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
def test_layout_does_not_change_very_many_programs(text: str) -> None:
    """The same for a thousand."""
    _layout_alone_changes(text)


@given(mangled_example())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
def test_layout_leaves_the_bytecode_as_it_was(text: str) -> None:
    """A program however it was laid out compiles to the same bytes after formatting."""
    before, after = compile_text(text), compile_text(format_text(text))
    assert before.contracts
    assert {name: contract.code for name, contract in before.contracts.items()} == {
        name: contract.code for name, contract in after.contracts.items()
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("const  A:u64=5days", "const A: u64 = 5 days\n"),
        ("const A: u64 = - ( 1+2 )*3", "const A: u64 = -(1 + 2) * 3\n"),
        ("const A: T = [ 1,2, ]", "const A: T = [1, 2]\n"),
        ("const A: T = f( x ,each = 3 )", "const A: T = f(x, each=3)\n"),
        ("const A: T = a [ 1 ] . b ( not(c) )", "const A: T = a[1].b(not (c))\n"),
        ("fn f( a:u64 )->u64 : return(1)", "fn f(a: u64) -> u64: return (1)\n"),
        ("const A: T = 1 #c", "const A: T = 1  # c\n"),
        ("fn f():\n for i in 0 .. 3 max 4:\n  pass\n", "fn f():\n    for i in 0..3 max 4:\n        pass\n"),
        ("fn f():\n\n\n    pass\n\n\n\n    pass\n\n", "fn f():\n    pass\n\n    pass\n"),
        ("fn f(): pass\ncontract C:\n x: u64", "fn f(): pass\n\n\ncontract C:\n    x: u64\n"),
        ("\n\n# only\n\n\n\n# comments", "# only\n\n# comments\n"),
        ("", ""),
        ("\ufeffconst A: T = 1\r\n", "const A: T = 1\n"),
        (
            'fn f():\n        """One.\n\n          Two.\n        """\n        pass',
            'fn f():\n    """One.\n\n    Two.\n    """\n    pass\n',
        ),
        ("fn f():\n  if a:\n    pass\n    # in\n  # out\n\n  else:\n    pass\n# top", None),
    ],
)
def test_layout(text: str, wanted: str | None) -> None:
    """Spaces, blank lines and comments have one place."""
    if wanted is None:
        wanted = "fn f():\n    if a:\n        pass\n        # in\n    # out\n    else:\n        pass\n# top\n"
    assert format_text(text) == wanted


LONG = "a" * 30


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            f"const A: T = f({LONG}, {LONG}, {LONG})",
            f"const A: T = f(\n    {LONG},\n    {LONG},\n    {LONG},\n)\n",
        ),
        (
            f"const A: T = ({LONG} and {LONG} and {LONG})",
            f"const A: T = (\n    {LONG}\n    and {LONG}\n    and {LONG}\n)\n",
        ),
        (
            f"const A: T = b({LONG}).c({LONG}, {LONG})",
            f"const A: T = b({LONG}).c(\n    {LONG},\n    {LONG},\n)\n",
        ),
        ("const A: T = f(1, # one\n2)", "const A: T = f(\n    1,  # one\n    2,\n)\n"),
        ("const A: T = f(1 # one\n, 2\n# two\n)", "const A: T = f(\n    1,  # one\n    2,\n    # two\n)\n"),
    ],
)
def test_long_lines_open_at_brackets(text: str, wanted: str) -> None:
    """A line that is too long, or holds comments, is opened at a bracket."""
    assert format_text(text) == wanted
    assert max(map(len, wanted.splitlines())) <= WIDTH_MAX


def test_refused_texts_are_left_alone() -> None:
    """A text with syntax errors is not formatted; the errors come back."""
    with pytest.raises(Refused) as refused:
        format_text("const A: T = \n")
    assert [finding.code for finding in refused.value.diagnostics] == ["E0100"]
