"""A sender's RTP clock against its wall clock, from sender reports (RFC 3550 §6.4.1), to join two layers' timelines."""

from __future__ import annotations

_NTP_FRACTION = 1 << 32


class SenderClock:
    """The last sender report of one SSRC: at `ntp` (64-bit fixed point) the RTP clock stood at `rtp`."""

    __slots__ = ("clock_rate", "ntp", "received_us", "rtp")

    def __init__(self, clock_rate: int) -> None:
        self.clock_rate = clock_rate
        self.ntp = 0
        self.rtp = 0
        self.received_us = 0

    @property
    def is_known(self) -> bool:
        return self.ntp != 0

    def report(self, ntp: int, rtp: int, now_us: int) -> None:
        self.ntp = ntp
        self.rtp = rtp
        self.received_us = now_us

    def translate(self, timestamp: int, other: SenderClock) -> int | None:
        """The timestamp on `other`'s timeline for the instant of our `timestamp`; None while unknown."""
        if not self.ntp or not other.ntp:
            return None
        since_report = (timestamp - self.rtp) & 0xFFFFFFFF
        if since_report >= 0x80000000:
            since_report -= 0x100000000
        ntp = self.ntp + since_report * _NTP_FRACTION // self.clock_rate
        return (other.rtp + ((ntp - other.ntp) * other.clock_rate + _NTP_FRACTION // 2) // _NTP_FRACTION) & 0xFFFFFFFF
