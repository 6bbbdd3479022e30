"""`tael wallet`: the wallets of this machine and their money."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.names import ALIASES, development_number
from kit.options import CONTEXT, Signing, command, node_option, password_option, signing_options
from kit.output import Output
from kit.problem import Problem, missing, usage
from kit.wallets import development_wallets, find_wallet, keystore, own_wallets, read_password, shared_wallets, unlock

if TYPE_CHECKING:
    from kit.network import Network
    from kit.wallets import Wallet

_PASSWORD_CHARACTERS_MIN = 8
_SCHEMES = {"ed25519": 1, "p256": 2}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


scheme_option = click.option(
    "--scheme", type=click.Choice(tuple(_SCHEMES)), default="ed25519", help="The kind of key; p256 is that of cards and phones."
)


@click.group("wallet", context_settings=CONTEXT)
def wallet() -> None:
    """Make, list, show and open wallets.

    A wallet of yours is an encrypted key file in ~/.tael/wallets (or under TAEL_HOME). The devnet's wallets, dev0 … dev9
    or alice, bob, carol …, need no file and no password: everybody knows their keys.
    """


@command(
    "new",
    examples="""
    tael wallet new savings
    tael wallet new card --scheme p256 --password-file secret.txt
    tael wallet new board --keys alice,bob,carol --of 2
    """,
    group=wallet,
)
@click.argument("name")
@scheme_option
@click.option("--keys", metavar="WALLETS", multiple=True, help="Several sign: wallets here, or public keys, with commas.")
@click.option("--of", "threshold", type=click.IntRange(1), metavar="K", help="How many of --keys must sign.")
@password_option
def new(out: Output, name: str, scheme: str, keys: tuple[str, ...], threshold: int | None, password_file: str | None) -> None:
    """Make a wallet NAME: a new key, encrypted with a password of at least 8 characters; or with --keys one for which K of
    several keys sign, which needs no password here.

    It is not on a ledger before `tael wallet open NAME`.
    """
    from chain.primitives.keys import P256SecretKey, SecretKey

    _check_name(name)
    if keys or threshold is not None:
        _new_shared(out, name, keys, threshold)
        return
    password = read_password(f"A password for {name}", password_file, twice=True)
    _check_password(password)
    file = keystore().create(name, password, P256SecretKey.generate() if scheme == "p256" else SecretKey.generate())
    _tell_made(out, name, file.address, file.public)


def _new_shared(out: Output, name: str, keys: tuple[str, ...], threshold: int | None) -> None:
    from chain.primitives.address import format_address
    from kit.keys import said_policy
    from kit.names import CHAIN_ID
    from kit.shared import create_shared

    if not keys or threshold is None:
        raise usage("--keys and --of belong together", "As in --keys alice,bob,carol --of 2.")
    policy = said_policy(keys, threshold, CHAIN_ID)
    if len(policy.keys) == 1:
        raise usage("a wallet of one key is that key's", "Name several keys, or leave out --keys.")
    shared = create_shared(name, policy)
    out.line(f"Made the wallet {out.style(name, 'bold')}: {format_address(shared.address)}")
    out.line(f"{threshold} of {len(policy.keys)} keys sign for it. Next: tael wallet open {name} --from WALLET")
    plain = {"threshold": threshold, "keys": [key.hex() for key in policy.keys]}
    out.result({"ok": True, "name": name, "address": format_address(shared.address), **plain})


@command(
    "import",
    examples="tael wallet import savings --secret-file key.hex\ntael wallet import savings --secret-file - < key.hex",
    group=wallet,
)
@click.argument("name")
@scheme_option
@click.option("--secret-file", required=True, metavar="FILE", help="A file with the 64 hexadecimal digits; - is standard input.")
@password_option
def import_(out: Output, name: str, scheme: str, secret_file: str, password_file: str | None) -> None:
    """Make a wallet NAME of a secret key that you have: 32 bytes of the scheme in hexadecimal, read from a file."""
    from chain.primitives.keys import own_secret_key
    from chain.primitives.refusal import Refusal

    _check_name(name)
    if secret_file != "-" and not Path(secret_file).is_file():
        raise missing(f"the file {secret_file} is not there", "Check the path.")
    text = sys.stdin.read() if secret_file == "-" else Path(secret_file).read_text("utf-8")
    if not text.strip():
        raise usage(
            "the secret key is missing: nothing was on standard input" if secret_file == "-" else f"{secret_file} is empty"
        )
    try:
        key = own_secret_key(_SCHEMES[scheme], bytes.fromhex(text.strip().removeprefix("0x")))
    except (ValueError, Refusal):
        raise usage("this is not a secret key", "It has 64 hexadecimal digits.") from None
    password = read_password(f"A password for {name}", password_file, twice=True)
    _check_password(password)
    file = keystore().create(name, password, key)
    _tell_made(out, name, file.address, file.public)


@command("export", examples="tael wallet export savings savings.hex", group=wallet)
@click.argument("name")
@click.argument("file")
@password_option
def export(out: Output, name: str, file: str, password_file: str | None) -> None:
    """Write the secret key of the wallet NAME to a new FILE, in the open, for a backup that you lock away.

    Who has the file has the money. Only you may read the file; it is never shown on the screen.
    """
    found = find_wallet(name, None)
    if found is None or not found.own:
        raise missing(f"there is no key file of {name!r} here", "`tael wallet list` shows those there are.")
    key = unlock(found, "", password_file)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise missing(f"{file} is there already", "Choose another file; nothing is overwritten.") from None
    with os.fdopen(descriptor, "w") as handle:
        handle.write(key.secret_bytes().hex() + "\n")
    out.line(f"Wrote the secret key of {name} to {file}. Who has the file has the money.")
    out.result({"ok": True, "name": name, "file": file})


@command("list", examples="tael wallet list\ntael wallet list --dev", group=wallet)
@click.option("--dev", "with_development", is_flag=True, help="The devnet's wallets too.")
def list_(out: Output, with_development: bool) -> None:
    """List the wallets of this machine: names, addresses, and which are for development only."""
    from chain.primitives.address import format_address
    from chain.primitives.policy import policy_of

    rows = [(found, _kind(found)) for found in own_wallets()]
    rows += [(found, f"{policy_of(found.key).threshold} of {len(policy_of(found.key).keys)} keys") for found in shared_wallets()]
    if with_development:
        rows += [(found, f"devnet, also {ALIASES[i]}") for i, found in enumerate(development_wallets())]
    if rows:
        out.table(("name", "kind", "address"), [(w.name, kind, format_address(w.address)) for w, kind in rows])
    else:
        out.line("No wallets here yet. Make one with `tael wallet new NAME`; --dev lists the devnet's.")
    out.result(
        {
            "ok": True,
            "wallets": [
                {
                    "name": found.name,
                    "address": format_address(found.address),
                    "public": found.public.hex() or None,
                    "threshold": policy_of(found.key).threshold,
                    "keys": [key.hex() for key in policy_of(found.key).keys],
                    "development": found.development,
                    "file": found.own,
                }
                for found, _ in rows
            ],
        }
    )


@command("show", examples="tael wallet show alice\ntael wallet show tael1… --json", group=wallet)
@click.argument("name")
@node_option
def show(out: Output, name: str, node: str | None) -> None:
    """Show a wallet, by name or address: key or keys, guardian, rules, balances, next sequence, sessions."""
    from chain.primitives.refusal import Refusal, Refused
    from kit.network import connect
    from kit.sessions import told_sessions
    from kit.values import plain_money, show_money

    network = connect(node)
    address = network.address(name)
    try:
        answer = network.client.wallet(address)
    except Refusal as refusal:
        if refusal.code is not Refused.NOT_FOUND:
            raise
        raise _not_open(network, name) from None
    rows = [("address", answer["address"]), *_signer_rows(answer["key"]), ("guardian", answer["guardian"] or "none")]
    rows += [("rule", rule) for rule in answer["rules"]] or [("rules", "none")]
    balances = {entry["currency"]: int(entry["amount"]) for entry in answer["balances"]}
    rows += [("balance", show_money(minor, code, network.setting(code))) for code, minor in balances.items()]
    rows.append(("sequence", str(answer["next_sequence"])))
    rows += [("session", f"{name}: {line}") for name, line in told_sessions(network, answer)]
    out.pairs(rows)
    out.result(
        {
            "ok": True,
            **{key: answer[key] for key in ("address", "key", "sessions", "guardian", "rules", "next_sequence")},
            "balances": [plain_money(minor, code, network.setting(code)) for code, minor in balances.items()],
        }
    )


@command("balance", examples="tael wallet balance\ntael wallet balance alice bob", group=wallet)
@click.argument("wallets", nargs=-1)
@node_option
def balance(out: Output, wallets: tuple[str, ...], node: str | None) -> None:
    """Show what WALLETS hold, by name or address; without any, all that have a name here.

    The balances are the node's word; `tael proof WALLET` checks one.
    """
    from kit.network import connect
    from kit.values import plain_money, show_money

    network = connect(node)
    found = [(name, network.address(name)) for name in wallets] if wallets else _named(network)
    rows: list[tuple[str, str]] = []
    plain: list[dict[str, Any]] = []
    for name, address in found:
        balances = network.balances(address)
        if balances is None:
            if wallets:
                raise _not_open(network, name)
            rows.append((name, "not on this ledger"))
            plain.append({"name": name, "open": False, "balances": []})
            continue
        rows.append((name, ", ".join(show_money(n, code, network.setting(code)) for code, n in balances.items())))
        money = [plain_money(n, code, network.setting(code)) for code, n in balances.items()]
        plain.append({"name": name, "open": True, "balances": money})
    if not rows:
        out.line("No wallets here yet. Make one with `tael wallet new NAME`.")
    out.pairs(rows)
    out.result({"ok": True, "height": network.status.height, "wallets": plain})


@command("open", examples="tael wallet open savings\ntael wallet open savings --from alice", group=wallet)
@click.argument("name")
@signing_options
def open_(out: Output, name: str, node: str | None, signing: Signing) -> int:
    """Open the wallet NAME on the ledger, so that it can be paid.

    It opens itself where gas is free; else, or with --from, another wallet sends the transaction and pays for it.
    """
    from chain.primitives.transaction import OpenWallet
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt

    network = connect(node)
    found = find_wallet(name, network.status.chain_id)
    if found is None:
        raise missing(f"there is no wallet {name!r} here", "Make it with `tael wallet new`.")
    if network.balances(found.address) is not None:
        out.line(f"{name} is open already.")
        out.result({"ok": True, "opened": False})
        return 0
    by = signing if signing.sender is not None else signing.by(name)
    receipt = by.transact(network, [OpenWallet(found.key)])
    tell_receipt(out, network, receipt, dry_run=by.dry_run)
    opened = receipt.ok and not by.dry_run
    out.result({"ok": receipt.ok, "opened": opened, "receipt": plain_receipt(network, receipt), **by.plain()})
    return 0 if receipt.ok else 1


@command("rules", examples="tael wallet rules alice tael1…\ntael wallet rules kid --from parent", group=wallet)
@click.argument("name")
@click.argument("rules", nargs=-1)
@signing_options
def rules_(out: Output, name: str, rules: tuple[str, ...], node: str | None, signing: Signing) -> int:
    """Replace the rules of the wallet NAME by the contracts RULES; without any, it has none.

    Its owner signs, or with --from its guardian, if it has one.
    """
    from chain.primitives.transaction import SetRules
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt

    network = connect(node)
    action = SetRules(network.address(name), tuple(network.contract(network.address(rule)).address for rule in rules))
    by = signing if signing.sender is not None else signing.by(name)
    receipt = by.transact(network, [action])
    tell_receipt(out, network, receipt, dry_run=by.dry_run)
    out.result({"ok": receipt.ok, "receipt": plain_receipt(network, receipt), **by.plain()})
    return 0 if receipt.ok else 1


@command(
    "policy",
    examples="""
    tael wallet policy board
    tael wallet policy board --keys alice,bob,dave --of 2 --from board
    tael wallet policy savings --keys savings-new --of 1
    """,
    group=wallet,
)
@click.argument("name")
@click.option("--keys", metavar="WALLETS", multiple=True, help="Who is to sign from now on: wallets here, or public keys.")
@click.option("--of", "threshold", type=click.IntRange(1), metavar="K", help="How many of --keys must sign.")
@signing_options
def policy_(out: Output, name: str, keys: tuple[str, ...], threshold: int | None, node: str | None, signing: Signing) -> int:
    """Show who signs for the wallet NAME; with --keys and --of, change it. The address stays; all its sessions end.

    Its owner signs the change as before, or with --from its guardian, if it has one.
    """
    from chain.primitives.transaction import SetPolicy
    from kit.keys import said_policy
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt
    from kit.signing import policy_on_ledger

    network = connect(node)
    address = network.address(name)
    if not keys and threshold is None:
        found = policy_on_ledger(network, address)
        if found is None:
            raise _not_open(network, name)
        plain = {"threshold": found.threshold, "keys": [key.hex() for key in found.keys]}
        out.pairs(_signer_rows(plain))
        out.result({"ok": True, **plain})
        return 0
    if not keys or threshold is None:
        raise usage("--keys and --of belong together", "As in --keys alice,bob,carol --of 2.")
    policy = said_policy(keys, threshold, network.status.chain_id)
    by = signing if signing.sender is not None else signing.by(name)
    receipt = by.transact(network, [SetPolicy(address, policy if len(policy.keys) > 1 else policy.keys[0])])
    tell_receipt(out, network, receipt, dry_run=by.dry_run)
    out.result({"ok": receipt.ok, "receipt": plain_receipt(network, receipt), **by.plain()})
    return 0 if receipt.ok else 1


def _signer_rows(key: dict[str, Any]) -> list[tuple[str, str]]:
    if len(key["keys"]) == 1:
        return [("key", key["keys"][0])]
    return [("keys", f"{key['threshold']} of {len(key['keys'])}"), *[("key", one) for one in key["keys"]]]


def _kind(found: Wallet) -> str:
    from chain.primitives.keys import SCHEME_P256

    scheme = ", P-256" if found.public[0] == SCHEME_P256 else ""
    return f"{'development' if found.development else 'encrypted'}{scheme}"


def _named(network: Network) -> list[tuple[str, bytes]]:
    from kit.names import CHAIN_ID

    found: list[Wallet] = own_wallets()
    rows = [(each.name, each.address) for each in (*found, *shared_wallets())]
    if network.status.chain_id == CHAIN_ID:
        rows += [(ALIASES[i], each.address) for i, each in enumerate(development_wallets())]
    return rows


def _not_open(network: Network, name: str) -> Problem:
    remedy = f"Open it: tael wallet open {name}" if find_wallet(name, network.status.chain_id) else "Check the address."
    return Problem(f"{name} is not a wallet of this ledger", remedy, code="NoWallet")


def _check_name(name: str) -> None:
    if development_number(name) is not None:
        raise usage(f"{name} is a name of the devnet's wallets", "Choose another name.")
    if name.lower().startswith("tael1"):
        raise usage("a wallet's name may not look like an address", "Choose another name.")
    if not _NAME.match(name):
        rule = "Use 1 to 64 ASCII letters, digits, dots, dashes and underscores, a letter or digit first."
        raise usage(f"{name!r} is not a name for a wallet", rule)
    if any(found.name == name for found in (*own_wallets(), *shared_wallets())):
        raise missing(f"there is a wallet {name} already", "Choose another name; nothing is overwritten.")


def _check_password(password: str) -> None:
    if len(password) < _PASSWORD_CHARACTERS_MIN:
        raise usage(f"a password has at least {_PASSWORD_CHARACTERS_MIN} characters", "Choose a longer one.")


def _tell_made(out: Output, name: str, address: bytes, public: bytes) -> None:
    from chain.primitives.address import format_address

    out.line(f"Made the wallet {out.style(name, 'bold')}: {format_address(address)}")
    out.line(f"Its public key: {public.hex()}")
    out.line(f"Nobody can restore it without its key file and password. Next: tael wallet open {name}")
    out.result({"ok": True, "name": name, "address": format_address(address), "public": public.hex()})
