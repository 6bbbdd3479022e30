"""Compiling: what each stage takes from the text to Python that runs, how that grows, and Vyper beside it."""

from __future__ import annotations

import gc
import importlib.util
import math
import time
from typing import Any

from bench.compile import SIZES_LINES, measured, text_of
from bench.machine.contest import Spread, set_aside
from bench.machine.play import ROOT
from lang.compiler import compile_text

TOKEN = "contracts/examples/token.tael"
TOKEN_VYPER = "bench/peers/token.vy"
BY_CHARACTERS = ("parse", "check")
"""Stages whose work is the text's; the work of the others is the code's, in words. Lines are not alike: a head's are short."""


def _exponent(points: list[tuple[int, float]]) -> float:
    """The e for which time grows as size ** e, by least squares; 1 is linear."""
    logs = [(math.log(size), math.log(ms)) for size, ms in points]
    x_mean = sum(x for x, _ in logs) / len(logs)
    y_mean = sum(y for _, y in logs) / len(logs)
    return sum((x - x_mean) * (y - y_mean) for x, y in logs) / sum((x - x_mean) ** 2 for x, _ in logs)


def _words(text: str) -> int:
    contracts = compile_text(text, "<bench>").contracts.values()
    return sum(len(function.code) for contract in contracts for function in contract.module.functions)


def stages(turns: int) -> dict[str, Any]:
    """By lines and stage, milliseconds and lines a second; by stage the exponent of growth, overall and from size to size."""
    texts = [text_of(size) for size in SIZES_LINES]
    found: list[list[dict[str, float]]] = [[] for _ in texts]
    for turn in range(-1, turns):  # the first one warms up
        if turn == 0:
            set_aside()
        for runs, text in zip(found, texts, strict=True):
            gc.collect()
            seconds = measured(text)
            if turn >= 0:
                runs.append({**seconds, "all": sum(seconds.values())})
    names = list(found[0][0])
    spreads = [{name: Spread.of([run[name] * 1e3 for run in runs]) for name in names} for runs in found]
    words = [_words(text) for text in texts]
    growth = {}
    for name in names:
        sizes = [len(text) for text in texts] if name in BY_CHARACTERS else words
        points = [(size, rows[name].median) for size, rows in zip(sizes, spreads, strict=True)]
        growth[name] = {
            "by": "characters" if name in BY_CHARACTERS else "words of code",
            "exponent": _exponent(points),
            "steps": [_exponent(points[n : n + 2]) for n in range(len(points) - 1)],
        }
    lines = [text.count("\n") for text in texts]
    return {
        "lines": {
            count: {name: {**ms._asdict(), "lines per second": count * 1e3 / ms.median} for name, ms in rows.items()}
            for count, rows in zip(lines, spreads, strict=True)
        },
        "growth": growth,
    }


def tokens(turns: int) -> dict[str, Any]:
    """Milliseconds for a token from its text to its bytecode, ours and Vyper's, and the ratio turn by turn."""
    own, _, _ = (ROOT / TOKEN).read_text("utf-8").partition('\ntest "')
    peer = (ROOT / TOKEN_VYPER).read_text("utf-8")
    has_peer = importlib.util.find_spec("vyper") is not None
    tael, vyper = list[float](), list[float]()
    for turn in range(-1, turns):
        if turn == 0:
            set_aside()
        gc.collect()
        began = time.process_time()
        assert compile_text(own, "token.tael").ok
        between = time.process_time()
        if has_peer:
            _compile_vyper(peer)
        ended = time.process_time()
        if turn >= 0:
            tael.append((between - began) * 1e3)
            vyper.append((ended - between) * 1e3)
    rows: dict[str, Any] = {f"tael, {own.count(chr(10))} lines": Spread.of(tael)._asdict()}
    if has_peer:
        rows[f"vyper, {peer.count(chr(10))} lines"] = Spread.of(vyper)._asdict()
        rows["vyper / tael, times as long"] = Spread.of([b / a for a, b in zip(tael, vyper, strict=True)])._asdict()
    return rows


def _compile_vyper(text: str) -> None:
    from vyper.compiler import compile_code

    compile_code(text, output_formats=["bytecode"])
