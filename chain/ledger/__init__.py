"""The ledger as a function: genesis, admission, execution, blocks."""
