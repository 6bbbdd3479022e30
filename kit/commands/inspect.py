"""`tael inspect`: what a contract is, from its text, its module, or the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.options import command, node_option
from kit.output import Output, count, short
from kit.problem import Problem, missing

if TYPE_CHECKING:
    from kit.network import Network
    from vm.module import Function, Module
    from vm.verifier import Verified

_PARTS = ("interface", "bytecode", "storage", "gas")


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is inspected: a module, and its address if it is on the ledger."""

    module: Module
    verified: Verified
    code: bytes
    address: bytes | None = None
    currency: str | None = None
    network: Network | None = None


@command(
    "inspect",
    examples="""
    tael inspect contracts/escrow.tael
    tael inspect contracts/escrow.tael:Escrow --bytecode
    tael inspect out/Escrow.tmod --gas
    tael inspect tael1… --storage
    """,
)
@click.argument("target")
@click.option("--interface", "parts", flag_value="interface", multiple=True, help="What can be called and read.")
@click.option("--bytecode", "parts", flag_value="bytecode", multiple=True, help="The instructions of every function.")
@click.option("--storage", "parts", flag_value="storage", multiple=True, help="State fields, their slots and values.")
@click.option("--gas", "parts", flag_value="gas", multiple=True, help="The most gas that each function can use.")
@node_option
def inspect(out: Output, target: str, parts: tuple[str, ...], node: str | None) -> None:
    """Show a contract: TARGET is a contract file (FILE or FILE:CONTRACT), a module (.tmod) or an address.

    Without an option it shows the interface; several options may be given. Values at an address are checked by proofs.
    """
    subject = _find(out, target, node)
    wanted = parts or ("interface",)
    result: dict[str, Any] = {"ok": True, **_identity(subject)}
    out.line(f"{out.style(subject.module.name, 'bold')}  {len(subject.code):_} bytes  {short(result['hash'])}")
    if subject.network is not None and subject.address is not None:
        present = subject.network.phase(subject.network.contract(subject.address))
        if present is not None:
            result |= {"phase": present[0], "height": present[1]}
            out.line(f"  in phase {out.style(present[0], 'bold')}, proven at block {present[1]:_}")
    for part in _PARTS:
        if part in wanted:
            out.line()
            result[part] = _SHOW[part](out, subject)
    out.result(result)


def _find(out: Output, target: str, node: str | None) -> _Subject:
    from vm.codec import decode_module
    from vm.illegal import Illegal
    from vm.verifier import verify

    path = Path(target)
    if path.suffix == ".tmod" and path.is_file():
        code = path.read_bytes()
        try:
            module = decode_module(code)
            return _Subject(module, verify(module), code)
        except Illegal as illegal:
            raise Problem(f"{target} is not a module that may run: {illegal}", code="IllegalModule") from None
    if target.lower().startswith("tael1") and not path.exists():
        from kit.network import connect

        network = connect(node)
        contract = network.contract(network.address(target))
        module = contract.module
        return _Subject(module, verify(module), contract.code, contract.address, contract.currency, network)
    if ".tael" not in target and not path.exists():
        raise missing(f"{target} is neither a file nor an address", "Name a .tael file, a .tmod file or a tael1… address.")
    from kit.compiling import compile_contract
    from kit.project import split_target

    file, name = split_target(target)
    compiled = compile_contract(out, file, name)
    return _Subject(compiled.module, verify(compiled.module), compiled.code)


def _identity(subject: _Subject) -> dict[str, Any]:
    from chain.primitives.address import format_address
    from vm.codec import module_hash

    identity: dict[str, Any] = {"name": subject.module.name, "hash": module_hash(subject.code).hex()}
    identity["bytes"] = len(subject.code)
    if subject.address is not None:
        identity |= {"address": format_address(subject.address), "currency": subject.currency}
    return identity


def _interface(out: Output, subject: _Subject) -> dict[str, Any]:
    from vm.module import Kind
    from vm.types import type_name

    module = subject.module
    entered = (Kind.INIT, Kind.PUBLIC, Kind.VIEW, Kind.PURE, Kind.RULE)
    functions = [function for function in module.functions if function.kind in entered]
    if module.phases:
        steps = ", ".join(f"{module.phases[a]} -> {module.phases[b]}" for a, b in module.steps)
        out.line(f"  phases {' | '.join(module.phases)}   ({steps})")
    for function in functions:
        out.line(f"  {_signature(module, function)}")
    for word, records in (("event", module.events), ("error", module.errors)):
        for record in records:
            fields = ", ".join(f"{name}: {type_name(kind)}" for name, kind in record.fields)
            out.line(f"  {out.style(word, 'dim')} {record.name}({fields})")

    def plain(fields: tuple[tuple[str, Any], ...]) -> list[dict[str, str]]:
        return [{"name": name, "type": type_name(kind)} for name, kind in fields]

    return {
        "currency": module.currency,
        "implements": list(module.implements),
        "phases": list(module.phases),
        "steps": [[module.phases[a], module.phases[b]] for a, b in module.steps],
        "functions": [
            {
                "name": function.name,
                "kind": str(function.kind),
                "parameters": plain(function.parameters),
                "result": None if function.result is None else type_name(function.result),
                "by": _by(module, function),
                "phases": _phases(module, function),
            }
            for function in functions
        ],
        "events": [{"name": record.name, "fields": plain(record.fields)} for record in module.events],
        "errors": [{"name": record.name, "fields": plain(record.fields)} for record in module.errors],
    }


