"""`tael node genesis`: the specification of a chain's first block is written, shown, checked."""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kit.options import CONTEXT, command
from kit.output import Output, printable
from kit.problem import Problem, missing, usage

if TYPE_CHECKING:
    from chain.primitives.header import Header


@click.group("genesis", context_settings=CONTEXT)
def genesis() -> None:
    """Write, show and check the specification of a chain's first block."""


@command(
    "new",
    examples=(
        "tael node genesis new genesis.json\n"
        "tael node genesis new genesis.json --chain-id shop-1 --currency CNY:2 --fee-wallet till --wallet 'till=0' --wallet "
        "'safe=1_000.00 CNY'\n"
        "tael node genesis new genesis.json --chain-id shop-1 --currency CNY:2 --fee-wallet till --wallets wallets.csv"
    ),
    group=genesis,
)
@click.argument("file", type=click.Path())
@click.option("--chain-id", metavar="TEXT", help="The chain's name, which every signature binds.")
@click.option("--currency", "currencies", multiple=True, metavar="CODE[:DECIMALS]", help="Repeated; the first is for fees.")
@click.option("--issuer", "issuers", multiple=True, metavar="CODE=WALLET", help="Who may issue a currency. Else nobody.")
@click.option("--fee-wallet", metavar="WALLET", help="The wallet that gets the fees.")
@click.option("--validators", metavar="[K:]KEY,…", help="Who certifies blocks, as public keys; K of them are needed.")
@click.option("--wallet", "balances", multiple=True, metavar="WALLET=AMOUNT", help="A wallet and what it has; repeated.")
@click.option("--wallets", "wallets_file", type=click.Path(), metavar="FILE", help="The same from CSV or JSON.")
@click.option("--gas-limit", type=click.IntRange(1), metavar="GAS", help="Of a block.")
@click.option("--gas-price-min", type=click.IntRange(0), metavar="PRICE", help="Minor units a million gas.")
@click.option("--gas-price-max", type=click.IntRange(0), metavar="PRICE", help="The same.")
@click.option("--time-ms", type=click.IntRange(0), metavar="MS", help="The time of the first block. Else now.")
def new(
    out: Output,
    file: str,
    chain_id: str | None,
    currencies: tuple[str, ...],
    issuers: tuple[str, ...],
    fee_wallet: str | None,
    validators: str | None,
    balances: tuple[str, ...],
    wallets_file: str | None,
    time_ms: int | None,
    **limits: int | None,
) -> None:
    """Write the specification of a chain to FILE. What is not said is asked for, if there is a terminal.

    A WALLET is the name of one in your key store (`tael wallet new`), of which only the public key is used, or a public key in
    hexadecimal. CSV has the columns wallet and amount; JSON is a list of objects with these. More than 10,000 wallets go into
    FILE.wallets, which belongs to FILE.
    """
    if Path(file).exists():
        raise missing(f"{file} is there already", "Name another file; nothing is overwritten.")
    chain_id = chain_id or _ask("--chain-id", "The chain's id, such as shop-1")
    decimals = _currencies(currencies or tuple(_ask("--currency", "Currencies, such as CNY:2").replace(",", " ").split()))
    fee_key = _key(fee_wallet or _ask("--fee-wallet", "The wallet that gets the fees"))
    rows = [_row(text) for text in balances] + (_rows(Path(wallets_file)) if wallets_file is not None else [])
    if not rows and sys.stdin.isatty():
        rows = _ask_rows(decimals)
    specification: dict[str, Any] = {
        "chain_id": chain_id,
        "time_ms": time.time_ns() // 1_000_000 if time_ms is None else time_ms,
        **{name: number for name, number in limits.items() if number is not None},
        "base_currency": next(iter(decimals)),
        "fee_wallet": fee_key,
        **({} if validators is None else {"validators": validators_plain(validators)}),
        "currencies": _issued(decimals, issuers),
        "wallets": _wallets(rows, decimals, fee_key),
    }
    header, written = _made(Path(file), specification)
    out.line(f"Wrote {written}.")
    _tell(out, header, specification)


@command("show", examples="tael node genesis show genesis.json", group=genesis)
@click.argument("file", type=click.Path())
def show(out: Output, file: str) -> None:
    """Show what FILE specifies: the hash of the first block, the chain, the supply of each currency."""
    _checked(out, file)


