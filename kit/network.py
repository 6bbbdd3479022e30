"""The network as commands see it: a node to ask, names for wallets, typed contracts, signed transactions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.names import CHAIN_ID, PORT
from kit.problem import Exit, Problem, missing, usage
from kit.values import Setting, WrongValue, read_value

if TYPE_CHECKING:
    from chain.client.client import Client, Proved
    from chain.primitives.header import Header
    from chain.primitives.keys import Signer
    from chain.primitives.receipt import Receipt
    from chain.primitives.transaction import Action
    from kit.wallets import Wallet
    from vm.module import Function, Kind, Module

_ATTEMPTS = 5
"""How often a transaction is signed if others of the wallet take its sequence number first."""
DEFAULT_NODE = f"http://127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Status:
    """What the chain is: its id, height, currencies with their decimals."""

    chain_id: str
    height: int
    base_currency: str
    decimals: dict[str, int]
    gas_limit: int


@dataclass(frozen=True, slots=True)
class OnLedger:
    """A contract on the ledger, with the module that its code is."""

    address: bytes
    code: bytes
    module: Module
    currency: str
    deployer: bytes

    def function(self, name: str, kinds: Sequence[Kind], verb: str) -> Function:
        """The function of a name that may be called or read. Raises `Problem` that names those there are."""
        from vm.module import Kind

        found = next((function for function in self.module.functions if function.name == name), None)
        if found is not None and found.kind in kinds:
            return found
        others = [function.name for function in self.module.functions if function.kind in kinds]
        remedy = f"It has {', '.join(others)}." if others else f"It has none to {verb}."
        if found is None:
            raise usage(f"{self.module.name} has no function {name!r}", remedy)
        if found.kind in (Kind.VIEW, Kind.PURE):
            raise usage(f"{name} only reads", f"Use `tael read`. To {verb}: {', '.join(others) or 'none'}.")
        if found.kind is Kind.PUBLIC:
            raise usage(f"{name} changes things", f"Use `tael call`. To {verb}: {', '.join(others) or 'none'}.")
        raise usage(f"{name} cannot be entered from outside ({found.kind})", remedy)


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block: its header, and the identities of its transactions in hexadecimal."""

    header: Header
    transactions: tuple[str, ...]


def phase_key(address: bytes) -> bytes:
    """The state key of a contract's phase."""
    from chain.primitives.keyspace import slot_key
    from vm.state import PHASE_FIELD
    from vm.values import pack

    return slot_key(address, pack([PHASE_FIELD]))


def phase_name(module: Module, stored: bytes | None) -> str:
    """The phase that the stored bytes name; the first one where nothing is stored."""
    from chain.primitives.codec import decode

    number = 0 if stored is None else decode(stored)
    if type(number) is int and 0 <= number < len(module.phases):
        return module.phases[number]
    return f"phase {number}"