def _phases(module: Module, function: Function) -> list[str] | None:
    if function.phases is None:
        return None
    return [phase for number, phase in enumerate(module.phases) if function.phases >> number & 1]


def _signature(module: Module, function: Function) -> str:
    from vm.types import type_name

    parameters = ", ".join(f"{name}: {type_name(kind)}" for name, kind in function.parameters)
    result = "" if function.result is None else f" -> {type_name(function.result)}"
    phases = _phases(module, function)
    where = f" in {' | '.join(phases)}" if phases is not None else ""
    by = _by(module, function)
    return f"{function.kind} {function.name}({parameters}){result}{f' by {by}' if by else ''}{where}"


def _by(module: Module, function: Function) -> str | None:
    """Who may call a public function, read from its code."""
    from vm.authority import who_may_call
    from vm.module import Kind

    return who_may_call(module, function) if function.kind == Kind.PUBLIC else None


def _bytecode(out: Output, subject: _Subject) -> str:
    from vm.disassembler import disassemble

    text = disassemble(subject.module)
    for line in text.splitlines():
        out.line(f"  {line}")
    return text


def _storage(out: Output, subject: _Subject) -> list[dict[str, Any]]:
    from vm.types import Map, Set, type_name
    from vm.values import pack

    rows = []
    for number, (name, kind) in enumerate(subject.module.fields):
        keyed = isinstance(kind, Map | Set)
        row: dict[str, Any] = {"field": number, "name": name, "type": type_name(kind), "keyed": keyed}
        row["slot"] = "0x" + pack([number]).hex() if not keyed else f"[{number}, key]"
        if not keyed:
            row |= _stored(subject, pack([number]), kind)
        rows.append(row)
    shown = [(str(row["field"]), row["name"], row["type"], row["slot"], row.get("text", "")) for row in rows]
    head = ("field", "name", "type", "slot", "value, proven" if subject.network is not None else "")
    out.table(head, shown)
    return rows


def _stored(subject: _Subject, slot: bytes, kind: Any) -> dict[str, Any]:
    """The value of a slot at an address, proven against the head's header."""
    if subject.network is None or subject.address is None:
        return {}
    from chain.primitives.keyspace import slot_key
    from kit.values import plain_value, show_value
    from vm.types import Vault
    from vm.values import decode

    proven = subject.network.prove(slot_key(subject.address, slot))
    if proven.value is None:
        value: Any = 0 if isinstance(kind, Vault) else None
    else:
        value = decode(kind, proven.value)
    setting = subject.network.setting(subject.currency)
    if value is None:
        return {"value": None, "text": "(never stored)", "height": proven.header.height}
    return {
        "value": plain_value(value, kind, setting),
        "text": show_value(value, kind, setting),
        "height": proven.header.height,
    }


def _gas(out: Output, subject: _Subject) -> dict[str, Any]:
    from chain.primitives.limits import TRANSACTION_GAS_MAX
    from vm.bounds import gas_bounds
    from vm.gas import GAS_DEPLOY, GAS_SCHEDULE_VERSION
    from vm.pricing import code_price

    deploy = GAS_DEPLOY + code_price(len(subject.code), subject.verified.bodies)
    rows: list[dict[str, Any]] = []
    parts = zip(subject.module.functions, subject.verified.bodies, gas_bounds(subject.verified), strict=True)
    for function, body, bound in parts:
        prices = [price.gas for price in body.segments.values()]
        rows.append(
            {
                "name": function.name,
                "kind": str(function.kind),
                "bound": bound.formula,
                "maximum": bound.maximum,
                "calls_max": bound.calls_max,
                "fits_a_transaction": bound.maximum <= TRANSACTION_GAS_MAX,
                "instructions": len(body.ops),
                "segments": len(prices),
                "entry": body.segments[0].gas,
            }
        )
    out.line(f"  storing and verifying the module: {deploy:_} gas; init comes on top (schedule {GAS_SCHEDULE_VERSION})")
    out.line("  the most gas that a call of a function can use, by the sizes of its arguments, and whatever they are")
    out.table(("function", "kind", "at most", "bound"), [(r["name"], r["kind"], _at_most(r), r["bound"]) for r in rows])
    for row in rows:
        if row["calls_max"]:
            most = count(row["calls_max"], "call")
            out.line(f"  {row['name']}: calls is what other contracts use, in {most} at most; it may be all that is left")
        if not row["fits_a_transaction"]:
            out.line(f"  {row['name']}: with arguments that are large enough it needs more than the gas of any transaction")
    return {"schedule": GAS_SCHEDULE_VERSION, "deploy": deploy, "transaction_gas_max": TRANSACTION_GAS_MAX, "functions": rows}


def _at_most(row: dict[str, Any]) -> str:
    if not row["fits_a_transaction"]:
        return "no transaction has it"
    return f"{row['maximum']:_}" + (" + calls" if row["calls_max"] else "")


_SHOW = {"interface": _interface, "bytecode": _bytecode, "storage": _storage, "gas": _gas}
