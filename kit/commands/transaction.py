"""`tael transaction`: transactions in files, to be signed by several people before they are sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kit.options import CONTEXT, command, node_option, password_option
from kit.output import Output
from kit.problem import Exit, Problem, missing, usage

if TYPE_CHECKING:
    from chain.primitives.transaction import Transaction
    from kit.network import Network
    from kit.wallets import Wallet

_MADE_BY = ("pay", "call", "deploy", "wallet", "session")


@click.group("transaction", context_settings=CONTEXT)
def transaction() -> None:
    """Make, sign, show, join and send transactions in files.

    A file can be passed around; what is shown of it is made from the bytes that are signed, never from a text beside them.
    """


@transaction.command("make", context_settings={**CONTEXT, "ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("file")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, required=True)
def make(file: str, words: tuple[str, ...]) -> int:
    """Write what another command would send to FILE: `make FILE pay bob 25.00 --from board`.

    It is the same as that command with --save FILE. It expires after a day, or as --expires says.

    \b
    Examples:
      tael transaction make tx.json pay bob 25.00 --from board
      tael transaction make tx.json call tael1… accept --from board --lane 3 --expires 2h
    """
    from kit.main import tael

    if words[0] not in _MADE_BY:
        raise usage(f"{words[0]!r} sends no transaction", f"Use one of {', '.join(_MADE_BY)}.")
    outcome = tael.main([*words, "--save", file], prog_name="tael", standalone_mode=False)
    return outcome if isinstance(outcome, int) else Exit.OK


@command("show", examples="tael transaction show tx.json\ntael transaction show tx.json --json", group=transaction)
@click.argument("file")
@node_option
def show(out: Output, file: str, node: str | None) -> None:
    """Show what the transaction in FILE says, who has signed it, and who must still sign."""
    from kit.network import connect
    from kit.transactions import load_transaction, plain_transaction

    network = connect(node)
    found = load_transaction(Path(file))
    _tell(out, network, found)
    out.result({"ok": True, **plain_transaction(network, found)})


@command(
    "sign",
    examples="""
    tael transaction sign tx.json --as alice
    tael transaction sign tx.json --as alice --as bob --yes
    tael transaction sign tx.json -o signed-by-me.json
    """,
    group=transaction,
)
@click.argument("file")
@click.option("--as", "names", metavar="WALLET", multiple=True, help="Whose key signs; may be repeated. Else all that are here.")
@click.option("--output", "-o", metavar="FILE", help="Where to write it. Else to the same file.")
@click.option("--yes", is_flag=True, help="Do not ask: what it says has been read.")
@password_option
@node_option
def sign(
    out: Output, file: str, names: tuple[str, ...], output: str | None, yes: bool, password_file: str | None, node: str | None
) -> int:
    """Show what the transaction in FILE says, and sign it.

    Only keys sign that it needs. Exit code 1 if none of the keys here is needed, or you say no.
    """
    from kit.network import connect
    from kit.signing import keys_for
    from kit.transactions import load_transaction, plain_transaction, save_transaction

    network = connect(node)
    found = load_transaction(Path(file))
    if found.body.chain_id != network.status.chain_id:
        message = f"it is for the chain {found.body.chain_id}, and this is {network.status.chain_id}"
        raise Problem(message, "Ask a node of that chain with --node.", code="WrongChain")
    only = [_wallet(network, name) for name in names] or None
    _tell(out, network, found)
    _ask(out, yes)
    keys = keys_for(network, found.body, password_file, only=only, partly=True)
    if not keys:
        raise Problem(
            "no key here is one that this transaction needs", "`tael transaction show` tells whose are.", code="NotASigner"
        )
    for key in keys:
        found = found.signed(key)
    save_transaction(Path(output or file), found)
    plain = plain_transaction(network, found)
    out.line(f"Signed by {len(keys)} {'key' if len(keys) == 1 else 'keys'}; {_next(output or file, bool(plain['complete']))}")
    out.result({"ok": True, "file": output or file, **plain})
    return Exit.OK


@command("join", examples="tael transaction join tx.json from-bob.json from-carol.json", group=transaction)
@click.argument("file")
@click.argument("others", nargs=-1, required=True)
@node_option
def join(out: Output, file: str, others: tuple[str, ...], node: str | None) -> None:
    """Put the signatures of the same transaction in OTHERS into FILE."""
    from chain.primitives.transaction import Transaction
    from kit.network import connect
    from kit.transactions import load_transaction, plain_transaction, save_transaction

    network = connect(node)
    found = load_transaction(Path(file))
    signatures = dict(found.signatures)
    for other in others:
        loaded = load_transaction(Path(other))
        if loaded.identity != found.identity:
            raise Problem(f"{other} has another transaction", "Copies of one transaction are joined.", code="OtherTransaction")
        signatures |= dict(loaded.signatures)
    joined = Transaction(found.body, tuple(sorted(signatures.items())))
    save_transaction(Path(file), joined)
    plain = plain_transaction(network, joined)
    out.line(f"{len(signatures)} signatures; {_next(file, bool(plain['complete']))}")
    out.result({"ok": True, "file": file, **plain})


@command("send", examples="tael transaction send tx.json\ntael transaction send tx.json --json", group=transaction)
@click.argument("file")
@node_option
def send(out: Output, file: str, node: str | None) -> int:
    """Send the transaction in FILE and wait until it is in a block. Doing so twice is safe.

    Exit code 1 if signatures are missing, the ledger refuses it, or it fails.
    """
    from kit.network import connect
    from kit.receipts import plain_receipt, tell_receipt
    from kit.signing import lacking
    from kit.transactions import load_transaction, signature_lines

    network = connect(node)
    found = load_transaction(Path(file))
    if lacking(network, found):
        out.pairs(signature_lines(network, found))
        raise Problem("signatures are missing", f"Let them sign: tael transaction sign {file}", code="MissingSignature")
    receipt = network.client.commit(found).receipt
    tell_receipt(out, network, receipt)
    out.result({"ok": receipt.ok, "receipt": plain_receipt(network, receipt)})
    return Exit.OK if receipt.ok else Exit.FINDINGS


def _tell(out: Output, network: Network, found: Transaction) -> None:
    from kit.transactions import signature_lines, transaction_lines

    out.pairs([*transaction_lines(network, found), *signature_lines(network, found)])


def _next(file: str, complete: bool) -> str:
    return f"it is complete. Next: tael transaction send {file}" if complete else f"it needs more. Pass on {file}"


def _ask(out: Output, yes: bool) -> None:
    """Raises `Problem` unless whoever is to sign says so."""
    if yes:
        return
    if out.as_json or not sys.stdin.isatty():
        raise usage("nobody is here to be asked", "Read what it says with `tael transaction show`; then give --yes.")
    if not click.confirm("Sign this?", default=False):
        raise Problem("it was not signed", code="NotSigned")


def _wallet(network: Network, name: str) -> Wallet:
    from kit.wallets import find_wallet

    found = find_wallet(name, network.status.chain_id)
    if found is None:
        raise missing(f"there is no wallet {name!r} here", "`tael wallet list` shows them.")
    if found.several:
        raise usage(f"{name} has no key of its own: several sign for it", "Name those whose keys are here.")
    return found
