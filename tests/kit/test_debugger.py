"""The debugger: walking through a record both ways, looking at values there, through a pipe and at a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from explained_jar import JAR, STORY, line_of, write_jar
from kit_world import Tael

from kit.debugger.opening import open_test
from kit.debugger.session import COMMANDS, Session
from kit.debugger.view import View
from kit.output import Output
from kit.record.entries import Scene
from kit.record.past import Past
from kit.testing.recorded import record_test
from kit.testing.suite import Suite
from lang.compiler import compile_text

ROOT = Path(__file__).parents[2]
Ask = Callable[..., list[str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Commands to a debugger of the jar's story; the lines that the last of them answers."""
    monkeypatch.chdir(tmp_path)
    write_jar(tmp_path, STORY)
    stage = open_test(Output(), "too much", ["jar.tael"], ())
    session = Session(stage, View(stage))

    def answer(*commands: str) -> list[str]:
        lines: list[str] = []
        for command in commands:
            lines = list(session.run(command))
        return lines

    return answer


def at(lines: list[str]) -> int:
    """The line of the file at which an answer says one is."""
    marked = next(line for line in lines if line.startswith("→"))
    found = re.match(r"→ *(\d+) │", marked)
    assert found is not None, marked
    return int(found[1])


def test_one_goes_to_the_failure_and_back_to_its_cause(ask: Ask) -> None:
    """The line that fails, with what it found; then the line that last changed what it found."""
    failing = ask("failure")
    assert failing[0] == "this line fails: Enough(held: 20.00 CNY, most: 50.00 CNY)"
    assert at(failing) == line_of("require self.money")
    assert ask("print self.money.amount + amount") == ["self.money.amount + amount = 60.00 CNY"]

    caused = ask("back change self.money.amount")

    assert caused[0] == "this line changes jar: self.money: 0.00 CNY → 20.00 CNY"
    assert at(caused) == line_of("self.money.put(coin)")
    assert ask("print self.money.amount") == ["self.money.amount = 0.00 CNY"]


def test_steps_go_into_calls_over_them_and_out_of_them_both_ways(ask: Ask) -> None:
    """`step` enters, `next` does not, `out` leaves; each has its way back."""
    ask("break save", "continue")
    call, after = line_of("credit(sender"), line_of("emit Saved(")
    assert at(ask("next 2")) == call
    assert at(ask("step")) == line_of("let before")
    assert at(ask("out")) == after
    assert at(ask("back")) == line_of("self.total += amount")
    assert at(ask("back out")) == call
    assert at(ask("next")) == after
    assert at(ask("back next")) == call


def test_going_back_over_everything_leads_to_the_beginning(ask: Ask) -> None:
    """What was undone is there again, and what was done is not."""
    assert ask("end", "balances") == ["  a  100.00 CNY", "  b  40.00 CNY"]

    assert ask("start", "balances") == ["  a  0.00 CNY", "  b  0.00 CNY"]
    assert ask("back")[0] == "this is the first line"


def test_a_step_tells_what_the_line_did(ask: Ask) -> None:
    """Changes, and how a function ended."""
    ask("break credit", "continue", "step 2")

    done = ask("step")

    assert done[:2] == ["  jar: self.total: 0.00 CNY → 20.00 CNY", "  jar.credit(who: b, amount: 20.00 CNY) is over"]


def test_calls_around_can_be_looked_into(ask: Ask) -> None:
    """`where` has them with arguments, `up` makes `print` and `locals` be about one of them."""
    stack = ask("failure", "where")
    assert stack[0].startswith("→ 0  jar.save(coin: 40.00 CNY) as b  jar.tael:")
    assert stack[1].startswith('  1  test "too much is saved"  jar.tael:')
    assert ask("print balance(b)") == ["`balance` belongs into a test"]

    ask("up")

    assert ask("print balance(b)") == ["balance(b) = 40.00 CNY"]
    assert ask("locals") == ["  a = a", "  b = b", "  jar = jar"]
    assert ask("down", "locals") == ["  coin = 40.00 CNY", "  amount = 40.00 CNY"]


def test_locals_are_those_in_sight(ask: Ask) -> None:
    """A name is there from its line on."""
    assert ask("break credit", "continue", "locals") == ["  who = b", "  amount = 20.00 CNY"]
    assert ask("step", "locals")[-1] == "  before = 0.00 CNY"


def test_state_balances_events_and_gas_are_those_of_the_place(ask: Ask) -> None:
    """Before the coin is put and after the event was told."""
    ask(f"break {line_of('self.money.put(coin)')}", "continue")
    state = ask("state")
    assert "  total = 20.00 CNY" in state
    assert "  shares = {b: 20.00 CNY}" in state
    assert "  money = 0.00 CNY" in state
    assert ask("balances") == ["  a  100.00 CNY", "  b  80.00 CNY"]
    assert ask("events") == ["  jar emits Saved(by: b, amount: 20.00 CNY)"]
    gas = ask("gas")
    assert re.match(r"[\d_]+ before this line, in this transaction of [\d_]+", gas[0])
    assert any(re.match(r"→ +\d+ │ +[\d_]+ │ +self.money.put\(coin\)", line) for line in gas)


