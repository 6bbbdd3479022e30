"""Genesis: block 0, made from a specification that is plain JSON. The same specification gives the same
bytes.

```json
{"chain_id": "tael-devnet", "time_ms": 1767225600000, "gas_limit": 2000000000, "gas_price_min": 0,
"gas_price_max": 1000000,
 "base_currency": "CNY", "fee_wallet": "<key in hex>", "validators": {"threshold": 1, "keys": ["<key in hex>"]},
 "currencies": [{"code": "CNY", "decimals": 2, "issuer": null}],
 "wallets": [{"key": "<key in hex>", "balances": {"CNY": 100000000}}]}
```

Keys are 33-byte public keys in hexadecimal, balances minor units. The fee wallet's key is one of the
wallets'. Instead of a list, `wallets` may be `WalletRows`, which are read as they are needed. Validators certify blocks; a chain
without them has no certificates. `"development": true` makes a chain whose state may be edited (`chain/ledger/edits.py`); its id
is `tael-devnet`, or `tael-devnet-` and more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain as chain_of
from typing import TYPE_CHECKING, Any, TypeAlias

from chain.currency.records import Currency, currency_value, supply_value
from chain.currency.supply import add_currency, issue, read_supplies, record_moves
from chain.currency.wallets import Wallets
from chain.ledger.apply import Applied
from chain.ledger.block import Block
from chain.ledger.parameters import DEVELOPMENT_CHAIN_ID, Parameters, may_be_development, parameters_value
from chain.ledger.wallet_rows import WalletRows, read_rows
from chain.primitives.address import ADDRESS_BYTES, wallet_address
from chain.primitives.codec import amount_plain, array_header, as_amount, as_bool, as_int, as_list, as_text, encode
from chain.primitives.hash import HASH_BYTES, TAG_GENESIS, merkle_root, tagged_hash
from chain.primitives.header import PROTOCOL_VERSION, Header, Supply
from chain.primitives.keys import check_public_key
from chain.primitives.keyspace import PARAMETERS, account_key, currency_key, supply_key
from chain.primitives.limits import (
    AMOUNT_MAX,
    BLOCK_GAS_MAX,
    CHAIN_ID_CHARACTERS_MAX,
    CURRENCIES_MAX,
    DECIMALS_MAX,
    GAS_LIMIT_MAX,
    GAS_PRICE_MAX,
    POLICY_KEYS_MAX,
    TIME_MS_MAX,
)
from chain.primitives.money import check_currency
from chain.primitives.policy import KeyOrPolicy, make_policy
from chain.primitives.refusal import Refusal, Refused
from chain.primitives.short_hash import sha256_of_few
from chain.state.beginning import Beginning
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay, TransactionOverlay
from chain.state.sorting import Sorting
from chain.state.tree import Tree
from chain.state.tree_build import build
from chain.state.tree_page import make_leaf
from vm.failure import Failure

if TYPE_CHECKING:
    import hashlib

_Hash: TypeAlias = "hashlib._Hash"
_FIELDS = {
    "chain_id", "time_ms", "gas_limit", "gas_price_min", "gas_price_max", "base_currency", "fee_wallet",
    "currencies", "wallets", "validators", "development",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Chain:
    """What a specification says besides its wallets."""

    parameters: Parameters
    time_ms: int
    currencies: list[Currency]
    fee_key: bytes

    @property
    def codes(self) -> list[str]:
        """Of its currencies, sorted."""
        return [currency.code for currency in self.currencies]

    def description(self) -> list[Any]:
        """What stands before the wallets in what the parent of block 0 is the hash of."""
        return [
            [self.time_ms, parameters_value(self.parameters)],
            [[c.code, c.decimals, c.issuer] for c in self.currencies],
        ]

    def header(self, parent: bytes, root: bytes, supply: tuple[Supply, ...]) -> Header:
        """That of block 0."""
        return Header(
            protocol=PROTOCOL_VERSION,
            chain_id=self.parameters.chain_id,
            height=0,
            time_ms=self.time_ms,
            parent=parent,
            transactions_root=merkle_root([]),
            receipts_root=merkle_root([]),
            state_root=root,
            supply=supply,
            gas_used=0,
            gas_limit=self.parameters.gas_limit,
            proposer=self.parameters.fee_wallet,
        )


def make_genesis(specification: Mapping[str, Any]) -> Applied:
    """Block 0 of a chain whose wallets are listed. Raises `Refusal` WrongGenesis."""
    with _wrongs_told():
        return _make(specification)


def stream_genesis(
    specification: Mapping[str, Any],
    sorting: Callable[[], Sorting],
    beginning: Beginning | None,
    *,
    forbidden: frozenset[bytes] = frozenset(),
) -> Block:
    """Block 0 of a chain whose wallets are `WalletRows`, its state and tree given to `beginning` as they come, but for the block
    itself. It is the block that a list of the same wallets makes, and takes memory for no more than what is sorted at a time.

    `sorting` makes what sorts byte strings. Raises `Refusal` WrongGenesis, also for a key that is `forbidden`; `StoreFailed`.
    """
    with _wrongs_told():
        chain = _read_chain(specification)
        with closing(sorting()) as records, closing(sorting()) as leaves:
            parent, totals = _sort_wallets(chain, specification["wallets"], (records, leaves), forbidden)
            supply = tuple(Supply(code, totals[code], 0, totals[code], 0) for code in chain.codes)
            first = {
                PARAMETERS: parameters_value(chain.parameters),
                **{supply_key(each.currency): supply_value(each) for each in supply},
                **{currency_key(each.code): currency_value(each) for each in chain.currencies},
            }
            for key, value in first.items():
                leaves.add(sha256(key).digest() + sha256(value).digest() + key)
            if beginning is not None:
                wallets = ((account_key(record[:ADDRESS_BYTES]), record[ADDRESS_BYTES:]) for record in records)
                beginning.write_state(chain_of(sorted(first.items()), wallets))
                records.close()
            write = _write_nothing if beginning is None else beginning.write_page
            root = build(_leaves(leaves, beginning), write)
    return Block(chain.header(parent, root, supply), ())


def genesis_parameters(specification: Mapping[str, Any]) -> bytes:
    """The record of a specification's parameters. Raises `Refusal` WrongGenesis."""
    with _wrongs_told():
        return parameters_value(_read_chain(specification).parameters)


