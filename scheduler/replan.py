"""Changing a series: one lesson, all following or all; after a closure the smallest change, shown to move nothing else.

Minimal perturbation is UniTime's and Timefold's idea: what still works is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scheduler.expand import Party
from scheduler.interval import to_minute
from scheduler.model import Closure
from scheduler.search import Query, Sides, expand_sides, search, slot_at
from scheduler.series import PlannedLesson, SeriesError, SeriesPlan, plan_series, replacements_for, why_not, with_slot
from scheduler.slot import Slot

# A lesson may slip this far before it is rather an exception for people to decide.
_NEAR = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`before` or `after` is None for an exception, before or after."""

    number: int
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The new plan and exactly what moved; every other lesson is at the instant at which it was."""

    plan: SeriesPlan
    moves: tuple[Move, ...]


def accept_replacements(plan: SeriesPlan) -> Change:
    """Every exception at its best replacement that no other lesson has taken."""
    changed = plan
    for lesson in plan.exceptions:
        others = [other.slot.start_at for other in changed.lessons if other.slot is not None]
        choices = replacements_for(plan.query, lesson.replacements, lesson.wanted_at, others)
        if choices:
            changed = with_slot(changed, lesson.number, choices[0])
    return Change(plan=changed, moves=moves_between(plan, changed))


def change_one(plan: SeriesPlan, number: int, start_at: datetime) -> Change:
    """Only that lesson. Raises SeriesError if the start does not work or another lesson of the series stands there."""
    sides = expand_sides(plan.query)
    slot = _slot(plan.query, sides, start_at)
    length = timedelta(minutes=plan.query.minutes)
    for other in plan.lessons:
        if other.number != number and other.slot is not None and abs(other.slot.start_at - start_at) < length:
            raise SeriesError(f"lesson {other.number} already stands there")
    changed = with_slot(plan, number, slot)
    return Change(plan=changed, moves=moves_between(plan, changed))


def change_following(plan: SeriesPlan, number: int, start_at: datetime) -> Change:
    """That lesson and all after it follow the new weekday and hour; those before stay. Raises SeriesError."""
    plan.lesson(number)
    kept = [lesson for lesson in plan.lessons if lesson.number < number]
    starts = [lesson.slot.start_at for lesson in kept if lesson.slot is not None]
    if starts and start_at <= max(starts):
        raise SeriesError("the new start lies before a lesson that stays")
    rest = plan_series(
        plan.query, start_at, len(plan.lessons) - len(kept), every_weeks=plan.every_weeks, anchor=plan.anchor
    )
    renumbered = tuple(replace(lesson, number=lesson.number + number - 1) for lesson in rest.lessons)
    quiet = tuple(week for week in plan.quiet_weeks if week.monday < start_at.date() and week not in rest.quiet_weeks)
    changed = replace(plan, lessons=(*kept, *renumbered), quiet_weeks=(*quiet, *rest.quiet_weeks))
    return Change(plan=changed, moves=moves_between(plan, changed))


def change_all(plan: SeriesPlan, start_at: datetime) -> Change:
    """The whole series at another weekday and hour. Raises SeriesError."""
    return change_following(plan, 1, start_at)


def repair(plan: SeriesPlan, query: Query) -> Change:
    """The same series under changed calendars: lessons that still work stay, each other takes the best slot near it.

    A lesson without any becomes an exception that says why.
    """
    sides = expand_sides(query)
    cells = {lesson.number: _cell(sides, lesson) for lesson in plan.lessons if lesson.slot is not None}
    working = {number: slot_at(query, sides, cell) for number, cell in cells.items()}
    changed = replace(plan, query=query)
    if all(working.values()):
        return Change(plan=changed, moves=())
    slots = search(query, sides)
    for lesson in plan.lessons:
        if lesson.slot is None or working[lesson.number] is not None:
            continue
        taken = [
            other.slot.start_at for other in changed.lessons if other.slot is not None and other.number != lesson.number
        ]
        wanted = lesson.slot.start_at
        near = [slot for slot in slots if abs(slot.start_at - wanted) <= _NEAR and _keeps_order(changed, lesson, slot)]
        choices = replacements_for(query, near, wanted, taken)
        if choices:
            nearest = min(choices, key=lambda slot: (slot.tier.order, abs(slot.start_at - wanted)))
            changed = with_slot(changed, lesson.number, nearest)
        else:
            problem = why_not(query, sides, cells[lesson.number], wanted)
            lost = replace(lesson, slot=None, problem=problem)
            changed = replace(changed, lessons=tuple(lost if x.number == lesson.number else x for x in changed.lessons))
    return Change(plan=changed, moves=moves_between(plan, changed))


def with_closure(query: Query, side: str, closure: Closure) -> Query:
    """The query after a school of side `a` or `b` announced a closure."""
    party = query.a if side == "a" else query.b
    school = replace(party.school, closures=(*party.school.closures, closure))
    closed = Party(school, party.group)
    return replace(query, a=closed) if side == "a" else replace(query, b=closed)


def moves_between(before: SeriesPlan, after: SeriesPlan) -> tuple[Move, ...]:
    """Lessons whose instant differs, by number."""
    was = {lesson.number: lesson.slot.start_at if lesson.slot else None for lesson in before.lessons}
    now = {lesson.number: lesson.slot.start_at if lesson.slot else None for lesson in after.lessons}
    return tuple(
        Move(number=number, before=was.get(number), after=now.get(number))
        for number in sorted(was.keys() | now.keys())
        if was.get(number) != now.get(number)
    )


def _keeps_order(plan: SeriesPlan, lesson: PlannedLesson, slot: Slot) -> bool:
    """Lesson 3 stays between lessons 2 and 4."""
    return all(
        (other.slot.start_at < slot.start_at) == (other.number < lesson.number)
        for other in plan.lessons
        if other.slot is not None and other.number != lesson.number
    )


def _slot(query: Query, sides: Sides, start_at: datetime) -> Slot:
    slot = slot_at(query, sides, sides.grid.cell_of(to_minute(start_at.astimezone(UTC))))
    if slot is None or slot.start_at != start_at:
        raise SeriesError(f"{start_at:%Y-%m-%dT%H:%MZ} is no start that works for both classes")
    return slot


def _cell(sides: Sides, lesson: PlannedLesson) -> int:
    assert lesson.slot is not None
    return sides.grid.cell_of(to_minute(lesson.slot.start_at))
