"""What the commands about running a node have in common: the configuration, from its file, the environment and options."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.problem import usage

if TYPE_CHECKING:
    from chain.node.configuration import Configured

FILE = "node.toml"
_OPTIONS = {
    "genesis": ("chain.genesis", "FILE", "The specification of the first block."),
    "data": ("chain.data", "DIR", "The data directory."),
    "interval": ("blocks.interval_ms", "MS", "Milliseconds between blocks; 0 makes one when there is a transaction."),
    "port": ("api.port", "PORT", "The port of the API."),
    "workers": ("api.workers", "N", "Processes that look at signatures and answer requests."),
    "operations-port": ("operations.port", "PORT", "The operations port."),
    "log-level": ("log.level", "LEVEL", "debug, info, warning or error."),
    "log-format": ("log.format", "FORMAT", "text or json."),
}


def configuration_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of commands that take a configuration: the function gets `source`, to be asked for it."""

    @functools.wraps(function)
    def run(*arguments: Any, config: str | None, settings: tuple[str, ...], **options: Any) -> Any:
        said = {name: options.pop(name.replace("-", "_")) for name in _OPTIONS}
        return function(*arguments, source=Source(config, settings, said), **options)

    declared: Callable[..., Any] = run
    declared = click.option(
        "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the configuration; may be repeated."
    )(declared)
    for name, (_, metavar, says) in reversed(_OPTIONS.items()):
        declared = click.option(f"--{name}", metavar=metavar, help=says)(declared)
    return click.option(
        "--config", type=click.Path(), metavar="FILE", help=f"The configuration. Else {FILE} in this folder, if it is there."
    )(declared)


class Source:
    """Where a configuration comes from."""

    def __init__(self, config: str | None, settings: tuple[str, ...], said: dict[str, str | None]) -> None:
        self._config = config
        self._settings = settings
        self._said = said

    @property
    def file(self) -> Path | None:
        """The file, if there is one."""
        if self._config is not None:
            return Path(self._config)
        return Path(FILE) if Path(FILE).is_file() else None

    def read(self) -> Configured:
        """The configuration. Raises `Refusal` WrongConfiguration, and `Problem` for what cannot be understood."""
        from chain.node.configuration import read_configuration

        options = {_OPTIONS[name][0]: (text, f"--{name}") for name, text in self._said.items() if text is not None}
        for setting in self._settings:
            key, sign, text = setting.partition("=")
            if not sign:
                raise usage(f"--set {setting}: there is no value", "Write it like --set api.port=8645.")
            options[key.strip()] = (text.strip(), "--set")
        return read_configuration(self.file, options=options)
