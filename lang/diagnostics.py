"""What the compiler tells people: one value a finding, shown with the line it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from lang.source import Source, Span

FINDINGS_MAX = 1_000  # errors, and as many warnings, of one compilation; further ones would be noise


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to the text that would mend the finding."""

    span: Span
    text: str
    says: str  # what the edit does, in a few words


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: stable code, sentence, exact place, and where known what was expected and the edit that mends it."""

    code: str  # "E0301": see lang.catalogue
    message: str
    source: Source
    span: Span
    expected: str | None = None
    edit: Edit | None = None
    notes: tuple[tuple[str, Span | None], ...] = ()

    @property
    def is_error(self) -> bool:
        """Warnings have codes that begin with W."""
        return self.code.startswith("E")


class Refused(Exception):
    """A text does not compile. Carries every finding, sorted by place."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} findings")
        self.diagnostics = diagnostics


@dataclass(slots=True)
class Findings:
    """Collects findings of one compilation; keeps the first at each place and code, up to `FINDINGS_MAX`."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, int, str]] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)  # of errors, of warnings

    def add(
        self,
        code: str,
        message: str,
        source: Source,
        span: Span,
        *,
        expected: str | None = None,
        edit: Edit | None = None,
        notes: tuple[tuple[str, Span | None], ...] = (),
    ) -> None:
        """Remember a finding."""
        key = (source.path, span.start, code)
        if key not in self._seen and self._counts.get(code[0], 0) < FINDINGS_MAX:
            self._seen.add(key)
            self._counts[code[0]] = self._counts.get(code[0], 0) + 1
            self.diagnostics.append(Diagnostic(code, message, source, span, expected, edit, notes))

    @property
    def has_errors(self) -> bool:
        """Whether any finding is more than a warning."""
        return any(finding.is_error for finding in self.diagnostics)

    def in_order(self) -> list[Diagnostic]:
        """All findings by file, place and code."""
        return sorted(self.diagnostics, key=lambda d: (d.source.path, d.span.start, d.code))
