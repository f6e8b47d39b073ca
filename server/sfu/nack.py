"""Loss repair both ways: what to ask a publisher for, how much to answer a subscriber (RFC 4585 §6.2.1, 4588)."""

from __future__ import annotations

from collections import OrderedDict

# Late by 10 ms or by more than 2 packets is lost: reordering on real paths is shorter.
_REORDER_US = 10_000
_REORDER_PACKETS = 2
# Why 1 s: a frame that is later than that was skipped by every jitter buffer, and a key frame is on its way.
_GIVE_UP_US = 1_000_000
# Why 512: about two seconds of 720p; a longer hole is repaired by a key frame.
_MAX_MISSING = 512
_MIN_RETRY_US = 20_000


class _Missing:
    __slots__ = ("next_us", "since_us", "tries")

    def __init__(self, now_us: int) -> None:
        self.since_us = now_us
        self.next_us = now_us + _REORDER_US
        self.tries = 0


class LossTracker:
    """The holes in one incoming numbering, and when to ask for each."""

    __slots__ = ("_max_tries", "_missing", "given_up", "overflowed")

    def __init__(self, max_tries: int) -> None:
        self._max_tries = max_tries
        self._missing: OrderedDict[int, _Missing] = OrderedDict()
        self.given_up = 0
        self.overflowed = False
        """A hole was too long to be repaired: the owner asks for a key frame and clears this."""

    def __len__(self) -> int:
        return len(self._missing)

    def gap(self, first: int, last: int, now_us: int) -> None:
        """Numbers `first` … `last` (extended) were skipped."""
        if last - first >= _MAX_MISSING:
            self._missing.clear()
            self.overflowed = True
            return
        for number in range(first, last + 1):
            self._missing[number] = _Missing(now_us)
        while len(self._missing) > _MAX_MISSING:
            self._missing.popitem(last=False)
            self.given_up += 1
            self.overflowed = True

    def is_missing(self, number: int) -> bool:
        return number in self._missing

    def arrived(self, number: int) -> bool:
        """True when the number was missing until now."""
        return self._missing.pop(number, None) is not None

    def clear(self) -> None:
        self._missing.clear()

    def due(self, highest: int, now_us: int, rtt_us: int) -> list[int]:
        """Extended numbers to ask for now, oldest first; each again after a round trip, a bounded number of times."""
        if not self._missing:
            return []
        wanted: list[int] = []
        dead: list[int] = []
        retry_us = max(_MIN_RETRY_US, rtt_us + rtt_us // 4)
        for number, missing in self._missing.items():
            if (
                missing.tries >= self._max_tries and now_us >= missing.next_us
            ) or now_us - missing.since_us > _GIVE_UP_US:
                dead.append(number)
            elif missing.tries < self._max_tries and (
                now_us >= missing.next_us or (missing.tries == 0 and highest - number > _REORDER_PACKETS)
            ):
                missing.tries += 1
                missing.next_us = now_us + retry_us
                wanted.append(number)
        for number in dead:
            del self._missing[number]
        self.given_up += len(dead)
        return wanted


class ResendLimiter:
    """What one subscriber may have again: no packet twice within a round trip, all within a bounded rate."""

    __slots__ = ("_budget", "_filled_us", "_last", "_rate_bps")

    # Why half a second of burst: a lost key frame must come back at once.
    _BURST_US = 500_000
    # Why 200 kbit/s at least: the lowest layer can still be repaired at 10 % loss, with its key frames.
    _MIN_RATE_BPS = 200_000
    _FIRST_RATE_BPS = 1_000_000
    _KEPT = 512

    def __init__(self, now_us: int) -> None:
        self._last: OrderedDict[int, int] = OrderedDict()
        self._rate_bps = self._FIRST_RATE_BPS
        # In bits times a million, so that no credit is lost to rounding between calls that are microseconds apart.
        self._budget = self._rate_bps * self._BURST_US
        self._filled_us = now_us

    def set_rate(self, bitrate_bps: int) -> None:
        self._rate_bps = max(self._MIN_RATE_BPS, bitrate_bps)

    def may_resend(self, out: int, size: int, now_us: int, rtt_us: int) -> bool:
        """`out` is the outgoing number (16 bits), `size` in bytes. True counts the packet as sent again."""
        sent_us = self._last.get(out)
        if sent_us is not None and now_us - sent_us < rtt_us:
            return False
        earned = (now_us - self._filled_us) * self._rate_bps
        self._budget = min(self._budget + earned, self._rate_bps * self._BURST_US)
        self._filled_us = now_us
        cost = size * 8_000_000
        if cost > self._budget:
            return False
        self._budget -= cost
        self._last[out] = now_us
        self._last.move_to_end(out)
        if len(self._last) > self._KEPT:
            self._last.popitem(last=False)
        return True
