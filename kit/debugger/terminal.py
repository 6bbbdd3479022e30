"""The debugger at a terminal or a pipe: commands line by line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable

from kit.debugger.session import COMMANDS, Session
from kit.home import home
from kit.output import printable

PROMPT = "(tael) "
_HISTORY_LINES_MAX = 500


def talk(session: Session) -> None:
    """Commands from standard input until it ends or one says so. On a pipe each is shown again before its answer, so that what
    comes out can be read by itself.
    """
    _say(session.begin())
    if sys.stdin.isatty():
        _at_terminal(session)
        return
    for text in sys.stdin:
        print(f"{PROMPT}{printable(text.strip())}")
        _say(session.run(text))
        if session.is_over:
            return


def _at_terminal(session: Session) -> None:
    history = _history()
    while not session.is_over:
        try:
            text = input(PROMPT)
        except EOFError:
            print()
            break
        except KeyboardInterrupt:
            print()
            continue
        _say(session.run(text))
    if history is not None:
        history()


def _history() -> Callable[[], None] | None:
    """Read what was typed before, and give what writes it down again; None where there is no readline."""
    try:
        import readline
    except ImportError:
        return None
    file = home() / "debug_history"
    with contextlib.suppress(OSError):  # there is none yet, or it is not ours to read
        readline.read_history_file(file)
    words = sorted(COMMANDS)
    readline.set_completer(lambda text, number: [*(f"{word} " for word in words if word.startswith(text)), None][number])
    readline.parse_and_bind("tab: complete")
    readline.set_history_length(_HISTORY_LINES_MAX)

    def keep() -> None:
        with contextlib.suppress(OSError):  # what was typed is no great loss
            file.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(file)

    return keep


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line), flush=True)
