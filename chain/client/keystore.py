"""Keys on disk: one encrypted file a wallet (scrypt and ChaCha20-Poly1305), readable by its owner only.

```json
{"format": "tael-key/1", "name": "alice", "address": "tael1…", "public": "01…", "development": false,
 "kdf": {"name": "scrypt", "n": 32768, "r": 8, "p": 1, "salt": "…"},
 "cipher": {"name": "chacha20-poly1305", "nonce": "…", "text": "…"}}
```

Everything but `kdf` and `cipher` is authenticated with the secret. A development key has its secret in the
open under `secret`
instead of `kdf` and `cipher`, since it is no secret, and is marked as such.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.primitives.address import format_address, parse_address, wallet_address
from chain.primitives.codec import encode
from chain.primitives.json_text import parse_json
from chain.primitives.keys import SECRET_BYTES, OwnKey, SecretKey, own_secret_key
from chain.primitives.refusal import Refusal, Refused

FORMAT = "tael-key/1"
_SCRYPT_N = 2**15
"""32 MiB and about 0.1 s: bearable at each use, dear to guess."""
_SCRYPT_N_MAX = 2**18
"""256 MiB: no key file may ask for more. None may ask for less than `_SCRYPT_N` either."""
_SCRYPT_R, _SCRYPT_P = 8, 1
_SALT_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16
_FILE_BYTES_MAX = 16 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_SUFFIX = ".key.json"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file tells without its password."""

    name: str
    address: bytes
    public: bytes
    development: bool


