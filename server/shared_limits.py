"""Limits of guessing that all app processes count together, in Redis; each process counts for itself besides.

While Redis is away the own count goes on: the gate is as wide as it would be with one such process more, never open,
and nobody who is right is kept out. Redis' clock counts, because those of machines differ.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any

import structlog

from server.clock import Clock
from server.guessing import Limit, Limits, OwnLimits
from server.version import VERSION

log = structlog.get_logger("tongchuang.limits")

# A Redis beside us answers within a millisecond; a sign-in must not wait for one that hangs.
_TIMEOUT_S = 0.25
# And not every sign-in must find out anew.
_AGAIN_AFTER_US = 2_000_000

# The generic cell rate algorithm of `server.http.limits`, all or nothing. A key lives until its bucket is full again.
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local step, whole = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if ARGV[3] == 'give' then
    full = full - step
elseif full + step - now > whole then
    return 0
else
    full = full + step
end
if full <= now then
    redis.call('DEL', KEYS[1])
else
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
return 1
"""


def limits_for(redis_url: str, clock: Clock) -> Limits:
    """Shared when there is a Redis."""
    return RedisLimits(redis_url, clock) if redis_url else OwnLimits(clock)


class RedisLimits:
    def __init__(self, url: str, clock: Clock) -> None:
        # Why here: without Redis nobody pays for the import at start.
        from redis import DriverInfo
        from redis.asyncio import Redis

        self._clock, self._own = clock, OwnLimits(clock)
        self._redis = Redis.from_url(
            url,
            driver_info=DriverInfo(name="tongchuang", lib_version=VERSION),
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
        )
        self._again_us = 0

    def limit(self, name: str, *, burst: int, per_second: float) -> Limit:
        own = self._own.limit(name, burst=burst, per_second=per_second)
        step_us = round(1_000_000 / per_second)
        return _SharedLimit(shared=self, own=own, name=name, step_us=step_us, whole_us=step_us * burst)

    async def ask(self, key: str, step_us: int, whole_us: int, what: str) -> bool:
        """True also when Redis does not say anything: the caller's own count decides then."""
        from redis.exceptions import RedisError

        now_us = self._clock.monotonic_us()
        if now_us < self._again_us:
            return True
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                script: Any = self._redis.eval(_SCRIPT, 1, key, str(step_us), str(whole_us), what)
                return bool(await script)
        except (RedisError, OSError, TimeoutError) as error:
            self._again_us = self._clock.monotonic_us() + _AGAIN_AFTER_US
            log.warning("limits_counted_alone", reason=type(error).__name__)
            return True

    async def close(self) -> None:
        """Idempotent."""
        from redis.exceptions import RedisError

        try:
            await self._redis.aclose()
        except (RedisError, OSError):
            # It may be away; what counts is that our end is closed.
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharedLimit:
    shared: RedisLimits
    own: Limit
    name: str
    step_us: int
    whole_us: int

    async def take(self, key: str) -> bool:
        if not await self.own.take(key):
            return False
        if await self.shared.ask(self._place(key), self.step_us, self.whole_us, "take"):
            return True
        await self.own.give_back(key)
        return False

    async def give_back(self, key: str) -> None:
        await self.own.give_back(key)
        await self.shared.ask(self._place(key), self.step_us, self.whole_us, "give")

    def _place(self, key: str) -> str:
        """No address and no mail address stands in Redis."""
        return f"tongchuang:limit:{self.name}:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
