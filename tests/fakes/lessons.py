"""Lessons kept in memory: the fake that passes the same contract suite as the SQL repository."""

from __future__ import annotations

from server.errors import Conflict, ErrorCode
from server.lessons import Lesson


class MemoryLessonRepository:
    def __init__(self) -> None:
        self._lessons: dict[str, Lesson] = {}

    async def find(self, lesson_id: str) -> Lesson | None:
        return self._lessons.get(lesson_id)

    async def find_by_room(self, room: str) -> Lesson | None:
        return next((lesson for lesson in self._lessons.values() if lesson.room == room), None)

    async def put(self, lesson: Lesson) -> None:
        other = await self.find_by_room(lesson.room)
        seats = [person.seat for person in lesson.people]
        if (other is not None and other.id != lesson.id) or len(set(seats)) != len(seats):
            raise Conflict(ErrorCode.CONFLICT, f"lesson {lesson.id}")
        self._lessons[lesson.id] = lesson

    async def remove(self, lesson_id: str) -> None:
        self._lessons.pop(lesson_id, None)
