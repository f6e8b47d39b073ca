"""One signalling WebSocket: reads with a deadline and a rate, writes through a bounded queue in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol.rtc import SignalRequest

from server.clock import Clock

# Why 30 s: clients ping every 5 s; LiveKit's clients give up on us after 15 s of silence themselves.
READ_TIMEOUT_S = 30.0
# Why: the state of a full class (60 people) is some 60 kB; a client that lets 8 MiB pile up is not reading.
MAX_QUEUED_MESSAGES = 4096
MAX_QUEUED_BYTES = 8 * 1024 * 1024
# Why 1 MiB: a class of 60 with cameras and microphones makes an offer of some 360 kB.
MAX_MESSAGE_BYTES = 1024 * 1024
# Messages a second and at once; a client that joins a full class sends some hundreds of track settings.
RATE_PER_S = 300
RATE_BURST = 1500
MAX_BAD_MESSAGES = 50


@dataclass(slots=True)
class ConnectionStats:
    """Over all connections of a worker."""

    received: int = 0
    sent: int = 0
    malformed: int = 0
    rate_limited: int = 0
    overflowed: int = 0


class Connection:
    """Owns one `WebSocketResponse`; `run` returns when it is over, for whatever reason."""

    def __init__(self, socket: web.WebSocketResponse, clock: Clock, stats: ConnectionStats) -> None:
        self._socket = socket
        self._clock = clock
        self._stats = stats
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._wake = asyncio.Event()
        self._closing: int | None = None
        self._tokens = float(RATE_BURST)
        self._refilled_at_us = clock.monotonic_us()
        self._bad = 0

    @property
    def is_closing(self) -> bool:
        return self._closing is not None

    def send(self, message: bytes) -> None:
        """Queue; when the client does not read, the connection is given up (it can resume)."""
        if self._closing is not None:
            return
        if len(self._queue) >= MAX_QUEUED_MESSAGES or self._queued_bytes > MAX_QUEUED_BYTES:
            self._stats.overflowed += 1
            self._queue.clear()
            self.close(WSCloseCode.TRY_AGAIN_LATER)
            return
        self._queue.append(message)
        self._queued_bytes += len(message)
        self._wake.set()

    def close(self, code: int = WSCloseCode.OK) -> None:
        """Close after everything queued is written. Idempotent."""
        if self._closing is None:
            self._closing = code
            self._wake.set()

    async def run(self, handle: Callable[[SignalRequest], None]) -> None:
        """Read until the end; `handle` is called synchronously for each well-formed message."""
        writer = asyncio.create_task(self._write(), name="signal-writer")
        try:
            await self._read(handle)
        finally:
            # Why not just cancel: a `leave` that was queued last must still go out.
            self.close()
            try:
                await asyncio.wait_for(writer, timeout=2.0)
            except (TimeoutError, asyncio.CancelledError):
                writer.cancel()
            if not self._socket.closed:
                await self._socket.close(code=self._closing or WSCloseCode.OK)

    async def _read(self, handle: Callable[[SignalRequest], None]) -> None:
        while not self._socket.closed:
            try:
                message = await self._socket.receive(timeout=READ_TIMEOUT_S)
            except TimeoutError:
                return
            if message.type is not WSMsgType.BINARY:
                if message.type is WSMsgType.TEXT:
                    self.close(WSCloseCode.UNSUPPORTED_DATA)
                return
            if not self._may_pass():
                self._stats.rate_limited += 1
                continue
            self._stats.received += 1
            try:
                request = SignalRequest.FromString(message.data)
            except DecodeError:
                self._stats.malformed += 1
                self._bad += 1
                if self._bad > MAX_BAD_MESSAGES:
                    self.close(WSCloseCode.INVALID_TEXT)
                    return
                continue
            if self._closing is None:
                handle(request)

    async def _write(self) -> None:
        while True:
            while self._queue:
                data = self._queue.popleft()
                self._queued_bytes -= len(data)
                try:
                    await self._socket.send_bytes(data)
                except (ConnectionError, RuntimeError):
                    return  # the reader sees the end of the socket
                self._stats.sent += 1
            if self._closing is not None:
                # Closing from here wakes the reader too.
                await self._socket.close(code=self._closing)
                return
            self._wake.clear()
            await self._wake.wait()

    def _may_pass(self) -> bool:
        now_us = self._clock.monotonic_us()
        self._tokens = min(float(RATE_BURST), self._tokens + (now_us - self._refilled_at_us) * RATE_PER_S / 1e6)
        self._refilled_at_us = now_us
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
