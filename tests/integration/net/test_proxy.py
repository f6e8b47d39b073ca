"""The relay without privileges: a loopback proxy with the same pipeline for UDP and TCP."""

from __future__ import annotations

import asyncio
from random import Random
from typing import cast

from bench.net import Impairment, UdpTcpRelay

GUARD_S = 20.0


class Echo(asyncio.DatagramProtocol):
    """Echoes, and remembers under which ports it saw its clients."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.ports.append(addr[1])
        assert self._transport is not None
        self._transport.sendto(data, addr)


class Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait(data)


async def test_udp_is_lost_by_seed_and_rebound_on_demand() -> None:
    loop = asyncio.get_running_loop()
    server, echo = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    target = server.get_extra_info("sockname")
    draws = Random("9:up:loss")
    survivors = [number for number in range(100) if draws.random() >= 0.2]
    async with UdpTcpRelay(("127.0.0.1", 0), target, up=Impairment(loss=0.2), seed=9, tcp=False) as relay:
        client, inbox = await loop.create_datagram_endpoint(Inbox, remote_addr=relay.address)
        for number in range(100):
            client.sendto(number.to_bytes(2))
        async with asyncio.timeout(GUARD_S):
            assert [int.from_bytes(await inbox.received.get()) for _ in survivors] == survivors
        relay.up.set(Impairment())
        relay.rebind_clients()
        client.sendto(b"again")
        async with asyncio.timeout(GUARD_S):
            assert await inbox.received.get() == b"again"
        client.close()
    server.close()
    await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop
    assert len(set(echo.ports)) == 2, "the server saw a second source port after the rebinding"


async def test_tcp_keeps_order_and_every_byte() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    bad = Impairment(delay_us=5_000, loss=0.02, duplicate=0.1, reorder=0.1)
    sent = Random(2).randbytes(200_000)
    async with (
        server,
        UdpTcpRelay(("127.0.0.1", 0), server.sockets[0].getsockname(), up=bad, down=bad, udp=False) as relay,
    ):
        reader, writer = await asyncio.open_connection(*relay.address)
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(GUARD_S):
            assert await reader.read(-1) == sent
        writer.close()
    assert relay.up.dropped["loss"] > 0  # type: ignore[index]  # a StrEnum key
