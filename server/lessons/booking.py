"""Who has an hour: a class group or a lead is in one agreed lesson at a time. Pure.

The store asks `require_free` inside of the transaction that makes a lesson take its hour, so that of two lessons that
are agreed in the same instant, in whichever processes, one is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from server.errors import Conflict, ErrorCode
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson

# A proposal that nobody has agreed to yet keeps no hour from anybody.
AGREED = frozenset({LessonState.CONFIRMED, LessonState.CONSENT_CHECKED, LessonState.LOBBY, LessonState.LIVE})


def takes_hour(before: Lesson, after: Lesson) -> bool:
    """Whether the change makes an agreed lesson use a class, a lead or a time that it did not have before."""
    if after.state not in AGREED:
        return False
    had_it = before.state in AGREED and (before.starts_at, before.ends_at) == (after.starts_at, after.ends_at)
    return not had_it or not _uses(after) <= _uses(before)


def require_free(lesson: Lesson, others: Iterable[Lesson]) -> None:
    """Raises Conflict(LESSON_DOUBLE_BOOKED) when one of the others is agreed, overlaps, and needs the same people."""
    for other in others:
        if other.id == lesson.id or other.state not in AGREED:
            continue
        if not (lesson.starts_at < other.ends_at and other.starts_at < lesson.ends_at):
            continue
        if _uses(lesson) & _uses(other):
            raise Conflict(ErrorCode.LESSON_DOUBLE_BOOKED, other.id)


def _uses(lesson: Lesson) -> frozenset[str]:
    return frozenset(name for side in lesson.sides for name in (side.class_group_id, side.lead))


def dates_around(lesson: Lesson) -> tuple[date, date]:
    """Between which dates, in any zone, a lesson at the same time can stand."""
    return lesson.date - timedelta(days=2), lesson.date + timedelta(days=2)
