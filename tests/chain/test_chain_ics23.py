"""Proofs in the form of ICS-23: made from trees, checked by the specification, and altered.

What verifiers of others say about them is in `test_chain_ics23_foreign.py`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.primitives.ics23 import Absence, Batch, Commitment, Existence, existence, verify_commitment
from chain.primitives.ics23_codec import decode_commitment, encode_commitment
from chain.primitives.limits import PROOF_BYTES_MAX, PROOF_KEYS_MAX
from chain.primitives.proof import EMPTY_ROOT, Proof, inner_hash, leaf_hash
from chain.primitives.protobuf import field, read_fields, read_varint, varint
from chain.primitives.refusal import Refusal, Refused
from chain.state.neighbours import neighbours
from chain.state.paths import changed_paths
from chain.state.proving import Provable, absence_proof, batch_proof, existence_proof, prove
from tests.chain.proof_world import World, absent_key, random_world

KEY = st.integers(0, 60).map(lambda i: b"%d" % i)
ITEMS = st.dictionaries(KEY, st.binary(min_size=1, max_size=3), min_size=1, max_size=40)

# From github.com/cosmos/ics23, testdata/smt/exist_right.json and nonexist_left.json.
PUBLISHED_EXISTENCE = bytes.fromhex(
    "0ac7030a14796c52704356713162706b4575786b526b68644f121e76616c75655f666f725f796c52704356713162706b4575786b526b68644f1a0908"
    "01100118012a0100222508011221013ae2d90a118dd6f8a42f4006817e777f22540e921df1d97ed334a8b9de92c6cd2225080112210156a62a015a84"
    "af9a33ca716f52ed414382bed27a70b00391f15a5471f94443d32225080112210144c48bf2a802195fba5164a7a6c171a9af7a114c7880136108a554"
    "4d82fbacba22250801122101c0bda8822a881b6a6a1dc5016bb062a9dd434ee3fe1c9bfb5bc0247bd6aeb5b42225080112210138cb0f6ef907a179a5"
    "30fba848bae9547bcc37b9207aead6f7ef44064900386c2225080112210108f120d84fa1d8b2e7cc080673b382cb29169dd6e954b090f9cb7a25195d"
    "59a422250801122101ad476a123e0e8fbbbd4a225e29b193af4ae64600ccba4cc37922fc5d09159963222508011221013ad52a705d9b923dd07047ae"
    "a6ad1bc1327e7557210c77cf06bcab7833ae313622250801122101c3a40ac7ab7c6cd3f267981dcd75158053dcad700af423ac0541ac0d315b4e7b22"
    "2508011221017176acbe6927c4797f9e0456b7073802ad015fa8a915712e87b22830b72a1f94"
)
PUBLISHED_EXISTENCE_KEY = bytes.fromhex("796c52704356713162706b4575786b526b68644f")
PUBLISHED_EXISTENCE_VALUE = bytes.fromhex("76616c75655f666f725f796c52704356713162706b4575786b526b68644f")
PUBLISHED_EXISTENCE_ROOT = bytes.fromhex("6177836ac520808df67bc402ae76382282f4f07a526a2ac25c409cf0380cad97")
PUBLISHED_ABSENCE = bytes.fromhex(
    "1280040a20002c041fe1df37d806cc5b493bed02222d83b25ffebf9cb529b4524cc547fbeb1adb030a144445687a30613576355036616536514c376d"
    "6445121e76616c75655f666f725f4445687a30613576355036616536514c376d64451a090801100118012a0100222708011201011a205aa5f240071f"
    "196e8d21e38b3fa6e942d5c529cd5fa0eec85607ba8cd8e37985222708011201011a206732b1eaa2cf07fbc94599aecc2df057d8efb0ccd775d86b6e"
    "a176bfaad367ad222708011201011a20074e19b2ce9887b188cabd61f0af10d699c206d4eee9c5e914bcfea5960439f8222708011201011a208c8012"
    "ca455d57135bea305ad1080cc0a9d8dec078a7813736ff871b40708a72222708011201011a200c70649c4ea15de4a2f2087a340fa93adb880f851d54"
    "65481349803315201ecd222708011201011a20ca5d1f4ee19172af78ff61c113336292c11c89884ead5b541f54cc53449e2edf222708011201011a20"
    "91a26f99a2852c72dd4a15c6b0444421a6d033f7f570f10c8c564bc3dce2fbc3222708011201011a206bdf78f09ef3fc2789b9a48e5e741e722dbf44"
    "050ec052de79135fbabf10ccd6222708011201011a20ecbc7b302eae49d180b8d1f1fb36e7c5d19f84ce3c5d9a84e4913ef73a9cbab2222708011201"
    "011a2010d3a9e28ea143c3b9910b1d40e6087e97520bc2a3dbe66a806bf214039fdb1b"
)
PUBLISHED_ABSENCE_KEY = bytes.fromhex("636c536e4d46714a4e6162776a7a5134356e6d4d")
PUBLISHED_ABSENCE_ROOT = bytes.fromhex("50be82f8013965f595392462f6c68b4c1d3d3401210a1084f6f73e3e2caf0648")


def proof_of(world: World, key: bytes) -> bytes:
    """The proof of presence or absence, whichever there is."""
    return existence_proof(world.state, key) if key in world.items else absence_proof(world.state, key)


def accepted(data: bytes, root: bytes, claims: dict[bytes, bytes | None]) -> bool:
    """Whether bytes are a proof of the claims."""
    try:
        return verify_commitment(decode_commitment(data), root, claims)
    except Refusal as refusal:
        assert refusal.code in (Refused.WRONG_PROOF, Refused.TOO_LARGE)
        return False


@settings(deadline=None)
@given(ITEMS, st.sets(KEY, min_size=1, max_size=8))
def test_every_key_is_proved_present_or_absent(items: dict[bytes, bytes], keys: set[bytes]) -> None:
    """What is so is accepted, the opposite is not, and the proof comes back from its bytes."""
    world = World(items)
    for key in keys:
        data = proof_of(world, key)
        assert encode_commitment(decode_commitment(data)) == data
        assert accepted(data, world.root, {key: items.get(key)})
        assert not accepted(data, world.root, {key: None if key in items else b"x"})
        assert not accepted(data, EMPTY_ROOT, {key: items.get(key)})


@settings(deadline=None)
@given(ITEMS, st.sets(KEY, min_size=1))
def test_a_batch_proves_all_keys_asked_for(items: dict[bytes, bytes], keys: set[bytes]) -> None:
    """Present and absent ones together; each part of what it shows may be claimed, and nothing beyond it."""
    world = World(items)
    data = batch_proof(world.state, keys)
    claims = {key: items.get(key) for key in keys}
    assert encode_commitment(decode_commitment(data)) == data
    assert accepted(data, world.root, claims)
    for key, value in claims.items():
        assert accepted(data, world.root, {key: value})
        assert not accepted(data, world.root, {**claims, key: b"x" if value is None else None})
    others = {key: items[key] for key in items.keys() - keys}
    assert not any(accepted(data, world.root, {**claims, key: value}) for key, value in others.items())


@settings(deadline=None)
@given(ITEMS, st.sets(KEY, min_size=1, max_size=8))
def test_neighbours_are_those_of_the_order(items: dict[bytes, bytes], keys: set[bytes]) -> None:
    """The leaves found by walking are those that stand next to a path among all sorted paths."""
    world = World(items)
    paths = sorted(sha256(key).digest() for key in items)
    for key in keys:
        path = sha256(key).digest()
        before, after = [p for p in paths if p < path], [p for p in paths if p > path]
        assert neighbours(world.state.tree, path) == (before[-1] if before else None, after[0] if after else None)


@settings(deadline=None)
@given(ITEMS, st.sets(KEY, min_size=1), st.data())
def test_an_altered_byte_is_refused(items: dict[bytes, bytes], keys: set[bytes], data: st.DataObject) -> None:
    """Whichever byte it is and whatever it becomes, in proofs of one key and of many."""
    world = World(items)
    key = data.draw(st.sampled_from(sorted(keys)))
    for right, claims in (
        (proof_of(world, key), {key: items.get(key)}),
        (batch_proof(world.state, keys), {key: items.get(key) for key in keys}),
    ):
        position = data.draw(st.integers(0, len(right) - 1))
        other = data.draw(st.integers(1, 255))
        altered = right[:position] + bytes([right[position] ^ other]) + right[position + 1 :]
        assert not accepted(altered, world.root, claims)


def test_every_byte_counts() -> None:
    """Each bit of sampled proofs turned, each byte left out or doubled, and bytes put after them: all refused."""
    chance = random.Random(4)
    for size in (1, 2, 12):
        world = random_world(size, chance)
        absent = absent_key(world, chance)
        for key in (world.ordered[0], absent):
            data, claims = proof_of(world, key), {key: world.items.get(key)}
            assert accepted(data, world.root, claims)
            for i, byte in enumerate(data):
                for bit in range(8):
                    assert not accepted(data[:i] + bytes([byte ^ 1 << bit]) + data[i + 1 :], world.root, claims)
                assert not accepted(data[:i] + data[i + 1 :], world.root, claims)
                assert not accepted(data[: i + 1] + data[i:], world.root, claims)
            assert not accepted(data + field(9, b"x"), world.root, claims)
            assert not accepted(data + data, world.root, claims)


def absence_lies(absence: Absence, others: list[Existence]) -> Iterator[Absence]:
    """Proofs of absence that do not show it: without one side, with others in its place."""
    left, right = absence.left, absence.right
    yield Absence(None, None)
    if left is not None and right is not None:
        yield Absence(left, None)
        yield Absence(None, right)
    yield Absence(right, left)
    for other in others:
        if other not in (left, right):
            yield Absence(other, right)
            yield Absence(left, other)


def test_leaves_that_are_no_neighbours_show_nothing() -> None:
    """Only the two next to the key prove its absence: no pair further apart, no single one but at the end."""
    chance, tried = random.Random(5), 0
    for size in (1, 2, 3, 12, 40):
        world = random_world(size, chance)
        others = [existence(prove(world.state, key)) for key in world.ordered]
        for key in [absent_key(world, chance) for _ in range(10)]:
            absence = decode_commitment(absence_proof(world.state, key))
            assert isinstance(absence, Absence)
            for lie in absence_lies(absence, others):
                tried += 1
                assert not accepted(encode_commitment(lie), world.root, {key: None})
    assert tried > 1_000


def test_a_present_key_is_never_absent() -> None:
    """No two leaves around a key that is there pass for neighbours, nor does the key's own leaf on either side."""
    world = random_world(30, random.Random(6))
    leaves = [existence(prove(world.state, key)) for key in world.ordered]
    for i, key in enumerate(world.ordered):
        for left in (None, *leaves[: i + 1]):
            for right in (None, *leaves[i:]):
                assert not verify_commitment(Absence(left, right), world.root, {key: None})


