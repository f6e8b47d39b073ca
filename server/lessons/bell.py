"""How long until the bell: what a room warns of before a lesson runs over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson

# Time to say good-bye in two languages and to let forty people leave.
WARNS_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """`rings_at`: the planned end in UTC. Seconds are negative once the moment has passed."""

    rings_at: datetime
    starts_in_s: int
    rings_in_s: int
    is_early: bool
    """Live before its planned start."""
    warns: bool
    """Live, and the bell is near or has rung."""
    is_overrun: bool


def bell_of(lesson: Lesson, now: datetime) -> Bell:
    is_live = lesson.state is LessonState.LIVE
    rest = lesson.ends_at - now
    return Bell(
        rings_at=lesson.ends_at,
        starts_in_s=round((lesson.starts_at - now).total_seconds()),
        rings_in_s=round(rest.total_seconds()),
        is_early=is_live and now < lesson.starts_at,
        warns=is_live and rest <= WARNS_BEFORE,
        is_overrun=is_live and rest < timedelta(),
    )
