"""Waiting for a condition instead of for a time, with a guard that says what never came true."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

# A hang guard: on a busy machine of two cores everything here takes well under 3 s, a full reconnect under 8 s.
GUARD_S = 20.0
# Small beside what is waited for, large beside the cost of one look.
LOOK_EVERY_S = 0.02


class NeverHappenedError(AssertionError):
    """The condition did not become true before the guard."""


async def until(condition: Callable[[], T | None], what: str | Callable[[], str], guard_s: float = GUARD_S) -> T:
    """The first truthy value of `condition`; fails with `what` (a text, or a function giving the state reached)."""
    deadline = asyncio.get_running_loop().time() + guard_s
    while not (value := condition()):
        if asyncio.get_running_loop().time() > deadline:
            raise NeverHappenedError(f"not within {guard_s:g} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(LOOK_EVERY_S)
    return value


async def until_async(
    condition: Callable[[], Awaitable[T | None]], what: str, guard_s: float = GUARD_S, look_every_s: float = 0.1
) -> T:
    """As `until`, for a question that has to be asked over the network."""
    deadline = asyncio.get_running_loop().time() + guard_s
    while not (value := await condition()):
        if asyncio.get_running_loop().time() > deadline:
            raise NeverHappenedError(f"not within {guard_s:g} s: {what}")
        await asyncio.sleep(look_every_s)
    return value


async def stays(condition: Callable[[], object], what: str, for_s: float) -> None:
    """Fails as soon as `condition` is false within `for_s`: for what must NOT happen, so no event can end it early."""
    deadline = asyncio.get_running_loop().time() + for_s
    while asyncio.get_running_loop().time() < deadline:
        if not condition():
            raise AssertionError(what)
        await asyncio.sleep(LOOK_EVERY_S)
