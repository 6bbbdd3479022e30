"""The wheel: what is in it, and that it works away from the repository."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_all_that_people_need(wheel: Path) -> None:
    """Floors, public interface, parser tables, contracts, template, licence; and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    examples = {f"kit/contracts/examples/{path.name}" for path in (ROOT / "contracts" / "examples").glob("*.tael")}
    assert examples
    assert examples <= held
    template = {f"kit/template/{name}" for name in ("tael.toml", "README.md", "gitignore", "contracts/jar.tael")}
    assert template <= held
    assert {
        "tael/__init__.py",
        "tael/py.typed",
        "chain/py.typed",
        "vm/module.py",
        "lang/tables.json",
        "lang/grammar.lark",
        "chain/node/api.py",
    } <= held
    assert any(name.endswith("licenses/LICENSE") for name in held)
    assert not [name for name in held if name.startswith(("tests/", "docs/", "contracts/"))]


def test_the_wheel_works_away_from_the_repository(wheel: Path, tmp_path: Path) -> None:
    """Unpacked anywhere, the demonstration finds its contract and holds."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    work = tmp_path / "work"
    work.mkdir()
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); sys.argv[1:] = ['demo', '--json']\n"
    run = [sys.executable, "-P", "-c", code + "from kit.main import main; main()"]
    done = subprocess.run(run, cwd=work, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "installed" in told["chapters"][0]["figures"][0]["value"]
