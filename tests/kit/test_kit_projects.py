"""Commands that need no network: new, check, fmt, test, build, explain, inspect."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit_world import Tael

from kit.main import COMMANDS
from kit.problem import Exit
from vm.codec import decode_module
from vm.verifier import verify

ROOT = Path(__file__).parent.parent.parent
WRONG = "contract A:\n    x: u6\n"
UNTIDY = "contract A:\n    x:u64=1\n    view fn f()->u64:\n        return   1\n"


def test_a_new_project_is_sound(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `tael new` writes has no findings, is laid out, passes its tests and builds."""
    assert tael("new", "hello").exit_code == 0
    monkeypatch.chdir(tael.folder / "hello")
    for command in (["check"], ["fmt", "--check"], ["test", "--runs", "20"], ["build"]):
        ran = tael(*command)
        assert ran.exit_code == 0, (command, ran)
    assert (tael.folder / "hello" / ".gitignore").is_file()
    assert "hello" in (tael.folder / "hello" / "tael.toml").read_text()


def test_new_refuses_a_folder_with_something_in_it(tael: Tael) -> None:
    """Nothing of anybody's is overwritten; an empty folder will do."""
    (tael.folder / "a").mkdir()
    assert tael("new", "a").exit_code == 0
    before = sorted((tael.folder / "a").rglob("*"))
    ran = tael("new", "a", "--json")
    assert ran.exit_code == Exit.MISSING
    assert ran.json["error"]["message"] == "a is there already and not empty"
    assert sorted((tael.folder / "a").rglob("*")) == before


@pytest.mark.parametrize("name", ["", "..", "1st", "a b", "ä", "x" + "/.."])
def test_new_refuses_names_that_are_none(tael: Tael, name: str) -> None:
    """A project's name is a plain word."""
    assert tael("new", name).exit_code == Exit.USAGE


def test_check_tells_findings_and_fails(tael: Tael) -> None:
    """A file with an error ends in exit code 1 and the same findings as lines and as JSON."""
    Path("a.tael").write_text(WRONG)
    ran = tael("check", "a.tael")
    assert ran.exit_code == Exit.FINDINGS
    assert "E0203" in ran.out
    assert "a.tael:2:8" in ran.out
    findings = tael("check", "a.tael", "--json").json["findings"]
    assert [(finding["code"], finding["range"]["line"]) for finding in findings] == [("E0203", 2)]


def test_check_of_nothing_is_not_success(tael: Tael) -> None:
    """A wrong path, an empty folder and a folder without a project are told, not passed over."""
    Path("empty").mkdir()
    for arguments in (["nowhere"], ["empty"], []):
        assert tael("check", *arguments).exit_code == Exit.MISSING


def test_a_file_that_is_no_text_is_told(tael: Tael) -> None:
    """Bytes that are not UTF-8 end in a finding or a problem, never in a traceback."""
    Path("a.tael").write_bytes(b"\xff\xfe\x00contract")
    assert tael("check", "a.tael").exit_code == Exit.FINDINGS
    assert tael("fmt", "a.tael").exit_code == Exit.MISSING


def test_fmt_lays_out_once(tael: Tael) -> None:
    """`--check` says so without writing, `fmt` writes, and a second run finds nothing to do."""
    path = Path("a.tael")
    path.write_text(UNTIDY)
    path.chmod(0o640)
    assert tael("fmt", "--check", "a.tael").exit_code == Exit.FINDINGS
    assert path.read_text() == UNTIDY
    assert tael("fmt", "a.tael", "--json").json["changed"] == ["a.tael"]
    assert path.read_text() != UNTIDY
    assert path.stat().st_mode & 0o777 == 0o640
    assert tael("fmt", "--check", "a.tael").exit_code == 0
    assert sorted(p.name for p in Path().iterdir()) == ["a.tael"]


def test_fmt_leaves_a_broken_file_as_it_is(tael: Tael) -> None:
    """A file that cannot be parsed keeps its text; others are laid out all the same."""
    Path("a.tael").write_text("contract A\n  ]")
    Path("b.tael").write_text(UNTIDY)
    assert tael("fmt", ".").exit_code == Exit.FINDINGS
    assert Path("a.tael").read_text() == "contract A\n  ]"
    assert Path("b.tael").read_text() != UNTIDY


def test_build_writes_modules_that_the_machine_takes(tael: Tael) -> None:
    """Module, interface and debug table of each contract belong together."""
    source = ROOT / "contracts" / "examples" / "escrow.tael"
    ran = tael("build", str(source), "--out", "modules", "--json")
    assert ran.exit_code == 0
    verify(decode_module(Path("modules/Escrow.tmod").read_bytes()))
    interface = json.loads(Path("modules/Escrow.json").read_text())
    debug = json.loads(Path("modules/Escrow.debug.json").read_text())
    assert interface["hash"] == debug["hash"] == ran.json["built"][0]["hash"]
    assert [function["name"] for function in interface["functions"]][:2] == ["fund", "accept"]
    assert all(place[1] >= 1 for function in debug["functions"] for place in function["places"])


def test_build_of_a_wrong_file_writes_nothing(tael: Tael) -> None:
    """One error, and no module is written, not even of a sound file beside it."""
    Path("a.tael").write_text(WRONG)
    Path("b.tael").write_text(UNTIDY.replace("contract A", "contract B"))
    assert tael("build", ".").exit_code == Exit.FINDINGS
    assert not Path("out").exists()


