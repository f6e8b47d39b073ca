"""What the lessons need of a store; every implementation passes tests/contract/storage/test_lessons.py."""

from __future__ import annotations

from typing import Protocol

from server.lessons.lesson import Lesson


class LessonRepository(Protocol):
    async def find(self, lesson_id: str) -> Lesson | None: ...

    async def find_by_room(self, room: str) -> Lesson | None: ...

    async def put(self, lesson: Lesson) -> None:
        """Write the whole lesson with its people, all or nothing. Raises Conflict when another has its room."""
        ...

    async def remove(self, lesson_id: str) -> None:
        """Idempotent; its people go with it."""
        ...
