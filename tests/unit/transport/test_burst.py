"""How packets become runs, and that what was sent is what was written."""

from __future__ import annotations

import os
from struct import unpack_from

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sfu.layout import MAX_RUN_BYTES, MAX_SEGMENTS
from server.sfu.packet import Packet
from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.rtp import payload_bounds
from server.sfu.transport.burst import SrtpBurstWriter
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.scratch import Scratch
from server.sfu.transport.srtp import SRTP_PROFILES, SrtpReceiver, SrtpSender, pointer_to
from server.sfu.transport.stats import DropReason, EndpointStats
from tests.fakes.bursts import SOURCE, layout_of
from tests.fakes.packet_peer import rtp_packet

TAG = 16


def without_padding(packet: bytes) -> bytes:
    bounds = payload_bounds(packet)
    assert bounds is not None
    return bytes((packet[0] & ~0x20,)) + packet[1 : bounds[1]]


class FakePath:
    kind = "udp"
    remote = ("192.0.2.1", 1)

    def __init__(self) -> None:
        self.owner: PeerTransport | None = None
        self.heard_us = 0
        self.runs: list[tuple[bytes, int]] = []

    def bind(self, owner: PeerTransport) -> None:
        return

    def release(self) -> None:
        return

    def send(self, data: bytes | memoryview) -> bool:
        self.runs.append((bytes(data), len(data)))
        return True

    def send_run(self, run: memoryview, size: int) -> None:
        self.runs.append((bytes(run), size))


class Bench:
    def __init__(self, scratch: Scratch | None = None) -> None:
        self.stats = EndpointStats()
        self.path = FakePath()
        self.writer = SrtpBurstWriter(self.stats, scratch or Scratch())
        key = os.urandom(28)
        self.writer.use(SrtpSender(SRTP_PROFILES[0], key))
        self.writer.path = self.path
        self._receiver = SrtpReceiver(SRTP_PROFILES[0], key, self.stats)

    def write(self, packet: bytes) -> bool:
        offset = self.writer.offset
        self.writer.buffer[offset : offset + len(packet)] = packet
        return self.writer.commit(len(packet))

    def send_at_once(self, packets: list[bytes]) -> int:
        """What `PacketWriter.send_burst` does, with packets that are ready."""
        made = [Packet(SOURCE, 0, unpack_from("!I", packet, 4)[0], 0, packet[12:], 0) for packet in packets]
        layout = layout_of(made, self.writer.trailer_bytes)
        sequence, _, ssrc = unpack_from("!HII", packets[0], 2)
        layout.write(self.writer.scratch, 0, sequence, 0, ssrc, b"")
        return self.writer.send_burst(layout)

    def arrived(self) -> list[bytes]:
        packets = []
        for run, size in self.path.runs:
            for start in range(0, len(run), size):
                buffer = bytearray(run[start : start + size])
                packet = self._receiver.unprotect(memoryview(buffer), pointer_to(buffer), 0, len(buffer), 0)
                assert packet is not None
                packets.append(packet)
        return packets


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [
        ([100], [[100]]),
        ([100, 100, 100], [[100, 100, 100]]),
        ([100, 100, 60], [[100, 100, 60]]),
        ([100, 100, 60, 60], [[100, 100, 60], [60]]),
        ([100, 101, 101, 100, 100], [[100], [101, 101, 100], [100]]),
        ([60, 100], [[60], [100]]),
        ([100, 60, 60, 100], [[100, 60], [60], [100]]),
    ],
)
def test_runs_of_equal_sizes_whose_last_may_be_shorter(sizes: list[int], runs: list[list[int]]) -> None:
    bench = Bench()
    packets = [rtp_packet(number, payload=bytes(size)) for number, size in enumerate(sizes)]
    assert all(bench.write(packet) for packet in packets)
    assert bench.path.runs == [], "nothing leaves before the flush"
    bench.writer.flush()
    assert bench.arrived() == packets
    found = [[min(size, len(run) - at) - 12 - TAG for at in range(0, len(run), size)] for run, size in bench.path.runs]
    assert found == runs


@given(st.lists(st.integers(0, MAX_PACKET_BYTES - 12), min_size=1, max_size=MAX_SEGMENTS))
@settings(max_examples=60, deadline=None)
def test_a_burst_at_once_is_the_same_as_packet_by_packet(sizes: list[int]) -> None:
    one_by_one, at_once = Bench(), Bench()
    packets = [rtp_packet(65_530 + number & 0xFFFF, payload=os.urandom(size)) for number, size in enumerate(sizes)]
    for packet in packets:
        assert one_by_one.write(packet)
    one_by_one.writer.flush()
    assert at_once.send_at_once(packets) == len(packets)
    assert one_by_one.arrived() == packets
    assert [without_padding(packet) for packet in at_once.arrived()] == packets
    for run, size in at_once.path.runs:
        assert len(run) <= min(MAX_RUN_BYTES, MAX_SEGMENTS * size)


