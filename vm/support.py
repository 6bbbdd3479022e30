"""What generated code may call, by the fixed names of `NAMES`; nothing else is in its reach.

The first argument of most is the run: a list that stands for one call of one contract, with the places below.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vm import arithmetic, limits
from vm.execution import Call, Event
from vm.failure import Code, Failure
from vm.state import PHASE_FIELD
from vm.types import CoinValue, ResourceValue, Vault
from vm.values import belongs, int_to_wire, pack, text_bytes, to_wire

if TYPE_CHECKING:
    from vm.compiled import CompiledExecution

# The places of a run. Generated code uses GAS, MEMORY, SENDER, THIS and NOW, by number.
GAS: Final = 0  # left, as of the last time the code at work wrote it down
MEMORY: Final = 1  # abstract bytes made in the transaction so far
SETTLED: Final = 2  # whether the gas left has been written down for a failure on its way out
POSITION: Final = 3  # where the code failed if the line that failed does not tell, else None
MACHINE: Final = 4
CALL: Final = 5
WRITTEN: Final = 6
LOADED: Final = 7
SENDER: Final = 8
THIS: Final = 9
NOW: Final = 10
CHANGE: Final = 11  # `Journal.set`

_MISSING: Final = object()

Run = list[Any]


def settle(run: Run, gas: int) -> None:
    """Write down the gas that a failing function leaves, unless one that it called has."""
    if not run[SETTLED]:
        run[SETTLED] = True
        run[GAS] = max(gas, 0)


# Failures, each by a name of its own.


def _out() -> NoReturn:
    raise Failure(Code.OUT_OF_GAS)


def _full() -> NoReturn:
    raise Failure(Code.LIMIT_EXCEEDED, detail="memory")


def _loop_bound() -> NoReturn:
    raise Failure(Code.LOOP_BOUND)


def _out_at(run: Run, position: int) -> NoReturn:
    run[POSITION] = position
    raise Failure(Code.OUT_OF_GAS)


def _full_at(run: Run, position: int) -> NoReturn:
    run[POSITION] = position
    raise Failure(Code.LIMIT_EXCEEDED, detail="memory")


def _loop_bound_at(run: Run, position: int) -> NoReturn:
    run[POSITION] = position
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


def _read(run: Run, field: int, token: Any) -> Any:
    """The value of a slot, or None."""
    slot = run[THIS], field, token
    value = run[WRITTEN].get(slot, _MISSING)
    if value is _MISSING:
        value = run[LOADED].get(slot, _MISSING)
        if value is _MISSING:
            machine: CompiledExecution = run[MACHINE]
            value = machine.state.load(run[CALL].contract, field, token)
    return value


def _write(run: Run, field: int, token: Any, value: Any) -> None:
    run[CHANGE](run[WRITTEN], (run[THIS], field, token), value)


def _token(run: Run, field: int, key: Any) -> Any:
    """What stands for a key that Python does not hash well."""
    token: Any = run[CALL].contract.token(field, key)
    return token


def _phase_in(run: Run, phases: int) -> bool:
    return bool(phases >> (_read(run, PHASE_FIELD, None) or 0) & 1)


def _check_phase(run: Run, phases: int) -> None:
    if not phases >> (_read(run, PHASE_FIELD, None) or 0) & 1:
        raise Failure(Code.WRONG_PHASE)


def _become(run: Run, phase: int) -> None:
    run[MACHINE].become(run[CALL], phase)


def _vault_put(run: Run, field: int, key: Any, coin: CoinValue) -> None:
    run[MACHINE].vault_put(run[CALL], field, key, coin)


def _vault_take(run: Run, field: int, key: Any, amount: int) -> CoinValue:
    machine: CompiledExecution = run[MACHINE]
    call: Call = run[CALL]
    kind = call.contract.slots[field][1]
    assert isinstance(kind, Vault)
    return machine.vault_take(call, field, key, kind.currency, amount)


# The world.


def _pay(run: Run, to: bytes, coin: CoinValue) -> None:
    run[MACHINE].pay(run[CALL], to, coin)


def _emit(run: Run, event: int, values: tuple[Any, ...], wire: tuple[Any, ...]) -> None:
    events = run[MACHINE].events
    if len(events) >= limits.EVENTS_PER_TRANSACTION_MAX:
        raise Failure(Code.LIMIT_EXCEEDED, detail="events")
    run[CHANGE](events, len(events), Event(run[THIS], event, pack(wire), values))


def _outside(run: Run, external: int, tried: bool, address: bytes, arguments: tuple[Any, ...]) -> Any:
    machine: CompiledExecution = run[MACHINE]
    return machine.call_from(run, external, address, arguments, tried=tried)


def _remember(run: Run, function: int, arguments: tuple[Any, ...]) -> Any:
    machine: CompiledExecution = run[MACHINE]
    return machine.remember(run[CALL].contract, function, arguments)


def _ensure(run: Run, function: int, remembered: Any, result: Any) -> None:
    run[MACHINE].check_ensures(run[CALL].contract, function, remembered, result)


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
    "become": _become,
    "belongs": belongs,
    "bytes": bytes,
    "check_phase": _check_phase,
    "coin": CoinValue,
    "div": arithmetic.div,
    "division_by_zero": _division_by_zero,
    "emit": _emit,
    "encode": pack,
    "ensure": _ensure,
    "fail": _fail,
    "failure": Failure,
    "full": _full,
    "full_at": _full_at,
    "insufficient": _insufficient,
    "int": int,
    "key_exists": _key_exists,
    "kind": type,
    "len": len,
    "loop_bound": _loop_bound,
    "loop_bound_at": _loop_bound_at,
    "make": tuple.__new__,
    "merge": _merge,
    "missing_key": _missing_key,
    "not_authorized": _not_authorized,
    "out": _out,
    "out_at": _out_at,
    "out_of_range": _out_of_range,
    "outside": _outside,
    "overflow": _overflow,
    "part": _part,
    "passes": range,
    "pay": _pay,
    "phase_in": _phase_in,
    "read": _read,
    "remember": _remember,
    "resource": ResourceValue,
    "settle": settle,
    "sha256": _sha256,
    "sha3_256": _sha3_256,
    "text_bytes": _text_bytes,
    "text_size": text_bytes,
    "token": _token,
    "too_long": _too_long,
    "unset": _unset,
    "vault_put": _vault_put,
    "vault_take": _vault_take,
    "verify_ed25519": _verify_ed25519,
    "wire": to_wire,
    "wire_number": int_to_wire,
    "write": _write,
    "wrong_variant": _wrong_variant,
}
"""Every name that generated code may use beside its own numbered ones."""
