"""What became of a submission, for one transaction: it waits, it is on disk, or it was refused."""

from __future__ import annotations

from typing import NamedTuple

from chain.primitives.refusal import Refusal


class Row(NamedTuple):
    """`identity` is None for bytes that are no transaction. `height`, `number` (its index in the block) and `ok` are of what is on disk; `error` is the name
    of the failure of a transaction that is on disk and went wrong. `refusal` says why it is neither there nor waits.
    """

    identity: bytes | None
    height: int | None = None
    number: int | None = None
    ok: bool | None = None
    error: str | None = None
    refusal: Refusal | None = None

    @property
    def status(self) -> str:
        """`committed`, `waiting` or `refused`."""
        if self.refusal is not None:
            return "refused"
        return "waiting" if self.height is None else "committed"
