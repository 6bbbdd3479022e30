"""Mutation: small changes to contracts, each of which a good test notices."""
