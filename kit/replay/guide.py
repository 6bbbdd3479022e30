"""A ledger as records see it: contracts with their text where it is at hand, wallets by their names here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chain.currency.records import read_currency
from chain.ledger.contracts import load_verified, read_contract, verified_code
from chain.primitives.account import own_account
from chain.primitives.address import contract_address, format_address
from chain.primitives.keyspace import account_key, currency_key, slot_key
from chain.primitives.transaction import Deploy, Transaction
from chain.state.overlay import BlockOverlay
from kit.record.guide import Known
from kit.values import Setting
from lang.compiler import Compiled, compile_file
from lang.symbols import ContractSymbol
from vm.codec import module_hash
from vm.illegal import Illegal

_SHORT_BEGIN, _SHORT_END = 9, 4  # characters of an address that has no name


class Sources:
    """The texts of contracts at hand, by the hash of the code that they compile to."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._found: dict[bytes, tuple[Compiled, ContractSymbol]] | None = None

    def find(self, code_hash: bytes) -> tuple[Compiled, ContractSymbol] | None:
        """A contract whose code has a hash; None if none of the texts gives it. Files that do not compile have none."""
        if self._found is None:
            self._found = {}
            for path in self._paths:
                compilation = compile_file(path)
                if compilation.checked is None:
                    continue
                for symbol in compilation.checked.contracts:
                    if symbol.name in compilation.contracts:
                        compiled = compilation.contracts[symbol.name]
                        self._found[compiled.hash] = compiled, symbol
        return self._found.get(code_hash)


class LedgerGuide:
    """A `kit.record.guide.Guide` on the state of a block that is being executed again."""

    def __init__(self, overlay: BlockOverlay, sources: Sources, names: Mapping[bytes, str], base_currency: str) -> None:
        self._overlay = overlay
        self._sources = sources
        self._wallets = names
        self._base = base_currency
        self._known: dict[bytes, Known] = {}
        self._names: dict[bytes, str] = {}
        self._decimals: dict[str, int] = {}

    def foresee(self, transaction: Transaction) -> None:
        """Know the contracts that a transaction is going to deploy."""
        for position, action in enumerate(transaction.body.actions):
            if isinstance(action, Deploy):
                address = contract_address(transaction.body.sender, transaction.identity, position)
                try:
                    verified = verified_code(action.module)[1]
                except Illegal:
                    continue
                self._keep(address, self._texted(module_hash(action.module), verified.module, action.currency))

    def known(self, address: bytes) -> Known | None:
        """See `Guide`."""
        if address not in self._known:
            found = read_contract(self._overlay, address)
            if found is None:
                return None
            module = load_verified(self._overlay, found.code_hash).module
            self._keep(address, self._texted(found.code_hash, module, found.currency))
        return self._known[address]

    def _texted(self, code_hash: bytes, module: object, home: str) -> Known:
        from vm.module import Module

        assert isinstance(module, Module)
        found = self._sources.find(code_hash)
        return Known(module, home) if found is None else Known(module, home, found[0].debug, found[1])

    def _keep(self, address: bytes, known: Known) -> None:
        self._known[address] = known
        name = known.module.name
        self._names[address] = f"{name} {_short(address)}" if name in self._names.values() else name

    def setting(self, home: str | None) -> Setting:
        """See `Guide`."""
        self._meet(home or self._base)
        return Setting(home or self._base, self._decimals, name_of=self.name)

    def _meet(self, code: str) -> None:
        if code not in self._decimals:
            value = self._overlay.get(currency_key(code))
            if value is not None:
                self._decimals[code] = read_currency(code, value).decimals

    def name(self, address: bytes) -> str:
        """See `Guide`."""
        if self.known(address) is not None:
            return self._names[address]
        return self._wallets.get(address) or _short(address)

    def stored(self, contract: bytes, slot: bytes) -> bytes | None:
        """See `Guide`."""
        return self._overlay.get(slot_key(contract, slot))

    def balance(self, wallet: bytes, currency: str) -> int:
        """See `Guide`. Accounts at work are not looked at: the record of one is what was before."""
        value = self._overlay.get(account_key(wallet))
        return 0 if value is None else own_account(value).balances.get(currency, 0)


def _short(address: bytes) -> str:
    text = format_address(address)
    return f"{text[:_SHORT_BEGIN]}…{text[-_SHORT_END:]}"
