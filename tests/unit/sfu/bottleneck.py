"""A subscriber behind a link with a rate and a bounded queue, answering with REMB and reports, in virtual time.

The receiver's estimator is aiortc's, a port of the one that browsers use.
"""

from __future__ import annotations

from collections import deque

from aiortc.rate import RemoteBitrateEstimator

from server.sfu import rtcp, rtcp_writer
from tests.unit.sfu.media_lab import Client, Lab, take_apart

_ABS_SEND_TIME = 3
_SENDER_REPORT = 200
_RTCP_TYPES = range(192, 224)
_OVERHEAD_BYTES = 60  # IP, UDP, SRTP tag, as a link sees them


class Bottleneck:
    """`run` after each step of the lab: lets through what the rate allows and reports back as a browser does."""

    def __init__(self, lab: Lab, client: Client, *, rate_bps: int, max_queue_ms: int = 300) -> None:
        self.lab = lab
        self.client = client
        self.rate_bps = rate_bps
        self.max_queue_ms = max_queue_ms
        self.estimator = RemoteBitrateEstimator()
        self.queue: deque[tuple[float, bytes]] = deque()
        self.free_at_us = 0.0
        self.delivered: list[tuple[int, bytes]] = []
        self.lost = 0
        self.remb_bps = 0
        self._taken = self._reports_taken = 0
        self._sender_reports: dict[int, tuple[int, int]] = {}
        self._reported_us = 0
        self._received: dict[int, int] = {}
        self._highest: dict[int, int] = {}
        self._before: dict[int, tuple[int, int]] = {}
        self._base: dict[int, tuple[int, int, int]] = {}

    def run(self) -> None:
        now_us = self.lab.clock.monotonic_us()
        packets = self.client.transport.writer.packets
        for packet in packets[self._taken :]:
            self._enqueue(packet, now_us)
        self._taken = len(packets)
        reports = self.client.transport.rtcp
        for packet in reports[self._reports_taken :]:
            self._enqueue(packet, now_us)
        self._reports_taken = len(reports)
        while self.queue and self.queue[0][0] <= now_us:
            arrived_us, packet = self.queue.popleft()
            self._deliver(packet, int(arrived_us))
        if now_us - self._reported_us >= 1_000_000:
            self._reported_us = now_us
            self._report()

    def _enqueue(self, packet: bytes, now_us: int) -> None:
        start = max(self.free_at_us, float(now_us))
        if start - now_us > self.max_queue_ms * 1000:
            self.lost += 1
            return
        self.free_at_us = start + (len(packet) + _OVERHEAD_BYTES) * 8e6 / self.rate_bps
        self.queue.append((self.free_at_us, packet))

    def _deliver(self, packet: bytes, arrived_us: int) -> None:
        if packet[1] == _SENDER_REPORT:
            for block in rtcp.parse(packet).blocks:
                if isinstance(block, rtcp.SenderReport):
                    self._sender_reports[block.ssrc] = (block.ntp >> 16 & 0xFFFFFFFF, arrived_us)
            return
        if packet[1] in _RTCP_TYPES:
            return
        self.delivered.append((arrived_us, packet))
        out = take_apart(packet)
        self._received[out.ssrc] = self._received.get(out.ssrc, 0) + 1
        self._highest[out.ssrc] = out.sequence
        self._base.setdefault(out.ssrc, (out.sequence, 0, out.sequence))
        sent = int.from_bytes(out.extensions[_ABS_SEND_TIME], "big")
        estimate = self.estimator.add(
            abs_send_time=sent, arrival_time_ms=arrived_us // 1000, payload_size=len(packet), ssrc=out.ssrc
        )
        if estimate is not None:
            self.remb_bps = int(estimate[0])
            self.client.rtcp(rtcp_writer.receiver_report(9) + rtcp_writer.remb(9, self.remb_bps, [out.ssrc]))

    def _report(self) -> None:
        blocks = []
        for ssrc, received in self._received.items():
            first, cycles, last = self._base[ssrc]
            expected_before, lost_before = self._before.get(ssrc, (0, 0))
            highest = self._highest[ssrc]
            if highest < last:
                cycles += 1
            self._base[ssrc] = (first, cycles, highest)
            extended = cycles << 16 | highest
            lost = extended - first + 1 - received
            expected = extended - first + 1
            self._before[ssrc] = (expected, lost)
            news = expected - expected_before
            fraction = max(0, min(255, (lost - lost_before) * 256 // news)) if news else 0
            last_sr, at_us = self._sender_reports.get(ssrc, (0, 0))
            delay = (self._reported_us - at_us) * 65536 // 1_000_000 if last_sr else 0
            blocks.append(rtcp.ReportBlock(ssrc, fraction, lost, extended, 0, last_sr, delay))
        if blocks:
            self.client.rtcp(rtcp_writer.receiver_report(9, blocks))
