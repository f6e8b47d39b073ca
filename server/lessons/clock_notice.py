"""A clock change that a series runs into: whose clock moves, which lessons it touches, and what either choice makes of
them. Pure: the lessons as they are stored, and the pinned zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from scheduler import clock_changes, offset_at, resolve
from server.lessons.facts import SIDE_KEYS, LessonState, SideKey
from server.lessons.lesson import Lesson
from server.lessons.local_time import wall_time

# Long enough to ask the other side and to tell parents, short enough to be read (guide scheduling.md §6, U4).
TOLD_BEFORE = timedelta(days=14)
PLANNED = frozenset({LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED})
_SECOND = timedelta(seconds=1)
_A_YEAR = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterChange:
    """A planned lesson after the change. `if_kept`: its start when a's wall time stays, and when b's does."""

    number: int
    lesson: Lesson
    if_kept: tuple[datetime, datetime]

    def start_if(self, side: SideKey) -> datetime:
        return self.if_kept[SIDE_KEYS.index(side)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockNotice:
    """`side`: whose clock moves by `shift`; `usual`: the hour before it on a's and b's wall; `stays`: the side whose
    wall time stays as the lessons stand now."""

    changes_at: datetime
    side: SideKey
    shift: timedelta
    usual: tuple[time, time]
    stays: SideKey
    lessons: tuple[AfterChange, ...]

    def concerns(self, side: SideKey) -> bool:
        """The side whose clock moves, and the other when its own hour jumps."""
        return side in (self.side, other_side(self.stays))

    def is_due(self, now: datetime) -> bool:
        return now < self.changes_at <= now + TOLD_BEFORE

    def moved_by(self, side: SideKey) -> tuple[AfterChange, ...]:
        """Lessons that stand elsewhere when that side keeps its wall time."""
        return tuple(one for one in self.lessons if one.start_if(side) != one.lesson.starts_at)


def other_side(side: SideKey) -> SideKey:
    return "b" if side == "a" else "a"


def clock_notices(
    lessons: Sequence[tuple[int, Lesson]], now: datetime, within: timedelta = _A_YEAR
) -> list[ClockNotice]:
    """The coming clock changes between lessons of a series, the soonest first. `lessons`: (number, lesson)."""
    alive = [(number, one) for number, one in lessons if one.state is not LessonState.CANCELLED]
    if not alive:
        return []
    zones = (alive[-1][1].sides[0].zone, alive[-1][1].sides[1].zone)
    found = []
    for at, side in _relative_changes(zones, now, now + within):
        following = _relative_changes(zones, at, at + _A_YEAR)
        end = following[0][0] if following else at + _A_YEAR
        notice = _notice(alive, at, side, end, zones, now)
        if notice is not None:
            found.append(notice)
    return found


def _relative_changes(zones: tuple[str, str], start: datetime, end: datetime) -> list[tuple[datetime, SideKey]]:
    """When one side's clock moves against the other's, and whose it is."""
    found = []
    for key, zone in zip(SIDE_KEYS, zones, strict=True):
        for change in clock_changes(zone, start, end):
            before, after = (
                offset_at(at, zones[0]) - offset_at(at, zones[1]) for at in (change.at - _SECOND, change.at)
            )
            if before != after:
                found.append((change.at, key))
    return sorted(found)


def _notice(
    alive: Sequence[tuple[int, Lesson]],
    at: datetime,
    side: SideKey,
    end: datetime,
    zones: tuple[str, str],
    now: datetime,
) -> ClockNotice | None:
    """None when no lesson before the change has an hour that one after it still has on one of the walls."""
    before = Counter(_walls(one, zones) for _, one in alive if one.starts_at < at and _same_clocks(one, at, zones))
    if not before:
        return None
    usual = max(before, key=lambda walls: before[walls])
    after = []
    kept = {"a": 0, "b": 0}
    for number, one in alive:
        if not (one.state in PLANNED and max(at, now) < one.starts_at < end):
            continue
        walls = _walls(one, zones)
        matches = [key for key, wall, hour in zip(SIDE_KEYS, walls, usual, strict=True) if wall == hour]
        if matches:
            kept[matches[0]] += 1
            a, b = (_at_hour(one, zone, hour) for zone, hour in zip(zones, usual, strict=True))
            after.append(AfterChange(number=number, lesson=one, if_kept=(a, b)))
    if not after:
        return None
    zone = zones[SIDE_KEYS.index(side)]
    return ClockNotice(
        changes_at=at,
        side=side,
        shift=offset_at(at, zone) - offset_at(at - _SECOND, zone),
        usual=usual,
        stays="a" if kept["a"] >= kept["b"] else "b",
        lessons=tuple(after),
    )


def _walls(lesson: Lesson, zones: tuple[str, str]) -> tuple[time, time]:
    return wall_time(lesson.starts_at, zones[0]).time, wall_time(lesson.starts_at, zones[1]).time


def _same_clocks(lesson: Lesson, at: datetime, zones: tuple[str, str]) -> bool:
    """Whether both clocks stood to one another at that lesson as just before the change."""
    return _apart(lesson.starts_at, zones) == _apart(at - _SECOND, zones)


def _apart(at: datetime, zones: tuple[str, str]) -> timedelta:
    return offset_at(at, zones[0]) - offset_at(at, zones[1])


def _at_hour(lesson: Lesson, zone: str, hour: time) -> datetime:
    """That hour on that wall, on the date nearest to where the lesson stands."""
    on = wall_time(lesson.starts_at, zone).date
    near = [resolve(datetime.combine(on + timedelta(days=days), hour), zone).at for days in (-1, 0, 1)]
    return min(near, key=lambda at: abs(at - lesson.starts_at))
