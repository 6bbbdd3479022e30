"""Walking through a recorded run, forwards and backwards."""
