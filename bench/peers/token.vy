# pragma version >=0.4.0
# A fungible token: balances, transfers and allowances, function by function what contracts/examples/token.tael is.

event Transfer:
    owner: indexed(address)
    to: indexed(address)
    amount: uint128

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint128

issued: uint128
balances: HashMap[address, uint128]
allowances: HashMap[address, HashMap[address, uint128]]

@deploy
def __init__(supply: uint128):
    self.issued = supply
    self.balances[msg.sender] = supply
    log Transfer(owner=self, to=msg.sender, amount=supply)

@external
def transfer(to: address, amount: uint128):
    self._move(msg.sender, to, amount)

@external
def transfer_from(owner: address, to: address, amount: uint128):
    left: uint128 = self.allowances[owner][msg.sender]
    assert amount <= left, "OverAllowance"
    self.allowances[owner][msg.sender] = left - amount
    self._move(owner, to, amount)

@external
def approve(spender: address, amount: uint128):
    self.allowances[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)

@external
@view
def balance_of(owner: address) -> uint128:
    return self.balances[owner]

@external
@view
def allowance(owner: address, spender: address) -> uint128:
    return self.allowances[owner][spender]

@external
@view
def supply() -> uint128:
    return self.issued

@internal
def _move(owner: address, to: address, amount: uint128):
    have: uint128 = self.balances[owner]
    assert amount <= have, "NotEnough"
    self.balances[owner] = have - amount
    self.balances[to] += amount
    log Transfer(owner=owner, to=to, amount=amount)
