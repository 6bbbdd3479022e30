"""From a checked contract to a module of the machine."""

from lang.emit.code import NOWHERE, Fork, FunctionDebug
from lang.emit.module import Emitted, emit_contract

__all__ = ["NOWHERE", "Emitted", "Fork", "FunctionDebug", "emit_contract"]
