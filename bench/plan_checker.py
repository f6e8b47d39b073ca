"""The judge of the scheduler: may this class meet at that minute? Independent code, on `whenever`, minute by minute.

It shares nothing with `scheduler` but the values of `scheduler.model`, so that one mistake cannot hide in both.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import whenever

from scheduler.model import ClassGroup, Period, School, Window

whenever.reset_tzpath([])

# Restated here on purpose: tier order by window kind, as in the guide.
ORDER = {
    "instruction": 0,
    "self_study": 1,
    "lunch": 1,
    "before_school": 2,
    "after_school": 2,
    "evening": 3,
    "saturday": 4,
}
HOME = {"before_school", "after_school", "evening", "saturday"}
STEP = 5
PARTS = {"morning": (0, 720), "afternoon": (720, 1080), "evening": (1080, 1440), "day": (0, 1440)}


class Refused(Exception):
    """Why a lesson may not be."""


def judge(school: School, group: ClassGroup, start_at: datetime, minutes: int) -> tuple[int, int]:
    """(tier order, burden minutes) of a lesson for one class; raises Refused."""
    worst = burden = 0
    offset = None
    for minute in range(0, minutes, STEP):
        at = start_at + timedelta(minutes=minute)
        for instant in (at, at + timedelta(minutes=STEP)):
            now = _wall(school, instant).offset
            if offset is not None and now != offset:
                raise Refused("the clock changes during it")
            offset = now
        kinds = _kinds(school, group, at)
        if not kinds:
            raise Refused(f"no window at {_wall(school, at)}")
        best = min(kinds, key=lambda kind: ORDER[kind])
        worst = max(worst, ORDER[best])
        burden += STEP if not set(kinds) - HOME else 0
    return worst, burden


def _wall(school: School, at: datetime) -> whenever.ZonedDateTime:
    instant = whenever.Instant.from_timestamp(int(at.timestamp()))
    base = instant.to_tz(school.zone)
    day = base.date().to_stdlib()
    for override in school.zone_overrides:
        if override.first_on <= day <= override.last_on:
            return instant.to_tz(override.zone)
    return base


def _kinds(school: School, group: ClassGroup, at: datetime) -> list[str]:
    """Kinds of the windows that hold the five minutes from `at` on."""
    wall = _wall(school, at)
    if wall.is_repeated():
        raise Refused("that time occurs twice")
    today, minute = wall.date().to_stdlib(), wall.hour * 60 + wall.minute
    for closure in school.closures:
        low, high = PARTS[closure.part]
        hit = closure.first_on <= today <= closure.last_on and minute < high and low < minute + STEP
        if hit and (closure.mode == "closed" or not group.joins_from_home):
            raise Refused("closed")
    for teacher in group.teachers:
        if any(b.on == today and minute < b.end_minute and b.start_minute < minute + STEP for b in teacher.dated):
            raise Refused("teacher busy")
        if any(
            today.weekday() in b.weekdays and minute < b.end_minute and b.start_minute < minute + STEP
            for b in teacher.weekly
        ):
            raise Refused("teacher busy")
    found = []
    for day, position in ((today, minute), (today - timedelta(days=1), minute + 1440)):
        if not _is_school_day(school, day):
            continue
        periods = _periods(school, day)
        for window in group.windows:
            if window.willingness >= 1 and _holds(window, group, day, _follows(school, day), periods, position):
                found.append(str(window.kind))
    return found


def _follows(school: School, day: date) -> date:
    for year in school.calendar.years:
        if day in year.make_up:
            return year.make_up[day]
    return day


def _is_school_day(school: School, day: date) -> bool:
    for year in school.calendar.years:
        if not year.first_on <= day <= year.last_on:
            continue
        if day in year.make_up:
            return True
        if any(pause.first_on <= day <= pause.last_on for pause in year.breaks):
            return False
        return any(term.first_on <= day <= term.last_on for term in year.terms)
    return False


def _periods(school: School, day: date) -> tuple[Period, ...]:
    follows = _follows(school, day)
    chosen = None
    for bells in school.bells:
        if bells.first_on <= day and (bells.last_on is None or day <= bells.last_on):
            chosen = bells if chosen is None or bells.first_on > chosen.first_on else chosen
    if chosen is None:
        return ()
    kind = chosen.dates.get(day) or chosen.dates.get(follows) or chosen.week[follows.weekday()]
    return chosen.days[kind] if kind else ()


def _holds(
    window: Window, group: ClassGroup, day: date, follows: date, periods: tuple[Period, ...], minute: int
) -> bool:
    if (window.first_on and day < window.first_on) or (window.last_on and day > window.last_on):
        return False
    if window.dates is not None:
        if day not in window.dates:
            return False
    elif window.kind == "saturday":
        if day.weekday() != 5:
            return False
    elif follows.weekday() not in window.weekdays:
        return False
    bells = [(p.start_minute, p.end_minute) for p in periods]
    first, last = min((b[0] for b in bells), default=None), max((b[1] for b in bells), default=None)
    low, high = window.start_minute, window.end_minute
    if str(window.kind) in HOME:
        if window.kind == "before_school":
            if first is None or low is None:
                return False
            return low <= minute and minute + STEP <= min(high or first, first)
        begin = max(x for x in (low, last) if x is not None) if (low, last) != (None, None) else None
        return begin is not None and high is not None and begin <= minute and minute + STEP <= high
    if low is not None and high is not None:
        return last is not None and low <= minute and minute + STEP <= min(high, last)
    usable = sorted(
        (p.start_minute, p.end_minute)
        for p in periods
        if p.kind == window.kind and (window.periods is None or p.name in window.periods)
    )
    if any(a <= minute and minute + STEP <= b for a, b in usable):
        return True
    # A short break between two usable periods, or one cell that straddles a bell.
    return group.crosses_breaks and any(
        two[0] - one[1] <= 15 and one[0] <= minute and minute + STEP <= two[1]
        for one, two in itertools.pairwise(usable)
    )
