"""`tael devnet balance`, `slot`, `sequence`, `impersonate`: a devnet's state made as a test needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from kit.options import command, node_option
from kit.output import Output
from kit.problem import usage

if TYPE_CHECKING:
    from kit.network import OnLedger
    from kit.values import Setting
    from vm.types import Type


@command("balance", examples="tael devnet balance alice 0.00\ntael devnet balance bob '5_000.00 CNY'")
@click.argument("wallet")
@click.argument("amount")
@node_option
def balance(out: Output, wallet: str, amount: str, node: str | None) -> None:
    """Let WALLET hold AMOUNT. What is missing is minted, what is too much is burned; every header says how much in all."""
    from chain.client.control import Control
    from kit.network import connect
    from kit.values import show_money

    network = connect(node)
    currency, minor = network.coin(amount)
    identity = Control(network.client).set_balance(network.address(wallet), minor, currency)
    out.line(f"{wallet} holds {show_money(minor, currency, network.setting(currency))}")
    out.result({"ok": True, "id": identity.hex()})


@command(
    "slot",
    examples="""
    tael devnet slot tael1… deadline 2026-12-31
    tael devnet slot tael1… balances 100.00 --key alice
    tael devnet slot tael1… pot "500.00 CNY"
    tael devnet slot tael1… phase Funded
    tael devnet slot tael1… members --key bob --empty
    """,
)
@click.argument("contract")
@click.argument("field")
@click.argument("value", required=False)
@click.option("--key", "key_text", metavar="KEY", help="Of which entry, in a map or set.")
@click.option("--empty", is_flag=True, help="Instead of a VALUE: let there be nothing.")
@node_option
def slot(out: Output, contract: str, field: str, value: str | None, key_text: str | None, empty: bool, node: str | None) -> None:
    """Put VALUE into a FIELD of the state of CONTRACT, or let it be in a `phase`.

    It is typed by the field. Money in a vault is minted or burned. What the contract promises of its state is not looked at.
    """
    from chain.client.control import Control
    from kit.network import connect

    if (value is None) is not empty:
        raise usage("give a VALUE, or --empty", "As in `tael devnet slot tael1… deadline 2026-12-31`.")
    network = connect(node)
    found = network.contract(network.address(contract))
    setting = network.setting(found.currency)
    key, encoded = _slot(found, field, key_text, value, setting)
    identity = Control(network.client).set_slot(found.address, field, encoded, key=key)
    place = field if key_text is None else f"{field}[{key_text}]"
    out.line(f"{found.module.name}.{place} is {'empty' if encoded is None else value}")
    out.result({"ok": True, "id": identity.hex()})


@command("sequence", examples="tael devnet sequence alice 100\ntael devnet sequence alice 7 --lane 3")
@click.argument("wallet")
@click.argument("sequence", type=click.IntRange(0))
@click.option("--lane", type=click.IntRange(0, 255), default=0, help="Else 0.")
@node_option
def sequence(out: Output, wallet: str, sequence: int, lane: int, node: str | None) -> None:
    """Set the next SEQUENCE of a lane of WALLET on. It does not go back: old transactions could be in a block again."""
    from chain.client.control import Control
    from kit.network import connect

    network = connect(node)
    identity = Control(network.client).set_sequence(network.address(wallet), sequence, lane)
    out.line(f"the next sequence of lane {lane} of {wallet} is {sequence}")
    out.result({"ok": True, "id": identity.hex()})


@command(
    "impersonate",
    examples="tael devnet impersonate tael1…\ntael pay bob 5.00 --from tael1…\ntael devnet impersonate tael1… --stop",
)
@click.argument("wallet", required=False)
@click.option("--all", "everybody", is_flag=True, help="All wallets.")
@click.option("--stop", is_flag=True, help="No longer.")
@node_option
def impersonate(out: Output, wallet: str | None, everybody: bool, stop: bool, node: str | None) -> None:
    """Take transactions of WALLET without its signature, so that `--from WALLET` needs no key. Without WALLET: show whose."""
    from chain.client.control import Control
    from chain.primitives.address import parse_address
    from kit.network import connect
    from kit.values import show_address

    network = connect(node)
    if wallet is not None and everybody:
        raise usage("name a WALLET, or say --all", "`tael devnet impersonate` alone shows who is impersonated.")
    if wallet is not None or everybody or stop:
        Control(network.client).impersonate(None if wallet is None else network.address(wallet), stop=stop)
    answer = network.client.get("/devnet/impersonated")
    names = [show_address(parse_address(text), network.setting()) for text in answer["wallets"]]
    out.line(f"impersonated: {'all' if answer['all'] else ', '.join(names) or 'nobody'}")
    out.result({"ok": True, "all": answer["all"], "wallets": answer["wallets"]})


def _slot(
    contract: OnLedger, field: str, key_text: str | None, value: str | None, setting: Setting
) -> tuple[bytes | None, bytes | None]:
    """Key and value of a slot, encoded. Raises `Problem`."""
    from vm.types import BOOL, U8, Map, Set
    from vm.values import encode

    module = contract.module
    if field == "phase" and module.phases:
        if key_text is not None or value not in module.phases:
            raise usage(f"{value!r} is no phase of {module.name}", f"It has {', '.join(module.phases)}.")
        return None, encode(U8, module.phases.index(value))
    kind = dict(module.fields).get(field)
    if kind is None:
        raise usage(f"{module.name} has no field {field!r}", f"It has {', '.join(name for name, _ in module.fields) or 'none'}.")
    if isinstance(kind, Map | Set) is (key_text is None):
        wants = "needs --key KEY" if key_text is None else "has no keys"
        raise usage(f"{field} {wants}", "`tael inspect CONTRACT` shows the fields and their types.")
    key = None
    if isinstance(kind, Map | Set) and key_text is not None:
        key = encode(kind.key, _read(key_text, kind.key, setting))
        kind = kind.value if isinstance(kind, Map) else BOOL
    if value is None or (kind == BOOL and isinstance(dict(module.fields)[field], Set) and value == "false"):
        return key, None
    return key, encode(kind, _read(value, kind, setting))


def _read(text: str, kind: Type, setting: Setting) -> Any:
    """The value of a text; that of a vault is an amount."""
    from kit.values import read_value
    from vm.types import Amount, Vault

    return read_value(text, Amount(kind.currency) if isinstance(kind, Vault) else kind, setting)
