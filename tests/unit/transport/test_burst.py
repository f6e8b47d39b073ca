"""How packets become runs, and that what was sent is what was written."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sfu.ports import MAX_PACKET_BYTES
from server.sfu.transport.burst import MAX_RUN_BYTES, MAX_SEGMENTS, SrtpBurstWriter
from server.sfu.transport.peer_transport import PeerTransport
from server.sfu.transport.srtp import SRTP_PROFILES, SrtpReceiver, SrtpSender, pointer_to
from server.sfu.transport.stats import DropReason, EndpointStats
from tests.fakes.packet_peer import rtp_packet

TAG = 16


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

    def send(self, data: bytes) -> bool:
        return True

    def send_run(self, run: memoryview, size: int) -> None:
        self.runs.append((bytes(run), size))


class Bench:
    def __init__(self) -> None:
        self.stats = EndpointStats()
        self.path = FakePath()
        self.writer = SrtpBurstWriter(self.stats)
        key = os.urandom(28)
        self.writer.use(SrtpSender(SRTP_PROFILES[0], key))
        self.writer.path = self.path
        self._receiver = SrtpReceiver(SRTP_PROFILES[0], key, self.stats)

    def write(self, packet: bytes) -> bool:
        offset = self.writer.offset
        self.writer.buffer[offset : offset + len(packet)] = packet
        return self.writer.commit(len(packet))

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
