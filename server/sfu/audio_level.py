"""Who speaks: the level bytes of RFC 6464 gathered into a smoothed level 0..1, active or not, as LiveKit reports it."""

from __future__ import annotations

from dataclasses import dataclass

_SILENCE_DBOV = 127
# LiveKit's defaults: a frame above -35 dBov is speech; it must be so for 40 % of 400 ms; two windows are smoothed.
_ACTIVE_DBOV = 35
_MIN_ACTIVE_SHARE = 0.4
_WINDOW_MS = 400
_SMOOTHING = 2 / (2 + 1)
# Frames longer than this are a gap in the packets (DTX), not sound.
_MAX_FRAME_MS = 120
_DEFAULT_FRAME_MS = 20


def linear(dbov: float) -> float:
    """-dBov (0 loudest … 127 silence) as amplitude 0..1."""
    return float(10 ** (-dbov / 20))


_ACTIVE_LINEAR = linear(_ACTIVE_DBOV)


@dataclass(frozen=True, slots=True)
class AudioLevel:
    """`level` is linear, 0..1."""

    level: float
    is_active: bool


SILENT = AudioLevel(0.0, False)


class LevelMeter:
    """One per audio track; `observe` per packet, `read` whenever somebody asks."""

    __slots__ = ("_active_ms", "_last_timestamp", "_loudest", "_observed_ms", "_seen_us", "_smoothed", "_ticks_per_ms")

    def __init__(self, clock_rate: int) -> None:
        self._ticks_per_ms = max(1, clock_rate // 1000)
        self._last_timestamp = -1
        self._loudest = _SILENCE_DBOV
        self._active_ms = 0.0
        self._observed_ms = 0.0
        self._smoothed = 0.0
        self._seen_us = 0

    def observe(self, level: int, timestamp: int, now_us: int) -> None:
        """`level` is the extension's byte: voice bit, then 7 bits of -dBov."""
        frame_ms = float(_DEFAULT_FRAME_MS)
        if self._last_timestamp >= 0:
            ticks = (timestamp - self._last_timestamp) & 0xFFFFFFFF
            if ticks >= 0x80000000:  # late: it belongs to the past
                return
            if 0 < ticks <= _MAX_FRAME_MS * self._ticks_per_ms:
                frame_ms = ticks / self._ticks_per_ms
        self._last_timestamp = timestamp
        self._seen_us = now_us
        dbov = level & 0x7F
        self._observed_ms += frame_ms
        if dbov <= _ACTIVE_DBOV:
            self._active_ms += frame_ms
            if dbov < self._loudest:
                self._loudest = dbov
        if self._observed_ms >= _WINDOW_MS:
            self._finish_window()

    def read(self, now_us: int) -> AudioLevel:
        """Silence (DTX, a mute, a lost path) shows after two windows without packets."""
        if now_us - self._seen_us > 2 * _WINDOW_MS * 1000:
            self._smoothed = 0.0
            return SILENT
        level = min(self._smoothed, 1.0)
        return AudioLevel(level, level >= _ACTIVE_LINEAR)

    def _finish_window(self) -> None:
        share = self._active_ms / self._observed_ms
        # A window that is active for a part of its time counts by that part: 20·log10(share) quieter.
        level = linear(self._loudest) * share if share >= _MIN_ACTIVE_SHARE else 0.0
        self._smoothed += (level - self._smoothed) * _SMOOTHING
        self._loudest = _SILENCE_DBOV
        self._active_ms = self._observed_ms = 0.0
