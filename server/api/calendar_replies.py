"""A calendar program's answer (iTIP REPLY) handed in by a program, such as one that reads the mailbox of our letters.

As the page does: whose answer it is stands in it, and it counts as that person's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import StringConstraints

from server.access import Action, Subject, authorise, authorise_alike
from server.api.operation import scheduling
from server.api.reading import adult_of, json_answer, read_json
from server.api.showing import both, lesson_out, names_of
from server.api.wire import LessonOut, PersonOut, Wire
from server.errors import ErrorCode, InvalidInput
from server.lessons import Lessons, facts_of
from server.people import People


class CalendarReplyIn(Wire):
    """`file`: the whole mail, or the iCalendar object in it, as text."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class CalendarReplyOut(Wire):
    """`by`: whose answer it is. `lesson`: as it is after it."""

    answer: Literal["accepted", "declined"]
    by: PersonOut
    side: Literal["a", "b"]
    lesson: LessonOut


OPERATION: Final = scheduling(
    "POST",
    "/calendar-replies",
    "take_calendar_reply",
    "A calendar program's answer to an invitation (iTIP REPLY) counts as its owner's; who may answer for that side may "
    "hand it in, and who reads the mailbox",
    CalendarReplyOut,
    sent=CalendarReplyIn,
    problems=(400, 401, 403, 404, 409, 413),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRepliesApi:
    people: People
    lessons: Lessons

    async def take(self, request: web.Request) -> web.Response:
        viewer = adult_of(request)
        authorise(viewer, Action.CALENDAR_REPLY_READ)
        sent = await read_json(request, CalendarReplyIn)
        handed = await self.lessons.reply_desk.read(sent.file.encode("utf-8", "replace"))
        authorise_alike(
            viewer,
            Action.CALENDAR_REPLY_TAKE,
            Subject(lesson=facts_of(handed.lesson), side=handed.side),
            InvalidInput(ErrorCode.CALENDAR_REPLY_OTHER, "not for them to hand in"),
        )
        await self.lessons.reply_desk.take(handed, by=viewer.account.id)
        lesson = await self.lessons.lessons.get(handed.lesson.id)
        return json_answer(
            CalendarReplyOut(
                answer="accepted" if handed.reply.is_accepted else "declined",
                by=PersonOut(id=handed.account.id, name=both(handed.account.name)),
                side=handed.side,
                lesson=lesson_out(lesson, await names_of(self.people, [lesson])),
            )
        )
