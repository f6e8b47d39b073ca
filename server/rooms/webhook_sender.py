"""Delivers webhooks: per room and receiver in order, retried with growing pauses, bounded, closed without loose ends.

A receiver that is down must neither hold up other rooms nor fill memory: each room has a queue of its own for each
receiver; a full one drops its oldest event, and the next delivery says how many (`num_dropped`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp
import structlog
from livekit.protocol.webhook import WebhookEvent

from server.clock import Clock
from server.rooms.webhook import CONTENT_TYPE, sign
from server.tasks import TaskOwner

log = structlog.get_logger("tongchuang.webhooks")

# Why 512: a class of 60 joining with two tracks each is 180 events; three times that.
MAX_QUEUED = 512
# Why these: five tries within about 25 s outlast a receiver's restart, two more a deployment that went wrong at first;
# what comes meanwhile waits in the bounded queue.
PAUSES_S = (0.5, 1.5, 5.0, 15.0, 60.0, 120.0)
# Why 10 s: a receiver that takes longer than this works in the wrong place.
TIMEOUT = aiohttp.ClientTimeout(total=10.0)
# What is still queued when the process ends gets this long.
CLOSE_WAIT_S = 2.0


@dataclass(slots=True)
class WebhookStats:
    """Plain counters for /metrics."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    dropped: int = 0


class _Line:
    """One room's events for one receiver; lives only while something is queued."""

    __slots__ = ("dropped", "events", "room", "url")

    def __init__(self, url: str, room: str) -> None:
        self.url = url
        self.room = room
        self.events: deque[WebhookEvent] = deque()
        self.dropped = 0

    def add(self, event: WebhookEvent) -> bool:
        """False when another event had to go for it."""
        self.events.append(event)
        if len(self.events) <= MAX_QUEUED:
            return True
        self.events.popleft()
        self.dropped += 1
        return False


class WebhookSender:
    """`send` never blocks nor raises. The first key signs. The HTTP session is the caller's to close."""

    def __init__(
        self,
        *,
        http: aiohttp.ClientSession,
        keys: Mapping[str, str],
        urls: Sequence[str],
        clock: Clock,
        tasks: TaskOwner,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._http = http
        self._key, self._secret = next(iter(keys.items()), ("", ""))
        self._urls = tuple(urls) if self._key else ()
        self._clock = clock
        self._tasks = tasks
        self._pauses_s = tuple(pauses_s)
        self._lines: dict[tuple[str, str], _Line] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_closed = False
        self.stats = WebhookStats()

    def send(self, event: WebhookEvent) -> None:
        """Queue for every receiver."""
        if self._is_closed:
            return
        for url in self._urls:
            place = (url, event.room.name)
            line = self._lines.get(place)
            if line is None:
                line = self._lines[place] = _Line(url, event.room.name)
                self._idle.clear()
                self._tasks.start(self._deliver(place, line), name=f"webhooks {event.room.sid}")
            if not line.add(event):
                self.stats.dropped += 1

    async def close(self) -> None:
        """Let what is queued go out for a moment, then give up. Idempotent."""
        self._is_closed = True
        try:
            await asyncio.wait_for(self._idle.wait(), CLOSE_WAIT_S)
        except TimeoutError:
            self.stats.failed += sum(len(line.events) for line in self._lines.values())
            self._lines.clear()

    async def _deliver(self, place: tuple[str, str], line: _Line) -> None:
        try:
            while line.events:
                event = line.events.popleft()
                event.num_dropped, line.dropped = line.dropped, 0
                if not await self._deliver_one(line.url, event):
                    self.stats.failed += 1
                    line.dropped += event.num_dropped + 1
        finally:
            self._lines.pop(place, None)
            if not self._lines:
                self._idle.set()

    async def _deliver_one(self, url: str, event: WebhookEvent) -> bool:
        """Try, and try again after each pause; whether the receiver took it."""
        for pause_s in (*self._pauses_s, None):
            status = await self._post(url, event)
            if 200 <= status < 300:
                self.stats.sent += 1
                return True
            # Why: a receiver that says 4xx will say it again, but for "slow down" and "too late".
            is_final = 400 <= status < 500 and status not in (408, 425, 429)
            if pause_s is None or is_final:
                log.warning("webhook_not_delivered", status=status, webhook_event=event.event, id=event.id)
                return False
            self.stats.retried += 1
            await asyncio.sleep(pause_s)
        return False

    async def _post(self, url: str, event: WebhookEvent) -> int:
        """The HTTP status, 0 when there was no answer."""
        signed = sign(event, key=self._key, secret=self._secret, now=self._clock.now())
        headers = {"Authorization": signed.authorization, "Content-Type": CONTENT_TYPE}
        try:
            async with self._http.post(
                url, data=signed.body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return 0
