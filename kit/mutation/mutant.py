"""One change to a text."""

from __future__ import annotations

from dataclasses import dataclass

from lang.source import Source, Span


@dataclass(frozen=True, slots=True)
class Mutant:
    """`span` of the text becomes `text`. `operator` names the kind of change, `says` it in a few words. `contract` and
    `function` are where it is made.
    """

    operator: str
    span: Span
    text: str
    says: str
    contract: str | None  # None outside of contracts
    function: str | None = None

    def applied(self, text: str) -> str:
        """The text with the change made."""
        return text[: self.span.start] + self.text + text[self.span.end :]

    def lines(self, source: Source) -> range:
        """The lines that are changed, counted from 1."""
        first, _ = source.position(self.span.start)
        last, _ = source.position(max(self.span.start, self.span.end - 1))
        return range(first, last + 1)

    def diff(self, source: Source) -> list[tuple[int, str, str]]:
        """The lines that are changed: number, before, after. A change keeps the number of lines."""
        lines = self.lines(source)
        start = self.span.start - source.position(self.span.start)[1] + 1
        end = source.text.find("\n", max(self.span.end - 1, self.span.start))
        end = len(source.text) if end < 0 else end
        before = source.text[start:end].split("\n")
        after = (source.text[start : self.span.start] + self.text + source.text[self.span.end : end]).split("\n")
        after += [""] * (len(before) - len(after))
        return [(number, old, new) for number, old, new in zip(lines, before, after, strict=False) if old != new]
