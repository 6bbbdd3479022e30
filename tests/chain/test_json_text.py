"""JSON from somebody else: how deep, in which bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.primitives.json_text import parse_json
from chain.primitives.limits import JSON_DEPTH_MAX

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(VALUES)
def test_what_is_not_too_deep_is_read_as_python_reads_it(value: object) -> None:
    """Brackets and quotes within texts are texts."""
    text = json.dumps(value, ensure_ascii=False)
    assert parse_json(text) == value
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
def test_depth_ends_at_its_limit(opening: str, closing: str) -> None:
    """At the limit it is read, one past it refused, closed or not."""
    parse_json(opening * JSON_DEPTH_MAX + "1" + closing * JSON_DEPTH_MAX)
    for text in (opening * (JSON_DEPTH_MAX + 1) + "1" + closing * (JSON_DEPTH_MAX + 1), opening * 1_000_000):
        with pytest.raises(ValueError, match="brackets"):
            parse_json(text)


@pytest.mark.parametrize("hidden", ['"]"', '"\\"]"', '"\\\\"', '"a\nb"'])
def test_texts_hide_no_brackets(hidden: str) -> None:
    """After a text, with whatever quotes and brackets in it, brackets count again."""
    with pytest.raises(ValueError, match="brackets"):
        parse_json(f"[{hidden}," + "[" * JSON_DEPTH_MAX)


def test_other_encodings_are_not_read() -> None:
    """In UTF-16 half of a letter is a quotation mark, behind which brackets would be taken for a text."""
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        with pytest.raises(ValueError):
            parse_json(('["\u2200",' + "[" * 600 + "]" * 601).encode(encoding))
