"""Transactions of blocks, executed once more on the state they found, and written down."""