@command("check", examples="tael node genesis check genesis.json", group=genesis)
@click.argument("file", type=click.Path())
def check(out: Output, file: str) -> None:
    """Say whether FILE specifies a chain, and the hash of its first block."""
    _checked(out, file)


def validators_plain(text: str) -> dict[str, Any]:
    """Validators as a specification has them, of `KEY` or `2:KEY,KEY,KEY`."""
    threshold, colon, keys = text.rpartition(":")
    if colon and not threshold.isdecimal():
        raise usage(f"not so many validators: {threshold[:40]}", "Write KEY, or 2:KEY,KEY,KEY for two of three.")
    return {"threshold": int(threshold or 1), "keys": keys.split(",")}


def _checked(out: Output, file: str) -> None:
    from chain.node.genesis import Genesis
    from chain.node.genesis_file import read_genesis

    if not Path(file).is_file():
        raise missing(f"the file {file} is not there", "Check the path.")
    specification = read_genesis(Path(file))
    _tell(out, Genesis(specification).header(), specification)


def _tell(out: Output, header: Header, specification: dict[str, Any]) -> None:
    from chain.primitives.money import format_money

    decimals = {entry["code"]: entry["decimals"] for entry in specification["currencies"]}
    supply = {row.currency: row.issued for row in header.supply}
    rows = [("chain", header.chain_id), ("hash", header.hash.hex()), ("state root", header.state_root.hex())]
    rows += [("supply", format_money(amount, code, decimals[code])) for code, amount in supply.items()]
    rows.append(("wallets", f"{len(specification['wallets']):_}"))
    out.pairs(rows)
    out.result(
        {
            "ok": True,
            "chain_id": header.chain_id,
            "hash": header.hash.hex(),
            "state_root": header.state_root.hex(),
            "supply": {code: str(amount) for code, amount in supply.items()},
            "wallets": len(specification["wallets"]),
        }
    )


def _made(file: Path, specification: dict[str, Any]) -> tuple[Header, str]:
    """The first block of a specification, and the names of the files into which it was written. Nothing is left of one that is
    refused.
    """
    from chain.node.genesis import Genesis
    from chain.node.wallet_file import with_wallets, write_wallets
    from chain.primitives.limits import GENESIS_LISTED_MAX

    wallets = specification["wallets"]
    if len(wallets) <= GENESIS_LISTED_MAX:
        header = Genesis(specification).header()
        _write(file, specification)
        return header, str(file)
    rows = file.with_name(f"{file.name}.wallets")
    try:
        stands_for_it = write_wallets(rows, ((bytes.fromhex(wallet["key"]), wallet["balances"]) for wallet in wallets))
        named = {**specification, "wallets": stands_for_it}
        header = Genesis(with_wallets(named, file.parent)).header()
    except BaseException:
        rows.unlink(missing_ok=True)
        raise
    _write(file, named)
    return header, f"{file} and {rows}"


# What was said, in the words of a specification.


def _currencies(texts: tuple[str, ...]) -> dict[str, int]:
    """Decimals by code, in the order of the texts."""
    from chain.primitives.limits import DECIMALS_MAX
    from chain.primitives.money import check_currency

    found: dict[str, int] = {}
    for text in texts:
        code, _, number = text.partition(":")
        if code in found or (number and not (number.isascii() and number.isdigit() and int(number) <= DECIMALS_MAX)):
            raise usage(f"--currency {text} is no currency", f"Write it once, like CNY:2, with at most {DECIMALS_MAX} decimals.")
        found[check_currency(code)] = int(number or "2")
    if not found:
        raise usage("there is no currency", "Name one with --currency CNY:2.")
    return found


def _issued(decimals: dict[str, int], issuers: tuple[str, ...]) -> list[dict[str, Any]]:
    keys: dict[str, str] = {}
    for text in issuers:
        code, sign, wallet = text.partition("=")
        if not sign or code not in decimals:
            raise usage(f"--issuer {text} names no currency of this chain", "Write it like CNY=WALLET.")
        keys[code] = _key(wallet)
    return [{"code": code, "decimals": number, "issuer": keys.get(code)} for code, number in decimals.items()]


