"""Certificates: by the signatures of a chain's validators a block is the one at its height.

A certificate stands beside the block, not in it: the block's hash is what is signed, so others can sign the same block later, and
a block means the same whoever has signed it. `docs/ledger.md`, "Certificates", has the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain.primitives.codec import as_bytes, as_int, as_list, check_version, decode, encode
from chain.primitives.hash import HASH_BYTES, TAG_CERTIFICATE, tagged_hash
from chain.primitives.header import Header
from chain.primitives.keys import Signer, verify
from chain.primitives.limits import HEIGHT_MAX, POLICY_KEYS_MAX
from chain.primitives.policy import KeyOrPolicy, Signatures, policy_of, read_signatures
from chain.primitives.refusal import Refusal, Refused

CERTIFICATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Certificate:
    """Who has signed for a block. `signatures` are pairs of key and signature, sorted by key, each key once."""

    height: int
    block_hash: bytes
    signatures: Signatures

    @property
    def encoded(self) -> bytes:
        """The one byte string of this certificate."""
        return encode([CERTIFICATE_VERSION, self.height, self.block_hash, [list(pair) for pair in self.signatures]])


def certificate_message(chain_id: str, height: int, block_hash: bytes) -> bytes:
    """What a validator signs: height and hash of a block, bound to the chain."""
    return tagged_hash(TAG_CERTIFICATE, chain_id.encode() + b"\x00" + height.to_bytes(8) + block_hash)


def certify(header: Header, signers: Sequence[Signer]) -> Certificate:
    """The certificate of a block by these validators."""
    message = certificate_message(header.chain_id, header.height, header.hash)
    pairs = sorted((signer.public, signer.sign(message)) for signer in signers)
    return Certificate(header.height, header.hash, tuple(pairs))


def decode_certificate(data: bytes) -> Certificate:
    """The certificate of a byte string. Raises `Refusal` Malformed, UnknownVersion, WrongSignature, WrongKey, UnknownKeyScheme;
    whether the signatures are valid is asked by `check_certificate`.
    """
    version, height, block_hash, signatures = as_list(decode(data), "a certificate", size=4)
    check_version(version, "the certificate", CERTIFICATE_VERSION)
    return Certificate(
        as_int(height, 0, HEIGHT_MAX, "height"),
        as_bytes(block_hash, "a hash", size=HASH_BYTES),
        read_signatures(signatures, most=POLICY_KEYS_MAX),
    )


def check_certificate(certificate: Certificate, header: Header, validators: KeyOrPolicy) -> None:
    """That a certificate is one of this block by these validators: exactly as many signatures as their policy asks for, each by
    one of its keys, each valid. Raises `Refusal` NotCertified.
    """
    if (certificate.height, certificate.block_hash) != (header.height, header.hash):
        raise _not_certified(header, "the certificate is of another block")
    policy = policy_of(validators)
    signed = [key for key, _ in certificate.signatures]
    strangers = [key for key in signed if key not in policy.keys]
    if strangers:
        raise _not_certified(header, f"key {strangers[0].hex()} is none of a validator of this chain")
    if len(signed) != policy.threshold or signed != sorted(set(signed)):
        raise _not_certified(header, f"{policy.threshold} validators sign it, in the order of their keys, and not {len(signed)}")
    message = certificate_message(header.chain_id, header.height, header.hash)
    for key, signature in certificate.signatures:
        if not verify(key, message, signature):
            raise _not_certified(header, f"the signature of key {key.hex()} is not valid")


def check_certified(encoded: bytes, header: Header, validators: KeyOrPolicy) -> Certificate:
    """The certificate of a block from its bytes, checked. Raises `Refusal` NotCertified, also for other bytes."""
    try:
        certificate = decode_certificate(encoded)
    except Refusal as refusal:
        raise _not_certified(header, refusal.message) from None
    check_certificate(certificate, header, validators)
    return certificate


def choose_signers(validators: KeyOrPolicy | None, signers: Sequence[Signer]) -> tuple[Signer, ...]:
    """As many of these as certify a block, in the order of their keys. Raises `Refusal` WrongKey if they are too few, or one is
    no validator's.
    """
    policy = None if validators is None else policy_of(validators)
    for signer in signers:
        if policy is None or signer.public not in policy.keys:
            raise Refusal(
                Refused.WRONG_KEY,
                f"key {signer.public.hex()} is none of a validator of this chain",
                "Give the key of a validator that the chain's genesis names.",
            )
    chosen = {signer.public: signer for signer in signers}
    if policy is None or not chosen:
        return ()
    if len(chosen) < policy.threshold:
        raise Refusal(
            Refused.WRONG_KEY,
            f"{policy.threshold} validators certify a block of this chain, and {len(chosen)} of their keys are here",
            "Give as many keys of validators as the chain's genesis asks for.",
        )
    return tuple(chosen[key] for key in sorted(chosen)[: policy.threshold])


def _not_certified(header: Header, why: str) -> Refusal:
    return Refusal(Refused.NOT_CERTIFIED, f"block {header.height} is not certified: {why}", height=header.height)