def test_the_settings_of_a_project_are_checked(tael: Tael) -> None:
    """A `tael.toml` that is not TOML, or has a key that is not known, is told."""
    Path("a.tael").write_text(UNTIDY)
    for text, says in (
        ("[project", "is not TOML"),
        ("[projekt]\n", "[projekt] is not known"),
        ('[project]\nnmae = "x"\n', "nmae is not known"),
        ("[network]\nnode = 7\n", "node in [network] must be a text"),
        ('[project]\ncontracts = "nowhere"\n', "nowhere is not there"),
    ):
        Path("tael.toml").write_text(text)
        ran = tael("check")
        assert ran.exit_code == Exit.MISSING
        assert says in ran.err


def test_explain_knows_every_kind_of_code(tael: Tael) -> None:
    """Codes of findings, of failures of the machine and of refusals of the ledger are explained, in any case."""
    from kit.meanings import FAILURES
    from vm.failure import Code

    for code in ("E0101", "e0101", "Overflow", "missingkey", "SequenceUsed"):
        ran = tael("explain", code, "--json")
        assert ran.exit_code == 0
        assert ran.json["title"]
    assert set(Code) <= set(FAILURES)
    assert tael("explain", "E9999").exit_code == Exit.USAGE


def test_inspect_shows_a_file_and_its_module_alike(tael: Tael) -> None:
    """A contract is the same inspected from its text and from its built module."""
    source = str(ROOT / "contracts" / "examples" / "escrow.tael")
    tael("build", source)
    parts = ["--interface", "--bytecode", "--storage", "--gas"]
    from_text = tael("inspect", source, *parts, "--json")
    from_module = tael("inspect", "out/Escrow.tmod", *parts, "--json")
    assert from_text.exit_code == 0
    assert from_text.json == from_module.json
    assert tael("inspect", source, *parts).exit_code == 0
    assert [field["name"] for field in from_text.json["storage"]] == ["buyer", "seller", "price", "deadline", "held"]


BOUNDED = """
interface Feed:
    view fn price() -> u64

contract Sums:
    feed: Feed
    last: u64 = 0

    init(feed: Feed):
        self.feed = feed

    pub fn add(prices: List[u64, 100]) by anyone:
        for price in prices:
            self.last += price

    pub fn ask() by anyone:
        self.last = read self.feed.price()

    pure fn slow(n: u64) -> u64:
        let sum = 0
        for a in 0..n max 100_000:
            for b in 0..n max 100_000:
                sum += a * b
        return sum
"""


def test_inspect_shows_the_most_gas_that_functions_can_use(tael: Tael) -> None:
    """A formula by the sizes of arguments, its greatest value, calls of others apart; words where no transaction has enough."""
    Path("sums.tael").write_text(BOUNDED)
    lines = {line.split()[0]: line for line in tael("inspect", "sums.tael", "--gas").out.splitlines() if line.strip()}
    rows = {row["name"]: row for row in tael("inspect", "sums.tael", "--gas", "--json").json["gas"]["functions"]}
    assert "*len(prices)" in lines["add"]
    assert f"{rows['add']['maximum']:_}" in lines["add"]
    assert rows["add"]["fits_a_transaction"]
    assert rows["ask"]["calls_max"] == 1
    assert rows["ask"]["bound"].endswith(" + calls")
    assert "in 1 call at most" in lines["ask:"]
    assert "no transaction has it" in lines["slow"]
    assert "more than the gas of any transaction" in lines["slow:"]
    assert not rows["slow"]["fits_a_transaction"]


def test_inspect_refuses_what_is_no_contract(tael: Tael) -> None:
    """Bytes that are no module, a file without a contract, a contract that is not in the file."""
    Path("a.tmod").write_bytes(b"\x93\x01\x02\x03")
    Path("b.tael").write_text("const A: u64 = 1\n")
    Path("c.tael").write_text(UNTIDY)
    assert tael("inspect", "a.tmod").exit_code == Exit.FINDINGS
    assert tael("inspect", "b.tael").exit_code == Exit.USAGE
    assert tael("inspect", "c.tael:Other").exit_code == Exit.USAGE
    assert tael("inspect", "nowhere").exit_code == Exit.MISSING


def test_a_mistyped_command_is_told_with_the_one_that_was_meant(tael: Tael) -> None:
    """Exit code 2, and a guess."""
    ran = tael("chekc")
    assert ran.exit_code == Exit.USAGE
    assert "Did you mean 'check'?" in ran.err


WALLET_COMMANDS = [f"wallet {name}" for name in ("new", "list", "show", "balance", "open", "import", "export")]
NODE_COMMANDS = [f"node {name}" for name in ("check", "backup", "restore", "prune", "genesis check")]


@pytest.mark.parametrize("name", [*COMMANDS, *WALLET_COMMANDS, *NODE_COMMANDS])
def test_every_command_has_help_with_examples(tael: Tael, name: str) -> None:
    """`--help` of every command works, and ends with examples of that command."""
    ran = tael(*name.split(), "--help")
    assert ran.exit_code == 0
    if name not in ("wallet", "node", "session", "transaction"):  # their commands have them
        assert "Examples:" in ran.out
        assert f"  tael {name}" in ran.out.partition("Examples:")[2]


def test_usage_problems_are_json_where_json_is_asked_for(tael: Tael) -> None:
    """A wrong option with `--json` is still one JSON value."""
    ran = tael("check", "--nonsense", "--json")
    assert ran.exit_code == Exit.USAGE
    assert ran.json["error"]["code"] == "Usage"
    assert ran.err == ""


def test_a_defect_is_one_line_and_a_way_to_report_it(tael: Tael, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected ends in exit code 70, never in a traceback."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError("one by none")

    monkeypatch.setattr("kit.commands.check.find_sources", fails)
    ran = tael("check")
    assert ran.exit_code == Exit.DEFECT
    assert "ZeroDivisionError: one by none" in ran.err
    assert "report" in ran.err
    assert "Traceback" not in ran.err
