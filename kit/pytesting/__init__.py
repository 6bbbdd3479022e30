"""Contract tests in Python: what `tael.testing`, `tael.strategies`, `tael.stateful` and the pytest plugin are made of."""
