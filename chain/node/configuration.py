"""What a node is set to: a file in TOML, over which the environment goes, over which the options of a command go.

Every key is a field of `Configuration`; what it may be and what it is for stands beside it, and nowhere else.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from chain.node.logs import FORMATS, LEVELS
from chain.primitives.limits import (
    BLOCK_TIME_MS_MAX,
    CONFIGURATION_BYTES_MAX,
    DRAIN_SECONDS_MAX,
    POOL_BYTES_MAX,
    POOL_TRANSACTIONS_MAX,
    WORKERS_MAX,
)
from chain.primitives.refusal import Refusal, Refused

_DAY_SECONDS = 24 * 60 * 60
Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its name in the file, what it is for, what it may be, and what it is if nothing is said."""

    name: str
    says: str
    standard: Value
    low: int = 0
    high: int = 0
    words: tuple[str, ...] = ()
    is_path: bool = False

    @property
    def variable(self) -> str:
        """The variable of the environment that goes over the file."""
        return "TAEL_" + self.name.replace(".", "_").upper()

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        if isinstance(self.standard, bool):
            return "true or false"
        if isinstance(self.standard, int):
            return f"a whole number from {self.low} to {self.high}"
        return f"one of {', '.join(self.words)}" if self.words else "a path" if self.is_path else "a text"

    def allows(self, value: object) -> bool:
        """Whether it may be that."""
        if type(value) is not type(self.standard):
            return False
        if isinstance(value, int) and not isinstance(value, bool):
            return self.low <= value <= self.high
        return isinstance(value, bool) or (value in self.words if self.words else bool(value))

    def read(self, text: str) -> Value | None:
        """The value of a text from outside of the file; None if it is none."""
        value: Value | None = text
        if isinstance(self.standard, bool):
            value = {"true": True, "false": False}.get(text)
        elif isinstance(self.standard, int):
            value = int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
        return value if self.allows(value) else None


