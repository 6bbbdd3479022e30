"""`tael node config`: the configuration of a node is begun, shown, checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from kit.commands.node_options import FILE, Source, configuration_options
from kit.options import CONTEXT, command
from kit.output import Output
from kit.problem import Exit, missing


@click.group("config", context_settings=CONTEXT)
def config() -> None:
    """Begin, show and check the configuration of a node."""


@command("init", examples=f"tael node config init\ntael node config init {FILE}", group=config)
@click.argument("file", type=click.Path(), default=FILE)
def init(out: Output, file: str) -> None:
    """Write a configuration with every key explained to FILE, node.toml if none is named. Nothing is overwritten."""
    from chain.node.configuration import configuration_text

    try:
        with Path(file).open("x", encoding="utf-8") as handle:
            handle.write(configuration_text())
    except FileExistsError:
        raise missing(f"{file} is there already", "Name another file; nothing is overwritten.") from None
    out.line(f"Wrote {file}. Next: tael node genesis new genesis.json")
    out.result({"ok": True, "file": file})


@command("show", examples="tael node config show --config node.toml\ntael node config show --json", group=config)
@configuration_options
def show(out: Output, source: Source) -> None:
    """Show every key as it would be, and where that comes from: default, file, environment or option."""
    configured = source.read()
    rows = [(name, str(setting.value).lower() if isinstance(setting.value, bool) else str(setting.value), setting.origin)
            for name, setting in configured.settings.items()]  # fmt: skip
    out.table(("key", "value", "from"), rows)
    settings = {name: {"value": setting.value, "from": setting.origin} for name, setting in configured.settings.items()}
    out.result({"ok": True, "file": None if source.file is None else str(source.file), "settings": settings})


@command("check", examples="tael node config check --config node.toml", group=config)
@configuration_options
def check(out: Output, source: Source) -> int:
    """Say whether a node could start with this configuration, without starting one: genesis, data directory, ports."""
    from chain.node.running import check_node

    findings = check_node(source.read().configuration)
    for finding in findings:
        mark = out.style("ok  ", "green") if finding.refusal is None else out.style("no  ", "red")
        out.line(f"{mark}{finding.what:10}  {finding.says}")
        if finding.refusal is not None:
            out.line(f"    {'':10}  {out.style(finding.refusal.remedy, 'dim')}")
    well = all(finding.refusal is None for finding in findings)
    out.result({"ok": well, "findings": [_plain(finding) for finding in findings]})
    return Exit.OK if well else Exit.FINDINGS


def _plain(finding: Any) -> dict[str, Any]:
    plain = {"what": finding.what, "ok": finding.refusal is None, "says": finding.says}
    if finding.refusal is not None:
        plain |= {"code": str(finding.refusal.code), "remedy": finding.refusal.remedy, "data": finding.refusal.data}
    return plain
