# pragma version >=0.4.0
# A checked loop: sums of small remainders.

@external
@pure
def run(n: uint64) -> uint64:
    total: uint64 = 0
    for i: uint64 in range(n, bound=1000000):
        total += i % 7
    return total
