"""The work: who pays whom, what is wrong with it if something is, and the signed bytes of it, made by processes beforehand."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chain.node.development import CHAIN_ID, CURRENCY, development_wallets
from chain.primitives.address import wallet_address
from chain.primitives.keys import SecretKey
from chain.primitives.transaction import Action, Body, Call, Deploy, OpenWallet, Pay, Transaction, sign
from lang.compiler import compile_file
from vm.types import U128, Address
from vm.values import encode_arguments

ROOT = Path(__file__).parents[2]
TOKEN = ROOT / "contracts" / "examples" / "token.tael"
TOKEN_SUPPLY = 10**18
SENDERS_MAX = 10_000  # wallets whose keys are made; the others only receive
FUNDS = 100_00  # minor units of each sender: a tenth of what the development wallets have, for ten thousand
PAID = 1  # minor units of each payment
GAS_PAYMENT_MAX = 50_000
GAS_CALL_MAX = 500_000
GAS_SETUP_MAX = 190_000_000
ACTIONS = 64
EXPIRY_HEIGHT = 100_000
SEED = "bench"
HOT_LANES = 200
FAULTS = ("signature", "sequence", "money", "garbage")


class Item(NamedTuple):
    """One transaction to be signed: wallets by number, and what is wrong with it, or nothing."""

    sender: int
    lane: int
    sequence: int
    receiver: int
    amount: int
    contract: bytes | None
    fault: str


@dataclass(frozen=True, slots=True)
class Mix:
    """What is sent: payments or calls of a token, the percentage of invalid ones, and who is in all of them."""

    name: str
    calls: bool = False
    invalid_percent: int = 0
    hot: str = ""  # "sender": all from one over many lanes; "receiver": all to one


@dataclass(slots=True)
class Book:
    """The next sequence of everyone's lanes, as they will be once all that was planned is in blocks."""

    senders: int
    wallets: int
    token: bytes
    _next: dict[tuple[int, int], int] = field(default_factory=dict)
    _turn: int = 0

    def plan(self, mix: Mix, count: int, streams: int) -> list[list[Item]]:
        """`count` transactions in streams. A lane is always in one stream, where its sequences are in order."""
        assert (HOT_LANES if mix.hot == "sender" else self.senders) % streams == 0
        planned: list[list[Item]] = [[] for _ in range(streams)]
        first = self._turn
        self._turn += -(-count // streams) * streams  # so that the next plan begins at stream 0 again
        for number in range(first, first + count):
            planned[number % streams].append(self._item(mix, number))
        return planned

    def _item(self, mix: Mix, number: int) -> Item:
        sender, lane = (0, number % HOT_LANES) if mix.hot == "sender" else (number % self.senders, 0)
        receiver = 1 if mix.hot == "receiver" else number * 7_919 % self.wallets
        fault = self._fault(mix, number) if mix.invalid_percent else ""
        sequence = self._next.get((sender, lane), 0)
        if fault == "sequence" and not sequence:
            fault = ""  # there is none that has been used
        if fault == "sequence":
            sequence -= 1
        elif fault in ("", "money"):
            self._next[sender, lane] = sequence + 1
        amount = FUNDS * 10**6 if fault == "money" else PAID
        return Item(sender, lane, sequence, receiver, amount, self.token if mix.calls else None, fault)

    @staticmethod
    def _fault(mix: Mix, number: int) -> str:
        """Faults are spread evenly and come in turn."""
        before, now = number * mix.invalid_percent // 100, (number + 1) * mix.invalid_percent // 100
        return FAULTS[now % len(FAULTS)] if now > before else ""


@cache
def sender_key(number: int) -> SecretKey:
    """The key of a wallet that sends."""
    return SecretKey.development(SEED, number)


def public_key(number: int) -> bytes:
    """The public key of a wallet; of those that never send nobody knows the secret."""
    if number < SENDERS_MAX:
        return sender_key(number).public
    return b"\x01" + hashlib.sha256(b"%d" % number).digest()


@cache
def address(number: int) -> bytes:
    """The address of a wallet."""
    return wallet_address(public_key(number))


def body(sender: bytes, lane: int, sequence: int, gas_limit: int, actions: Sequence[Action]) -> Body:
    """What is signed, in all transactions of the benchmark."""
    return Body(
        chain_id=CHAIN_ID,
        sender=sender,
        lane=lane,
        sequence=sequence,
        gas_limit=gas_limit,
        gas_price=0,
        actions=tuple(actions),
        expiry_height=EXPIRY_HEIGHT,
    )


def transfer(contract: bytes, to: bytes, amount: int) -> Call:
    """The call that moves tokens."""
    return Call(contract, "transfer", encode_arguments((Address(), U128), (to, amount)))


def signed_bytes(items: Sequence[Item]) -> list[bytes]:
    """The bytes of transactions, spoilt where they are to be."""
    return [_bytes_of(item) for item in items]


def _bytes_of(item: Item) -> bytes:
    to, key = address(item.receiver), sender_key(item.sender)
    if item.contract is None:
        action: Action = Pay(to, CURRENCY, item.amount)
        gas_limit = GAS_PAYMENT_MAX
    else:
        action = transfer(item.contract, to, item.amount * 10**12 if item.fault == "money" else item.amount)
        gas_limit = GAS_CALL_MAX
    # A used sequence is that of another transaction, not the same one again.
    gas_limit -= item.fault == "sequence"
    data = sign(body(address(item.sender), item.lane, item.sequence, gas_limit, [action]), [key]).encoded
    if item.fault == "signature":
        return data[:-1] + bytes([data[-1] ^ 1])
    if item.fault == "garbage":
        return hashlib.shake_256(data).digest(len(data))
    return data


class Signers:
    """Processes that sign. A context manager."""

    def __init__(self, processes: int) -> None:
        self._pool = multiprocessing.get_context("spawn").Pool(processes)

    def sign(self, streams: Sequence[Sequence[Item]]) -> list[list[bytes]]:
        """The bytes of every stream."""
        pieces = [(place, list(items[at : at + 500])) for place, items in enumerate(streams) for at in range(0, len(items), 500)]
        done: list[list[bytes]] = [[] for _ in streams]
        for (place, _), data in zip(pieces, self._pool.map(signed_bytes, [items for _, items in pieces], 1), strict=True):
            done[place] += data
        return done

    def __enter__(self) -> Signers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.terminate()
        self._pool.join()


# What comes before: wallets are opened and funded, and the token is deployed and dealt out, by the development wallets.


def opening(wallets: int, senders: int, used: dict[int, int]) -> list[list[Transaction]]:
    """Transactions that open all wallets and fund those that send, a stream for each development wallet."""
    actions: list[list[Action]] = []
    for number in range(wallets):
        if number < senders:
            actions.append([OpenWallet(public_key(number)), Pay(address(number), CURRENCY, FUNDS)])
        else:
            actions.append([OpenWallet(public_key(number))])
    return _dealt(actions, used)


def dealing(token: bytes, senders: int, used: dict[int, int]) -> list[list[Transaction]]:
    """Transactions of development wallet 0 that give tokens to those that send."""
    given = TOKEN_SUPPLY // (2 * senders)
    return _dealt([[transfer(token, address(number), given)] for number in range(senders)], used, givers=1)


def deployment(used: dict[int, int]) -> Transaction:
    """The transaction of development wallet 0 that deploys the token."""
    compiled = compile_file(TOKEN)
    assert compiled.ok, compiled.findings
    deploy = Deploy(compiled.contracts["FixedToken"].code, CURRENCY, encode_arguments((U128,), (TOKEN_SUPPLY,)))
    return _setup([deploy], 0, used)


def _dealt(actions: list[list[Action]], used: dict[int, int], givers: int = 10) -> list[list[Transaction]]:
    """Actions, those that belong together in one transaction, dealt out to development wallets."""
    streams: list[list[Transaction]] = [[] for _ in range(givers)]
    together: list[Action] = []
    turn = 0
    for part in [*actions, None]:
        if together and (part is None or len(together) + len(part) > ACTIONS):
            streams[turn % givers].append(_setup(together, turn % givers, used))
            turn += 1
            together = []
        together += part or []
    return [stream for stream in streams if stream]


def _setup(actions: Sequence[Action], giver: int, used: dict[int, int]) -> Transaction:
    wallet = development_wallets()[giver]
    sequence = used.get(giver, 0)
    used[giver] = sequence + 1
    return sign(body(wallet.address, 0, sequence, GAS_SETUP_MAX, actions), [wallet.key])
