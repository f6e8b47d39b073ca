"""Connection quality as LiveKit counts it: an E-model-like score 0..5 from loss, delay and paused video.

LiveKit scores 0..100 internally (ITU-T G.107 simplified): each source of trouble takes points off, and 80 and 60 part
excellent, good and poor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

# Why 0.6 s: half of the round trip is the delay that a talker notices; at 300 ms one way people talk over one another.
_MAX_RTT_MS = 600.0
_EXCELLENT = 80.0
_GOOD = 60.0
# Points lost at 1 % loss: video at 5 % (with NACK) is just below excellent.
_LOSS_WEIGHT = 4.2
_PAUSED_PENALTY = 30.0


class QualityLevel(StrEnum):
    EXCELLENT = "excellent"
    GOOD = "good"
    POOR = "poor"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerQuality:
    """Loss as fractions 0..1; `estimate_bps` of the way down to the peer, None = no limit known; `score` 0..5."""

    rtt_ms: int
    uplink_loss: float
    downlink_loss: float
    score: float
    level: QualityLevel
    estimate_bps: int | None


def score_of(*, rtt_ms: float, loss: float, is_restricted: bool) -> float:
    """0..100. `is_restricted`: video is paused for want of bandwidth."""
    # G.107's delay impairment, simplified: slow at first, steeper beyond 160 ms one way.
    one_way_ms = min(rtt_ms, _MAX_RTT_MS) / 2
    delay = one_way_ms / 40 if one_way_ms < 160 else (one_way_ms - 120) / 10
    score = 100.0 - delay - _LOSS_WEIGHT * loss * 100
    if is_restricted:
        score -= _PAUSED_PENALTY
    return max(0.0, score)


def level_of(score: float, *, is_lost: bool) -> QualityLevel:
    if is_lost:
        return QualityLevel.LOST
    if score > _EXCELLENT:
        return QualityLevel.EXCELLENT
    return QualityLevel.GOOD if score > _GOOD else QualityLevel.POOR


def certain_loss(lost: int, expected: int) -> float:
    """The share lost that chance does not explain: two standard deviations of the binomial below what was counted.

    Why: of twenty packets on a path that loses one in twenty, three are missing now and then; that is no full queue.
    """
    share = lost / expected
    return max(0.0, share - 2 * math.sqrt(share * (1 - share) / expected))
