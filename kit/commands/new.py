"""`tael new`: begin a project."""

from __future__ import annotations

import re
from pathlib import Path

import click

from kit.options import command
from kit.output import Output
from kit.problem import missing, usage
from kit.project import write_file

_TEMPLATE = Path(__file__).parent.parent / "template"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


@command("new", examples="tael new hello\ntael new shop/vouchers")
@click.argument("name")
def new(out: Output, name: str) -> None:
    """Begin a project in a new folder NAME: a contract with its tests, tael.toml and a README.

    Refuses a folder that has something in it.
    """
    folder = Path(name)
    if not _NAME.match(folder.name):
        raise usage(
            f"{folder.name!r} is not a name for a project",
            "Use letters, digits, - and _, a letter first, as in `tael new hello`.",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise missing(f"{name} is there already and not empty", "Choose another name, or empty the folder yourself.")
    written = []
    for path in sorted(path for path in _TEMPLATE.rglob("*") if path.is_file()):
        target = folder / path.relative_to(_TEMPLATE)
        if target.name == "gitignore":
            target = target.with_name(".gitignore")
        write_file(target, path.read_text("utf-8").replace("PROJECT_NAME", folder.name).encode())
        written.append(str(target))
    out.line(f"Began {out.style(folder.name, 'bold')}:")
    for path_text in written:
        out.line(f"  {path_text}")
    out.line()
    out.line("Next:")
    out.line(f"  cd {name}")
    out.line("  tael test")
    out.result({"ok": True, "name": folder.name, "folder": name, "files": written})