def _key(name: str, standard: Value, says: str, **limits: Any) -> Any:
    return field(default=standard, metadata={"key": Key(name, says, standard, **limits)})


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of a node. Paths are seen from the folder of the file, those of the environment and of options from the
    present one.
    """

    genesis: str = _key("chain.genesis", "genesis.json", "The specification of the chain's first block.", is_path=True)
    data: str = _key("chain.data", "ledger", "The data directory.", is_path=True)
    validator_key: str = _key(
        "chain.validator_key",
        "validator.key",
        "The key that certifies blocks, if the genesis names validators: 64 hexadecimal digits, or more lines of them.",
        is_path=True,
    )
    archive: bool = _key("chain.archive", False, "Keep the states of all heights, not of the newest 128 blocks only.")
    interval_ms: int = _key(
        "blocks.interval_ms", 0, "Milliseconds between blocks; 0 makes one when there is a transaction.", high=BLOCK_TIME_MS_MAX
    )
    api_address: str = _key("api.address", "127.0.0.1", "Where the API listens: an address of this machine.")
    api_port: int = _key("api.port", 8645, "Its port; 0 takes any that is free.", high=65_535)
    workers: int = _key(
        "api.workers", 0, "Processes that look at signatures and answer requests; 0 does all in one.", high=WORKERS_MAX
    )
    operations: bool = _key("operations.enabled", True, "Whether there is an operations port.")
    operations_address: str = _key(
        "operations.address", "127.0.0.1", "Where it listens: it has no password, so not for everybody."
    )
    operations_port: int = _key("operations.port", 8646, "Its port; 0 takes any that is free.", high=65_535)
    head_age_seconds_max: int = _key(
        "operations.head_age_seconds_max",
        30,
        "Seconds without a block that is due before the node is not ready.",
        low=1,
        high=_DAY_SECONDS,
    )
    disk_free_megabytes_min: int = _key(
        "operations.disk_free_megabytes_min",
        512,
        "Megabytes free on the disk below which the node is not ready; 0 does not look.",
        high=1024 * 1024,
    )
    pool_transactions_max: int = _key(
        "pool.transactions_max", POOL_TRANSACTIONS_MAX, "Transactions that may wait.", low=16, high=50 * POOL_TRANSACTIONS_MAX
    )
    pool_bytes_max: int = _key(
        "pool.bytes_max", POOL_BYTES_MAX, "Bytes of all that may wait.", low=4 * 1024 * 1024, high=64 * POOL_BYTES_MAX
    )
    drain_seconds: int = _key(
        "stop.drain_seconds", 5, "Seconds for what waits to get into last blocks when the node stops.", high=DRAIN_SECONDS_MAX
    )
    log_level: str = _key("log.level", "info", "From which level on is logged.", words=LEVELS)
    log_format: str = _key("log.format", "text", "Lines for people, or one JSON object a line.", words=FORMATS)


FIELDS: dict[str, str] = {}
"""The fields of `Configuration` by the names of their keys."""
KEYS: dict[str, Key] = {}
"""The keys by their names."""
for _field in dataclasses.fields(Configuration):
    KEYS[_field.metadata["key"].name] = _field.metadata["key"]
    FIELDS[_field.metadata["key"].name] = _field.name


class Setting(NamedTuple):
    """A value and where it came from: `default`, `file`, the variable of the environment, or the option."""

    value: Value
    origin: str


class Configured(NamedTuple):
    """A configuration, and all its keys with where each came from."""

    configuration: Configuration
    settings: dict[str, Setting]


def read_configuration(
    file: Path | None, environment: Mapping[str, str] = os.environ, options: Mapping[str, tuple[str, str]] | None = None
) -> Configured:
    """The configuration of a file (None for none). `options` maps names of keys to texts, each with what the option is called.

    Raises `Refusal` WrongConfiguration.
    """
    settings = {name: Setting(_standard(key, file), "default") for name, key in KEYS.items()}
    if file is not None:
        for name, value in _read_file(file).items():
            settings[name] = Setting(_from_folder(file, value) if KEYS[name].is_path else value, "file")
    for name, key in KEYS.items():
        text = environment.get(key.variable)
        if text is not None:
            settings[name] = Setting(_read_text(key, text, key.variable), key.variable)
    _refuse_unknown_variables(environment)
    for name, (text, option) in (options or {}).items():
        settings[name] = Setting(_read_text(_known(name, f"the option {option}"), text, option), option)
    values: dict[str, Any] = {FIELDS[name]: setting.value for name, setting in settings.items()}
    return Configured(Configuration(**values), settings)


def configuration_text() -> str:
    """A file with every key at its standard value, explained."""
    lines = ["# The configuration of a Tael node. Every key may be left out; docs/operations.md has them in a table."]
    section = ""
    for name, key in KEYS.items():
        at, _, last = name.partition(".")
        if at != section:
            lines += ["", f"[{at}]"]
            section = at
        lines += [f"# {key.says} {key.allowed[0].upper()}{key.allowed[1:]}.", f"{last} = {_toml(key.standard)}"]
    return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return (f"{value:_}" if value >= 100_000 else str(value)) if isinstance(value, int) else f'"{value}"'


def _read_file(file: Path) -> dict[str, Value]:
    try:
        with file.open("rb") as handle:
            data = handle.read(CONFIGURATION_BYTES_MAX + 1)
        if len(data) > CONFIGURATION_BYTES_MAX:
            raise _wrong(f"{file} has more than {CONFIGURATION_BYTES_MAX} bytes", "Name the file of the configuration.")
        content = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise _wrong(
            f"{file} cannot be read: {error.strerror}", "`tael node config init FILE` writes one to begin with.", file=str(file)
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(f"{file} is not TOML: {error}", file=str(file)) from None
    found: dict[str, Value] = {}
    for section, table in content.items():
        if not isinstance(table, dict):
            raise _unknown(section, f"the file {file}")
        for last, value in table.items():
            key = _known(f"{section}.{last}", f"the file {file}")
            if not key.allows(value):
                raise _wrong(
                    f"{file}: {key.name} is {_shown(value)}; it must be {key.allowed}",
                    f"For example: {last} = {_toml(key.standard)} under [{section}].",
                    file=str(file),
                    key=key.name,
                    allowed=key.allowed,
                )
            found[key.name] = value
    return found


def _read_text(key: Key, text: str, origin: str) -> Value:
    value = key.read(text)
    if value is None:
        raise _wrong(
            f"{origin} is {_shown(text)}; {key.name} must be {key.allowed}", f"Else it is {key.standard}.", key=key.name,
            allowed=key.allowed,
        )  # fmt: skip
    return value


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """A typing error in a variable must not be passed over in silence, so those of a section must be known."""
    variables = {key.variable for key in KEYS.values()}
    sections = tuple({f"TAEL_{name.partition('.')[0].upper()}_" for name in KEYS})
    for variable in sorted(environment):
        if variable.startswith(sections) and variable not in variables:
            near = get_close_matches(variable, variables, n=1)
            remedy = f"Did you mean {near[0]}?" if near else "docs/operations.md has a table of them."
            raise _wrong(f"the environment has {_shown(variable)}, which stands for no key", remedy, key=variable)


def _known(name: str, where: str) -> Key:
    key = KEYS.get(name)
    if key is None:
        raise _unknown(name, where)
    return key


def _unknown(name: str, where: str) -> Refusal:
    near = get_close_matches(name, KEYS, n=1) or [known for known in KEYS if known.partition(".")[2] == name.rpartition(".")[2]]
    section = name.partition(".")[0]
    among = [known for known in KEYS if known.startswith(f"{section}.")] or list(KEYS)
    remedy = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(among)}."
    nearest = near[0] if near else None
    return _wrong(f"{where} has {_shown(name)}, which is no key", remedy, key=name, nearest=nearest, known=among)


def _standard(key: Key, file: Path | None) -> Value:
    return _from_folder(file, key.standard) if file is not None and key.is_path else key.standard


def _from_folder(file: Path, value: Value) -> str:
    """A path of a file, seen from its folder."""
    return str(file.parent / str(value))


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 80 else text[:80] + "…"


def _wrong(message: str, remedy: str | None = None, **data: object) -> Refusal:
    return Refusal(Refused.WRONG_CONFIGURATION, message, remedy, **data)
