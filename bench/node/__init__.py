"""The node end to end: what it takes over HTTP and keeps on disk in a second, beside Anvil and beside bare verification."""
