"""What one incoming source loses and how unevenly it arrives, for receiver reports (RFC 3550 §6.4.1, §A.3, §A.8)."""

from __future__ import annotations

from server.sfu.clock_map import SenderClock
from server.sfu.rtcp import ReportBlock


class Reception:
    """Counts packets by extended number. `fraction_lost` is that of the last report, 0..1."""

    __slots__ = (
        "_base",
        "_expected_prior",
        "_highest",
        "_jitter",
        "_last_transit",
        "_received",
        "_received_prior",
        "fraction_lost",
    )

    def __init__(self) -> None:
        self._base = -1
        self._highest = -1
        self._received = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._last_transit = 0
        self._jitter = 0
        self.fraction_lost = 0.0

    def on_packet(self, sequence: int, timestamp: int, arrived_us: int, clock_rate: int) -> None:
        """Each packet once, duplicates left out."""
        self._received += 1
        transit = arrived_us * clock_rate // 1_000_000 - timestamp
        if self._base < 0:
            self._base = self._highest = sequence
            self._last_transit = transit
            return
        if sequence > self._highest:
            self._highest = sequence
            # RFC 3550 §A.8, in integers scaled by 16; the subtraction is modulo 2^32 because timestamps wrap.
            change = abs(((transit - self._last_transit + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
            self._last_transit = transit
            self._jitter += change - ((self._jitter + 8) >> 4)

    @property
    def jitter(self) -> int:
        """In RTP ticks."""
        return self._jitter >> 4

    @property
    def cumulative_lost(self) -> int:
        return self._highest - self._base + 1 - self._received if self._base >= 0 else 0

    def report(self, ssrc: int, clock: SenderClock, now_us: int) -> ReportBlock | None:
        """The block since the last call; None before the first packet."""
        if self._base < 0:
            return None
        expected = self._highest - self._base + 1
        expected_now = expected - self._expected_prior
        lost_now = expected_now - (self._received - self._received_prior)
        self._expected_prior = expected
        self._received_prior = self._received
        fraction = min(255, (lost_now << 8) // expected_now) if expected_now > 0 and lost_now > 0 else 0
        self.fraction_lost = fraction / 256
        last_sr = delay = 0
        if clock.is_known:
            last_sr = clock.ntp >> 16 & 0xFFFFFFFF
            delay = min((now_us - clock.received_us) * 65536 // 1_000_000, 0xFFFFFFFF)
        jitter = min(self.jitter, 0xFFFFFFFF)
        return ReportBlock(ssrc, fraction, self.cumulative_lost, self._highest & 0xFFFFFFFF, jitter, last_sr, delay)
