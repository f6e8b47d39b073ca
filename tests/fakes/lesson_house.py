"""The services of lessons put together on fakes: what most tests of them begin with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.ids import AccountId, LessonId
from server.lessons import (
    AttendanceService,
    Lesson,
    LessonChanges,
    LessonKeeper,
    LessonMails,
    LessonService,
    LessonState,
    NoticeKind,
)
from tests.fakes.attendance import MemoryAttendanceRepository
from tests.fakes.clock import FakeClock
from tests.fakes.directory import FakeDirectory
from tests.fakes.lessons import MemoryLessonRepository, make_lesson

ORIGIN = "https://class.example"


class LessonHouse:
    """Without `start` it is 07:40 in Taipei on the day of `make_lesson`. Attendance is kept of `le_one`."""

    def __init__(self, start: datetime | None = None) -> None:
        self.clock = FakeClock(start) if start else FakeClock()
        self.directory = FakeDirectory()
        self.store = MemoryLessonRepository()
        self.kept = MemoryAttendanceRepository([LessonId("le_one")])
        mails = LessonMails(self.directory, ORIGIN, organizer="class@school.example")
        changes = LessonChanges(lessons=self.store, directory=self.directory, clock=self.clock, mails=mails)
        self.lessons = LessonService(lessons=self.store, directory=self.directory, clock=self.clock, changes=changes)
        self.attendance = AttendanceService(
            attendance=self.kept,
            lessons=self.lessons,
            changes=changes,
            directory=self.directory,
            clock=self.clock,
        )
        self.keeper = LessonKeeper(lessons=self.lessons, attendance=self.attendance, clock=self.clock)

    async def put(self, state: LessonState = LessonState.PROPOSED, **changes: Any) -> Lesson:
        lesson = make_lesson(state=state, **changes)
        await self.store.add(lesson)
        return lesson

    async def told(self, account_id: AccountId) -> list[NoticeKind]:
        return [notice.kind for notice in await self.lessons.notices_of(account_id)]
