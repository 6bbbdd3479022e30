"""The corpus of modules that must be refused: `illegal/*.tasm` by text, `illegal/bytes.json` by bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.illegal import Illegal
from vm.verifier import verify

FOLDER = Path(__file__).parent / "illegal"


def text_cases() -> list[tuple[str, str, str]]:
    cases = []
    for path in sorted(FOLDER.glob("*.tasm")):
        for case in path.read_text().split("=== ")[1:]:
            head, _, text = case.partition("\n")
            reason, _, title = head.partition(": ")
            cases.append((reason, f"{path.stem}: {title}", text))
    return cases


def byte_cases() -> list[tuple[str, str, str]]:
    return [
        (case["reason"], case["title"], case["bytes"])
        for path in sorted(FOLDER.glob("*.json"))
        for case in json.loads(path.read_text())
    ]


@pytest.mark.parametrize(("reason", "title", "text"), text_cases(), ids=[title for _, title, _ in text_cases()])
def test_illegal_text(reason: str, title: str, text: str) -> None:
    """The module assembles, and the verifier refuses it for exactly this reason."""
    module = assemble(text)
    with pytest.raises(Illegal) as refusal:
        verify(module)
    assert refusal.value.code == reason, refusal.value


@pytest.mark.parametrize(("reason", "title", "text"), text_cases(), ids=[title for _, title, _ in text_cases()])
def test_illegal_text_from_bytes(reason: str, title: str, text: str) -> None:
    """The same module is refused, for the same reason, when it comes as bytes."""
    try:
        data = encode_module(assemble(text))
    except Illegal as illegal:
        assert illegal.code == reason
        return
    with pytest.raises(Illegal) as refusal:
        verify(decode_module(data))
    assert refusal.value.code == reason, refusal.value


@pytest.mark.parametrize(("reason", "title", "data"), byte_cases(), ids=[title for _, title, _ in byte_cases()])
def test_illegal_bytes(reason: str, title: str, data: str) -> None:
    """The bytes are refused, by the decoder or the verifier, for exactly this reason."""
    with pytest.raises(Illegal) as refusal:
        verify(decode_module(bytes.fromhex(data)))
    assert refusal.value.code == reason, refusal.value


def test_the_corpus_is_large() -> None:
    """At least a hundred modules by hand, and at least one for every reason there is."""
    from vm.illegal import Reason

    cases = [*text_cases(), *byte_cases()]
    assert len(cases) >= 100
    assert sorted({str(reason) for reason in Reason} - {reason for reason, _, _ in cases}) == []