class Network:
    """One node and what it knows, for one command."""

    def __init__(self, client: Client, status: Status, *, wallet: str | None, currency: str | None) -> None:
        self.client = client
        self.status = status
        self.project_currency = currency
        self._project_wallet = wallet
        self._contracts: dict[bytes, OnLedger | None] = {}

    @cached_property
    def _names(self) -> dict[bytes, str]:
        from kit.wallets import names

        return names(self.status.chain_id)

    def setting(self, home: str | None = None) -> Setting:
        """How values are read and shown here, in a contract of this home currency."""
        return Setting(home, self.status.decimals, self._address_of, self._name_of)

    def address(self, text: str) -> bytes:
        """The address of a wallet's name or of an address in text. Raises `WrongValue`."""
        from vm.types import ADDRESS

        address = read_value(text, ADDRESS, self.setting())
        assert isinstance(address, bytes)
        return address

    def is_contract(self, address: bytes) -> bool:
        """Whether a contract is at the address."""
        return self._find_contract(address) is not None

    def contract(self, address: bytes) -> OnLedger:
        """The contract at an address. Raises `Problem` if there is none."""
        found = self._find_contract(address)
        if found is None:
            from kit.values import show_address

            shown = show_address(address, self.setting())
            raise Problem(f"there is no contract at {shown}", "Check the address; `tael deploy` prints it.", code="NotFound")
        return found

    def signer(self, name: str | None) -> Wallet:
        """The wallet that signs: the one named, else TAEL_FROM's, else tael.toml's, else the devnet's first."""
        from kit.wallets import find_wallet

        chosen = name or os.environ.get("TAEL_FROM") or self._project_wallet
        if chosen is None:
            if self.status.chain_id != CHAIN_ID:
                raise usage("no wallet is named that signs", "Give --from WALLET; `tael wallet list` shows them.")
            chosen = "dev0"
        wallet = find_wallet(chosen, self.status.chain_id)
        if wallet is None:
            wallet = self._keyless(chosen)
        if wallet is None:
            raise missing(f"there is no wallet {chosen!r} here", "`tael wallet list` shows them; `tael wallet new` makes one.")
        return wallet

    def _keyless(self, text: str) -> Wallet | None:
        """The wallet at an address, on a devnet, where it may be impersonated."""
        from chain.primitives.address import parse_address
        from chain.primitives.refusal import Refusal
        from kit.wallets import Wallet

        try:
            address = parse_address(text)
        except Refusal:
            return None
        return Wallet(text, address, b"", development=False, own=False) if self.status.chain_id == CHAIN_ID else None

    def is_impersonated(self, address: bytes) -> bool:
        """Whether the devnet takes a wallet's transactions unsigned."""
        from chain.primitives.address import format_address
        from chain.primitives.refusal import Refusal, Refused

        if self.status.chain_id != CHAIN_ID:
            return False
        try:
            answer = self.client.get("/devnet/impersonated")
        except Refusal as refusal:
            if refusal.code is Refused.NOT_FOUND:  # a node without control
                return False
            raise
        return bool(answer["all"]) or format_address(address) in answer["wallets"]

    def transact(
        self,
        wallet: Wallet,
        actions: Sequence[Action],
        *,
        gas_limit: int | None = None,
        max_spend: Sequence[str] = (),
        password_file: str | None = None,
        dry_run: bool = False,
        lane: int = 0,
        session: str | None = None,
        fee_payer: str | None = None,
        expires: str | None = None,
        save: str | None = None,
    ) -> Receipt:
        """Build, sign and commit a transaction, and return its receipt. Raises `Problem`, `Refusal`, and `Saved` if it was
        written to a file to be signed instead.

        If another process was quicker with the sequence number, the next one is taken and it is signed again. A dry run
        asks the node what it would come to, and needs no key; nor does a wallet that the devnet impersonates.
        """
        from chain.client.client import GAS_LIMIT
        from chain.client.control import Control
        from chain.primitives.refusal import Refusal, Refused
        from chain.primitives.transaction import Transaction, sign
        from kit.sessions import session_bytes
        from kit.signing import keys_for
        from kit.transactions import Saved, save_transaction
        from kit.wallets import unlock

        limits = self._limits(max_spend) if max_spend else None
        most = self.status.gas_limit
        if gas_limit is not None and gas_limit > most:
            raise usage(f"--gas-limit {gas_limit:_} is more than a block of this chain has", f"At most {most:_}.")
        named: dict[str, Any] = {"lane": lane, "gas_limit": gas_limit or GAS_LIMIT, "limits": limits}
        if session is not None:
            named["authority"] = session_bytes(session)
        if fee_payer is not None:
            named["fee_payer"] = self.address(fee_payer)
        if expires is not None or save is not None:
            named["expiry_ms"] = self.moment(expires)
        if save is not None:
            save_transaction(Path(save), Transaction(self.client.build(wallet.address, actions, **named)))
            raise Saved(save)
        unsigned = not dry_run and self.is_impersonated(wallet.address)
        # Who signs for a wallet of one key is known without asking the ledger.
        plain = not (dry_run or unsigned or wallet.several or session or fee_payer)
        keys: Sequence[Signer] = [unlock(wallet, self.status.chain_id, password_file)] if plain else []

        def attempt() -> Receipt:
            nonlocal keys
            body = self.client.build(wallet.address, actions, **named)
            if unsigned:
                return Control(self.client).commit(Transaction(body)).receipt
            if dry_run:
                return self.client.simulate(Transaction(body)).receipt
            keys = keys or keys_for(self, body, password_file)
            return self.client.commit(sign(body, keys)).receipt

        try:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return attempt()
                except Refusal as refusal:
                    if refusal.code is Refused.MISSING_SIGNATURE and plain:
                        keys, plain = [], False  # others sign for it now: the ledger is asked who
                    elif refusal.code is not Refused.SEQUENCE_USED:
                        raise
            return attempt()
        except Refusal as refusal:
            if refusal.code is Refused.NO_WALLET and (wallet.own or wallet.several):
                remedy = f"Open it: tael wallet open {wallet.name}"
                raise Problem(f"the wallet {wallet.name} is not on the ledger yet", remedy, code="NoWallet") from None
            raise

    def moment(self, text: str | None) -> int:
        """Milliseconds since 1970 of a time, or of so long from the ledger's now on; the furthest that may be if nothing is
        said. Raises `WrongValue`.
        """
        from chain.primitives.limits import EXPIRY_MS_MAX
        from vm.types import DURATION, TIME

        now_ms = int(self.client.status()["now_ms"])
        if text is None:
            return now_ms + EXPIRY_MS_MAX
        try:
            return now_ms + int(read_value(text, DURATION, self.setting()))
        except WrongValue:
            return int(read_value(text, TIME, self.setting()))

    def read(self, contract: bytes, function: str, arguments: bytes) -> tuple[bytes | None, int]:
        """(encoded value, gas) of a view. Raises `Problem` if it fails."""
        from chain.primitives.refusal import Refusal, Refused
        from kit.meanings import FAILURES

        try:
            answer = self.client.read(contract, function, arguments)
        except Refusal as refusal:
            if refusal.code is not Refused.EXECUTION_FAILED:
                raise
            error = refusal.data.get("error")
            name = str(error.get("name")) if isinstance(error, dict) else ""
            remedy = FAILURES.get(name, "")
            raise Problem(f"{function} failed: {refusal.message}", remedy, code="ExecutionFailed", data=refusal.data) from None
        result = answer["result"]
        return None if result is None else bytes.fromhex(result), int(answer["gas_used"])

    def prove(self, key: bytes) -> Proved:
        """A value of the state, its proof checked here against the head's header. Raises `Refusal` WrongProof."""
        return self.client.prove(key)

    def phase(self, contract: OnLedger) -> tuple[str, int] | None:
        """The present phase of a contract and the height it was proven at; None if its module has no phases."""
        if not contract.module.phases:
            return None
        proven = self.prove(phase_key(contract.address))
        return phase_name(contract.module, proven.value), proven.header.height

    def receipt(self, identity: bytes) -> Receipt:
        """What became of a transaction."""
        return self.client.receipt(identity).receipt

    def block(self, height: int | None) -> BlockView:
        """A block, the newest if no height is given."""
        from chain.primitives.header import decode_header
        from chain.primitives.refusal import Refusal, Refused

        answer = self.client.block("latest" if height is None else height)
        header = decode_header(bytes.fromhex(answer["header"]["encoded"]))
        if header.hash.hex() != answer["header"]["hash"] or (height is not None and header.height != height):
            raise Refusal(Refused.WRONG_PROOF, "the node gave another block than was asked for")
        return BlockView(header, tuple(answer["transactions"]))

    def balances(self, address: bytes) -> dict[str, int] | None:
        """What a wallet holds by currency, in minor units, as the node says; None if it is not on the ledger."""
        from chain.primitives.refusal import Refusal, Refused

        try:
            answer = self.client.wallet(address)
        except Refusal as refusal:
            if refusal.code is Refused.NOT_FOUND:
                return None
            raise
        return {entry["currency"]: int(entry["amount"]) for entry in answer["balances"]}

    def _limits(self, texts: Sequence[str]) -> dict[str, int]:
        limits: dict[str, int] = {}
        for text in texts:
            coin = self.coin(text)
            limits[coin[0]] = coin[1]
        return limits

    def coin(self, text: str) -> tuple[str, int]:
        """(currency, minor units) of an amount; without a code it is in tael.toml's currency, else the chain's."""
        from vm.types import COIN, Coin

        code = text.strip().rpartition(" ")[2]
        home = self.project_currency or self.status.base_currency
        kind = Coin(code) if code in self.status.decimals else COIN
        coin = read_value(text, kind, self.setting(home))
        return coin.currency, coin.amount

    def _address_of(self, name: str) -> bytes | None:
        from chain.primitives.address import TEXT_CHARACTERS
        from kit.wallets import find_wallet

        if len(name) == TEXT_CHARACTERS and name.lower().startswith("tael1"):
            return None
        wallet = find_wallet(name, self.status.chain_id)
        return None if wallet is None else wallet.address

    def _name_of(self, address: bytes) -> str | None:
        return self._names.get(address)

    def _find_contract(self, address: bytes) -> OnLedger | None:
        if address not in self._contracts:
            self._contracts[address] = self._fetch_contract(address)
        return self._contracts[address]

    def _fetch_contract(self, address: bytes) -> OnLedger | None:
        from chain.primitives.address import parse_address
        from chain.primitives.refusal import Refusal, Refused
        from vm.codec import decode_module, module_hash
        from vm.illegal import Illegal

        try:
            answer = self.client.contract(address)
        except Refusal as refusal:
            if refusal.code is Refused.NOT_FOUND:
                return None
            raise
        code = bytes.fromhex(answer["module"])
        try:
            module = decode_module(code)
        except Illegal as illegal:
            raise Refusal(Refused.WRONG_PROOF, f"the node gave a module that is none: {illegal}") from None
        if module_hash(code).hex() != answer["code_hash"]:
            raise Refusal(Refused.WRONG_PROOF, "the node gave other code than its hash says")
        return OnLedger(address, code, module, answer["currency"], parse_address(answer["deployer"]))


