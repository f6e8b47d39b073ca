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
