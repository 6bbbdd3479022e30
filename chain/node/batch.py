"""Many transactions in one request: how they come in, and the short answer for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgpack

from chain.node.outcome import Row
from chain.primitives.limits import BATCH_TRANSACTIONS_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.transaction import Transaction, decode_transaction

MSGPACK: Final = "application/msgpack"


def unpack_batch(data: bytes) -> list[bytes]:
    """The byte strings of a batch in msgpack: an array of them. Raises `Refusal` BadRequest, TooLarge."""
    try:
        items = msgpack.unpackb(data, raw=False, max_array_len=2 * BATCH_TRANSACTIONS_MAX, max_map_len=0, max_ext_len=0)
    except (ValueError, TypeError, OverflowError, RecursionError):
        items = None
    if type(items) is not list or not all(type(item) is bytes for item in items):
        raise Refusal(Refused.BAD_REQUEST, "the body must be a msgpack array of byte strings")
    return _bounded(items)


def parse_batch(body: dict[str, Any]) -> list[bytes]:
    """The byte strings of a batch in JSON: `{"transactions": [hexadecimal…]}`. Raises `Refusal` BadRequest, TooLarge."""
    items = body.get("transactions")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Refusal(Refused.BAD_REQUEST, "transactions must be a list of texts in hexadecimal")
    try:
        return _bounded([bytes.fromhex(item) for item in items])
    except ValueError:
        raise Refusal(Refused.BAD_REQUEST, "transactions must be in hexadecimal") from None


def _bounded(items: list[bytes]) -> list[bytes]:
    if len(items) > BATCH_TRANSACTIONS_MAX:
        raise Refusal(Refused.TOO_LARGE, f"{len(items)} transactions; a batch has at most {BATCH_TRANSACTIONS_MAX}")
    return items


class Batch:
    """The transactions of a batch, each with what became of it; one that is none is refused at once and holds up no other."""

    def __init__(self, items: Sequence[bytes]) -> None:
        self._rows: list[Row | None] = [None] * len(items)
        self._places: list[int] = []
        self.transactions: list[Transaction] = []
        for place, data in enumerate(items):
            try:
                self.transactions.append(decode_transaction(data))
            except Refusal as refusal:
                self._rows[place] = Row(None, refusal=refusal)
            else:
                self._places.append(place)

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """All rows, when there is one for each of `transactions`."""
        for place, row in zip(self._places, rows, strict=True):
            self._rows[place] = row
        return [row for row in self._rows if row is not None]


def row_json(row: Row) -> dict[str, Any]:
    """A row: `id`, `status`; of a committed one `height`, `index`, `ok` and the name of its `error`; of a refused one its
    `refusal`.
    """
    identity = None if row.identity is None else row.identity.hex()
    if row.refusal is not None:
        refusal = row.refusal
        return {
            "id": identity,
            "status": "refused",
            "refusal": {"code": refusal.code, "message": refusal.message, "remedy": refusal.remedy, "data": refusal.data},
        }
    if row.height is None:
        return {"id": identity, "status": "waiting"}
    return {"id": identity, "status": "committed", "height": row.height, "index": row.number, "ok": row.ok, "error": row.error}


def rows_msgpack(rows: Sequence[Row], height: int, state_root: bytes) -> bytes:
    """`[[[id | nil, status, ok | nil, code | nil, height | nil, index | nil]…], height, state root]`; the code is that of the
    refusal, or the name of the error.
    """
    plain = [
        (row.identity, row.status, row.ok, row.error if row.refusal is None else str(row.refusal.code), row.height, row.number)
        for row in rows
    ]
    packed: bytes = msgpack.packb((plain, height, state_root))
    return packed
