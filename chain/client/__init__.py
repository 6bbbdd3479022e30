"""The client of a node: it builds and signs transactions, and checks proofs by itself."""
