"""The keys of validators in a file: those that certify the blocks which a node makes."""

from __future__ import annotations

import os
from pathlib import Path

from chain.node.development import CHAIN_ID, development_validator
from chain.primitives.keys import SecretKey
from chain.primitives.limits import POLICY_KEYS_MAX
from chain.primitives.policy import KeyOrPolicy
from chain.primitives.refusal import Refusal, Refused

_FILE_BYTES_MAX = 4096  # sixteen keys and their ends of lines are a quarter of it


def write_validator_key(file: Path) -> SecretKey:
    """Make a key and write it to a file that only its owner may read, and not there yet. Raises `Refusal` WrongKeyFile."""
    key = SecretKey.generate()
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(key.secret_bytes().hex() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError:
        raise _wrong(f"{file} is there already", "Name another file; nothing is overwritten.") from None
    except OSError as error:
        raise _wrong(f"{file} cannot be written: {error.strerror}", "Name a file in a folder that is there.") from None
    return key


def read_validator_keys(file: Path) -> list[SecretKey]:
    """The keys in a file: 64 hexadecimal digits each, one a line. Raises `Refusal` WrongKeyFile."""
    try:
        if file.stat().st_mode & 0o077:
            raise _wrong(f"others than its owner may read {file}", f"Take that away: chmod 600 {file}")
        with file.open("rb") as opened:
            text = opened.read(_FILE_BYTES_MAX + 1).decode("ascii")
        keys = [SecretKey(bytes.fromhex(line)) for line in text.split()]
    except OSError as error:
        remedy = "`tael node key FILE` makes one; who makes no blocks follows instead: `tael node follow`."
        raise _wrong(f"the key of the validator, {file}, cannot be read: {error.strerror}", remedy) from None
    except (ValueError, Refusal) as error:
        if isinstance(error, Refusal) and error.code is Refused.WRONG_KEY_FILE:
            raise
        keys = []
    if not 1 <= len(keys) <= POLICY_KEYS_MAX:
        raise _wrong(f"{file} has no keys of validators", "It has 64 hexadecimal digits for each, one a line.")
    return keys


def signers_of(chain_id: str, validators: KeyOrPolicy | None, file: Path) -> list[SecretKey]:
    """Who certifies the blocks of a chain that are made here: nobody if it names no validators, on a devnet the one that
    everybody knows unless there is a file, else the keys of the file. Raises `Refusal` WrongKeyFile.
    """
    if validators is None:
        return []
    if chain_id == CHAIN_ID and not file.exists():
        return [development_validator()]
    return read_validator_keys(file)


def _wrong(message: str, remedy: str) -> Refusal:
    return Refusal(Refused.WRONG_KEY_FILE, message, remedy)
