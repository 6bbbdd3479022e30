"""How long a devnet takes from the start of its process until it answers: with nothing in its folder, and with a ledger there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from bench.machine.contest import Spread
from bench.node.devnet import Process
from bench.node.scene import Scene

STARTS = 5


def start(scene: Scene) -> dict[str, Any]:
    """Seconds until a devnet is ready, and its memory then: in an empty folder, and in that folder again."""
    found: dict[str, list[float]] = {}
    for _ in range(1 if scene.quick else STARTS):
        with tempfile.TemporaryDirectory(dir=scene.folder) as name:
            for title in ("first start", "second start"):
                with Process(Path(name)) as process:
                    found.setdefault(f"{title}, s", []).append(process.ready_seconds)
                    found.setdefault(f"{title}, processor s", []).append(process.processor_seconds())
                    found.setdefault(f"{title}, MiB", []).append(process.memory_mib())
    spreads = {title: Spread.of(values) for title, values in found.items()}
    print(f"{'':28}{'min':>9}{'median':>9}{'max':>9}")
    for title, spread in spreads.items():
        print(f"{title:28}" + "".join(f"{value:9.2f}" for value in spread))
    return {title: spread._asdict() for title, spread in spreads.items()}
