"""Answers of the signature rule that are remembered, within their bytes."""

from __future__ import annotations

import tracemalloc

import pytest

from chain.primitives.signature_memory import SignatureMemory


class Rule:
    """A rule that counts how often it is asked; a signature of "good" is valid."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, key: bytes, message: bytes, signature: bytes) -> bool:
        self.asked += 1
        return signature.startswith(b"good")


def test_an_answer_is_remembered_for_its_key_message_and_signature() -> None:
    """The same question is not asked twice; a question that differs anywhere is another."""
    rule = Rule()
    memory = SignatureMemory(rule, bytes_max=100_000)
    for _ in range(3):
        assert memory(b"key", b"message", b"good")
        assert not memory(b"key", b"message", b"bad")
    assert rule.asked == 2
    assert not memory(b"key", b"messageg", b"ood")
    assert memory(b"key2", b"message", b"good")
    assert rule.asked == 4


def test_a_flood_of_wrong_signatures_pushes_out_no_valid_one() -> None:
    """Wrong ones cost nothing to make, so they have a small room of their own."""
    rule = Rule()
    memory = SignatureMemory(rule, bytes_max=1_000_000)
    for number in range(500):
        assert memory(b"key", b"%d" % number, b"good")
    for number in range(20_000):
        assert not memory(b"key", b"%d" % number, b"bad")
    before = rule.asked
    for number in range(500):
        assert memory(b"key", b"%d" % number, b"good")
    assert rule.asked == before


@pytest.mark.parametrize("prefix", [b"good", b"bad"])
@pytest.mark.parametrize("size", [64, 1024])
def test_the_memory_stays_within_its_bytes(prefix: bytes, size: int) -> None:
    """However many answers, however long the signatures."""
    bytes_max = 1_000_000
    memory = SignatureMemory(Rule(), bytes_max=bytes_max)
    tracemalloc.start()
    try:
        for number in range(5_000):
            memory(b"k%032d" % number, b"m%031d" % number, prefix + b"%0*d" % (size - len(prefix), number))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 10_000 < held < bytes_max


def test_what_is_larger_than_the_memory_is_answered_all_the_same() -> None:
    """It is asked each time."""
    rule = Rule()
    memory = SignatureMemory(rule, bytes_max=100_000)
    for _ in range(2):
        assert memory(b"key", bytes(200_000), b"good")
    assert rule.asked == 2
