"""Keys of the state as people say them: `wallet:tael1…`, `field:tael1…:held`, or in hexadecimal.

```
HEX                            the key itself, 1 to 511 bytes
wallet:ADDRESS                 a wallet: its policy, balances, sequences
session:ADDRESS:HEX            what a wallet has granted to a session
contract:ADDRESS               a contract: its code's hash, home currency, deployer
slot:ADDRESS:HEX               a slot of a contract
field:ADDRESS:NAME             a field of a contract's state by its name, or `phase`
field:ADDRESS:NAME:HEX         an entry of a map or set; its key is encoded, in hexadecimal
code:HEX                       a module's bytes by their hash
currency:CODE, supply:CODE     a currency; its supply equation
parameters                     those of the chain
```
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chain.ledger.contracts import load_verified, read_contract
from chain.node.parameters import Kind, bad
from chain.primitives.address import parse_address
from chain.primitives.hash import HASH_BYTES
from chain.primitives.keyspace import (
    PARAMETERS,
    account_key,
    code_key,
    contract_key,
    currency_key,
    mandate_key,
    slot_key,
    supply_key,
)
from chain.primitives.limits import AUTHORITY_BYTES, CURRENCY_CODE_CHARACTERS_MAX, STATE_KEY_BYTES_MAX
from chain.primitives.refusal import Refusal, Refused
from chain.state.overlay import View
from vm.failure import Failure
from vm.state import PHASE_FIELD
from vm.types import Map, Set
from vm.values import decode, pack, to_wire

_ADDRESS, _HEX = "[0-9A-Za-z]{1,126}", "(?:[0-9a-fA-F]{2})"
_CODE = f"[A-Z][A-Z0-9]{{0,{CURRENCY_CODE_CHARACTERS_MAX - 1}}}"
_SLOT_BYTES_MAX = STATE_KEY_BYTES_MAX - len(slot_key(bytes(HASH_BYTES), b""))
_FORMS = (
    f"{_HEX}{{1,{STATE_KEY_BYTES_MAX}}}",
    f"(?:wallet|contract):{_ADDRESS}",
    f"session:{_ADDRESS}:{_HEX}{{{AUTHORITY_BYTES}}}",
    f"slot:{_ADDRESS}:{_HEX}{{1,{_SLOT_BYTES_MAX}}}",
    f"field:{_ADDRESS}:[A-Za-z0-9_]{{1,64}}(?::{_HEX}{{1,256}})?",
    f"code:{_HEX}{{{HASH_BYTES}}}",
    f"(?:currency|supply):{_CODE}",
    "parameters",
)
_NAME = re.compile("|".join(_FORMS))
_PHASE = "phase"


def _read(value: Any, name: str) -> str:
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise bad(f"{name} must be a key in hexadecimal, or named as in `wallet:tael1…`")
    return value


KEY_NAME = Kind({"type": "string", "pattern": f"^({'|'.join(_FORMS).replace('(?:', '(')})$"}, _read)
_PLAIN: dict[str, Callable[[str], bytes]] = {
    "wallet": lambda text: account_key(parse_address(text)),
    "contract": lambda text: contract_key(parse_address(text)),
    "code": lambda text: code_key(bytes.fromhex(text)),
    "currency": currency_key,
    "supply": supply_key,
}


def key_of(name: str, view: View) -> bytes:
    """The key that a name stands for in a state. Raises `Refusal` WrongAddress; NotFound for a field of a contract that is not
    there; WrongKey for one that the contract has not, or an entry that is none of its.
    """
    first, *rest = name.split(":")
    if not rest:
        return PARAMETERS if first == "parameters" else bytes.fromhex(first)
    if first in _PLAIN:
        return _PLAIN[first](rest[0])
    address = parse_address(rest[0])
    if first == "session":
        return mandate_key(address, bytes.fromhex(rest[1]))
    if first == "slot":
        return slot_key(address, bytes.fromhex(rest[1]))
    return slot_key(address, _slot(address, rest[1], bytes.fromhex(rest[2]) if len(rest) > 2 else None, view))


def _slot(address: bytes, field: str, entry: bytes | None, view: View) -> bytes:
    contract = read_contract(view, address)
    if contract is None:
        raise Refusal(Refused.NOT_FOUND, "there is no contract at this address")
    module = load_verified(view, contract.code_hash).module
    names = [name for name, _ in module.fields]
    if field == _PHASE and field not in names and module.phases and entry is None:
        return pack([PHASE_FIELD])
    if field not in names:
        raise _wrong(f"{module.name} has no field {field!r}", f"It has {', '.join(names) or 'none'}.")
    number = names.index(field)
    kind = module.fields[number][1]
    if isinstance(kind, Map | Set) != (entry is not None):
        raise _wrong(f"an entry of {field} is named by its key, and only one of a map or set", "See /v1/docs.")
    if entry is None or not isinstance(kind, Map | Set):
        return pack([number])
    try:
        slot = pack([number, to_wire(kind.key, decode(kind.key, entry))])
    except Failure as failure:
        raise _wrong(
            f"the key of the entry is none of {field}: {failure.name}", "Encode it by the type of the map's key."
        ) from None
    if len(slot) > _SLOT_BYTES_MAX:
        raise _wrong(f"a slot has at most {_SLOT_BYTES_MAX} bytes", "Name a shorter entry.")
    return slot


def _wrong(message: str, remedy: str) -> Refusal:
    return Refusal(Refused.WRONG_KEY, message, remedy)
