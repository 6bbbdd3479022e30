"""What a test run can tell besides what failed: gas, coverage, profiles, and files for other programs."""
