"""The compiler's front door: a file or a text in, findings and modules out. Nothing a text says makes it raise."""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, field
from pathlib import Path

from lang import ast
from lang.check import CheckedFile, check_file
from lang.diagnostics import Diagnostic, Findings
from lang.emit import Emitted, FunctionDebug, emit_contract
from lang.interface import describe_contract
from lang.limits import FILE_BYTES_MAX, FILES_MAX
from lang.parser import normalised, parse
from lang.source import Source, Span
from lang.symbols import ContractSymbol
from vm import limits
from vm.codec import encode_module, module_hash
from vm.illegal import Illegal, Reason
from vm.module import Module
from vm.verifier import verify

_PLACE = re.compile(r"functions\[(\d+)\](?: \([^)]*\) word (\d+))?")
_LIMIT = re.compile(r"past (\w+)")
_LIMITS = {
    "BLOCK_DEPTH_MAX": f"blocks go at most {limits.BLOCK_DEPTH_MAX} deep, and every `elif`, `case` and `and` opens one",
    "LOCALS_MAX": f"a function has at most {limits.LOCALS_MAX} values at once, unnamed ones included; move a part into another",
    "STACK_DEPTH_MAX": f"at most {limits.STACK_DEPTH_MAX} values wait within one expression; name some with `let`",
    "CODE_WORDS_MAX": f"a function has at most {limits.CODE_WORDS_MAX} words of code; move a part into another",
    "MODULE_BYTES_MAX": f"a module has at most {limits.MODULE_BYTES_MAX} bytes; split the contract",
    "CONSTANTS_MAX": f"a contract has at most {limits.CONSTANTS_MAX} constants, literals included",
    "TYPES_MAX": f"a contract has at most {limits.TYPES_MAX} types",
    "EXTERNALS_MAX": f"a contract calls at most {limits.EXTERNALS_MAX} functions of others",
    "ERRORS_MAX": f"a contract fails with at most {limits.ERRORS_MAX} errors, those of its file included",
    "FUNCTIONS_MAX": f"a contract has at most {limits.FUNCTIONS_MAX} functions, promises included",
    "PARAMETERS_MAX": f"a promise sees at most {limits.PARAMETERS_MAX} values: parameters, remembered ones and the result",
    "INVOKE_DEPTH_MAX": f"functions call one another at most {limits.INVOKE_DEPTH_MAX} deep",
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """One contract, compiled: its module and canonical bytes, what it offers, and where its code came from."""

    name: str
    module: Module
    code: bytes
    interface: dict[str, object]
    debug: list[FunctionDebug]

    @property
    def hash(self) -> bytes:
        """The module's hash, by which a ledger knows it."""
        return module_hash(self.code)


@dataclass(slots=True)
class Compilation:
    """What came of one file: findings in order, the checked tree, and the contracts if there was no error."""

    path: str
    findings: list[Diagnostic]
    checked: CheckedFile | None = None
    contracts: dict[str, Compiled] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it compiled; warnings do not hinder."""
        return not any(finding.is_error for finding in self.findings)

    @property
    def file(self) -> ast.File | None:
        """The syntax tree, as far as it could be read."""
        return self.checked.file if self.checked is not None else None


def compile_text(text: str, path: str = "<text>") -> Compilation:
    """Compile a text. Imports are looked for beside `path` if that is a file's path."""
    return _Compiler().run(Source(path, text))


def compile_file(path: Path) -> Compilation:
    """Compile a file and what it imports. Raises `OSError` if the file itself cannot be read."""
    data = _read(path)
    compiler = _Compiler()
    if len(data) > FILE_BYTES_MAX:
        source = Source(str(path), data[:80].decode("utf-8", "replace"))
        compiler.findings.add("E0901", _too_large(path), source, Span(0, 1), expected=_SMALLER)
        return Compilation(str(path), compiler.findings.in_order())
    source, is_text = _decoded(path, data)
    if not is_text:
        _not_text(source, compiler.findings)
        return Compilation(str(path), compiler.findings.in_order())
    return compiler.run(source)


_SMALLER = "a smaller file, or several with `from … import`"


def _too_large(path: Path) -> str:
    return f"the file has {path.stat().st_size:,} bytes; at most {FILE_BYTES_MAX:,} are read"


def _decoded(path: Path, data: bytes) -> tuple[Source, bool]:
    """The text of a file, and whether it is one: if not, what can be read of it, up to and with the first bad byte."""
    bad = data.find(0)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.start if bad < 0 else min(bad, error.start)
    if bad < 0:
        return Source(str(path), text), True
    return normalised(Source(str(path), data[:bad].decode("utf-8", "replace") + "\ufffd")), False


def _not_text(source: Source, findings: Findings) -> None:
    size = len(source.text)
    message = "this file is not text in UTF-8; here is its first byte that is none"
    findings.add("E0129", message, source, Span(size - 1, size), expected="a file saved as UTF-8")


def _read(path: Path) -> bytes:
    """The bytes of a file, one more than allowed at most. Raises `OSError`, also for what is no file: a pipe or a
    device may have no end.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file", str(path))
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


class _Compiler:
    """One run: remembers files, so that each is read once."""

    def __init__(self) -> None:
        self.findings = Findings()
        self.files: dict[Path, CheckedFile | None] = {}
        self.compiled: dict[int, Compiled] = {}

    def run(self, source: Source) -> Compilation:
        result = Compilation(source.path, [])
        try:
            result.checked = self._check(source, Path(source.path).resolve())
            if result.checked is not None and not self.findings.has_errors:
                self._emit(result.checked, result)
        except RecursionError:  # many deep things within one another; each of them alone is within its limit
            self.findings.add("E0901", "this file is nested too deep as a whole", source, Span(0, 0))
            result.checked = None
            result.contracts.clear()
        result.findings = self.findings.in_order()
        return result

    def _check(self, source: Source, key: Path) -> CheckedFile | None:
        self.files[key] = None  # a file that comes back to itself by imports
        file = parse(source, self.findings)
        if file is None:
            return None
        checked = check_file(file, self.findings, self._load)
        self.files[key] = checked
        return checked

    def _load(self, node: ast.Import, source: Source) -> CheckedFile | None:
        span = Span(node.path[0].span.start, node.path[-1].span.end)
        path = Path(source.path).parent.joinpath(*(part.text for part in node.path)).with_suffix(".tael")
        key = path.resolve()
        if key in self.files:
            if self.files[key] is None:
                self.findings.add("E0211", "these files import one another in a circle", source, span)
            return self.files[key]
        if len(self.files) >= FILES_MAX:
            self.findings.add("E0901", f"a program has at most {FILES_MAX} files", source, span)
            return None
        try:
            data = _read(path)
        except OSError:
            shown = "/".join(part.text for part in node.path) + ".tael"
            self.findings.add("E0210", f"there is no file `{shown}` beside this one", source, span)
            return None
        if len(data) > FILE_BYTES_MAX:
            self.findings.add("E0901", _too_large(path), source, span, expected=_SMALLER)
            return None
        imported, is_text = _decoded(path, data)
        if not is_text:
            _not_text(imported, self.findings)
            return None
        return self._check(imported, key)

    def _emit(self, checked: CheckedFile, result: Compilation) -> None:
        for contract in checked.contracts:
            emitted = emit_contract(contract)
            try:
                code = encode_module(emitted.module)
                verify(emitted.module)
            except Illegal as illegal:
                self._refused(contract, emitted, illegal)
                result.contracts.clear()
                return
            interface = describe_contract(contract, emitted.module)
            result.contracts[contract.name] = Compiled(contract.name, emitted.module, code, interface, emitted.debug)

    def _refused(self, contract: ContractSymbol, emitted: Emitted, illegal: Illegal) -> None:
        """The finding that the verifier refuses: a limit is passed, or the compiler made something it should not."""
        source, span = contract.source, contract.declaration.name.span
        found = _PLACE.search(illegal.where)
        if found is not None and int(found[1]) < len(emitted.debug):
            debug = emitted.debug[int(found[1])]
            function = contract.functions.get(debug.name)
            word = int(found[2]) if found[2] is not None else 0
            source, span = debug.source, [span, *(place for position, place in debug.places if position <= word)][-1]
            if found[2] is None and function is not None:
                source, span = function.source, function.declaration.name.span
        if illegal.code == Reason.LIMIT:
            name = _LIMIT.search(illegal.detail)
            message = f"`{contract.name}` is more than the machine takes: {_LIMITS.get(name[1] if name else '', illegal.detail)}"
            self.findings.add("E0901", message, source, span)
        elif illegal.code == Reason.DUPLICATE and illegal.where.startswith("types"):
            message = f"two types called `{illegal.detail}` meet in `{contract.name}`; the machine tells types apart by name"
            self.findings.add("E0202", message, source, span)
        else:
            message = f"the compiler made of `{contract.name}` what the machine refuses; please report it: {illegal}"
            self.findings.add("E0909", message, source, span)
