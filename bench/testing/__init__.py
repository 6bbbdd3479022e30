"""Contract tests beside Forge and titanoboa: the same work for each, and how each is run."""
