"""How much one subscriber can take: REMB and loss reports against what is really sent, and padding probes upwards.

A REMB is a limit only while we send about as much as it says: receivers never report more than 1.5 times what
arrives and grow by 8 % a second, so on a quiet path it says little (draft-ietf-rmcat-gcc-02 §5.5). A fall of it is
believed when the round trip or the losses say the same: a browser short of CPU takes its own load for delay. So we
probe: send padding, then the better layer, and see whether anything speaks against it.
"""

from __future__ import annotations

from enum import Enum

_MIN_BPS = 30_000
# A REMB below this share of what we send means that a queue fills.
_CONGESTED_SHARE = 0.9
# Smaller changes of a REMB are noise.
_FALL_SHARE = 0.97
# A round trip so much above the shortest, or that much lost, confirms a falling REMB that came at most 2.5 s before.
_QUEUE_US = 50_000
_SOME_LOSS = 0.02
_SUSPECT_US = 2_500_000
# The shortest round trip is forgotten by a 64th of the difference per report: a new path is known after a minute.
_FORGET = 64
# Reports with a round trip come each second; after three without one nothing can confirm.
_RTT_OLD_US = 3_000_000
# One report of a burst is repaired by retransmission; a third lost, or an eighth twice, is a link that is full.
_SEVERE_LOSS = 0.30
_HEAVY_LOSS = 0.12
# What arrived, and a little less, so that the queue drains.
_DRAIN = 0.9
# Loss that stays when we send less is not of our making (a radio link): only so much more counts.
_CLEARLY_MORE = 0.15
_STAYS_SHARE = 0.7
_SETTLE_US = 2_500_000
# Why 160 ms: eight ticks of padding, enough to fill a queue that would not bear it, short enough not to hurt the voice.
_PADDING_US = 160_000
# A round trip, and the time until a browser tells that its estimate fell or that padding was lost.
_WATCH_US = 1_100_000
# Lost padding says that the queue overflows, if it is more than the path loses anyway.
_PROBE_LOSS = 0.08
# A report that comes right after a change still tells of the time before it.
_DEAF_US = 1_500_000
_FIRST_WAIT_US = 1_500_000
# Why at most 2.5 s: a probe that just failed, this wait, and two that succeed shall take less than 10 s.
_MAX_WAIT_US = 2_500_000
_NEXT_WAIT_US = 200_000
# Congestion so soon after an upgrade says that the probe was wrong.
_BLAME_US = 3_000_000


class _Probe(Enum):
    NONE = 0
    PADDING = 1
    WATCHING = 2


