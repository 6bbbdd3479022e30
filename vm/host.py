"""The one door between the machine and the world."""

from __future__ import annotations

from typing import Protocol

from vm.verifier import Verified


class Host(Protocol):
    """What the machine asks of its surroundings during the transactions of a session.

    Every change a host makes because of these calls goes through the transaction's `vm.journal.Journal`, so
    that the machine can undo it together with its own. What is at an address stays there from one transaction to the next, and
    what is in a slot changes by what sessions leave behind only.
    """

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        """The verified module at an address and its home currency, or None where no contract is."""

    def code_price(self, address: bytes) -> int:
        """The gas that it takes to bring the code of the contract at an address, 0 if it is at hand or no contract is there.

        The machine asks when a session first meets a contract, charges it, and only then asks for the contract itself. Code
        that was brought is at hand for the rest of the session.
        """

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        """The stored bytes of one slot of a contract as of the beginning of the transaction."""

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        """Pay into a wallet. Raises `vm.failure.Failure` (NoWallet, LimitExceeded, ...) if it may not be."""

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is valid by the ledger's one signature rule."""
