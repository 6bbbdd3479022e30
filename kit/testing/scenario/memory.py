"""Failing histories, remembered in the file's own terms under `.tael/examples` and tried first."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chain.primitives.json_text import parse_json
from kit.problem import Problem
from kit.testing.scenario.stage import Stage, Step
from kit.testing.scenario.write import Writer
from kit.values import Setting, read_value, show_value
from vm import types as vm

FILE_BYTES_MAX = 1_000_000
"""More than any history takes; a file that somebody swapped for another is not read whole."""


class Memory:
    """The one remembered history of a scenario. What no longer fits the contract is forgotten."""

    def __init__(self, folder: Path, path: str, name: str, stage: Stage, writer: Writer) -> None:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
        identity = hashlib.sha256(f"{path}:{name}".encode()).hexdigest()[:8]
        self.file = folder / "scenarios" / f"{slug}-{identity}.json"
        self.stage = stage
        self.name = name
        self.people = dict(writer.names)
        self.addresses = {known: address for address, known in self.people.items()}

    def recall(self) -> list[Step] | None:
        """The remembered steps, or None if there are none, or they no longer fit."""
        try:
            if self.file.stat().st_size > FILE_BYTES_MAX:
                return None
            said = parse_json(self.file.read_bytes())
            return [self._step(step) for step in said["steps"]]
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, Problem):
            return None

    def keep(self, steps: Sequence[Step]) -> None:
        """Remember a history. A folder that cannot be written to keeps nothing: the history was told all the same."""
        if any(step.actor not in self.people for step in steps):
            return
        said = {"scenario": self.name, "steps": [self._plain(step) for step in steps]}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
        except OSError:
            return

    def forget(self) -> None:
        """What was remembered breaks nothing any more."""
        try:
            self.file.unlink(missing_ok=True)
        except OSError:
            return

    def _plain(self, step: Step) -> dict[str, Any]:
        target = self.stage.targets[step.target]
        setting = self._setting(step.target)
        shown = [
            show_value(value.amount, vm.Amount(kind.currency), setting)
            if isinstance(kind, vm.Coin)
            else show_value(value, kind, setting)
            for kind, value in zip(target.kinds, step.arguments, strict=True)
        ]
        return {"wait_ms": step.wait_ms, "as": self.people[step.actor], "call": target.name, "arguments": shown}

    def _step(self, said: Any) -> Step:
        number = [target.name for target in self.stage.targets].index(said["call"])
        target = self.stage.targets[number]
        actor = self.addresses[said["as"]]
        wait_ms = said["wait_ms"]
        if len(said["arguments"]) != len(target.kinds) or actor not in target.actors or type(wait_ms) is not int:
            raise ValueError("another signature")
        if not 0 <= wait_ms < 2**63:
            raise ValueError("a wait out of range")
        made: list[Any] = []
        for text, kind in zip(said["arguments"], target.kinds, strict=True):
            if isinstance(kind, vm.Coin):
                code = kind.currency or target.deployed.currency
                made.append(vm.CoinValue(code, read_value(text, vm.Amount(kind.currency), self._setting(number))))
            else:
                made.append(read_value(text, kind, self._setting(number)))
        return Step(wait_ms, actor, number, tuple(made))

    def _setting(self, number: int) -> Setting:
        home = self.stage.targets[number].deployed.currency
        return Setting(home, self.stage.world.decimals, address_of=self.addresses.get, name_of=self.people.get)
