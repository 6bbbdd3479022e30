"""Every limit of mutation, with its unit in its name and the reason for its size."""

GAS_FACTOR = 10  # a mutant may use so many times the gas of the whole test; one that needs more does not come to an end
GAS_SLACK = 1_000_000  # besides, so that tests which use next to nothing are not stopped for a detour
TRACED_CASES_MAX = 5  # of a `for any` test, for the lines that it runs: an onlooker is slow, and further cases add few lines
REFUSED_FACTOR = 50  # cases tried for each that is wanted, where `where` refuses many
CASES_MAX = 1_000  # of a `for any` test that are kept in memory and met by every mutant
MUTANTS_MAX = 20_000  # of one run; beyond it `--max` or a path says which
MEMORY_ENTRIES_MAX = 50_000  # outcomes remembered, the latest; a line of JSON each
MEMORY_FILES_MAX = 1_000  # files whose tests are remembered with the lines they run, in the texts they had last
EXCERPT_TESTS_MAX = 3  # names of tests shown beside a survivor
