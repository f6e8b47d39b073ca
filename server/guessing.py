"""How often may somebody guess: a password, a card, a mail address. What is right costs nothing; what is wrong counts.

Why given back instead of counted afterwards: a thousand tries at once must not all be on their way before the first is
counted. And a school has one address: hundreds of right cards at one bell must not use up what guessers get.
"""

from __future__ import annotations

from typing import Protocol

from server.clock import Clock
from server.http import RateLimiter


class Limit(Protocol):
    """`key`: whose tries these are, e.g. an address."""

    async def take(self, key: str) -> bool:
        """One try; False when there is none left for now."""
        ...

    async def give_back(self, key: str) -> None:
        """The try was none: it was right."""
        ...


class Limits(Protocol):
    def limit(self, name: str, *, burst: int, per_second: float) -> Limit:
        """`name` tells limits apart; two of one name and installation are one."""
        ...

    async def close(self) -> None: ...


class OwnLimit:
    def __init__(self, clock: Clock, *, burst: int, per_second: float) -> None:
        self._clock = clock
        self._limiter = RateLimiter(burst=burst, per_second=per_second)

    async def take(self, key: str) -> bool:
        return self._limiter.may_pass(key, self._clock.monotonic_us())

    async def give_back(self, key: str) -> None:
        self._limiter.give_back(key)


class OwnLimits:
    """Of this process alone, which is all where there is one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def limit(self, name: str, *, burst: int, per_second: float) -> Limit:
        return OwnLimit(self._clock, burst=burst, per_second=per_second)

    async def close(self) -> None:
        """Nothing to close."""


async def take_all(tries: list[tuple[Limit, str]]) -> bool:
    """One of each or none: whoever is refused for one account uses up nothing of what the address has."""
    for number, (limit, key) in enumerate(tries):
        if not await limit.take(key):
            await give_all_back(tries[:number])
            return False
    return True


async def give_all_back(tries: list[tuple[Limit, str]]) -> None:
    for limit, key in tries:
        await limit.give_back(key)
