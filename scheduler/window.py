"""Which stretches of one day a class group offers, in local minutes: windows laid over that day's bells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from scheduler.calendars import DayPlan
from scheduler.model import (
    AT_SCHOOL,
    DAY_PART_MINUTES,
    MINUTES_A_DAY,
    SATURDAY,
    ClassGroup,
    DayPart,
    PaintedHour,
    Period,
    Window,
    WindowKind,
)

# Longer pauses are lunch or a recess with its own duty; shorter ones a class with one teacher can work through.
LONGEST_CROSSED_BREAK_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Stretch:
    """A window on one date."""

    kind: WindowKind
    willingness: int
    start_minute: int
    end_minute: int


def stretches(group: ClassGroup, plan: DayPlan) -> Iterator[Stretch]:
    """Ignores whether the date is closed: the caller wants to know what a closure costs."""
    for window in group.windows:
        yield from stretches_of(window, group, plan)


def stretches_of(window: Window, group: ClassGroup, plan: DayPlan) -> Iterator[Stretch]:
    """Of one window, which need not be among the group's own."""
    if is_offered_on(window, plan):
        for start, end in _spans(window, group, plan):
            if start < end:
                yield Stretch(window.kind, window.willingness, start, end)


def is_offered_on(window: Window, plan: DayPlan) -> bool:
    """By painted dates if there are any, else by the weekday of the timetable that holds."""
    on = plan.on
    if not (window.first_on or on) <= on <= (window.last_on or on):
        return False
    if window.dates is not None:
        return on in window.dates
    if window.kind is WindowKind.SATURDAY:
        return on.weekday() == SATURDAY
    return plan.timetable_on.weekday() in window.weekdays


def _spans(window: Window, group: ClassGroup, plan: DayPlan) -> list[tuple[int, int]]:
    if window.kind in AT_SCHOOL:
        if not plan.periods:
            return []
        if window.start_minute is None or window.end_minute is None:
            return _bell_spans(window, group, plan.periods)
        # On a half day the school is over before the window is.
        return [(window.start_minute, min(window.end_minute, plan.dismissal or 0))]
    if window.kind is WindowKind.BEFORE_SCHOOL:
        if plan.first_bell is None or window.start_minute is None:
            return []
        return [(window.start_minute, min(window.end_minute or plan.first_bell, plan.first_bell))]
    start = window.start_minute if window.start_minute is not None else plan.dismissal
    if start is None or window.end_minute is None:
        return []
    return [(max(start, plan.dismissal or 0), min(window.end_minute, 2 * MINUTES_A_DAY))]


def _bell_spans(window: Window, group: ClassGroup, periods: Iterable[Period]) -> list[tuple[int, int]]:
    """The periods of the window's kind that the timetable leaves free, short breaks bridged if the class may."""
    usable = sorted(
        (period.start_minute, period.end_minute)
        for period in periods
        if period.kind is window.kind and (window.periods is None or period.name in window.periods)
    )
    if not group.crosses_breaks:
        return usable
    merged: list[tuple[int, int]] = []
    for start, end in usable:
        if merged and start - merged[-1][1] <= LONGEST_CROSSED_BREAK_MINUTES:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def painted_stretches(painted: PaintedHour, plan: DayPlan) -> Iterator[Stretch]:
    """An offered hour in pieces, each of the kind that the hour is on that date: by the bells, then by the clock."""
    cuts = {painted.start_minute, painted.end_minute, *_borders(plan)}
    inside = sorted(cut for cut in cuts if painted.start_minute <= cut <= painted.end_minute)
    for start, end in pairwise(inside):
        yield Stretch(kind_at(start, plan), painted.willingness, start, end)


def kind_at(minute: int, plan: DayPlan) -> WindowKind:
    """What that minute is to a class: lesson time is all between the first bell and the last that is nothing else."""
    if plan.first_bell is None or plan.dismissal is None:
        if plan.on.weekday() >= SATURDAY:
            return WindowKind.SATURDAY
        # A weekday without bells: the clock alone divides it.
        first_bell = dismissal = DAY_PART_MINUTES[DayPart.MORNING][1]
    else:
        first_bell, dismissal = plan.first_bell, plan.dismissal
    if minute < first_bell:
        return WindowKind.BEFORE_SCHOOL
    if minute < dismissal:
        ringing = (period.kind for period in plan.periods if period.start_minute <= minute < period.end_minute)
        return next(ringing, WindowKind.INSTRUCTION)
    return WindowKind.EVENING if minute >= DAY_PART_MINUTES[DayPart.EVENING][0] else WindowKind.AFTER_SCHOOL


def _borders(plan: DayPlan) -> Iterator[int]:
    """Where the kind may change."""
    yield DAY_PART_MINUTES[DayPart.MORNING][1]
    yield DAY_PART_MINUTES[DayPart.EVENING][0]
    for period in plan.periods:
        yield period.start_minute
        yield period.end_minute
