"""Public keys as they are said on a command line: by the name of a wallet, or in hexadecimal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kit.problem import usage
from kit.wallets import find_wallet

if TYPE_CHECKING:
    from chain.primitives.policy import KeyOrPolicy, Policy
    from kit.network import Network


def one_key(text: str, chain_id: str | None) -> bytes:
    """The public key of a wallet here, or that of a text in hexadecimal. Raises `Problem`."""
    from chain.primitives.keys import check_public_key
    from chain.primitives.refusal import Refusal

    wallet = find_wallet(text, chain_id)
    if wallet is not None and not wallet.several:
        return wallet.public
    if wallet is not None:
        raise usage(f"{text} has no key of its own: several sign for it", "Name those who do.")
    try:
        return check_public_key(bytes.fromhex(text))
    except (ValueError, Refusal):
        remedy = "Give the name of a wallet here, or a public key: `tael wallet list --json` has them."
        raise usage(f"{text!r} is neither a wallet here nor a public key", remedy) from None


def public_key(network: Network, text: str) -> KeyOrPolicy:
    """Who acts: the key or keys of a wallet here, or a public key. Raises `Problem`."""
    wallet = find_wallet(text, network.status.chain_id)
    return wallet.key if wallet is not None else one_key(text, network.status.chain_id)


def said_policy(keys: Sequence[str], threshold: int, chain_id: str | None) -> Policy:
    """`threshold` of the keys that are named. Raises `Problem`."""
    from chain.primitives.policy import make_policy
    from chain.primitives.refusal import Refusal

    named = [part for text in keys for part in text.split(",") if part]
    public = sorted({one_key(name, chain_id) for name in named})
    if len(public) != len(named):
        raise usage("a key is named twice", "Each signs once.")
    if not 1 <= threshold <= len(public):
        raise usage(f"{threshold} of {len(public)} keys cannot sign", "Give --of a number from 1 to that of the keys.")
    try:
        return make_policy(threshold, public)
    except Refusal as refusal:
        raise usage(refusal.message, refusal.remedy) from None
