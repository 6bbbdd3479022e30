"""Longer questions about a ledger: what a transaction was, what gas it needs, and what it did step by step."""

from __future__ import annotations

from typing import Any

from chain.ledger.admission import intrinsic_gas, signers
from chain.ledger.apply import execute
from chain.ledger.contracts import find_function, load_verified, read_contract
from chain.ledger.edits import field_name, slot_kinds
from chain.ledger.machine import BlockMachine
from chain.node.questions import Questions
from chain.node.rendering import error_json, money_json, policy_json, receipt_json, scope_json, value_json
from chain.node.tracing import Recorder
from chain.primitives.address import format_address
from chain.primitives.edits import SetBalance, SetSequence, SetSlot
from chain.primitives.header import Header, decode_header
from chain.primitives.keys import SCHEME_WEBAUTHN, SIGNATURE_BYTES
from chain.primitives.limits import (
    ESTIMATE_MARGIN_PERCENT,
    GAS_TRACE_STEP,
    READ_GAS_MAX,
    SIGNATURE_BYTES_MAX,
    TRANSACTION_GAS_MAX,
)
from chain.primitives.receipt import Receipt, decode_receipt
from chain.primitives.refusal import Refusal, Refused, StoreFailed
from chain.primitives.transaction import (
    Action,
    Call,
    Deploy,
    Grant,
    OpenWallet,
    Pay,
    Revoke,
    SetPolicy,
    SetRules,
    Transaction,
    decode_transaction,
)
from chain.state.overlay import BlockOverlay, View
from vm.failure import Failure
from vm.module import Kind
from vm.values import decode as decode_value
from vm.values import decode_arguments


def header_at(node: Questions, height: int) -> Header:
    """The header at a height. Raises `Refusal` NotFound."""
    data = node.store.header(height) if height <= node.head.height else None
    if data is None:
        raise Refusal(Refused.NOT_FOUND, f"there is no block {height}", head=node.head.height)
    return decode_header(data)


def transaction_json(node: Questions, identity: bytes) -> dict[str, Any] | None:
    """A transaction of a block with its actions decoded, or None if no block has it. Raises `Refusal` Pruned."""
    place = node.store.find(identity)
    if place is None:
        return None
    height, index = place
    block = node.block(height)
    if block is None:
        raise StoreFailed(f"block {height} is missing")
    data = block.transactions[index]
    transaction = decode_transaction(data, included=True)
    body = transaction.body
    return {
        "id": identity.hex(),
        "block": height,
        "index": index,
        "sender": format_address(body.sender),
        "signed": not transaction.unsigned,
        "fee_payer": None if body.fee_payer is None else format_address(body.fee_payer),
        "lane": body.lane,
        "sequence": body.sequence,
        "expiry_height": body.expiry_height,
        "expiry_ms": body.expiry_ms,
        "gas_limit": body.gas_limit,
        "gas_price": body.gas_price,
        "limits": None if body.limits is None else {code: str(most) for code, most in body.limits},
        "memo": None if body.memo is None else body.memo.hex(),
        "actions": [_action_json(action, node.store) for action in body.actions],
        "encoded": data.hex(),
    }


def _action_json(action: Action, view: View) -> dict[str, Any]:
    match action:
        case OpenWallet(key, guarded, rules):
            told = {"key": policy_json(key), "guarded": guarded, "rules": [format_address(rule) for rule in rules]}
            return {"action": "open_wallet", **told}
        case SetRules(wallet, rules):
            told = {"wallet": format_address(wallet), "rules": [format_address(rule) for rule in rules]}
            return {"action": "set_rules", **told}
        case Pay(to, currency, amount):
            return {"action": "pay", "to": format_address(to), **money_json(amount, currency, view)}
        case Deploy(module, currency, arguments):
            return {"action": "deploy", "currency": currency, "module": module.hex(), "payload": arguments.hex()}
        case Call(contract, function, arguments):
            return {
                "action": "call",
                "contract": format_address(contract),
                "function": function,
                "arguments": _arguments_json(contract, function, arguments, view),
                "payload": arguments.hex(),
            }
        case SetPolicy(wallet, key):
            return {"action": "set_policy", "wallet": format_address(wallet), "key": policy_json(key)}
        case Grant(session, key, scope, expiry_ms):
            return {
                "action": "grant",
                "session": session.hex(),
                "key": policy_json(key),
                "expiry_ms": expiry_ms,
                **scope_json(scope, view),
            }
        case Revoke(session):
            return {"action": "revoke", "session": session.hex()}
        case SetBalance(wallet, currency, amount):
            return {"action": "set_balance", "wallet": format_address(wallet), **money_json(amount, currency, view)}
        case SetSequence(wallet, lane, sequence):
            return {"action": "set_sequence", "wallet": format_address(wallet), "lane": lane, "sequence": sequence}
        case SetSlot():
            return {"action": "set_slot", "contract": format_address(action.contract), **_slot_json(action, view)}


def _slot_json(edit: SetSlot, view: View) -> dict[str, Any]:
    """The field, key and value of an edit by name and type, as far as its contract has them."""
    contract = read_contract(view, edit.contract)
    module = None if contract is None else load_verified(view, contract.code_hash).module
    kinds = None if module is None else slot_kinds(module, edit.field)
    if module is None or kinds is None:
        return {"field": str(edit.field), "key": None, "value": None}
    shown = [
        None if data is None or kind is None else value_json(kind, decode_value(kind, data))
        for kind, data in zip(kinds, (edit.key, edit.value), strict=True)
    ]
    return {"field": field_name(module, edit.field), "key": shown[0], "value": shown[1]}


