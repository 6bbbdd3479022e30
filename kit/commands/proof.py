"""`tael proof`: a value of the state, with a proof that is checked on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kit.options import command, node_option
from kit.output import Output
from kit.problem import usage

if TYPE_CHECKING:
    from kit.network import Network, OnLedger


@command(
    "proof",
    examples="""
    tael proof alice
    tael proof alice --currency CNY
    tael proof tael1… --field held
    tael proof tael1… --field phase
    tael proof tael1… --field balances --entry bob
    tael proof --key 75434e59
    """,
)
@click.argument("target", required=False)
@click.option("--currency", metavar="CODE", help="The balance of a wallet in this currency. Else the chain's.")
@click.option("--field", metavar="NAME", help="A state field of a contract, or phase.")
@click.option("--entry", metavar="VALUE", help="The key of an entry, where the field is a map or set.")
@click.option("--key", metavar="HEX", help="Any key of the state, as docs/ledger.md lists them.")
@node_option
def proof(
    out: Output,
    target: str | None,
    currency: str | None,
    field: str | None,
    entry: str | None,
    key: str | None,
    node: str | None,
) -> None:
    """Fetch a value with its Merkle proof and check it here, against the state root in the newest header.

    TARGET is a wallet (its balance is proven) or a contract's address (a field of its state, else that it exists).
    Exit code 1 if the proof does not hold. That the header is the chain's is the node's word.
    """
    from kit.network import connect
    from kit.values import show_time

    if (target is None) == (key is None):
        raise usage("say either what to prove or a --key", "As in `tael proof alice`.")
    if entry is not None and field is None:
        raise usage("--entry is an entry of a field", "Name the field too, as in --field balances --entry bob.")
    network = connect(node)
    what, state_key, show = _subject(network, target, currency, field, entry, key)
    proven = network.prove(state_key)
    text, plain = show(proven.value)
    header = proven.header
    out.line(f"{what}: {out.style(text, 'bold')}")
    out.line()
    out.line(f"The proof was checked on this machine: it {out.style('holds', 'green', 'bold')}.")
    out.pairs(
        [
            ("block", f"{header.height:_} of {header.chain_id}, {show_time(header.time_ms)}"),
            ("block hash", header.hash.hex()),
            ("state root", header.state_root.hex()),
            ("key", state_key.hex()),
            ("value", "absent" if proven.value is None else proven.value.hex()),
        ]
    )
    out.result(
        {
            "ok": True,
            "what": what,
            "value": plain,
            "text": text,
            "present": proven.value is not None,
            "checked_here": True,
            "key": state_key.hex(),
            "encoded": None if proven.value is None else proven.value.hex(),
            "height": header.height,
            "block_hash": header.hash.hex(),
            "state_root": header.state_root.hex(),
            "header": header.encoded.hex(),
        }
    )


def _subject(
    network: Network, target: str | None, currency: str | None, field: str | None, entry: str | None, key: str | None
) -> tuple[str, bytes, Any]:
    """What is proven, its state key, and how its value is shown: (text, JSON) of the stored bytes."""
    if target is None:
        assert key is not None
        try:
            raw = bytes.fromhex(key.removeprefix("0x"))
        except ValueError:
            raw = b""
        if not raw:
            raise usage(f"{key!r} is not a key", "Give an even number of hexadecimal digits.")
        return f"key {raw.hex()}", raw, _raw
    address = network.address(target)
    if network.is_contract(address):
        contract = network.contract(address)
        if field is not None:
            return _field(network, contract, field, entry)
        from chain.primitives.keyspace import contract_key

        return f"the contract {contract.module.name}", contract_key(address), _presence
    if field is not None:
        raise usage(f"{target} is no contract", "--field is for contracts.")
    return _balance(network, target, address, currency or network.status.base_currency)


def _raw(value: bytes | None) -> tuple[str, Any]:
    return ("absent", None) if value is None else ("0x" + value.hex(), "0x" + value.hex())


def _presence(value: bytes | None) -> tuple[str, Any]:
    return ("is not there", False) if value is None else ("is there", True)


def _balance(network: Network, name: str, address: bytes, currency: str) -> tuple[str, bytes, Any]:
    from chain.primitives.account import read_balance
    from chain.primitives.keyspace import account_key
    from kit.values import plain_money, show_money

    if currency not in network.status.decimals:
        raise usage(f"the chain does not know the currency {currency}", f"It knows {', '.join(network.status.decimals)}.")
    setting = network.setting(currency)

    def show(value: bytes | None) -> tuple[str, Any]:
        minor = read_balance(value, currency)
        return show_money(minor, currency, setting), plain_money(minor, currency, setting)

    return f"balance of {name}", account_key(address), show


def _field(network: Network, contract: OnLedger, name: str, entry: str | None) -> tuple[str, bytes, Any]:
    from chain.primitives.keyspace import slot_key
    from kit.values import plain_value, read_value, show_value
    from vm.types import BOOL, Map, Set, Vault, type_name
    from vm.values import decode, pack, to_wire

    fields = contract.module.fields
    if name == "phase" and contract.module.phases and name not in dict(fields):
        return _phase(contract, entry)
    number = next((n for n, (known, _) in enumerate(fields) if known == name), None)
    if number is None:
        raise usage(f"{contract.module.name} has no field {name!r}", f"It has {', '.join(n for n, _ in fields)}.")
    kind = fields[number][1]
    setting = network.setting(contract.currency)
    what, slot = f"{contract.module.name}.{name}", pack([number])
    if isinstance(kind, Map | Set):
        if entry is None:
            raise usage(f"{name} is a {type_name(kind)}", "Name an entry with --entry.")
        value_of_key = read_value(entry, kind.key, setting)
        slot = pack([number, to_wire(kind.key, value_of_key)])
        what += f"[{show_value(value_of_key, kind.key, setting)}]"
        kind = kind.value if isinstance(kind, Map) else BOOL
    elif entry is not None:
        raise usage(f"{name} has no entries, it is a {type_name(kind)}", "Leave out --entry.")

    def show(stored: bytes | None) -> tuple[str, Any]:
        if stored is None and isinstance(kind, Vault):
            return show_value(0, kind, setting), plain_value(0, kind, setting)
        if stored is None:
            return "absent", None
        value = decode(kind, stored)
        return show_value(value, kind, setting), plain_value(value, kind, setting)

    return what, slot_key(contract.address, slot), show


def _phase(contract: OnLedger, entry: str | None) -> tuple[str, bytes, Any]:
    from kit.network import phase_key, phase_name

    if entry is not None:
        raise usage("the phase has no entries", "Leave out --entry.")

    def show(stored: bytes | None) -> tuple[str, Any]:
        name = phase_name(contract.module, stored)
        return name, name

    return f"phase of {contract.module.name}", phase_key(contract.address), show
