"""The months of a school year as one sees them: what each date is to the school, by its name, shape and word. Pure.

Judged by the scheduler itself, so that the drawing shows what the hour finder believes, whatever the file says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from scheduler import DayCause, DayPlan, School, official_year, plan_day
from server.pair import LocalizedText

_DAY: Final = timedelta(days=1)


class DayKind(StrEnum):
    """In the order of the legend."""

    CLASS = "class"
    DIFFERS = "differs"
    MAKE_UP = "make_up"
    HOLIDAY = "holiday"
    BREAK = "break"
    CLOSURE = "closure"
    DISTANCE = "distance"
    FREE = "free"
    OUT = "out"


DAY_KINDS: Final[Mapping[DayKind, LocalizedText]] = {
    DayKind.CLASS: LocalizedText("class day", "上課日"),
    DayKind.DIFFERS: LocalizedText("other bells", "不同作息"),
    DayKind.MAKE_UP: LocalizedText("make-up class day", "補課日"),
    DayKind.HOLIDAY: LocalizedText("holiday", "放假日"),
    DayKind.BREAK: LocalizedText("break", "假期"),
    DayKind.CLOSURE: LocalizedText("closed", "停課"),
    DayKind.DISTANCE: LocalizedText("teaching at a distance", "遠距教學"),
    DayKind.FREE: LocalizedText("no class", "無課"),
    DayKind.OUT: LocalizedText("outside of the terms", "學期外"),
}
# Those that the list under a month names.
_NAMED: Final = frozenset(DayKind) - {DayKind.CLASS, DayKind.FREE, DayKind.OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`name`: of the holiday, the break, the kind of day; `follows`: the date whose timetable holds instead."""

    on: date
    kind: DayKind
    name: str
    follows: date | None
    week: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Dates that follow one another and are the same, for the list under a month."""

    first: date
    last: date
    day: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`weeks`: from Monday, None for the dates of other months; with the term's number of the week."""

    first: date
    weeks: tuple[tuple[int | None, tuple[Day | None, ...]], ...]
    spans: tuple[Span, ...]


def months_of(school: School, first: date, last: date) -> tuple[Month, ...]:
    """Every month that the dates touch. Reads the official days when they are first asked: call it in a thread."""
    names = _official_names(school, first, last)
    found = []
    on = first.replace(day=1)
    while on <= last:
        after = (on + timedelta(days=32)).replace(day=1)
        days = [_judged(school, on + _DAY * number, first, last, names) for number in range((after - on).days)]
        found.append(Month(first=on, weeks=_weeks(days), spans=_spans(days)))
        on = after
    return tuple(found)


def _official_names(school: School, first: date, last: date) -> Mapping[date, str]:
    """In the language of the school's own country; the scheduler's plan has the English ones."""
    if not school.calendar.official:
        return {}
    years = [official_year(school.calendar.official, year) for year in range(first.year, last.year + 1)]
    return {on: names.zh if school.country == "TW" else names.en for year in years for on, names in year.days.items()}


def _judged(school: School, on: date, first: date, last: date, names: Mapping[date, str]) -> Day:
    plan = plan_day(school, on)
    kind, name = _kind(school, plan, names)
    if not first <= on <= last:
        kind, name = DayKind.OUT, ""
    return Day(
        on=on,
        kind=kind,
        name=name,
        follows=plan.timetable_on if kind is DayKind.MAKE_UP else None,
        week=plan.week if kind not in (DayKind.OUT, DayKind.BREAK) else None,
    )


def _kind(school: School, plan: DayPlan, names: Mapping[date, str]) -> tuple[DayKind, str]:
    if plan.closures:
        closure = plan.closures[0]
        return (DayKind.DISTANCE if closure.mode == "distance" else DayKind.CLOSURE), closure.reason
    if plan.closed_by is DayCause.HOLIDAY:
        return DayKind.HOLIDAY, names.get(plan.on, plan.closed_name)
    if plan.closed_by is not None:
        return (DayKind.BREAK, plan.closed_name) if plan.closed_name else (DayKind.OUT, "")
    if plan.timetable_on != plan.on:
        return DayKind.MAKE_UP, ""
    bells = school.bells_on(plan.on)
    if bells is not None and plan.on in bells.dates:
        return DayKind.DIFFERS, bells.dates[plan.on]
    if plan.term is None and not plan.periods:
        return DayKind.OUT, ""
    return (DayKind.CLASS, "") if plan.periods else (DayKind.FREE, "")


def _weeks(days: list[Day]) -> tuple[tuple[int | None, tuple[Day | None, ...]], ...]:
    cells: list[Day | None] = [None] * days[0].on.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    rows = [tuple(cells[start : start + 7]) for start in range(0, len(cells), 7)]
    return tuple((next((day.week for day in row[:5] if day and day.week is not None), None), row) for row in rows)


def _spans(days: list[Day]) -> tuple[Span, ...]:
    found: list[Span] = []
    for day in days:
        if day.kind not in _NAMED:
            continue
        before = found[-1] if found else None
        if (
            before
            and before.last + _DAY == day.on
            and (before.day.kind, before.day.name) == (day.kind, day.name)
            and day.follows is None
        ):
            found[-1] = Span(first=before.first, last=day.on, day=before.day)
        else:
            found.append(Span(first=day.on, last=day.on, day=day))
    return tuple(found)
