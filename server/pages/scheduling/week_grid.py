"""The two-zone week grid of "find an hour": slots as chips under A's dates, with B's weekday and time in each. Pure.

A column is a date on A's wall; the date across the Pacific changes in the middle of it, so every chip names B's own
weekday. The column after a clock change begins with a seam.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from scheduler import Slot, resolve, to_local

# A week of the grid begins on A's Monday, as school weeks do on both sides.
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seam:
    """Which side's clock moves on the date that this column begins with, and by how much."""

    side: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A column: A's date, and the dates that B has meanwhile (two, unless the zones share a calendar day)."""

    on: date
    other_dates: tuple[date, ...]
    seam: Seam | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An hour of A's wall; `other_hours`: B's hours in it, before and after a seam; a cell per day."""

    hour: int
    other_hours: tuple[int, ...]
    cells: tuple[tuple[Slot, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    days: tuple[Day, ...]
    rows: tuple[Row, ...]

    @property
    def is_empty(self) -> bool:
        return not self.rows


def weeks_of(slots: Sequence[Slot], *, zone_a: str, zone_b: str, from_on: date, weeks: int) -> tuple[Week, ...]:
    """Every week that the question covers, the empty ones too."""
    monday = from_on - timedelta(days=from_on.weekday())
    last_on = from_on + weeks * _WEEK - _DAY
    in_week: dict[date, list[Slot]] = defaultdict(list)
    for slot in slots:
        in_week[slot.a.on - timedelta(days=slot.a.on.weekday())].append(slot)
    found = []
    while monday <= last_on:
        found.append(_week(monday, in_week[monday], zone_a, zone_b))
        monday += _WEEK
    return tuple(found)


def _week(monday: date, slots: Sequence[Slot], zone_a: str, zone_b: str) -> Week:
    # Saturday and Sunday only where they have hours: Friday over there may be Saturday here.
    last_weekday = max((slot.a.on.weekday() for slot in slots), default=0)
    dates = [monday + number * _DAY for number in range(max(last_weekday + 1, 5))]
    of_hour: dict[int, list[Slot]] = {}
    for slot in slots:
        of_hour.setdefault(int(slot.a.start[:2]), []).append(slot)
    return Week(
        days=tuple(_day(on, zone_a, zone_b) for on in dates),
        rows=tuple(_row(hour, dates, of_hour[hour]) for hour in sorted(of_hour)),
    )


@lru_cache(maxsize=4_096)  # a date of two zones stays what it is, and everybody asks about the next weeks
def _day(on: date, zone_a: str, zone_b: str) -> Day:
    start, end = _midnight(on, zone_a), _midnight(on + _DAY, zone_a)
    others = sorted({to_local(start, zone_b).date(), to_local(end - timedelta(minutes=1), zone_b).date()})
    return Day(on=on, other_dates=tuple(others), seam=_seam(on, zone_a, zone_b))


def _seam(on: date, zone_a: str, zone_b: str) -> Seam | None:
    """A change between this column's noon and the one before: the first lesson that feels it is in this column."""
    noon, before = (_midnight(day, zone_a) + timedelta(hours=12) for day in (on, on - _DAY))
    for side, zone in (("a", zone_a), ("b", zone_b)):
        moved = _offset(noon, zone) - _offset(before, zone)
        if moved:
            return Seam(side, moved // timedelta(minutes=1))
    return None


def _row(hour: int, dates: Sequence[date], slots: Sequence[Slot]) -> Row:
    """`slots`: those of this hour, in any order."""
    of_date: dict[date, list[Slot]] = {on: [] for on in dates}
    for slot in sorted(slots, key=lambda slot: slot.start_at):
        of_date[slot.a.on].append(slot)
    others = sorted({int(slot.b.start[:2]) for slot in slots})
    return Row(hour=hour, other_hours=tuple(others), cells=tuple(map(tuple, of_date.values())))


def _midnight(on: date, zone: str) -> datetime:
    return resolve(datetime.combine(on, time()), zone).at


def _offset(at: datetime, zone: str) -> timedelta:
    return to_local(at, zone).utcoffset() or timedelta()
