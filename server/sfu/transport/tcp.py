"""ICE-TCP, passive (RFC 6544) with RFC 4571 framing: for networks that let no UDP through.

Bounded everywhere: connections, frame length, time to the first valid check, idle time, write queue.
"""

from __future__ import annotations

import asyncio
import socket
from struct import pack
from typing import TYPE_CHECKING, cast

from server.clock import Clock
from server.sfu.transport.guard import PROTOCOL_OF, Protocol
from server.sfu.transport.path import Intake
from server.sfu.transport.srtp import pointer_to
from server.sfu.transport.stats import DropReason, EndpointStats

if TYPE_CHECKING:
    from server.sfu.transport.peer_transport import PeerTransport

# Why 512: every participant of a full worker may try TCP on both peer connections and leave some behind.
MAX_CONNECTIONS = 512
# Why a quarter: those that have proved nothing yet must not keep the proven out.
MAX_UNPROVEN = 128
MAX_FRAME_BYTES = 1600
# Why 10 s: a client opens the connection and checks at once; even at 2 s round trip this is plenty.
PROOF_DEADLINE_US = 10_000_000
# Why 30 s: checks come every 2.5 s; longer than this only a dead peer is silent (RFC 7675 §5.1).
IDLE_DEADLINE_US = 30_000_000
# Why 512 kB: a second of a good video; more in the queue is picture that is too late anyway.
MAX_QUEUED_BYTES = 512 * 1024


class TcpConnection(asyncio.Protocol):
    """One accepted connection and the path it is."""

    kind = "tcp"

    def __init__(self, listener: TcpListener) -> None:
        self.owner: PeerTransport | None = None
        self.heard_us = 0
        self.opened_us = 0
        self._listener = listener
        self._stats = listener.stats
        self._transport: asyncio.Transport | None = None
        self._remote: tuple[str, int] = ("0.0.0.0", 0)
        self._partial = b""

    @property
    def remote(self) -> tuple[str, int]:
        return self._remote

    # path

    def bind(self, owner: PeerTransport) -> None:
        self.owner = owner

    def release(self) -> None:
        self.owner = None
        if self._transport is not None:
            self._transport.abort()

    def send(self, data: bytes | memoryview) -> bool:
        if not self._may_write(1):
            return False
        self._write(b"".join((pack("!H", len(data)), data)), 1)
        return True

    def send_run(self, run: memoryview, size: int) -> None:
        total = len(run)
        count = -(-total // size)
        if not self._may_write(count):
            return
        frames = bytearray()
        for start in range(0, total, size):
            piece = run[start : start + size]
            frames += pack("!H", len(piece))
            frames += piece
        self._write(bytes(frames), count)

    def _may_write(self, count: int) -> bool:
        transport = self._transport
        if transport is None or transport.is_closing():
            self._stats.drop(DropReason.OUT_NOT_CONNECTED, count)
            return False
        if transport.get_write_buffer_size() > MAX_QUEUED_BYTES:
            self._stats.drop(DropReason.OUT_BACKLOG, count)
            return False
        return True

    def _write(self, frames: bytes, count: int) -> None:
        assert self._transport is not None
        self._transport.write(frames)
        self._stats.send_calls += 1
        self._stats.packets_out += count
        self._stats.bytes_out += len(frames)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Why a cast: uvloop's transports are no subclasses of asyncio's.
        transport = cast(asyncio.Transport, transport)
        if not self._listener.admit(self):
            transport.abort()
            return
        self._transport = transport
        peer = transport.get_extra_info("peername")
        if peer:
            self._remote = (peer[0], peer[1])
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Why: asyncio must never stop us; `_may_write` bounds the queue.
        transport.set_write_buffer_limits(high=2 * MAX_QUEUED_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._partial = b""
        self._listener.forget(self)

    def data_received(self, data: bytes) -> None:
        now_us = self._listener.clock.monotonic_us()
        self._stats.receive_calls += 1
        if self._partial:
            data = self._partial + data
        at, size = 0, len(data)
        try:
            while at + 2 <= size:
                length = (data[at] << 8) | data[at + 1]
                if not 0 < length <= MAX_FRAME_BYTES:
                    self._stats.drop(DropReason.TCP_FRAME)
                    self._fail()
                    return
                if at + 2 + length > size:
                    break
                self._take(data[at + 2 : at + 2 + length], now_us)
                at += 2 + length
                if self._transport is None or self._transport.is_closing():
                    return
            self._partial = data[at:]
        finally:
            self._listener.intake.on_drained()

    def _take(self, frame: bytes, now_us: int) -> None:
        self._stats.datagrams_in += 1
        self._stats.bytes_in += len(frame)
        protocol = PROTOCOL_OF[frame[0]]
        owner = self.owner
        if protocol is Protocol.STUN:
            self._listener.intake.on_stun(self, frame, now_us)
        elif owner is None:
            # Why the end: on a connection nobody can forge the sender, so who starts with anything else is no client.
            self._stats.drop(DropReason.STRANGER)
            self._fail()
        elif protocol is Protocol.RTP:
            buffer = bytearray(frame)
            owner.on_srtp(self, memoryview(buffer), pointer_to(buffer), 0, len(buffer), now_us)
        elif protocol is Protocol.DTLS:
            owner.on_dtls(self, frame, now_us)
        else:
            self._stats.drop(DropReason.UNKNOWN_PROTOCOL)

    def check_deadline(self, now_us: int) -> None:
        proved = self.owner is not None
        since = self.heard_us if proved else self.opened_us
        if now_us - since > (IDLE_DEADLINE_US if proved else PROOF_DEADLINE_US):
            self._stats.drop(DropReason.TCP_DEADLINE)
            self._fail()

    def _fail(self) -> None:
        self._partial = b""
        if self._transport is not None:
            self._transport.abort()


class TcpListener:
    """Accepts on one host and counts what it accepted."""

    def __init__(self, *, intake: Intake, clock: Clock, stats: EndpointStats) -> None:
        self.intake = intake
        self.clock = clock
        self.stats = stats
        self.port = 0
        self._is_closed = False
        self._connections: set[TcpConnection] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Raises OSError when the port cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: TcpConnection(self), host, port, backlog=128)
        self.port = self._server.sockets[0].getsockname()[1]

    def admit(self, connection: TcpConnection) -> bool:
        if self._is_closed:
            return False
        unproven = sum(1 for each in self._connections if each.owner is None)
        if len(self._connections) >= MAX_CONNECTIONS or unproven >= MAX_UNPROVEN:
            self.stats.drop(DropReason.TCP_LIMIT)
            return False
        connection.opened_us = self.clock.monotonic_us()
        self._connections.add(connection)
        self.stats.tcp_connections += 1
        return True

    def forget(self, connection: TcpConnection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self.stats.tcp_connections -= 1
            self.intake.on_path_lost(connection)

    def tick(self, now_us: int) -> None:
        for connection in tuple(self._connections):
            connection.check_deadline(now_us)

    async def close(self) -> None:
        """Idempotent; waits until every connection is gone."""
        self._is_closed = True
        server, self._server = self._server, None
        for connection in tuple(self._connections):
            connection.release()
        if server is not None:
            server.close()
            await server.wait_closed()
