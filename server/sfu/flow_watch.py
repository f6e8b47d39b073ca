"""Notices a worker whose event loop turns but which forwards nothing: packets come that somebody should get, none goes.

The supervisor replaces a worker that does not tick; this is for the one that still does. Pure: the worker looks at it
with each beat, and ends itself by what it says.
"""

from __future__ import annotations

from typing import Protocol

# With the beat, and a second or two to start the next worker, it is replaced within 5 s.
STUCK_US = 2_500_000
# Why 10: a fifth of a second of one voice; fewer may be the last words before everybody left.
_LEAST_PACKETS = 10


class Forwarding(Protocol):
    """`MediaHub`, as far as it is watched."""

    @property
    def forwarded(self) -> int:
        """Packets handed on to transports since the start."""
        ...

    def expected(self) -> dict[int, int]:
        """Media packets received so far, by SSRC, of those encodings that somebody reachable is being sent."""
        ...


class Reading(Protocol):
    """`MediaEndpoint`, as far as it is watched."""

    @property
    def received(self) -> int:
        """Datagrams taken from sockets since the start."""
        ...

    def has_unread(self) -> bool:
        """Whether the kernel holds datagrams for us now."""
        ...


class FlowWatch:
    """`look` several times a second: None, or the reason why this worker is of no use any more."""

    def __init__(self, forwarding: Forwarding, reading: Reading) -> None:
        self._forwarding = forwarding
        self._reading = reading
        self._forwarded = self._received = 0
        self._expected: dict[int, int] | None = None
        self._unforwarded = 0
        self._held_since_us: int | None = None
        self._unread_since_us: int | None = None

    def look(self, now_us: int) -> str | None:
        if self._is_held(now_us):
            return f"{self._unforwarded} packets for somebody came, and none went out for {STUCK_US / 1e6:g} s"
        if self._is_deaf(now_us):
            return f"no datagram was read for {STUCK_US / 1e6:g} s, though there were some"
        return None

    def _is_held(self, now_us: int) -> bool:
        forwarded = self._forwarding.forwarded
        if forwarded != self._forwarded:
            self._forwarded = forwarded
            self._unforwarded = 0
            self._held_since_us = self._expected = None
            return False
        before, self._expected = self._expected, self._forwarding.expected()
        if before is None:
            return False
        came = sum(count - before.get(ssrc, count) for ssrc, count in self._expected.items())
        if came and self._held_since_us is None:
            self._held_since_us = now_us
        self._unforwarded += came
        if self._held_since_us is None or not came:
            return False
        return self._unforwarded >= _LEAST_PACKETS and now_us - self._held_since_us >= STUCK_US

    def _is_deaf(self, now_us: int) -> bool:
        received = self._reading.received
        if received != self._received or not self._reading.has_unread():
            self._received = received
            self._unread_since_us = None
            return False
        if self._unread_since_us is None:
            self._unread_since_us = now_us
        return now_us - self._unread_since_us >= STUCK_US
