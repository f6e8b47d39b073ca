"""Does Redis answer? For /readyz, when REDIS_URL names one."""

from __future__ import annotations

import asyncio

# A Redis of the same machine or school answers in milliseconds.
_TIMEOUT_S = 2.0


async def redis_answers(url: str) -> bool:
    """Asked over a connection of its own: the classroom's may be the broken one."""
    # Why here: without Redis nobody pays for the import at start.
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return bool(await client.ping())
    except (RedisError, OSError, TimeoutError, ValueError):
        return False
    finally:
        await client.aclose()
