"""How much a publisher may send to us: delay and loss on our side, told by REMB (draft-ietf-rmcat-gcc-02 §5-6).

More than one estimator can exist: everything that has the methods of `BandwidthEstimator` will do.
"""

from __future__ import annotations

from collections import deque
from operator import mul
from typing import Protocol

from server.sfu.throughput import Throughput

# Why 5 Mbit/s at first: libwebrtc follows our REMB in its first two seconds, so that a good uplink starts sharp;
# three simulcast layers of 720p with audio and a shared screen need less.
_START_BPS = 5_000_000
_MIN_BPS = 100_000
_MAX_BPS = 20_000_000
# The draft's numbers: groups of 5 ms, a line through 20 of them, gain 4, a threshold between 6 and 600 ms.
_GROUP_TICKS = 5 * (1 << 18) // 1000
_TREND_GROUPS = 20
_GAIN = 4.0
_MAX_DELTAS = 60
_OVERUSE_MS = 10.0
_THRESHOLD_MS = (6.0, 600.0)
_THRESHOLD_UP = 0.0087
_THRESHOLD_DOWN = 0.039
_MAX_OVERSHOOT_MS = 15.0
_SMOOTHING = 0.9
_DECREASE = 0.85
_GROWTH_PER_S = 1.08
# Near the last limit: about one packet per response time of 200 ms.
_ADDITIVE_BPS_PER_S = 60_000
# One decrease per response time, so that its effect is seen before the next.
_DECREASE_INTERVAL_US = 300_000
_HEAVY_LOSS = 0.10


class BandwidthEstimator(Protocol):
    def on_packet(self, abs_send_time: int, arrived_us: int, size: int) -> None:
        """Every packet of the peer; `abs_send_time` is 24 bits or -1."""
        ...

    def on_loss(self, fraction: float, now_us: int) -> None:
        """The share lost (0..1) since the last call."""
        ...

    def estimate_bps(self, now_us: int) -> int: ...


class DelayTrend:
    """Groups packets by send time and draws a line through the growth of their delay."""

    __slots__ = (
        "_delay_ms",
        "_delays_ms",
        "_first_arrived_us",
        "_group_arrived_us",
        "_group_first",
        "_group_last",
        "_previous_arrived_us",
        "_previous_last",
        "_smoothed_ms",
        "_ticks",
        "_times_ms",
    )

    def __init__(self) -> None:
        self._ticks = -1
        self._group_first = self._group_last = -1
        self._group_arrived_us = 0
        self._previous_last = -1
        self._previous_arrived_us = 0
        self._first_arrived_us = 0
        self._delay_ms = 0.0
        self._smoothed_ms = 0.0
        self._times_ms: deque[float] = deque(maxlen=_TREND_GROUPS)
        self._delays_ms: deque[float] = deque(maxlen=_TREND_GROUPS)

    def on_packet(self, abs_send_time: int, arrived_us: int) -> float | None:
        """When a group is complete: its time distance to the one before, in ms; else None."""
        if self._ticks < 0:
            ticks = abs_send_time
            self._first_arrived_us = arrived_us
        elif abs_send_time == self._ticks & 0xFFFFFF:
            # Sent in the same instant as the newest, as most packets of a picture are.
            self._group_arrived_us = arrived_us
            return None
        else:
            # 24 bits wrap each 64 s: the difference to the last packet, signed.
            delta = (abs_send_time - self._ticks) & 0xFFFFFF
            ticks = self._ticks + (delta - 0x1000000 if delta >= 0x800000 else delta)
        if ticks < self._group_first:
            return None  # from an earlier group
        self._ticks = max(self._ticks, ticks)
        spacing: float | None = None
        if self._group_first < 0:
            self._group_first = ticks
        elif ticks - self._group_first > _GROUP_TICKS:
            spacing = self._finish_group()
            self._group_first = ticks
        self._group_last = self._ticks
        self._group_arrived_us = arrived_us
        return spacing

    def _finish_group(self) -> float | None:
        spacing: float | None = None
        if self._previous_last >= 0:
            spacing = (self._group_last - self._previous_last) * 1000 / (1 << 18)
            self._delay_ms += (self._group_arrived_us - self._previous_arrived_us) / 1000 - spacing
            self._smoothed_ms = _SMOOTHING * self._smoothed_ms + (1 - _SMOOTHING) * self._delay_ms
            self._times_ms.append((self._group_arrived_us - self._first_arrived_us) / 1000)
            self._delays_ms.append(self._smoothed_ms)
        self._previous_last = self._group_last
        self._previous_arrived_us = self._group_arrived_us
        return spacing

    @property
    def is_ready(self) -> bool:
        return len(self._delays_ms) == _TREND_GROUPS

    def slope(self) -> float:
        """Milliseconds of delay gained per millisecond (least squares)."""
        count = len(self._delays_ms)
        origin = self._times_ms[0]  # small numbers, or their squares lose what matters
        times = [time - origin for time in self._times_ms]
        total = sum(times)
        spread: float = sum(map(mul, times, times)) - total * total / count
        common: float = sum(map(mul, times, self._delays_ms)) - total * sum(self._delays_ms) / count
        return common / spread if spread > 0 else 0.0