def _arguments_json(address: bytes, name: str, encoded: bytes, view: View) -> dict[str, Any] | None:
    """The arguments of a call by name; None if there is no such function, or they are not its."""
    contract = read_contract(view, address)
    function = None if contract is None else find_function(load_verified(view, contract.code_hash), name)
    if function is None or function.kind not in (Kind.PUBLIC, Kind.VIEW, Kind.PURE):
        return None
    try:
        values = decode_arguments([kind for _, kind in function.parameters], encoded)
    except Failure:
        return None
    return {name: value_json(kind, value) for (name, kind), value in zip(function.parameters, values, strict=True)}


def estimate(node: Questions, data: bytes) -> dict[str, Any]:
    """The gas that a transaction takes at the head, and the limit to give it: a margin more on what the machine does, since the
    state may have changed by the time it runs. It need not be signed, and its own gas limit does not matter. Raises `Refusal`.
    """
    given = decode_transaction(data)
    most = min(node.parameters.gas_limit, TRANSACTION_GAS_MAX)
    priced = _with_gas(node, given, most, given.body.gas_price)
    intrinsic = intrinsic_gas(priced)
    free = _with_gas(node, given, most, 0)  # whoever asks what it costs need not be able to pay it yet
    receipt = _execute(node, _machine(node, None), free)
    machine_gas = receipt.gas_used - intrinsic_gas(free)
    if machine_gas >= READ_GAS_MAX:
        raise Refusal(
            Refused.GAS_LIMIT_TOO_HIGH,
            f"an estimate has at most {READ_GAS_MAX} gas beyond the intrinsic, and this needs more",
            gas_limit_max=READ_GAS_MAX + intrinsic,
        )
    margin = -(-machine_gas * ESTIMATE_MARGIN_PERCENT // 100)
    return {
        "ok": receipt.ok,
        "gas_used": intrinsic + machine_gas,
        "gas_limit": min(most, intrinsic + machine_gas + margin),
        "error": None if receipt.error is None else error_json(receipt.error, node.store),
    }


def _with_gas(node: Questions, given: Transaction, gas_limit: int, gas_price: int) -> Transaction:
    """A transaction with other gas, and as many signatures as it will have."""
    body = given.body._replace(gas_limit=gas_limit, gas_price=gas_price)
    keys = {key for _, policy in signers(body, node.store) for key in policy.keys[: policy.threshold]}
    return Transaction(body, tuple((key, bytes(_signature_bytes(key))) for key in sorted(keys)))


def _signature_bytes(key: bytes) -> int:
    """The most bytes of a signature by a key: what a browser adds to that of a passkey may be of any length up to a limit."""
    return SIGNATURE_BYTES_MAX if key[0] == SCHEME_WEBAUTHN else SIGNATURE_BYTES


def trace(node: Questions, data: bytes) -> dict[str, Any]:
    """What a transaction would do step by step in the next block, whatever its signatures, sequence and fee. Raises `Refusal`."""
    transaction = decode_transaction(data)
    signers(transaction.body, node.store)
    intrinsic = intrinsic_gas(transaction)
    if transaction.body.gas_limit < intrinsic:
        message = f"{transaction.body.gas_limit} is under {intrinsic}, the intrinsic gas"
        raise Refusal(Refused.GAS_LIMIT_TOO_LOW, message, gas_limit_min=intrinsic)
    free = Transaction(transaction.body._replace(gas_price=0), transaction.signatures, identity=transaction.identity)
    recorder = Recorder(node.store)
    try:
        receipt = _execute(node, _machine(node, recorder), free)
    finally:
        node.gas_unpaid += GAS_TRACE_STEP * recorder.steps_run
    return {"receipt": receipt_json(receipt, node.store), **recorder.json()}


def trace_included(node: Questions, identity: bytes) -> dict[str, Any] | None:
    """What a transaction of a block did step by step: those before it are executed again on the state of the parent. None if
    no block has it. Raises `Refusal` Pruned when that state is not kept any more, TooLarge when it is too much.
    """
    place = node.store.find(identity)
    if place is None:
        return None
    height, index = place
    block = node.block(height)
    if block is None:
        raise StoreFailed(f"block {height} is missing")
    kept = [decode_receipt(data) for data in node.store.receipts(height)[: index + 1]]
    gas_used = sum([receipt.gas_used for receipt in kept])
    if gas_used > READ_GAS_MAX:
        message = f"it and those before it in its block took more than {READ_GAS_MAX} gas"
        raise Refusal(Refused.TOO_LARGE, message, "Trace it on a copy of the ledger.")
    node.gas_unpaid += gas_used
    view = node.store.at(height - 1)
    recorder = Recorder(view, later=node.store)
    recorder.pause()
    machine = BlockMachine(BlockOverlay(view), now_ms=block.header.time_ms, tracer=recorder)
    try:
        for position, data in enumerate(block.transactions[:index]):
            execute(machine, decode_transaction(data, included=True), node.parameters, height=height, index=position)
        recorder.resume()
        transaction = decode_transaction(block.transactions[index], included=True)
        receipt = execute(machine, transaction, node.parameters, height=height, index=index)
    finally:
        node.gas_unpaid += GAS_TRACE_STEP * recorder.steps_run
    if receipt != kept[-1]:
        raise StoreFailed(f"transaction {index} of block {height} does not come to what its receipt says")
    return {"receipt": receipt_json(receipt, node.store), **recorder.json()}


def _machine(node: Questions, tracer: Recorder | None) -> BlockMachine:
    return BlockMachine(BlockOverlay(node.store), now_ms=node.now_ms(), tracer=tracer)


def _execute(node: Questions, machine: BlockMachine, transaction: Transaction) -> Receipt:
    height = node.head.height + 1
    receipt = execute(machine, transaction, node.parameters, height=height, index=0, machine_gas_max=READ_GAS_MAX)
    node.gas_unpaid += receipt.gas_used
    return receipt
