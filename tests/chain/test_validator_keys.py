"""The file with the keys of validators: made once, read by its owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.node.development import CHAIN_ID, development_validator
from chain.node.validators import read_validator_keys, signers_of, write_validator_key
from chain.primitives.keys import SecretKey
from chain.primitives.refusal import Refusal, Refused


def test_a_key_that_was_made_is_read_again(tmp_path: Path) -> None:
    """Nobody else may read it, and nothing is overwritten; a file may have more of them."""
    file = tmp_path / "validator.key"
    made = write_validator_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [key.public for key in read_validator_keys(file)] == [made.public]
    with pytest.raises(Refusal, match="there already"):
        write_validator_key(file)
    file.write_text(file.read_text() * 2)
    assert len(read_validator_keys(file)) == 2


@pytest.mark.parametrize("content", [b"", b"zz", b"00" * 31, b"\xff\xfe", b"00" * 32 + b"\n" + b"00" * 33, b"00" * 5_000])
def test_what_is_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    """WrongKeyFile; also for a file that is not there, or that others may read."""
    file = tmp_path / "validator.key"
    for mode, there in ((0o600, True), (0o644, True), (0o600, False)):
        file.write_bytes(content)
        file.chmod(mode)
        if not there:
            file.unlink()
        with pytest.raises(Refusal) as caught:
            read_validator_keys(file)
        assert caught.value.code is Refused.WRONG_KEY_FILE


def test_a_devnet_has_the_validator_that_everybody_knows(tmp_path: Path) -> None:
    """Unless there is a file; any other chain needs one, and one without validators has no use for it."""
    file, key = tmp_path / "validator.key", SecretKey(bytes(range(32))).public
    assert [one.public for one in signers_of(CHAIN_ID, key, file)] == [development_validator().public]
    assert signers_of("shop", None, file) == []
    with pytest.raises(Refusal) as caught:
        signers_of("shop", key, file)
    assert caught.value.code is Refused.WRONG_KEY_FILE
    made = write_validator_key(file)
    assert [one.public for one in signers_of(CHAIN_ID, key, file)] == [made.public]
