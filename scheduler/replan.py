"""Changing a series: one lesson, all following or all; after a closure the smallest change, shown to move nothing else.

Minimal perturbation is UniTime's and Timefold's idea: what still works is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scheduler import zone
from scheduler.interval import Interval, to_minute
from scheduler.model import Closure
from scheduler.search import Query, Sides, expand_sides, search, slot_at
from scheduler.series import PlannedLesson, SeriesError, SeriesPlan, replacements_for, why_not, with_slot
from scheduler.slot import Slot
from scheduler.standing import NEAR, fits, standing_slot, without

# Instead of a new hour that does not work, one of the same week: further off it is another decision.
_DAYS_OF_A_WEEK = timedelta(days=6)


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


def change_following(
    plan: SeriesPlan,
    number: int,
    start_at: datetime,
    taken: Sequence[Interval] = (),
    agreed: Sequence[Interval] = (),
) -> Change:
    """That lesson and all after it take its new weekday and hour, each in its own week; those before stay.

    Why its own week: a week that was left out, or that has no common hour, stays as people left it. What cannot be
    there becomes an exception. Raises SeriesError when the new start lies before a lesson that stays.
    """
    chosen, key = plan.lesson(number), plan.anchor_zone
    kept = [lesson.slot.start_at for lesson in plan.lessons if lesson.number < number and lesson.slot is not None]
    if kept and start_at <= max(kept):
        raise SeriesError("the new start lies before a lesson that stays")
    local, old = zone.to_local(start_at, key).replace(tzinfo=None), zone.to_local(_stands_at(chosen), key)
    new_monday, old_monday = (on - timedelta(days=on.weekday()) for on in (local.date(), old.date()))
    wanted = {number: start_at}
    for lesson in plan.lessons:
        if lesson.number > number:
            on = zone.to_local(_stands_at(lesson), key).date()
            to = on - timedelta(days=on.weekday()) + (new_monday - old_monday) + timedelta(days=local.weekday())
            wanted[lesson.number] = zone.resolve(datetime.combine(to, local.time()), key).at
    return place(plan, wanted, taken, agreed)


def change_all(plan: SeriesPlan, start_at: datetime, taken: Sequence[Interval] = ()) -> Change:
    """The whole series at another weekday and hour. Raises SeriesError."""
    return change_following(plan, plan.lessons[0].number, start_at, taken)


def place(
    plan: SeriesPlan,
    wanted: Mapping[int, datetime],
    taken: Sequence[Interval] = (),
    agreed: Sequence[Interval] = (),
) -> Change:
    """Those lessons at those starts, all others where they are; what cannot be there becomes an exception that says
    why. `taken`: hours given away to somebody else; `agreed`: those of them that are lessons."""
    length = timedelta(minutes=plan.query.minutes)
    stay_at = [_stands_at(lesson) for lesson in plan.lessons if lesson.number not in wanted]
    staying = [Interval(at, at + length) for at in stay_at]
    sides = expand_sides(plan.query)
    free = without(sides, [*taken, *staying])
    lessons = {lesson.number: lesson for lesson in plan.lessons}
    for number, at in wanted.items():
        if fits(plan.query, free, at):
            slot = standing_slot(plan.query, free, at)
            lessons[number] = replace(lessons[number], wanted_at=at, slot=slot, problem=None, replacements=())
            continue
        near = [one for one in search(plan.query, free) if abs(one.start_at - at) <= _DAYS_OF_A_WEEK]
        others = [other for key, other in wanted.items() if key != number]
        lessons[number] = PlannedLesson(
            number=number,
            wanted_at=at,
            slot=None,
            problem=why_not(plan.query, free, free.grid.cell_of(to_minute(at)), at, agreed),
            replacements=replacements_for(plan.query, near, at, others),
        )
    changed = replace(plan, lessons=tuple(lessons[lesson.number] for lesson in plan.lessons))
    return Change(plan=changed, moves=moves_between(plan, changed))


def repair(plan: SeriesPlan, query: Query, taken: Sequence[Interval] = (), agreed: Sequence[Interval] = ()) -> Change:
    """The same series under changed calendars: lessons that still work stay, each other takes the best slot near it
    that is not `taken`. A lesson without any becomes an exception that says why. `agreed`: lessons of others, beside
    which none of these works.
    """
    sides = without(expand_sides(query), agreed)
    broken = [x for x in plan.lessons if x.slot is not None and not fits(query, sides, x.slot.start_at)]
    changed = replace(plan, query=query)
    if not broken:
        return Change(plan=changed, moves=())
    slots = search(query, without(sides, taken))
    for lesson in broken:
        assert lesson.slot is not None
        others = [x.slot.start_at for x in changed.lessons if x.slot is not None and x.number != lesson.number]
        wanted = lesson.slot.start_at
        near = [slot for slot in slots if abs(slot.start_at - wanted) <= NEAR and _keeps_order(changed, lesson, slot)]
        choices = replacements_for(query, near, wanted, others)
        if choices:
            nearest = min(choices, key=lambda slot: (slot.tier.order, abs(slot.start_at - wanted)))
            changed = with_slot(changed, lesson.number, nearest)
        else:
            problem = why_not(query, sides, sides.grid.cell_of(to_minute(wanted)), wanted, agreed)
            lost = replace(lesson, slot=None, problem=problem)
            changed = replace(changed, lessons=tuple(lost if x.number == lesson.number else x for x in changed.lessons))
    return Change(plan=changed, moves=moves_between(plan, changed))


def nearest_slots(query: Query, wanted_at: datetime, taken: Iterable[datetime] = ()) -> tuple[Slot, ...]:
    """What could take the place of one lesson within a fortnight, the best first; `taken`: starts of other lessons."""
    slots = search(query, expand_sides(query))
    near = [slot for slot in slots if abs(slot.start_at - wanted_at) <= NEAR]
    return replacements_for(query, near, wanted_at, taken)


def with_closure(query: Query, side: str, closure: Closure) -> Query:
    """The query after a school of side `a` or `b` announced a closure."""
    party = query.a if side == "a" else query.b
    school = replace(party.school, closures=(*party.school.closures, closure))
    closed = replace(party, school=school)
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


def _stands_at(lesson: PlannedLesson) -> datetime:
    """Where it is; of an exception where it should have been."""
    return lesson.slot.start_at if lesson.slot is not None else lesson.wanted_at
