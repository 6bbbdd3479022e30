"""Encodings, hashes, keys, addresses and money in text."""

from __future__ import annotations

import struct
from hashlib import sha256

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import ALICE, BOB, CHAIN_ID, KEYS, deploy

from chain.primitives.address import format_address, parse_address, wallet_address
from chain.primitives.codec import amount_plain, as_amount, decode, encode
from chain.primitives.hash import merkle_path, merkle_root, merkle_verify
from chain.primitives.header import Header, Supply, decode_header
from chain.primitives.keys import SecretKey, check_public_key, verify, verify_ed25519
from chain.primitives.limits import AMOUNT_MAX, DECODE_DEPTH_MAX, TRANSACTION_BYTES_MAX
from chain.primitives.money import format_money, parse_money
from chain.primitives.proof import decode_proof
from chain.primitives.receipt import Error, Event, Move, Receipt, decode_receipt
from chain.primitives.refusal import REMEDIES, Refusal, Refused
from chain.primitives.transaction import (
    Body,
    Call,
    OpenWallet,
    Pay,
    SetRules,
    Transaction,
    decode_transaction,
    sign,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=20,
)


@given(PLAIN)
def test_what_is_encoded_is_decoded(value: object) -> None:
    """Decoding an encoding gives the value."""
    assert decode(encode(value)) == value


@given(st.binary(max_size=60))
def test_only_canonical_bytes_are_decoded(data: bytes) -> None:
    """Bytes are either refused or the encoding of what they decode to."""
    try:
        value = decode(data)
    except Refusal as refusal:
        assert refusal.code is Refused.MALFORMED
    else:
        assert encode(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xcc\x05",  # 5 in two bytes
        b"\xd9\x01a",  # a short text in the long form
        b"\xdc\x00\x01\xc0",  # a short array in the long form
        b"\x81\xa1a\xc0",  # a map
        b"\xcb" + struct.pack(">d", 1.0),
        msgpack.packb(msgpack.ExtType(1, b"x")),
        b"\xc0\xc0",  # two values
        b"\xa1\xff",  # not UTF-8
        b"\xa3\xed\xa0\x80",  # a surrogate
        b"\xdd\xff\xff\xff\xff",  # an array that is not there
        b"\xc6\xff\xff\xff\xff",
        b"\xc1",
        b"\x91" * 100_000,
    ],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    """Every other form than the canonical one is Malformed."""
    with pytest.raises(Refusal) as caught:
        decode(data)
    assert caught.value.code is Refused.MALFORMED


def test_depth_is_bounded() -> None:
    """The greatest depth passes, one more does not."""
    assert decode(b"\x91" * DECODE_DEPTH_MAX + b"\xc0")
    with pytest.raises(Refusal):
        decode(b"\x91" * (DECODE_DEPTH_MAX + 1) + b"\xc0")


@given(st.integers(0, AMOUNT_MAX) | st.sampled_from([2**63, 2**64 - 1, 2**64, 2**127, AMOUNT_MAX]))
def test_amounts_have_one_encoding(amount: int) -> None:
    """An amount comes back, and as the same bytes."""
    assert as_amount(decode(encode(amount_plain(amount))), "amount") == amount


@pytest.mark.parametrize("value", [-1, True, 1.0, b"", b"\x01", b"\x00" * 9, (2**128).to_bytes(17), "1", None])
def test_what_is_no_amount_is_refused(value: object) -> None:
    """Negative, too large, padded and other things are Malformed."""
    with pytest.raises(Refusal):
        as_amount(value, "amount")


# Merkle lists.


def rfc6962(items: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not items:
        return sha256(b"").digest()
    if len(items) == 1:
        return sha256(b"\x00" + items[0]).digest()
    split = 1 << (len(items) - 1).bit_length() - 1
    return sha256(b"\x01" + rfc6962(items[:split]) + rfc6962(items[split:])).digest()


@pytest.mark.parametrize("size", range(20))
def test_list_roots_are_those_of_rfc_6962_and_every_item_is_proved(size: int) -> None:
    """The root is the definition's; each path verifies for its own item and place only."""
    items = [bytes([i]) * 3 for i in range(size)]
    root = merkle_root(items)
    assert root == rfc6962(items)
    for i, item in enumerate(items):
        path = merkle_path(items, i)
        assert merkle_verify(root, item, i, size, path)
        assert not merkle_verify(root, item + b"x", i, size, path)
        assert not merkle_verify(root, item, (i + 1) % size, size, path) or size == 1
        assert not merkle_verify(root, item, i, size, [*path, root])


# Keys.

RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
        "24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
        "eeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
        "8dc027beceea1ec40a",
    ),
]
"""RFC 8032, section 7.1, tests 1 to 3: secret, public, message, signature."""
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    """The published vectors are signed and accepted."""
    key = SecretKey(bytes.fromhex(secret))
    assert key.public.hex() == "01" + public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verify(key.public, bytes.fromhex(message), bytes.fromhex(signature))


