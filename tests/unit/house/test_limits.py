"""The rate limiter: a burst, then a rate, and a table that does not grow."""

from __future__ import annotations

from server.http import limits
from server.http.limits import RateLimiter

SECOND = 1_000_000


def test_a_burst_then_a_rate() -> None:
    limiter = RateLimiter(burst=3, per_second=2)
    assert [limiter.may_pass("a", 0) for _ in range(4)] == [True, True, True, False]
    assert limiter.may_pass("a", SECOND // 2)
    assert not limiter.may_pass("a", SECOND // 2)


def test_addresses_do_not_share() -> None:
    limiter = RateLimiter(burst=1, per_second=1)
    assert limiter.may_pass("a", 0)
    assert limiter.may_pass("b", 0)
    assert not limiter.may_pass("a", 0)


def test_waiting_long_gives_no_more_than_the_burst() -> None:
    limiter = RateLimiter(burst=2, per_second=1)
    assert limiter.may_pass("a", 0)
    assert [limiter.may_pass("a", 3600 * SECOND) for _ in range(3)] == [True, True, False]


def test_a_refusal_costs_nothing() -> None:
    limiter = RateLimiter(burst=1, per_second=1)
    assert limiter.may_pass("a", 0)
    assert not any(limiter.may_pass("a", step) for step in range(0, SECOND - 1, 100_000))
    assert limiter.may_pass("a", SECOND)


def test_a_flood_of_addresses_stays_small() -> None:
    limiter = RateLimiter(burst=1, per_second=1)
    for number in range(limits.MAX_ADDRESSES + 10):
        limiter.may_pass(str(number), number)
    assert len(limiter) == limits.MAX_ADDRESSES
