"""One transaction's run of contracts: frames, calls, the meter, and what comes out of it.

The thin outside of the machine. How one function's code runs is `vm.interpreter`'s business.
"""
