"""Bits and frames per second of one source, per temporal layer, measured over windows of its own packets."""

from __future__ import annotations

_TEMPORAL_LAYERS = 4
# Why 500 ms: shorter and a key frame looks like a change of rate, longer and an allocator acts on the past.
_WINDOW_US = 500_000
_SMOOTHING = 0.5


class RateMeter:
    """`add` per packet, `tick` from time to time; rates are cumulative: index t holds layers 0 … t."""

    __slots__ = ("_bytes", "_frames", "_started_us", "_timestamp", "bitrate_by_tid", "fps_by_tid", "highest_tid")

    def __init__(self) -> None:
        self._bytes = [0] * _TEMPORAL_LAYERS
        self._frames = [0] * _TEMPORAL_LAYERS
        self._started_us = 0
        self._timestamp = -1
        self.bitrate_by_tid = [0.0] * _TEMPORAL_LAYERS
        self.fps_by_tid = [0.0] * _TEMPORAL_LAYERS
        self.highest_tid = 0

    @property
    def bitrate_bps(self) -> int:
        return int(self.bitrate_by_tid[-1])

    def is_new_picture(self, timestamp: int) -> bool:
        """For formats whose packets do not say so themselves."""
        if timestamp == self._timestamp:
            return False
        self._timestamp = timestamp
        return True

    def add(self, size: int, tid: int, begins_picture: bool) -> None:
        tid &= _TEMPORAL_LAYERS - 1
        self._bytes[tid] += size
        if begins_picture:
            self._frames[tid] += 1

    def tick(self, now_us: int) -> None:
        if not self._started_us:
            self._started_us = now_us
            return
        elapsed = now_us - self._started_us
        if elapsed < _WINDOW_US:
            return
        self._started_us = now_us
        bits = frames = 0
        for tid in range(_TEMPORAL_LAYERS):
            if self._frames[tid]:
                self.highest_tid = max(self.highest_tid, tid)
            bits += self._bytes[tid] * 8
            frames += self._frames[tid]
            self.bitrate_by_tid[tid] = _smooth(self.bitrate_by_tid[tid], bits * 1e6 / elapsed)
            self.fps_by_tid[tid] = _smooth(self.fps_by_tid[tid], frames * 1e6 / elapsed)
            self._bytes[tid] = self._frames[tid] = 0


def _smooth(old: float, new: float) -> float:
    # Why at once from zero: a source that just started has the rate that was measured.
    return new if old == 0 else old + (new - old) * _SMOOTHING
