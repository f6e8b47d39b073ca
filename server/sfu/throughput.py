"""Bits per second over the last second, for what a peer sends us or we send it."""

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
