# pragma version >=0.4.0
# A chain of contracts: each counts the call and calls the next one, down to depth 0.

interface Link:
    def pass_on(depth: uint64) -> uint64: nonpayable

next: Link
count: uint64

@deploy
def __init__(next: Link):
    self.next = next

@external
def pass_on(depth: uint64) -> uint64:
    self.count += 1
    if depth == 0:
        return self.count
    rest: uint64 = extcall self.next.pass_on(depth - 1)
    return self.count + rest
