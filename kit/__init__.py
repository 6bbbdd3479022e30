"""What people type: the command line, project files, the test runner, reports."""
