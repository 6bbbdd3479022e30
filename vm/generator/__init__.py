"""Turns verified code into flat Python: one function of three-address lines for each function of a module.

What lies on the stack becomes a name (`s0` for the lowest place), a local (`l0`) or a constant; a segment is paid by one
subtraction from `gas`; checks are left out where intervals show that they cannot fail; small functions are written where they
are invoked. Each line belongs to one instruction, so the line that fails tells the instruction. The text holds nothing of what
people wrote: only the names of `vm.support.NAMES`, the numbered names of `NUMBERED`, a few plain ones, integers and operators,
and never a dot.

A function is given the cells of the transaction (`vm.cells`) as `c`, the run (`vm.support`) as `m`, what its promises remember as
`q` if it has any, and its parameters; its caller has paid for its first segment. A public function, which is called from outside
only, is given its arguments as one sequence `x`, looks whether they fit, pays, and remembers by itself.
"""

from __future__ import annotations

from vm.generator.doors import generate_door
from vm.generator.function import FunctionWriter
from vm.generator.loops import find_loops
from vm.generator.text import NUMBERED, PLAIN_NAMES, Generated, Place
from vm.intervals import Env
from vm.verifier import Verified

__all__ = ["GENERATOR_VERSION", "NUMBERED", "PLAIN_NAMES", "Generated", "Place", "generate", "generate_door", "generate_entry"]

GENERATOR_VERSION = 3


def generate(verified: Verified, function: int, *, checked: bool = False) -> Generated:
    """The Python of one function, with the checks of `vm.checks` or without. Linear in the length of its code."""
    loops = find_loops(verified.bodies[function])
    heads: dict[int, Env] = {}
    if loops:
        # A first run, which takes locals that a loop assigns for anything, shows what they can be after a pass.
        first = FunctionWriter(verified, function, loops, {}, checked)
        first.run()
        heads = first.heads
    return FunctionWriter(verified, function, loops, heads, checked).run()
