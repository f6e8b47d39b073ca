"""A lossy, slow UDP path in front of one server address: needs no privileges, seeded, the same on every machine."""

from __future__ import annotations

import asyncio
import random
from typing import Any, cast

Address = tuple[str, int]


class _Upstream(asyncio.DatagramProtocol):
    """One client's way to the server: the server sees one address per client, as behind a NAT."""

    def __init__(self, relay: UdpRelay, client: Address) -> None:
        self._relay, self._client = relay, client
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Why a cast: asyncio's own datagram transport is no subclass of its base in Python 3.11.
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.towards_client(data, self._client)

    def error_received(self, exc: Exception) -> None:
        """A closed port on the other side: to a datagram path that is only loss."""


class UdpRelay(asyncio.DatagramProtocol):
    """Forwards both ways with a share of loss and a fixed one-way delay."""

    def __init__(self, server: Address, *, loss: float, delay_ms: float, seed: int) -> None:
        self._server, self._delay_s = server, delay_ms / 1000
        # May change while packets flow: a path gets worse, and better.
        self.loss_to_server = self.loss_to_client = loss
        self._random = random.Random(seed)
        self._upstreams: dict[Address, asyncio.Task[_Upstream]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._is_closed = False
        self.forwarded = 0
        self.dropped = 0

    async def open(self) -> Address:
        """Listens on a free loopback port and returns it."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        host, port = transport.get_extra_info("sockname")[:2]
        return host, port

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._is_lost(self.loss_to_server):
            return
        loop = asyncio.get_running_loop()
        if addr not in self._upstreams:
            self._upstreams[addr] = loop.create_task(self._connect(addr))
        loop.call_later(self._delay_s, self._towards_server, data, addr)

    def error_received(self, exc: Exception) -> None:
        """As for an upstream: loss."""

    async def _connect(self, client: Address) -> _Upstream:
        upstream = _Upstream(self, client)
        loop = asyncio.get_running_loop()
        # Why not connected: a server on several addresses may answer from another one than it was asked at.
        await loop.create_datagram_endpoint(lambda: upstream, local_addr=("0.0.0.0", 0))
        return upstream

    def _towards_server(self, data: bytes, client: Address) -> None:
        task = self._upstreams[client]
        if self._is_closed or not task.done():
            return
        transport = task.result().transport
        if transport is not None and not transport.is_closing():
            transport.sendto(data, self._server)

    def towards_client(self, data: bytes, client: Address) -> None:
        if not self._is_lost(self.loss_to_client):
            asyncio.get_running_loop().call_later(self._delay_s, self._send_to_client, data, client)

    def _send_to_client(self, data: bytes, client: Address) -> None:
        if not self._is_closed and self._transport is not None:
            self._transport.sendto(data, client)

    def _is_lost(self, loss: float) -> bool:
        if self._random.random() < loss:
            self.dropped += 1
            return True
        self.forwarded += 1
        return False

    async def close(self) -> None:
        self._is_closed = True
        for task in self._upstreams.values():
            upstream = await task
            if upstream.transport is not None:
                upstream.transport.close()
        if self._transport is not None:
            self._transport.close()
