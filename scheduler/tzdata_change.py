"""What a new tzdata release moves: stored truth is local wall time, zone and date, so future instants may change.

A sent UTC instant never changes silently: each lesson in the list needs a new SEQUENCE, or its people asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scheduler.zone import Existence, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLesson:
    """`local`: the wall time of the anchor side, without offset; `start_at`: the instant that was derived and sent."""

    id: str
    local: datetime
    zone: str
    start_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedLesson:
    """`existence` is not `once` when the wall time fell into a gap or a fold and people must choose."""

    lesson: StoredLesson
    start_at: datetime
    existence: Existence


def moved_lessons(lessons: Iterable[StoredLesson], now: datetime) -> list[MovedLesson]:
    """Future lessons whose wall time is another instant by the tzdata in use."""
    found = []
    for lesson in lessons:
        if lesson.start_at <= now:
            continue
        resolved = resolve(lesson.local, lesson.zone)
        if resolved.at != lesson.start_at or resolved.existence is not Existence.ONCE:
            found.append(MovedLesson(lesson=lesson, start_at=resolved.at, existence=resolved.existence))
    return found
