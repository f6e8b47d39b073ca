"""Limits of guessing, counted by one process or by several over Redis: the same rules, and Redis may be away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from server.guessing import Limits, OwnLimits, give_all_back, take_all
from server.shared_limits import RedisLimits, limits_for
from tests.fakes.clock import FakeClock
from tests.integration.house.redis_server import RedisServer, run_redis

# So slow that nothing comes back while a test runs.
NEVER = 1 / 3600
NEEDLE = "needle@school.example"


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with run_redis() as server:
        yield server


@pytest.fixture(params=["own", "redis"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    async with AsyncExitStack() as stack:
        url = (await stack.enter_async_context(run_redis())).url if request.param == "redis" else ""
        limits = limits_for(url, FakeClock())
        stack.push_async_callback(limits.close)
        yield limits
        await limits.close()


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[tuple[RedisLimits, RedisLimits]]:
    """Two app processes, each with a clock of its own."""
    pair = RedisLimits(redis.url, FakeClock()), RedisLimits(redis.url, FakeClock())
    yield pair
    for one in pair:
        await one.close()


async def test_so_many_at_once_and_then_no_more(limits: Limits) -> None:
    limit = limits.limit("door", burst=3, per_second=NEVER)
    assert [await limit.take("a") for _ in range(5)] == [True, True, True, False, False]
    assert await limit.take("b"), "another's tries are its own"
    assert await limits.limit("window", burst=3, per_second=NEVER).take("a"), "and so is another limit"


async def test_what_was_right_costs_nothing(limits: Limits) -> None:
    limit = limits.limit("door", burst=3, per_second=NEVER)
    for _ in range(20):
        assert await limit.take("a")
        await limit.give_back("a")
    assert [await limit.take("a") for _ in range(4)] == [True, True, True, False]


async def test_giving_back_more_than_was_taken_wins_nothing(limits: Limits) -> None:
    limit = limits.limit("door", burst=2, per_second=NEVER)
    for _ in range(20):
        await limit.give_back("a")
    assert [await limit.take("a") for _ in range(3)] == [True, True, False]


async def test_a_thousand_at_once_are_counted_before_any_is_answered(limits: Limits) -> None:
    limit = limits.limit("door", burst=30, per_second=NEVER)
    passed = await asyncio.gather(*(limit.take("a") for _ in range(200)))
    assert passed.count(True) == 30


async def test_a_refusal_uses_nothing_up(limits: Limits) -> None:
    address = limits.limit("address", burst=3, per_second=NEVER)
    account = limits.limit("account", burst=2, per_second=NEVER)
    tries = [(address, "192.0.2.1"), (account, NEEDLE)]
    assert [await take_all(tries) for _ in range(9)] == [True, True, *[False] * 7]
    others = [(address, "192.0.2.1"), (account, "other@school.example")]
    assert [await take_all(others) for _ in range(2)] == [True, False]
    await give_all_back(tries)
    assert await take_all(tries)


async def test_processes_count_together(two: tuple[RedisLimits, RedisLimits]) -> None:
    one, other = (limits.limit("door", burst=4, per_second=NEVER) for limits in two)
    passed = [await limit.take(NEEDLE) for _ in range(4) for limit in (one, other)]
    assert passed.count(True) == 4
    assert passed[:4] == [True] * 4


async def test_tries_come_back_with_time(redis: RedisServer) -> None:
    """By Redis' clock. The own count has more than enough."""
    limits = RedisLimits(redis.url, FakeClock())
    other = RedisLimits(redis.url, FakeClock())
    one, two = (some.limit("door", burst=2, per_second=20.0) for some in (limits, other))
    assert await one.take("a")
    assert await one.take("a")
    async with asyncio.timeout(30):
        while not await two.take("a"):  # noqa: ASYNC110  # what passes in another process is the condition
            await asyncio.sleep(0.005)
    await limits.close()
    await other.close()


async def test_redis_holds_no_names_and_forgets(two: tuple[RedisLimits, RedisLimits], redis: RedisServer) -> None:
    limit = two[0].limit("door", burst=4, per_second=1.0)
    assert await limit.take(NEEDLE)
    asked = Redis.from_url(redis.url, decode_responses=True)
    try:
        keys = [str(key) for key in await asked.keys("*")]
        assert len(keys) == 1
        assert keys[0].startswith("tongchuang:limit:door:")
        assert "needle" not in keys[0]
        assert all([0 < await asked.pttl(key) <= 4000 for key in keys])
    finally:
        await asked.aclose()


async def test_without_redis_each_counts_alone_and_nobody_waits(
    two: tuple[RedisLimits, RedisLimits], redis: RedisServer
) -> None:
    """The gate is not open: the own count is the old one. And a right try is not kept out."""
    one, other = (limits.limit("door", burst=3, per_second=NEVER) for limits in two)
    assert await one.take("a")
    await redis.stop()
    assert [await one.take("a") for _ in range(4)] == [True, True, False, False]
    assert [await other.take("a") for _ in range(4)] == [True, True, True, False]
    await other.give_back("a")
    assert await other.take("a")


async def test_a_redis_that_hangs_holds_nobody_up() -> None:
    """It takes connections and says nothing."""
    held: list[asyncio.StreamWriter] = []

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    limits = RedisLimits(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", FakeClock())
    limit = limits.limit("door", burst=50, per_second=NEVER)
    async with asyncio.timeout(30):
        # The clock stands still: after the first nobody asks it again.
        assert all([await limit.take("a") for _ in range(50)])
        assert not await limit.take("a")
    assert len(held) == 1
    await limits.close()
    for writer in held:
        writer.close()
    server.close()
    await server.wait_closed()


def test_without_an_address_of_redis_a_process_counts_alone() -> None:
    assert isinstance(limits_for("", FakeClock()), OwnLimits)
