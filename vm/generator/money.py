"""Money: vaults, coins and resources."""

from __future__ import annotations

from vm import intervals
from vm.function_verifier import Op
from vm.generator.state import StateAccess
from vm.generator.text import Slot, tuple_of
from vm.intervals import Interval
from vm.types import AMOUNT, AMOUNT_MAX, Resource, bounds


class Money(StateAccess):
    """Linear values are tuples, made anew whenever they change hands in part."""

    def _do_vault_put(self, op: Op) -> None:
        coin = self.pop().text
        self.line(f"vault_put(m, {op.operands[0]}, {self.key(op, write=True).text}, {coin})")

    def _do_vault_take(self, op: Op) -> None:
        amount = self.pop().text
        key = self.key(op).text
        self.result(f"vault_take(m, {op.operands[0]}, {key}, {amount})")

    def _do_vault_take_all(self, op: Op) -> None:
        key = self.key(op)
        slot = Slot(self.slots(op.operands[0]), self.token(op, key))
        self.result(f"vault_take(m, {op.operands[0]}, {key.text}, {slot.text} or 0)")

    def _do_vault_amount(self, op: Op) -> None:
        self.result(f"{self.slot(op).text} or 0", (0, AMOUNT_MAX))

    # Coins and resources in flight.

    def _do_peek_amount(self, op: Op) -> None:
        self.result(f"{self.local(op.operands[0])}[1]", (0, AMOUNT_MAX))

    def _do_peek_field(self, op: Op) -> None:
        local, part = op.operands
        self.result(f"{self.local(local)}[1][{part}]", intervals.of_type(op.gives[0]))

    def _do_peek_tag(self, op: Op) -> None:
        self.result(f"{self.local(op.operands[0])}[0]", intervals.of_type(op.gives[0]))

    def _do_coin_split(self, op: Op) -> None:
        amount, coin = self.pop().text, self.pop().text
        self.line(f"if {amount} > {coin}[1]: insufficient()")
        self.two_results(f"make(coin, ({coin}[0], {amount}))", f"make(coin, ({coin}[0], {coin}[1] - {amount}))")

    def _do_coin_join(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        self.line(f"n = {a}[1] + {b}[1]")
        self.line(f"if n > {bounds(AMOUNT)[1]}: overflow()")
        self.result(f"make(coin, ({a}[0], n))")

    def _do_pay(self, op: Op) -> None:
        coin, to = self.pop().text, self.pop().text
        self.line(f"pay(m, {to}, {coin})")

    def _do_new(self, op: Op) -> None:
        assert isinstance(op.kind, Resource)
        name = self.name("n", op.operands[0], op.kind.name)
        self.result(f"make(resource, ({name}, {tuple_of(self.pop_many(len(op.takes)))}))")

    def _do_destroy(self, op: Op) -> None:
        self.spread(op, f"{self.pop().text}[1]")

    def divides(self, op: Op) -> tuple[int, Interval]:
        """By which field a resource divides, and the bounds of that."""
        assert isinstance(op.kind, Resource)
        assert op.kind.divides is not None
        span = intervals.of_type(op.kind.fields[op.kind.divides][1])
        assert span is not None
        return op.kind.divides, span

    def _do_split(self, op: Op) -> None:
        amount, whole = self.pop().text, self.pop().text
        by, _ = self.divides(op)
        self.line(f"n = {whole}[1][{by}] - {amount}")
        self.line("if n < 0: insufficient()")
        self.two_results(f"part({whole}, {by}, {amount})", f"part({whole}, {by}, n)")

    def _do_merge(self, op: Op) -> None:
        b, a = self.pop().text, self.pop().text
        by, (low, high) = self.divides(op)
        self.result(f"merge({a}, {b}, {by}, {low}, {high})")
