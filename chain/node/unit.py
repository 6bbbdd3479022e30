"""The unit with which systemd runs a node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chain.node.configuration import Configuration

WATCHDOG_SECONDS = 60  # twice what the longest block takes, at the least
_STATE = Path("/var/lib")
_STOP_SECONDS = 30  # beyond what waits has to get into last blocks, for the disk and the workers


def unit_text(configuration: Configuration, *, command: Sequence[str], file: Path, user: str, native: bool = True) -> str:
    """The unit's text. The words of `command` run `tael`, `file` is the configuration. With `native` functions that only compute
    may become machine code, for which memory must be made executable.
    """
    data = Path(configuration.data).absolute()
    return f"""\
[Unit]
Description=Tael node ({data})
Documentation=https://www.freedesktop.org/software/systemd/man/systemd.exec.html
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
User={user}
Group={user}
WorkingDirectory={data}
ExecStart={" ".join(map(_quoted, command))} node run --config {_quoted(str(file.absolute()))}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
KillSignal=SIGTERM
TimeoutStartSec=600
TimeoutStopSec={configuration.drain_seconds + _STOP_SECONDS}
WatchdogSec={WATCHDOG_SECONDS}
Restart=on-failure
RestartSec=2
# 2 and 4: what the node was given is wrong, which trying again does not mend.
RestartPreventExitStatus=2 4
LimitNOFILE=65536
OOMPolicy=stop

# It writes its data directory and nothing else.
ProtectSystem=strict
{_place(data)}
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
UMask=0077

# It needs no rights, no namespaces, no other sockets than these.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
# {"no: wasmtime makes machine code of functions that only compute" if native else "wasmtime is not used"}
MemoryDenyWriteExecute={"no" if native else "yes"}
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def _place(data: Path) -> str:
    """How the data directory may be written; systemd makes it, if it is where it keeps such things."""
    if data.is_relative_to(_STATE) and data != _STATE:
        return f"StateDirectory={data.relative_to(_STATE)}\nStateDirectoryMode=0700"
    return f"ReadWritePaths={data}"


def _quoted(text: str) -> str:
    """A word of a command line as systemd reads it."""
    plain = text.replace("%", "%%").replace("$", "$$")
    return plain if " " not in plain and '"' not in plain else '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
