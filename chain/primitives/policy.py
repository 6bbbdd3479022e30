"""Who may sign for a wallet: one key, or k of n."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from chain.primitives.address import format_address
from chain.primitives.codec import as_bytes, as_int, as_list, malformed
from chain.primitives.keys import PUBLIC_KEY_BYTES_MAX, SCHEME_GAS, check_public_key, verify
from chain.primitives.limits import POLICY_KEYS_MAX, SIGNATURE_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused

Signatures: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Pairs of public key and signature, sorted by key, each key once."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`threshold` of `keys` must sign: no fewer, and no more. The keys are sorted, each once."""

    keys: tuple[bytes, ...]
    threshold: int = 1

    def plain(self) -> bytes | list[Any]:
        """The policy as the codec takes it: the key if there is one, else `[threshold, [key…]]`."""
        return self.keys[0] if len(self.keys) == 1 else [self.threshold, list(self.keys)]


KeyOrPolicy: TypeAlias = bytes | Policy
"""Who signs for a wallet, as it is kept and passed on: most have one key, and that needs no object of its own."""


def key_plain(key: KeyOrPolicy) -> bytes | list[Any]:
    """A key or policy as the codec takes it; one key always as its bytes."""
    return key if isinstance(key, bytes) else key.plain()


def read_key(plain: object) -> KeyOrPolicy:
    """The key or policy of its plain form. Raises `Refusal` as `read_policy` does."""
    return check_public_key(plain) if type(plain) is bytes else read_policy(plain)


def own_key(plain: Any) -> KeyOrPolicy:
    """The key or policy of a plain form in a record that this node wrote. Raises `ValueError`, `TypeError` if it is none."""
    if isinstance(plain, bytes):
        return plain
    threshold, keys = plain
    return Policy(tuple(keys), threshold)


def policy_of(key: KeyOrPolicy) -> Policy:
    """The policy that a key is."""
    return Policy((key,)) if isinstance(key, bytes) else key


def make_policy(threshold: int, keys: Sequence[bytes]) -> Policy:
    """The policy of keys in any order. Raises `Refusal` as `read_policy` does."""
    return read_policy(keys[0] if len(keys) == 1 and threshold == 1 else [threshold, sorted(keys)])


def read_policy(plain: object) -> Policy:
    """The policy of its plain form: 1 <= threshold <= keys, 2 <= keys <= 16, since 1 of 1 is written as the key.

    Raises `Refusal` Malformed, WrongKey, UnknownKeyScheme.
    """
    if type(plain) is bytes:
        return Policy((check_public_key(plain),))
    threshold, listed = as_list(plain, "a policy", size=2)
    keys = as_list(listed, "the keys of a policy", most=POLICY_KEYS_MAX)
    if len(keys) < 2:
        raise malformed("a policy of fewer than two keys is written as the key")
    for key in keys:
        check_public_key(as_bytes(key, "a key", most=PUBLIC_KEY_BYTES_MAX))
    if any(key >= following for key, following in pairwise(keys)):
        raise malformed("the keys of a policy must be sorted, each once")
    return Policy(tuple(keys), as_int(threshold, 1, len(keys), "the threshold of a policy"))


def read_signatures(plain: object, *, most: int) -> tuple[tuple[bytes, bytes], ...]:
    """Signatures of their plain form, `[[key, signature]…]`. Raises `Refusal` Malformed, WrongSignature, WrongKey,
    UnknownKeyScheme; whether they are valid is asked later.
    """
    pairs: list[tuple[bytes, bytes]] = []
    for pair in as_list(plain, "signatures", most=most):
        key, signature = as_list(pair, "a signature", size=2)
        check_public_key(as_bytes(key, "a key", most=PUBLIC_KEY_BYTES_MAX))
        if pairs and key <= pairs[-1][0]:
            raise Refusal(Refused.WRONG_SIGNATURE, "signatures must be sorted by key, each key once")
        pairs.append((key, as_bytes(signature, "a signature", most=SIGNATURE_BYTES_MAX)))
    return tuple(pairs)


def signatures_gas(keys: Sequence[bytes]) -> int:
    """Gas of verifying a signature of each of the keys."""
    return sum(SCHEME_GAS[key[0]] for key in keys)


def check_signers(needed: Sequence[tuple[bytes, Policy]], keys: Sequence[bytes]) -> None:
    """That a transaction is signed by whom the wallets `(address, policy)` need, and by no others: by the names alone, so it
    costs next to nothing and comes before anything is verified. `keys` are those of `read_signatures`.

    Every policy must have its threshold. A key that could be left out is refused: of several policies one that has the key
    must have no more than its threshold. So nobody on the way can take a signature away and leave a valid transaction. Raises
    `Refusal` MissingSignature, ExtraSignature.
    """
    signed = set(keys)
    needed_keys: set[bytes] = set()
    for address, policy in needed:
        count = len(signed.intersection(policy.keys))
        if count < policy.threshold:
            raise _missing(address, policy, count)
        if count == policy.threshold:
            needed_keys.update(policy.keys)
    for key in keys:
        if key not in needed_keys:
            raise Refusal(Refused.EXTRA_SIGNATURE, f"key {key.hex()} need not sign", key=key.hex())


def _missing(address: bytes, policy: Policy, count: int) -> Refusal:
    text = format_address(address)
    if len(policy.keys) == 1:
        return Refusal(Refused.MISSING_SIGNATURE, f"the key of wallet {text} has not signed", wallet=text)
    return Refusal(
        Refused.MISSING_SIGNATURE,
        f"{count} keys of wallet {text} have signed; {policy.threshold} of its {len(policy.keys)} must",
        wallet=text,
        threshold=policy.threshold,
        signed=count,
    )


def check_valid(signatures: Signatures, message: bytes) -> None:
    """That every signature is valid; ends at the first that is not. Raises `Refusal` WrongSignature."""
    for key, signature in signatures:
        if not verify(key, message, signature):
            raise Refusal(Refused.WRONG_SIGNATURE, f"the signature of key {key.hex()} is not valid", key=key.hex())
