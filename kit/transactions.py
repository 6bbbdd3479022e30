"""Transactions in files, to be passed around and signed by several people, and what they say in words.

```json
{"format": "tael-transaction/1", "transaction": "92…"}
```

Nothing in a file is believed but the bytes of the transaction: what is shown is made from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.problem import Problem, missing
from kit.project import write_file
from kit.receipts import show_party
from kit.saved import Saved
from kit.sessions import scope_lines, session_name
from kit.values import show_address, show_money, show_time, show_value

if TYPE_CHECKING:
    from chain.primitives.policy import KeyOrPolicy
    from chain.primitives.transaction import Action, Call, Deploy, Grant, Transaction
    from kit.network import Network
    from vm.module import Function

__all__ = ["Saved", "load_transaction", "plain_transaction", "save_transaction", "transaction_lines"]
FORMAT = "tael-transaction/1"
_FILE_BYTES_MAX = 1024 * 1024


def save_transaction(path: Path, transaction: Transaction) -> None:
    """Write a transaction to a file."""
    content = {"format": FORMAT, "transaction": transaction.encoded.hex()}
    write_file(path, (json.dumps(content, indent=1) + "\n").encode())


def load_transaction(path: Path) -> Transaction:
    """The transaction of a file. Raises `Problem`, `Refusal` if its bytes are none."""
    from chain.primitives.json_text import parse_json
    from chain.primitives.transaction import decode_transaction

    if not path.is_file():
        raise missing(f"the file {path} is not there", "Check the path; `tael transaction make` writes one.")
    try:
        content = parse_json(path.read_bytes()[:_FILE_BYTES_MAX])
        if content["format"] != FORMAT:
            raise ValueError
        data = bytes.fromhex(content["transaction"])
    except (ValueError, KeyError, TypeError):
        raise Problem(f"{path} has no transaction in it", "`tael transaction make` writes one.", code="Malformed") from None
    return decode_transaction(data)


def transaction_lines(network: Network, transaction: Transaction) -> list[tuple[str, str]]:
    """All that a transaction says, for whoever is to sign it."""
    body, status = transaction.body, network.status
    base = network.setting(status.base_currency)
    most = -(-body.gas_limit * body.gas_price // 10**6)
    rows = [("chain", body.chain_id), ("from", _who(network, body.sender))]
    if body.authority is not None:
        rows.append(("session", session_name(body.authority)))
    for action in body.actions:
        rows += action_lines(network, action)
    if body.limits is None:
        rows.append(("takes", "whatever its actions take: there is no limit"))
    else:
        limits = [show_money(minor, code, network.setting(code)) for code, minor in body.limits]
        rows.append(("takes", f"at most {' and '.join(limits)} from the sender" if limits else "nothing from the sender"))
    fee = f"at most {show_money(most, status.base_currency, base)}, for at most {body.gas_limit:_} gas"
    rows.append(("fee", fee if body.fee_payer is None else f"{fee}; {_who(network, body.fee_payer)} pays it"))
    rows.append(("place", f"number {body.sequence} of lane {body.lane}"))
    if body.expiry_ms is not None:
        rows.append(("expires", show_time(body.expiry_ms)))
    if body.expiry_height is not None:
        rows.append(("expires", f"after block {body.expiry_height:_}"))
    if body.memo is not None:
        rows.append(("memo", f"the text whose hash is {body.memo.hex()}"))
    rows.append(("transaction", transaction.identity.hex()))
    return rows


def signature_lines(network: Network, transaction: Transaction) -> list[tuple[str, str]]:
    """Who has signed, validly or not, and who may still have to."""
    from chain.primitives.keys import signing_message, verify
    from kit.signing import lacking

    message = signing_message(transaction.body.chain_id, transaction.identity)
    rows = []
    for key, signature in transaction.signatures:
        worth = "" if verify(key, message, signature) else "  NOT VALID"
        rows.append(("signed by", f"{_key(network, key)}{worth}"))
    signed = {key for key, _ in transaction.signatures}
    for address, policy, count in lacking(network, transaction):
        rest = [_key(network, key) for key in policy.keys if key not in signed]
        wanted = policy.threshold - count
        rows.append(("still needs", f"{wanted} of {', '.join(rest)}, for {_who(network, address)}"))
    return rows


def plain_transaction(network: Network, transaction: Transaction) -> dict[str, Any]:
    """A transaction for JSON: its lines, and who has signed."""
    from kit.signing import lacking

    left = lacking(network, transaction)
    return {
        "id": transaction.identity.hex(),
        "transaction": transaction.encoded.hex(),
        "says": [{"name": name, "text": text} for name, text in transaction_lines(network, transaction)],
        "signed": [key.hex() for key, _ in transaction.signatures],
        "lacking": [
            {"wallet": show_address(address, network.setting()), "threshold": policy.threshold, "signed": count}
            for address, policy, count in left
        ],
        "complete": not left,
    }


def action_lines(network: Network, action: Action) -> list[tuple[str, str]]:
    """What an action does, in words."""
    from chain.primitives import transaction as kinds

    match action:
        case kinds.Pay(to, currency, minor):
            return [("pays", f"{show_money(minor, currency, network.setting(currency))} to {show_party(network, to)}")]
        case kinds.Call():
            return [("calls", _call_line(network, action))]
        case kinds.Deploy():
            return [("deploys", _deploy_line(network, action))]
        case kinds.OpenWallet(key, guarded, rules):
            guard = ", with the sender as guardian" if guarded else ""
            return [("opens", f"the wallet of {_policy(network, key)}{guard}"), *_rule_lines(network, rules)]
        case kinds.SetRules(wallet, rules):
            return [("sets", f"the rules of {_who(network, wallet)}{'' if rules else ': none'}"), *_rule_lines(network, rules)]
        case kinds.SetPolicy(wallet, key):
            return [("lets sign", f"{_policy(network, key)} for {_who(network, wallet)}; all its sessions end")]
        case kinds.Grant():
            return _grant_lines(network, action)
        case kinds.Revoke(session):
            return [("ends", f"the session {session_name(session)}")]
    raise AssertionError(action)


def _grant_lines(network: Network, grant: Grant) -> list[tuple[str, str]]:
    head = f"{_policy(network, grant.key)} act for the sender until {show_time(grant.expiry_ms)}, as session "
    return [("lets", head + session_name(grant.session)), *scope_lines(network, grant.scope)]


def _rule_lines(network: Network, rules: tuple[bytes, ...]) -> list[tuple[str, str]]:
    return [("rule", show_party(network, rule)) for rule in rules]


def _call_line(network: Network, call: Call) -> str:
    place = show_address(call.contract, network.setting())
    if not network.is_contract(call.contract):
        return f"{call.function} of {place}, where there is no contract"
    contract = network.contract(call.contract)
    found = next((function for function in contract.module.functions if function.name == call.function), None)
    shown = _arguments(network, found, call.arguments, contract.currency)
    return f"{contract.module.name}.{call.function}({shown}) at {place}"


def _deploy_line(network: Network, deploy: Deploy) -> str:
    from vm.codec import decode_module
    from vm.illegal import Illegal
    from vm.module import Kind

    try:
        module = decode_module(deploy.module)
    except Illegal:
        return "what is no module"
    init = next((function for function in module.functions if function.kind is Kind.INIT), None)
    shown = _arguments(network, init, deploy.arguments, deploy.currency)
    return f"{module.name}({shown}), in {deploy.currency}, {len(deploy.module):_} bytes"


def _arguments(network: Network, function: Function | None, data: bytes, home: str) -> str:
    """The arguments by name and type; their bytes if they are not the function's."""
    from vm.failure import Failure
    from vm.values import decode_arguments

    parameters = () if function is None else function.parameters
    try:
        values = decode_arguments([kind for _, kind in parameters], data)
    except Failure:
        return f"0x{data.hex()}, which are not its arguments"
    setting = network.setting(home)
    shown = (f"{name}: {show_value(value, kind, setting)}" for (name, kind), value in zip(parameters, values, strict=True))
    return ", ".join(shown)


def _policy(network: Network, key: KeyOrPolicy) -> str:
    if isinstance(key, bytes):
        return _key(network, key)
    return f"{key.threshold} of {', '.join(_key(network, one) for one in key.keys)}"


def _key(network: Network, key: bytes) -> str:
    """A key by the name of the wallet here that has it, else in hexadecimal."""
    from kit.signing import wallets_by_key

    here = wallets_by_key(network).get(key)
    if here is None:
        return f"key {key.hex()}"
    return network.setting().name_of(here.address) or here.name


def _who(network: Network, address: bytes) -> str:
    return show_address(address, network.setting())
