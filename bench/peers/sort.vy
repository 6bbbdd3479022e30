# pragma version >=0.4.0
# Sorting: quicksort in place, insertion below twelve; the fastest found in Vyper for numbers in no order, a quarter faster than
# merging. (Numbers of an enemy's choice could make it deeper than it has room for: it would fail, not go wrong.)

SMALL: constant(uint256) = 12

@external
@pure
def sorted(numbers: DynArray[uint64, 1000]) -> DynArray[uint64, 1000]:
    xs: DynArray[uint64, 1000] = numbers
    lows: uint256[64] = empty(uint256[64])
    highs: uint256[64] = empty(uint256[64])
    depth: uint256 = 0
    if len(xs) > 1:
        highs[0] = len(xs) - 1
        depth = 1
    for _: uint256 in range(2000):
        if depth == 0:
            break
        depth -= 1
        low: uint256 = lows[depth]
        high: uint256 = highs[depth]
        if high - low < SMALL:
            for i: uint256 in range(low + 1, high + 1, bound=1000):
                x: uint64 = xs[i]
                j: uint256 = i
                for __: uint256 in range(12):
                    if j == low:
                        break
                    y: uint64 = xs[j - 1]
                    if y <= x:
                        break
                    xs[j] = y
                    j -= 1
                xs[j] = x
            continue
        pivot: uint64 = xs[(low + high) // 2]
        i: uint256 = low
        j: uint256 = high
        for __: uint256 in range(1000):
            for ___: uint256 in range(1000):
                if xs[i] >= pivot:
                    break
                i += 1
            for ___: uint256 in range(1000):
                if xs[j] <= pivot:
                    break
                j -= 1
            if i >= j:
                break
            moved: uint64 = xs[i]
            xs[i] = xs[j]
            xs[j] = moved
            i += 1
            j -= 1
        lows[depth] = low
        highs[depth] = j
        lows[depth + 1] = j + 1
        highs[depth + 1] = high
        depth += 2
    return xs
