"""From a checked contract to a module of the machine."""

from lang.emit.code import FunctionDebug
from lang.emit.module import Emitted, emit_contract

__all__ = ["Emitted", "FunctionDebug", "emit_contract"]
