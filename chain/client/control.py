"""The control of a devnet from a program: what `tael devnet VERB` does, in Python (`docs/devnet.md`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chain.client.client import Client
from chain.client.surface import Outcome, outcome_of
from chain.primitives.address import format_address
from chain.primitives.transaction import Action, Transaction


class Control:
    """Every method raises `Refusal`: NotFound on a node that is no devnet."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, verb: str, **fields: Any) -> dict[str, Any]:
        """The answer of `POST /devnet/VERB`."""
        return self._client.post(f"/devnet/{verb}", fields)

    def snapshot(self) -> int:
        """Remember this state, and return the number by which `revert` comes back to it."""
        return int(self.ask("snapshot")["snapshot"])

    def revert(self, snapshot: int | None = None) -> int:
        """Go back to a snapshot, the newest if none is named, and return the height."""
        return int(self.ask("revert", **({} if snapshot is None else {"snapshot": snapshot}))["height"])

    def advance(self, duration_ms: int) -> int:
        """Let time pass, and return what the next block will have, in milliseconds since 1970 UTC."""
        return int(self.ask("time", advance_ms=duration_ms)["now_ms"])

    def mine(self, blocks: int = 1, *, interval_ms: int = 0) -> int:
        """Make blocks now, with what waits or empty, and return the height."""
        return int(self.ask("mine", blocks=blocks, interval_ms=interval_ms)["height"])

    def set_mode(self, mode: str, *, empty: bool = True) -> None:
        """Make blocks `instant`, `manual`, or each so many milliseconds, then with or without those that would be empty."""
        self.ask("mode", mode=mode, empty=empty)

    def set_balance(self, wallet: bytes, amount: int, currency: str) -> bytes:
        """Let a wallet hold so many minor units. Like all edits it returns the identity of the transaction that did it."""
        return self._edited("balance", wallet=format_address(wallet), amount=str(amount), currency=currency)

    def set_slot(self, contract: bytes, field: str, value: bytes | None, *, key: bytes | None = None) -> bytes:
        """Put an encoded value (`vm.values.encode`) into a field of a contract by its name; None empties it. `key` is the encoded
        key of a map or set; the phase is the number of it in the field `phase`.
        """
        named = {name: None if data is None else data.hex() for name, data in (("key", key), ("value", value))}
        return self._edited("slot", contract=format_address(contract), field=field, **named)

    def set_sequence(self, wallet: bytes, sequence: int, lane: int = 0) -> bytes:
        """Set the next sequence of a lane on."""
        return self._edited("sequence", wallet=format_address(wallet), sequence=sequence, lane=lane)

    def edit(self, edits: Sequence[dict[str, Any]]) -> bytes:
        """Several edits in one block, all or none: the fields of each as `docs/api.md` has them, with its kind as `edit`."""
        return self._edited("edits", edits=list(edits))

    def impersonate(self, wallet: bytes | None = None, *, stop: bool = False) -> None:
        """Take unsigned transactions of a wallet, or of all, or no longer."""
        self.ask("impersonate", stop=stop, **({} if wallet is None else {"wallet": format_address(wallet)}))

    def send(self, sender: bytes, actions: Sequence[Action], **fields: Any) -> Outcome:
        """Build (see `Client.build`) and commit a transaction of an impersonated wallet, which nobody signs."""
        return self.commit(Transaction(self._client.build(sender, actions, **fields)))

    def commit(self, transaction: Transaction, timeout_seconds: int = 20) -> Outcome:
        """Commit a transaction of impersonated wallets as `Client.commit` does; it need not be signed."""
        answer = self.ask("transactions", transaction=transaction.encoded.hex(), wait_seconds=timeout_seconds)
        return outcome_of(answer, transaction.identity)

    def replace(self, identity: bytes, gas_price: int) -> bytes:
        """Give one that waits another gas price, and return the identity of what took its place."""
        return bytes.fromhex(self.ask("replace", id=identity.hex(), gas_price=gas_price)["id"])

    def _edited(self, verb: str, **fields: Any) -> bytes:
        return bytes.fromhex(self.ask(verb, **fields)["id"])
