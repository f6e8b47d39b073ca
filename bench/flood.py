"""Joins with bad tokens, many a second, over a few connections: what a flood costs those whose tokens are good."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import Counter
from types import TracebackType
from urllib.parse import urlsplit

from livekit.api import AccessToken, VideoGrants

from bench.target import Target

CONNECTIONS = 20
BEAT_S = 0.05
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


class Flood:
    """Use ``async with``; then `statuses` says what was answered. Requests are pipelined, answers only counted."""

    def __init__(self, target: Target, per_second: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.sent = 0
        parts = urlsplit(target.url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        forged = AccessToken(target.key, "wrong" * 10).with_identity("nobody")
        token = forged.with_grants(VideoGrants(room_join=True, room="lesson")).to_jwt()
        self._request = (
            f"GET /rtc?access_token={token} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
        self._per_second = per_second / CONNECTIONS
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Flood:
        self._tasks = [asyncio.create_task(self._one()) for _ in range(CONNECTIONS)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _one(self) -> None:
        """One connection after the other, as long as the flood lasts."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(*self._address)
                counting = asyncio.create_task(self._count(reader))
                start, count = time.monotonic(), 0
                try:
                    while not counting.done():
                        due = int((time.monotonic() - start) * self._per_second) - count
                        writer.write(self._request * due)
                        count += due
                        self.sent += due
                        await writer.drain()
                        await asyncio.sleep(BEAT_S)
                finally:
                    counting.cancel()
                    writer.close()
            await asyncio.sleep(BEAT_S)

    async def _count(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                status, length = _STATUS.match(head), _LENGTH.search(head)
                if status is None:
                    return
                self.statuses[int(status[1])] += 1
                await reader.readexactly(int(length[1]) if length is not None else 0)
