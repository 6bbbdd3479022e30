"""What generated code may call, by the fixed names of `NAMES`; nothing else is in its reach.

The first argument of most is the run: a list that stands for one call of one contract, with the places below.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vm import arithmetic
from vm.cells import GAS, POSITION, SETTLED, Cells
from vm.execution import too_many_events
from vm.failure import Code, Defect, Failure
from vm.journal import too_many_changes
from vm.state import PHASE_FIELD, Contract, Slots
from vm.types import ADDRESS_BYTES, CoinValue, ResourceValue, Vault
from vm.values import belongs, int_to_wire, pack, text_bytes, to_wire

if TYPE_CHECKING:
    from vm.compiled import CompiledExecution

# The places of a run. Generated code uses all but MACHINE and CONTRACT, by number.
MACHINE: Final = 0
CONTRACT: Final = 1
TABLES: Final = 2  # `Contract.tables`: the slots by field
SENDER: Final = 3
THIS: Final = 4
UNSEEN: Final = 5  # whether the arguments come from outside and nobody has looked at their types

Run = list[Any]

MISFIT: Final = object()
"""What a public function gives for arguments that are not of the parameters' types."""

ADDRESS_HEAD: Final = bytes([0xC4, ADDRESS_BYTES])
"""What the msgpack of an address begins with."""

make: Final = tuple.__new__
"""Makes a named tuple of a tuple of its parts, which is all that its constructor does."""


def settle(cells: Cells, gas: int) -> None:
    """Write down the gas that a failing function leaves, unless one that it called has."""
    if not cells[SETTLED]:
        cells[SETTLED] = True
        cells[GAS] = max(gas, 0)


# Failures, each by a name of its own.


def _out() -> NoReturn:
    raise Failure(Code.OUT_OF_GAS)


def _out_at_door(cells: Cells) -> NoReturn:
    settle(cells, 0)
    raise Failure(Code.OUT_OF_GAS)


def _full() -> NoReturn:
    raise Failure(Code.LIMIT_EXCEEDED, detail="memory")


def _loop_bound() -> NoReturn:
    raise Failure(Code.LOOP_BOUND)


def _out_at(cells: Cells, position: int) -> NoReturn:
    cells[POSITION] = position
    raise Failure(Code.OUT_OF_GAS)


def _full_at(cells: Cells, position: int) -> NoReturn:
    cells[POSITION] = position
    raise Failure(Code.LIMIT_EXCEEDED, detail="memory")


def _crowded_at(cells: Cells, position: int) -> NoReturn:
    cells[POSITION] = position
    raise too_many_changes()


def _loop_bound_at(cells: Cells, position: int) -> NoReturn:
    cells[POSITION] = position
    raise Failure(Code.LOOP_BOUND)


def _overflow() -> NoReturn:
    raise Failure(Code.OVERFLOW)


def _division_by_zero() -> NoReturn:
    raise Failure(Code.DIVISION_BY_ZERO)


def _out_of_range() -> NoReturn:
    raise Failure(Code.INDEX_OUT_OF_RANGE)


def _too_long() -> NoReturn:
    raise Failure(Code.TOO_LONG)


def _wrong_variant() -> NoReturn:
    raise Failure(Code.WRONG_VARIANT)


def _missing_key() -> NoReturn:
    raise Failure(Code.MISSING_KEY)


def _key_exists() -> NoReturn:
    raise Failure(Code.KEY_EXISTS)


def _unset() -> NoReturn:
    raise Failure(Code.UNSET)


def _insufficient() -> NoReturn:
    raise Failure(Code.INSUFFICIENT_FUNDS)


def _not_authorized() -> NoReturn:
    raise Failure(Code.NOT_AUTHORIZED)


def _fail(name: str, values: tuple[Any, ...]) -> NoReturn:
    raise Failure(name, values)


# Resources.


def _part(whole: ResourceValue, by: int, amount: int) -> ResourceValue:
    """A resource like another one but for the field by which it divides."""
    fields = whole.fields
    return ResourceValue(whole.name, (*fields[:by], amount, *fields[by + 1 :]))


def _merge(a: ResourceValue, b: ResourceValue, by: int, low: int, high: int) -> ResourceValue:
    mine: tuple[Any, ...] = a.fields
    other: tuple[Any, ...] = b.fields
    if mine[:by] != other[:by] or mine[by + 1 :] != other[by + 1 :]:
        raise Failure(Code.CANNOT_MERGE)
    return _part(a, by, arithmetic.add(mine[by], other[by], low, high))