def connect(url: str | None) -> Network:
    """The network of a command: the node named, else TAEL_NODE's, else tael.toml's, else the devnet on this machine.

    Raises `Problem` with exit code 3 if no node answers.
    """
    from kit.project import find_project

    project = find_project()
    chosen = url or os.environ.get("TAEL_NODE") or project.node or DEFAULT_NODE
    return open_network(chosen, wallet=project.wallet, currency=project.currency)


def open_network(url: str, *, wallet: str | None = None, currency: str | None = None) -> Network:
    """The network of the node at an address; `wallet` signs and `currency` is meant if nothing else is said.

    Raises `Problem` with exit code 3 if no node answers.
    """
    from chain.client.client import Client
    from chain.primitives.refusal import Refusal, Refused

    try:
        client = Client(url)
    except Refusal as refusal:
        raise usage(refusal.message, refusal.remedy) from None
    try:
        answer: dict[str, Any] = client.status()
    except Refusal as refusal:
        if refusal.code is not Refused.UNREACHABLE:
            raise
        raise Problem(
            f"no node answers at {url}",
            "Start one with `tael devnet`, or say where it is with --node URL or TAEL_NODE.",
            exit_code=Exit.UNREACHABLE,
            code="Unreachable",
            data={"node": url},
        ) from None
    decimals = {str(code): int(number) for code, number in answer["currencies"].items()}
    status = Status(
        str(answer["chain_id"]), int(answer["height"]), str(answer["base_currency"]), decimals, int(answer["gas_limit"])
    )
    return Network(client, status, wallet=wallet, currency=currency)
