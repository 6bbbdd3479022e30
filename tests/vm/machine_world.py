"""A world for tests of the machine: a host of dictionaries, names for addresses, programs kept as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vm.assembler import assemble
from vm.failure import Failure
from vm.journal import Journal
from vm.machine import Effects, Session, Tier
from vm.trace import Tracer
from vm.verifier import Verified, verify

PROGRAMS = Path(__file__).parent / "programs"
NOW = 1_700_000_000_000


def address(name: str) -> bytes:
    """32 bytes that begin with a name."""
    return name.encode().ljust(32, b".")


ALICE, BOB = address("alice"), address("bob")
HERE, THERE = address("here"), address("there")


def program(name: str) -> Verified:
    """A verified program of the corpus."""
    return verify(assemble((PROGRAMS / f"{name}.tasm").read_text()))


def verified(text: str) -> Verified:
    """A module from text."""
    return verify(assemble(text))


def counts_up(passes_max: int, body: str = "") -> str:
    """Code of a function that counts in its second local, a `u64`, from nought up to its parameter, in a loop of at most so many
    passes: one more than it counts. The constants 0 and 1 are to be the numbers 0 and 1.
    """
    return f"""  local u64
  const 0
  set 1
  loop {passes_max}
    get 1
    get 0
    ge u64
    if
      break
    end
{body}    get 1
    const 1
    add u64
    set 1
  end
"""


class World:
    """A ledger in a few dictionaries. What the host changes, it changes through the session's journal."""

    def __init__(self, currency: str = "CNY", tier: Tier | None = None, *, checked: bool | None = None) -> None:
        self.currency = currency
        self.checked = checked
        self.tier = tier
        self.contracts: dict[bytes, tuple[Verified, str]] = {}
        self.prices: dict[bytes, int] = {}
        self.store: dict[tuple[bytes, bytes], bytes] = {}
        self.balances: dict[tuple[bytes, str], int] = {}
        self.no_wallet: set[bytes] = set()
        self.journal = Journal()

    def contract(self, address: bytes) -> tuple[Verified, str] | None:
        return self.contracts.get(address)

    def code_price(self, address: bytes) -> int:
        return self.prices.get(address, 0)

    def load(self, contract: bytes, slot: bytes) -> bytes | None:
        return self.store.get((contract, slot))

    def credit(self, to: bytes, currency: str, amount: int) -> None:
        if to in self.no_wallet:
            raise Failure("NoWallet")
        self.journal.set(self.balances, (to, currency), self.balances.get((to, currency), 0) + amount)

    def verify_ed25519(self, key: bytes, message: bytes, signature: bytes) -> bool:
        return signature == (key + message)[:64].ljust(64, b"\0")

    def session(self, *, gas_limit: int = 10_000_000, tracer: Tracer | None = None, check_promises: bool = False) -> Session:
        """A new transaction."""
        self.journal = Journal()
        return Session(
            self,
            self.journal,
            now=NOW,
            gas_limit=gas_limit,
            tracer=tracer,
            check_promises=check_promises,
            tier=self.tier,
            checked=self.checked,
        )

    def commit(self, session: Session) -> Effects:
        """Finish a transaction and keep what it wrote."""
        effects = session.finish()
        for slot, data in effects.writes.items():
            if data is None:
                del self.store[slot]
            else:
                self.store[slot] = data
        return effects

    def deploy(
        self,
        module: Verified,
        *arguments: Any,
        at: bytes = HERE,
        sender: bytes = ALICE,
        currency: str | None = None,
    ) -> Effects:
        """Deploy in a transaction of its own."""
        session = self.session()
        session.deploy(at, module, currency or self.currency, arguments, sender)
        self.contracts[at] = (module, currency or self.currency)
        return self.commit(session)

    def call(self, function: str, *arguments: Any, at: bytes = HERE, sender: bytes = ALICE) -> Any:
        """Call in a transaction of its own, keep what it wrote, and give the result."""
        session = self.session()
        result = session.call(at, function, arguments, sender)
        self.commit(session)
        return result

    def read(self, function: str, *arguments: Any, at: bytes = HERE, sender: bytes = ALICE) -> Any:
        """Read in a transaction of its own."""
        return self.session().read(at, function, arguments, sender)


def run_pure(text: str, arguments: Sequence[Any] = (), *, gas_limit: int = 10_000_000) -> tuple[Any, int]:
    """The result of the function `f` of a module, and the gas it used."""
    world = World()
    world.deploy(verified(text))
    session = world.session(gas_limit=gas_limit)
    result = session.read(HERE, "f", arguments, ALICE)
    return result, session.gas_used
