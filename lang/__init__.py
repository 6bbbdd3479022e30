"""The language: text to checked program to bytecode, with diagnostics that teach."""