def genesis_parent(specification: Mapping[str, Any]) -> bytes:
    """The hash of what a specification whose wallets are `WalletRows` says, which block 0 has as its parent. All other things in
    the header follow from it, and take far longer to find. Raises `Refusal` WrongGenesis.
    """
    with _wrongs_told():
        chain = _read_chain(specification)
        rows: WalletRows = specification["wallets"]
        parent = _describe(chain, rows.count)
        for chunk in rows.chunks():
            parent.update(chunk)
        return parent.digest()


@contextmanager
def _wrongs_told() -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise Refusal(Refused.WRONG_GENESIS, refusal.message) from None
    except Failure as failure:
        raise Refusal(Refused.WRONG_GENESIS, f"{failure.name}{failure.values!r}") from None


def _sort_wallets(
    chain: _Chain, rows: WalletRows, orders: tuple[Sorting, Sorting], forbidden: frozenset[bytes]
) -> tuple[bytes, dict[str, int]]:
    """Give records to be sorted by address, and leaves, with the key behind each, by its hash; the hash of the description, and
    what is issued of each currency.
    """
    add_record, add_leaf = orders[0].add, orders[1].add
    totals = dict.fromkeys(chain.codes, 0)
    parent = _describe(chain, rows.count)
    has_fee_wallet = False
    for key, balances, row in read_rows(rows, totals):
        if key in forbidden:
            raise _wrong(f"everybody knows the key {key.hex()}: it is for development")
        has_fee_wallet = has_fee_wallet or key == chain.fee_key
        for code, amount in balances:
            totals[code] += as_amount(amount, "a balance")
        parent.update(row)
        address = wallet_address(key)
        record = encode([key, None, (), (), balances])  # as `account_value`, whose balances are as plain and as sorted
        add_record(address + record)
        place = account_key(address)
        add_leaf(sha256_of_few(place).digest() + sha256_of_few(record).digest() + place)
    if not has_fee_wallet:
        raise _wrong("the fee wallet's key must be one of the wallets'")
    for code, total in totals.items():
        if total > AMOUNT_MAX:
            raise _wrong(f"of {code} more is issued than can be counted")
    return parent.digest(), totals


def _describe(chain: _Chain, wallets: int) -> _Hash:
    """The hash of the description of a genesis, up to its wallets."""
    before = encode([*chain.description(), None])[:-1] + array_header(wallets)
    return sha256(bytes([len(TAG_GENESIS)]) + TAG_GENESIS + before)


def _leaves(rows: Iterable[bytes], beginning: Beginning | None) -> Iterator[bytes]:
    """The leaves of a tree, whose keys are entered by their hashes as they pass."""
    for row in rows:
        path = row[:HASH_BYTES]
        if beginning is not None:
            beginning.write_path(path, row[2 * HASH_BYTES :])
        yield make_leaf(path, row[HASH_BYTES : 2 * HASH_BYTES])


def _write_nothing(key: bytes, page: bytes | None) -> None:
    """For who wants the root alone."""