def test_a_signature_with_the_order_added_is_refused() -> None:
    """`S` must be below the group order, so nobody can make a second valid signature out of one."""
    key = SecretKey.development("x", 0)
    signature = key.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify(key.public, b"m", signature[:32] + s.to_bytes(32, "little"))


SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # not canonical: p
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # not canonical: p + 1
]


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_keys_of_small_order_and_not_canonical_keys_are_refused(key: str) -> None:
    """With such a key a signature of zeros would be valid for some or all messages."""
    for r in (bytes.fromhex(key), b"\x01" + bytes(31)):
        for message in (b"", b"a", b"b", b"c", b"d", b"e", b"f", b"g"):
            assert not verify_ed25519(bytes.fromhex(key), message, r + bytes(32))


def test_a_key_of_an_unknown_scheme_is_refused() -> None:
    """The first byte names the scheme."""
    with pytest.raises(Refusal) as caught:
        check_public_key(b"\x09" + bytes(32))
    assert caught.value.code is Refused.UNKNOWN_KEY_SCHEME


def test_a_secret_key_does_not_show_its_secret() -> None:
    """Neither repr nor str holds the secret."""
    key = SecretKey(bytes(range(32)))
    assert bytes(range(32)).hex() not in repr(key) + str(key)


# Addresses and money.


@given(st.binary(min_size=32, max_size=32))
def test_an_address_in_text_is_that_address(address: bytes) -> None:
    """The text comes back, in small or capital letters."""
    text = format_address(address)
    assert parse_address(text) == parse_address(text.upper()) == address
    assert (text[:5], len(text)) == ("tael1", 63)


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(5, 62),
    st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"),
)
def test_one_wrong_character_is_noticed(address: bytes, place: int, character: str) -> None:
    """A typing error never gives another address."""
    text = format_address(address)
    wrong = text[:place] + character + text[place + 1 :]
    if wrong != text:
        with pytest.raises(Refusal, match="checksum"):
            parse_address(wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "begin"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "begin"),
        ("tael1qqqq", "characters"),
        ("Tael1" + "q" * 58, "capital"),
        ("tael1" + "b" * 58, "cannot be"),
        ("tael1" + "q" * 58, "checksum"),
        ("tael1" + "é" * 58, "cannot be"),
    ],
)
def test_a_text_that_is_no_address_is_refused_with_the_reason(text: str, says: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(Refusal, match=says):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1_000.00 CNY", 100_000),
        ("1.5 CNY", 150),
        ("0 CNY", 0),
        ("7 JPY", 7),
        ("  3.00  CNY ", 300),
        ("01 JPY", 1),
    ],
)
def test_money_is_read(text: str, amount: int) -> None:
    """Separators, decimals and missing decimals."""
    assert parse_money(text, {"CNY": 2, "JPY": 0})[1] == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CNY",
        "1.005 CNY",
        "1.0 JPY",
        "-1 CNY",
        "1e5 CNY",
        "1 EUR",
        "1,5 CNY",
        "_1 CNY",
        "1. CNY",
        "\u0661 CNY",
        "9" * 60 + " CNY",
    ],
)
def test_what_is_no_money_is_refused(text: str) -> None:
    """Never guessed: WrongAmount."""
    with pytest.raises(Refusal) as caught:
        parse_money(text, {"CNY": 2, "JPY": 0})
    assert caught.value.code is Refused.WRONG_AMOUNT


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 18))
def test_money_that_is_written_is_read_again(amount: int, decimals: int) -> None:
    """Formatting and parsing are each other's inverse."""
    assert parse_money(format_money(amount, "CNY", decimals), {"CNY": decimals}) == ("CNY", amount)


# Transactions, receipts, headers.

