"""Lessons in memory: the fake that passes the same contract suite as the SQL repository; and a lesson to start from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from server.errors import Conflict, ErrorCode
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId
from server.lessons import Done, Lesson, LessonSide, LessonState, Notice, load_zones
from server.lessons.booking import require_free
from server.outbox import Letter
from server.pair import LocalizedText

LIN, CHEN, WANG = AccountId("ac_lin"), AccountId("ac_chen"), AccountId("ac_wang")
ORTEGA, BROWN, DIAZ = AccountId("ac_ortega"), AccountId("ac_brown"), AccountId("ac_diaz")
TAIPEI, TUCSON = SchoolId("sc_taipei"), SchoolId("sc_tucson")
TAIPEI_CLASS, TUCSON_CLASS = ClassGroupId("cg_taipei"), ClassGroupId("cg_tucson")
PROPOSED_AT = datetime(2026, 10, 1, 3, tzinfo=UTC)


# As the repository does: no zone's file is read inside the event loop.
load_zones(["Asia/Taipei", "America/Phoenix", "America/Denver", "America/Los_Angeles"])


def make_lesson(lesson_id: str = "le_one", state: LessonState = LessonState.PROPOSED, **changes: Any) -> Lesson:
    """Tuesday 2026-10-20 08:40 in Taipei, Monday 17:40 in Tucson; proposed by Lin."""
    sides = (
        LessonSide(
            key="a",
            school_id=TAIPEI,
            class_group_id=TAIPEI_CLASS,
            zone="Asia/Taipei",
            lead=LIN,
            confirmed_by=LIN,
            confirmed_at=PROPOSED_AT,
        ),
        LessonSide(key="b", school_id=TUCSON, class_group_id=TUCSON_CLASS, zone="America/Phoenix", lead=ORTEGA),
    )
    lesson = Lesson(
        id=LessonId(lesson_id),
        title=LocalizedText("Two mornings", "兩地晨光"),
        state=state,
        version=1,
        sides=sides,
        anchor="a",
        date=date(2026, 10, 20),
        start=time(8, 40),
        zone="Asia/Taipei",
        minutes=40,
        adults_needed=1,
        created_by=LIN,
        created_at=PROPOSED_AT,
    )
    return replace(lesson, **changes)


class MemoryLessonRepository:
    """Implements `LessonRepository`."""

    def __init__(self) -> None:
        self._lessons: dict[LessonId, Lesson] = {}
        self._notices: list[Notice] = []
        self.done: list[Done] = []
        self.letters: list[Letter] = []

    async def find(self, lesson_id: LessonId) -> Lesson | None:
        return self._lessons.get(lesson_id)

    async def add(
        self, lesson: Lesson, notices: Sequence[Notice] = (), done: Done | None = None, letters: Sequence[Letter] = ()
    ) -> None:
        self._require_sound(lesson)
        if lesson.id in self._lessons:
            raise Conflict(ErrorCode.CONFLICT, f"lesson {lesson.id}")
        self._put(lesson, notices, done)
        self.letters += letters

    async def save(
        self,
        lesson: Lesson,
        notices: Sequence[Notice] = (),
        done: Done | None = None,
        letters: Sequence[Letter] = (),
        *,
        takes_hour: bool = False,
    ) -> None:
        if takes_hour:
            require_free(lesson, self._lessons.values())
        stored = self._lessons.get(lesson.id)
        if stored is None or stored.version != lesson.version - 1:
            raise Conflict(ErrorCode.LESSON_CHANGED, f"lesson {lesson.id}")
        self._require_sound(lesson)
        self._put(lesson, notices, done)
        self.letters += letters

    def _require_sound(self, lesson: Lesson) -> None:
        if len(set(lesson.adults)) != len(lesson.adults):
            raise Conflict(ErrorCode.CONFLICT, f"lesson {lesson.id}")

    def _put(self, lesson: Lesson, notices: Sequence[Notice], done: Done | None) -> None:
        self._lessons[lesson.id] = lesson
        self._notices += [replace(notice, id=len(self._notices) + n) for n, notice in enumerate(notices, start=1)]
        self.done += [done] if done else []

    def _sorted(self, lessons: Collection[Lesson]) -> list[Lesson]:
        return sorted(lessons, key=lambda lesson: (lesson.starts_at, lesson.id))

    async def of_account(self, account_id: AccountId) -> list[Lesson]:
        return self._sorted([lesson for lesson in self._lessons.values() if account_id in lesson.adults])

    async def of_school(self, school_id: SchoolId) -> list[Lesson]:
        return self._sorted([lesson for lesson in self._lessons.values() if lesson.side_of_school(school_id)])

    async def of_class_group(self, class_group_id: ClassGroupId, first: date, last: date) -> list[Lesson]:
        return self._sorted(
            [
                lesson
                for lesson in self._lessons.values()
                if lesson.side_of_class_group(class_group_id) and first <= lesson.date <= last
            ]
        )

    async def in_states(self, states: Collection[LessonState]) -> list[Lesson]:
        return self._sorted([lesson for lesson in self._lessons.values() if lesson.state in states])

    async def touching(
        self, class_groups: Collection[ClassGroupId], accounts: Collection[AccountId], first: date, last: date
    ) -> list[Lesson]:
        return self._sorted(
            [
                lesson
                for lesson in self._lessons.values()
                if first <= lesson.date <= last
                and lesson.state is not LessonState.CANCELLED
                and (
                    any(side.class_group_id in class_groups for side in lesson.sides)
                    or any(adult in accounts for adult in lesson.adults)
                )
            ]
        )

    async def notices_of(self, account_id: AccountId, *, unread_only: bool = True, limit: int = 50) -> list[Notice]:
        found = [
            notice
            for notice in reversed(self._notices)
            if notice.account_id == account_id and not (unread_only and notice.read_at)
        ]
        return found[:limit]

    async def mark_read(self, account_id: AccountId, notice_ids: Collection[int], at: datetime) -> None:
        self._notices = [
            replace(notice, read_at=at)
            if notice.account_id == account_id and notice.id in notice_ids and notice.read_at is None
            else notice
            for notice in self._notices
        ]
