"""How app processes tell each other that a room has news. Only a nudge: what happened is read from the store.

Nothing depends on it but speed: a nudge that is lost, late or doubled changes nothing, because every process looks for
news by itself once a second (`server.classroom.caretaker`). So Redis may be away for as long as it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from redis import DriverInfo
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.ids import LessonId
from server.tasks import TaskOwner
from server.version import VERSION

CHANNEL = "tongchuang:classroom"
# A restart of Redis takes a second; asking more often would only fill the log.
_AGAIN_AFTER_S = 0.5
# A nudge that cannot be sent at once is not worth waiting for.
_SEND_TIMEOUT_S = 1.0
_MAX_ID_CHARS = 64

# Why: left out, the client looks its own version up on the disk for every connection it makes.
REDIS_OPTIONS: dict[str, Any] = {
    "driver_info": DriverInfo(name="tongchuang", lib_version=VERSION),
    "socket_connect_timeout": _SEND_TIMEOUT_S,
}

log = structlog.get_logger("tongchuang.classroom")

Listener = Callable[[LessonId], Awaitable[None]]


class Bus(Protocol):
    def start(self, listener: Listener) -> None: ...

    def nudge(self, lesson_id: LessonId) -> None: ...

    async def close(self) -> None: ...


class NoBus:
    """One app process alone has nobody to tell."""

    def start(self, listener: Listener) -> None:
        """Nothing comes."""

    def nudge(self, lesson_id: LessonId) -> None:
        """Nobody hears."""

    async def close(self) -> None:
        """Nothing to close."""


class RedisBus:
    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, **REDIS_OPTIONS)
        self._tasks = TaskOwner("classroom_bus")
        self._waiting: set[LessonId] = set()
        self._has_waiting = asyncio.Event()

    def start(self, listener: Listener) -> None:
        self._tasks.start(self._listen(listener), name="listen")
        self._tasks.start(self._send(), name="send")

    def nudge(self, lesson_id: LessonId) -> None:
        """Bounded by the number of lessons: two nudges for one are one."""
        self._waiting.add(lesson_id)
        self._has_waiting.set()

    async def close(self) -> None:
        """Idempotent."""
        await self._tasks.close()
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    async def _send(self) -> None:
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            lesson_ids, self._waiting = self._waiting, set()
            for lesson_id in lesson_ids:
                with contextlib.suppress(RedisError, OSError, TimeoutError):
                    async with asyncio.timeout(_SEND_TIMEOUT_S):
                        await self._redis.publish(CHANNEL, lesson_id)

    async def _listen(self, listener: Listener) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            await self._hear(message["data"], listener)
            except (RedisError, OSError) as error:
                log.warning("classroom_bus_lost", reason=type(error).__name__)
            await asyncio.sleep(_AGAIN_AFTER_S)

    async def _hear(self, data: object, listener: Listener) -> None:
        """The name of a lesson and nothing else; never unpickled, never trusted further than to look."""
        if not isinstance(data, bytes) or len(data) > _MAX_ID_CHARS:
            return
        try:
            await listener(LessonId(data.decode("ascii")))
        except UnicodeDecodeError:
            return
        except Exception:
            # One room that cannot be read must not make this process deaf for all others.
            log.exception("classroom_nudge_failed")
