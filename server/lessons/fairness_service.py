"""Asks for what the fairness ledger is made of: a school's lessons, their classes, and who was there."""

from __future__ import annotations

import asyncio

from server.clock import Clock
from server.ids import SchoolId
from server.lessons.attendance_repository import AttendanceRepository
from server.lessons.fairness import FairnessBooks, fairness_books
from server.lessons.lesson import Lesson
from server.lessons.ports import LessonRepository
from server.lessons.term_service import FindClasses


class FairnessService:
    def __init__(
        self,
        *,
        lessons: LessonRepository,
        attendance: AttendanceRepository,
        find_classes: FindClasses,
        clock: Clock,
    ) -> None:
        self._lessons = lessons
        self._attendance = attendance
        self._find_classes = find_classes
        self._clock = clock

    async def of_school(self, school_id: SchoolId) -> FairnessBooks:
        """Of all lessons of a school, with its partners' halves."""
        return await self.of_lessons(await self._lessons.of_school(school_id))

    async def of_lessons(self, lessons: list[Lesson]) -> FairnessBooks:
        groups = {side.class_group_id for lesson in lessons for side in lesson.sides}
        classes = await self._find_classes(groups)
        present = await self._attendance.adults_present([lesson.id for lesson in lessons])
        return await asyncio.to_thread(fairness_books, lessons, classes, present, self._clock.now())
