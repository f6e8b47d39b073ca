"""Time as something handed in, so that tests own it and nothing depends on today."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for people, monotonic time for machines."""

    def now(self) -> datetime:
        """The instant, aware and in UTC."""
        ...

    def monotonic_us(self) -> int:
        """Microseconds since an arbitrary start; never goes back."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_us(self) -> int:
        return time.monotonic_ns() // 1000


def until_next(interval_s: float, now_s: float) -> float:
    """How long to wait for the next multiple of an interval, so that rhythms of one process beat together.

    Why: a process that sleeps most of the time pays more for waking up than for what it does then.
    """
    wait_s = interval_s - now_s % interval_s
    # A timer that fires a little early must not fire again at once.
    return wait_s if wait_s > interval_s / 10 else wait_s + interval_s
