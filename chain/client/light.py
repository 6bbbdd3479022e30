"""A light client: from the hash of a chain's first block, or from its validators alone, it knows what any node tells it to be so.

The hash vouches for the first header, that for the chain's parameters, which a node proves, and those name the validators. What
they have signed vouches for any other header, and its state root for every value. Nothing is executed and nothing kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain.client.client import Client, Proved
from chain.primitives.account import read_balance
from chain.primitives.certificate import check_certified
from chain.primitives.codec import as_list, as_text, decode
from chain.primitives.header import Header, decode_header
from chain.primitives.keyspace import PARAMETERS, account_key
from chain.primitives.limits import CHAIN_ID_CHARACTERS_MAX
from chain.primitives.policy import KeyOrPolicy, read_key
from chain.primitives.proof import decode_proof, verify_proof
from chain.primitives.refusal import Refusal, Refused

_VALIDATORS = 6  # their place in the chain's parameters (`chain.ledger.parameters`)


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is believed without being shown: the chain's id and who certifies its blocks."""

    chain_id: str
    validators: KeyOrPolicy


class LightClient:
    """A client that believes a node nothing. Every method raises `Refusal`: NotCertified or WrongProof for what does not hold,
    and as `Client` does.
    """

    def __init__(self, client: Client, anchor: Anchor) -> None:
        self._client = client
        self.anchor = anchor

    @classmethod
    def from_genesis(cls, client: Client, genesis: bytes) -> LightClient:
        """From the hash of the first block, which whoever gives a chain's address gives too."""
        header, proof = _fetch(client, 0)
        if header.hash != genesis:
            raise Refusal(Refused.WRONG_PROOF, f"the node's first block is {header.hash.hex()}, and not {genesis.hex()}")
        shown = decode_proof(proof)
        if shown.key != PARAMETERS or shown.value is None or not verify_proof(shown, header.state_root):
            raise Refusal(Refused.WRONG_PROOF, "the node's proof of the chain's parameters does not hold")
        fields = as_list(decode(shown.value), "parameters")
        if len(fields) <= _VALIDATORS or fields[_VALIDATORS] is None:
            raise Refusal(Refused.NOT_CERTIFIED, "the chain names no validators")
        return cls(client, Anchor(as_text(fields[0], "chain_id", CHAIN_ID_CHARACTERS_MAX), read_key(fields[_VALIDATORS])))

    def header(self, height: int | None = None) -> Header:
        """The header at a height, or the newest, if the validators have signed it."""
        header, certificate = _fetch(self._client, height)
        if height is not None and header.height != height:
            raise Refusal(Refused.WRONG_PROOF, f"the node gave block {header.height}, and not {height}")
        self._check(header, certificate)
        return header

    def prove(self, key: bytes) -> Proved:
        """A value of the state, or its absence, proved under a header that the validators have signed."""
        proved = self._client.prove(key)
        header, certificate = _fetch(self._client, proved.header.height)
        if header.encoded != proved.header.encoded:
            raise Refusal(Refused.WRONG_PROOF, f"the node gave two blocks {header.height}", "Ask again: it may have gone back.")
        self._check(header, certificate)
        return proved

    def balance(self, address: bytes, currency: str) -> int:
        """What a wallet holds, in minor units, proved so."""
        return read_balance(self.prove(account_key(address)).value, currency)

    def _check(self, header: Header, certificate: bytes) -> None:
        if header.chain_id != self.anchor.chain_id:
            raise Refusal(Refused.NOT_CERTIFIED, f"block {header.height} is one of chain {header.chain_id!r}")
        check_certified(certificate, header, self.anchor.validators)


def _fetch(client: Client, height: int | None) -> tuple[Header, bytes]:
    """A header and what stands for its certificate, neither of them checked."""
    answer: dict[str, Any] = client.get(f"/v1/blocks/{'latest' if height is None else height}/certificate")
    try:
        return decode_header(bytes.fromhex(answer["header"])), bytes.fromhex(answer["certificate"])
    except (KeyError, TypeError, ValueError):
        raise Refusal(Refused.UNREACHABLE, "the node gave no header and certificate") from None
