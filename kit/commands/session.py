"""`tael session`: keys that act for a wallet within a scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kit.options import CONTEXT, Signing, command, node_option, signing_options
from kit.output import Output
from kit.problem import Exit, usage

if TYPE_CHECKING:
    from chain.primitives.transaction import Action
    from kit.network import Network


@click.group("session", context_settings=CONTEXT)
def session() -> None:
    """Grant, list, revoke and use sessions: keys that act for a wallet, for so much, to those, until then.

    Whatever a session does is the wallet's doing. It opens no wallets and grants nothing.
    """


@command(
    "grant",
    examples="""
    tael session grant shop --key till --from alice --total 100.00 --single 5.00 --every 1d --pay bob --until 30d
    tael session grant game --key phone --from alice --total 20.00 --call tael1…:play,cash_out --until 2h
    tael session grant bot --key bot --from alice --call tael1… --uses 100 --until 2026-12-31
    """,
    group=session,
)
@click.argument("name")
@click.option("--key", "key", metavar="WALLET", required=True, help="Who acts: a wallet here, or a public key in hexadecimal.")
@click.option("--until", metavar="WHEN", required=True, help="A time, or so long from now, as in 30d.")
@click.option("--total", "totals", metavar="AMOUNT", multiple=True, help="The most it spends; once a currency. Else nothing.")
@click.option("--single", "singles", metavar="AMOUNT", multiple=True, help="The most in one transaction. Else the total.")
@click.option("--every", metavar="DURATION", help="The total is for each such period. Else for ever.")
@click.option("--pay", "payees", metavar="WALLET", multiple=True, help="Only these are paid; with this alone, nothing is called.")
@click.option("--call", "calls", metavar="CONTRACT[:FN,FN]", multiple=True, help="Only these contracts, these functions.")
@click.option("--uses", type=click.IntRange(1), help="So many transactions that succeed.")
@click.option("--deploys", is_flag=True, help="It may deploy contracts.")
@signing_options
def grant(
    out: Output,
    name: str,
    key: str,
    until: str,
    totals: tuple[str, ...],
    singles: tuple[str, ...],
    every: str | None,
    payees: tuple[str, ...],
    calls: tuple[str, ...],
    uses: int | None,
    deploys: bool,
    node: str | None,
    signing: Signing,
) -> int:
    """Let the key of another wallet act for the wallet that signs, as the session NAME: 1 to 16 letters and digits."""
    from chain.primitives.transaction import Grant
    from kit.keys import public_key
    from kit.network import connect
    from kit.sessions import scope_lines, scope_of, session_bytes

    network = connect(node)
    scope = scope_of(network, totals=totals, singles=singles, every=every, payees=payees, calls=calls, uses=uses, deploys=deploys)
    action = Grant(session_bytes(name), public_key(network, key), scope, network.moment(until))
    out.pairs(scope_lines(network, scope))
    return _send(out, network, signing, action, name)


@command("revoke", examples="tael session revoke shop --from alice", group=session)
@click.argument("name")
@signing_options
def revoke(out: Output, name: str, node: str | None, signing: Signing) -> int:
    """End the session NAME of the wallet that signs."""
    from chain.primitives.transaction import Revoke
    from kit.network import connect
    from kit.sessions import session_bytes

    return _send(out, connect(node), signing, Revoke(session_bytes(name)), name)


@command("list", examples="tael session list alice\ntael session list alice --json", group=session)
@click.argument("wallet")
@node_option
def list_(out: Output, wallet: str, node: str | None) -> None:
    """List the sessions of WALLET, a name or address: what each may do, and what it has done."""
    from kit.network import connect
    from kit.sessions import session_name, told_sessions

    network = connect(node)
    answer = network.client.wallet(network.address(wallet))
    if answer["sessions"]:
        out.pairs(told_sessions(network, answer))
    else:
        out.line(f"{wallet} has granted no sessions.")
    sessions = [{"name": session_name(bytes.fromhex(told["session"])), **told} for told in answer["sessions"]]
    out.result({"ok": True, "sessions": sessions})


@session.command("use", context_settings={**CONTEXT, "ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, required=True)
def use(name: str, words: tuple[str, ...]) -> int:
    """Do what another command does, signed by the session NAME: `use shop pay bob 3.00 --from alice`.

    It is the same as that command with --session NAME; the session's key must be on this machine.

    \b
    Examples:
      tael session use shop pay bob 3.00 --from alice
      tael session use game call tael1… play --coins 1.00 --from alice --fee-payer bob
    """
    from kit.main import tael

    if words[0] not in ("pay", "call", "deploy"):
        raise usage(f"{words[0]!r} is nothing that a session does", "Use pay, call or deploy.")
    outcome = tael.main([*words, "--session", name], prog_name="tael", standalone_mode=False)
    return outcome if isinstance(outcome, int) else Exit.OK


def _send(out: Output, network: Network, signing: Signing, action: Action, name: str) -> int:
    from kit.receipts import plain_receipt, tell_receipt

    receipt = signing.transact(network, [action])
    tell_receipt(out, network, receipt, dry_run=signing.dry_run)
    out.result({"ok": receipt.ok, "session": name, "receipt": plain_receipt(network, receipt), **signing.plain()})
    return Exit.OK if receipt.ok else Exit.FINDINGS
