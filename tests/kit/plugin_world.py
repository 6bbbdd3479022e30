"""A pytest session inside of a test: the plugin, contracts beside the tests, and nothing else that is installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parent.parent.parent
PLUGINS = ("-p", "no:tael", "-p", "kit.pytest_plugin")
FIXTURES = """
    from datetime import timedelta

    import pytest

    from tael.testing import emits, moves, reverts


    @pytest.fixture(scope="module")
    def token(deploy, alice):
        return deploy("token.tael", 1_000, sender=alice)


    @pytest.fixture
    def jar(deploy, alice, bob):
        return deploy("jar.tael", bob, timedelta(days=30), sender=alice)

"""


class Within:
    """Runs tests in a folder that has a token and a jar."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        self._pytester = pytester
        shutil.copy(ROOT / "contracts" / "examples" / "token.tael", pytester.path)
        shutil.copy(ROOT / "kit" / "template" / "contracts" / "jar.tael", pytester.path)

    def run(self, body: str, *arguments: str, fixtures: bool = True) -> pytest.RunResult:
        """The outcome of a file of tests, run in this process."""
        text = (dedent(FIXTURES) if fixtures else "") + dedent(body)
        self._pytester.makepyfile(test_inside=text)
        return self._pytester.runpytest_inprocess("-q", "--no-header", *PLUGINS, *arguments)


def passes(result: pytest.RunResult, count: int) -> None:
    """Every test passed, and there were so many."""
    result.assert_outcomes(passed=count)
