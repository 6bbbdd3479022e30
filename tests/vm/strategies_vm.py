"""Hypothesis strategies for types, values and random bytes that look like modules."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st

from vm.types import (
    ADDRESS,
    AMOUNT_MAX,
    SCALARS,
    Address,
    Amount,
    Bool,
    Bytes,
    Enum,
    Int,
    List,
    Option,
    Struct,
    Text,
    Tuple,
    Type,
)

PLAIN_SCALARS = [kind for kind in SCALARS if isinstance(kind, Int | Bool | Address) or kind == Amount()]


def plain_types() -> st.SearchStrategy[Type]:
    """Plain types, small enough to be in a table."""
    leaves = st.one_of(
        st.sampled_from(PLAIN_SCALARS),
        st.builds(Amount, st.sampled_from(["CNY", "USD"])),
        st.builds(Text, st.integers(1, 40)),
        st.builds(Bytes, st.integers(1, 300)),
    )

    def wrap(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
        fields = st.lists(inner, min_size=1, max_size=4).map(lambda kinds: tuple((f"f{n}", kind) for n, kind in enumerate(kinds)))
        variants = st.lists(st.one_of(fields, st.just(())), min_size=1, max_size=4).map(
            lambda payloads: tuple((f"V{n}", payload) for n, payload in enumerate(payloads))
        )
        return st.one_of(
            st.builds(List, inner, st.integers(1, 20)),
            st.builds(Option, inner),
            st.builds(Tuple, st.lists(inner, min_size=2, max_size=4).map(tuple)),
            st.builds(Struct, st.just("S"), fields),
            st.builds(Enum, st.just("E"), variants),
        )

    return st.recursive(leaves, wrap, max_leaves=6)


def values(kind: Type) -> st.SearchStrategy[Any]:
    """Values of a plain type."""
    match kind:
        case Int(_, low, high):
            return st.one_of(st.integers(low, high), st.sampled_from([low, high]))
        case Amount():
            return st.one_of(st.integers(0, AMOUNT_MAX), st.integers(0, 1000))
        case Bool():
            return st.booleans()
        case Address():
            return st.binary(min_size=32, max_size=32)
        case Text(most):
            return st.text(max_size=most).filter(lambda text: len(text.encode()) <= most)
        case Bytes(most):
            return st.binary(max_size=most)
        case List(element, most):
            return st.lists(values(element), max_size=min(most, 5)).map(tuple)
        case Option(element):
            return st.one_of(st.just((0,)), values(element).map(lambda value: (1, value)))
        case Tuple(items):
            return st.tuples(*map(values, items))
        case Struct(_, fields):
            return st.tuples(*(values(field) for _, field in fields))
        case Enum(_, variants):
            return st.one_of(
                [st.tuples(st.just(tag), *(values(field) for _, field in payload)) for tag, (_, payload) in enumerate(variants)]
            )
    raise AssertionError(kind)


def typed_values() -> st.SearchStrategy[tuple[Type, Any]]:
    """A plain type with one of its values."""
    return plain_types().flatmap(lambda kind: st.tuples(st.just(kind), values(kind)))


def wires() -> st.SearchStrategy[Any]:
    """What msgpack may hold."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.integers(0, 30),
        st.binary(max_size=40),
        st.text(max_size=10),
        st.floats(),
        st.just(ADDRESS).map(lambda _: b"a" * 32),
    )
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=6), max_leaves=20)
