"""The genesis of a node's ledger, whether its wallets are listed in the specification or come as rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chain.ledger.apply import Applied
from chain.ledger.block import Block
from chain.ledger.genesis import genesis_parameters, genesis_parent, make_genesis, stream_genesis
from chain.ledger.parameters import decode_parameters
from chain.node.commit import first_commit, parameters_proof
from chain.node.development import development_keys, refuse_development_keys
from chain.node.wallet_file import WalletFile
from chain.primitives.header import Header
from chain.state.beginning import Beginning
from chain.state.sorting import Sorting
from chain.state.store import Store
from chain.state.writing import Commit


class Genesis:
    """Block 0 of a specification. It is made in memory if the wallets are listed; otherwise as it is written, or asked for."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        """Raises `Refusal` WrongGenesis, DevelopmentKey; of rows what they say is found out later."""
        refuse_development_keys(specification)
        self._specification = specification
        self._made: Applied | None = None
        self._header: Header | None = None
        if not isinstance(specification.get("wallets"), WalletFile):
            self._made = make_genesis(specification)
            self._header = self._made.block.header
        self.parameters: bytes = genesis_parameters(specification)
        """Their record in the state."""
        self.chain_id: str = decode_parameters(self.parameters).chain_id

    def header(self) -> Header:
        """That of block 0; of many wallets some 20 seconds a million. Raises `Refusal` WrongGenesis, `StoreFailed`."""
        if self._header is None:
            self._header = self._stream(None, None).header
        return self._header

    def hash_beside(self, found: Header, begun: bytes | None) -> bytes:
        """The hash of block 0, when there is one, and a note of the hash with which the ledger began. Of many wallets only the
        description is compared if the two belong together: the rest follows from it. Raises as `header`.
        """
        if self._header is None and begun == found.hash and genesis_parent(self._specification) == found.parent:
            return found.hash
        return self.header().hash

    def write(self, store: Store, folder: Path) -> Commit:
        """Begin an empty ledger, and see it; what was committed, without state and tree if they came as rows. Files that are
        needed meanwhile are in a folder. Raises `Refusal` WrongGenesis, and `StoreFailed`.
        """
        if self._made is not None:
            commit = first_commit(self._made)
            store.commit(commit)
            return commit
        beginning = store.begin()
        block = self._stream(folder, beginning)
        self._header = block.header
        beginning.settle()
        store.renew()
        proof = parameters_proof(store.page, self.parameters)
        commit = Commit(0, block.header.hash, block.encoded, (), (), (), {}, {}, proof)
        beginning.finish(commit)
        store.renew()
        return commit

    def _stream(self, folder: Path | None, beginning: Beginning | None) -> Block:
        return stream_genesis(
            self._specification, lambda: Sorting(folder), beginning, forbidden=development_keys(self._specification)
        )
