"""A tzdata upgrade lists the future lessons that it moves, and 16,000 of them in less than a second."""

# ruff: noqa: DTZ001 - wall clock readings have no zone yet
from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from scheduler.tzdata_change import StoredLesson, moved_lessons
from scheduler.zone import Existence

NOW = datetime(2026, 10, 1, tzinfo=UTC)
LOCAL = datetime(2026, 11, 5, 16, 20)
RIGHT = datetime(2026, 11, 6, 0, 20, tzinfo=UTC)


def lesson(**other: object) -> StoredLesson:
    values: dict[str, object] = {"id": "x", "local": LOCAL, "zone": "America/Los_Angeles", "start_at": RIGHT, **other}
    return StoredLesson(**values)  # type: ignore[arg-type]  # the test's own keyword arguments


def test_only_future_lessons_that_really_move_are_listed() -> None:
    as_if_dst_had_not_ended = RIGHT - timedelta(hours=1)
    stale = lesson(id="moved", start_at=as_if_dst_had_not_ended)
    past = lesson(id="past", local=datetime(2026, 9, 1, 9, 0), start_at=datetime(2026, 9, 1, 9, 0, tzinfo=UTC))
    (moved,) = moved_lessons([lesson(), stale, past], NOW)
    assert (moved.lesson.id, moved.start_at, moved.existence) == ("moved", RIGHT, Existence.ONCE)


def test_a_wall_time_that_fell_into_a_fold_is_listed_with_both_choices_open() -> None:
    fold = lesson(local=datetime(2026, 11, 1, 1, 30), start_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC))
    (moved,) = moved_lessons([fold], NOW)
    assert moved.existence is Existence.FOLD


def test_sixteen_thousand_lessons_take_less_than_a_second() -> None:
    lessons = [lesson(id=str(n), local=LOCAL + timedelta(minutes=n)) for n in range(16_000)]
    started = time.thread_time()
    found = moved_lessons(lessons, NOW)
    assert time.thread_time() - started < 1.0
    assert len(found) == 15_999
