"""What is known of the loops of a function before it is written."""

from __future__ import annotations

from vm import instructions as i
from vm.function_verifier import Body
from vm.generator.writer import Loop


def find_loops(body: Body) -> dict[int, Loop]:
    """The loops of some code by the index of their instruction: where each ends, and which locals it assigns."""
    loops: dict[int, Loop] = {}
    open_blocks: list[Loop | None] = []
    for index, op in enumerate(body.ops):
        match op.code:
            case i.LOOP:
                loops[index] = Loop()
                open_blocks.append(loops[index])
            case i.IF:
                open_blocks.append(None)
            case i.END:
                closed = open_blocks.pop()
                if closed is not None:
                    closed.end = op.position
                    around = _innermost(open_blocks)
                    if around is not None:
                        around.assigned |= closed.assigned
            case i.CONTINUE:
                innermost = _innermost(open_blocks)
                assert innermost is not None
                innermost.continues = True
            case i.SET:
                innermost = _innermost(open_blocks)
                if innermost is not None:
                    innermost.assigned.add(op.operands[0])
    return loops


def _innermost(blocks: list[Loop | None]) -> Loop | None:
    return next((block for block in reversed(blocks) if block is not None), None)
