"""Shares one subscriber's bandwidth among its video tracks: everyone's lowest layer first, then the rest by priority.

Pure. Audio is not asked here: it goes out always, and its rate is taken off the budget before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Why 15 %: an upgrade that just fits is taken back by the next key frame; what flows already may fill the budget.
_UPGRADE_HEADROOM = 1.15


@dataclass(frozen=True, slots=True)
class Option:
    """One way to send a track: a simulcast layer up to a temporal layer, with its rate."""

    quality: int
    tid: int
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class Demand:
    """A video track that wants to be sent. `options` rise from the least to the wished one, at least one."""

    priority: int
    options: tuple[Option, ...]
    current: Option | None
    """What goes out now: keeping it needs no headroom."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """`chosen` in the order of the demands; None = paused.

    `missing_bps` is the next step up that did not fit, `wanting_bps` all that did not; 0 = all have their wish.
    """

    chosen: tuple[Option | None, ...]
    missing_bps: int
    wanting_bps: int


def allocate(demands: Sequence[Demand], budget_bps: int | None, *, may_pause: bool = True) -> Allocation:
    """`budget_bps` None = no limit known. Without `may_pause` everyone keeps the lowest layer, fitting or not."""
    if budget_bps is None:
        return Allocation(tuple(demand.options[-1] for demand in demands), 0, 0)
    order = sorted(range(len(demands)), key=lambda i: -demands[i].priority)
    steps: list[int] = [-1] * len(demands)
    left = budget_bps
    missing = 0
    for i in order:
        least = demands[i].options[0]
        if not may_pause or _cost(least.bitrate_bps, demands[i], least) <= left:
            steps[i] = 0
            left = max(0, left - least.bitrate_bps)
        elif not missing:
            missing = least.bitrate_bps
    for i in order:
        if steps[i] < 0:
            continue
        options = demands[i].options
        for step in range(len(options) - 1, 0, -1):
            more = options[step].bitrate_bps - options[0].bitrate_bps
            if _cost(more, demands[i], options[step]) <= left:
                steps[i] = step
                left -= more
                break
        if steps[i] < len(options) - 1 and not missing:
            missing = options[steps[i] + 1].bitrate_bps - options[steps[i]].bitrate_bps
    chosen = tuple(demands[i].options[step] if step >= 0 else None for i, step in enumerate(steps))
    sent = sum(option.bitrate_bps for option in chosen if option is not None)
    wanting = sum(demand.options[-1].bitrate_bps for demand in demands) - sent
    return Allocation(chosen, missing, max(0, wanting))


def _cost(bitrate_bps: int, demand: Demand, option: Option) -> float:
    current = demand.current
    keeps = current is not None and (option.quality, option.tid) <= (current.quality, current.tid)
    return bitrate_bps if keeps else bitrate_bps * _UPGRADE_HEADROOM
