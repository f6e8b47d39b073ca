"""How much one subscriber can take: its REMB and loss reports against what we really send, and careful probing upwards.

A REMB is a limit only while we send about as much as it says: receivers never report more than 1.5 times what
arrives, so a low REMB on a quiet path says nothing (draft-alvestrand-rmcat-remb-03 §2.2, draft-ietf-rmcat-gcc-02 §5.5).
"""

from __future__ import annotations

_HEAVY_LOSS = 0.10
# Loss alone lowers only when it lasts: one report of a burst is repaired by retransmission.
_HEAVY_REPORTS = 2
_MIN_BPS = 30_000
# A REMB below this share of what we send means that a queue fills.
_CONGESTED_SHARE = 0.95
_PROBE_TIME_US = 1_500_000
_FIRST_WAIT_US = 1_500_000
_MAX_WAIT_US = 20_000_000


class Downlink:
    """`budget` None = no limit known. `may_probe` … `start_probe` … the next reports decide."""

    __slots__ = (
        "_heavy",
        "_limit",
        "_probe_bps",
        "_probe_until_us",
        "_wait_us",
        "_waits_until_us",
        "loss",
        "remb_bps",
    )

    def __init__(self) -> None:
        self.remb_bps = 0
        self.loss = 0.0
        self._limit: int | None = None
        self._heavy = 0
        self._probe_bps = 0
        self._probe_until_us = 0
        self._wait_us = _FIRST_WAIT_US
        self._waits_until_us = 0

    @property
    def budget_bps(self) -> int | None:
        if self._probe_bps and self._limit is not None:
            return max(self._limit, self._probe_bps)
        return self._limit

    def on_remb(self, bitrate_bps: int, sending_bps: int, now_us: int) -> bool:
        """True when the budget fell."""
        falls = bitrate_bps < self.remb_bps
        self.remb_bps = bitrate_bps
        if bitrate_bps < sending_bps * _CONGESTED_SHARE and (falls or not self._limit):
            return self._congested(bitrate_bps, now_us)
        if self._limit is not None and bitrate_bps > self._limit:
            self._limit = bitrate_bps
        return False

    def on_loss(self, fraction: float, sending_bps: int, now_us: int) -> bool:
        """A receiver report's worst fraction, 0..1. True when the budget fell."""
        self.loss = fraction
        self._heavy = self._heavy + 1 if fraction > _HEAVY_LOSS else 0
        if self._heavy < _HEAVY_REPORTS:
            return False
        self._heavy = 0
        return self._congested(int(sending_bps * (1 - fraction / 2)), now_us)

    def may_probe(self, now_us: int) -> bool:
        return self._limit is not None and not self._probe_bps and now_us >= self._waits_until_us

    def start_probe(self, bitrate_bps: int, now_us: int) -> None:
        self._probe_bps = bitrate_bps
        self._probe_until_us = now_us + _PROBE_TIME_US

    def tick(self, now_us: int) -> bool:
        """True when the budget changed: a probe that was not contradicted is the new limit."""
        if not self._probe_bps or now_us < self._probe_until_us:
            return False
        self._limit = max(self._limit or 0, self._probe_bps)
        self._probe_bps = 0
        self._wait_us = _FIRST_WAIT_US
        self._waits_until_us = now_us + self._wait_us // 3
        return True

    def _congested(self, bitrate_bps: int, now_us: int) -> bool:
        old = self.budget_bps
        if self._probe_bps:
            self._probe_bps = 0
            self._wait_us = min(self._wait_us * 2, _MAX_WAIT_US)
        self._limit = max(bitrate_bps, _MIN_BPS)
        self._waits_until_us = now_us + self._wait_us
        return old is None or self._limit < old
