"""Attendance in memory: the fake that passes the same contract suite as the SQL repository."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from server.ids import LessonId, PersonId
from server.lessons import Correction, Done
from server.lessons.attendance import Presence
from server.lessons.presence_log import Told, changed_by


class MemoryAttendanceRepository:
    """Implements `AttendanceRepository` for the lessons that it is told of."""

    def __init__(self, lessons: Collection[LessonId]) -> None:
        self._by_lesson: dict[LessonId, dict[str, Presence]] = {lesson: {} for lesson in lessons}
        self._events: dict[str, datetime] = {}
        self._corrections: dict[LessonId, dict[PersonId, Correction]] = {}
        self.done: list[Done] = []

    async def take(self, lesson_id: LessonId, told: Told | None, *, event_id: str, at: datetime) -> bool:
        if lesson_id not in self._by_lesson or event_id in self._events:
            return False
        if event_id:
            self._events[event_id] = at
        if told is not None:
            its = self._by_lesson[lesson_id]
            its.update({one.sid: one for one in changed_by(list(its.values()), told)})
        return True

    async def presences(self, lesson_id: LessonId) -> list[Presence]:
        return sorted(self._by_lesson.get(lesson_id, {}).values(), key=lambda one: (one.joined_at, one.sid))

    async def with_open_presences(self) -> list[LessonId]:
        return sorted(lesson for lesson, its in self._by_lesson.items() if any(one.is_open for one in its.values()))

    async def correct(self, lesson_id: LessonId, correction: Correction, done: Done) -> None:
        self._corrections.setdefault(lesson_id, {})[correction.person] = correction
        self.done.append(done)

    async def corrections(self, lesson_id: LessonId) -> dict[PersonId, Correction]:
        return dict(self._corrections.get(lesson_id, {}))

    async def adults_present(self, lesson_ids: Collection[LessonId]) -> dict[LessonId, frozenset[PersonId]]:
        found = {}
        for lesson_id in lesson_ids:
            there = {one.person: True for one in self._by_lesson.get(lesson_id, {}).values()}
            there |= {one.person: bool(one.intervals) for one in self._corrections.get(lesson_id, {}).values()}
            adults = frozenset(person for person, is_there in there.items() if is_there and person.startswith("adult-"))
            if adults:
                found[lesson_id] = adults
        return found

    async def note_seen(self, lesson_id: LessonId, done: Done) -> None:
        self.done.append(done)

    async def forget_events(self, before: datetime) -> None:
        self._events = {event: at for event, at in self._events.items() if at >= before}
