"""Failing cases that are remembered: `.tael/examples`, a file for each test, as JSON that people can read and change.

```json
{"test": "never much", "cases": [{"n": "1000"}]}
```

Numbers stand as decimal texts, byte strings as 0x and hexadecimal digits, texts as they are, everything that has parts as a list.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from chain.primitives.json_text import parse_json
from kit.project import write_file
from lang.symbols import Local
from lang.types import lower
from vm import types as vm
from vm.values import belongs

FOLDER = Path(".tael/examples")
KEPT_MAX = 8  # of one test, the newest ones
FILE_BYTES_MAX = 1_000_000  # a file of more is none of ours
DIGITS_MAX = 80  # more than any number has


class Examples:
    """The remembered cases of one test. What cannot be read is as good as not there."""

    def __init__(self, source_path: str, test: str, parameters: Sequence[Local]) -> None:
        identity = sha256(f"{source_path}:{test}".encode()).hexdigest()[:8]
        self.path = FOLDER / f"{Path(source_path).stem}-{identity}.json"
        self._test, self._parameters = test, parameters

    def cases(self) -> list[list[Any]]:
        """The cases that fit the test's parameters, the newest first."""
        found = [_case(plain, self._parameters) for plain in self._read()]
        return [case for case in found if case is not None]

    def keep(self, case: Sequence[Any]) -> None:
        """Remember a case. A folder that cannot be written to is no reason to stop."""
        plain = {local.name: to_plain(value) for local, value in zip(self._parameters, case, strict=True)}
        cases = [plain, *(other for other in self._read() if other != plain)][:KEPT_MAX]
        text = json.dumps({"test": self._test, "cases": cases}, ensure_ascii=False, indent=2)
        try:
            write_file(self.path, f"{text}\n".encode())
        except OSError:
            return

    def _read(self) -> list[Any]:
        try:
            if self.path.stat().st_size > FILE_BYTES_MAX:
                return []
            cases = parse_json(self.path.read_bytes())["cases"]
            return cases if isinstance(cases, list) else []
        except (OSError, ValueError, KeyError, TypeError):
            return []


def _case(plain: Any, parameters: Sequence[Local]) -> list[Any] | None:
    if not isinstance(plain, dict) or set(plain) != {local.name for local in parameters}:
        return None
    case = []
    for local in parameters:
        kind = lower(local.type)
        try:
            value = from_plain(kind, plain[local.name])
        except (ValueError, TypeError, IndexError, AttributeError):
            return None
        if not belongs(kind, value):
            return None
        case.append(value)
    return case


def to_plain(value: Any) -> Any:
    """A value for JSON."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    return [to_plain(part) for part in value]


def from_plain(kind: vm.Type, plain: Any) -> Any:
    """What `to_plain` gave, for a type. Raises ValueError, TypeError and their like; the value may yet not belong to the type."""
    match kind:
        case vm.Bool() | vm.Text():
            return plain
        case vm.Int() | vm.Amount():
            if len(plain) > DIGITS_MAX:
                raise ValueError("more digits than any number has")
            return int(plain)
        case vm.Address() | vm.Bytes():
            return bytes.fromhex(plain.removeprefix("0x"))
        case vm.List(element, _):
            return tuple([from_plain(element, part) for part in plain])
        case vm.Option(element):
            return (int(plain[0]), *(from_plain(element, part) for part in plain[1:]))
        case vm.Tuple(items):
            return tuple([from_plain(item, part) for item, part in zip(items, plain, strict=True)])
        case vm.Struct(_, fields):
            return tuple([from_plain(item, part) for (_, item), part in zip(fields, plain, strict=True)])
        case vm.Enum(_, variants):
            tag = int(plain[0])
            payload = variants[tag][1]
            return (tag, *(from_plain(item, part) for (_, item), part in zip(payload, plain[1:], strict=True)))
    raise TypeError(kind)
