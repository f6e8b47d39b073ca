"""Where a school's hours are changed: as they stand, whom a change hits and what could be instead, and the store of it.

Pages and programs stand before the same desk, so that neither can change more, or know less, than the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from scheduler import to_local
from server.clock import Clock
from server.ids import AccountId, ClassGroupId
from server.lessons.facts import LessonState
from server.lessons.hits import Hit, SchoolDay, hit_by, with_replacements
from server.lessons.hours import ClassHours, hours_of, starting_file
from server.lessons.lesson import Lesson
from server.lessons.school_file import SchoolFiles
from server.lessons.school_hours import FileProblem, check_file
from server.lessons.service import LessonService
from server.people import People, School

_PLANNED: Final = frozenset({LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursNow:
    """`text`, `version`: what is stored, or what the school would begin with (version 0). `lessons`: those to come."""

    school: School
    known: ClassHours
    text: str
    version: int
    is_guessed: bool
    classes: Mapping[ClassGroupId, ClassHours]
    lessons: tuple[Lesson, ...]
    today: date

    def day(self, text: str) -> SchoolDay:
        return SchoolDay(self.known, text, self.classes)


class HoursDesk:
    """Says nothing of rights: who asks has asked for them before.

    `list_classes`: by their bells alone, which is what a change is about; `find_classes`: with what is painted and who
    is busy, so that a lesson in an hour that was offered by hand fits, and none is recommended that somebody cannot.
    """

    def __init__(
        self,
        *,
        people: People,
        lessons: LessonService,
        files: SchoolFiles,
        list_classes: Callable[[], Awaitable[Sequence[ClassHours]]],
        find_classes: Callable[[Collection[ClassGroupId]], Awaitable[Mapping[ClassGroupId, ClassHours]]],
        clock: Clock,
    ) -> None:
        self._people = people
        self._lessons = lessons
        self._files = files
        self._list_classes = list_classes
        self._find_classes = find_classes
        self._clock = clock

    async def now(self, school: School) -> HoursNow:
        stored = await self._files.find(school.id)
        classes = {one.class_group_id: one for one in await self._list_classes()}
        own = [one for one in classes.values() if one.school_id == school.id]
        known = replace(own[0] if own else _without_classes(school), school_file=stored.text if stored else "")
        at = self._clock.now()
        lessons = [
            one for one in await self._lessons.of_school(school.id) if one.state in _PLANNED and one.starts_at > at
        ]
        classes |= await self._painted(school, lessons, classes)
        return HoursNow(
            school=school,
            known=known,
            text=stored.text if stored else await asyncio.to_thread(starting_file, known),
            version=stored.version if stored else 0,
            is_guessed=stored is None and (await asyncio.to_thread(hours_of, known)).is_guessed,
            classes=classes,
            lessons=tuple(lessons),
            today=to_local(at, school.zone).date(),
        )

    async def _painted(
        self, school: School, lessons: Sequence[Lesson], classes: Mapping[ClassGroupId, ClassHours]
    ) -> dict[ClassGroupId, ClassHours]:
        """The school's classes that have lessons, with the hours that were offered by hand: a lesson in one of them
        fits, whatever the bells say. What was withheld by hand is no matter of the school's file."""
        asked = {side.class_group_id for one in lessons for side in one.sides if side.school_id == school.id}
        known = await self._find_classes(asked) if asked else {}
        return {
            group: replace(classes[group], painted=tuple(hour for hour in one.painted if hour.willingness))
            for group, one in known.items()
            if group in classes
        }

    async def check(self, now: HoursNow, text: str) -> tuple[FileProblem, ...]:
        """Empty when it can be stored."""
        return await asyncio.to_thread(check_file, text, now.known)

    async def unfit(self, now: HoursNow) -> tuple[Hit, ...]:
        """Lessons that do not fit what is stored: one may have been proposed before a closure was known."""
        return await self._with_replacements(
            now, now.text, await asyncio.to_thread(now.day(now.text).unfit, now.lessons)
        )

    async def hits(self, now: HoursNow, text: str) -> tuple[Hit, ...]:
        """Of a checked file: the lessons that would fall out, each with the best start instead."""
        hit = await asyncio.to_thread(hit_by, now.day(now.text), now.day(text), now.lessons)
        return await self._with_replacements(now, text, hit)

    async def _with_replacements(self, now: HoursNow, text: str, hit: Sequence[Lesson]) -> tuple[Hit, ...]:
        if not hit:
            return ()
        planned = {one.id: one for one in now.lessons}
        for school_id in {side.school_id for lesson in hit for side in lesson.sides} - {now.school.id}:
            theirs = await self._lessons.of_school(school_id)
            planned |= {one.id: one for one in theirs if one.state in _PLANNED}
        known = await self._find_classes({side.class_group_id for lesson in hit for side in lesson.sides})
        day, tomorrow = SchoolDay(now.known, text, known), now.today + timedelta(days=1)
        return await asyncio.to_thread(with_replacements, day, hit, tuple(planned.values()), known, tomorrow)

    async def store(self, now: HoursNow, text: str, *, version: int, part: str, by: AccountId) -> int:
        """A checked file; how many lessons do not fit any more. Raises Conflict when another change came between."""
        hit = await asyncio.to_thread(hit_by, now.day(now.text), now.day(text), now.lessons)
        await self._files.put(now.school.id, text, version=version, by=by)
        await self._people.audit.write(
            "school_hours.change",
            now.school.id,
            by=by,
            school_id=now.school.id,
            detail={"version": version + 1, "lessons_hit": len(hit), "part": part},
        )
        return len(hit)


def _without_classes(school: School) -> ClassHours:
    return ClassHours(
        class_group_id=ClassGroupId(""),
        school_id=school.id,
        class_name=school.name,
        school_name=school.name,
        side=school.side,
        zone=school.zone,
        grade="",
        size=1,
    )
