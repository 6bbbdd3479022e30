"""Key files: encrypted, private, never overwritten."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from chain.client import keystore
from chain.client.keystore import Keystore
from chain.primitives.address import wallet_address
from chain.primitives.keys import SecretKey
from chain.primitives.refusal import Refusal, Refused

DEVNET = "tael-devnet"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keystore:
    """A keystore whose scrypt is cheap enough for tests."""
    monkeypatch.setattr(keystore, "_SCRYPT_N", 2)
    return Keystore(tmp_path / "keys")


def unlock(store: Keystore, name: str, password: str | None, chain_id: str = DEVNET) -> SecretKey:
    """The key, for use on a chain."""
    return store.unlock(name, password, chain_id=chain_id, development_chain_id=DEVNET)


def test_a_key_comes_back_with_its_password(store: Keystore) -> None:
    """The same key, and the same address as in the list."""
    key = SecretKey.generate()
    file = store.create("alice", "pass wörd", key)
    assert unlock(store, "alice", "pass wörd", "any").public == key.public
    assert store.list() == [file]
    assert (file.address, file.development) == (wallet_address(key.public), False)


def test_a_wrong_password_is_refused(store: Keystore) -> None:
    """WrongPassword, and nothing of the secret in the message."""
    key = SecretKey.generate()
    store.create("alice", "right", key)
    with pytest.raises(Refusal) as caught:
        unlock(store, "alice", "wrong")
    assert caught.value.code is Refused.WRONG_PASSWORD
    assert key.secret_bytes().hex() not in str(caught.value)


def test_the_file_is_private_and_has_no_secret_in_the_open(store: Keystore) -> None:
    """Mode 0600, and neither secret nor password in it."""
    key = SecretKey.generate()
    store.create("alice", "open sesame", key)
    path = store.directory / "alice.key.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.secret_bytes().hex() not in path.read_text()
    assert "sesame" not in path.read_text()


def test_a_key_file_is_never_overwritten(store: Keystore) -> None:
    """The second wallet of a name is refused and the first is as it was."""
    first = store.create("alice", "a")
    with pytest.raises(Refusal):
        store.create("alice", "b")
    assert unlock(store, "alice", "a").public == first.public


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 65, "a b", "a\n"])
def test_a_name_that_is_no_file_name_is_refused(store: Keystore, name: str) -> None:
    """Names cannot lead out of the folder."""
    with pytest.raises(Refusal) as caught:
        store.create(name, "p")
    assert caught.value.code is Refused.BAD_REQUEST


def test_a_development_key_is_marked_and_works_on_the_devnet_only(store: Keystore) -> None:
    """It needs no password there, and is DevelopmentKey anywhere else."""
    key = SecretKey.development("tael", 0)
    assert store.create_development("dev-0", key).development
    assert unlock(store, "dev-0", None).public == key.public
    with pytest.raises(Refusal) as caught:
        unlock(store, "dev-0", None, "real-chain")
    assert caught.value.code is Refused.DEVELOPMENT_KEY


def test_a_guarded_wallets_file_has_its_address(store: Keystore) -> None:
    """The address is that of key and guardian."""
    file = store.create("child", "p", guardian=bytes(32))
    assert file.address == wallet_address(file.public, bytes(32))


CHANGES = [
    {"format": "other"},
    {"name": "bob"},
    {"address": "tael1x"},
    {"public": "zz"},
    {"development": 1},
    {"kdf": None},
    {"kdf": {"name": "scrypt", "n": 3, "r": 8, "p": 1, "salt": "00"}},
    {"kdf": {"name": "scrypt", "n": 2**40, "r": 8, "p": 1, "salt": "00"}},
    {"kdf": {"name": "md5", "n": 2, "r": 8, "p": 1, "salt": "00"}},
    {"cipher": {"name": "chacha20-poly1305", "nonce": "00", "text": "00"}},
    {"cipher": []},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_file_is_refused(store: Keystore, change: dict[str, object]) -> None:
    """WrongKeyFile whatever is damaged."""
    store.create("alice", "p")
    path = store.directory / "alice.key.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Refusal) as caught:
        unlock(store, "alice", "p")
    assert caught.value.code is Refused.WRONG_KEY_FILE


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 10_000, "\x00", "null"])
def test_a_file_of_something_else_is_refused(store: Keystore, text: str) -> None:
    """Whatever stands in it."""
    store.create("alice", "p")
    (store.directory / "alice.key.json").write_text(text)
    with pytest.raises(Refusal) as caught:
        store.find("alice")
    assert caught.value.code is Refused.WRONG_KEY_FILE


def test_what_is_authenticated_cannot_be_changed(store: Keystore) -> None:
    """A file whose address was exchanged does not open."""
    store.create("alice", "p")
    other = store.create("bob", "p")
    path = store.directory / "alice.key.json"
    content = json.loads(path.read_text())
    content["address"] = json.loads((store.directory / "bob.key.json").read_text())["address"]
    assert other.address
    path.write_text(json.dumps(content))
    with pytest.raises(Refusal) as caught:
        unlock(store, "alice", "p")
    assert caught.value.code is Refused.WRONG_PASSWORD
