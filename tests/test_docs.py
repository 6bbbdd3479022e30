"""What the documentation shows is true: every example in it is run.

In `README.md` and `docs/*.md`:

- A tael block is a whole file and compiles without a finding. (```tael fragment is not run, ```tael refused CODE not here.)
- A ```python block runs, in the folder where the page's console blocks ended. One with the name of a file behind `python` is put
  there, and pytest runs it.
- ```console blocks of a page are one session in an empty folder, with a devnet running. Lines after `$ ` are commands; the
  lines below one must appear in its output in this order. `…` stands for anything, a line of it alone for any lines. A command
  ends with exit code 0, or with the one that `# exit N` says. The line `$ tael devnet` stands for the devnet that runs already.
- ```sh blocks are not run here: `.ci/run` does what they say.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TESTED_ELSEWHERE = {"diagnostics.md"}  # made from the catalogue, whose wrong and right programs are tests
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\s+# exit (\d+)$")
_SEPARATOR = "\x1e"
_SESSION_SECONDS_MAX = 120


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a session and what it should print."""

    line: str
    exit_code: int
    expected: tuple[str, ...]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], found[2].strip(), found[3])


def _all(language: str) -> list[Block]:
    pages = [page for page in PAGES if page.name not in TESTED_ELSEWHERE]
    return [block for page in pages for block in _blocks(page) if block.language == language]


def _session_pages() -> list[Path]:
    return sorted({block.page for block in (*_all("console"), *_all("python"))})


def _commands(page: Path) -> Iterator[Command]:
    for block in _blocks(page):
        if block.language != "console":
            continue
        line, expected = "", []
        for text in [*block.text.splitlines(), "$ "]:
            if not text.startswith("$ "):
                expected.append(text)
                continue
            if line and line != "tael devnet":
                said = _EXIT.search(line)
                yield Command(_EXIT.sub("", line), int(said[1]) if said else 0, tuple(expected))
            line, expected = text[2:], []


def _environment(folder: Path, node: str) -> dict[str, str]:
    """A bare environment with `tael` on the path, whether Tael is installed or not."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, module in (("tael", "kit.main"), ("pytest", "pytest -p no:tael -p kit.pytest_plugin")):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        script.chmod(0o755)
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "HOME": str(folder),
        "TAEL_HOME": str(folder / "home"),
        "TAEL_NODE": node,
    }


def _run(commands: list[Command], folder: Path, environment: dict[str, str]) -> tuple[list[tuple[int, str]], Path]:
    """(exit code, output) of each command of one shell, and the folder where it ended."""
    work = folder / "work"
    work.mkdir()
    script = "\n".join(f'{command.line}\nprintf "{_SEPARATOR}%d{_SEPARATOR}" "$?"' for command in commands)
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}\npwd"],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SESSION_SECONDS_MAX,
        check=False,
    )
    parts = done.stdout.decode().split(_SEPARATOR)
    outcomes = [(int(parts[i + 1]), parts[i]) for i in range(0, len(parts) - 1, 2)]
    return outcomes, Path(parts[-1].strip())


def _matches(expected: str, line: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, line.rstrip()) is not None


def _check(command: Command, exit_code: int, output: str) -> None:
    shown = f"$ {command.line}\n{output}"
    assert exit_code == command.exit_code, f"exit code {exit_code}, not {command.exit_code}:\n{shown}"
    lines = iter(output.splitlines())
    for expected in command.expected:
        if expected.strip() != "…":
            assert any(_matches(expected.rstrip(), line) for line in lines), f"no line {expected!r} in:\n{shown}"


@pytest.mark.parametrize("page", _session_pages(), ids=lambda page: page.name)
def test_sessions_of_a_page_run(page: Path, tmp_path: Path) -> None:
    """Every command of the page does what the page shows, and its Python blocks run after it."""
    from chain.node.devnet import start_devnet

    commands = list(_commands(page))
    with start_devnet(tmp_path / "ledger") as devnet:
        environment = _environment(tmp_path, devnet.address)
        outcomes, ended = _run(commands, tmp_path, environment)
    assert len(outcomes) == len(commands)
    for command, (exit_code, output) in zip(commands, outcomes, strict=True):
        _check(command, exit_code, output)
    for block in _blocks(page):
        if block.language == "python":
            run = [sys.executable, "-c", block.text]
            if block.note:
                ended.joinpath(block.note).write_text(block.text)
                run = [str(tmp_path / "bin" / "pytest"), "-q", block.note]
            done = subprocess.run(run, cwd=ended, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{block}:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", [b for b in _all("tael") if not b.note.startswith(("fragment", "refused"))], ids=str)
def test_programs_of_the_pages_compile(block: Block) -> None:
    """A whole program in the documentation compiles without a finding."""
    from lang.compiler import compile_text
    from lang.render import render_all

    compilation = compile_text(block.text, str(block))
    assert not compilation.findings, render_all(compilation.findings)


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    """The two commands of the README are those that `.ci/run` runs in a fresh clone."""
    blocks = [block.text.strip() for block in _blocks(ROOT / "README.md") if block.language == "sh"]
    assert len(blocks) == 2
    for command in blocks:
        for part in command.split(" && "):
            program = re.sub(r"^(python3|\.venv/bin/)", "", part).split()[-1]
            assert program in (ROOT / ".ci" / "run").read_text("utf-8"), part


def test_the_python_interface_does_what_its_page_shows() -> None:
    """The examples in the docstring of `tael` run."""
    import tael

    failed, tried = doctest.testmod(tael)
    assert tried > 10
    assert failed == 0


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of a page names a file that is there."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_is_on_its_page() -> None:
    """`docs/cli.md` names every command, and every exit code that there is."""
    from kit.main import COMMANDS
    from kit.problem import Exit

    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"`tael {name}" in page, name
    for code in Exit:
        assert f"| {code.value} |" in page, code
