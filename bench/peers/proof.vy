# pragma version >=0.4.0
# A proof that a leaf is in a Merkle tree of 256 steps: one hash a step, left or right by a bit of the leaf's position.

@external
@pure
def root(leaf: bytes32, position: uint256, siblings: DynArray[bytes32, 256]) -> bytes32:
    node: bytes32 = leaf
    left: uint256 = position
    for sibling: bytes32 in siblings:
        if left % 2 == 0:
            node = sha256(concat(node, sibling))
        else:
            node = sha256(concat(sibling, node))
        left = left // 2
    return node
