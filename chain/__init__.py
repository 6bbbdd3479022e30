"""The ledger: keys, transactions, state, wallets, blocks, the node, its API and the client."""
