"""Control: branches, loops and their ends."""

from __future__ import annotations

from vm import intervals
from vm.cells import GAS, MEMORY
from vm.function_verifier import Op
from vm.generator.text import Condition, tuple_of
from vm.generator.writer import Block, Loop, Seen, Writer, crowded
from vm.intervals import Env
from vm.limits import MEMORY_BYTES_MAX


class Control(Writer):
    """Blocks of verified code are blocks of Python; a segment is one subtraction and one comparison."""

    def _do_if(self, op: Op) -> None:
        value = self.pop()
        self.spill()
        self.line(f"if {value.text}:")
        other = self._where(value.condition.opposite() if value.condition else None)
        self.blocks.append(Block(self.at.index, False, list(self.stack), self.indent, other, seen=self.seen.copy()))
        self.env = self._where(value.condition)
        self.indent += 1
        self.charge(self.at.body.segments[self.at.index + 1])

    def _where(self, condition: Condition | None) -> Env:
        """What is known of locals where a condition holds."""
        env = dict(self.env)
        if condition is not None:
            relation, a, b = condition
            for mine, how, other in ((a, relation, b), (b, intervals.mirrored(relation), a)):
                if mine.local >= 0 and mine.span is not None and other.span is not None:
                    env[mine.local] = intervals.refined(mine.span, how, other.span)
        return env

    def _otherwise(self, block: Block) -> None:
        """Begin the way on which the condition does not hold, at the instruction that asked."""
        block.other = True
        block.exit = self.env if self.live else None
        self.indent = block.indent
        if self.live:
            self.line("else:")
            self.indent += 1
        asked = self.at.body.ops[block.op]
        here, self.position = self.position, asked.position
        self.charge(self.at.body.segments[asked.target])
        self.position = here
        self.stack = list(block.stack)
        assert block.env is not None
        assert block.seen is not None
        self.seen, block.seen = block.seen, self.seen
        self.env, self.live = block.env, True

    def _do_else(self, op: Op) -> None:
        if self.live:
            self.charge(self.at.body.segments[op.target])
        self._otherwise(self.blocks[-1])

    def _do_end(self, op: Op) -> None:
        block = self.blocks.pop()
        if block.loop:
            self._end_loop(block)
            return
        if self.live:
            self.charge(self.at.body.segments[self.at.index + 1])
        if not block.other:
            self._otherwise(block)
        env = intervals.join(self.env if self.live else None, block.exit)
        if block.exit is not None:
            assert block.seen is not None
            self.seen = self.seen.join(block.seen) if self.live else block.seen
        self._go_on(block, env)

    def _go_on(self, block: Block, env: Env | None) -> None:
        """After the end of a block."""
        self.indent = block.indent
        self.stack = block.stack
        self.live = env is not None
        self.env = env or {}

    def _do_loop(self, op: Op) -> None:
        loop = self.at.loops[self.at.index]
        self.spill()
        if op.operands[0] < 1:
            self.line("loop_bound()")
        depth = sum(block.loop for block in self.blocks)
        if loop.continues:
            self.line(f"p{depth} = {op.position}")
        entry = self.env
        self.seen = Seen()
        self.blocks.append(Block(self.at.index, True, list(self.stack), self.indent, entry))
        self.env = intervals.without(entry, loop.assigned) | self.known_heads.get(self.at.index, {})
        self.line(f"for r{depth} in passes({op.operands[0]}):")
        self.indent += 1
        segment = self.at.body.segments[self.at.index + 1]
        self.line(f"gas -= {segment.gas}")
        self._pass_fails("gas < 0", "out", loop, depth)
        if segment.memory:
            self.line(f"c[{MEMORY}] += {segment.memory}")
            self._pass_fails(f"c[{MEMORY}] > {MEMORY_BYTES_MAX}", "full", loop, depth)
        if segment.changes:
            self._pass_fails(crowded(segment), "crowded", loop, depth)

    def _pass_fails(self, condition: str, failure: str, loop: Loop, depth: int) -> None:
        """A failure to begin a pass, at the instruction that led there."""
        if loop.continues:
            self.line(f"if {condition}: {failure}_at(c, p{depth})")
            return
        self.line(f"if {condition}:")
        here = self.position
        self.position = loop.end
        self.line(f" if r{depth}: {failure}()")
        self.position = here
        self.line(f" {failure}()")

    def _end_loop(self, block: Block) -> None:
        loop = self.at.loops[block.op]
        depth = sum(around.loop for around in self.blocks)
        if self.live:
            block.back = intervals.join(block.back, self.env)
            if loop.continues:
                self.line(f"p{depth} = {self.position}")
        self.indent = block.indent
        if self.live or loop.continues:
            self.line("else:")
            self.line(f" loop_bound_at(c, p{depth})" if loop.continues else " loop_bound()")
        self.seen = Seen()
        assert block.env is not None
        head = intervals.join(block.env, block.back) or {}
        self.heads[block.op] = {local: known for local, known in head.items() if local in loop.assigned}
        self._go_on(block, block.exit)

    def _loop_block(self) -> Block:
        return next(block for block in reversed(self.blocks) if block.loop)

    def _do_break(self, op: Op) -> None:
        self.charge(self.at.body.segments[op.target])
        self.line("break")
        block = self._loop_block()
        block.exit = intervals.join(block.exit, self.env)
        self.live = False

    def _do_continue(self, op: Op) -> None:
        self.line(f"p{sum(block.loop for block in self.blocks) - 1} = {op.position}")
        self.line("continue")
        block = self._loop_block()
        block.back = intervals.join(block.back, self.env)
        self.live = False

    def _do_return(self, op: Op) -> None:
        if self.at.within:
            return  # the last instruction of a function that is written into another: its result lies where it belongs
        result = self.pop().text if op.takes else None
        if self.promised:
            self.line(f"if q: ensure(m, {self.at.function}, q, {result})")
        self.line(f"c[{GAS}] = gas")
        self.line("return" if result is None else f"return {result}")
        self.live = False

    def _do_fail(self, op: Op) -> None:
        error = self.name("e", op.operands[0], self.module.errors[op.operands[0]].name)
        self.line(f"fail({error}, {tuple_of(self.pop_many(len(op.takes)))})")
        self.live = False
