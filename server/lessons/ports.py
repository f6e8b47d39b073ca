"""What the lessons need of a store; every implementation passes tests/contract/storage/test_lessons.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from server.ids import AccountId, ClassGroupId, LessonId, SchoolId
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.notice import Notice
from server.outbox import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the audit log says of a change (C20): ids and numbers, no names."""

    action: str
    by: AccountId | None
    school_id: SchoolId | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


class LessonRepository(Protocol):
    """Lists come in the order of their start, ties by id."""

    async def find(self, lesson_id: LessonId) -> Lesson | None: ...

    async def add(
        self, lesson: Lesson, notices: Sequence[Notice] = (), done: Done | None = None, letters: Sequence[Letter] = ()
    ) -> None:
        """With its notices, its line in the audit log and its letters. Raises Conflict when the id is taken."""
        ...

    async def save(
        self,
        lesson: Lesson,
        notices: Sequence[Notice] = (),
        done: Done | None = None,
        letters: Sequence[Letter] = (),
        *,
        takes_hour: bool = False,
    ) -> None:
        """`lesson.version` is the new one. Raises Conflict(LESSON_CHANGED) unless the stored one is just before it.

        `takes_hour`: with Conflict(LESSON_DOUBLE_BOOKED) unless its class groups and leads are free then, and nobody
        else can take that hour meanwhile, in this process or another.
        """
        ...

    async def of_account(self, account_id: AccountId) -> list[Lesson]:
        """Where this adult leads on either side."""
        ...

    async def of_school(self, school_id: SchoolId) -> list[Lesson]: ...

    async def of_class_group(self, class_group_id: ClassGroupId, first: date, last: date) -> list[Lesson]:
        """By the anchor's local date, both ends included."""
        ...

    async def in_states(self, states: Collection[LessonState]) -> list[Lesson]: ...

    async def touching(
        self, class_groups: Collection[ClassGroupId], accounts: Collection[AccountId], first: date, last: date
    ) -> list[Lesson]:
        """Lessons that are not cancelled, of any of these class groups or adults, by the anchor's local date."""
        ...

    async def notices_of(self, account_id: AccountId, *, unread_only: bool = True, limit: int = 50) -> list[Notice]:
        """Newest first."""
        ...

    async def mark_read(self, account_id: AccountId, notice_ids: Collection[int], at: datetime) -> None:
        """Ids of other accounts' notices change nothing."""
        ...
