"""The debugger on a whole screen: text, calls, what is named, state and balances side by side, single keys to go on."""

from __future__ import annotations

import curses
import locale
from collections.abc import Iterable, Iterator, Sequence

from kit.debugger.evaluate import Unclear
from kit.debugger.session import Session
from kit.output import printable

KEYS = {
    "s": "step",
    "S": "back step",
    "n": "next",
    "N": "back next",
    "o": "out",
    "O": "back out",
    "c": "continue",
    "C": "back continue",
    "f": "failure",
    "F": "back failure",
    "w": "change",
    "W": "back change",
    "g": "start",
    "G": "end",
    "u": "up",
    "d": "down",
    "?": "help",
}
"""What single keys stand for."""
_ARROWS = {curses.KEY_RIGHT: "step", curses.KEY_LEFT: "back step", curses.KEY_DOWN: "next", curses.KEY_UP: "back next"}
HINT = "s step n next o out c continue f failure w change (capitals: back) g start G end p print : q quit"
ANSWER_LINES = 8
"""Of the last command, at the bottom."""
WIDTH_MIN, HEIGHT_MIN = 60, 16
"""Smaller screens have no room for panes."""
_TEXT_SHARE = 0.6  # of the width, for the text
_STATE_LINES_LEAST = 4


def show_screen(session: Session) -> None:
    """Until it is left. Raises `curses.error` where there is no screen."""
    locale.setlocale(locale.LC_ALL, "")
    curses.wrapper(lambda window: _Screen(window, session).run())


class _Screen:
    def __init__(self, window: curses.window, session: Session) -> None:
        self._window = window
        self._session = session
        self._answer = [line for line in session.begin() if " │ " not in line]

    def run(self) -> None:
        curses.curs_set(0)
        while not self._session.is_over:
            self._draw()
            self._key()

    def _key(self) -> None:
        try:
            key = self._window.get_wch()
        except KeyboardInterrupt:
            return
        except curses.error:  # the screen has another size now
            return
        if key in ("q", "\x04"):
            self._session.is_over = True
        elif key in (":", "p"):
            self._typed("print " if key == "p" else "")
        elif isinstance(key, int) and key in _ARROWS:
            self._run(_ARROWS[key])
        elif isinstance(key, str) and key in KEYS:
            self._run(KEYS[key])

    def _run(self, command: str) -> None:
        """What a command says besides the place, which the screen shows anyway."""
        lines = list(self._session.run(command))
        place = list(self._session.view.place(self._session.walk))
        self._answer = [line for line in lines if line not in place]

    def _typed(self, text: str) -> None:
        height, width = self._window.getmaxyx()
        curses.curs_set(1)
        while True:
            self._put(height - 1, f":{text}".ljust(width - 1), curses.A_BOLD)
            self._window.move(height - 1, min(len(text) + 1, width - 2))
            key = self._window.get_wch()
            if key in ("\n", "\r", curses.KEY_ENTER):
                break
            if key == "\x1b":
                text = ""
                break
            if key in ("\x7f", "\b", curses.KEY_BACKSPACE):
                text = text[:-1]
            elif isinstance(key, str) and key.isprintable():
                text += key
        curses.curs_set(0)
        if text:
            self._run(text)

    def _draw(self) -> None:
        height, width = self._window.getmaxyx()
        self._window.erase()
        for number, (text, is_marked) in enumerate(layout(self._session, self._answer, width - 1, height)):
            self._put(number, text, curses.A_BOLD if is_marked else curses.A_NORMAL)
        self._window.refresh()

    def _put(self, row: int, text: str, style: int) -> None:
        height, width = self._window.getmaxyx()
        if row < height:
            self._window.addnstr(row, 0, printable(text), width - 1, style)


def layout(session: Session, answer: Sequence[str], width: int, height: int) -> list[tuple[str, bool]]:
    """The rows of a screen of so many columns and rows, and which of them stand out."""
    if width < WIDTH_MIN or height < HEIGHT_MIN:
        return [("this screen is too small for panes; q leaves it", True)]
    title, *_ = session.view.place(session.walk, around=0)
    body = height - ANSWER_LINES - 3
    left = int(width * _TEXT_SHARE)
    text = _text(session, body)
    side = list(_side(session, body))
    rows: list[tuple[str, bool]] = [(title, True)]
    for number in range(body):
        one = text[number] if number < len(text) else ""
        other = side[number] if number < len(side) else ""
        rows.append((f"{one[: left - 1].ljust(left)}│ {other}"[:width], one.startswith("→")))
    rows.append(("─" * width, False))
    told = list(answer)
    kept = told
    if len(told) > ANSWER_LINES:
        kept = [*told[: ANSWER_LINES - 1], f"… {len(told) - ANSWER_LINES + 1} lines more"]
    rows += [(line[:width], False) for line in kept]
    rows += [("", False)] * (height - 1 - len(rows))
    rows.append((HINT[:width], False))
    return rows


def _text(session: Session, rows: int) -> list[str]:
    """The text around, the present line about in the middle, whatever it is near to."""
    around = list(session.view.place(session.walk, around=rows))[1:]
    marked = next((number for number, line in enumerate(around) if line.startswith("→")), 0)
    first = max(0, min(marked - rows // 2, len(around) - rows))
    return around[first : first + rows]


def _side(session: Session, rows: int) -> Iterator[str]:
    """Calls, what is named, state, balances: each as much as there is room for."""
    view, line = session.view, session.walk.line
    parts = [
        ("calls", view.stack(line, session.frame)),
        ("named here", view.locals(session.looked_into)),
        ("state", view.state(line, "")),
        ("balances", view.balances(line)),
    ]
    left = rows
    for number, (name, lines) in enumerate(parts):
        room = max(_STATE_LINES_LEAST, left - _STATE_LINES_LEAST * (len(parts) - 1 - number))
        told = _tried(lines)
        kept = [*told[: room - 2], "  …"] if len(told) > room - 1 else told
        yield f"─ {name} " + "─" * 20
        yield from kept
        left -= len(kept) + 1


def _tried(lines: Iterable[str]) -> list[str]:
    try:
        return list(lines)
    except Unclear as unclear:
        return [f"  {unclear}"]
