"""A clock that only tests move, so that no test waits and none depends on today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Implements `server.clock.Clock`; starts on a fixed Monday before a US change of clocks."""

    def __init__(self, start: datetime = datetime(2026, 10, 19, 23, 40, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_us = 0

    def now(self) -> datetime:
        return self._start + timedelta(microseconds=self._elapsed_us)

    def monotonic_us(self) -> int:
        return self._elapsed_us

    def advance(self, *, seconds: float = 0, us: int = 0) -> None:
        """Forward only: a monotonic clock never goes back."""
        step = round(seconds * 1_000_000) + us
        assert step >= 0
        self._elapsed_us += step
