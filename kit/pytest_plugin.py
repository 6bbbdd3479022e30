"""The pytest plugin: a ledger, wallets and contracts as fixtures, and isolation (`docs/pytest.md`).

It is loaded into every pytest session, so it imports nothing until a test asks for the ledger.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kit.pytesting.deploying import Deployer
    from kit.pytesting.lab import LabLedger, Wallet, Wallets
    from kit.pytesting.session import Session

_SESSION: pytest.StashKey[Session] = pytest.StashKey()
_GAS: pytest.StashKey[dict[tuple[str, str], list[int]]] = pytest.StashKey()
_NO_ISOLATION = "no_isolation"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What may be said on the command line, and in the configuration."""
    group = parser.getgroup("tael", "contracts in Tael")
    group.addoption("--tael-node", metavar="URL", help="run contract tests against the devnet at this address")
    group.addoption("--tael-devnet", action="store_true", help="run contract tests against a devnet of their own")
    group.addoption("--tael-gas", action="store_true", help="report the gas of each function at the end")
    parser.addini("tael_balance", "what the named wallets hold at first", default="1_000_000.00 CNY")
    parser.addini("tael_currencies", "more currencies of the ledger in this process: a code and its decimals a line", "linelist")


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means."""
    config.addinivalue_line("markers", f"{_NO_ISOLATION}: what the test does to the ledger stays for the tests after it")


# Fixtures.


@pytest.fixture(scope="session")
def ledger(request: pytest.FixtureRequest) -> Iterator[LabLedger]:
    """A ledger to try contracts on: in this process, or a devnet's."""
    from kit.pytesting.session import Session

    with Session.begin(request.config) as session:
        request.config.stash[_SESSION] = session
        yield session.ledger
        request.config.stash[_GAS] = session.gas
        del request.config.stash[_SESSION]


@pytest.fixture(scope="session")
def wallets(ledger: LabLedger) -> Wallets:
    """Wallets by name: `wallets.anna`, `wallets(3, each="5.00 CNY")`."""
    return ledger.wallets


@pytest.fixture(scope="session")
def deploy(ledger: LabLedger, pytestconfig: pytest.Config) -> Deployer:
    """Puts contracts on the ledger: `deploy("token.tael", 1_000, sender=alice)`."""
    return pytestconfig.stash[_SESSION].deploy


@pytest.fixture(scope="session")
def alice(wallets: Wallets) -> Wallet:
    """A wallet with money."""
    return wallets["alice"]


@pytest.fixture(scope="session")
def bob(wallets: Wallets) -> Wallet:
    """A wallet with money."""
    return wallets["bob"]


@pytest.fixture(scope="session")
def carol(wallets: Wallets) -> Wallet:
    """A wallet with money."""
    return wallets["carol"]


@pytest.fixture(scope="session")
def dave(wallets: Wallets) -> Wallet:
    """A wallet with money."""
    return wallets["dave"]


@pytest.fixture(scope="session")
def erin(wallets: Wallets) -> Wallet:
    """A wallet with money."""
    return wallets["erin"]


# Isolation.


def _session(config: pytest.Config) -> Session | None:
    return config.stash.get(_SESSION, None)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
    """What a fixture does to the ledger lasts as long as the fixture."""
    session = _session(request.config)
    if session is None:
        return (yield)
    with session.isolation.fixture(fixturedef, request):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_fixture_post_finalizer(fixturedef: Any, request: pytest.FixtureRequest) -> None:
    """A fixture goes, and what it did."""
    session = _session(request.config)
    if session is not None:
        session.isolation.fixture_gone(fixturedef)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a test does to the ledger, or an example of Hypothesis, is taken back."""
    session = _session(item.config)
    if session is None:
        return (yield)
    with session.running(item, isolated=item.get_closest_marker(_NO_ISOLATION) is None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Whatever is torn down after a test, the next one finds the ledger as its fixtures have left it."""
    result = yield
    session = _session(item.config)
    if session is not None:
        session.isolation.over()
    return result


# What is told.


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Values of contracts in the contract's terms."""
    session = _session(config)
    return None if session is None else session.compared(op, left, right)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its figures to whoever reports."""
    config = session.config
    if hasattr(config, "workeroutput") and (used := config.stash.get(_GAS, None)):
        config.workeroutput["tael_gas"] = [[*place, gas] for place, gas in used.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker's figures are added to those there are."""
    used = node.config.stash.setdefault(_GAS, {})
    for contract, function, gas in getattr(node, "workeroutput", {}).get("tael_gas", ()):
        used.setdefault((contract, function), []).extend(gas)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The gas of each function, if it was asked for."""
    used = config.stash.get(_GAS, None)
    if used and config.getoption("--tael-gas"):
        from kit.pytesting.gas import gas_table

        terminalreporter.section("gas of calls that went well")
        for line in gas_table(used):
            terminalreporter.line(line)
