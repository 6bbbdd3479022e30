"""The machine beside its peers: workloads, who plays them, and how they are timed. `bench/vm.py` is the way in."""
