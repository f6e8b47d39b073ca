"""When the demo's lessons are: asked of the scheduler, as a coordinator would, in the week that the plan names.

Reads school files: call it in a thread. The lesson that begins soon has no place here: it begins whenever one looks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scheduler import (
    Anchor,
    Party,
    Query,
    SeriesError,
    SeriesPlan,
    Slot,
    all_slots,
    clock_changes,
    find_party,
    plan_series,
)
from server.demo_data.lessons import TAIWAN, DemoLessonPlan, local_start
from server.demo_data.schools import demo_school

# Summer and winter breaks of both sides in a row.
_LONGEST_BREAK_WEEKS = 26
_FRIDAY = 4
SERIES_LESSONS = 8
# So many weeks of the series lie before the clock change that it runs into.
_WEEKS_BEFORE = 4
# The exception to be seen lies after it, where something can still be done about it.
_EXCEPTION_FROM = 5


def scheduled_start(plan: DemoLessonPlan, now: datetime, taken: Collection[date] = ()) -> datetime:
    """The best hour of the plan's week, on the Taiwan side's wall; in a break of the nearest week before (of a lesson
    that is over) or after. `taken`: dates on which the demo has another lesson. In no week at all the plan's own."""
    wanted = local_start(plan, now)
    assert plan.at is not None
    monday = wanted.date() - timedelta(days=wanted.weekday())
    is_past = plan.at.week < 0
    a, b = _party(plan.taiwan), _party(plan.united_states)
    for from_on, weeks in (
        (monday, 1),
        (monday - timedelta(weeks=_LONGEST_BREAK_WEEKS) if is_past else monday, _LONGEST_BREAK_WEEKS),
    ):
        found = all_slots(Query(a=a, b=b, from_on=from_on, weeks=weeks, minutes=plan.minutes))
        slots = [slot for slot in found if _is_usual(slot) and slot.a.on not in taken]
        if slots:
            week = max(map(_week, slots)) if is_past else min(map(_week, slots))
            return next(slot for slot in slots if _week(slot) == week).start_at.astimezone(TAIWAN)
    return wanted


def _party(school_id: str) -> Party:
    return find_party(demo_school(school_id).group_id)


def _is_usual(slot: Slot) -> bool:
    """A school day on both sides."""
    return slot.a.on.weekday() <= _FRIDAY and slot.b.on.weekday() <= _FRIDAY


def _week(slot: Slot) -> date:
    return slot.a.on - timedelta(days=slot.a.on.weekday())


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSeries:
    """`starts`: of the lessons in order; `exception`: the number of the one that stands where it does not fit."""

    changes_at: datetime
    starts: tuple[datetime, ...]
    exception: int


def demo_series_change(zone: str, now: datetime) -> datetime:
    """The clock change that the demo's series runs into: the next one."""
    return clock_changes(zone, now, now + timedelta(days=400))[0].at


def demo_series(taiwan: str, united_states: str, minutes: int, changes_at: datetime) -> DemoSeries:
    """Eight weekly lessons across that change, pinned to Taiwan, with one exception behind it. Relative to the change
    and not to today, so that it is the same series until the change has passed."""
    a, b = _party(taiwan), _party(united_states)
    on = changes_at.astimezone(TAIWAN).date() - timedelta(weeks=_WEEKS_BEFORE)
    monday = on - timedelta(days=on.weekday())
    query = Query(a=a, b=b, from_on=monday, weeks=_LONGEST_BREAK_WEEKS, minutes=minutes)
    first_weeks = [slot for slot in all_slots(query) if _is_usual(slot) and slot.start_at < changes_at]
    plans = [plan for slot in first_weeks[:12] if (plan := _plan(query, slot.start_at)) is not None]
    chosen = next((plan for plan in plans if _late_exception(plan)), plans[0] if plans else None)
    if chosen is None:
        raise SeriesError("no hour for the demo's series")
    exception = _late_exception(chosen)
    starts = []
    for lesson in chosen.lessons:
        slot = lesson.slot or next(iter(lesson.replacements), None)
        stays = lesson.number == exception or slot is None
        starts.append(lesson.wanted_at if stays or slot is None else slot.start_at)
    if not exception:
        # No holiday is in its way: the last but one stands at an hour that nobody offers.
        exception = SERIES_LESSONS - 1
        starts[exception - 1] += timedelta(hours=-4)
    return DemoSeries(changes_at=changes_at, starts=tuple(at.astimezone(UTC) for at in starts), exception=exception)


def _plan(query: Query, start_at: datetime) -> SeriesPlan | None:
    try:
        return plan_series(query, start_at, SERIES_LESSONS, anchor=Anchor.A)
    except SeriesError:
        return None


def _late_exception(plan: SeriesPlan) -> int:
    """0: there is none."""
    return next((one.number for one in plan.exceptions if one.number >= _EXCEPTION_FROM), 0)
