"""The machine: verified bytecode in, effects out. Knows nothing of text, keys, blocks, files or time."""
