"""The outcome of a run as JUnit XML: a suite for every file, a case for every test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kit.testing.options import Options
from kit.testing.results import Result
from kit.testing.telling import explain
from lang.compiler import Compilation
from lang.render import render

_STYLE = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], broken: Sequence[Compilation], seconds: float, options: Options) -> str:
    """A failed test is a `failure` with what is told of it; a file that does not compile is a case with an `error`."""
    root = Element("testsuites", name="tael", time=f"{seconds:.3f}")
    suites: dict[str, list[Result]] = {}
    for result in results:
        suites.setdefault(result.path, []).append(result)
    for path, of_file in suites.items():
        suite = _suite(root, path, len(of_file), sum(not result.ok for result in of_file), 0)
        suite.set("time", f"{sum(result.seconds for result in of_file):.3f}")
        for result in of_file:
            _case(suite, result, options)
    for compilation in broken:
        suite = _suite(root, compilation.path, 1, 0, 1)
        case = SubElement(suite, "testcase", classname=compilation.path, name="compile", time="0.000")
        error = SubElement(case, "error", message="the file does not compile")
        error.text = _clean("\n\n".join(render(finding, colour=False) for finding in compilation.findings))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, path: str, tests: int, failures: int, errors: int) -> Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors), "skipped": "0"}
    return SubElement(root, "testsuite", {"name": _clean(path), **counts})


def _case(suite: Element, result: Result, options: Options) -> None:
    names = {"classname": _clean(result.path), "name": _clean(result.name)}
    case = SubElement(suite, "testcase", {**names, "file": _clean(result.path), "line": str(result.line)})
    case.set("time", f"{result.seconds:.3f}")
    if result.trouble is not None:
        failure = SubElement(case, "failure", message=_clean(result.trouble.message))
        failure.text = _clean(_STYLE.sub("", "\n".join(explain(result.trouble, options))))


def _clean(text: str) -> str:
    """Without what XML cannot say."""
    return _NOT_IN_XML.sub("�", text)
