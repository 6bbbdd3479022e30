"""What a node says of itself while it runs: lines for people, or one JSON object a line for programs, on standard error.

Secrets, passwords and signatures are in no line; a transaction is named by its identity.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any, TextIO

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
LOG = logging.getLogger("tael")
"""Where a node logs. Without `begin_logs` only warnings come out, as is usual for a library."""
_COLOURS = {"debug": "2", "warning": "33", "error": "31", "critical": "31"}


def begin_logs(level: str, form: str, stream: TextIO | None = None) -> None:
    """Log to a stream (standard error if none is given) from a level of `LEVELS` on, in a form of `FORMATS`. What libraries log
    comes out in the same form, from warnings on.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    handler.setFormatter(_Json() if form == "json" else _Text(coloured=coloured))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    set_level(level)


def set_level(level: str) -> None:
    """Log from another level of `LEVELS` on."""
    assert level in LEVELS, level
    LOG.setLevel(level.upper())


def read_level() -> str:
    """From which level on is logged."""
    return logging.getLevelName(LOG.getEffectiveLevel()).lower()


def read_format() -> str:
    """In which form is logged, "" if logs have not begun."""
    handlers = logging.getLogger().handlers
    found = handlers[0].formatter if len(handlers) == 1 else None
    return "json" if isinstance(found, _Json) else "text" if isinstance(found, _Text) else ""


def say(level: int, message: str, /, **fields: object) -> None:
    """Log a message and what belongs to it, by name."""
    LOG.log(level, message, extra={"fields": fields})


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z"


class _Text(logging.Formatter):
    """`2026-01-01T00:00:00.000Z info    block height=7 transactions=3`."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__()
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        """One line; more only for the traceback of a defect."""
        level = record.levelname.lower()
        fields: dict[str, Any] = getattr(record, "fields", {})
        words = [record.getMessage(), *(f"{name}={_word(value)}" for name, value in fields.items())]
        shown = f"{level:7}"
        if self._coloured and level in _COLOURS:
            shown = f"\x1b[{_COLOURS[level]}m{shown}\x1b[0m"
        line = f"{_time(record)} {shown} {_printable(' '.join(words))}"
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"


class _Json(logging.Formatter):
    """`{"time": "2026-01-01T00:00:00.000Z", "level": "info", "message": "block", "height": 7, "transactions": 3}`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        plain = {"time": _time(record), "level": record.levelname.lower(), "message": record.getMessage()}
        plain.update(getattr(record, "fields", {}))
        if record.name != LOG.name:
            plain["logger"] = record.name
        if record.exc_info:
            plain["traceback"] = self.formatException(record.exc_info)
        return json.dumps(plain, ensure_ascii=True, default=str)


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text or '"' in text else text


def _printable(text: str) -> str:
    """The text, with what would begin another line or steer a terminal written out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
