"""Coverage as pages: a table of files, and each file with what was not reached marked. They ask nothing of a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from kit.project import write_file
from kit.testing.reports.coverage import KINDS, Count, FileCoverage, missed, total

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --faint: #6b6b6b;
  --hit: #dff3e0; --miss: #fbdad7; --part: #fdf0c4; }
@media (prefers-color-scheme: dark) {
:root { --ink: #e6e6e6; --paper: #16181d; --faint: #8a8f99; --hit: #173822; --miss: #4c1f1f; --part: #463a12; } }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
body { margin: 2em auto; max-width: 76em; padding: 0 1em; }
table { border-collapse: collapse; } th, td { padding: .15em .8em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
th { color: var(--faint); font-weight: normal; } a { color: inherit; }
pre { font: 12.5px/1.5 ui-monospace, monospace; margin: 1em 0; overflow-x: auto; }
pre span { display: block; white-space: pre; min-width: max-content; } pre b { color: var(--faint); font-weight: normal; }
.hit { background: var(--hit); } .miss { background: var(--miss); } .part { background: var(--part); }
.said { color: var(--faint); } .key span { padding: .1em .6em; margin-right: .6em; }
"""


def write_pages(folder: Path, files: Sequence[FileCoverage]) -> None:
    """Write the pages into a folder: `index.html`, and one for each file."""
    names = _names(files)
    rows = [_row(f'<a href="{names[file.source.path]}">{escape(file.source.path)}</a>', file.counts()) for file in files]
    rows.append(_row("in all", total(files)))
    head = "".join(f"<th>{kind}</th>" for kind in KINDS)
    body = f"<h1>Coverage</h1><table><tr><th>file</th>{head}</tr>{''.join(rows)}</table>"
    write_file(folder / "index.html", _page("Coverage", body))
    for file in files:
        write_file(folder / names[file.source.path], _page(file.source.path, _file(file)))


def _names(files: Sequence[FileCoverage]) -> dict[str, str]:
    """File names of pages: those of the sources, numbered where two are the same."""
    taken: dict[str, str] = {}
    for file in files:
        stem = Path(file.source.path).name
        name, number = f"{stem}.html", 2
        while name in taken.values():
            name, number = f"{stem}.{number}.html", number + 1
        taken[file.source.path] = name
    return taken


def _page(title: str, body: str) -> bytes:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body>{body}</body></html>\n"
    ).encode()


def _row(name: str, counts: dict[str, Count]) -> str:
    return f"<tr><td>{name}</td>{''.join(f'<td>{count}</td>' for count in counts.values())}</tr>"


def _file(file: FileCoverage) -> str:
    said: dict[int, list[str]] = {}
    for line, what in missed(file):
        said.setdefault(line, []).append("not run" if what == "line" else what)
    text = file.source.text.removesuffix("\n").split("\n")
    lines = "".join(
        _line(number, content, file.lines.get(number), said.get(number, [])) for number, content in enumerate(text, 1)
    )
    head = "".join(f"<th>{kind}</th>" for kind in KINDS)
    kinds = (("hit", "ran"), ("part", "ran in part"), ("miss", "did not run"))
    key = f'<p class="key">{"".join(f"<span class={kind}>{words}</span>" for kind, words in kinds)}</p>'
    table = f"<table><tr><th>file</th>{head}</tr>{_row(escape(file.source.path), file.counts())}</table>"
    return f'<p><a href="index.html">all files</a></p><h1>{escape(file.source.path)}</h1>{table}{key}<pre>{lines}</pre>'


def _line(number: int, text: str, times: int | None, said: Sequence[str]) -> str:
    kind = ""
    if times == 0:
        kind = "miss"
    elif said:
        kind = "part"
    elif times is not None:
        kind = "hit"
    ran = "" if times is None else f"{times}×"
    remark = f'  <i class="said">{escape("; ".join(said))}</i>' if said and kind == "part" else ""
    title = f' title="{escape("; ".join(said))}"' if said else ""
    return f'<span class="{kind}"{title}><b>{number:>5} {ran:>7}</b>  {escape(text)}{remark}</span>'