def test_a_batch_with_one_wrong_entry_is_refused() -> None:
    """Also when the entry is not among what is claimed."""
    world = random_world(10, random.Random(7))
    first, second = (existence(prove(world.state, key)) for key in world.ordered[:2])
    claims: dict[bytes, bytes | None] = {first.key: first.value}
    assert verify_commitment(Batch((first, second)), world.root, claims)
    assert not verify_commitment(Batch((first, replace(second, value=b"other"))), world.root, claims)
    assert not verify_commitment(Batch(()), world.root, {})


def test_keys_in_one_gap_share_an_entry() -> None:
    """A batch of many absent keys names each pair of neighbours once."""
    world = World({b"k": b"v"})
    keys = [b"%d" % i for i in range(20)]
    batch = decode_commitment(batch_proof(world.state, keys))
    assert isinstance(batch, Batch)
    assert len(batch.entries) == 2
    assert verify_commitment(batch, world.root, dict.fromkeys(keys))


def published_absence() -> bytes:
    """The published proof without its first field, the hash of the key, which no verifier reads and ours refuses."""
    [(number, content)] = read_fields(PUBLISHED_ABSENCE)
    assert isinstance(content, bytes)
    (_, named), *sides = read_fields(content)
    assert named == sha256(PUBLISHED_ABSENCE_KEY).digest()
    return field(number, b"".join(field(n, side) for n, side in sides if isinstance(side, bytes)))


