"""Who may call, and when: L05xx."""

from __future__ import annotations

from collections.abc import Iterator

from lang import ast
from lang.catalogue.entry import Entry
from lang.diagnostics import Diagnostic
from lang.lint.subject import Rule, Subject, functions_of, is_open, is_sender, nodes_of, state_field, with_invoked
from lang.symbols import ContractSymbol


def _entered(contract: ContractSymbol) -> set[int]:
    """The phases that some function becomes, and the one a contract begins in."""
    return {0} | {phase for function in functions_of(contract) for phase in _becomes(contract, function.declaration)}


def _becomes(contract: ContractSymbol, node: ast.Node) -> set[int]:
    return {contract.phases.index(inner.phase.text) for inner in ast.walk(node) if isinstance(inner, ast.Become)}


def _phase_names(contract: ContractSymbol) -> dict[str, ast.Identifier]:
    """Where each phase is named first."""
    found: dict[str, ast.Identifier] = {}
    for member in contract.declaration.members:
        for name in ast.walk(member) if isinstance(member, ast.PhasesDeclaration) else ():
            if isinstance(name, ast.Identifier) and name.span.start < found.get(name.text, name).span.start + 1:
                found[name.text] = name
    return found


def unentered_phases(subject: Subject) -> Iterator[Diagnostic]:
    """Phases that no function becomes."""
    for contract in subject.contracts:
        entered = _entered(contract) if contract.phases else set()
        names = _phase_names(contract)
        for number, phase in enumerate(contract.phases):
            if number not in entered:
                yield subject.finding("L0501", f"no function becomes `{phase}`", names[phase].span)


def unleft_phases(subject: Subject) -> Iterator[Diagnostic]:
    """Phases with declared steps onward that no function takes."""
    for contract in subject.contracts:
        onward = {first for first, _ in contract.steps}
        names = _phase_names(contract)
        for number in sorted(onward & _entered(contract)) if contract.phases else ():
            public = [f for f in functions_of(contract) if f.kind == "pub" and (f.phases is None or number in f.phases)]
            steps = {to for first, to in contract.steps if first == number}
            taken = {phase for f in public for inner in with_invoked(f) for phase in _becomes(contract, inner.declaration)}
            if not steps & taken:
                keeps = any(type(field.type).__name__ == "Vault" for field in contract.fields.values())
                pays = any(isinstance(node, ast.Call) and _takes(node) for f in public for node in nodes_of(with_invoked(f)))
                money = ", and money inside stays there" if keeps and not pays else ""
                phase = contract.phases[number]
                yield subject.finding("L0502", f"no function leads on from `{phase}`{money}", names[phase].span)


def _takes(call: ast.Call) -> bool:
    return isinstance(call.callee, ast.Attribute) and call.callee.name.text in ("take", "take_all")


def open_rights(subject: Subject) -> Iterator[Diagnostic]:
    """Anyone may change who has rights."""
    for contract in subject.contracts:
        functions = functions_of(contract)
        rights = {
            name
            for function in functions
            for by in function.declaration.by or ()
            if by.value is not None and (name := state_field(by.value)) is not None
        }
        for function in functions:
            nodes = list(nodes_of([function]))
            asked = any(is_sender(inner) for node in nodes if isinstance(node, ast.Require) for inner in ast.walk(node.condition))
            if not is_open(function) or asked or function.declaration.phases is not None:
                continue
            for node in nodes:
                target = node.target if isinstance(node, ast.Assign) else None
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.callee, ast.Attribute)
                    and node.callee.name.text in ("add", "append")
                ):
                    target = node.callee.value
                name = state_field(target) if target is not None else None
                if name in rights:
                    message = f"anyone may change `{name}`, which says who may call"
                    yield subject.finding("L0503", message, node.span)


RULES = [
    Rule(
        "L0501",
        Entry(
            "a phase that is never reached",
            "Steps lead to it, and no function takes one of them.",
            "contract Deal:\n    phases Open -> Done | Failed\n\n    pub fn finish() by anyone in Open:\n        become Done\n",
            "contract Deal:\n"
            "    phases Open -> Done | Failed\n"
            "\n"
            "    pub fn finish() by anyone in Open:\n"
            "        become Done\n"
            "\n"
            "    pub fn give_up() by anyone in Open:\n"
            "        become Failed\n",
        ),
        unentered_phases,
    ),
    Rule(
        "L0502",
        Entry(
            "a phase that is never left",
            "Steps lead on from it, and no function that runs in it takes one. A contract that comes here stays here, with what "
            "its vaults hold.",
            "contract Deal:\n"
            "    phases Open -> Paid -> Done, Open -> Done\n"
            "\n"
            "    pub fn pay_in() by anyone in Open:\n"
            "        become Paid\n"
            "\n"
            "    pub fn finish() by anyone in Open:\n"
            "        become Done\n",
            "contract Deal:\n"
            "    phases Open -> Paid -> Done, Open -> Done\n"
            "\n"
            "    pub fn pay_in() by anyone in Open:\n"
            "        become Paid\n"
            "\n"
            "    pub fn finish() by anyone in Open | Paid:\n"
            "        become Done\n",
        ),
        unleft_phases,
    ),
    Rule(
        "L0503",
        Entry(
            "anyone may take rights",
            "The function is open to everyone and changes a field that a `by` clause asks: whoever calls it first may do the "
            "rest.",
            "contract Jar:\n"
            "    owner: Address\n"
            "    n: u64 = 0\n"
            "\n"
            "    init():\n"
            "        self.owner = sender\n"
            "\n"
            "    pub fn hand_over(to: Address) by anyone:\n"
            "        self.owner = to\n"
            "\n"
            "    pub fn count() -> u64 by self.owner:\n"
            "        self.n += 1\n"
            "        return self.n\n",
            "contract Jar:\n"
            "    owner: Address\n"
            "    n: u64 = 0\n"
            "\n"
            "    init():\n"
            "        self.owner = sender\n"
            "\n"
            "    pub fn hand_over(to: Address) by self.owner:\n"
            "        self.owner = to\n"
            "\n"
            "    pub fn count() -> u64 by self.owner:\n"
            "        self.n += 1\n"
            "        return self.n\n",
        ),
        open_rights,
    ),
]
