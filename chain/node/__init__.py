"""A node: the pool, the producer, the store and the API around `apply_block`."""
