"""What a client needs to check the ledger alone: encodings, hashes, keys, transactions, receipts, headers,
proofs.
"""
