"""What a service manager is told: that the node is ready, that it stops, that it is alive (sd_notify of systemd).

The protocol is a datagram to the socket that NOTIFY_SOCKET names: https://www.freedesktop.org/software/systemd/man/sd_notify.html
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


def notify(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell a state such as `READY=1`. False if nobody wants to know, or nobody listens."""
    name = environment.get("NOTIFY_SOCKET", "")
    if name[:1] not in ("/", "@"):
        return False
    address = "\0" + name[1:] if name[0] == "@" else name
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.setblocking(False)  # the node does not wait for who watches it
        channel.sendto(state.encode(), address)
        return True
    return False


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """Within how many seconds `WATCHDOG=1` is expected of this process again and again; None if it is not."""
    text, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not (text.isascii() and text.isdigit() and int(text)) or pid not in (None, str(os.getpid())):
        return None
    return int(text) / 1_000_000
