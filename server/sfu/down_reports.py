"""Reports about one outgoing stream: what its receiver tells of losses, and our sender reports on the publisher's clock
(RFC 3550 §6.4). Pure but for the state of what was said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.sfu import rtcp_writer
from server.sfu.packet import Source

if TYPE_CHECKING:
    from server.sfu.rtcp import ReportBlock

_NTP_PER_US = (1 << 32) / 1_000_000
# Why 2 s: browsers report about once a second for video; for audio, every five seconds, we fill in.
_INTERVAL_US = 2_000_000
# A publisher who reports more often than that would have it multiplied by its subscribers.
_MIN_INTERVAL_US = 100_000
# Why 128: a second of holes of a small layer; older ones have been reported or never will be.
_MAX_HOLES = 128


class DownReports:
    """One per `DownTrack`. `source`: what the newest sender report was about."""

    __slots__ = (
        "_following",
        "_highest",
        "_holes",
        "_lost",
        "_sent",
        "_sent_ntp",
        "_sent_us",
        "fraction_lost",
        "source",
    )

    def __init__(self) -> None:
        self.source: Source | None = None
        self.fraction_lost = 0.0
        """As the receiver last reported it, 0 to 1."""
        self._highest = -1
        self._lost = 0
        self._holes = 0
        self._following = 0
        self._sent = 0
        self._sent_us = 0
        self._sent_ntp = 0

    def take(self, block: ReportBlock, following: int, sent: int) -> tuple[int, int]:
        """(packets expected, packets lost) on the way from us since the last report; less than 0 when late ones came.

        `following` is our next number, `sent` the packets so far. What was lost before it reached us is a hole in our
        numbering, and no fault of this subscriber's path. The report that counts a hole comes a round trip after it,
        so holes wait for their loss, and fills for their gain.
        """
        given = (following - self._following) & 0xFFFF
        self._holes = min(_MAX_HOLES, max(-_MAX_HOLES, self._holes + given - (sent - self._sent)))
        self._following, self._sent = following, sent
        expected = (block.highest_sequence - self._highest) & 0xFFFFFFFF
        lost = block.cumulative_lost - self._lost
        is_first = self._highest < 0
        self._highest = block.highest_sequence
        self._lost = block.cumulative_lost
        self.fraction_lost = block.fraction_lost / 256
        # A report that jumps back or far ahead belongs to an earlier stream on this SSRC.
        if is_first or expected > 0x8000:
            self._holes = 0
            return 0, 0
        explained = min(lost, max(self._holes, 0)) if lost > 0 else max(lost, min(self._holes, 0))
        self._holes -= explained
        return max(0, expected - max(explained, 0)), lost - explained

    def rtt_us(self, block: ReportBlock, now_us: int) -> int | None:
        """The round trip that a report about our newest sender report tells."""
        if not block.last_sr or block.last_sr != self._sent_ntp:
            return None
        return now_us - self._sent_us - block.delay * 1_000_000 // 65536

    def is_due(self, source: Source, now_us: int, *, is_fresh: bool) -> bool:
        """Whether to report on `source` now; `is_fresh`: its publisher has just done so."""
        interval_us = _MIN_INTERVAL_US if is_fresh else _INTERVAL_US
        return self.source is not source or now_us - self._sent_us >= interval_us

    def write(
        self, source: Source, now_us: int, *, is_fresh: bool, ssrc: int, offset: int, packets: int, octets: int
    ) -> bytes:
        """A sender report for this moment; `offset` is what we add to the publisher's timestamps."""
        elapsed_us = 0 if is_fresh else now_us - source.clock.received_us
        ntp = source.clock.ntp + int(elapsed_us * _NTP_PER_US)
        ticks = elapsed_us * source.clock.clock_rate // 1_000_000
        timestamp = (source.clock.rtp + ticks + offset) & 0xFFFFFFFF
        self.source = source
        self._sent_us = now_us
        self._sent_ntp = ntp >> 16 & 0xFFFFFFFF
        return rtcp_writer.sender_report(ssrc, ntp & 0xFFFFFFFFFFFFFFFF, timestamp, packets, octets)
