"""`tael node key`: the key with which a validator certifies blocks."""

from __future__ import annotations

from pathlib import Path

import click

from kit.options import command
from kit.output import Output


@command("key", examples="tael node key validator.key")
@click.argument("file", type=click.Path())
def key(out: Output, file: str) -> None:
    """Make the key of a validator in FILE, and show its public key.

    That goes into the genesis (`tael node genesis new --validators`); the file, which only you may read, stays with the node that
    makes blocks (`chain.validator_key`). Whoever has it can certify blocks.
    """
    from chain.node.validators import write_validator_key

    public = write_validator_key(Path(file)).public.hex()
    out.line(f"Wrote {file}. The validator is {public}")
    out.result({"ok": True, "file": file, "public": public})
