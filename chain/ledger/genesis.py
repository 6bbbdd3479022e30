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
wallets'. Validators certify blocks; a chain without them has no certificates. `"development": true` makes a chain whose state may
be edited (`chain/ledger/edits.py`); its id is `tael-devnet`, or `tael-devnet-` and more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chain.currency.records import Currency
from chain.currency.supply import add_currency, issue, read_supplies, record_moves
from chain.currency.wallets import Wallets
from chain.ledger.apply import Applied
from chain.ledger.block import Block
from chain.ledger.parameters import DEVELOPMENT_CHAIN_ID, Parameters, may_be_development, parameters_value
from chain.primitives.address import wallet_address
from chain.primitives.codec import amount_plain, as_bool, as_int, as_list, as_text, encode
from chain.primitives.hash import TAG_GENESIS, merkle_root, tagged_hash
from chain.primitives.header import PROTOCOL_VERSION, Header
from chain.primitives.keys import check_public_key
from chain.primitives.keyspace import PARAMETERS
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
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay, TransactionOverlay
from chain.state.tree import Tree
from vm.failure import Failure

_FIELDS = {
    "chain_id", "time_ms", "gas_limit", "gas_price_min", "gas_price_max", "base_currency", "fee_wallet",
    "currencies", "wallets", "validators", "development",
}  # fmt: skip


def make_genesis(specification: Mapping[str, Any]) -> Applied:
    """Block 0 of a chain. Raises `Refusal` WrongGenesis."""
    try:
        return _make(specification)
    except Refusal as refusal:
        raise Refusal(Refused.WRONG_GENESIS, refusal.message) from None
    except Failure as failure:
        raise Refusal(Refused.WRONG_GENESIS, f"{failure.name}{failure.values!r}") from None


def _make(specification: Mapping[str, Any]) -> Applied:
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
    codes = [currency.code for currency in currencies]
    if len(set(codes)) != len(codes) or parameters.base_currency not in codes:
        raise _wrong("currencies must be distinct, the base currency among them")
    wallets = sorted(_wallet(entry) for entry in as_list(specification["wallets"], "wallets"))
    if fee_key not in {key for key, _ in wallets}:
        raise _wrong("the fee wallet's key must be one of the wallets'")

    nothing = MemoryView()
    block = BlockOverlay(nothing)
    overlay = TransactionOverlay(block)
    overlay.set(PARAMETERS, parameters_value(parameters))
    for currency in currencies:
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
    supply = read_supplies(block, codes)
    described = encode(
        [
            [time_ms, block.changes[PARAMETERS]],
            [[c.code, c.decimals, c.issuer] for c in currencies],
            [[key, [[code, amount_plain(amount)] for code, amount in balances]] for key, balances in wallets],
        ]
    )
    header = Header(
        protocol=PROTOCOL_VERSION,
        chain_id=parameters.chain_id,
        height=0,
        time_ms=time_ms,
        parent=tagged_hash(TAG_GENESIS, described),
        transactions_root=merkle_root([]),
        receipts_root=merkle_root([]),
        state_root=update.root,
        supply=supply,
        gas_used=0,
        gas_limit=parameters.gas_limit,
        proposer=parameters.fee_wallet,
    )
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