ADDRESS = st.binary(min_size=32, max_size=32)
AMOUNT = st.integers(0, AMOUNT_MAX)
RULES = st.lists(ADDRESS, max_size=4, unique=True).map(tuple)
ACTION = st.one_of(
    st.builds(OpenWallet, st.sampled_from([key.public for key in KEYS.values()]), st.booleans(), RULES),
    st.builds(SetRules, ADDRESS, RULES),
    st.builds(Pay, ADDRESS, st.sampled_from(["CNY", "USD", "A"]), AMOUNT),
    st.builds(Call, ADDRESS, st.text(min_size=1, max_size=20), st.binary(max_size=50)),
    st.just(deploy("bank")),
)
BODY = st.builds(
    Body,
    chain_id=st.just(CHAIN_ID),
    sender=ADDRESS.filter(any),  # nobody's are edits
    lane=st.integers(0, 255),
    sequence=st.integers(0, 2**53),
    expiry_height=st.integers(0, 2**53),
    expiry_ms=st.none() | st.integers(0, 2**53),
    authority=st.none() | st.binary(min_size=16, max_size=16),
    gas_limit=st.integers(0, 2**40),
    gas_price=st.integers(0, 2**40),
    actions=st.lists(ACTION, min_size=1, max_size=4).map(tuple),
    fee_payer=st.none() | ADDRESS,
    limits=st.none() | st.dictionaries(st.sampled_from(["CNY", "USD"]), AMOUNT).map(lambda d: tuple(sorted(d.items()))),
    memo=st.none() | ADDRESS,
)


@given(BODY)
def test_a_transaction_comes_back_from_its_bytes(body: Body) -> None:
    """Decoding an encoded transaction gives it, with the same identity."""
    transaction = sign(body, [KEYS["alice"]])
    decoded = decode_transaction(transaction.encoded)
    assert decoded == transaction
    assert decoded.identity == transaction.identity


def test_the_identity_does_not_depend_on_signatures() -> None:
    """Whoever signs, it is the same transaction; another body is another one."""
    body = Body(CHAIN_ID, ALICE, 0, 1, 0, (Pay(BOB, "CNY", 1),), expiry_height=1)
    assert Transaction(body).identity == sign(body, KEYS.values()).identity
    assert Body(CHAIN_ID, ALICE, 1, 1, 0, (Pay(BOB, "CNY", 1),), expiry_height=1).identity != body.identity


@given(st.data())
def test_a_changed_transaction_is_refused_or_another_one(data: st.DataObject) -> None:
    """One changed byte is a typed refusal or a transaction whose bytes are exactly those."""
    encoded = bytearray(sign(Body(CHAIN_ID, ALICE, 0, 1, 0, (Pay(BOB, "CNY", 1),), expiry_height=1), [KEYS["alice"]]).encoded)
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        transaction = decode_transaction(bytes(encoded))
    except Refusal:
        return
    assert Transaction(transaction.body, transaction.signatures).encoded == encoded


@given(PLAIN)
def test_other_values_are_no_transactions_receipts_headers_or_proofs(value: object) -> None:
    """Any canonical value is refused with a typed refusal."""
    for read in (decode_transaction, decode_receipt, decode_header, decode_proof):
        with pytest.raises(Refusal):
            read(encode(value))


def test_a_transaction_that_is_too_large_is_refused() -> None:
    """Before anything of it is decoded."""
    with pytest.raises(Refusal) as caught:
        decode_transaction(b"\xc6" * (TRANSACTION_BYTES_MAX + 1))
    assert caught.value.code is Refused.TOO_LARGE


def test_a_receipt_comes_back_from_its_bytes() -> None:
    """All fields, the optional ones there or not."""
    moves = (Move(None, BOB, "CNY", 2**100, "payout"), Move(ALICE, BOB, "CNY", 1, "pay"))
    for error in (None, Error("Overflow", b"\x90", None, None), Error("X", b"\x91\x01", ALICE, 3)):
        receipt = Receipt(bytes(32), 1, 2, error is None, error, 5, 6, (Event(ALICE, 0, b"\x90"),), (None, b"x"), moves)
        assert decode_receipt(receipt.encoded) == receipt


def test_a_header_comes_back_from_its_bytes() -> None:
    """With the supply of its currencies."""
    header = Header(1, CHAIN_ID, 3, 4, *(bytes([i]) * 32 for i in range(4)), (Supply("CNY", 9, 1, 5, 3),), 1, 2, ALICE)
    assert decode_header(header.encoded) == header


def test_every_refusal_has_a_remedy() -> None:
    """Whoever is refused is told what to do."""
    assert set(REMEDIES) == set(Refused)


def test_the_address_of_a_key_never_changes() -> None:
    """Golden: the first development key's address, and its address under a guardian."""
    public = SecretKey.development("tael", 0).public
    assert format_address(wallet_address(public)) == "tael1ecnmn09n5gg6xyjtxcd69pscvyyfcuqle690dnc79gkp9q5p0qwsnlfmjt"
    assert wallet_address(public, bytes(32)) != wallet_address(public)
