"""A record for JSON: the tree of what was done, in the form of the node's traces (docs/api.md)."""

from __future__ import annotations

from typing import Any

from kit.record.entries import Entry, Kind, Line, Paid, Passed, Scene, Told, Wrote
from kit.record.words import Words
from vm import types as vm
from vm.state import PHASE_FIELD


def plain_scene(scene: Scene, words: Words) -> list[dict[str, Any]]:
    """What is within a scene, in order; lines aside, and promises that were kept."""
    told = []
    for entry in scene.entries:
        if isinstance(entry, Scene):
            if entry.kind is not Kind.PROMISE or entry.failure is not None or entry.result is False:
                told.append(_scene(entry, words))
        elif not isinstance(entry, Line):
            told.append(_entry(entry, words))
    return told


def _scene(scene: Scene, words: Words) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": "call" if scene.kind is Kind.FUNCTION else scene.kind.value, "text": words.title(scene)}
    known = words.guide.known(scene.contract) if scene.contract else None
    if known is not None and scene.function >= 0:
        function = known.module.functions[scene.function]
        pairs = zip(function.parameters, scene.arguments, strict=False)
        setting = words.setting(scene.contract)
        plain |= {
            "contract": words.guide.name(scene.contract),
            "function": function.name,
            "arguments": {name: _shown(value, kind, setting) for (name, kind), value in pairs},
        }
    if scene.sender:
        plain["sender"] = words.guide.name(scene.sender)
    of_function = scene.kind is not Kind.TRANSACTION and scene.kind is not Kind.READ
    plain["result"] = words.result(scene) if of_function and scene.failure is None else None
    plain["failure"] = None if scene.failure is None else words.failure(scene.failure)
    plain["gas"] = scene.gas
    plain["inside"] = plain_scene(scene, words)
    return plain


def _entry(entry: Entry, words: Words) -> dict[str, Any]:
    match entry:
        case Wrote(contract, field, key, before, after):
            known = words.guide.known(contract)
            setting = words.setting(contract)
            if known is None or field == PHASE_FIELD:
                shown = [words.phase(contract, value) for value in (before, after)]
                return {"kind": "write", "field": "phase", "key": None, "before": shown[0], "value": shown[1]}
            name, kind = known.module.fields[field]
            told = None
            if isinstance(kind, vm.Map | vm.Set):
                told = _shown(key, kind.key, setting)
                kind = kind.value if isinstance(kind, vm.Map) else vm.BOOL
            shown_values = [None if value is None else _shown(value, kind, setting) for value in (before, after)]
            return {"kind": "write", "field": name, "key": told, "before": shown_values[0], "value": shown_values[1]}
        case Paid(source, to, currency, amount, how):
            return {
                "kind": "pay",
                "how": how,
                "from": words.guide.name(source),
                "to": words.guide.name(to),
                "currency": currency,
                "amount": str(amount),
                "text": words.money(amount, currency),
            }
        case Told(contract, event, values):
            known = words.guide.known(contract)
            if known is None:
                return {"kind": "event", "event": str(event), "fields": None}
            record = known.module.events[event]
            setting = words.setting(contract)
            fields = {name: _shown(value, kind, setting) for (name, kind), value in zip(record.fields, values, strict=True)}
            return {"kind": "event", "contract": words.guide.name(contract), "event": record.name, "fields": fields}
        case Passed(duration, time):
            return {"kind": "time", "duration_ms": duration, "time_ms": time}
    raise AssertionError(entry)


def _shown(value: Any, kind: vm.Type, setting: Any) -> str:
    from kit.values import show_value

    return show_value(value or 0 if isinstance(kind, vm.Vault) else value, kind, setting)