def test_published_proofs_of_another_tree_are_accepted() -> None:
    """Proofs that the authors of ICS-23 publish for `SmtSpec`, made by another implementation, hold for what they claim."""
    claims: dict[bytes, bytes | None] = {PUBLISHED_EXISTENCE_KEY: PUBLISHED_EXISTENCE_VALUE}
    assert accepted(PUBLISHED_EXISTENCE, PUBLISHED_EXISTENCE_ROOT, claims)
    assert not accepted(PUBLISHED_EXISTENCE, PUBLISHED_EXISTENCE_ROOT, {PUBLISHED_EXISTENCE_KEY: b"other"})
    assert accepted(published_absence(), PUBLISHED_ABSENCE_ROOT, {PUBLISHED_ABSENCE_KEY: None})
    assert not accepted(published_absence(), PUBLISHED_EXISTENCE_ROOT, {PUBLISHED_ABSENCE_KEY: None})
    assert not accepted(PUBLISHED_ABSENCE, PUBLISHED_ABSENCE_ROOT, {PUBLISHED_ABSENCE_KEY: None})


# Limits.


def test_a_path_of_all_bits_and_none_longer() -> None:
    """256 steps are taken; one more is refused."""
    siblings = (bytes([7]) * 32,) * 256
    node = leaf_hash(sha256(b"k").digest(), sha256(b"v").digest())
    deep = existence(Proof(b"k", b"v", siblings))
    for on_the_left, sibling in deep.path:
        node = inner_hash(sibling, node) if on_the_left else inner_hash(node, sibling)
    for form in (deep, Batch((deep,))):
        assert accepted(encode_commitment(form), node, {b"k": b"v"})
    longer = replace(deep, path=(*deep.path, (False, siblings[0])))
    root = inner_hash(node, siblings[0])
    for form in (longer, Batch((longer,))):
        assert not accepted(encode_commitment(form), root, {b"k": b"v"})
        assert not verify_commitment(form, root, {b"k": b"v"})