class Downlink:
    """`budget_bps` None = no limit known."""

    __slots__ = (
        "_by_loss",
        "_certain_loss",
        "_deaf_until_us",
        "_delivered_before",
        "_heavy_reports",
        "_is_proven",
        "_judged_us",
        "_loss_before",
        "_own_loss",
        "_padding_bps",
        "_probe",
        "_probe_bps",
        "_probe_ends_us",
        "_raised_us",
        "_rtt_at_us",
        "_shortest_us",
        "_suspect_bps",
        "_suspect_us",
        "_wait_us",
        "_waits_until_us",
        "budget_bps",
        "remb_bps",
    )

    def __init__(self) -> None:
        self.budget_bps: int | None = None
        self.remb_bps = 0
        self._by_loss = False
        self._is_proven = False
        self._certain_loss = 0.0
        self._heavy_reports = 0
        self._loss_before = self._delivered_before = 0.0
        self._judged_us = 0
        self._own_loss = 0.0
        self._rtt_at_us = self._shortest_us = 0
        self._suspect_us = self._suspect_bps = 0
        self._probe = _Probe.NONE
        self._probe_bps = self._padding_bps = 0
        self._probe_ends_us = self._raised_us = self._waits_until_us = 0
        self._wait_us = _FIRST_WAIT_US
        self._deaf_until_us = 0

    @property
    def is_lossy(self) -> bool:
        """Whether lost packets prove the limit: more than chance takes, and not only what a receiver believes."""
        return self._by_loss and self._is_proven

    # -- what the subscriber says ----------------------------------------------------------------------------------

    def on_remb(self, bitrate_bps: int, sending_bps: int, now_us: int) -> bool:
        """True when the budget fell."""
        falls = bitrate_bps < self.remb_bps * _FALL_SHARE or not self.remb_bps
        self.remb_bps = bitrate_bps
        limit = self.budget_bps
        if falls and (bitrate_bps < sending_bps * _CONGESTED_SHARE or self._probe is not _Probe.NONE):
            self._suspect_us = now_us
            self._suspect_bps = bitrate_bps
            has_rtt = self._rtt_at_us and now_us - self._rtt_at_us < _RTT_OLD_US
            return not has_rtt and self._congested(bitrate_bps, now_us, by_loss=False)
        if limit is not None and not self._by_loss and bitrate_bps > limit:
            self.budget_bps = bitrate_bps
        return False

    def on_rtt(self, rtt_us: int, now_us: int) -> bool:
        """A measured round trip, not smoothed. True when the budget fell."""
        if not self._rtt_at_us or rtt_us < self._shortest_us:
            self._shortest_us = rtt_us
        else:
            self._shortest_us += (rtt_us - self._shortest_us) // _FORGET
        self._rtt_at_us = now_us
        return rtt_us - self._shortest_us > _QUEUE_US and self._confirm(now_us, by_loss=False)

    def _confirm(self, now_us: int, *, by_loss: bool) -> bool:
        if not self._suspect_us or now_us - self._suspect_us > _SUSPECT_US:
            return False
        self._suspect_us = 0
        return self._congested(self._suspect_bps, now_us, by_loss=by_loss)

    def on_loss(self, fraction: float, sending_bps: int, now_us: int, *, certain: float = 1.0) -> bool:
        """The share (0..1) of all packets since the last report. True when the budget fell.

        `certain` is what of it chance does not explain (see `quality.certain_loss`).
        """
        self._certain_loss = certain
        if self._judged_us and now_us - self._judged_us >= _SETTLE_US:
            self._judged_us = 0
            stays = fraction >= self._loss_before * _STAYS_SHARE
            # A full link delivers what it can, whatever we send; a lossy one delivers its share of it.
            is_less = sending_bps * (1 - fraction) < self._delivered_before * _STAYS_SHARE
            self._own_loss = fraction if stays and is_less else 0.0
        if now_us < self._deaf_until_us:
            return False
        if fraction > self._own_loss + _SOME_LOSS and self._confirm(now_us, by_loss=fraction > _HEAVY_LOSS):
            return True
        self.on_probe_loss(fraction, now_us)
        excess = fraction - (self._own_loss + _CLEARLY_MORE if self._own_loss else 0.0)
        self._heavy_reports = self._heavy_reports + 1 if excess > _HEAVY_LOSS else 0
        if excess <= _SEVERE_LOSS and self._heavy_reports < 2:
            return False
        self._heavy_reports = 0
        if not self._judged_us:
            self._judged_us = now_us
            self._loss_before = fraction
            self._delivered_before = sending_bps * (1 - fraction)
        return self._congested(int(sending_bps * (1 - fraction) * _DRAIN), now_us, by_loss=True)

    def on_probe_loss(self, fraction: float, now_us: int) -> None:
        """The share lost of the padding (or of all) while a probe runs."""
        if self._probe is not _Probe.NONE and fraction > self._own_loss + _PROBE_LOSS:
            self._fail_probe(now_us)

    # -- probing ---------------------------------------------------------------------------------------------------

    def may_probe(self, now_us: int) -> bool:
        return self.budget_bps is not None and self._probe is _Probe.NONE and now_us >= self._waits_until_us

    @property
    def is_probing(self) -> bool:
        return self._probe is not _Probe.NONE

    @property
    def is_rising(self) -> bool:
        """The last probe succeeded: the next one may aim at everything that is missing."""
        return self._raised_us > 0

    def start_probe(self, bitrate_bps: int, sending_bps: int, now_us: int) -> None:
        """Find out whether `bitrate_bps` in all can be sent."""
        self._probe = _Probe.PADDING
        self._probe_bps = bitrate_bps
        self._padding_bps = max(0, bitrate_bps - sending_bps)
        self._probe_ends_us = now_us + _PADDING_US

    def padding_bytes(self, elapsed_us: int) -> int:
        """How much padding is due for the last `elapsed_us`."""
        return self._padding_bps * elapsed_us // 8_000_000 if self._probe is _Probe.PADDING else 0

    def tick(self, now_us: int) -> bool:
        """True when the budget rose: a probe that nothing contradicted."""
        if self._probe is _Probe.NONE or now_us < self._probe_ends_us:
            return False
        if self._probe is _Probe.PADDING:
            self._probe = _Probe.WATCHING
            self._probe_ends_us = now_us + _WATCH_US
            return False
        self._probe = _Probe.NONE
        self._by_loss = False
        self._is_proven = False
        self.budget_bps = max(self.budget_bps or 0, self._probe_bps)
        self._raised_us = now_us
        self._waits_until_us = now_us + _NEXT_WAIT_US
        return True

    def _fail_probe(self, now_us: int) -> None:
        self._probe = _Probe.NONE
        self._raised_us = 0
        self._waits_until_us = now_us + self._wait_us
        self._wait_us = min(self._wait_us * 2, _MAX_WAIT_US)

    def _congested(self, bitrate_bps: int, now_us: int, *, by_loss: bool) -> bool:
        old = self.budget_bps
        if self._probe is _Probe.NONE and (not self._raised_us or now_us - self._raised_us > _BLAME_US):
            self._wait_us = _FIRST_WAIT_US
        self._fail_probe(now_us)
        limit = max(bitrate_bps, _MIN_BPS)
        was_by_loss, self._by_loss = self.is_lossy, self._by_loss or by_loss
        self._is_proven = self._is_proven or (by_loss and self._certain_loss > _HEAVY_LOSS)
        if old is not None and limit >= old:
            # What was allowed before still is; but lost packets may pause what a REMB alone may not.
            return self.is_lossy and not was_by_loss
        self.budget_bps = limit
        self._deaf_until_us = now_us + _DEAF_US
        return True
