"""Who sends: a wallet, the keys that sign for it, and what holds for all that it sends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chain.client.money import Address
from chain.primitives.address import wallet_address
from chain.primitives.keys import Signer
from chain.primitives.limits import LANE_MAX
from chain.primitives.refusal import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Sender:
    """A wallet to send from. `session` names the mandate whose keys these are; `fee_payer` pays and signs too. Transactions are
    spread over the `lanes`, each of which has an order of its own.
    """

    address: Address
    keys: tuple[Signer, ...] = ()
    session: bytes | None = None
    fee_payer: Sender | None = None
    lanes: tuple[int, ...] = (0,)

    @classmethod
    def of(cls, *keys: Signer, address: bytes | None = None, lanes: int = 1) -> Sender:
        """The sender of a key, or of the keys that sign for the wallet at an `address`. Raises `Refusal` BadRequest."""
        if not 1 <= lanes <= LANE_MAX + 1:
            raise Refusal(Refused.BAD_REQUEST, f"a wallet has 1 to {LANE_MAX + 1} lanes", "Give fewer lanes.")
        if address is None:
            if len(keys) != 1:
                raise Refusal(Refused.BAD_REQUEST, "the wallet of several keys is not known by them", "Give its address.")
            address = wallet_address(keys[0].public)
        return cls(Address(address), keys, lanes=tuple(range(lanes)))

    def paid_by(self, payer: Sender) -> Sender:
        """The same, whose fees another wallet pays."""
        return replace(self, fee_payer=payer)

    def in_session(self, session: bytes, *keys: Signer) -> Sender:
        """The same wallet, for which the keys of a session sign."""
        return replace(self, session=session, keys=keys)

    @property
    def signers(self) -> tuple[Signer, ...]:
        """All who sign, each once."""
        payers = () if self.fee_payer is None else self.fee_payer.keys
        return tuple({key.public: key for key in (*self.keys, *payers)}.values())
