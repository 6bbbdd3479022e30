"""What many tests of the ledger begin with: a devnet and a client of it, a data directory that is closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_chain_node import open_node, payment

from chain.client.client import Client
from chain.node.devnet import Devnet, start_devnet


@pytest.fixture(scope="module")
def devnet() -> Iterator[Devnet]:
    """One devnet for all tests of a file; each uses wallets of its own or looks at differences."""
    with start_devnet() as running:
        yield running


@pytest.fixture
def client(devnet: Devnet) -> Iterator[Client]:
    """A client of the devnet of the file or of the test."""
    with Client(devnet.address) as opened:
        yield opened


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A closed ledger of five blocks with a payment each."""
    place = tmp_path / "data"
    node = open_node(place)
    for sequence in range(5):
        node.submit(payment(sequence).encoded)
        node.produce()
    node.close()
    return place
