"""How prices are measured and fitted: the parts of `bench/gas.py` and `bench/gas_search.py`."""
