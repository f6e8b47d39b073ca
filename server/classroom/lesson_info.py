"""A lesson of the lessons' service in the words of the room: names of schools and classes, identities of adults."""

from __future__ import annotations

from server.classroom.hub import Known
from server.classroom.model import LessonInfo, SideInfo
from server.ids import LessonId
from server.lessons import Lesson, LessonService, LessonSide, Mode, adult_person, facts_of
from server.people import People


class LessonFinder:
    def __init__(self, lessons: LessonService, people: People) -> None:
        self._lessons, self._people = lessons, people

    async def find(self, lesson_id: LessonId) -> Known | None:
        lesson = await self._lessons.find(lesson_id)
        return None if lesson is None else Known(await self._info(lesson), facts_of(lesson))

    async def _info(self, lesson: Lesson) -> LessonInfo:
        a, b = lesson.sides
        return LessonInfo(
            id=lesson.id,
            title=lesson.title,
            state=str(lesson.state),
            starts_at=lesson.starts_at,
            ends_at=lesson.ends_at,
            adults_needed=lesson.adults_needed,
            sides=(await self._side(a), await self._side(b)),
        )

    async def _side(self, side: LessonSide) -> SideInfo:
        school = await self._people.schools.find(side.school_id)
        group = await self._people.class_groups.find(side.class_group_id)
        assert school is not None
        assert group is not None
        return SideInfo(
            key=side.key,
            side=school.side,
            school=school.name,
            place=school.place,
            zone=side.zone,
            class_group=group.name,
            lead=adult_person(side.lead),
            co_teachers=tuple(adult_person(account) for account in side.co_teachers),
            substitute=None if side.substitute is None else adult_person(side.substitute),
            is_class_to_class=side.mode is Mode.CLASS_TO_CLASS,
        )
