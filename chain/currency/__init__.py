"""Currencies and wallets: who holds what, and when it may move."""
