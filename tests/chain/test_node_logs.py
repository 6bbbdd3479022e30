"""What a node logs: one line a record, in two forms, and nothing that steers a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
from collections.abc import Iterator

import pytest

from chain.node.logs import LOG, begin_logs, read_format, read_level, say
from chain.node.supervisor import notify, watchdog_seconds


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Afterwards all is as before."""
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, LOG.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    LOG.setLevel(own)


def test_a_line_for_people_has_time_level_message_and_fields() -> None:
    """What has blanks in it is quoted."""
    stream = io.StringIO()
    begin_logs("info", "text", stream)
    say(logging.INFO, "block", height=7, why="no room")
    say(logging.DEBUG, "request")
    line = stream.getvalue()
    assert line[10] == "T"
    assert line[23:] == 'Z info    block height=7 why="no room"\n'


def test_nothing_that_comes_from_outside_makes_a_line_or_steers_the_terminal() -> None:
    """Line ends and control characters are written out, in both forms."""
    for form in ("text", "json"):
        stream = io.StringIO()
        begin_logs("info", form, stream)
        say(logging.INFO, "request", path="/\n2026 info block\x1b[31m\u2028")
        assert len(stream.getvalue().splitlines()) == 1
        assert "\x1b" not in stream.getvalue()


def test_a_line_for_programs_is_an_object() -> None:
    """With the fields beside time, level and message; libraries are named; tracebacks are in it."""
    stream = io.StringIO()
    begin_logs("info", "json", stream)
    try:
        raise ValueError("x")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("went wrong")
    say(logging.WARNING, "late", seconds=1.5)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["logger"], first["level"]) == ("uvicorn.error", "error")
    assert "ValueError: x" in first["traceback"]
    assert (second["message"], second["seconds"], second["level"]) == ("late", 1.5, "warning")


def test_level_and_form_are_known_for_workers() -> None:
    """A worker is started with the same."""
    begin_logs("error", "json", io.StringIO())
    assert (read_level(), read_format()) == ("error", "json")
    begin_logs("debug", "text", io.StringIO())
    assert (read_level(), read_format()) == ("debug", "text")


def test_nobody_is_told_where_nobody_wants_to_know() -> None:
    """No socket, one that is no path, one where nobody listens: none of it is an error."""
    for environment in ({}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": "/nowhere/at/all"}):
        assert notify("READY=1", environment) is False


def test_the_watchdog_is_for_this_process_only() -> None:
    """Microseconds become seconds; another's, or none, or nonsense, is nobody's."""
    mine = str(os.getpid())
    assert watchdog_seconds({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": mine}) == 1.5
    for environment in ({}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "5", "WATCHDOG_PID": "1"}):
        assert watchdog_seconds(environment) is None


def test_a_socket_without_a_file_is_told_too() -> None:
    """A name that begins with @ is one of Linux' own, as systemd in containers uses them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")  # a free name
        name = "@" + manager.getsockname()[1:].decode()
        manager.settimeout(5)
        assert notify("STATUS=well", {"NOTIFY_SOCKET": name})
        assert manager.recv(100) == b"STATUS=well"
