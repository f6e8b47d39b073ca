"""Who gives how many minutes outside school hours: of lessons that really took place, beside those still planned.

Pure but for school files, which are read when they are first needed: call it in a thread. A lesson took place when it
ended and, where attendance is known, adults of both sides were there; it counts for those who were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler import (
    EasierHour,
    Held,
    Ledger,
    Party,
    Query,
    SideSlot,
    Slot,
    all_slots,
    best_near,
    easier_hours,
    ledger,
    price_at,
    to_local,
    weighted_burden,
)
from scheduler import SchoolId as FileSchoolId
from server.ids import ClassGroupId, LessonId, PersonId, SchoolId
from server.lessons.clock_notice import PLANNED
from server.lessons.facts import LessonState
from server.lessons.hours import ClassHours, hours_of
from server.lessons.lesson import Lesson, LessonSide, adult_person

_OVER = frozenset({LessonState.ENDED, LessonState.ATTENDANCE_SIGNED, LessonState.REPORTED})
# A school year and the term after it: what people still remember, and what a search can cover.
_BACK, _AHEAD = timedelta(weeks=30), timedelta(weeks=26)
_AROUND = timedelta(days=15)
# A rotation is half a term; further ahead nobody promises an hour.
ROTATION_LESSONS = 4
_ROTATION_WEEKS = 16
_SHOWN = 2

Pair = tuple[ClassGroupId, ClassGroupId]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBook:
    """`paid`: weighted minutes of a's and b's side, held and planned; `easier`: hours at which who has paid more pays
    less. `schools`: of a and b."""

    groups: Pair
    schools: tuple[SchoolId, SchoolId]
    minutes: int
    held: int
    planned: int
    paid: tuple[float, float]
    usual: tuple[float, float]
    easier: tuple[EasierHour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessBooks:
    """The ids in both ledgers are ours: accounts, class groups, schools, and countries by code."""

    held: Ledger
    planned: Ledger
    pairs: tuple[PairBook, ...]


def fairness_books(
    lessons: Sequence[Lesson],
    classes: Mapping[ClassGroupId, ClassHours],
    present: Mapping[LessonId, Collection[PersonId]],
    now: datetime,
) -> FairnessBooks:
    pairs: dict[Pair, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        groups = (lesson.sides[0].class_group_id, lesson.sides[1].class_group_id)
        # One pair, whoever proposed the lesson.
        key = groups if groups in pairs or groups[::-1] not in pairs else (groups[1], groups[0])
        counts = lesson.state in _OVER or (lesson.state in PLANNED and lesson.starts_at > now)
        if counts and now - _BACK < lesson.starts_at < now + _AHEAD and set(groups) <= set(classes):
            pairs[key].append(lesson)
    held: list[Held] = []
    planned: list[Held] = []
    books = []
    for key, theirs in pairs.items():
        if theirs:
            done, coming, book = _pair(key, theirs, classes, present, now)
            held += done
            planned += coming
            books.append(book)
    return FairnessBooks(held=ledger(held), planned=ledger(planned), pairs=tuple(books))


def _pair(
    key: Pair,
    lessons: Sequence[Lesson],
    classes: Mapping[ClassGroupId, ClassHours],
    present: Mapping[LessonId, Collection[PersonId]],
    now: datetime,
) -> tuple[list[Held], list[Held], PairBook]:
    a, b = (_party(classes[group]) for group in key)
    first, last = min(one.starts_at for one in lessons), max(one.starts_at for one in lessons)
    from_on = to_local(first - _AROUND, a.school.zone).date()
    until = to_local(last + _AROUND, a.school.zone).date()
    minutes = max(one.minutes for one in lessons)
    query = Query(a=a, b=b, from_on=from_on, weeks=-(-(until - from_on).days // 7), minutes=minutes)
    best = all_slots(query)
    done, coming = [], []
    for lesson, slot in zip(lessons, price_at(query, [one.starts_at for one in lessons]), strict=True):
        one = _entry(lesson, key, slot, a, b, best, present.get(lesson.id, ()))
        if lesson.state not in _OVER:
            coming.append(one)
        elif one.taught_a and one.taught_b:
            done.append(one)
    entries = [*done, *coming]
    paid = (_sum(one.slot.a for one in entries), _sum(one.slot.b for one in entries))
    usual = (paid[0] / len(entries), paid[1] / len(entries)) if entries else (0.0, 0.0)
    ahead = replace(query, from_on=to_local(now, a.school.zone).date() + timedelta(days=1), weeks=_ROTATION_WEEKS)
    easier = easier_hours(ahead, paid, usual, ROTATION_LESSONS)[:_SHOWN] if entries else []
    book = PairBook(
        groups=key,
        schools=(classes[key[0]].school_id, classes[key[1]].school_id),
        minutes=minutes,
        held=len(done),
        planned=len(coming),
        paid=paid,
        usual=usual,
        easier=tuple(easier),
    )
    return done, coming, book


def _party(known: ClassHours) -> Party:
    """With our own id of the school: files of a kind share theirs."""
    party = hours_of(known).party
    return Party(replace(party.school, id=FileSchoolId(known.school_id)), party.group)


def _entry(
    lesson: Lesson, key: Pair, slot: Slot, a: Party, b: Party, best: Sequence[Slot], present: Collection[PersonId]
) -> Held:
    sides = lesson.sides if lesson.sides[0].class_group_id == key[0] else lesson.sides[::-1]
    # Nothing nearer than the lesson itself: then it was the best.
    least = best_near(best, lesson.starts_at) or (weighted_burden(slot.a), weighted_burden(slot.b))
    return Held(
        slot=slot,
        a=a,
        b=b,
        best_a=least[0],
        best_b=least[1],
        taught_a=_taught(sides[0], present),
        taught_b=_taught(sides[1], present),
    )


def _taught(side: LessonSide, present: Collection[PersonId]) -> tuple[str, ...]:
    """Who of that side was there; without attendance, or before the lesson, whoever leads."""
    if not present:
        return (side.substitute or side.lead,)
    return tuple(account for account in side.adults if adult_person(account) in present)


def _sum(sides: Iterable[SideSlot]) -> float:
    return sum(weighted_burden(side) for side in sides)
