"""The calendar part of a letter (iTIP by mail, RFC 5546 and RFC 6047): invites, moves and takes back one event. Pure.

Organizer is the product's own sending address, which the letter comes from; attendee is its reader alone: nobody of
the other school is named with an address. A calendar program's own answer goes to that address and to nobody else,
so the event says where to answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from scheduler import Attendee, CalendarAnswer, cancel, request
from server.ids import SchoolId
from server.lessons.calendar_entry import calendar_entry
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.notice import NoticeKind
from server.outbox import CalendarPart
from server.pair import LocalizedText
from server.people import Account, School

_ORGANIZER_NAME = "Tongchuang 同窗"
_ANSWER_BY_LINK = LocalizedText(
    "Not agreed yet. Please answer by the link in the mail: the buttons of a calendar program do not reach the other "
    "school.",
    "尚未談定。請由郵件中的連結答覆：行事曆程式的按鈕無法通知對方學校。",
)
# What the others are told of by mail and does not change the event.
_NOT_OF_CALENDARS = frozenset({NoticeKind.LOBBY_OPENED, NoticeKind.ATTENDANCE_TO_SIGN, NoticeKind.ATTENDANCE_CORRECTED})


def invitation(
    lesson: Lesson,
    reader: Account,
    kind: NoticeKind,
    schools: Mapping[SchoolId, School],
    *,
    organizer: str,
    origin: str,
    at: datetime,
) -> CalendarPart | None:
    """None when the letter tells of nothing that a calendar shows. Who leads no longer gets a cancellation."""
    if kind in _NOT_OF_CALENDARS:
        return None
    side = lesson.side_of_adult(reader.id)
    is_asked = lesson.state is LessonState.PROPOSED and side is not None and not side.is_confirmed
    name = reader.name.en if reader.language == "en" else reader.name.zh
    answer = CalendarAnswer.NEEDS_ACTION if is_asked else CalendarAnswer.ACCEPTED
    note = (_ANSWER_BY_LINK.en if reader.language == "en" else _ANSWER_BY_LINK.zh) if is_asked else ""
    entry = replace(
        calendar_entry(lesson, reader.language, schools, origin),
        organizer=Attendee(email=organizer, name=_ORGANIZER_NAME),
        attendees=(Attendee(email=reader.email, name=name, answer=answer),),
        changed_at=at,
        note=note,
    )
    if side is None or lesson.state is LessonState.CANCELLED:
        content, method = cancel(replace(entry, is_cancelled=True)), "CANCEL"
    else:
        content, method = request(entry), "REQUEST"
    return CalendarPart(method=method, content=content.decode())
