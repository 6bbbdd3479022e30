# pragma version >=0.4.0
# A batch of payments: one call moves balances to a hundred recipients, one event each.

event Transfer:
    owner: indexed(address)
    to: indexed(address)
    amount: uint128

balances: HashMap[address, uint128]

@deploy
def __init__(supply: uint128):
    self.balances[msg.sender] = supply

@external
def pay_all(to: DynArray[address, 100], amounts: DynArray[uint128, 100]):
    assert len(to) == len(amounts), "NotPaired"
    for n: uint256 in range(len(to), bound=100):
        self._move(msg.sender, to[n], amounts[n])

@external
@view
def balance_of(owner: address) -> uint128:
    return self.balances[owner]

@internal
def _move(owner: address, to: address, amount: uint128):
    have: uint128 = self.balances[owner]
    assert amount <= have, "NotEnough"
    self.balances[owner] = have - amount
    self.balances[to] += amount
    log Transfer(owner=owner, to=to, amount=amount)
