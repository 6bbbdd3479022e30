"""A module as text, which `vm.assembler` turns back into exactly the same module."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vm.assembly import EFFECT_WORDS, ROUNDING_WORDS, spell_entry, spell_fields, spell_value
from vm.instructions import ELSE, END, IF, LOOP, TABLE
from vm.module import Function, Module
from vm.types import SCALARS, Type, type_name


def disassemble(module: Module) -> str:
    """The text of a module whose names are well formed, as every verified module's are."""
    return "\n".join(_lines(module)) + "\n"


def _lines(module: Module) -> Iterator[str]:
    yield f"module {module.name}"
    if module.currency is not None:
        yield f"currency {module.currency}"
    for interface in module.implements:
        yield f"implements {interface}"
    for phase in module.phases:
        yield f"phase {phase}"
    for before, after in module.steps:
        yield f"step {_name(module.phases, before)} -> {_name(module.phases, after)}"
    for kind in module.types:
        yield f"type {spell_entry(kind)}"
    for position, constant in enumerate(module.constants):
        value = spell_value(constant.type, constant.value)
        yield f"const {type_name(constant.type)} = {value}  ; {position}"
    for name, kind in module.fields:
        yield f"field {name}: {type_name(kind)}"
    for event in module.events:
        yield f"event {event.name}({spell_fields(event.fields)})"
    for error in module.errors:
        yield f"error {error.name}({spell_fields(error.fields)})"
    for position, external in enumerate(module.externals):
        how = "view" if external.view else "public"
        taken = ", ".join(map(type_name, external.parameters))
        signature = f"{external.interface}.{external.function}({taken}){_result(external.result)}"
        yield f"external {how} {signature}  ; {position}"
    for position, function in enumerate(module.functions):
        yield ""
        yield f"{_signature(module, function)}  ; {position}"
        for number, kind in enumerate(function.locals, len(function.parameters)):
            yield f"  local {type_name(kind)}  ; {number}"
        yield from code_lines(module, function)
    if module.promises:
        yield ""
    names = [function.name for function in module.functions]
    for promised, old, ensures in module.promises:
        memory = "" if old is None else f" old {_name(names, old)}"
        yield f"promise {_name(names, promised)}{memory} ensures {_name(names, ensures)}"


def _result(kind: Type | None) -> str:
    return "" if kind is None else f" -> {type_name(kind)}"


def _signature(module: Module, function: Function) -> str:
    line = f"{function.kind} {function.name}({spell_fields(function.parameters)}){_result(function.result)}"
    if function.phases is not None:
        line += f" in {_phases(module, function.phases)}"
    if function.effects:
        words = [word for word, effect in EFFECT_WORDS.items() if function.effects & effect]
        known = sum(EFFECT_WORDS[word] for word in words) == function.effects
        line += " does " + (" ".join(words) if known else str(function.effects))
    return line


def code_lines(module: Module, function: Function) -> Iterator[str]:
    """The code of one function, an instruction a line."""
    code, word, depth = function.code, 0, 1
    while word < len(code):
        row = TABLE.get(code[word])
        operands = () if row is None else code[word + 1 : word + 1 + len(row.operands)]
        if row is None or len(operands) < len(row.operands):
            yield f"  word {code[word]}"
            word += 1
            continue
        if row.code in (ELSE, END):
            depth = max(1, depth - 1)
        spelled = [_operand(module, kind, operand) for kind, operand in zip(row.operands, operands, strict=True)]
        line = "  " * depth + " ".join([row.name, *spelled])
        remark = _remark(module, function, row.operands, operands)
        yield f"{line}  ; {remark}" if remark else line
        if row.code in (IF, ELSE, LOOP):
            depth += 1
        word += 1 + len(operands)


def _operand(module: Module, kind: str, operand: int) -> str:
    match kind:
        case "type" if operand < len(SCALARS) + len(module.types):
            return type_name((*SCALARS, *module.types)[operand])
        case "field":
            return _name([name for name, _ in module.fields], operand)
        case "function":
            return _name([function.name for function in module.functions], operand)
        case "event":
            return _name([event.name for event in module.events], operand)
        case "error":
            return _name([error.name for error in module.errors], operand)
        case "phase":
            return _name(module.phases, operand)
        case "phases":
            return _phases(module, operand)
        case "rounding":
            return _name(list(ROUNDING_WORDS), operand)
    return str(operand)


def _name(names: Sequence[str], position: int) -> str:
    """A name, or the bare number where there is none or the name is not the only one."""
    return names[position] if position < len(names) and names.count(names[position]) == 1 else str(position)


def _phases(module: Module, mask: int) -> str:
    if not 0 < mask < 1 << len(module.phases) or len(set(module.phases)) < len(module.phases):
        return str(mask)
    return "|".join(phase for position, phase in enumerate(module.phases) if mask >> position & 1)


def _remark(module: Module, function: Function, kinds: tuple[str, ...], operands: tuple[int, ...]) -> str:
    """What a bare number stands for."""
    for kind, operand in zip(kinds, operands, strict=True):
        if kind == "const" and operand < len(module.constants):
            constant = module.constants[operand]
            return f"{type_name(constant.type)} {spell_value(constant.type, constant.value)}"
        if kind == "local" and operand < len(function.parameters):
            return function.parameters[operand][0]
        if kind == "external" and operand < len(module.externals):
            return f"{module.externals[operand].interface}.{module.externals[operand].function}"
    return ""
