"""Answers of the signature rule, remembered within a bound of bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

Rule: TypeAlias = Callable[[bytes, bytes, bytes], bool]
"""Of key, message and signature."""
_Asked: TypeAlias = tuple[bytes, bytes, bytes]

_OVERHEAD_BYTES: Final = 320  # of three byte strings, their tuple, and a place in a set at its emptiest
_WRONG_SHARE: Final = 16  # one of so many bytes is for answers that were no


class SignatureMemory:
    """A signature rule that asks its rule once. Valid and wrong signatures have rooms of their own, so that a flood of
    wrong ones, which cost nobody anything to make, pushes out no valid one.
    """

    __slots__ = ("_rule", "_valid", "_wrong")

    def __init__(self, rule: Rule, *, bytes_max: int) -> None:
        """All that is kept together takes at most `bytes_max` bytes of memory."""
        self._rule = rule
        self._wrong = _Generations(bytes_max // _WRONG_SHARE)
        self._valid = _Generations(bytes_max - bytes_max // _WRONG_SHARE)

    def __call__(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is valid, by the rule."""
        asked = (key, message, signature)
        if asked in self._valid:
            return True
        if asked in self._wrong:
            return False
        valid = self._rule(key, message, signature)
        (self._valid if valid else self._wrong).add(asked)
        return valid


class _Generations:
    """A set that forgets: when the young half of its bytes is full, the old half is dropped and the young one is old.

    So nothing is moved or counted on a hit, and what was put in last stays for at least half of the bytes.
    """

    __slots__ = ("_half_bytes", "_old", "_young", "_young_bytes")

    def __init__(self, bytes_max: int) -> None:
        self._half_bytes = bytes_max // 2
        self._young: set[_Asked] = set()
        self._old: set[_Asked] = set()
        self._young_bytes = 0

    def __contains__(self, asked: _Asked) -> bool:
        return asked in self._young or asked in self._old

    def add(self, asked: _Asked) -> None:
        size = _OVERHEAD_BYTES + sum(map(len, asked))
        if size > self._half_bytes:
            return
        if self._young_bytes + size > self._half_bytes:
            self._old, self._young, self._young_bytes = self._young, set(), 0
        self._young.add(asked)
        self._young_bytes += size
