"""A flame graph as one SVG: functions that tests called at the bottom, what those called above, as wide as the gas it used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from kit.testing.reports.profile import Stack

WIDTH_PX = 1200
ROW_PX = 18
HEAD_PX = 30
LETTER_PX = 6.6  # of the font at 11 px, about
BOX_WIDTH_PX_MIN = 0.3  # narrower ones are not seen

_STYLE = """
svg { font: 11px ui-monospace, monospace; background: #ffffff; }
text { fill: #1a1a1a; pointer-events: none; }
rect { stroke: #ffffff; stroke-width: 0.5; }
.root { fill: #bcd4ea; } .outside { fill: #e3e3e3; }
.function { fill: #f2c48d; } .line { fill: #f6e3b5; }
rect:hover { stroke: #1a1a1a; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
svg { background: #16181d; }
text { fill: #e8e8e8; }
rect { stroke: #16181d; }
.root { fill: #2d4a66; } .outside { fill: #33363d; }
.function { fill: #7a4b14; } .line { fill: #5a4c22; }
rect:hover { stroke: #e8e8e8; }
}
"""


@dataclass(frozen=True, slots=True)
class _Box:
    stack: Stack
    depth: int
    start: int  # gas to the left of it
    total: int


def flame(root: Stack) -> str:
    """The picture of a profile."""
    boxes = list(_boxes(root))
    whole = max(1, boxes[0].total)
    scale = WIDTH_PX / whole
    shown = [box for box in boxes if box.total * scale >= BOX_WIDTH_PX_MIN]
    height = HEAD_PX + (max((box.depth for box in shown), default=0) + 1) * ROW_PX + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" viewBox="0 0 {WIDTH_PX} {height}">',
        f"<style>{_STYLE}</style>",
        f'<text x="6" y="19">gas by call and line: {boxes[0].total:_} in all</text>',
        *(_drawn(box, scale, height, whole) for box in shown),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _boxes(root: Stack) -> Iterator[_Box]:
    stack = [_Box(root, 0, 0, root.total)]
    while stack:
        box = stack.pop()
        yield box
        start, inside = box.start, []
        for inner in box.stack.inside.values():
            inside.append(_Box(inner, box.depth + 1, start, inner.total))
            start += inside[-1].total
        stack += reversed(inside)


def _kind(box: _Box) -> str:
    if box.depth == 0:
        return "root"
    if not box.stack.path:
        return "outside"
    return "function" if box.depth % 2 else "line"


def _drawn(box: _Box, scale: float, height: int, whole: int) -> str:
    x, width = box.start * scale, box.total * scale
    y = height - 6 - (box.depth + 1) * ROW_PX
    place = f"{box.stack.path}:{box.stack.line}" if box.stack.line else box.stack.path
    title = f"{box.stack.name}\n{place}\n" if place else f"{box.stack.name}\n"
    title += f"{box.total:_} gas, {box.total * 100 / whole:.2f} %"
    letters = int((width - 6) / LETTER_PX)
    name = box.stack.name if len(box.stack.name) <= letters else box.stack.name[: max(0, letters - 1)] + "…"
    label = f'<text x="{x + 3:.2f}" y="{y + 13}">{escape(name)}</text>' if letters >= 3 else ""
    rect = f'<rect class="{_kind(box)}" x="{x:.2f}" y="{y}" width="{width:.2f}" height="{ROW_PX - 1}" rx="1"/>'
    return f"<g>{rect}{label}<title>{escape(title)}</title></g>"
