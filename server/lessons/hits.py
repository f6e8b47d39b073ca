"""Which planned lessons a change of a school's hours hits, and what could take the place of each.

Nothing is moved here. Reads our templates and calendars: call it in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from scheduler import Party, Query, SchoolFileError, SeriesError, Slot, nearest_slots, plan_series, to_local
from server.ids import ClassGroupId, SchoolId
from server.lessons.hours import ClassHours, hours_of
from server.lessons.lesson import Lesson, LessonSide

# A search takes some ten milliseconds; whoever has more lessons hit than this moves them by the term sheet.
_MOST_SEARCHES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`instead`: the best start within a fortnight at which both classes can; None when there is none, or too many.

    Side a of it is the school whose hours change.
    """

    lesson: Lesson
    instead: Slot | None


class SchoolDay:
    """The hours of one school under a file, for each of its class groups; `classes`: as `list_classes` has them."""

    def __init__(self, known: ClassHours, text: str, classes: Mapping[ClassGroupId, ClassHours]) -> None:
        self._known = replace(known, school_file=text)
        self._text = text
        self._classes = classes
        self._parties: dict[ClassGroupId, Party] = {}

    @property
    def school_id(self) -> SchoolId:
        return self._known.school_id

    def party(self, group_id: ClassGroupId) -> Party:
        if group_id not in self._parties:
            known = self._classes.get(group_id)
            own = replace(known, school_file=self._text) if known and known.school_id == self.school_id else self._known
            self._parties[group_id] = hours_of(own).party
        return self._parties[group_id]

    def fits(self, lesson: Lesson) -> bool:
        """Whether the class may take part at that time by its own bells, calendar and closures."""
        party = self.party(_own(lesson, self.school_id).class_group_id)
        on = to_local(lesson.starts_at, party.school.zone).date()
        try:
            plan_series(Query(a=party, b=party, from_on=on, weeks=1, minutes=lesson.minutes), lesson.starts_at, 1)
        except (SeriesError, ValueError):
            return False
        return True

    def unfit(self, lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
        return tuple(lesson for lesson in lessons if not self.fits(lesson))


def hit_by(before: SchoolDay, after: SchoolDay, lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Lessons that fit this school's hours now and would not then; the others are moved by nobody."""
    return tuple(lesson for lesson in lessons if before.fits(lesson) and not after.fits(lesson))


def with_replacements(
    after: SchoolDay,
    hit: Sequence[Lesson],
    planned: Sequence[Lesson],
    classes: Mapping[ClassGroupId, ClassHours],
    first_on: date,
) -> tuple[Hit, ...]:
    """`planned`: other lessons of either class, which keep their days. Not before `first_on`."""
    found = []
    for number, lesson in enumerate(hit):
        instead = None
        if number < _MOST_SEARCHES:
            instead = _instead(after, lesson, planned, classes, first_on)
        found.append(Hit(lesson=lesson, instead=instead))
    return tuple(found)


def _instead(
    after: SchoolDay,
    lesson: Lesson,
    planned: Sequence[Lesson],
    classes: Mapping[ClassGroupId, ClassHours],
    first_on: date,
) -> Slot | None:
    own = _own(lesson, after.school_id)
    other = next(side for side in lesson.sides if side is not own)
    partner = classes.get(other.class_group_id)
    if partner is None:
        return None
    party = after.party(own.class_group_id)
    on = to_local(lesson.starts_at, party.school.zone).date()
    groups = {side.class_group_id for side in lesson.sides}
    taken = [
        one.starts_at for one in planned if one.id != lesson.id and groups & {side.class_group_id for side in one.sides}
    ]
    try:
        query = Query(
            a=party,
            b=hours_of(partner).party,
            from_on=max(on - timedelta(days=14), first_on),
            weeks=5,
            minutes=lesson.minutes,
        )
        return next(iter(nearest_slots(query, lesson.starts_at, taken)), None)
    except (SchoolFileError, ValueError):
        return None


def _own(lesson: Lesson, school_id: SchoolId) -> LessonSide:
    side = lesson.side_of_school(school_id)
    assert side is not None, "a lesson of another school"
    return side