def test_watches_and_breakpoints_stop_where_they_say(ask: Ask) -> None:
    """The nearest of them, either way; a deleted one no more."""
    ask("break credit", "continue", "watch self.total", "start")
    first = ask("continue")
    assert first[0] == "watch 2: this line changes jar: self.total = 0.00 CNY"
    assert ask("continue")[0] == "breakpoint 1: credit"
    assert ask("continue")[0] == "watch 2: this line changes jar: self.total: 0.00 CNY → 20.00 CNY"
    assert ask("back continue")[0] == "breakpoint 1: credit"
    assert ask("delete 1", "break") == ["there are no breakpoints; `break LINE`, `break FILE:LINE` or `break FUNCTION` sets one"]
    assert ask("end", "back continue")[0].startswith("watch 2")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("print", "say what, as in `print self.total + 1.00 CNY`"),
        ("print 1 +", "the line ends here, but something is missing"),
        ("print nothing_here", "there is no name `nothing_here`"),
        ("print __import__('os')", "texts stand in double quotes"),
        ("print __import__(1)", "there is no function `__import__`"),
        ("print self.total + 1", "a bare number is not an `Amount`"),
        ("print self.take(1.00 CNY)", "functions of the same contract are called by their bare name"),
        ("print take(1.00 CNY)", "`"),
        ("print left()", "this would run the code of a contract"),
        ("print self.shares[sender]", "self.shares[sender] = 20.00 CNY"),
        ("print self.shares", "self.shares = {b: 20.00 CNY}"),
        ("print phase is Open and sender in self.friends", "= false"),
        ("print self.terms.until - now", "= 1 day"),
        ("break nowhere", "no function 'nowhere' runs"),
        ("break other.tael:1", "no file 'other.tael' runs"),
        ("break 1", "which never runs"),
        ("watch 1 + 1", "hangs on nothing that changes"),
        ("change", "nothing is watched"),
        ("step many", "'many' is no number of times"),
        ("back home", "`back home` is no way back"),
        ("state jug", "there is no contract 'jug' here; there are jar"),
        ("jump", "there is no command 'jump'"),
        ("help break", "break: stop at"),
    ],
)
def test_every_answer_helps(command: str, answer: str, ask: Ask) -> None:
    """Values are the language's; what cannot be done says why, and nothing is run that was typed."""
    said = "\n".join(ask("failure", command))

    assert answer in said


def test_help_names_every_command(ask: Ask) -> None:
    """And every command has an answer."""
    told = ask("help")

    assert [name for name in COMMANDS if not any(line.split()[:1] == [name] for line in told)] == []


def test_the_past_is_the_same_whichever_way_one_comes() -> None:
    """The world at every line, forwards, and backwards again."""
    checked = compile_text(JAR + STORY).checked
    assert checked is not None
    run = Suite(checked).recorded(checked.tests[0], {})
    past = Past(run.record, run.guide)
    contract = run.world.names[next(local for local in run.world.names if local.name == "jar")]

    def world(count: int) -> object:
        past.go(count)
        return sorted(past.slots(contract), key=repr), sorted(past.balances()), past.events()

    counts = [line.changes for line in run.record.lines]
    forwards = [world(count) for count in counts]
    backwards = [world(count) for count in reversed(counts)]
    assert forwards == backwards[::-1]
    assert forwards[0] != forwards[-1]


def test_of_a_run_that_is_too_long_the_end_is_kept() -> None:
    """So many lines as may be, the last ones; how many are missing is told."""
    text = f'{JAR}test "long":\n    let jar = deploy Jar(1.00 CNY)\n    call jar.count(50)\n    assert jar.total == 1.00 CNY\n'
    checked = compile_text(text).checked
    assert checked is not None
    suite, test = Suite(checked), checked.tests[0]
    body = test.declaration.body
    whole = suite.recorded(test, {}).record

    cut = record_test(checked.file.source, "long", body, {}, suite.compiled, currency="CNY", units={}, lines_max=40).record

    assert len(cut.lines) == 40
    assert cut.skipped == len(whole.lines) - 40
    assert [line.line for line in cut.lines] == [line.line for line in whole.lines[-40:]]
    assert isinstance(cut.root, Scene)


def test_a_case_is_chosen_or_given(tael: Tael) -> None:
    """The failing case of a `for any` test, or the one that was said; one that does not fit is refused."""
    property_test = 'test "any" for any n: Amount where n < 90.00 CNY:\n    let a = wallet(each=100.00 CNY)\n'
    write_jar(Path(), f"{property_test}    let jar = deploy Jar(50.00 CNY) as a\n    call jar.save(n) as a\n")

    found = tael("debug", "any", "jar.tael", "--json").json
    given = tael("debug", "any", "jar.tael", "--json", "--case", "n=3.00 CNY").json
    wrong = tael("debug", "any", "jar.tael", "--json", "--case", "m=3.00 CNY")

    assert (found["ok"], found["title"]) == (False, f'jar.tael:{JAR.count(chr(10)) + 1} test "any", n = 50.01 CNY')
    assert (given["ok"], given["outcome"]) == (True, ["it passes"])
    assert wrong.exit_code == 2


