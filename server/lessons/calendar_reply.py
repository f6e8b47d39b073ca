"""A calendar program's answer to our invitation (iTIP REPLY), handed in as a file: what it says and whose it is. Pure.

It answers one version of one lesson for one person, exactly as the link in the letter does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scheduler import CalendarAnswer, NotACalendar, read_reply
from server.errors import ErrorCode, InvalidInput
from server.ids import LessonId
from server.lessons.calendar_entry import lesson_of_uid, version_of_sequence
from server.pair import LocalizedText
from server.people import clean_line, email_key

# What the other side reads of a no without a word.
DECLINED_WITHOUT_REASON: Final = LocalizedText("This hour does not work for us.", "這個時間我們不方便。").both
# As long as the word that the answer page takes.
_MAX_COMMENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReply:
    """`version`: of the lesson, as the letter had it. `comment`: what they wrote in their calendar program."""

    lesson_id: LessonId
    version: int
    email: str
    is_accepted: bool
    comment: str

    def is_of(self, email: str) -> bool:
        return email_key(self.email) == email_key(email)


def read_calendar_reply(raw: bytes) -> CalendarReply:
    """Reads the calendar library's files: call it in a thread.

    Raises InvalidInput(CALENDAR_REPLY_INVALID | CALENDAR_REPLY_UNDECIDED | CALENDAR_REPLY_OTHER).
    """
    try:
        found = read_reply(raw)
    except NotACalendar as error:
        raise InvalidInput(ErrorCode.CALENDAR_REPLY_INVALID, str(error)) from None
    lesson_id = lesson_of_uid(found.uid)
    if lesson_id is None:
        raise InvalidInput(ErrorCode.CALENDAR_REPLY_OTHER, "the event is not ours")
    if found.answer not in (CalendarAnswer.ACCEPTED, CalendarAnswer.DECLINED):
        raise InvalidInput(ErrorCode.CALENDAR_REPLY_UNDECIDED, str(found.answer))
    return CalendarReply(
        lesson_id=lesson_id,
        version=version_of_sequence(found.sequence),
        email=found.email,
        is_accepted=found.answer is CalendarAnswer.ACCEPTED,
        comment=_usable(found.comment),
    )


def _usable(comment: str) -> str:
    """A word that cannot be shown is left out; the answer stands without it."""
    try:
        return clean_line(comment[:_MAX_COMMENT], _MAX_COMMENT, may_be_empty=True)
    except InvalidInput:
        return ""
