"""Every limit of the language's front, with its unit in its name and the reason for its size."""

FILE_BYTES_MAX = 256 * 1024  # UTF-8; some six thousand lines, far beyond a contract that fits in a module
TOKENS_MAX = 100_000  # of one file, layout included; bounds the work of everything behind the lexer
BLOCK_DEPTH_MAX = 64  # blocks within blocks; keeps recursive walkers of the tree far from Python's stack limit
BRACKET_DEPTH_MAX = 64  # brackets within brackets, for the same reason
EXPRESSION_DEPTH_MAX = 100  # nodes on the longest path down an expression, chains like `1 + 1 + …` included
PARSER_STACK_MAX = 4_000  # symbols; the caps above need less, chains like `not not …` that only grow the stack stop here
SYNTAX_FINDINGS_MAX = 100  # of one file; further ones would be noise
FILES_MAX = 64  # of one program, by imports
