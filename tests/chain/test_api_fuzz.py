"""What schemathesis finds in the API of a devnet. Run with `-m long`; skipped where it is not installed (`.[api-fuzz]`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chain.client.client import Client
from chain.node.devnet import start_devnet

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
PROGRAM = Path(sys.executable).with_name("schemathesis")
NOT_ASKED = "/devnet/dump"  # writes folders wherever it is told to
EXAMPLES = 30  # of each operation

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not PROGRAM.exists(), reason="needs schemathesis: pip install -e '.[api-fuzz]'"),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_schemathesis_finds_nothing(tmp_path: Path, seed: int) -> None:
    """With all its checks: what is as described is not refused as if it were not, what is not is; every answer has a status, a
    type and a content that are described, and no request is a defect. The node goes on.
    """
    with start_devnet() as devnet, Client(devnet.address) as client:
        done = subprocess.run(
            [
                *(PROGRAM, "--config-file", CONFIGURATION, "run", f"{devnet.address}/v1/openapi.json"),
                *(
                    "--checks",
                    "all",
                    "--seed",
                    str(seed),
                    "--max-examples",
                    str(EXAMPLES),
                    "--request-timeout",
                    "120",
                    "--max-response-time",
                    "120",
                ),
                *("--phases", "examples,coverage,fuzzing", "--exclude-path", NOT_ASKED, "--continue-on-failure", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert client.status()["chain_id"]
