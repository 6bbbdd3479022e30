"""The process that workers are forked from: it has imported what they need, so that none of them has to, and what was imported is
in memory once. Imports are most of what it takes to start a worker.

It is a process of its own, with one thread and without an open store, since nothing else can be forked safely. Its parent asks
for a worker by the arguments of `chain.node.worker.main`, with copies of the file descriptors that are the last of them, and is
told the new process's number. When the parent is gone, or has enough, it waits for its workers to end, and then ends itself.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import NoReturn

STOP_SECONDS_MAX = 5
"""What workers have to end by themselves."""

_REQUEST_BYTES_MAX = 16_384
_DESCRIPTORS_MAX = 8
_NUMBER_BYTES = 4
_LOOK_SECONDS = 0.01


class Template:
    """The process, seen from its parent."""

    def __init__(self) -> None:
        """Start it; it imports while the caller goes on."""
        self._turn = threading.Lock()
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "chain.node.template", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
            )

    def fork(self, arguments: Sequence[str], descriptors: Sequence[int]) -> int:
        """The number of a new worker's process. Waits for the imports, if need be. Raises `OSError` if the template is gone."""
        with self._turn:
            socket.send_fds(self._channel, [json.dumps(arguments).encode()], list(descriptors))
            answer = self._channel.recv(_NUMBER_BYTES)
        if not answer:
            raise ChildProcessError("the process that workers are forked from has ended")
        return int.from_bytes(answer)

    def close(self) -> None:
        """Wait for the workers, which have been told to end, and for the process. Who does not end in time is ended."""
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2 * STOP_SECONDS_MAX)
        self._process.kill()
        self._process.wait()


def main(channel_number: str) -> None:
    """Fork workers until the parent is gone."""
    from chain.node import worker  # here, so that the parent does not wait for it

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # those of a terminal go to all; the parent decides
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # what is shared stays as it is
    children: set[int] = set()
    with socket.socket(fileno=int(channel_number)) as channel:
        while True:
            try:
                request, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_BYTES_MAX, _DESCRIPTORS_MAX)
            except OSError:
                break
            if not request:
                break
            child = os.fork()
            if not child:
                channel.close()
                _work(worker.main, json.loads(request), descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            children.add(child)
            _reap(children)
            with contextlib.suppress(OSError):
                channel.sendall(child.to_bytes(_NUMBER_BYTES))
    _end(children)


def _work(serve: Callable[..., None], arguments: list[str], descriptors: list[int]) -> NoReturn:
    """Be a worker, and end with it: what the template would still do is not for its children."""
    status = 1
    try:
        serve(*arguments, *descriptors)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)


def _reap(children: set[int]) -> None:
    """Forget the children that have ended."""
    for child in list(children):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(child, os.WNOHANG)[0] == 0:
                continue
        children.discard(child)


def _end(children: set[int]) -> None:
    until = time.monotonic() + STOP_SECONDS_MAX
    while children and time.monotonic() < until:
        _reap(children)
        time.sleep(_LOOK_SECONDS)
    for child in children:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
