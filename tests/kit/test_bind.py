"""`tael bind`: modules with static types for contracts."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from handle_world import ALICE, BOB, ZOO, zoo
from kit_world import Tael

from chain.client.ledger import Ledger
from chain.client.values import python_name
from chain.primitives.refusal import Refusal
from kit.binding import bind
from kit.testing.in_process import SandboxLedger
from lang.compiler import compile_file, compile_text

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "contracts" / "examples").glob("*.tael"))
AWKWARD = """
contract Awkward:
    struct int:
        done: u8

    event Awkward(value: int)
    error at(memo: Address)

    pub fn deploy(coins: Coin, memo: u8, self_: u8) -> int by anyone:
        pay(msg_to(), coins)
        emit Awkward(int(memo))
        return int(self_)

    view fn events(gas: u64, terms: u64) -> u64:
        return gas + terms

    fn msg_to() -> Address:
        return sender
"""


def loaded(text: str, tmp_path: Path, name: str = "bound") -> ModuleType:
    """The module of a text."""
    path = tmp_path / f"{name}.py"
    path.write_text(text, "utf-8")
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # data classes look there for their module
    try:
        specification.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def test_bound_classes_are_used_for_values_events_and_errors(tmp_path: Path) -> None:
    """What is caught and compared is what the module defines."""
    compiled = zoo()
    bound: Any = loaded(bind(compiled.code, compiled.module, compiled.hash.hex()), tmp_path)
    ledger = SandboxLedger()
    ledger.sandbox.fund(ALICE.address, {"CNY": 1_000})
    animals = bound.Zoo.deploy(ledger, sender=ALICE)
    assert isinstance(animals, bound.Zoo)
    done = animals.see(bound.ShapeCircle(3), bound.Mood.Wild, sender=ALICE)
    assert [happened.event.shape for happened in done.events] == [bound.ShapeCircle(3)]
    assert isinstance(done.events[0].event, bound.Seen)
    assert animals.points([bound.Point(1, 2)]) == [bound.Point(1, 2)]
    with pytest.raises(bound.Never) as caught:
        animals.refuse(bound.ShapeBox(bound.Point(1, 2), 3), sender=ALICE)
    assert caught.value.shape == bound.ShapeBox(bound.Point(1, 2), 3)
    again = bound.Zoo.at(SandboxLedger(ledger.sandbox), animals.address)
    assert again.sees() == 1
    assert isinstance(again.see(bound.ShapeEmpty(), bound.Mood.Calm, sender=ALICE).events[0].event, bound.Seen)
    with pytest.raises(bound.Never):
        again.refuse(bound.ShapeEmpty(), sender=ALICE)
    assert again.put("1.00", sender=ALICE).value.minor == 100


def test_a_handle_of_other_code_is_refused(tmp_path: Path, devnet_url: str) -> None:
    """The code's hash is compared, so types are never those of another contract."""
    compiled = zoo()
    changed = compile_text(ZOO.replace("count: u64 = 0", "count: u64 = 5"), "zoo.tael").contracts["Zoo"]
    bound: Any = loaded(bind(compiled.code, compiled.module, compiled.hash.hex()), tmp_path)
    with Ledger(devnet_url) as ledger:
        other = ledger.deploy(changed, sender=ALICE)
        with pytest.raises(Refusal, match="was made from other code"):
            bound.Zoo.at(ledger, other.address)


def test_names_that_python_or_the_handle_has_are_told_apart(tmp_path: Path) -> None:
    """Of types, functions and parameters; what is called is the contract's."""
    compilation = compile_text(AWKWARD, "awkward.tael")
    assert compilation.ok, compilation.findings
    compiled = compilation.contracts["Awkward"]
    bound: Any = loaded(bind(compiled.code, compiled.module, compiled.hash.hex()), tmp_path)
    ledger = SandboxLedger()
    ledger.sandbox.fund(BOB.address, {"CNY": 1_000})
    made = bound.Awkward.deploy(ledger, sender=BOB)
    done = made.deploy_("1.00", memo_=7, self_=8, sender=BOB)
    assert (done.value.done, done.events[0].event.value.done) == (8, 7)
    assert made.events_(gas_=1, terms_=2) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_one_contract_gives_one_text_that_can_be_imported(path: Path, tmp_path: Path) -> None:
    """Twice the same bytes."""
    for name, compiled in compile_file(path).contracts.items():
        texts = {bind(compiled.code, compiled.module, compiled.hash.hex()) for _ in range(2)}
        assert len(texts) == 1
        bound = loaded(texts.pop(), tmp_path)
        assert compiled.code == bound.CODE
        assert issubclass(getattr(bound, f"Async{name}"), bound.tael.Contract)


def test_names_that_are_none_never_reach_a_text() -> None:
    """A stranger's module cannot put code into it."""
    for name in ('x"\nimport os', "a b", "", "1"):
        with pytest.raises(Refusal):
            python_name(name)


def test_the_command_writes_a_file_or_prints_and_takes_addresses(net: Tael) -> None:
    """The same text of the source, of the module and of the contract on the ledger."""
    Path("zoo.tael").write_text(ZOO)
    assert net("bind", "zoo.tael", "-o", "by_source.py").exit_code == 0
    assert net("build", "zoo.tael", "--out", "out").exit_code == 0
    assert net("bind", "out/Zoo.tmod", "--output", "by_module.py").exit_code == 0
    address = net("deploy", "out/Zoo.tmod", "--json").json["address"]
    told = net("bind", address, "--json").json
    assert Path("by_source.py").read_text() == Path("by_module.py").read_text() == told["text"]
    assert net("bind", "zoo.tael").out == told["text"]
    assert net("bind", "alice").exit_code == 4


@pytest.mark.long
def test_bound_modules_have_strict_types(tmp_path: Path) -> None:
    """mypy finds nothing in them, and finds what is used wrongly."""
    for path in EXAMPLES:
        for name, compiled in compile_file(path).contracts.items():
            (tmp_path / f"{name.lower()}_bound.py").write_text(bind(compiled.code, compiled.module, compiled.hash.hex()))
    awkward = compile_text(AWKWARD, "awkward.tael").contracts["Awkward"]
    for compiled in (zoo(), awkward):
        (tmp_path / f"{compiled.name.lower()}_bound.py").write_text(bind(compiled.code, compiled.module, compiled.hash.hex()))
    wrong = "import tael\nfrom fixedtoken_bound import FixedToken\n\n\ndef use(token: FixedToken, to: tael.Sender) -> str:\n"
    (tmp_path / "wrong.py").write_text(wrong + "    token.transfer(to, '5', sender=to)\n    return token.balance_of(to)\n")
    run = [sys.executable, "-m", "mypy", "--strict", *sorted(path.name for path in tmp_path.glob("*.py"))]
    done = subprocess.run(run, cwd=tmp_path, env={"MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line.partition(":")[0] for line in found] == ["wrong.py", "wrong.py"], done.stdout
    assert "arg-type" in found[0]
    assert "return-value" in found[1]
