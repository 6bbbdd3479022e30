"""The configuration of a node: a file, over it the environment, over it options; everything else is refused."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from chain.node.configuration import FIELDS, KEYS, Configuration, Key, configuration_text, read_configuration
from chain.primitives.limits import CONFIGURATION_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a configuration is to be written."""
    return tmp_path / "etc" / "node.toml"


def write(file: Path, text: str) -> Path:
    """A file with a text."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def refused(file: Path, text: str) -> Refusal:
    """What a file with this text is refused with."""
    with pytest.raises(Refusal) as caught:
        read_configuration(write(file, text), {})
    assert caught.value.code is Refused.WRONG_CONFIGURATION
    return caught.value


def wrong(key: Key) -> str:
    """A value in TOML that a key may not have."""
    return '"yes"' if isinstance(key.standard, bool) else str(key.high + 1) if isinstance(key.standard, int) else "[]"


def test_the_file_that_is_written_says_what_is_so_anyway(file: Path) -> None:
    """All keys are in it, at the values that they have without it, seen from its folder."""
    configured = read_configuration(write(file, configuration_text()), {})

    assert {setting.origin for setting in configured.settings.values()} == {"file"}
    paths = {"genesis": "genesis.json", "data": "ledger", "validator_key": "validator.key"}
    at = {name: str(file.parent / path) for name, path in paths.items()}
    assert configured.configuration == dataclasses.replace(Configuration(), **at)


def test_paths_are_seen_from_the_folder_of_the_file(file: Path) -> None:
    """Whether they stand in it or not: a service is started in another folder."""
    configured = read_configuration(write(file, "[chain]\ngenesis = 'a/b.json'\n"), {}, {"chain.data": ("x", "--data")})
    assert (configured.configuration.genesis, configured.configuration.data) == (str(file.parent / "a" / "b.json"), "x")
    assert read_configuration(write(file, ""), {}).configuration.data == str(file.parent / "ledger")


def test_options_go_over_the_environment_and_that_over_the_file(file: Path) -> None:
    """Each value says where it came from."""
    write(file, "[api]\nport = 1\nworkers = 1\n[log]\nlevel = 'error'\n")
    environment = {"TAEL_API_PORT": "2", "TAEL_API_WORKERS": "2", "TAEL_HOME": "elsewhere"}

    configured = read_configuration(file, environment, {"api.port": ("3", "--port")})

    c = configured.configuration
    assert (c.api_port, c.workers, c.log_level, c.interval_ms) == (3, 2, "error", 0)
    origins = {name: configured.settings[name].origin for name in ("api.port", "api.workers", "log.level", "blocks.interval_ms")}
    assert list(origins.values()) == ["--port", "TAEL_API_WORKERS", "file", "default"]


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_a_value_that_a_key_may_not_have_is_refused(file: Path, key: Key) -> None:
    """The refusal names the file, the key, and what is allowed."""
    section, _, last = key.name.partition(".")

    refusal = refused(file, f"[{section}]\n{last} = {wrong(key)}\n")

    assert str(file) in refusal.message
    assert refusal.data == {"file": str(file), "key": key.name, "allowed": key.allowed}
    assert key.allowed in refusal.message


@pytest.mark.parametrize(
    "key", [key for key in KEYS.values() if not key.is_path and type(key.standard) is not str], ids=lambda k: k.name
)
def test_texts_from_outside_are_held_to_the_same(key: Key) -> None:
    """A variable or option with such a value is refused, and with the standard value is not."""
    standard = str(key.standard).lower()
    for text in ("", "x", "-1", "1e3", "٣", "9" * 30):
        with pytest.raises(Refusal, match=key.variable):
            read_configuration(None, {key.variable: text})
    assert read_configuration(None, {key.variable: standard}).settings[key.name].value == key.standard


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("[api]\nprot = 1\n", "api.port"),
        ("[blocks]\ninterval = 1\n", "blocks.interval_ms"),
        ("[network]\nport = 1\n", "api.port"),
        ("port = 1\n", "api.port"),
    ],
)
def test_a_key_that_there_is_not_is_refused_with_the_nearest(file: Path, text: str, nearest: str) -> None:
    """A typing error is not passed over in silence."""
    assert refused(file, text).data["nearest"] == nearest


def test_a_variable_that_stands_for_no_key_is_refused() -> None:
    """`TAEL_API_PROT` would otherwise leave the port as it is, and nobody would know."""
    with pytest.raises(Refusal) as caught:
        read_configuration(None, {"TAEL_API_PROT": "1"})
    assert "TAEL_API_PORT" in caught.value.remedy


@pytest.mark.parametrize("text", ["[api\n", "\udc80", "x = " + "[" * 2_000, "#" * CONFIGURATION_BYTES_MAX + "##"])
def test_a_file_that_is_no_configuration_is_refused(file: Path, text: str) -> None:
    """No TOML, no UTF-8, too deep, too large: each is a refusal and no traceback."""
    file.parent.mkdir()
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Refusal) as caught:
        read_configuration(file, {})
    assert caught.value.code is Refused.WRONG_CONFIGURATION


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    """The refusal says how to begin one."""
    with pytest.raises(Refusal) as caught:
        read_configuration(file, {})
    assert "config init" in caught.value.remedy


def test_the_table_of_the_page_is_that_of_the_code() -> None:
    """`docs/operations.md` has every key, with its variable, standard value, limits and purpose."""
    page = (DOCS / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+\.\w+)` \| `(\w+)` \| `([^`]*)` \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert rows == [(key.name, key.variable, str(key.standard).lower() if isinstance(key.standard, bool) else str(key.standard),
                     key.allowed, key.says) for key in KEYS.values()]  # fmt: skip
    assert set(FIELDS.values()) == {field.name for field in dataclasses.fields(Configuration)}
