"""A person's wallets on this machine, and the devnet's: who a name is, and the key that signs for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kit.home import wallets_folder
from kit.names import ALIASES, CHAIN_ID, WALLETS, development_key, development_number, development_seed
from kit.problem import Problem, missing
from kit.shared import find_shared, list_shared

if TYPE_CHECKING:
    from chain.client.keystore import KeyFile, Keystore
    from chain.primitives.keys import OwnKey
    from chain.primitives.policy import KeyOrPolicy
    from kit.shared import SharedWallet


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet by name. `own` has its key file; without one it is the devnet's, and its key is known to everybody, or one for
    which several keys sign: then `key` is a policy.
    """

    name: str
    address: bytes
    key: KeyOrPolicy
    development: bool
    own: bool

    @property
    def public(self) -> bytes:
        """The public key; empty if several sign."""
        return self.key if isinstance(self.key, bytes) else b""

    @property
    def several(self) -> bool:
        """Whether several keys sign."""
        return not isinstance(self.key, bytes)


def keystore() -> Keystore:
    """The key files of this machine's user."""
    from chain.client.keystore import Keystore

    return Keystore(wallets_folder())


def own_wallets() -> list[Wallet]:
    """The wallets with a key file, by name."""
    return [_own(file) for file in keystore().list()]


def development_wallets() -> list[Wallet]:
    """The ten wallets of the devnet."""
    return [_development(number, f"dev{number}") for number in range(WALLETS)]


def find_wallet(name: str, chain_id: str | None) -> Wallet | None:
    """The wallet of a name: one with a key file first, then, on the devnet, the devnet's. None if there is none."""
    from chain.primitives.refusal import Refusal, Refused

    try:
        return _own(keystore().find(name))
    except Refusal as refusal:
        if refusal.code not in (Refused.NOT_FOUND, Refused.BAD_REQUEST):
            raise
    shared = find_shared(name)
    if shared is not None:
        return _shared(shared)
    number = development_number(name)
    return _development(number, name) if number is not None and chain_id in (None, CHAIN_ID) else None


def names(chain_id: str | None) -> dict[bytes, str]:
    """The names of known wallets by address; a damaged key file has none."""
    from chain.primitives.refusal import Refusal

    known: dict[bytes, str] = {}
    if chain_id == CHAIN_ID:
        known = {wallet.address: ALIASES[number] for number, wallet in enumerate(development_wallets())}
    known |= {shared.address: shared.name for shared in list_shared()}
    store = keystore()
    if store.directory.is_dir():
        try:
            known |= {file.address: file.name for file in store.list()}
        except Refusal:
            return known
    return known


def unlock(wallet: Wallet, chain_id: str, password_file: str | None) -> OwnKey:
    """The key that signs for a wallet on a chain. Asks for the password if there is one. Raises `Problem`, `Refusal`."""
    number = development_number(wallet.name)
    if not wallet.own:
        if number is None:
            raise missing(f"there is no key here for {wallet.name}", f"Do without it: tael devnet impersonate {wallet.name}")
        return development_key(number, development_seed())
    password = None if wallet.development else read_password(f"Password of {wallet.name}", password_file)
    return keystore().unlock(wallet.name, password, chain_id=chain_id, development_chain_id=CHAIN_ID)


def read_password(prompt: str, password_file: str | None, *, twice: bool = False) -> str:
    """A password: from the file, else TAEL_PASSWORD, else asked for at the terminal. Never from the command line."""
    if password_file is not None:
        path = Path(password_file)
        if not path.is_file():
            raise missing(f"the password file {password_file} is not there", "Check the path.")
        password = path.read_text("utf-8").rstrip("\r\n")
        if not password:
            raise missing(f"the password file {password_file} is empty", "Write the password into it.")
        return password
    from_environment = os.environ.get("TAEL_PASSWORD")
    if from_environment is not None:
        return from_environment
    if not sys.stdin.isatty():
        raise missing(
            "a password is needed, and there is no terminal to ask at", "Give --password-file FILE, or set TAEL_PASSWORD."
        )
    import getpass

    password = getpass.getpass(f"{prompt}: ")
    if twice and getpass.getpass("The same again: ") != password:
        raise Problem("the two passwords are not the same", "Try again.", code="Usage")
    return password


def shared_wallets() -> list[Wallet]:
    """The wallets of this machine for which several keys sign, by name."""
    return [_shared(shared) for shared in list_shared()]


def _shared(shared: SharedWallet) -> Wallet:
    return Wallet(shared.name, shared.address, shared.policy, development=False, own=False)


def _own(file: KeyFile) -> Wallet:
    return Wallet(file.name, file.address, file.public, file.development, own=True)


def _development(number: int, name: str) -> Wallet:
    from chain.primitives.address import wallet_address

    public = development_key(number, development_seed()).public
    return Wallet(name, wallet_address(public), public, development=True, own=False)
