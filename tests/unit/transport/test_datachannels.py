"""Two ends of an association in memory: messages, bounds, and a peer that does not keep to the rules."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

import pytest
from google_crc32c import value as crc32c

from server.sfu.transport.datachannels import (
    LOSSY_BUFFER_BYTES,
    MAX_CHANNELS,
    MAX_FRAGMENTS,
    MAX_MESSAGE_BYTES,
    RELIABLE_BUFFER_BYTES,
    DataChannels,
    run_to_end,
)
from server.sfu.transport.guard import PARSER_FAILURES
from server.sfu.transport.stats import DropReason, EndpointStats
from tests.fakes.packet_peer import until


class End:
    """One side; what it sends waits in `outgoing` until it is carried over."""

    def __init__(self, *, is_server: bool) -> None:
        self.stats = EndpointStats()
        self.outgoing: list[bytes] = []
        self.messages: list[tuple[str, bytes]] = []
        self.opened: list[str] = []
        self.low: list[str] = []
        self.channels = DataChannels(
            is_server=is_server, send=self.outgoing.append, listener=lambda: self, stats=self.stats
        )

    def on_message(self, label: str, payload: bytes) -> None:
        self.messages.append((label, payload))

    def on_channel_open(self, label: str) -> None:
        self.opened.append(label)

    def on_channel_low(self, label: str) -> None:
        self.low.append(label)

    def receive(self, packet: bytes) -> None:
        try:
            self.channels.receive(packet)
        except PARSER_FAILURES:
            self.stats.drop(DropReason.PARSER)
        self.channels.deliver()


class Pair:
    def __init__(self, loses: Callable[[int], bool] = lambda index: False) -> None:
        self.left = End(is_server=True)
        self.right = End(is_server=False)
        self._loses = loses
        self._count = 0

    async def carry(self, condition: Callable[[], object]) -> None:
        def step() -> bool:
            for source, target in ((self.left, self.right), (self.right, self.left)):
                packets, source.outgoing[:] = source.outgoing[:], []
                for packet in packets:
                    self._count += 1
                    if not self._loses(self._count):
                        target.receive(packet)
            return bool(condition())

        await until(step)

    async def connect(self) -> None:
        self.right.channels.open("_reliable", ordered=True, max_retransmits=None)
        self.right.channels.open("_lossy", ordered=False, max_retransmits=0)
        await self.carry(lambda: len(self.left.opened) == len(self.right.opened) == 2)

    def close(self) -> None:
        self.left.channels.close()
        self.right.channels.close()


@pytest.fixture
async def pair() -> Pair:
    return Pair()


async def test_the_largest_message_both_ways(pair: Pair) -> None:
    await pair.connect()
    large = bytes(range(256)) * 256
    assert len(large) == MAX_MESSAGE_BYTES
    assert pair.left.channels.send("_reliable", large)
    assert pair.right.channels.send("_reliable", large)
    await pair.carry(lambda: pair.left.messages and pair.right.messages)
    assert pair.left.messages == pair.right.messages == [("_reliable", large)]
    assert pair.left.channels.send("_reliable", b"")
    await pair.carry(lambda: len(pair.right.messages) == 2)
    assert pair.right.messages[1] == ("_reliable", b"")
    pair.close()


async def test_a_message_longer_than_we_announced_is_not_delivered(pair: Pair) -> None:
    await pair.connect()
    assert pair.right.channels.send("_reliable", bytes(MAX_MESSAGE_BYTES + 1))
    assert pair.right.channels.send("_reliable", b"next")
    await pair.carry(lambda: pair.left.messages)
    assert pair.left.messages == [("_reliable", b"next")]
    assert pair.left.stats.drops[DropReason.CHANNEL_LIMIT] == 1
    pair.close()


async def test_a_full_buffer_refuses_and_says_when_it_is_low(pair: Pair) -> None:
    await pair.connect()
    accepted = 0
    while pair.left.channels.send("_reliable", bytes(60_000)):
        accepted += 1
    assert accepted == RELIABLE_BUFFER_BYTES // 60_000
    assert pair.left.channels.buffered_bytes("_reliable") <= RELIABLE_BUFFER_BYTES
    assert not pair.left.channels.send("_reliable", bytes(60_000))
    lossy = 0
    while pair.left.channels.send("_lossy", bytes(10_000)):
        lossy += 1
    assert lossy == LOSSY_BUFFER_BYTES // 10_000
    await pair.carry(lambda: "_reliable" in pair.left.low)
    assert pair.left.channels.send("_reliable", b"again")
    await pair.carry(lambda: ("_reliable", b"again") in pair.right.messages)
    assert len([1 for label, _ in pair.right.messages if label == "_reliable"]) == accepted + 1
    pair.close()


async def test_reliable_messages_survive_losses_in_order() -> None:
    pair = Pair(lambda index: index > 20 and index % 7 == 0)
    await pair.connect()
    sent = [bytes([number]) * 3000 for number in range(20)]
    for payload in sent:
        assert pair.left.channels.send("_reliable", payload)
    await pair.carry(lambda: len(pair.right.messages) == 20)
    assert [payload for _, payload in pair.right.messages] == sent
    pair.close()


async def test_a_peer_without_a_data_section_at_first(pair: Pair) -> None:
    pair.left.outgoing.clear()
    pair.left.channels._sctp._set_state(pair.left.channels._sctp.State.CLOSED)  # as after all its repeats were in vain
    await pair.connect()
    assert pair.left.channels.send("_reliable", b"late")
    await pair.carry(lambda: pair.right.messages)
    pair.close()


async def test_after_close_nothing_runs_and_nothing_is_sent(pair: Pair) -> None:
    await pair.connect()
    pair.left.channels.close()
    pair.left.channels.close()
    pair.right.channels.close()
    pair.left.outgoing.clear()
    assert not pair.left.channels.send("_reliable", b"x")
    pair.left.channels.open("other", ordered=True, max_retransmits=None)
    await asyncio.sleep(0)
    assert pair.left.outgoing == []
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class Hostile:
    """Writes its own chunks into a living association, with the right tag and checksum."""

    def __init__(self, pair: Pair) -> None:
        self._target = pair.left
        sctp = pair.left.channels._sctp
        self.sctp = sctp
        self.tag = sctp._local_verification_tag
        assert sctp._last_received_tsn is not None
        self.tsn: int = sctp._last_received_tsn

    def send(self, kind: int, body: bytes, flags: int = 0) -> None:
        size = 4 + len(body)
        data = struct.pack("!HHLL", 5000, 5000, self.tag, 0)
        data += struct.pack("!BBH", kind, flags, size) + body + bytes(-size % 4)
        self._target.receive(data[:8] + struct.pack("<L", crc32c(data)) + data[12:])

    def data(self, ahead: int, *, stream: int = 0, flags: int = 2, payload: bytes = b"x") -> None:
        self.send(0, struct.pack("!LHHL", (self.tsn + ahead) % 2**32, stream, 0, 53) + payload, flags)


async def test_fragments_without_end_are_bounded(pair: Pair) -> None:
    await pair.connect()
    hostile = Hostile(pair)
    hostile.data(1, stream=2, flags=2)
    for ahead in range(2, MAX_FRAGMENTS + 500):
        hostile.data(ahead, stream=2, flags=0)
    streams = hostile.sctp._inbound_streams
    assert sum(len(stream.reassembly) for stream in streams.values()) <= MAX_FRAGMENTS
    assert pair.left.stats.drops[DropReason.SCTP_LIMIT] > 0
    pair.close()


async def test_streams_and_gaps_are_bounded(pair: Pair) -> None:
    await pair.connect()
    hostile = Hostile(pair)
    for number in range(200):
        hostile.data(3 + number, stream=100 + number)
        hostile.send(192, struct.pack("!L", hostile.tsn) + struct.pack("!HH", 1000 + number, 1))
    assert len(hostile.sctp._inbound_streams) <= MAX_CHANNELS
    hostile.data(2**31 - 1)
    hostile.data(MAX_FRAGMENTS + 1)
    assert len(hostile.sctp._sack_misordered) <= MAX_CHANNELS
    pair.close()


async def test_channels_are_bounded(pair: Pair) -> None:
    await pair.connect()
    for number in range(3 * MAX_CHANNELS):
        pair.right.channels.open(f"channel {number}", ordered=True, max_retransmits=None)
    hostile = Hostile(pair)
    for _ in range(50):
        await pair.carry(lambda: True)
        await asyncio.sleep(0)
    assert len(pair.left.opened) <= MAX_CHANNELS
    assert len(hostile.sctp._inbound_streams) <= MAX_CHANNELS
    pair.close()


async def test_a_late_init_does_not_reset_a_living_association(pair: Pair) -> None:
    await pair.connect()
    assert pair.right.channels.send("_reliable", b"before")
    await pair.carry(lambda: pair.left.messages)
    hostile = Hostile(pair)
    tag, hostile.tag = hostile.tag, 0
    hostile.send(1, struct.pack("!LLHHL", 77, 1 << 20, 10, 10, 1))
    assert hostile.sctp._local_verification_tag == tag
    assert pair.right.channels.send("_reliable", b"after")
    await pair.carry(lambda: len(pair.left.messages) == 2)
    pair.close()


async def test_odd_channel_messages_are_counted_not_raised(pair: Pair) -> None:
    await pair.connect()
    hostile = Hostile(pair)
    dcep = struct.pack("!BBHLHH", 3, 0, 0, 0, 4, 0)
    hostile.send(0, struct.pack("!LHHL", hostile.tsn + 1, 9, 0, 50) + dcep + b"\xff\xfe\xfd\xfc", 3)
    hostile.send(0, struct.pack("!LHHL", hostile.tsn + 2, 0, 9, 50) + b"\x02", 7)
    hostile.send(0, struct.pack("!LHHL", hostile.tsn + 3, 0, 9, 51) + b"\xff", 7)
    assert pair.left.stats.drops[DropReason.PARSER] >= 1
    pair.close()


def test_a_coroutine_that_waits_is_an_error() -> None:
    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError):
        run_to_end(waits())
