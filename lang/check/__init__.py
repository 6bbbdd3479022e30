"""From a syntax tree to a checked one."""

from lang.check.files import CheckedFile, CheckedTest, check_file

__all__ = ["CheckedFile", "CheckedTest", "check_file"]
