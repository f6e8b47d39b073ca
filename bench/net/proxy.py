"""The same pipeline without privileges: a UDP and TCP proxy on loopback for machines without namespaces.

What it cannot do: a lost piece of a TCP stream is not resent by a kernel here, so TCP loss becomes
a stall of one retransmission timeout with the order kept; and an ICE client must be told the
proxy's address, not the server's (README.md says how).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace

from bench.net.impairment import Impairment
from bench.net.pipeline import Pipeline

Address = tuple[str, int]

# Why 200 ms: Linux's least retransmission timeout, what one lost segment costs a quiet connection at worst.
TCP_STALL_US = 200_000
# Why: pieces like segments, so that rate and delay act on something as fine as packets.
TCP_PIECE_BYTES = 1460
_SOCKET_BUFFER = 4 * 1024 * 1024
# Why: a scanner of ports must not make the proxy hold a socket for each.
MAX_CLIENTS = 1000
# Why: 1.4 MB in flight per direction of a connection; beyond it the reader waits, as TCP's own window does.
MAX_PIECES = 1000
_NO_BOUND = 1 << 40


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _now_us() -> int:
    return time.monotonic_ns() // 1000


class _Way:
    """A pipeline with the timer that empties it. What travels is a call that delivers."""

    def __init__(self, impairment: Impairment, seed: int, name: str) -> None:
        self.pipeline: Pipeline[Callable[[], None]] = Pipeline(impairment, seed=seed, name=name)
        self._timer: asyncio.TimerHandle | None = None

    def offer(self, deliver: Callable[[], None], size: int, *, is_udp: bool) -> None:
        now_us = _now_us()
        if self.pipeline.offer(deliver, size, now_us, is_udp=is_udp):
            self._empty()

    def _empty(self) -> None:
        for deliver in self.pipeline.due(_now_us()):
            deliver()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_us = self.pipeline.next_due_us()
        if due_us is not None:
            wait = max(0, due_us - _now_us()) / 1_000_000
            self._timer = asyncio.get_running_loop().call_later(wait, self._empty)

    def passage(self, size: int) -> asyncio.Future[None]:
        """Done when a piece of a stream may go on. Lost pieces try again after a retransmission timeout."""
        loop = asyncio.get_running_loop()
        passed: asyncio.Future[None] = loop.create_future()

        def attempt() -> None:
            before = self.pipeline.impairment
            self.pipeline.set(replace(before, duplicate=0.0, reorder=0.0, queue_bytes=_NO_BOUND))
            is_taken = self.pipeline.offer(lambda: _settle(passed), size, _now_us())
            self.pipeline.set(before)
            if is_taken:
                self._empty()
            else:
                loop.call_later(TCP_STALL_US / 1_000_000, attempt)

        attempt()
        return passed

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _UdpIn(asyncio.DatagramProtocol):
    """Where clients send to."""

    def __init__(self, relay: UdpTcpRelay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.from_client(data, addr)


class _UdpOut(asyncio.DatagramProtocol):
    """One client's socket towards the server: its port is what the server knows the client by."""

    def __init__(self, relay: UdpTcpRelay, client: Address) -> None:
        self._relay = relay
        self._client = client

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.from_server(data, self._client)


class UdpTcpRelay:
    """Listens on `listen` (UDP, and TCP if `tcp`) and passes on to `target`. Use ``async with``.

    `up` and `down` may be changed at any time through `up.set(...)`, `down.blackout(...)`.
    """

    def __init__(
        self,
        listen: Address,
        target: Address,
        *,
        up: Impairment | None = None,
        down: Impairment | None = None,
        seed: int = 1,
        udp: bool = True,
        tcp: bool = True,
    ) -> None:
        self._listen, self._target = listen, target
        self._ways = (_Way(up or Impairment(), seed, "up"), _Way(down or Impairment(), seed, "down"))
        self._udp, self._tcp = udp, tcp
        self._in: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._out: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = listen

    @property
    def up(self) -> Pipeline[Callable[[], None]]:
        return self._ways[0].pipeline

    @property
    def down(self) -> Pipeline[Callable[[], None]]:
        return self._ways[1].pipeline

    async def __aenter__(self) -> UdpTcpRelay:
        loop = asyncio.get_running_loop()
        if self._udp:
            self._in, _ = await loop.create_datagram_endpoint(lambda: _UdpIn(self), sock=_udp_socket(self._listen))
            self.address = self._in.get_extra_info("sockname")
        if self._tcp:
            self._server = await asyncio.start_server(self._serve, *self.address)
            self.address = self._server.sockets[0].getsockname()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Idempotent."""
        for way in self._ways:
            way.close()
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for transport in [self._in, *self._out.values()]:
            if transport is not None:
                transport.close()
        self._out.clear()

    def rebind_clients(self) -> None:
        """The server sees every UDP client from another port from now on, as after a NAT rebinding."""
        for transport in self._out.values():
            transport.close()
        self._out.clear()

    def from_client(self, data: bytes, client: Address) -> None:
        self._ways[0].offer(lambda: self._to_server(data, client), len(data), is_udp=True)

    def from_server(self, data: bytes, client: Address) -> None:
        self._ways[1].offer(lambda: self._to_client(data, client), len(data), is_udp=True)

    def _to_client(self, data: bytes, client: Address) -> None:
        if self._in is not None and not self._in.is_closing():
            self._in.sendto(data, client)

    def _to_server(self, data: bytes, client: Address) -> None:
        out = self._out.get(client)
        if out is not None:
            out.sendto(data, self._target)
        elif client in self._opening:
            self._opening[client].append(data)
        elif len(self._out) < MAX_CLIENTS:
            self._opening[client] = [data]
            task = asyncio.create_task(self._open(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self, client: Address) -> None:
        loop = asyncio.get_running_loop()
        sock = _udp_socket((self._listen[0], 0))
        transport, _ = await loop.create_datagram_endpoint(lambda: _UdpOut(self, client), sock=sock)
        self._out[client] = transport
        for data in self._opening.pop(client):
            transport.sendto(data, self._target)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(
                self._stream(reader, far_writer, self._ways[0]), self._stream(far_reader, writer, self._ways[1])
            )
        finally:
            writer.close()
            far_writer.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: _Way) -> None:
        """One direction of one connection: pieces keep their order, a lost one stalls those behind it."""
        in_flight: asyncio.Queue[tuple[asyncio.Future[None], bytes]] = asyncio.Queue(MAX_PIECES)
        writing = asyncio.create_task(self._write(in_flight, writer))
        try:
            while piece := await reader.read(TCP_PIECE_BYTES):
                await in_flight.put((way.passage(len(piece)), piece))
        except ConnectionError:
            pass
        finally:
            end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            end.set_result(None)
            await in_flight.put((end, b""))
            await writing

    async def _write(
        self, pieces: asyncio.Queue[tuple[asyncio.Future[None], bytes]], writer: asyncio.StreamWriter
    ) -> None:
        while True:
            passed, piece = await pieces.get()
            await passed
            try:
                if not piece:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(piece)
                await writer.drain()
            except (ConnectionError, RuntimeError):
                if not piece:
                    return


def _udp_socket(address: Address) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BUFFER)
    sock.bind(address)
    return sock
