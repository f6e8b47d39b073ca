"""How a lesson is changed: load, decide, store with notices and audit entry in one transaction, then tell.

A command that names no version goes on the newest state, and is decided anew when another was faster.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from server.clock import Clock
from server.errors import Conflict, ErrorCode, Forbidden, NotFound
from server.ids import AccountId, LessonId, SchoolId
from server.lessons import commands as c
from server.lessons.booking import takes_hour
from server.lessons.directory import Directory
from server.lessons.facts import SideKey
from server.lessons.lesson import Lesson
from server.lessons.machine import transition
from server.lessons.mails import LessonMails
from server.lessons.notice import Notice, NoticeKind, kind_for
from server.lessons.ports import Done, LessonRepository

log = structlog.get_logger("tongchuang.lessons")

# (the lesson before, None when it is new; the lesson after; the command's name)
Listener = Callable[[Lesson | None, Lesson, str], None]
Plan = Callable[[Lesson], Awaitable[c.Command]]
# As many as two leads, a job and a page at once can ever need.
_TRIES = 5


class LessonChanges:
    """The only writer of lessons."""

    def __init__(self, *, lessons: LessonRepository, directory: Directory, clock: Clock, mails: LessonMails) -> None:
        self._lessons = lessons
        self._directory = directory
        self._clock = clock
        self._mails = mails
        self._listeners: list[Listener] = []

    def on_change(self, listener: Listener) -> None:
        """Called after each stored change, in this process only."""
        self._listeners.append(listener)

    async def get(self, lesson_id: LessonId) -> Lesson:
        """Raises NotFound."""
        lesson = await self._lessons.find(lesson_id)
        if lesson is None:
            raise NotFound(ErrorCode.NOT_FOUND, f"lesson {lesson_id[:40]}")
        return lesson

    async def own_side(self, lesson: Lesson, by: AccountId | None, side: SideKey | None) -> SideKey:
        """The side of `by`'s school; for the system the one that is named. Raises Forbidden(LESSON_OTHER_SIDE)."""
        if by is None and side is not None:
            return side
        own = lesson.side_of_school(await self.school_of(by))
        if own is None or side not in (None, own.key):
            raise Forbidden(ErrorCode.LESSON_OTHER_SIDE, f"{by} for side {side}")
        return own.key

    async def school_of(self, by: AccountId | None) -> SchoolId | None:
        account = (await self._directory.accounts([by])).get(by) if by is not None else None
        return account.school_id if account else None

    async def add(self, lesson: Lesson, *, by: AccountId | None, by_mail: bool = True) -> None:
        """A proposed lesson; the others who lead in it are told, on their dashboards always."""
        notices = _notices(lesson, (), NoticeKind.PROPOSED, by=by, at=lesson.created_at, note="")
        done = Done(action="lesson.propose", by=by, school_id=lesson.sides[0].school_id)
        letters = await self._mails.letters(lesson, notices) if by_mail else []
        await self._lessons.add(lesson, notices, done, letters)
        self._tell(None, lesson, "propose")

    async def change(
        self,
        lesson_id: LessonId,
        plan: Plan,
        *,
        by: AccountId | None,
        version: int | None,
        note: str = "",
        by_mail: bool = True,
    ) -> Lesson:
        """`plan` checks and says the command. `by_mail` False: another letter tells of it.

        Raises Conflict(LESSON_CHANGED) when `version` is not the newest.
        """
        tries = 1 if version is not None else _TRIES
        while True:
            tries -= 1
            before = await self.get(lesson_id)
            if version is not None and before.version != version:
                raise Conflict(ErrorCode.LESSON_CHANGED, f"{version} is {before.version} now")
            try:
                return await self._try(before, await plan(before), by=by, note=note, by_mail=by_mail)
            except Conflict as conflict:
                if conflict.code is not ErrorCode.LESSON_CHANGED or not tries:
                    raise

    async def _try(
        self, before: Lesson, command: c.Command, *, by: AccountId | None, note: str, by_mail: bool
    ) -> Lesson:
        now = self._clock.now()
        after = transition(before, command, by=by, at=now)
        kind = kind_for(command)
        notices = _notices(after, before.adults, kind, by=by, at=now, note=note) if kind else []
        name = c.name_of(command)
        detail = {"state": str(after.state), "version": after.version}
        done = Done(action=f"lesson.{name}", by=by, school_id=await self.school_of(by), detail=detail)
        letters = await self._mails.letters(after, notices) if by_mail else []
        if by_mail and kind is not None and by is not None:
            letters += await self._mails.receipt(after, kind, by, now)
        await self._lessons.save(after, notices, done, letters, takes_hour=takes_hour(before, after))
        self._tell(before, after, name)
        return after

    def _tell(self, before: Lesson | None, after: Lesson, name: str) -> None:
        """After the commit: what goes wrong in a listener does not undo the change, and is not raised."""
        log.info("lesson_changed", lesson_id=after.id, command=name, state=str(after.state), version=after.version)
        for listener in self._listeners:
            try:
                listener(before, after, name)
            except Exception:
                log.exception("lesson_listener_failed", command=name)


def _notices(
    lesson: Lesson,
    adults_before: tuple[AccountId, ...],
    kind: NoticeKind,
    *,
    by: AccountId | None,
    at: datetime,
    note: str,
) -> list[Notice]:
    """For everybody who leads, or led until now, but for who did it."""
    readers = [account for account in dict.fromkeys((*lesson.adults, *adults_before)) if account != by]
    return [
        Notice(account_id=reader, lesson_id=lesson.id, kind=kind, at=at, by=by, note=note.strip()) for reader in readers
    ]
