"""The rule of Ed25519 from `docs/ledger.md`, step by step in integers: slow, and nobody's library.

Each step can be left out, which makes the laxer rules that libraries have.
"""

from __future__ import annotations

from hashlib import sha512
from typing import TypeAlias

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)

Point: TypeAlias = tuple[int, int, int, int]
"""X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""
ZERO: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points (RFC 8032, 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point, other_scalar: int = 0, other: Point = ZERO) -> Point:
    """A point added so many times, and another so many times."""
    total, both = ZERO, add(point, other)
    for place in reversed(range(max(scalar, other_scalar).bit_length())):
        total = add(total, total)
        one, two = scalar >> place & 1, other_scalar >> place & 1
        if one or two:
            total = add(total, both if one and two else point if one else other)
    return total


def negative(point: Point) -> Point:
    """What adds up with a point to zero."""
    return -point[0] % P, point[1], point[2], -point[3] % P


def encode(point: Point) -> bytes:
    """The 32 bytes of a point."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point of 32 bytes, `y` taken modulo P and the sign of zero left alone; None if there is none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (1 << 255) - 1) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    x = x if x & 1 == sign else -x % P
    return x, y, 1, x * y % P


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or ZERO


def small(point: Point) -> bool:
    """Whether a point is one of the eight of small order."""
    x, y, z, _ = times(8, point)
    return x == 0 and y == z


def verify(key: bytes, message: bytes, signature: bytes, *, without: str = "") -> bool:
    """Whether the signature of a raw key is valid, with one step of the rule left out."""
    if len(key) != 32 or len(signature) != 64:
        return False
    r_bytes, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= L and without != "S below L":
        return False
    if int.from_bytes(key, "little") & (1 << 255) - 1 >= P and without != "canonical A":
        return False
    a, r = decode(key), decode(r_bytes)
    if a is None or r is None:
        return False
    if small(a) and without not in ("A not small", "A and R not small", "canonical A"):
        return False
    if small(r) and without not in ("R not small", "A and R not small", "canonical R"):
        return False
    h = int.from_bytes(sha512(r_bytes + key + message).digest(), "little") % L
    found = times(s, BASE, h, negative(a))
    if without == "no cofactor":
        return small(add(found, negative(r)))
    if without == "canonical R":
        return encode(found) == encode(r)
    return encode(found) == r_bytes
