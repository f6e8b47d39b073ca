"""Answers of calendar programs (iTIP REPLY) that came to the mailbox which our letters are sent from, handed in by
whoever reads it. Whose answer it is stands in it; it counts exactly as that person's own press of a button.

A file can be written by anybody: who may hand it in is asked by the caller, of the side that it speaks for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from server.errors import ErrorCode, InvalidInput
from server.ids import AccountId
from server.lessons.calendar_reply import DECLINED_WITHOUT_REASON, CalendarReply, read_calendar_reply
from server.lessons.directory import Directory
from server.lessons.facts import SideKey
from server.lessons.lesson import Lesson
from server.lessons.service import LessonService
from server.people import Account, AuditLog


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """`account`: whose answer it is, an adult of `side` of that lesson as it is now."""

    reply: CalendarReply
    lesson: Lesson
    account: Account
    side: SideKey

    @property
    def is_overtaken(self) -> bool:
        """Of an earlier version: a yes to another hour, or to what was answered meanwhile."""
        return self.reply.version != self.lesson.version


class ReplyDesk:
    """Says nothing of rights."""

    def __init__(self, *, lessons: LessonService, directory: Directory, audit: AuditLog) -> None:
        self._lessons = lessons
        self._directory = directory
        self._audit = audit

    async def read(self, raw: bytes) -> HandedIn:
        """Raises InvalidInput for what is no such answer, or of nobody who leads in a lesson of ours."""
        # In a thread: the calendar library reads files when first used.
        reply = await asyncio.to_thread(read_calendar_reply, raw)
        lesson = await self._lessons.find(reply.lesson_id)
        accounts = await self._directory.accounts(lesson.adults) if lesson is not None else {}
        account = next((one for one in accounts.values() if reply.is_of(one.email) and not one.is_disabled), None)
        side = lesson.side_of_adult(account.id) if lesson is not None and account is not None else None
        if lesson is None or account is None or side is None:
            raise InvalidInput(ErrorCode.CALENDAR_REPLY_OTHER, "no such lesson, or nobody of it")
        return HandedIn(reply=reply, lesson=lesson, account=account, side=side.key)

    async def take(self, handed: HandedIn, *, by: AccountId) -> None:
        """Raises InvalidInput(CALENDAR_REPLY_OVERTAKEN), and what the lesson itself refuses."""
        lesson, account, reply = handed.lesson, handed.account, handed.reply
        if handed.is_overtaken:
            raise InvalidInput(ErrorCode.CALENDAR_REPLY_OVERTAKEN, f"{reply.version} is {lesson.version} now")
        if reply.is_accepted:
            await self._lessons.confirm(lesson.id, by=account.id, version=reply.version)
        else:
            reason = reply.comment or DECLINED_WITHOUT_REASON
            await self._lessons.decline(lesson.id, reason, by=account.id, version=reply.version)
        await self._audit.write(
            "lesson.reply_handed_in", lesson.id, by=by, school_id=account.school_id, detail={"of": account.id}
        )
