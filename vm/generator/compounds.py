"""Compound values, lists, texts, byte strings, and the standard functions on them."""

from __future__ import annotations

from typing import Final

from vm import intervals
from vm.function_verifier import Op
from vm.generator.text import Value, tuple_of
from vm.generator.writer import Writer
from vm.instructions import TABLE
from vm.pricing import BYTES_SCALE, Scale
from vm.types import List, Struct, Tuple, Type

_FIELDS_APART: Final = 8  # up to so many parts are named one by one where one of them changes


class Compounds(Writer):
    """Tuples of Python, each made once."""

    def _do_pack(self, op: Op) -> None:
        self.result(tuple_of(self.pop_many(len(op.takes))))

    def _do_unpack(self, op: Op) -> None:
        self.spread(op, self.pop().text)

    def _do_field(self, op: Op) -> None:
        whole = self.pop()
        self.result(f"{whole.text}[{op.operands[1]}]", intervals.of_type(op.gives[0]))

    def _do_with_field(self, op: Op) -> None:
        value, whole = self.pop().text, self.pop().text
        part = op.operands[1]
        count = _parts(op.kind)
        if count <= _FIELDS_APART:
            self.result(tuple_of([value if n == part else f"{whole}[{n}]" for n in range(count)]))
        else:
            self.result(f"{whole}[:{part}] + ({value},) + {whole}[{part + 1}:]")

    def _do_variant(self, op: Op) -> None:
        self.result(tuple_of([str(op.operands[1]), *self.pop_many(len(op.takes))]))

    def _do_tag(self, op: Op) -> None:
        self.result(f"{self.pop().text}[0]", intervals.of_type(op.gives[0]))

    def _do_open(self, op: Op) -> None:
        whole = self.pop().text
        self.line(f"if {whole}[0] != {op.operands[1]}: wrong_variant()")
        self.spread(op, whole, tag=True)

    def _do_append(self, op: Op) -> None:
        element, whole = self.pop().text, self.pop().text
        assert isinstance(op.kind, List)
        self.line(f"n = len({whole}) + 1")
        self.line(f"if n > {op.kind.max}: too_long()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole} + ({element},)")

    def _do_index(self, op: Op) -> None:
        place, whole = self.pop().text, self.pop().text
        self.line(f"if {place} >= len({whole}): out_of_range()")
        self.result(f"{whole}[{place}]", intervals.of_type(op.gives[0]))

    def _do_with_index(self, op: Op) -> None:
        element, place, whole = self.pop().text, self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"n = len({whole})")
        self.line(f"if {place} >= n: out_of_range()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole}[:{place}] + ({element},) + {whole}[{place} + 1:]")

    def _do_length(self, op: Op) -> None:
        assert op.kind is not None
        most: int = getattr(op.kind, "max")  # noqa: B009
        self.result(self.length(op.takes[0], self.pop().text), (0, most))

    def _do_contains(self, op: Op) -> None:
        element, whole = self.pop().text, self.pop().text
        self.work_on("scan", op.kind, whole)
        self.result(f"{element} in {whole}")

    def _do_slice(self, op: Op) -> None:
        end, start, whole = self.pop().text, self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"if not {start} <= {end} <= len({whole}): out_of_range()")
        self.line(f"n = {end} - {start}")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{whole}[{start}:{end}]")

    def _do_concat(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        assert op.kind is not None
        self.line(f"n = {self.length(op.kind, a)} + {self.length(op.kind, b)}")
        most: int = getattr(op.kind, "max")  # noqa: B009
        self.line(f"if n > {most}: too_long()")
        self.work("make", Scale.of(op.kind), "n")
        self.result(f"{a} + {b}")

    def _do_pop(self, op: Op) -> None:
        whole = self.pop().text
        assert op.kind is not None
        self.line(f"if not {whole}: out_of_range()")
        self.line(f"n = len({whole}) - 1")
        self.work("make", Scale.of(op.kind), "n")
        place = len(self.stack)
        self.line(f"s{place}, s{place + 1} = {whole}[:n], {whole}[n]")
        self.stack += [Value(f"s{place}"), Value(f"s{place + 1}", intervals.of_type(op.gives[1]))]

    # Standard functions.

    def _do_hash(self, op: Op) -> None:
        data = self.pop().text
        self.line(f"n = len({data})")
        self.work("hash", BYTES_SCALE, "n")
        self.result(f"{TABLE[op.code].name}({data})")

    def _do_encode(self, op: Op) -> None:
        value = self.pop()
        assert op.kind is not None
        self.work_on("encode", op.kind, value.text)
        self.result(f"encode({self.wire(op.kind, value)})")

    def _do_verify_ed25519(self, op: Op) -> None:
        key, message, signature = self.pop_many(3)
        self.line(f"n = len({message})")
        self.work("hash", BYTES_SCALE, "n")
        self.result(f"verify_ed25519(m, {key}, {message}, {signature})")

    def _do_text_bytes(self, op: Op) -> None:
        value = self.pop().text
        self.line(f"n = text_size({value})")
        self.work("make", BYTES_SCALE, "n")
        self.result(f"text_bytes({value})")


def _parts(kind: Type | None) -> int:
    assert isinstance(kind, Struct | Tuple)
    return len(kind.fields) if isinstance(kind, Struct) else len(kind.items)
