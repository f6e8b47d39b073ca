"""A lesson as calendars show it: the same event, by its UID, in a feed and in a letter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scheduler import CalendarLesson, lesson_uid
from server.ids import CALENDAR_DOMAIN, LessonId, SchoolId
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.pair import WEEKDAYS
from server.people import Language, School

_AGREED = frozenset(LessonState) - {LessonState.PROPOSED, LessonState.CANCELLED}


def calendar_entry(
    lesson: Lesson, language: Language, schools: Mapping[SchoolId, School], origin: str
) -> CalendarLesson:
    """What a calendar shows of a lesson, in the language of its reader; the same input gives the same bytes."""
    a, b = lesson.sides
    title = lesson.title.en if language == "en" else lesson.title.zh
    return CalendarLesson(
        uid=lesson_uid(lesson.id, CALENDAR_DOMAIN),
        # The first version is 1, a new event has SEQUENCE 0 (RFC 5545 §3.8.7.4).
        sequence=lesson.version - 1,
        start_at=lesson.starts_at,
        end_at=lesson.ends_at,
        summary=title,
        zones=(a.zone, b.zone),
        places=(_place(schools.get(a.school_id), language), _place(schools.get(b.school_id), language)),
        changed_at=_changed_at(lesson),
        url=f"{origin}/lessons/{lesson.id}" if origin else "",
        is_cancelled=lesson.state is LessonState.CANCELLED,
        is_confirmed=lesson.state in _AGREED,
        weekdays=tuple(day.en if language == "en" else day.zh for day in WEEKDAYS),
    )


def _changed_at(lesson: Lesson) -> datetime:
    """The last moment that the lesson itself tells of."""
    moments = (lesson.started_at, lesson.ended_at, *(side.confirmed_at for side in lesson.sides))
    return max(lesson.created_at, *(moment for moment in moments if moment is not None), lesson.created_at)


def _place(school: School | None, language: Language) -> str:
    if school is None:
        return ""
    return school.place.en if language == "en" else school.place.zh


def lesson_of_uid(uid: str) -> LessonId | None:
    """None for events that are not ours."""
    name, _, domain = uid.strip().partition("@")
    return LessonId(name.removeprefix("lesson-")) if domain == CALENDAR_DOMAIN and name.startswith("lesson-") else None


def version_of_sequence(sequence: int) -> int:
    """The first version is 1, a new event has SEQUENCE 0 (RFC 5545 §3.8.7.4)."""
    return sequence + 1