def test_as_many_keys_as_allowed_and_no_more() -> None:
    """At the limit a batch is made and taken; one key or entry past it neither."""
    world = World({b"key %d" % i: b"v" for i in range(PROOF_KEYS_MAX)})
    data = batch_proof(world.state, world.items)
    assert accepted(data, world.root, dict(world.items))
    batch = decode_commitment(data)
    assert isinstance(batch, Batch)
    with pytest.raises(Refusal, match="TooLarge"):
        batch_proof(world.state, [*world.items, b"one more"])
    with pytest.raises(Refusal, match="TooLarge"):
        encode_commitment(Batch((*batch.entries, batch.entries[0])))
    entry = field(1, encode_commitment(replace(existence(prove(world.state, world.ordered[0])), path=())))
    with pytest.raises(Refusal, match="TooLarge"):
        decode_commitment(field(4, entry * (PROOF_KEYS_MAX + 1)))
    with pytest.raises(Refusal, match="TooLarge"):
        batch_proof(world.state, [])


def test_as_many_bytes_as_allowed_and_no_more() -> None:
    """A proof of the largest size is made and taken; of a byte more neither."""
    room = PROOF_BYTES_MAX - len(encode_commitment(Existence(b"k", bytes(2**20), ()))) + 2**20
    world = World({b"k": bytes(room)})
    data = existence_proof(world.state, b"k")
    assert len(data) == PROOF_BYTES_MAX
    assert accepted(data, world.root, {b"k": bytes(room)})
    with pytest.raises(Refusal, match="TooLarge"):
        existence_proof(World({b"k": bytes(room + 1)}).state, b"k")
    with pytest.raises(Refusal, match="TooLarge"):
        decode_commitment(data + b"\0")


@pytest.mark.parametrize("value", [0, 1, 127, 128, 2**32 - 1])
def test_integers_have_up_to_32_bits(value: int) -> None:
    """Every such integer comes back from its bytes; longer ones and cut ones are refused."""
    assert read_varint(varint(value), 0) == (value, len(varint(value)))
    for wrong in (b"", varint(value)[:-1], b"\x80" * 5 + b"\x01", b"\xff" * 4 + b"\x10"):
        with pytest.raises(ValueError, match="32 bits"):
            read_varint(wrong, 0)


# What there is no proof of.


def test_the_form_has_no_empty_values_and_no_empty_tree() -> None:
    """Both are refused with a way out, and a proof that claims an empty value does not hold."""
    with pytest.raises(Refusal, match="empty keys and values"):
        existence_proof(World({b"k": b""}).state, b"k")
    with pytest.raises(Refusal, match="empty keys and values"):
        absence_proof(World({b"k": b""}).state, b"x")
    with pytest.raises(Refusal, match="empty tree"):
        absence_proof(World({}).state, b"x")
    root = leaf_hash(sha256(b"k").digest(), sha256(b"").digest())
    form: Commitment = Existence(b"k", b"", ())
    assert not accepted(encode_commitment(form), root, {b"k": b""})


def test_the_other_kind_of_proof_is_named() -> None:
    """Who asks for the absence of a key that is there, or the other way around, is told."""
    world = World({b"k": b"v"})
    with pytest.raises(Refusal, match="NotFound"):
        existence_proof(world.state, b"x")
    with pytest.raises(Refusal, match="NotFound"):
        absence_proof(world.state, b"k")


def test_damage_is_not_served() -> None:
    """A value that is not the tree's, one that is lost, one too many, and a key that is not known for its path are refused."""
    world = World({b"%d" % i: b"v" for i in range(20)})
    tree, key_of = world.state.tree, world.state.key_of
    for value in (b"other", None):
        with pytest.raises(Refusal, match="WrongStore"):
            existence_proof(Provable(tree, {b"1": value}.get, key_of), b"1")
    with pytest.raises(Refusal, match="WrongStore"):
        existence_proof(Provable(tree, lambda key: b"v", key_of), b"x")
    for wrong in (None, b"x"):
        with pytest.raises(Refusal, match="WrongStore"):
            absence_proof(Provable(tree, world.items.get, lambda path, wrong=wrong: wrong), b"x")


def test_keys_by_their_hashes_follow_births_and_deaths() -> None:
    """A changed value changes nothing there; a new key is put in, one that goes is taken out."""
    keys = [b"stays", b"goes", b"comes", b"never", b"empty"]
    before, after = [b"1", b"1", None, None, b""], [b"2", None, b"1", None, b""]
    assert changed_paths(keys, before, after) == {
        sha256(b"goes").digest(): None,
        sha256(b"comes").digest(): b"comes",
    }
