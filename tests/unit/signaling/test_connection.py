"""One WebSocket: everything queued goes out in order, a client that does not read is given up, floods are dropped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import WSCloseCode, WSMsgType
from livekit.protocol.rtc import SignalRequest

from server.signaling.connection import MAX_BAD_MESSAGES, MAX_QUEUED_MESSAGES, RATE_BURST, Connection, ConnectionStats
from tests.fakes.clock import FakeClock


@dataclass(frozen=True, slots=True)
class Message:
    type: WSMsgType
    data: object = None


class FakeSocket:
    """What `Connection` uses of a `WebSocketResponse`."""

    def __init__(self, *incoming: Message, reads: bool = True) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        for message in incoming:
            self.incoming.put_nowait(message)
        self.sent: list[bytes] = []
        self.closed = False
        self.code: int | None = None
        self._may_write = asyncio.Event()
        if reads:
            self._may_write.set()

    async def receive(self, timeout: float) -> Message:
        return await self.incoming.get()

    async def send_bytes(self, data: bytes) -> None:
        await self._may_write.wait()
        self.sent.append(data)

    async def close(self, *, code: int) -> None:
        if not self.closed:
            self.closed = True
            self.code = code
            self.incoming.put_nowait(Message(WSMsgType.CLOSED))


def connect(socket: FakeSocket) -> tuple[Connection, ConnectionStats]:
    stats = ConnectionStats()
    return Connection(socket, FakeClock(), stats), stats  # type: ignore[arg-type]  # a fake of what it uses


def ping() -> Message:
    return Message(WSMsgType.BINARY, SignalRequest(ping=1).SerializeToString())


async def test_what_was_queued_before_closing_still_goes_out_in_order() -> None:
    socket = FakeSocket()
    connection, _ = connect(socket)
    for number in range(5):
        connection.send(b"%d" % number)
    connection.close(WSCloseCode.GOING_AWAY)
    connection.send(b"too late")
    await connection.run(lambda request: None)
    assert socket.sent == [b"0", b"1", b"2", b"3", b"4"]
    assert socket.code == WSCloseCode.GOING_AWAY


async def test_a_client_that_does_not_read_is_given_up() -> None:
    socket = FakeSocket(reads=False)
    connection, stats = connect(socket)
    for _ in range(MAX_QUEUED_MESSAGES + 5):
        connection.send(b"x")
    assert connection.is_closing
    assert stats.overflowed == 1
    await connection.run(lambda request: None)
    assert socket.code == WSCloseCode.TRY_AGAIN_LATER


async def test_messages_are_handled_in_order_and_a_flood_is_dropped() -> None:
    extra = 20
    socket = FakeSocket(*[ping() for _ in range(RATE_BURST + extra)], Message(WSMsgType.CLOSED))
    connection, stats = connect(socket)
    handled: list[int] = []
    await connection.run(lambda request: handled.append(request.ping))
    assert len(handled) == stats.received == RATE_BURST
    assert stats.rate_limited == extra


async def test_malformed_messages_are_counted_and_too_many_end_it() -> None:
    junk = Message(WSMsgType.BINARY, b"\xff\xff\xff")
    socket = FakeSocket(*[junk] * MAX_BAD_MESSAGES, ping(), Message(WSMsgType.CLOSED))
    connection, stats = connect(socket)
    handled: list[SignalRequest] = []
    await connection.run(handled.append)
    assert (stats.malformed, len(handled)) == (MAX_BAD_MESSAGES, 1)
    socket = FakeSocket(*[junk] * (MAX_BAD_MESSAGES + 1))
    connection, _ = connect(socket)
    await connection.run(handled.append)
    assert socket.code == WSCloseCode.INVALID_TEXT


async def test_text_is_refused() -> None:
    socket = FakeSocket(Message(WSMsgType.TEXT, "{}"))
    connection, _ = connect(socket)
    await connection.run(lambda request: None)
    assert socket.code == WSCloseCode.UNSUPPORTED_DATA