class Keystore:
    """A folder of key files. Every method raises `Refusal`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def create(self, name: str, password: str, key: OwnKey | None = None, *, guardian: bytes | None = None) -> KeyFile:
        """Encrypt a key (a new one if none is given) into a file of this name, which must not exist yet.

        `guardian` makes the address that of a guarded wallet.
        """
        key = SecretKey.generate() if key is None else key
        file = KeyFile(name, wallet_address(key.public, guardian), key.public, development=False)
        salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        cipher = _cipher(password, salt, _SCRYPT_N)
        text = cipher.encrypt(nonce, key.secret_bytes(), _authenticated(file))
        self._write(
            file,
            {
                "kdf": {"name": "scrypt", "n": _SCRYPT_N, "r": _SCRYPT_R, "p": _SCRYPT_P, "salt": salt.hex()},
                "cipher": {"name": "chacha20-poly1305", "nonce": nonce.hex(), "text": text.hex()},
            },
        )
        return file

    def create_development(self, name: str, key: OwnKey) -> KeyFile:
        """Write a development key, in the open and marked as such."""
        file = KeyFile(name, wallet_address(key.public), key.public, development=True)
        self._write(file, {"secret": key.secret_bytes().hex()})
        return file

    def list(self) -> list[KeyFile]:
        """All key files by name."""
        if not self.directory.is_dir():
            return []
        names = sorted(path.name.removesuffix(_SUFFIX) for path in self.directory.glob(f"*{_SUFFIX}"))
        return [self.find(name) for name in names]

    def find(self, name: str) -> KeyFile:
        """The key file of a name. NotFound if there is none, WrongKeyFile if it is damaged."""
        return self._read(name)[0]

    def unlock(self, name: str, password: str | None, *, chain_id: str, development_chain_id: str) -> OwnKey:
        """The key of a name, for use on a chain. `password` may be None for a development key.

        Raises WrongPassword, and DevelopmentKey if it is one and the chain is not the devnet.
        """
        file, content = self._read(name)
        if file.development and chain_id != development_chain_id:
            raise Refusal(Refused.DEVELOPMENT_KEY, f"{name} is a development key, and this is chain {chain_id!r}")
        try:
            secret = bytes.fromhex(content["secret"]) if file.development else _decrypt(file, content, password or "")
            key = own_secret_key(file.public[0], secret)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise _damaged(name) from None
        if key.public != file.public:
            raise _damaged(name)
        return key

    def _path(self, name: str) -> Path:
        if not _NAME.match(name):
            raise Refusal(
                Refused.BAD_REQUEST,
                "a wallet's name has 1 to 64 letters, digits, dots and dashes",
                "Choose another.",
            )
        return self.directory / f"{name}{_SUFFIX}"

    def _read(self, name: str) -> tuple[KeyFile, dict[str, Any]]:
        path = self._path(name)
        try:
            with path.open("rb") as handle:
                content = parse_json(handle.read(_FILE_BYTES_MAX))
            if content["format"] != FORMAT or content["name"] != name or type(content["development"]) is not bool:
                raise _damaged(name)
            address, public = parse_address(content["address"]), bytes.fromhex(content["public"])
        except FileNotFoundError:
            raise Refusal(Refused.NOT_FOUND, f"there is no wallet named {name}", "Make it first.") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise _damaged(name) from None
        except Refusal:
            raise _damaged(name) from None
        return KeyFile(name, address, public, content["development"]), content

    def _write(self, file: KeyFile, secret: dict[str, Any]) -> None:
        content = {
            "format": FORMAT,
            "name": file.name,
            "address": format_address(file.address),
            "public": file.public.hex(),
            "development": file.development,
            **secret,
        }
        path = self._path(file.name)
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Exclusive: an existing key is never overwritten. 0600 from the first moment on.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Refusal(Refused.BAD_REQUEST, f"there is a wallet named {file.name} already", "Choose another name.") from None
        except OSError as error:
            raise Refusal(
                Refused.BAD_REQUEST,
                f"the key file cannot be written: {error.strerror}",
                "Choose another folder.",
            ) from None
        try:
            with os.fdopen(descriptor, "w") as handle:
                json.dump(content, handle, indent=1)
                handle.write("\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)  # half a key file is of no use, and would keep its name from being taken
            raise Refusal(
                Refused.BAD_REQUEST, f"the key file cannot be written: {error.strerror}", "Choose another folder."
            ) from None


def _authenticated(file: KeyFile) -> bytes:
    return encode([FORMAT, file.name, file.address, file.public, file.development])


def _cipher(password: str, salt: bytes, n: int) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    scrypt = Scrypt(salt=salt, length=32, n=n, r=_SCRYPT_R, p=_SCRYPT_P)
    return ChaCha20Poly1305(scrypt.derive(password.encode("utf-8", "surrogatepass")))


def _decrypt(file: KeyFile, content: dict[str, Any], password: str) -> bytes:
    """The secret bytes. Raises WrongPassword, and what a damaged file leads to."""
    from cryptography.exceptions import InvalidTag

    kdf, cipher = content["kdf"], content["cipher"]
    n, salt = kdf["n"], bytes.fromhex(kdf["salt"])
    nonce, text = bytes.fromhex(cipher["nonce"]), bytes.fromhex(cipher["text"])
    known = (kdf["name"], kdf["r"], kdf["p"], cipher["name"])
    if known != ("scrypt", _SCRYPT_R, _SCRYPT_P, "chacha20-poly1305"):
        raise _damaged(file.name)
    if type(n) is not int or not _SCRYPT_N <= n <= _SCRYPT_N_MAX or n & (n - 1) or not salt:
        raise _damaged(file.name)
    if len(nonce) != _NONCE_BYTES or len(text) != SECRET_BYTES + _TAG_BYTES:
        raise _damaged(file.name)
    try:
        secret: bytes = _cipher(password, salt, n).decrypt(nonce, text, _authenticated(file))
    except InvalidTag:
        raise Refusal(Refused.WRONG_PASSWORD, f"wrong password for {file.name}, or its file was changed") from None
    return secret


def _damaged(name: str) -> Refusal:
    return Refusal(Refused.WRONG_KEY_FILE, f"the key file of {name} is damaged or of an unknown format")