def _read_chain(specification: Mapping[str, Any]) -> _Chain:
    unknown = sorted(set(specification) - _FIELDS)
    optional = {"gas_limit", "gas_price_min", "gas_price_max", "validators", "development"}
    missing = sorted(_FIELDS - optional - set(specification))
    if unknown or missing:
        raise _wrong(f"unknown fields: {', '.join(unknown) or 'none'}; missing: {', '.join(missing) or 'none'}")
    fee_key = _key(specification["fee_wallet"])
    parameters = Parameters(
        chain_id=as_text(specification["chain_id"], "chain_id", CHAIN_ID_CHARACTERS_MAX),
        base_currency=check_currency(specification["base_currency"]),
        fee_wallet=wallet_address(fee_key),
        gas_limit=as_int(specification.get("gas_limit", BLOCK_GAS_MAX), 1, GAS_LIMIT_MAX, "gas_limit"),
        gas_price_min=as_int(specification.get("gas_price_min", 0), 0, GAS_PRICE_MAX, "gas_price_min"),
        gas_price_max=as_int(specification.get("gas_price_max", 10**6), 0, GAS_PRICE_MAX, "gas_price_max"),
        validators=read_validators(specification.get("validators")),
        development=as_bool(specification.get("development", False), "development"),
    )
    if parameters.development and not may_be_development(parameters.chain_id):
        raise _wrong(f"a chain for development is called {DEVELOPMENT_CHAIN_ID}, or {DEVELOPMENT_CHAIN_ID}- and more")
    time_ms = as_int(specification["time_ms"], 0, TIME_MS_MAX, "time_ms")
    currencies = sorted(
        (_currency(entry) for entry in as_list(specification["currencies"], "currencies", most=CURRENCIES_MAX)),
        key=lambda c: c.code,
    )
    codes = {currency.code for currency in currencies}
    if len(codes) != len(currencies) or parameters.base_currency not in codes:
        raise _wrong("currencies must be distinct, the base currency among them")
    return _Chain(parameters, time_ms, currencies, fee_key)


def _make(specification: Mapping[str, Any]) -> Applied:
    chain = _read_chain(specification)
    wallets = sorted(_wallet(entry) for entry in as_list(specification["wallets"], "wallets"))
    if chain.fee_key not in {key for key, _ in wallets}:
        raise _wrong("the fee wallet's key must be one of the wallets'")

    nothing = MemoryView()
    block = BlockOverlay(nothing)
    overlay = TransactionOverlay(block)
    overlay.set(PARAMETERS, parameters_value(chain.parameters))
    for currency in chain.currencies:
        add_currency(overlay, currency)
    accounts = Wallets(overlay)
    for key, balances in wallets:
        address = accounts.open(key, None, ())
        for code, amount in balances:
            issue(overlay, accounts, address, code, amount)
        overlay.seal()  # nothing of it is taken back, and there may be more wallets than a journal has room for
    record_moves(overlay, accounts.held, {})
    overlay.commit()
    block.settle_accounts()
    update = Tree(nothing.page).update(block.changes.items())
    plain = [[key, [[code, amount_plain(amount)] for code, amount in balances]] for key, balances in wallets]
    parent = tagged_hash(TAG_GENESIS, encode([*chain.description(), plain]))
    header = chain.header(parent, update.root, read_supplies(block, chain.codes))
    return Applied(Block(header, ()), (), (), block.changes, update.pages, block.accounts)


def read_validators(entry: object) -> KeyOrPolicy | None:
    """Who certifies blocks, as a genesis specification says it: `{"threshold": k, "keys": [hex…]}`, or nothing. Raises `Refusal`
    WrongGenesis, Malformed, WrongKey, UnknownKeyScheme.
    """
    if entry is None:
        return None
    fields = _fields(entry, "validators", {"threshold", "keys"})
    keys = [_key(key) for key in as_list(fields["keys"], "the keys of validators", most=POLICY_KEYS_MAX)]
    threshold = as_int(fields["threshold"], 1, POLICY_KEYS_MAX, "threshold")
    policy = make_policy(threshold, keys)
    return policy.keys[0] if len(policy.keys) == 1 else policy


def _currency(entry: object) -> Currency:
    fields = _fields(entry, "a currency", {"code", "decimals", "issuer"})
    issuer = fields.get("issuer")
    return Currency(
        check_currency(fields["code"]),
        as_int(fields["decimals"], 0, DECIMALS_MAX, "decimals"),
        None if issuer is None else wallet_address(_key(issuer)),
    )


def _wallet(entry: object) -> tuple[bytes, list[tuple[str, int]]]:
    fields = _fields(entry, "a wallet", {"key", "balances"})
    balances = fields["balances"]
    if not isinstance(balances, dict):
        raise _wrong("balances must map currency codes to minor units")
    return _key(fields["key"]), sorted(
        (check_currency(code), as_int(amount, 1, AMOUNT_MAX, "a balance")) for code, amount in balances.items()
    )


def _fields(entry: object, what: str, names: set[str]) -> dict[str, Any]:
    if not isinstance(entry, dict) or set(entry) - names or (names - {"issuer"}) - set(entry):
        raise _wrong(f"{what} has the fields {', '.join(sorted(names))}")
    return entry


def _key(text: object) -> bytes:
    try:
        return check_public_key(bytes.fromhex(text if isinstance(text, str) else ""))
    except ValueError:
        raise _wrong("a key is 33 bytes in hexadecimal") from None


def _wrong(message: str) -> Refusal:
    return Refusal(Refused.WRONG_GENESIS, message)
