# pragma version >=0.4.0
# Compound interest: a rate in units of 10**-12 on an amount, rounded half up every period.

SCALE: constant(uint256) = 10**12

@external
@pure
def compound(amount: uint256, rate: uint256, periods: uint256) -> uint256:
    balance: uint256 = amount
    for _: uint256 in range(periods, bound=1000):
        balance += (balance * rate + SCALE // 2) // SCALE
    return balance
