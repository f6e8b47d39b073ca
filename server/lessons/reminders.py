"""Reminders of a lesson: the day before and the hour before, by each reader's own clock. Pure.

Planned again and again from the stored lessons, so that none is missed over a restart; each has a key of its own, so
that none is sent twice. A lesson that was moved has other keys, and the old ones are not wanted any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler import resolve, to_local
from server.ids import AccountId, LessonId
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson

# Agreed, and not begun.
REMINDED = frozenset({LessonState.CONFIRMED, LessonState.CONSENT_CHECKED})
# Later than this before the lesson, "tomorrow" is not true any more and the second reminder is near.
_TOO_LATE_FOR_A_DAY = timedelta(hours=4)


class ReminderKind(StrEnum):
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """`due_at` … `not_after`: when it may be sent. `local_start`: what the reader's wall will say, aware."""

    kind: ReminderKind
    lesson: Lesson
    account: AccountId
    local_start: datetime
    due_at: datetime
    not_after: datetime

    @property
    def key(self) -> str:
        return f"reminder:{self.lesson.id}:{self.lesson.starts_at:%Y%m%dT%H%MZ}:{self.kind}:{self.account}"


def reminders(lessons: Iterable[Lesson], zones: Mapping[AccountId, str], now: datetime) -> list[Reminder]:
    """All that may still be sent, of lessons that are agreed; the due date first. `zones`: of each reader's school."""
    found = [
        reminder
        for lesson in lessons
        if lesson.state in REMINDED and lesson.starts_at > now
        for side in lesson.sides
        for account in side.adults
        for reminder in _of(lesson, account, zones.get(account, side.zone))
        if reminder.not_after >= now
    ]
    return sorted(found, key=lambda reminder: (reminder.due_at, reminder.key))


def _of(lesson: Lesson, account: AccountId, zone: str) -> Iterator[Reminder]:
    local = to_local(lesson.starts_at, zone)
    # Why by the wall: a lesson at 16:40 is announced at 16:40 the day before, also when the clock changes in the night.
    day_before = resolve(local.replace(tzinfo=None) - timedelta(days=1), zone).at
    for kind, due_at, not_after in (
        (ReminderKind.DAY, day_before, lesson.starts_at - _TOO_LATE_FOR_A_DAY),
        (ReminderKind.HOUR, lesson.starts_at - timedelta(hours=1), lesson.starts_at - timedelta(minutes=5)),
    ):
        yield Reminder(kind=kind, lesson=lesson, account=account, local_start=local, due_at=due_at, not_after=not_after)


def lesson_of_key(key: str) -> tuple[LessonId, str] | None:
    """(lesson, its start as in the key) of a reminder; None for letters about something else."""
    parts = key.split(":")
    return (LessonId(parts[1]), parts[2]) if len(parts) == 5 and parts[0] == "reminder" else None


def is_still_wanted(key: str, lesson: Lesson | None) -> bool:
    """Not when the lesson was moved or cancelled after the reminder was planned."""
    found = lesson_of_key(key)
    if found is None:
        return True
    return lesson is not None and lesson.state in REMINDED and f"{lesson.starts_at:%Y%m%dT%H%MZ}" == found[1]
