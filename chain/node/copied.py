"""A devnet that begins with a copy of another network's state.

The state is copied as a whole and not as it is asked for. The tree would need more than proofs to be changed piece by piece
(which slots hold how many leaves), and a block that read what is not there yet could not be executed again without the other
network. Who has the whole state can compare it with the state root at once, so it is known to be complete, and afterwards nothing
needs the other network. A hundred thousand wallets are some 20 MB.

What begins is a chain of its own: its first block has the height after the copied one, which is its parent, the same time, the id
and validator of a devnet, and the devnet's wallets beside all others. Signatures of either chain are worth nothing on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from chain.currency.records import read_currency
from chain.currency.supply import issue, read_supplies, record_moves
from chain.currency.wallets import Wallets
from chain.ledger.apply import Applied
from chain.ledger.block import Block
from chain.ledger.parameters import Parameters, decode_parameters, parameters_value, read_parameters
from chain.node.certified import Trust
from chain.node.commit import first_commit
from chain.node.development import CHAIN_ID, UNITS, development_validator, development_wallets
from chain.node.upstream import StatePage, Upstream
from chain.primitives.account import Account
from chain.primitives.certificate import check_certified
from chain.primitives.hash import merkle_root
from chain.primitives.header import PROTOCOL_VERSION, Header, decode_header
from chain.primitives.keyspace import PARAMETERS, currency_key, supply_key
from chain.primitives.limits import COPY_BYTES_MAX, HEIGHT_MAX
from chain.primitives.refusal import Refusal, Refused, SupplyBroken
from chain.state.memory import MemoryView
from chain.state.overlay import BlockOverlay, TransactionOverlay
from chain.state.store import Store
from chain.state.tree import Tree
from vm.failure import Failure

Told = Callable[[int], None]
"""Called with the count of entries that have arrived."""


def parse_source(text: str) -> tuple[str, int | None]:
    """(URL, height) of `URL` or `URL@HEIGHT`. Raises `Refusal` BadRequest."""
    url, at, height = text.rpartition("@")
    if not at:
        return text, None
    if not (height.isascii() and height.isdigit() and len(height) <= 16 and int(height) < HEIGHT_MAX):
        raise Refusal(Refused.BAD_REQUEST, f"not a height: {height[:40]}", "Write URL or URL@HEIGHT.")
    return url, int(height)


def copy_network(
    source: str, directory: Path, seed: str, *, trust: Trust | None = None, told: Told = lambda count: None
) -> Header:
    """Begin a ledger in a directory with the state of a network, `URL` or `URL@HEIGHT`. With `trust` the copied block must be
    certified; without, its state is that of the header which the node gave, and that is believed.

    Returns the header of the copied block. Raises `Refusal`: that of the node (Pruned for a height whose state it has no more),
    Unreachable, WrongProof when the state is not the one of the header, NotCertified, TooLarge, WrongStore.
    """
    url, height = parse_source(source)
    upstream = Upstream(url)
    with closing(Store(directory, archive=True)) as store:
        if not store.is_empty():
            raise Refusal(
                Refused.WRONG_STORE,
                "the data directory has a ledger already",
                "Start it without --copy to go on with what was copied, or choose another directory.",
            )
        header, state = _fetch(upstream, height, trust, told)
        first = begin_copy(header, state, seed)
        store.commit(first_commit(first))
        store.mark(first.block.header.hash)
    return header


def begin_copy(header: Header, state: dict[bytes, bytes], seed: str) -> Applied:
    """The first block of a devnet upon a state, which must be that of the header. Raises `Refusal` WrongProof."""
    view = MemoryView()
    update = Tree(view.page).update(state.items())
    if update.root != header.state_root:
        raise Refusal(Refused.WRONG_PROOF, f"the state that the node gave is not that of its block {header.height}")
    view.apply(dict(state), update.pages)
    _check_begun(header, view)
    try:
        return _begin(header, view, state, update.pages, seed)
    except (Failure, SupplyBroken) as error:
        raise _no_ledger(str(error)) from None


def _check_begun(header: Header, view: MemoryView) -> None:
    """That there is what every state has: it may be under a root that somebody made up. Raises `Refusal` WrongProof."""
    value = view.get(PARAMETERS)
    if value is None:
        raise _no_ledger("it has no parameters")
    currencies = {supply.currency for supply in header.supply}
    if decode_parameters(value).base_currency not in currencies:
        raise _no_ledger("its base currency has no supply")
    if any(view.get(key_of(code)) is None for code in currencies for key_of in (currency_key, supply_key)):
        raise _no_ledger("a currency is missing")


def _no_ledger(why: str) -> Refusal:
    return Refusal(Refused.WRONG_PROOF, f"the state that the node gave is none that a ledger has: {why}")


def _fetch(upstream: Upstream, height: int | None, trust: Trust | None, told: Told) -> tuple[Header, dict[bytes, bytes]]:
    """The whole state after a block, and its header."""
    if height is None:
        found = upstream.status().get("height")
        height = found if type(found) is int and 0 <= found < HEIGHT_MAX else 0
    page = upstream.state(height, None)
    header = decode_header(page.header)
    if header.height != height:
        raise Refusal(Refused.WRONG_PROOF, f"the node gave block {header.height}, and not {height}")
    if trust is not None:
        check_certified(page.certificate or b"", header, trust.validators)
    state: dict[bytes, bytes] = {}
    size = 0
    while True:
        size += _take(page, state)
        told(len(state))
        if size > COPY_BYTES_MAX:
            raise Refusal(Refused.TOO_LARGE, f"the state has more than {COPY_BYTES_MAX} bytes", "Restore a backup and follow.")
        if page.more is None:
            return header, state
        page = upstream.state(height, page.more)
        if page.header != header.encoded:
            raise Refusal(Refused.NOT_FOUND, f"block {height} was taken back while it was copied", "Copy it again.")


def _take(page: StatePage, state: dict[bytes, bytes]) -> int:
    """Add the entries of a page, which go on where the last ended; how many bytes they have. Raises `Refusal` Malformed."""
    size = 0
    before = next(reversed(state), b"")
    for key, value in page.entries:
        if key <= before:
            raise Refusal(Refused.MALFORMED, "the node gave entries that are not in order", "Ask another node.")
        state[key] = value
        before = key
        size += len(key) + len(value)
    if page.more is not None and page.more != before:
        raise Refusal(Refused.MALFORMED, "the node gave a page that does not go on", "Ask another node.")
    return size


def _begin(header: Header, view: MemoryView, state: dict[bytes, bytes], pages: dict[bytes, bytes | None], seed: str) -> Applied:
    parameters = _parameters(view, seed)
    block = BlockOverlay(view)
    overlay = TransactionOverlay(block)
    overlay.set(PARAMETERS, parameters_value(parameters))
    _fund(overlay, parameters, seed)
    overlay.commit()
    block.settle_accounts()
    update = Tree(view.page).update(block.changes.items())
    made = Header(
        protocol=PROTOCOL_VERSION,
        chain_id=parameters.chain_id,
        height=header.height + 1,
        time_ms=header.time_ms,
        parent=header.hash,
        transactions_root=merkle_root([]),
        receipts_root=merkle_root([]),
        state_root=update.root,
        supply=read_supplies(block, [supply.currency for supply in header.supply]),
        gas_used=0,
        gas_limit=parameters.gas_limit,
        proposer=parameters.fee_wallet,
    )
    changed = {key: page for key, page in {**pages, **update.pages}.items() if page is not None}
    return Applied(Block(made, ()), (), (), {**state, **block.changes}, {**changed}, {})


def _parameters(view: MemoryView, seed: str) -> Parameters:
    """Those of the network, but for the id and the validator, which are a devnet's."""
    validator = development_validator(seed).public
    return replace(read_parameters(view), chain_id=CHAIN_ID, validators=validator, development=True)


def _fund(overlay: TransactionOverlay, parameters: Parameters, seed: str) -> None:
    """Issue to each of the devnet's wallets what it has at the beginning of a devnet, in the base currency. One that is there
    already keeps what it has, and its well-known key signs for it again, by itself.
    """
    currency = parameters.base_currency
    value = overlay.get(currency_key(currency))
    assert value is not None, "the base currency is one"
    amount = UNITS * 10 ** read_currency(currency, value).decimals
    accounts = Wallets(overlay)
    for wallet in development_wallets(seed):
        there = overlay.account(wallet.address)
        if there is None:
            accounts.open(wallet.key.public, None, ())
        else:
            mine = Account(wallet.key.public, None, (), there.sequences, there.balances, there.stored)
            overlay.place_account(wallet.address, mine)
        issue(overlay, accounts, wallet.address, currency, amount)
    record_moves(overlay, accounts.held, {})
