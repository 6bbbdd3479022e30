"""What has to be known of a ledger to show what happens on it, read from its store in the node's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.home import wallets_folder
from kit.network import OnLedger, Status, phase_key, phase_name
from kit.problem import Problem
from kit.values import Setting

if TYPE_CHECKING:
    from chain.ledger.parameters import Parameters
    from chain.state.reader import Reader
    from vm.module import Module

_SHORT_BEGIN, _SHORT_END = 9, 4  # characters of an address that has no name


class LedgerBook:
    """A `kit.receipts.Book`. Wallets without a name here are shown by the ends of their addresses."""

    def __init__(self, reader: Reader, parameters: Parameters) -> None:
        self._reader = reader
        self.status = _status(reader, parameters)
        self._contracts: dict[bytes, OnLedger | None] = {}  # of the present state
        self._modules: dict[bytes, Module] = {}
        self._folder = wallets_folder()
        self._names: dict[bytes, str] = {}
        self._names_of: float | None = None
        self.renew()

    @property
    def names(self) -> dict[bytes, str]:
        """The names of wallets here."""
        return self._names

    def setting(self, home: str | None = None) -> Setting:
        """How values are shown here."""
        return Setting(home, self.status.decimals, name_of=self._name_of)

    def is_contract(self, address: bytes) -> bool:
        """Whether a contract is at the address."""
        return self._find(address) is not None

    def contract(self, address: bytes) -> OnLedger:
        """The contract at an address. Raises `Problem` if there is none (any more)."""
        found = self._find(address)
        if found is None:
            raise Problem("there is no such contract", code="NotFound")
        return found

    def _find(self, address: bytes) -> OnLedger | None:
        if address not in self._contracts:
            self._contracts[address] = self._read(address)
        return self._contracts[address]

    def _read(self, address: bytes) -> OnLedger | None:
        from chain.ledger.contracts import read_contract
        from chain.primitives.keyspace import code_key
        from vm.codec import decode_module

        found = read_contract(self._reader, address)
        if found is None:
            return None
        code = self._reader.get(code_key(found.code_hash)) or b""
        if found.code_hash not in self._modules:
            self._modules[found.code_hash] = decode_module(code)
        return OnLedger(address, code, self._modules[found.code_hash], found.currency, found.deployer)

    def phase(self, contract: OnLedger) -> tuple[str, int] | None:
        """See `Book`."""
        if not contract.module.phases:
            return None
        return phase_name(contract.module, self._reader.get(phase_key(contract.address))), self._reader.height()

    def _name_of(self, address: bytes) -> str | None:
        from chain.primitives.address import format_address

        known = self._names.get(address)
        if known is not None:
            return known
        text = format_address(address)
        return f"{text[:_SHORT_BEGIN]}…{text[-_SHORT_END:]}"

    def renew(self) -> None:
        """The state has gone on; and there may be other names of wallets."""
        from kit.wallets import names

        self._contracts.clear()
        try:
            changed = self._folder.stat().st_mtime
        except OSError:
            changed = 0.0
        if changed != self._names_of:
            self._names, self._names_of = names(self.status.chain_id), changed


def _status(reader: Reader, parameters: Parameters) -> Status:
    from chain.currency.records import read_currency
    from chain.primitives.header import decode_header
    from chain.primitives.keyspace import currency_key

    height = reader.height()
    data = reader.header(height)
    assert data is not None
    decimals = {}
    for supply in decode_header(data).supply:
        value = reader.get(currency_key(supply.currency))
        assert value is not None
        decimals[supply.currency] = read_currency(supply.currency, value).decimals
    return Status(parameters.chain_id, height, parameters.base_currency, decimals, parameters.gas_limit)
