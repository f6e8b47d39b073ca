"""From an hour to a term of it: the plan that pages and programs show, and look at once more when it is proposed.

Pure but for school files, which are read when they are first needed: call it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from scheduler import Anchor, Query, SeriesError, SeriesPlan, plan_series, resolve
from server.lessons.facts import SideKey
from server.lessons.hours import ClassHours, hours_of

# Breaks and exam weeks between the lessons: a series may stretch over so many weeks more than it has lessons.
_SLACK_WEEKS = 10
_MOST_WEEKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSeries:
    """`on` and `start`: of the first lesson, on A's wall. `anchor`: whose clock stays when the other's changes."""

    on: date
    start: time
    minutes: int
    lessons: int
    every_weeks: int
    anchor: SideKey


def plan_wanted(wanted: WantedSeries, a: ClassHours, b: ClassHours) -> SeriesPlan | None:
    """Lessons that are agreed already keep their hours: each gets an exception that says so, with replacements.

    None when no series can begin at that hour, or the weeks cannot hold so many lessons.
    """
    left, right = hours_of(a).party, hours_of(b).party
    weeks = min(wanted.lessons * wanted.every_weeks + _SLACK_WEEKS, _MOST_WEEKS)
    try:
        start_at = resolve(datetime.combine(wanted.on, wanted.start), left.school.zone).at
        query = Query(a=left, b=right, from_on=wanted.on, weeks=weeks, minutes=wanted.minutes)
        return plan_series(
            query,
            start_at,
            wanted.lessons,
            every_weeks=wanted.every_weeks,
            anchor=Anchor(wanted.anchor),
            agreed=(*a.agreed, *b.agreed),
        )
    except (SeriesError, ValueError, OverflowError):
        return None