def test_a_test_is_meant_by_its_name_a_part_of_it_or_its_line(tael: Tael) -> None:
    """Several or none that are meant are named, with what there is."""
    write_jar(Path(), f"{STORY}\n{STORY.replace('too much', 'far too much')}")
    first = JAR.count("\n") + 1

    assert tael("debug", "too much is saved", "jar.tael", "--json").json["title"].startswith(f"jar.tael:{first} ")
    assert tael("debug", f"jar.tael:{first + 8}", "--json").json["title"].startswith(f"jar.tael:{first + 6} ")
    several = tael("debug", "much", "jar.tael")
    assert several.exit_code == 2
    assert f"jar.tael:{first} 'too much is saved'; jar.tael:{first + 6} 'far too much is saved'" in several.err
    assert "no test is meant by 'zzz'" in tael("debug", "zzz", "jar.tael").err
    assert tael("debug").exit_code == 2


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TAEL_HOME": str(folder / "home"), "TERM": "xterm"}


class Terminal:
    """A debugger at a pseudo terminal of 100 columns and 30 rows."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kit.main", "debug", "too much", "jar.tael", *options],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=folder,
            env=_environment(folder),
        )
        os.close(child)
        self.seen = ""
        self._read = 0

    def until(self, text: str) -> None:
        """Read until there is a text that was not there before."""
        while text not in self.seen[self._read :]:
            assert select.select([self._parent], [], [], 60)[0], self.seen
            self.seen += os.read(self._parent, 4096).decode(errors="replace")
        self._read = self.seen.index(text, self._read) + len(text)

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._parent, text.encode())

    def end(self) -> int:
        """Wait for the end; the exit code."""
        while select.select([self._parent], [], [], 60)[0]:
            try:
                self.seen += os.read(self._parent, 4096).decode(errors="replace")
            except OSError:  # there is nobody any more
                break
        os.close(self._parent)
        return self._process.wait(timeout=60)


def test_commands_come_from_a_pipe_and_are_shown_with_their_answers(tmp_path: Path) -> None:
    """What comes out reads like a session; the end of the pipe is the end."""
    write_jar(tmp_path, STORY)
    done = subprocess.run(
        [sys.executable, "-m", "kit.main", "debug", "too much", "jar.tael"],
        input="failure\nprint amount\n\nstep\n",
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "(tael) print amount\namount = 40.00 CNY\n(tael) \namount = 40.00 CNY\n(tael) step\nthis is the last line" in done.stdout
    )


def test_a_screen_has_text_calls_names_state_and_balances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row fits, and the present line stands out."""
    from kit.debugger.screen import layout

    monkeypatch.chdir(tmp_path)
    write_jar(tmp_path, STORY)
    stage = open_test(Output(), "too much", ["jar.tael"], ())
    session = Session(stage, View(stage))
    list(session.run("failure"))

    rows = layout(session, ["an answer"], 100, 30)

    text = "\n".join(row for row, _ in rows)
    assert len(rows) == 30
    assert max(len(row) for row, _ in rows) <= 100
    assert [row.startswith("→") and "require" in row for row, stands_out in rows[1:] if stands_out] == [True]
    for part in ("0  jar.save(coin: 40.00 CNY) as b", "amount = 40.00 CNY", "total = 20.00 CNY", "b  40.00 CNY", "an answer"):
        assert part in text
    assert len(layout(session, [], 20, 5)) == 1


def test_the_screen_takes_single_keys(tmp_path: Path) -> None:
    """To the failure, a value asked for, and out, at a terminal."""
    write_jar(tmp_path, STORY)
    terminal = Terminal(tmp_path, "--tui")

    terminal.until("g start")
    terminal.type("f")
    terminal.until("this line fails")
    terminal.type("pamount\n")
    terminal.until("40.00 CNY")
    terminal.type("q")

    assert terminal.end() == 0


def test_without_a_terminal_there_is_no_screen(tael: Tael) -> None:
    """And it is said what to do instead."""
    write_jar(Path(), STORY)

    refused = tael("debug", "too much", "jar.tael", "--tui")

    assert (refused.exit_code, "--tui needs a terminal" in refused.err) == (2, True)


def test_at_a_terminal_there_is_a_prompt_colour_and_a_history(tmp_path: Path) -> None:
    """What is typed there is answered there, and remembered for the next time."""
    write_jar(tmp_path, STORY)
    terminal = Terminal(tmp_path)

    terminal.until("(tael) ")
    terminal.type("failure\n")
    terminal.until("this line fails")
    terminal.type("print amount\n")
    terminal.until("amount = 40.00 CNY")
    terminal.type("quit\n")

    assert terminal.end() == 0
    assert "\x1b[31mthis line fails: Enough(held: 20.00 CNY, most: 50.00 CNY)\x1b[0m" in terminal.seen
    assert "print amount" in (tmp_path / "home" / "debug_history").read_text()
