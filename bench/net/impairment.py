"""What is done to one direction of a link, as a plain value that a command line or JSON can spell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

# Why: the buffer of a home router that is neither starved nor badly bloated (125 ms at 4 Mbit/s).
DEFAULT_QUEUE_BYTES = 64 * 1024
# Why: long enough that several packets of a 30 fps stream overtake, short enough for a jitter buffer.
DEFAULT_REORDER_BY_US = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstLoss:
    """Gilbert–Elliott: a chain of a good and a bad state, one step per packet (Gilbert 1960, Elliott 1963)."""

    to_bad: float
    """Chance per packet of leaving the good state."""
    to_good: float
    """Chance per packet of leaving the bad state; 1/to_good is the mean burst length in packets."""
    loss_in_bad: float = 1.0
    loss_in_good: float = 0.0

    @property
    def mean_loss(self) -> float:
        """Long-run share of lost packets."""
        in_bad = self.to_bad / (self.to_bad + self.to_good)
        return in_bad * self.loss_in_bad + (1 - in_bad) * self.loss_in_good


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """One direction. Shares are 0..1; the default lets everything through at once."""

    delay_us: int = 0
    jitter_us: int = 0
    """Uniform in ± this, around the delay."""
    jitter_reorders: bool = False
    """False: a late packet holds back those behind it, as a queue does. True: each packet for itself."""
    loss: float = 0.0
    burst: BurstLoss | None = None
    rate_bps: int = 0
    """0 = no limit. Sizes count whole IP packets (payload only in the loopback proxy)."""
    queue_bytes: int = DEFAULT_QUEUE_BYTES
    """Bound of the queue in front of the rate; what does not fit is dropped (drop-tail)."""
    duplicate: float = 0.0
    reorder: float = 0.0
    """Share of packets held back by `reorder_by_us`, so that later ones overtake."""
    reorder_by_us: int = DEFAULT_REORDER_BY_US
    block_udp: bool = False
    """A firewall that lets only TCP through."""

    def __post_init__(self) -> None:
        for name in ("loss", "duplicate", "reorder"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be a share between 0 and 1")
        if min(self.delay_us, self.jitter_us, self.rate_bps, self.queue_bytes, self.reorder_by_us) < 0:
            raise ValueError("times, rates and sizes must not be negative")

    def to_json(self) -> dict[str, object]:
        """The fields that differ from the default, readable by `parse_impairment`."""
        default = Impairment()
        found: dict[str, object] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            if value != getattr(default, name):
                found[name] = value
        if self.burst is not None:
            b = self.burst
            found["burst"] = f"{b.to_bad},{b.to_good},{b.loss_in_bad},{b.loss_in_good}"
        return found


_TIME_US = {"us": 1, "ms": 1000, "s": 1_000_000, "": 1000}
_RATE = {"bit": 1, "kbit": 1000, "mbit": 1_000_000, "gbit": 1_000_000_000, "": 1}
_SIZE = {"b": 1, "kb": 1000, "kib": 1024, "mb": 1_000_000, "": 1}


def _number(text: str, units: Mapping[str, int]) -> int:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in units:
        known = ", ".join(unit for unit in units if unit)
        raise ValueError(f"not a number with one of the units {known}: {text!r}")
    return round(float(match[1]) * units[match[2]])


def parse_time_us(text: str) -> int:
    """``75ms``, ``1.5s``, ``200us``; a bare number is milliseconds."""
    return _number(text, _TIME_US)


def parse_rate_bps(text: str) -> int:
    """``2mbit``, ``300kbit``; a bare number is bit/s."""
    return _number(text, _RATE)


def parse_share(text: str) -> float:
    """``5%`` or ``0.05``."""
    text = text.strip()
    share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"not a share between 0 and 100 %: {text!r}")
    return share


def parse_burst(text: str) -> BurstLoss | None:
    """``to_bad,to_good[,loss_in_bad[,loss_in_good]]`` as shares; ``0`` switches it off."""
    parts = [parse_share(part) for part in text.split(",")]
    if parts == [0.0]:
        return None
    if not 2 <= len(parts) <= 4:
        raise ValueError(f"burst wants two to four shares: {text!r}")
    in_bad, in_good = (parts[2:] + [1.0, 0.0][len(parts) - 2 :])[:2]
    return BurstLoss(to_bad=parts[0], to_good=parts[1], loss_in_bad=in_bad, loss_in_good=in_good)


def _parse_flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"not yes or no: {text!r}")


_PARSERS = {
    "delay": ("delay_us", parse_time_us),
    "jitter": ("jitter_us", parse_time_us),
    "jitter_reorders": ("jitter_reorders", _parse_flag),
    "loss": ("loss", parse_share),
    "burst": ("burst", parse_burst),
    "rate": ("rate_bps", parse_rate_bps),
    "queue": ("queue_bytes", lambda text: _number(text, _SIZE)),
    "duplicate": ("duplicate", parse_share),
    "reorder": ("reorder", parse_share),
    "reorder_by": ("reorder_by_us", parse_time_us),
    "block_udp": ("block_udp", _parse_flag),
}
NAMES = tuple(_PARSERS)


def parse_impairment(values: Mapping[str, object], base: Impairment | None = None) -> Impairment:
    """`base` (default: nothing impaired) with `values` laid over it.

    Keys are the short names (``delay``: "75ms") or the field names (``delay_us``: 75000).
    Raises ValueError for unknown keys and senseless values.
    """
    changes: dict[str, object] = {}
    for key, value in values.items():
        key = key.replace("-", "_")
        if key == "burst" and isinstance(value, str):
            changes["burst"] = parse_burst(value)
        elif key in _PARSERS and isinstance(value, str):
            field, parser = _PARSERS[key]
            changes[field] = parser(value)
        elif key in Impairment.__slots__ and isinstance(value, (int, float, bool, BurstLoss, type(None))):
            changes[key] = value
        else:
            raise ValueError(f"unknown impairment {key}={value!r}; known: {', '.join(NAMES)}")
    return replace(base or Impairment(), **changes)  # type: ignore[arg-type]  # names and types were checked above
