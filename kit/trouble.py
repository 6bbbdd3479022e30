"""From an exception that nobody expected to one sentence that helps."""

from __future__ import annotations

import traceback

from kit.problem import Exit, Problem


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for: a refusal of the ledger, trouble with a file, or a defect of Tael."""
    from chain.primitives.refusal import Refusal

    if isinstance(error, Refusal):
        return refusal_problem(error)
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return Problem(f"{what}{error.strerror or error}", exit_code=Exit.MISSING, code="System")
    if isinstance(error, UnicodeDecodeError):
        remedy = "Save the file as UTF-8."
        return Problem("a file is not text in UTF-8", remedy, exit_code=Exit.MISSING, code="NotText")
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown"
    detail = str(error).splitlines()[0][:200] if str(error) else ""
    return Problem(
        f"this is a defect of Tael: {type(error).__name__}{f': {detail}' if detail else ''} (in {place})",
        "Please report it to the maintainers with what you typed; TAEL_TRACEBACK=1 shows the whole story",
        exit_code=Exit.DEFECT,
        code="Defect",
    )


def refusal_problem(refusal: object) -> Problem:
    """A typed refusal of the ledger, the client or the keystore as a problem, with its exit code."""
    from chain.primitives.refusal import Refusal, Refused

    assert isinstance(refusal, Refusal)
    code = Exit.FINDINGS
    if refusal.code == Refused.UNREACHABLE:
        code = Exit.UNREACHABLE
    elif refusal.code in (
        Refused.WRONG_PASSWORD,
        Refused.WRONG_CONFIGURATION,
        Refused.WRONG_KEY_FILE,
        Refused.DEVELOPMENT_KEY,
        Refused.WRONG_STORE,
    ):
        code = Exit.MISSING
    return Problem(refusal.message, refusal.remedy, exit_code=code, code=str(refusal.code), data=refusal.data)