def test_a_frame_cut_into_nearly_equal_packets_is_one_run() -> None:
    bench = Bench()
    packets = [rtp_packet(number, payload=b"p" * size) for number, size in enumerate((600, 601, 601, 603, 90))]
    assert bench.send_at_once(packets) == 5
    assert [(len(run), size) for run, size in bench.path.runs] == [(4 * (615 + TAG) + 102 + TAG, 615 + TAG)]
    found = bench.arrived()
    assert [packet[-1] for packet in found if packet[0] & 0x20] == [3, 2, 2]
    assert [without_padding(packet) for packet in found] == packets


def test_subscribers_share_a_layout_and_each_gets_its_own_packets() -> None:
    scratch, stats = Scratch(), EndpointStats()
    made = [Packet(SOURCE, number, 3000, 0, bytes([number]) * (40 + 9 * number), 0) for number in range(3)]
    layout = layout_of(made, TAG)
    for ssrc in (1, 2):
        bench = Bench(scratch)
        layout.write(scratch.buffer, 0, ssrc, 0, ssrc, b"")
        assert bench.writer.send_burst(layout) == 3
        found = [unpack_from("!BBHII", packet) for packet in bench.arrived()]
        assert found == [(0x80, 96, ssrc + number, 3000, ssrc) for number in range(3)]
    assert not stats.drops[DropReason.OUT_PROTECT]


def test_one_packet_at_once() -> None:
    bench = Bench()
    packet = rtp_packet(7, payload=b"voice")
    assert bench.send_at_once([packet]) == 1
    assert bench.arrived() == [packet]
    assert bench.send_at_once([packet]) == 0, "one index is never protected twice"
    assert bench.send_at_once([packet, packet]) == 0
    assert len(bench.path.runs) == 1, "nothing else went out"
    assert bench.stats.drops[DropReason.OUT_PROTECT] == 3
    bench.writer.use(None)
    assert bench.send_at_once([packet]) == 0
    assert bench.stats.drops[DropReason.OUT_NOT_CONNECTED] == 1


def test_what_was_written_before_goes_out_before() -> None:
    bench = Bench()
    packets = [rtp_packet(number, payload=bytes(20 + 9 * number)) for number in range(5)]
    assert bench.write(packets[0])
    assert bench.write(packets[1])
    assert bench.send_at_once(packets[2:4]) == 2
    assert bench.write(packets[4])
    last = rtp_packet(5, payload=b"")
    assert bench.send_at_once([last]) == 1
    assert bench.arrived() == [*packets, last]


@given(st.lists(st.integers(0, MAX_PACKET_BYTES - 12), min_size=1, max_size=150))
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_or_out_of_order(sizes: list[int]) -> None:
    bench = Bench()
    packets = [rtp_packet(number, payload=os.urandom(size)) for number, size in enumerate(sizes)]
    assert all(bench.write(packet) for packet in packets)
    bench.writer.flush()
    bench.writer.flush()
    assert bench.arrived() == packets
    for run, size in bench.path.runs:
        assert len(run) <= max(MAX_RUN_BYTES, size)
        assert len(run) <= MAX_SEGMENTS * size


def test_a_run_is_cut_at_what_the_kernel_takes() -> None:
    bench = Bench()
    for number in range(63):
        bench.write(rtp_packet(number, payload=bytes(1172)))
    bench.writer.flush()
    assert [len(run) // size for run, size in bench.path.runs] == [54, 9]
    bench.path.runs.clear()
    for number in range(63, 63 + 150):
        bench.write(rtp_packet(number, payload=bytes(20)))
    bench.writer.flush()
    assert [len(run) // size for run, size in bench.path.runs] == [64, 64, 22]


def test_what_cannot_be_sent_is_counted() -> None:
    bench = Bench()
    assert not bench.writer.commit(11)
    assert not bench.writer.commit(MAX_PACKET_BYTES + 1)
    assert bench.write(rtp_packet(5))
    assert not bench.write(rtp_packet(5)), "one index is never protected twice"
    assert bench.stats.drops[DropReason.OUT_PROTECT] == 3
    bench.writer.path = None
    assert not bench.write(rtp_packet(6))
    assert bench.stats.drops[DropReason.OUT_NOT_CONNECTED] == 1
    bench.writer.flush()
    assert bench.writer.offset == 0
    bench.writer.path = bench.path
    bench.writer.use(None)
    assert not bench.write(rtp_packet(7))
    assert bench.path.runs == []
