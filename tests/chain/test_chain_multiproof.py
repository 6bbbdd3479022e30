"""Proofs of many keys in the ledger's own form, against a plain dictionary and against forgers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.primitives.codec import decode, encode
from chain.primitives.limits import PROOF_BYTES_MAX, PROOF_KEYS_MAX
from chain.primitives.multiproof import MultiProof, Place, decode_multiproof, merge_proofs, verify_multiproof
from chain.primitives.proof import EMPTY_ROOT, verify_proof
from chain.primitives.refusal import Refusal, Refused
from chain.state.proving import multiproof, prove
from tests.chain.proof_world import World, absent_key, random_world

KEY = st.integers(0, 60).map(lambda i: b"%d" % i)
ITEMS = st.dictionaries(KEY, st.binary(max_size=3), max_size=40)
KEYS = st.sets(KEY, min_size=1)


@settings(deadline=None)
@given(ITEMS, KEYS)
def test_all_keys_asked_for_are_shown_at_once(items: dict[bytes, bytes], keys: set[bytes]) -> None:
    """Present and absent ones, also in an empty tree, and the proof comes back from its bytes."""
    world = World(items)
    data = multiproof(world.state, keys)
    multi = decode_multiproof(data)
    assert multi.entries == {key: items.get(key) for key in keys}
    assert verify_multiproof(multi, world.root)
    assert multi.encoded == data


@settings(deadline=None)
@given(ITEMS, KEYS)
def test_it_does_not_matter_in_which_order_keys_are_asked_for(items: dict[bytes, bytes], keys: set[bytes]) -> None:
    """One set of keys under one root has one proof, be it merged forwards, backwards or twice."""
    world = World(items)
    proofs = [prove(world.state, key) for key in sorted(keys)]
    assert merge_proofs(proofs) == merge_proofs(proofs[::-1] + proofs)


@settings(deadline=None)
@given(ITEMS, KEY)
def test_of_one_key_it_says_the_same_as_a_single_proof(items: dict[bytes, bytes], key: bytes) -> None:
    """The siblings are those of the single proof."""
    world = World(items)
    single = prove(world.state, key)
    assert verify_proof(single, world.root)
    assert sorted(merge_proofs([single]).siblings) == sorted(single.path)


@settings(deadline=None)
@given(ITEMS, KEYS, st.data())
def test_an_altered_byte_is_refused(items: dict[bytes, bytes], keys: set[bytes], data: st.DataObject) -> None:
    """Whichever byte it is and whatever it becomes: it does not show the same, and nothing that is not so."""
    world = World(items)
    right = multiproof(world.state, keys)
    position = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.integers(1, 255))
    altered = right[:position] + bytes([right[position] ^ other]) + right[position + 1 :]
    try:
        multi = decode_multiproof(altered)
    except Refusal as refusal:
        assert refusal.code in (Refused.MALFORMED, Refused.TOO_LARGE)
    else:
        assert refused(multi, world, set(keys))


def refused(multi: MultiProof, world: World, keys: set[bytes]) -> bool:
    """Whether a proof that was altered fails, or became the proof of another key that is absent indeed."""
    if not verify_multiproof(multi, world.root):
        return True
    return set(multi.entries) != keys and all(world.items.get(key) == value for key, value in multi.entries.items())


def lies(multi: MultiProof) -> Iterator[MultiProof]:
    """Proofs that say something else, or the same with other parts."""
    places, siblings = multi.places, multi.siblings
    yield replace(multi, siblings=siblings[1:])
    yield replace(multi, siblings=(*siblings, EMPTY_ROOT))
    yield replace(multi, siblings=siblings[::-1])
    yield replace(multi, places=places[::-1])
    yield replace(multi, places=())
    for i, place in enumerate(places):
        yield replace(multi, places=(*places[:i], *places[i + 1 :]))
        yield replace(multi, places=(*places[:i], place, *places[i:]))
        for other in place_lies(place):
            yield replace(multi, places=(*places[:i], other, *places[i + 1 :]))


def place_lies(place: Place) -> Iterator[Place]:
    """The same place with other keys, values or depth."""
    yield replace(place, depth=place.depth + 1)
    yield replace(place, depth=place.depth - 1)
    yield replace(place, depth=257)
    yield replace(place, absent=(*place.absent, b"elsewhere"))
    yield replace(place, absent=(*place.absent, *place.absent[:1], b"elsewhere"))
    if place.entry is not None:
        key, value = place.entry
        yield replace(place, entry=(key, value + b"x"))
        yield replace(place, entry=(key + b"x", value))
        yield replace(place, absent=(key,))
        yield replace(place, entry=None, other=place.leaf, absent=(key,))
        yield replace(place, entry=None, absent=(key,))
        yield replace(place, other=place.leaf)
    if place.other is not None:
        first, second = place.other
        yield replace(place, other=None)
        yield replace(place, other=(second, first))
        yield replace(place, other=(first + second[:1], second[1:]))


def test_no_lie_is_accepted() -> None:
    """Parts left out, doubled, turned around or changed do not hold, though each is well formed; unless another absent key is
    named, or one less, and that is so.
    """
    chance, tried = random.Random(1), 0
    for size in (1, 2, 3, 10, 100):
        world = random_world(size, chance)
        keys = [*world.ordered[:8], *(absent_key(world, chance) for _ in range(8))]
        multi = merge_proofs([prove(world.state, key) for key in keys])
        assert verify_multiproof(multi, world.root)
        for lie in lies(multi):
            if lie != multi:
                tried += 1
                assert refused(lie, world, set(keys))
        assert not verify_multiproof(multi, bytes([world.root[0] ^ 1]) + world.root[1:])
        assert not verify_multiproof(multi, world.root[:31])
    assert tried > 400


def test_siblings_stand_once() -> None:
    """All keys of a tree need no siblings; half of them far fewer than one by one."""
    world = random_world(500, random.Random(2))
    proofs = [prove(world.state, key) for key in world.ordered]
    everything = merge_proofs(proofs)
    assert verify_multiproof(everything, world.root)
    assert set(everything.siblings) <= {EMPTY_ROOT}
    half = proofs[::2]
    assert len(merge_proofs(half).siblings) * 4 < sum(len(proof.path) for proof in half)


def test_as_many_keys_as_allowed_and_no_more() -> None:
    """At the limit a proof is made and taken; one key past it neither."""
    world = random_world(20, random.Random(3))
    keys = [b"key %d" % i for i in range(PROOF_KEYS_MAX)]
    data = multiproof(world.state, keys)
    assert verify_multiproof(decode_multiproof(data), world.root)
    with pytest.raises(Refusal, match="TooLarge"):
        multiproof(world.state, [*keys, b"one more"])
    with pytest.raises(Refusal, match="TooLarge"):
        multiproof(world.state, [])
    tag, places, siblings = decode(data)
    places[0][2].append(b"one more")
    with pytest.raises(Refusal, match="TooLarge"):
        decode_multiproof(encode([tag, places, siblings]))


def test_as_many_bytes_as_allowed_and_no_more() -> None:
    """A proof of the largest size is made and taken; of a byte more neither."""
    key = b"k"
    room = PROOF_BYTES_MAX - len(multiproof(World({key: bytes(2**16)}).state, [key])) + 2**16
    world = World({key: bytes(room)})
    data = multiproof(world.state, [key])
    assert len(data) == PROOF_BYTES_MAX
    assert verify_multiproof(decode_multiproof(data), world.root)
    with pytest.raises(Refusal, match="TooLarge"):
        multiproof(World({key: bytes(room + 1)}).state, [key])
    with pytest.raises(Refusal, match="TooLarge"):
        decode_multiproof(data + b"\0")


def test_a_path_of_all_bits_is_walked_and_none_longer() -> None:
    """256 steps are folded; a place deeper than that is no place."""
    place = Place(256, (b"k", b"v"), None, ())
    deep = MultiProof((place,), (bytes(32),) * 256)
    assert not verify_multiproof(deep, EMPTY_ROOT)
    assert decode_multiproof(deep.encoded) == deep
    with pytest.raises(Refusal, match="Malformed"):
        decode_multiproof(replace(deep, places=(replace(place, depth=257),)).encoded)