class DelayEstimator:
    """Rising delay or heavy loss: 85 % of what arrived. Falling delay: hold. Else grow slowly."""

    __slots__ = (
        "_decreased_us",
        "_deltas",
        "_estimate",
        "_grown_us",
        "_is_draining",
        "_limit_bps",
        "_overuse_ms",
        "_slope",
        "_threshold_ms",
        "_throughput",
        "_trend",
    )

    def __init__(self, start_bps: int = _START_BPS) -> None:
        self._estimate = float(start_bps)
        self._limit_bps = 0.0
        self._throughput = Throughput()
        self._trend = DelayTrend()
        self._deltas = 0
        self._threshold_ms = 12.5
        self._overuse_ms = 0.0
        self._slope = 0.0
        self._is_draining = False
        self._decreased_us = 0
        self._grown_us = 0

    def on_packet(self, abs_send_time: int, arrived_us: int, size: int) -> None:
        self._throughput.add(size, arrived_us)
        if abs_send_time < 0:
            return
        spacing_ms = self._trend.on_packet(abs_send_time, arrived_us)
        if spacing_ms is not None:
            self._deltas = min(self._deltas + 1, _MAX_DELTAS)
            if self._trend.is_ready:
                self._detect(spacing_ms, arrived_us)

    def _detect(self, spacing_ms: float, now_us: int) -> None:
        slope = self._trend.slope()
        trend_ms = self._deltas * slope * _GAIN
        is_rising = slope >= self._slope
        self._slope = slope
        self._is_draining = trend_ms < -self._threshold_ms
        if trend_ms > self._threshold_ms:
            self._overuse_ms += spacing_ms
            if self._overuse_ms > _OVERUSE_MS and is_rising:
                self._overuse_ms = 0.0
                self._decrease(_DECREASE, now_us)
        else:
            self._overuse_ms = 0.0
        distance = abs(trend_ms) - self._threshold_ms
        if distance < _MAX_OVERSHOOT_MS:
            gain = _THRESHOLD_UP if distance > 0 else _THRESHOLD_DOWN
            adapted = self._threshold_ms + gain * distance * min(spacing_ms, 100.0)
            self._threshold_ms = min(max(adapted, _THRESHOLD_MS[0]), _THRESHOLD_MS[1])

    def _decrease(self, factor: float, now_us: int) -> None:
        if now_us - self._decreased_us < _DECREASE_INTERVAL_US:
            return
        self._decreased_us = self._grown_us = now_us
        received = self._throughput.bitrate_bps(now_us)
        self._limit_bps = float(received)
        self._estimate = max(min(self._estimate, received * factor), _MIN_BPS)

    def on_loss(self, fraction: float, now_us: int) -> None:
        if fraction > _HEAVY_LOSS:
            self._decrease(1 - fraction / 2, now_us)

    def estimate_bps(self, now_us: int) -> int:
        elapsed = min(now_us - self._grown_us, 1_000_000) / 1_000_000 if self._grown_us else 0.0
        self._grown_us = now_us
        received = self._throughput.bitrate_bps(now_us)
        # Growth only where it is used: what the sender does not fill has not been tested.
        if not self._is_draining and self._estimate < 1.5 * received + 10_000:
            if self._limit_bps and received < 1.1 * self._limit_bps:
                self._estimate += _ADDITIVE_BPS_PER_S * elapsed
            else:
                self._limit_bps = 0.0
                self._estimate *= _GROWTH_PER_S**elapsed
            self._estimate = min(self._estimate, _MAX_BPS)
        return int(self._estimate)
