"""One received RTP stream, counted on clear headers: gaps, NACKs, report blocks (RFC 3550 §A.3). Pure."""

from __future__ import annotations

from bench.client.rtcp import Report

# A browser asks at once, again after a round trip, and gives up after about a second.
NACK_AFTER_US = 10_000
NACK_AGAIN_US = 100_000
NACK_TIMES = 10
# Why 1000: a longer step is a switch or a restart, not a loss.
MAX_GAP = 1000


class InStream:
    """The hot path touches `next_seq` and `packets` only; everything irregular comes through `irregular`."""

    __slots__ = (
        "_reported_expected",
        "_reported_received",
        "duplicates",
        "first_seq",
        "given_up",
        "is_key_wanted",
        "is_video",
        "last_sr",
        "last_sr_us",
        "late",
        "mid",
        "missing",
        "next_seq",
        "packets",
        "recovered",
        "rtx_of",
        "ssrc",
        "track_sid",
    )

    def __init__(self, ssrc: int, *, mid: str, is_video: bool, rtx_of: InStream | None = None) -> None:
        self.ssrc = ssrc
        self.mid = mid
        self.is_video = is_video
        self.rtx_of = rtx_of
        self.track_sid = ""
        self.packets = 0
        self.next_seq = -1
        self.first_seq = -1
        self.duplicates = 0
        self.late = 0
        self.recovered = 0
        self.given_up = 0
        self.is_key_wanted = is_video
        self.last_sr = 0
        self.last_sr_us = 0
        self.missing: dict[int, tuple[int, int]] = {}
        """sequence number → (when to ask next, times asked)"""
        self._reported_expected = 0
        self._reported_received = 0

    def irregular(self, seq: int, now_us: int) -> None:
        """A packet that is not the next one: the first, after a gap, late, or double."""
        if self.next_seq < 0:
            self.first_seq = seq
            self.next_seq = (seq + 1) & 0xFFFF
            self.packets += 1
            return
        ahead = (seq - self.next_seq) & 0xFFFF
        if ahead < MAX_GAP:
            for lost in range(ahead):
                self.missing[(self.next_seq + lost) & 0xFFFF] = (now_us + NACK_AFTER_US, 0)
            self._move_on(seq)
        elif ahead < 0x8000:
            self.missing.clear()
            self._move_on(seq)
        elif self.missing.pop(seq, None) is not None:
            self.late += 1
            self.packets += 1
        else:
            self.duplicates += 1

    def _move_on(self, seq: int) -> None:
        self.next_seq = (seq + 1) & 0xFFFF
        self.packets += 1

    def recover(self, seq: int) -> bool:
        """A retransmission brought this packet. False: it was not missing (a probe, or too late)."""
        if self.missing.pop(seq, None) is None:
            return False
        self.recovered += 1
        return True

    def to_ask(self, now_us: int) -> list[int]:
        """Sequence numbers to put into a NACK now."""
        asked: list[int] = []
        for seq, (due_us, times) in list(self.missing.items()):
            if due_us > now_us:
                continue
            if times >= NACK_TIMES:
                del self.missing[seq]
                self.given_up += 1
                continue
            self.missing[seq] = (now_us + NACK_AGAIN_US, times + 1)
            asked.append(seq)
        return asked

    def report(self, now_us: int) -> Report:
        """The block for the next RR; moves the interval on."""
        # The hot path does not count wraps: the whole number of packets tells how many there were.
        highest = (self.next_seq - 1) & 0xFFFF
        seen = self.packets + self.recovered + len(self.missing) + self.given_up
        expected = max(seen, 1)
        received = self.packets + self.recovered
        expected_now, received_now = expected - self._reported_expected, received - self._reported_received
        self._reported_expected, self._reported_received = expected, received
        lost_now = max(0, expected_now - received_now)
        cycles = (self.first_seq + expected - 1) >> 16 if self.first_seq >= 0 else 0
        since = (now_us - self.last_sr_us) * 65_536 // 1_000_000 if self.last_sr else 0
        return Report(
            ssrc=self.ssrc,
            fraction_lost=min(255, lost_now * 256 // expected_now) if expected_now > 0 else 0,
            lost=expected - received,
            highest=cycles << 16 | highest,
            jitter=0,
            last_sr=self.last_sr,
            since_sr=since & 0xFFFFFFFF,
        )