def _row(text: str) -> tuple[str, str]:
    wallet, sign, amount = text.partition("=")
    if not sign:
        raise usage(f"{text}: there is no amount", "Write it like safe=1_000.00, or safe=0 for a wallet with nothing in it.")
    return wallet.strip(), amount.strip()


def _rows(file: Path) -> list[tuple[str, str]]:
    """Wallets and amounts of a file in CSV or JSON."""
    from chain.primitives.json_text import parse_json

    remedy = 'CSV has the columns wallet and amount; JSON is [{"wallet": "safe", "amount": "1_000.00 CNY"}].'
    if not file.is_file():
        raise missing(f"the file {file} is not there", "Check the path.")
    try:
        text = file.read_text("utf-8-sig")
        if file.suffix == ".json":
            entries = parse_json(text)
        else:
            entries = list(csv.DictReader(text.splitlines(), skipinitialspace=True, strict=True))
        return [(str(entry["wallet"]).strip(), str(entry["amount"]).strip()) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error):
        raise usage(f"{file} is no list of wallets", remedy) from None


def _coin(text: str, decimals: dict[str, int]) -> tuple[str, int]:
    """(currency, minor units) of an amount, which is of the first currency if it names none. Raises `Refusal`."""
    from chain.primitives.money import parse_money, parse_number

    base = next(iter(decimals))
    return parse_money(text, decimals) if " " in text else (base, parse_number(text, decimals[base]))


def _wallets(rows: list[tuple[str, str]], decimals: dict[str, int], fee_key: str) -> list[dict[str, Any]]:
    """Wallets by key, each once, with the sum of what was said; the fee wallet among them."""
    found: dict[str, dict[str, int]] = {fee_key: {}}
    for wallet, text in rows:
        code, amount = _coin(text, decimals)
        balances = found.setdefault(_key(wallet), {})
        if amount:
            balances[code] = balances.get(code, 0) + amount
    return [{"key": key, "balances": balances} for key, balances in found.items()]


def _key(wallet: str) -> str:
    """The public key of a wallet's name, or the one that was written out."""
    from chain.primitives.refusal import Refusal, Refused
    from kit.wallets import find_wallet

    try:
        if len(bytes.fromhex(wallet)) >= 33:
            return wallet.lower()
    except ValueError:
        pass
    found = find_wallet(wallet, None)
    if found is None:
        raise missing(f"there is no wallet {wallet!r} here", "Make it with `tael wallet new`, or write its public key.")
    if found.development:
        raise Refusal(Refused.DEVELOPMENT_KEY, f"the key of {wallet} is one that everybody knows")
    return found.public.hex()


def _ask(option: str, question: str) -> str:
    if not sys.stdin.isatty():
        raise usage(f"{option} is missing", "Give it, or run this at a terminal, where it is asked for.")
    return str(click.prompt(question)).strip()


def _ask_rows(decimals: dict[str, int]) -> list[tuple[str, str]]:
    """Wallets and amounts, line by line; one that is wrong is asked for again."""
    from chain.primitives.refusal import Refusal

    click.echo("Wallets with what they have, such as safe=1_000.00 CNY; an empty line ends")
    rows: list[tuple[str, str]] = []
    while line := str(click.prompt("", default="", show_default=False, prompt_suffix="> ")).strip():
        try:
            wallet, amount = _row(line)
            _key(wallet)
            _coin(amount, decimals)
        except (Problem, Refusal) as wrong:
            click.echo(f"  {printable(wrong.message)}. {wrong.remedy}")
        else:
            rows.append((wallet, amount))
    return rows


def _write(file: Path, specification: dict[str, Any]) -> None:
    """One wallet a line, so that two files can be compared."""
    listed = isinstance(specification["wallets"], list)
    text = _lines(specification) if listed else json.dumps(specification, indent=1) + "\n"
    with file.open("x", encoding="utf-8") as handle:
        handle.write(text)


def _lines(specification: dict[str, Any]) -> str:
    head = {name: value for name, value in specification.items() if name != "wallets"}
    wallets = ",\n  ".join(json.dumps(wallet) for wallet in specification["wallets"])
    return json.dumps(head, indent=1)[:-2] + f',\n "wallets": [\n  {wallets}\n ]\n}}\n'
