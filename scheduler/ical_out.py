"""iCalendar out (RFC 5545, RFC 5546): one VEVENT and one stable UID a lesson, UTC instants, a rising SEQUENCE, CANCEL.

Why no RRULE: a series that skips holidays and shifts with one side's clock is a list of instants, and programs differ
in how they read overrides (guide scheduling.md §3). Why SEQUENCE: without a rise updates are ignored (nextcloud #4727).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import icalendar

from scheduler import zone
from scheduler.model import WEEKDAYS

PRODUCT = "-//Tongchuang//Lessons//EN"
# How often a program should ask for a feed again; most of them treat it as a wish.
_REFRESH = timedelta(hours=1)


class Method(StrEnum):
    """iTIP methods (RFC 5546 §1.4)."""

    REQUEST = "REQUEST"
    REPLY = "REPLY"
    CANCEL = "CANCEL"


class Answer(StrEnum):
    """PARTSTAT of an attendee (RFC 5545 §3.2.12)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    TENTATIVE = "TENTATIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    email: str
    name: str = ""
    answer: Answer = Answer.NEEDS_ACTION


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLesson:
    """What a calendar shows of a lesson. `uid` never changes; `sequence` rises with each change worth a notice."""

    uid: str
    sequence: int
    start_at: datetime
    end_at: datetime
    summary: str
    zones: tuple[str, str]
    places: tuple[str, str]
    changed_at: datetime
    url: str = ""
    is_cancelled: bool = False
    is_confirmed: bool = True
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    weekdays: tuple[str, ...] = tuple(name.capitalize() for name in WEEKDAYS)
    note: str = ""
    """A line of the description in the reader's language, as are `weekdays`, Monday first."""


def lesson_uid(lesson_id: str, domain: str) -> str:
    """Stable for the life of a lesson, whatever is changed about it."""
    return f"lesson-{lesson_id}@{domain}"


def rescheduled(lesson: CalendarLesson, start_at: datetime, changed_at: datetime) -> CalendarLesson:
    """The same UID at another hour with the next SEQUENCE; everybody is asked again."""
    asked = tuple(replace(one, answer=Answer.NEEDS_ACTION) for one in lesson.attendees)
    end_at = start_at + (lesson.end_at - lesson.start_at)
    sequence = lesson.sequence + 1
    return replace(lesson, start_at=start_at, end_at=end_at, sequence=sequence, changed_at=changed_at, attendees=asked)


def cancelled(lesson: CalendarLesson, changed_at: datetime) -> CalendarLesson:
    return replace(lesson, is_cancelled=True, sequence=lesson.sequence + 1, changed_at=changed_at)


def write_calendar(lessons: Sequence[CalendarLesson], method: Method | None = None, *, name: str = "") -> bytes:
    """The file or feed. The same lessons give the same bytes, so an ETag of them is honest.

    A feed has no method: PUBLISH would have to name an organizer in each event (RFC 5546 §3.2.1).
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    if method is not None:
        calendar.add("method", str(method))
    if name:
        calendar.add("x-wr-calname", icalendar.vText(" ".join(name.split())))
        calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    for lesson in lessons:
        calendar.add_component(_event(lesson))
    return bytes(calendar.to_ical())


def request(lesson: CalendarLesson) -> bytes:
    """An invitation, or its update. Raises ValueError without organizer or attendees."""
    if lesson.organizer is None or not lesson.attendees:
        raise ValueError("an invitation needs an organizer and attendees")
    return write_calendar([lesson], Method.REQUEST)


def cancel(lesson: CalendarLesson) -> bytes:
    """The cancellation of a lesson that `cancelled` has marked."""
    if not lesson.is_cancelled:
        raise ValueError("only a cancelled lesson is announced as one")
    return write_calendar([lesson], Method.CANCEL)


def reply(lesson: CalendarLesson, email: str, answer: Answer, at: datetime) -> bytes:
    """One attendee's answer to the version of the lesson that they saw (RFC 5546 §3.2.3)."""
    who = next((one for one in lesson.attendees if one.email.lower() == email.lower()), None)
    if who is None:
        raise ValueError(f"{email} is not invited")
    answered = replace(lesson, attendees=(replace(who, answer=answer),), changed_at=at)
    return write_calendar([answered], Method.REPLY)


def _event(lesson: CalendarLesson) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", lesson.uid)
    event.add("sequence", lesson.sequence)
    event.add("dtstamp", lesson.changed_at)
    event.add("last-modified", lesson.changed_at)
    event.add("dtstart", lesson.start_at)
    event.add("dtend", lesson.end_at)
    event.add("summary", lesson.summary)
    event.add("description", _description(lesson))
    event.add("status", "CANCELLED" if lesson.is_cancelled else "CONFIRMED" if lesson.is_confirmed else "TENTATIVE")
    event.add("transp", "TRANSPARENT" if lesson.is_cancelled else "OPAQUE")
    if lesson.url:
        event.add("url", lesson.url)
        event.add("location", lesson.url)
    if lesson.organizer is not None:
        event.add("organizer", _address(lesson.organizer))
    for one in lesson.attendees:
        address = _address(one)
        address.params["PARTSTAT"] = icalendar.vText(str(one.answer))
        if one.answer is Answer.NEEDS_ACTION:
            address.params["RSVP"] = icalendar.vText("TRUE")
        event.add("attendee", address, encode=False)
    return event


def _address(who: Attendee) -> icalendar.vCalAddress:
    address = icalendar.vCalAddress(f"mailto:{who.email}")
    if who.name:
        # No double quote can stand in a parameter; the way around it (RFC 6868) is not known everywhere.
        address.params["CN"] = icalendar.vText(who.name.replace('"', "'"))
    return address


def _description(lesson: CalendarLesson) -> str:
    """Both local dates, weekdays and times: a calendar shows only its owner's."""
    lines = []
    for key, place in zip(lesson.zones, lesson.places, strict=True):
        start, end = zone.to_local(lesson.start_at, key), zone.to_local(lesson.end_at, key)
        weekday = lesson.weekdays[start.weekday()]
        lines.append(f"{place}: {weekday} {start:%Y-%m-%d} {start:%H:%M}–{end:%H:%M} ({key})")
    return "\n".join(line for line in (*lines, lesson.note, lesson.url) if line)
