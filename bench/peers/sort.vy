# pragma version >=0.4.0
# Sorting: merges from the bottom up between two arrays, the fastest found where a list can be changed in place.

@external
@pure
def sorted(numbers: DynArray[uint64, 1000]) -> DynArray[uint64, 1000]:
    have: DynArray[uint64, 1000] = numbers
    made: DynArray[uint64, 1000] = numbers
    n: uint256 = len(numbers)
    width: uint256 = 1
    for _: uint256 in range(10):
        if width >= n:
            break
        left: uint256 = 0
        for __: uint256 in range(500):
            if left >= n:
                break
            middle: uint256 = min(left + width, n)
            end: uint256 = min(middle + width, n)
            a: uint256 = left
            b: uint256 = middle
            for at: uint256 in range(left, end, bound=1000):
                if b >= end or (a < middle and have[a] <= have[b]):
                    made[at] = have[a]
                    a += 1
                else:
                    made[at] = have[b]
                    b += 1
            left = end
        have = made
        width *= 2
    return have
