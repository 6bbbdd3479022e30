"""The corpus of modules that must be refused: `illegal/*.tasm` by text, `illegal/*.json` by bytes, `illegal_made.py` by Python.

`illegal/mutations.json` is made by `python tests/vm/illegal_mutations.py`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from illegal_made import Made, made
from refusals import lines, met, sites

from vm.assembler import assemble
from vm.codec import decode_module, encode_module
from vm.illegal import Illegal, Reason
from vm.limits import MODULE_BYTES_MAX
from vm.module import Constant, Module
from vm.type_table import type_index
from vm.types import U8, Text
from vm.verifier import verify, verify_bytes

FOLDER = Path(__file__).parent / "illegal"


def text_cases() -> list[tuple[str, str, str]]:
    cases = []
    for path in sorted(FOLDER.glob("*.tasm")):
        for case in path.read_text().split("=== ")[1:]:
            head, _, text = case.partition("\n")
            reason, _, title = head.partition(": ")
            cases.append((reason, f"{path.stem}: {title}", text))
    return cases


def byte_cases() -> list[tuple[str, str, str, str]]:
    """Reason, title, bytes in hexadecimal, and what the place of the refusal has in it."""
    return [
        (case["reason"], case["title"], case["bytes"], case.get("where", ""))
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
    for where in re.findall(r"^; at (.*)$", text, re.MULTILINE):
        assert where in refusal.value.where, refusal.value


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


@pytest.mark.parametrize(("reason", "title", "data", "where"), byte_cases(), ids=[case[1] for case in byte_cases()])
def test_illegal_bytes(reason: str, title: str, data: str, where: str) -> None:
    """The bytes are refused, by the decoder or the verifier, for exactly this reason, and in the place that is at fault."""
    with pytest.raises(Illegal) as refusal:
        verify_bytes(bytes.fromhex(data))
    assert refusal.value.code == reason, refusal.value
    assert where in refusal.value.where, refusal.value


@pytest.mark.parametrize("case", list(made()), ids=[case.title for case in made()])
def test_illegal_made(case: Made) -> None:
    """The module is refused for exactly this reason, in the place that is at fault."""
    with pytest.raises(Illegal) as refusal:
        verify(case.module)
    assert refusal.value.code == case.reason, refusal.value
    assert case.where in refusal.value.where, refusal.value


def _refusals() -> Iterator[Illegal]:
    """Every refusal of the corpus, by whichever way its module can come."""
    ways: list[Callable[[], object]] = []
    for _, _, text in text_cases():
        module = assemble(text)
        ways += [partial(verify, module), partial(_by_bytes, module)]
    ways += [partial(verify_bytes, bytes.fromhex(data)) for _, _, data, _ in byte_cases()]
    for case in made():
        ways += [partial(verify, case.module), partial(_by_bytes, case.module)]
    ways.append(partial(decode_module, bytes(MODULE_BYTES_MAX + 1)))
    ways.append(partial(type_index, Module("M"), Text(3)))
    ways.append(partial(encode_module, Module("M", constants=(Constant(U8, 1),), phases=("\ud800",))))
    for way in ways:
        try:
            way()
        except Illegal as illegal:
            yield illegal


def _by_bytes(module: Module) -> None:
    verify_bytes(encode_module(module))


def test_every_place_that_refuses_is_met() -> None:
    """Each place in the source of the decoder and the verifier that may refuse does so for some module of the corpus."""
    seen: set[tuple[str, int]] = set()
    for refusal in _refusals():
        seen |= lines(refusal)
    found = sites()
    assert len(found) > 150
    assert [site for site in found if not met(site, seen)] == []


def test_the_corpus_is_large() -> None:
    """At least five hundred modules, no two of one title, and at least two for every reason there is."""
    cases = [(reason, title) for reason, title, _ in text_cases()]
    cases += [(reason, title) for reason, title, _, _ in byte_cases()]
    cases += [(str(case.reason), case.title) for case in made()]
    assert len(cases) >= 500
    assert len({title for _, title in cases}) == len(cases)
    reasons = Counter(reason for reason, _ in cases)
    assert [str(reason) for reason in Reason if reasons[str(reason)] < 2] == []
