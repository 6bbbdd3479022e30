"""From a syntax tree to a checked one."""

from lang.check.files import CheckedFile, CheckedTest, check_file
from lang.check.scenarios import CheckedAct, CheckedScenario, CheckedTarget

__all__ = ["CheckedAct", "CheckedFile", "CheckedScenario", "CheckedTarget", "CheckedTest", "check_file"]
