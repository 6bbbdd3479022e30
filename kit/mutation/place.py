"""Where in a file a change is made: what is in sight there, and the text of its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kit.mutation.mutant import Mutant
from lang import ast
from lang.source import Source, Span
from lang.symbols import Builtin, ContractSymbol, FunctionSymbol, Local, StateField
from lang.types import Type, is_plain
from vm import types as vm


@dataclass(frozen=True, slots=True)
class Place:
    """The surroundings of a node: its file, contract and function."""

    source: Source
    contract: ContractSymbol | None
    function: FunctionSymbol | None
    assigned: frozenset[Span] = frozenset()  # places that are assigned to, where no value is read

    def text(self, node: ast.Node) -> str:
        """A node as it was written."""
        return self.source.text[node.span.start : node.span.end]

    def mutant(self, operator: str, span: Span, text: str, says: str | None = None) -> Mutant:
        """A change here; told as "`before` became `after`" if nothing else is said."""
        before = " ".join(self.source.text[span.start : span.end].split())
        name = self.contract.name if self.contract is not None else None
        function = self.function.name if self.function is not None else None
        return Mutant(operator, span, text, says or f"`{before}` became `{text}`", name, function)

    def word_between(self, left: ast.Node, right: ast.Node, word: str) -> Span | None:
        """Where an operator stands between its operands; None where a comment is in the way."""
        gap = self.source.text[left.span.end : right.span.start]
        pattern = r"\s+".join(re.escape(part) for part in word.split())
        found = re.search(rf"\b{pattern}\b" if word[0].isalpha() else rf"(?<![<>=!]){pattern}(?!=)", gap)
        if found is None or "#" in gap:
            return None
        return Span(left.span.end + found.start(), left.span.end + found.end())

    def others(self, node: ast.Expression) -> list[str]:
        """Other values of the same type that are in sight, as they are written, beginning after this one in the order of
        parameters, state fields, and what the call says.
        """
        kind = node.type
        if kind is None or not is_plain(kind):
            return []
        known = [*self._parameters(kind), *self._fields(kind), *_of_the_call(kind, self.function)]
        own = self.text(node)
        if own not in known:
            return known
        at = known.index(own)
        return known[at + 1 :] + known[:at]

    def _parameters(self, kind: Type) -> Iterator[str]:
        for name, own in self.function.parameters if self.function is not None else ():
            if own == kind:
                yield name

    def _fields(self, kind: Type) -> Iterator[str]:
        may_read = self.function is not None and self.function.kind not in ("pure", "init")
        for symbol in self.contract.fields.values() if self.contract is not None and may_read else ():
            if symbol.type == kind:
                yield f"self.{symbol.name}"


def _of_the_call(kind: Type, function: FunctionSymbol | None) -> Iterator[str]:
    if function is None or function.kind in ("pure", "view"):
        return
    if kind == vm.ADDRESS:
        yield "sender"
    if kind == vm.TIME:
        yield "now"


def is_value_in_sight(node: ast.Node) -> bool:
    """Whether a node is a value that another name may stand for: a local, a state field, `sender`, `now`."""
    match node:
        case ast.Name(ref=Local()) | ast.Attribute(ref=StateField()):
            return True
        case ast.Name(ref=Builtin(name)):
            return name in ("sender", "now")
    return False