# State.


def _too_many_events() -> NoReturn:
    raise too_many_events()


def _broken() -> NoReturn:
    raise Defect("a value is not of the type that was proved of it")


def _crowded() -> NoReturn:
    raise too_many_changes()


def _check_phase(run: Run, phases: int) -> None:
    if not phases >> (run[TABLES][PHASE_FIELD][None] or 0) & 1:
        raise Failure(Code.WRONG_PHASE)


def _become(run: Run, phase: int) -> None:
    run[MACHINE].become(run[CONTRACT], phase)


def _vault_put(run: Run, field: int, key: Any, coin: CoinValue) -> None:
    run[MACHINE].vault_put(run[CONTRACT], field, key, coin)


def _vault_take(run: Run, field: int, key: Any, amount: int) -> CoinValue:
    machine: CompiledExecution = run[MACHINE]
    contract: Contract = run[CONTRACT]
    kind = contract.layout.slots[field][1]
    assert isinstance(kind, Vault)
    return machine.vault_take(contract, field, key, kind.currency, amount)


# The world.


def _pay(run: Run, to: bytes, coin: CoinValue) -> None:
    run[MACHINE].pay(run[CONTRACT], to, coin)


def _outside(run: Run, external: int, tried: bool, address: bytes, arguments: tuple[Any, ...]) -> Any:
    machine: CompiledExecution = run[MACHINE]
    return machine.call_from(run, external, address, arguments, tried=tried)


def _remember(run: Run, function: int, arguments: tuple[Any, ...]) -> Any:
    machine: CompiledExecution = run[MACHINE]
    return machine.remember(run[CONTRACT], function, arguments)


def _ensure(run: Run, function: int, remembered: Any, result: Any) -> None:
    run[MACHINE].check_ensures(run[CONTRACT], function, remembered, result)


# Standard functions.


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sha3_256(data: bytes) -> bytes:
    return hashlib.sha3_256(data).digest()


def _blake2b_256(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def _verify_ed25519(run: Run, key: bytes, message: bytes, signature: bytes) -> bool:
    machine: CompiledExecution = run[MACHINE]
    return machine.verify_ed25519(key, message, signature)


def _text_bytes(text: str) -> bytes:
    return text.encode()


NAMES: Final[dict[str, Any]] = {
    "blake2b_256": _blake2b_256,
    "address": ADDRESS_HEAD,
    "become": _become,
    "before": Slots.before,
    "belongs": belongs,
    "bool": bool,
    "broken": _broken,
    "bytes": bytes,
    "check_phase": _check_phase,
    "coin": CoinValue,
    "crowded": _crowded,
    "crowded_at": _crowded_at,
    "div": arithmetic.div,
    "division_by_zero": _division_by_zero,
    "encode": pack,
    "ensure": _ensure,
    "fail": _fail,
    "failure": Failure,
    "full": _full,
    "full_at": _full_at,
    "insufficient": _insufficient,
    "int": int,
    "join": b"".join,
    "key_exists": _key_exists,
    "kind": type,
    "len": len,
    "loop_bound": _loop_bound,
    "loop_bound_at": _loop_bound_at,
    "make": make,
    "merge": _merge,
    "misfit": MISFIT,
    "missing_key": _missing_key,
    "not_authorized": _not_authorized,
    "out": _out,
    "out_at": _out_at,
    "out_at_door": _out_at_door,
    "out_of_range": _out_of_range,
    "outside": _outside,
    "overflow": _overflow,
    "part": _part,
    "passes": range,
    "pay": _pay,
    "present": Slots.present,
    "remember": _remember,
    "resource": ResourceValue,
    "settle": settle,
    "sha256": _sha256,
    "sha3_256": _sha3_256,
    "tell": list.append,
    "text": str,
    "text_bytes": _text_bytes,
    "text_size": text_bytes,
    "too_long": _too_long,
    "too_many_events": _too_many_events,
    "tuple": tuple,
    "unset": _unset,
    "vault_put": _vault_put,
    "vault_take": _vault_take,
    "verify_ed25519": _verify_ed25519,
    "wire": to_wire,
    "wire_number": int_to_wire,
    "wrong_variant": _wrong_variant,
}
"""Every name that generated code may use beside its own numbered ones."""
