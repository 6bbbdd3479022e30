"""The demonstration: an escrow from its text to settled money, on a real network, with everything checked.

It does what a person would do with the other commands, tells it in words and figures, and checks every claim it makes.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.names import development_seed
from kit.output import Output, short

if TYPE_CHECKING:
    from chain.primitives.header import Header
    from chain.primitives.receipt import Receipt
    from chain.primitives.transaction import Action
    from kit.network import Network
    from lang.compiler import Compiled

PRICE = 100_00
PRICE_TEXT = "100.00 CNY"
CURRENCY = "CNY"
OPEN_FOR_MS = 7 * 86_400_000
BUYER, SELLER, STRANGER = "alice", "bob", "carol"


class _Broken(Exception):
    """A claim of the demonstration does not hold, and what follows would make no sense."""


@dataclass(slots=True)
class Story:
    """What happened, told as it happens and kept for `--json`."""

    out: Output
    chapters: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self.chapters.append({"title": title, "figures": []})
        self.out.line()
        self.out.line(self.out.style(f"{len(self.chapters)}. {title}", "bold"))

    def say(self, text: str) -> None:
        """A line of the story."""
        self.out.line(f"   {text}")

    def figures(self, *pairs: tuple[str, str]) -> None:
        """Figures with their names."""
        self.chapters[-1]["figures"] += [{"name": name, "value": value} for name, value in pairs]
        self.out.pairs(pairs, indent="      ")

    def check(self, claim: str, holds: bool) -> None:
        """A claim, checked. Raises `_Broken` if it does not hold."""
        self.checks.append({"claim": claim, "holds": holds})
        mark = self.out.style("✓", "green") if holds else self.out.style("✗ does not hold:", "red", "bold")
        self.out.line(f"   {mark} {claim}")
        if not holds:
            raise _Broken(claim)


def run_demo(out: Output) -> bool:
    """Tell the story; whether everything held."""
    story = Story(out)
    out.line(f"{out.style('Tael', 'bold')}: an agreement, from its text to settled money")
    ok = True
    with tempfile.TemporaryDirectory(prefix="tael-demo-") as folder:
        try:
            _tell(story, Path(folder))
        except _Broken:
            ok = False
    seconds = time.perf_counter() - story.started
    out.line()
    if ok:
        out.line(f"All {len(story.checks)} checks hold. {out.style(f'{seconds:.1f} s', 'bold')}, and nothing is left behind.")
        out.line("Next: `tael new hello`, then `tael test` in it, and `tael devnet` for a network of your own.")
    else:
        out.line(out.style("The demonstration failed.", "red", "bold"))
    plain = {"ok": ok, "seconds": round(seconds, 3), "chapters": story.chapters, "checks": story.checks}
    out.result(plain)
    return ok


def _tell(story: Story, folder: Path) -> None:
    from chain.node.devnet import start_devnet
    from kit.network import open_network

    compiled = _compile(story)
    with ExitStack() as stack:
        story.chapter("The network")
        began = time.perf_counter()
        devnet = stack.enter_context(start_devnet(folder / "ledger", seed=development_seed()))
        network = open_network(devnet.address)
        story.say(f"A ledger of one process answers at {devnet.address} after {time.perf_counter() - began:.2f} s.")
        before = {name: _balance(network, name) for name in (BUYER, SELLER)}
        genesis = network.block(0).header
        story.figures(("chain", genesis.chain_id), ("state root", short(genesis.state_root)), *_shown(network, before))
        _agree(story, network, compiled)
        after = _settled(story, network, before)
        head = network.block(None).header
        network.client.close()
    _come_back(story, folder / "ledger", head, after)


def _compile(story: Story) -> Compiled:
    from kit.library import example
    from kit.project import relative
    from lang.compiler import compile_file

    story.chapter("The agreement")
    path = example("escrow")
    began = time.perf_counter()
    compilation = compile_file(path)
    milliseconds = (time.perf_counter() - began) * 1000
    lines = len(path.read_text("utf-8").splitlines())
    story.check(f"{path.name} compiles without a finding", compilation.ok and not compilation.findings)
    compiled = compilation.contracts["Escrow"]
    story.say("The buyer's money waits until she accepts the goods, or until the deadline has passed.")
    size = f"{lines} lines become {len(compiled.code)} bytes in {milliseconds:.0f} ms"
    story.figures(("text", str(relative(path))), ("module", size), ("hash", short(compiled.hash)))
    return compiled


def _agree(story: Story, network: Network, compiled: Compiled) -> None:
    """Deploy, pay in, be refused twice, accept."""
    from chain.primitives.address import format_address
    from chain.primitives.transaction import Call, Deploy
    from vm.types import ADDRESS as ADDRESS_TYPE
    from vm.types import AMOUNT, COIN, DURATION, CoinValue
    from vm.values import encode_arguments

    story.chapter("The deal, in signed transactions over HTTP")
    seller = network.address(SELLER)
    arguments = encode_arguments([ADDRESS_TYPE, AMOUNT, DURATION], [seller, PRICE, OPEN_FOR_MS])
    receipt = _act(story, network, BUYER, "deploys the escrow for bob: 100.00 CNY, open for 7 days", [
        Deploy(compiled.code, CURRENCY, arguments)
    ])  # fmt: skip
    story.check("the ledger verified the module and put it in a block", receipt.ok)
    contract = receipt.results[0]
    assert contract is not None
    story.figures(("address", format_address(contract)))
    nothing = encode_arguments([], [])
    fund = Call(contract, "fund", encode_arguments([COIN], [CoinValue(CURRENCY, PRICE)]))
    accept = Call(contract, "accept", nothing)
    receipt = _act(story, network, BUYER, f"pays {PRICE_TEXT} into the escrow", [fund])
    story.check(f"the escrow holds {PRICE_TEXT}, by a proof checked here", receipt.ok and _held(network, contract) == PRICE)
    receipt = _act(story, network, SELLER, "tries to accept for the buyer", [accept])
    story.check("refused: only the buyer may", receipt.error is not None and receipt.error.name == "NotAuthorized")
    receipt = _act(story, network, STRANGER, "tries to send the money back before the deadline", [
        Call(contract, "reclaim", nothing)
    ])  # fmt: skip
    story.check("refused: it is too early", receipt.error is not None and receipt.error.name == "TooEarly")
    receipt = _act(story, network, BUYER, "has the goods and accepts", [accept])
    story.check("the escrow is settled and empty", receipt.ok and _held(network, contract) == 0)


def _act(story: Story, network: Network, who: str, does: str, actions: list[Action]) -> Receipt:
    """One transaction, told with its receipt."""
    from kit.receipts import show_error, show_event

    story.say(f"{story.out.style(who, 'cyan')} {does}.")
    receipt = network.transact(network.signer(who), actions)
    outcome = "went well" if receipt.ok else "failed"
    told = f"{outcome} in block {receipt.height}, {receipt.gas_used:_} gas, transaction {short(receipt.identity)}"
    figures = [("receipt", told)]
    figures += [("event", show_event(network, event)) for event in receipt.events]
    if receipt.error is not None:
        figures.append(("error", show_error(network, receipt.error)))
    story.figures(*figures)
    return receipt


def _settled(story: Story, network: Network, before: dict[str, int]) -> dict[str, int]:
    """Who has what now, and that no money was made or lost."""
    story.chapter("The money")
    after = {name: _balance(network, name) for name in before}
    head = network.block(None).header
    story.figures(*_shown(network, after))
    story.check(f"{BUYER} has {PRICE_TEXT} less, {SELLER} has {PRICE_TEXT} more", (
        after[BUYER] == before[BUYER] - PRICE and after[SELLER] == before[SELLER] + PRICE
    ))  # fmt: skip
    supply = head.supply[0]
    issued, wallets, contracts = (_money(network, n) for n in (supply.issued, supply.wallets, supply.contracts))
    story.check(f"{issued} issued = {wallets} in wallets + {contracts} in contracts", supply.holds)
    return after


def _come_back(story: Story, folder: Path, head: Header, after: dict[str, int]) -> None:
    """Start again from the disk: the same head, the same balances by proof, the same root from genesis."""
    from chain.node.devnet import devnet_specification, start_devnet
    from chain.node.node import Node
    from chain.primitives.account import read_balance
    from chain.primitives.keyspace import account_key
    from kit.network import open_network

    story.chapter("Stopped, and opened again from the disk")
    with start_devnet(folder, seed=development_seed()) as devnet:
        network = open_network(devnet.address)
        found = network.block(None).header
        story.figures(("block", f"{found.height}, hash {short(found.hash)}"), ("state root", found.state_root.hex()))
        story.check("the ledger goes on at the block where it stopped", found.encoded == head.encoded)
        address = network.address(SELLER)
        proven = network.client.prove(account_key(address), head)
        amount = read_balance(proven.value, CURRENCY)
        claim = f"{SELLER} has {_money(network, amount)}: a Merkle proof under that root, checked here"
        story.check(claim, amount == after[SELLER])
        network.client.close()
    node = Node(folder, devnet_specification(development_seed()), clock=lambda: head.time_ms)
    try:
        root = node.replay()
    finally:
        node.close()
    story.check(f"running all {head.height} blocks again from genesis gives the same root", root == head.state_root)


def _held(network: Network, contract: bytes) -> int:
    """What the escrow's vault holds, proven against the head's header."""
    from chain.primitives.keyspace import slot_key
    from vm.values import decode, pack

    fields = network.contract(contract).module.fields
    number = next(n for n, (name, _) in enumerate(fields) if name == "held")
    value = network.prove(slot_key(contract, pack([number]))).value
    return 0 if value is None else int(decode(fields[number][1], value))


def _balance(network: Network, name: str) -> int:
    balances = network.balances(network.address(name))
    return 0 if balances is None else balances[CURRENCY]


def _shown(network: Network, balances: dict[str, int]) -> list[tuple[str, str]]:
    return [(name, _money(network, minor)) for name, minor in balances.items()]


def _money(network: Network, minor: int) -> str:
    from kit.values import show_money

    return show_money(minor, CURRENCY, network.setting(CURRENCY))
