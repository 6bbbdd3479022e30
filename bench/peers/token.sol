// SPDX-License-Identifier: Apache-2.0
// A fungible token: balances, transfers and allowances, function by function what contracts/examples/token.tael is.
pragma solidity >=0.8.20;

contract Token {
    event Transfer(address indexed owner, address indexed to, uint128 amount);
    event Approval(address indexed owner, address indexed spender, uint128 amount);

    error NotEnough(uint128 have, uint128 want);
    error OverAllowance(uint128 left, uint128 want);

    uint128 public supply;
    mapping(address => uint128) private balances;
    mapping(address => mapping(address => uint128)) private allowances;

    constructor(uint128 supply_) {
        supply = supply_;
        balances[msg.sender] = supply_;
        emit Transfer(address(this), msg.sender, supply_);
    }

    function transfer(address to, uint128 amount) external {
        move(msg.sender, to, amount);
    }

    function transfer_from(address owner, address to, uint128 amount) external {
        uint128 left = allowances[owner][msg.sender];
        if (amount > left) revert OverAllowance(left, amount);
        allowances[owner][msg.sender] = left - amount;
        move(owner, to, amount);
    }

    function approve(address spender, uint128 amount) external {
        allowances[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
    }

    function balance_of(address owner) external view returns (uint128) {
        return balances[owner];
    }

    function allowance(address owner, address spender) external view returns (uint128) {
        return allowances[owner][spender];
    }

    function move(address owner, address to, uint128 amount) private {
        uint128 have = balances[owner];
        if (amount > have) revert NotEnough(have, amount);
        balances[owner] = have - amount;
        balances[to] += amount;
        emit Transfer(owner, to, amount);
    }
}
