"""JSON from somebody else: from a request, a node, a file that anybody may have written."""

from __future__ import annotations

import json
import re
from typing import Any

from chain.primitives.limits import JSON_DEPTH_MAX

_BRACKETS_AND_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse_json(data: bytes | str, depth_max: int = JSON_DEPTH_MAX) -> Any:
    """The value of a text, which has brackets within each other at most so deep; of bytes if they are UTF-8. Raises `ValueError`.

    Python's reader calls itself once a level, on a stack whose end is that of the process: the machine raises the limit of calls
    beyond what it may have room for. That reader takes UTF-16 too, in which brackets could be hidden from who counts them.
    """
    text = data if isinstance(data, str) else data.decode("utf-8")
    if not _is_shallow(text, depth_max):
        raise ValueError(f"more than {depth_max} brackets within each other")
    return json.loads(text)


def _is_shallow(text: str, depth_max: int) -> bool:
    if text.count("[") + text.count("{") <= depth_max:
        return True
    depth = 0
    for found in _BRACKETS_AND_STRINGS.finditer(text):
        depth += _STEPS.get(found[0], 0)
        if depth > depth_max:
            return False
    return True
