"""What has to be known of a world to write a run down and to tell it: its contracts, its names, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from kit.record.entries import Part, Where
from kit.values import Setting
from lang.emit import FunctionDebug
from lang.symbols import ContractSymbol, FunctionSymbol
from vm import types as vm
from vm.module import Kind, Module
from vm.state import PHASE_FIELD
from vm.values import decode, pack, to_wire


@dataclass(frozen=True, slots=True)
class Known:
    """A contract. `debug` and `symbol` are None where its text is not at hand."""

    module: Module
    home: str
    debug: list[FunctionDebug] | None = None
    symbol: ContractSymbol | None = None

    def function_symbol(self, function: int) -> FunctionSymbol | None:
        """What the text says of a function of the module; None of one that comes from elsewhere, or that nobody wrote."""
        if self.symbol is None:
            return None
        if self.module.functions[function].kind is Kind.INIT:
            return self.symbol.init
        return self.symbol.functions.get(self.module.functions[function].name)


class Guide(Protocol):
    """A world as records see it. State and balances are those before the transaction at work."""

    def known(self, address: bytes) -> Known | None:
        """The contract at an address, or None."""

    def setting(self, home: str | None) -> Setting:
        """How values are shown in a contract of a home currency."""

    def name(self, address: bytes) -> str:
        """What a wallet or contract is called."""

    def stored(self, contract: bytes, slot: bytes) -> bytes | None:
        """The stored bytes of a slot of a contract, or None."""

    def balance(self, wallet: bytes, currency: str) -> int:
        """What a wallet holds, in minor units."""


def stored(guide: Guide, where: Where) -> Any:
    """What a thing is in the world before the transaction at work."""
    match where:
        case Where(Part.BALANCE, (wallet, currency)):
            return guide.balance(wallet, currency)
        case Where(Part.SLOT, (contract, field, key)):
            return _slot(guide, contract, field, key)
    return None


def _slot(guide: Guide, contract: bytes, field: int, key: Any) -> Any:
    known = guide.known(contract)
    if known is None:
        return None
    kind: vm.Type = vm.U8 if field == PHASE_FIELD else known.module.fields[field][1]
    slot = pack((field,))
    if isinstance(kind, vm.Map | vm.Set):
        slot = pack((field, to_wire(kind.key, key)))
        kind = kind.value if isinstance(kind, vm.Map) else vm.BOOL
    data = guide.stored(contract, slot)
    return None if data is None else decode(vm.AMOUNT if isinstance(kind, vm.Vault) else kind, data)
