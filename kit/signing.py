"""Who signs a transaction here: of the keys that the ledger asks for, those that are on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit.problem import Exit, Problem
from kit.wallets import development_wallets, find_wallet, own_wallets, unlock

if TYPE_CHECKING:
    from chain.primitives.keys import OwnKey
    from chain.primitives.policy import Policy
    from chain.primitives.transaction import Body, Transaction
    from kit.network import Network
    from kit.wallets import Wallet


def policy_on_ledger(network: Network, address: bytes, session: bytes | None = None) -> Policy | None:
    """Who signs for a wallet, or in a session of it, by the ledger; None if it has no such wallet. Raises `Problem` if it has no
    such session.
    """
    from chain.primitives.policy import make_policy
    from chain.primitives.refusal import Refusal, Refused

    try:
        answer = network.client.wallet(address)
    except Refusal as refusal:
        if refusal.code is Refused.NOT_FOUND:
            return None
        raise
    key: dict[str, Any] = answer["key"]
    if session is not None:
        found = [one for one in answer["sessions"] if one["session"] == session.hex()]
        if not found:
            raise Problem("the wallet has no such session", "`tael session list WALLET` shows them.", code="NoAuthority")
        key = found[0]["key"]
    return make_policy(int(key["threshold"]), [bytes.fromhex(one) for one in key["keys"]])


def policies_of(network: Network, body: Body) -> list[tuple[bytes, Policy]]:
    """Whose signatures a transaction needs: (wallet, who signs for it). A wallet that is not on the ledger signs as its file here
    says.
    """
    needed = []
    for address, session in ((body.sender, body.authority), (body.fee_payer, None)):
        if address is not None:
            policy = policy_on_ledger(network, address, session) or policy_here(network, address, body)
            if policy is not None:
                needed.append((address, policy))
    return needed


def policy_here(network: Network, address: bytes, body: Body) -> Policy | None:
    """Who signs for a wallet that is not open yet: as the transaction opens it, or as a file here says."""
    from chain.primitives.address import wallet_address
    from chain.primitives.policy import policy_of
    from chain.primitives.transaction import OpenWallet

    for action in body.actions:
        if isinstance(action, OpenWallet):
            policy = policy_of(action.key)
            if wallet_address(policy.plain()) == address:
                return policy
    name = network.setting().name_of(address)
    wallet = None if name is None else find_wallet(name, network.status.chain_id)
    return None if wallet is None else policy_of(wallet.key)


def wallets_by_key(network: Network) -> dict[bytes, Wallet]:
    """The wallets of this machine, and on a devnet its own, by public key."""
    from kit.names import CHAIN_ID

    known = development_wallets() if network.status.chain_id == CHAIN_ID else []
    return {wallet.public: wallet for wallet in (*known, *own_wallets())}


def keys_for(
    network: Network, body: Body, password_file: str | None, *, only: Sequence[Wallet] | None = None, partly: bool = False
) -> list[OwnKey]:
    """The keys here that must sign a transaction: of every policy as many as it needs, `only` those of some wallets if they are
    named. Raises `Problem` if there are not enough, unless it may be signed `partly`.
    """
    here = wallets_by_key(network) if only is None else {wallet.public: wallet for wallet in only}
    chosen: dict[bytes, Wallet] = {}
    for address, policy in policies_of(network, body):
        found = [here[key] for key in policy.keys if key in here][: policy.threshold]
        chosen |= {wallet.public: wallet for wallet in found}
        if len(found) < policy.threshold and not partly:
            raise _not_here(network, address, policy, len(found))
    return [unlock(wallet, network.status.chain_id, password_file) for wallet in chosen.values()]


def lacking(network: Network, transaction: Transaction) -> list[tuple[bytes, Policy, int]]:
    """The wallets whose signatures are not complete: (wallet, who signs for it, how many have signed)."""
    signed = {key for key, _ in transaction.signatures}
    counted = [
        (address, policy, len(signed.intersection(policy.keys))) for address, policy in policies_of(network, transaction.body)
    ]
    return [entry for entry in counted if entry[2] < entry[1].threshold]


def _not_here(network: Network, address: bytes, policy: Policy, count: int) -> Problem:
    from kit.values import show_address

    name = show_address(address, network.setting())
    if len(policy.keys) == 1:
        message = f"the key of {name} is not on this machine"
    else:
        message = f"{policy.threshold} of the {len(policy.keys)} keys of {name} must sign, and {count} are on this machine"
    remedy = "Write it to a file with --save FILE; each signs with `tael transaction sign FILE`."
    return Problem(message, remedy, exit_code=Exit.MISSING, code="MissingSignature")
