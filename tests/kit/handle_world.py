"""One contract with a value of every kind, and a ledger of each kind to have it on."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from chain.client.handles import Contract, EventStream
from chain.client.sender import Sender
from chain.node.development import development_wallets
from lang.compiler import Compiled, compile_text

ZOO = """
contract Zoo:
    struct Point:
        x: i64
        y: i64

    enum Mood:
        Calm
        Wild

    enum Shape:
        Empty
        Circle(radius: u32)
        Box(at: Point, side: u8)

    money: Vault
    count: u64 = 0

    event Seen(by: Address, shape: Shape, at: Time, mood: Mood)
    event Took(amount: Amount)

    error Never(shape: Shape, left: Amount, from: Option[Address])

    pub fn put(coins: Coin) -> Amount by anyone:
        emit Took(coins.amount)
        self.money.put(coins)
        return self.money.amount

    pub fn see(shape: Shape, mood: Mood) -> u64 by anyone:
        self.count += 1
        emit Seen(sender, shape, now, mood)
        return self.count

    pub fn refuse(shape: Shape) by anyone:
        fail Never(shape, self.money.amount, Some(sender))

    view fn sees() -> u64:
        return self.count

    view fn refuses(shape: Shape) -> u64:
        require self.count > 1_000_000 else Never(shape, self.money.amount, None)
        return self.count

    view fn moment(value: Time) -> Time:
        return value

    view fn length(value: Duration) -> Duration:
        return value

    view fn rate(value: Rate) -> Rate:
        return value

    view fn amount(value: Amount) -> Amount:
        return value

    view fn whom(value: Address) -> Address:
        return value

    view fn words(value: Text[20]) -> Text[20]:
        return value

    view fn octets(value: Bytes[8]) -> Bytes[8]:
        return value

    view fn truth(value: bool) -> bool:
        return value

    view fn small(value: u8) -> u8:
        return value

    view fn points(value: List[Point, 4]) -> List[Point, 4]:
        return value

    view fn pair(value: (u8, Text[4])) -> (u8, Text[4]):
        return value

    view fn maybe(value: Option[u8]) -> Option[u8]:
        return value

    view fn shape(value: Shape) -> Shape:
        return value

    view fn mood(value: Mood) -> Mood:
        return value
"""
ALICE, BOB = (Sender.of(wallet.key) for wallet in development_wallets()[:2])


@cache
def zoo() -> Compiled:
    """The contract, compiled."""
    compilation = compile_text(ZOO, "zoo.tael")
    assert compilation.ok, compilation.findings
    return compilation.contracts["Zoo"]


class Told:
    """Something of a ledger that may be awaited, asked as if it waited: handles and ledgers alike."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self._inner, name))

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._wrapped(self._inner(*arguments, **named))

    def __iter__(self) -> Any:
        async def listed() -> list[Any]:
            return [item async for item in self._inner]

        return iter(self._loop.run_until_complete(listed()))

    def _wrapped(self, value: Any) -> Any:
        if inspect.isawaitable(value):
            value = self._loop.run_until_complete(value)
        special = isinstance(value, Contract | EventStream) or type(value).__module__ == "chain.client.handles"
        plain = type(value).__name__ in ("CallReceipt", "Happened")
        return Told(value, self._loop) if (special and not plain) or inspect.ismethod(value) or is_plan(value) else value


def is_plan(value: Any) -> bool:
    """Whether it is a method that carries out a plan."""
    return isinstance(value, Callable) and inspect.isfunction(value)  # type: ignore[arg-type]
