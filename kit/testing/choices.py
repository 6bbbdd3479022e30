"""Hypothesis strategies for the plain types of contracts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from vm import types as vm


def strategy(kind: vm.Type) -> st.SearchStrategy[Any]:
    """Every value of a plain type, simple ones first when shrinking."""
    match kind:
        case vm.Bool():
            return st.booleans()
        case vm.Int() | vm.Amount():
            return st.integers(*vm.bounds(kind))
        case vm.Address():
            return st.binary(min_size=vm.ADDRESS_BYTES, max_size=vm.ADDRESS_BYTES)
        case vm.Text(most):
            letters = st.characters(codec="utf-8")
            return st.text(letters, max_size=most).filter(lambda text: len(text.encode()) <= most)
        case vm.Bytes(most):
            return st.binary(max_size=most)
        case vm.List(element, most):
            return st.lists(strategy(element), max_size=most).map(tuple)
        case vm.Option(element):
            return st.one_of(st.just((0,)), strategy(element).map(lambda value: (1, value)))
        case vm.Tuple(items):
            return st.tuples(*(strategy(item) for item in items))
        case vm.Struct(_, fields):
            return st.tuples(*(strategy(item) for _, item in fields))
        case vm.Enum(_, variants):
            return st.one_of(
                *(st.tuples(st.just(tag), *(strategy(item) for _, item in payload)) for tag, (_, payload) in enumerate(variants))
            )
    raise AssertionError(kind)
