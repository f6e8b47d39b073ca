"""Bits per second over the last second: of what a peer sends us (`Throughput`), of what we send it (`SendRate`)."""

from __future__ import annotations

from collections import deque

_WINDOW_US = 1_000_000
_SLOT_US = 20_000


class Throughput:
    """Adds into slots of 20 ms, so that it stays at fifty entries at any rate."""

    __slots__ = ("_bytes", "_slots", "_started_us")

    def __init__(self) -> None:
        self._slots: deque[list[int]] = deque()
        self._bytes = 0
        self._started_us = -1

    def add(self, size: int, now_us: int) -> None:
        slots = self._slots
        if slots and now_us - slots[-1][0] < _SLOT_US:
            slots[-1][1] += size
        else:
            if self._started_us < 0:
                self._started_us = now_us
            slots.append([now_us, size])
            self._forget(now_us)
        self._bytes += size

    def bitrate_bps(self, now_us: int) -> int:
        """Over the window, or over the time since the first packet while that is shorter (at least a quarter of it)."""
        self._forget(now_us)
        if self._started_us < 0:
            return 0
        window = min(max(now_us - self._started_us, _WINDOW_US // 4), _WINDOW_US)
        return self._bytes * 8_000_000 // window

    def _forget(self, now_us: int) -> None:
        slots = self._slots
        while slots and now_us - slots[0][0] >= _WINDOW_US:
            self._bytes -= slots.popleft()[1]


class SendRate:
    """The rate of a counter that only grows, read now and then: bytes between two looks, by the time between them.

    Why not slots as above: a subscriber is looked at a few times a second, and what went out between two looks must not
    count as if it had gone out at the second.
    """

    __slots__ = ("_looks",)

    def __init__(self) -> None:
        self._looks: deque[tuple[int, int]] = deque()

    def look(self, total: int, now_us: int) -> None:
        """`total` bytes so far."""
        looks = self._looks
        if not total or (looks and now_us - looks[-1][0] < _SLOT_US):
            if not total:
                # Nothing yet: the last look before the first packet is where time begins.
                looks.clear()
                looks.append((now_us, 0))
            return
        looks.append((now_us, total))
        # The newest look that is a whole window old is the one to measure from; older ones have served.
        while len(looks) > 1 and now_us - looks[1][0] >= _WINDOW_US:
            looks.popleft()

    def bitrate_bps(self, total: int, now_us: int) -> int:
        """Over the time since a look one window ago, or since the first one (at least a quarter of a window)."""
        looks = self._looks
        while len(looks) > 1 and now_us - looks[1][0] >= _WINDOW_US:
            looks.popleft()
        if not looks:
            return 0
        since_us, before = looks[0]
        return (total - before) * 8_000_000 // max(now_us - since_us, _WINDOW_US // 4)
