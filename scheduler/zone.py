"""Zones from the pinned tzdata wheel alone, with gaps and folds as answers instead of surprises.

The host's database is ignored, because hosts disagree (guide scheduling.md §1.8): importing this module also points
`zoneinfo` itself at the wheel, for the libraries that we call. `zoneinfo` accepts local times that never existed.
"""

from __future__ import annotations

import importlib.resources
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

zoneinfo.reset_tzpath(to=())
ZoneInfo.clear_cache()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No zone has changed twice within a week since 2000; the exhaustive test looks daily and finds the same changes.
_PROBE = timedelta(days=7)
_SECOND = timedelta(seconds=1)


class UnknownZone(ValueError):
    """No such key in the pinned tzdata."""


class Existence(StrEnum):
    """How often a local time occurs: once, never, or twice."""

    ONCE = "once"
    GAP = "gap"
    FOLD = "fold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """`at`: the instant; of a fold the earlier one (`later_at` the other), of a gap the instant at which it ends."""

    existence: Existence
    at: datetime
    later_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """At `at` the zone's clock moves by `shift` (positive: forward, spring)."""

    zone: str
    at: datetime
    shift: timedelta


@lru_cache(maxsize=1)
def tzdata_release() -> str:
    """Such as `2026f`."""
    text = importlib.resources.files("tzdata").joinpath("zoneinfo", "tzdata.zi").read_text(encoding="utf-8")
    return text.split("\n", 1)[0].removeprefix("# version ").strip()


@lru_cache(maxsize=1_024)  # more than there are zones
def load_zone(key: str) -> ZoneInfo:
    """Raises UnknownZone. Reads the wheel's file, never the host's."""
    parts = key.split("/")
    if not all(part and part.replace("_", "").replace("-", "").replace("+", "").isalnum() for part in parts):
        raise UnknownZone(key)
    resource = importlib.resources.files("tzdata").joinpath("zoneinfo", *parts)
    try:
        with resource.open("rb") as file:
            return ZoneInfo.from_file(file, key=key)
    except (OSError, ValueError) as error:
        raise UnknownZone(key) from error


@lru_cache(maxsize=1)
def zone_keys() -> tuple[str, ...]:
    """All keys of the pinned release, links included."""
    text = importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return tuple(text.split())


def resolve(local: datetime, key: str) -> Resolved:
    """What a naive local time means."""
    zone = load_zone(key)
    before = _offset(local.replace(tzinfo=zone, fold=0))
    after = _offset(local.replace(tzinfo=zone, fold=1))
    naive = local.replace(tzinfo=UTC)
    if before == after:
        return Resolved(existence=Existence.ONCE, at=naive - before, later_at=naive - before)
    if before > after:
        return Resolved(existence=Existence.FOLD, at=naive - before, later_at=naive - after)
    # Why: the change lies between the two readings, and the first existing moment is the change itself.
    change = _bisect(zone, naive - after, naive - before)
    return Resolved(existence=Existence.GAP, at=change, later_at=change)


def to_local(at: datetime, key: str) -> datetime:
    """The wall clock of that instant."""
    return at.astimezone(load_zone(key))


def offset_at(at: datetime, key: str) -> timedelta:
    return _offset(at.astimezone(load_zone(key)))


def midnight(on: date, key: str) -> datetime:
    """The first instant of a date; some zones skip 00:00 itself."""
    return resolve(datetime(on.year, on.month, on.day), key).at  # noqa: DTZ001 - a wall clock reading has no offset yet


def next_change(key: str, after: datetime) -> ClockChange | None:
    """The first change of that zone's clock later than `after`, in its year (UTC) or the next two."""
    for year in range(after.year, after.year + 3):
        for change in _changes_of_year(key, year):
            if change.at > after:
                return change
    return None


@lru_cache(maxsize=4_096)  # a dozen years of all zones that a platform meets
def _changes_of_year(key: str, year: int) -> tuple[ClockChange, ...]:
    zone = load_zone(key)
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = []
    while start < end:
        stop = min(start + _PROBE, end)
        before, later = _offset(start.astimezone(zone)), _offset(stop.astimezone(zone))
        if before != later:
            found.append(ClockChange(zone=key, at=_bisect(zone, start, stop), shift=later - before))
        start = stop
    return tuple(found)


def changes(key: str, start: datetime, end: datetime) -> list[ClockChange]:
    """All changes in (start, end]."""
    found: list[ClockChange] = []
    change = next_change(key, start)
    while change is not None and change.at <= end:
        found.append(change)
        change = next_change(key, change.at)
    return found


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    assert offset is not None
    return offset


def _bisect(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first whole second at which the offset is no longer that of `low`."""
    before = _offset(low.astimezone(zone))
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + _SECOND
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if _offset(middle.astimezone(zone)) == before:
            low = middle
        else:
            high = middle
    return high
