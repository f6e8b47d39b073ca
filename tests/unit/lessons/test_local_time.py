"""Wall times: gaps and folds are refused with their reason, everything else means one instant that both sides read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from server.errors import ErrorCode, InvalidInput
from server.lessons import require_wall_time, wall_time
from server.lessons.local_time import starts_at

ZONES = (
    "Asia/Taipei",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/New_York",
    "America/Denver",
    "Pacific/Honolulu",
    "Pacific/Guam",
)


@pytest.mark.parametrize(
    ("on", "at", "zone", "code"),
    [
        # the spring night: 02:00 to 03:00 is skipped
        (date(2027, 3, 14), time(2, 0), "America/Los_Angeles", ErrorCode.LESSON_TIME_SKIPPED),
        (date(2027, 3, 14), time(2, 30), "America/New_York", ErrorCode.LESSON_TIME_SKIPPED),
        (date(2027, 3, 14), time(2, 59), "America/Denver", ErrorCode.LESSON_TIME_SKIPPED),
        # the autumn night: 01:00 to 02:00 comes twice
        (date(2026, 11, 1), time(1, 0), "America/Los_Angeles", ErrorCode.LESSON_TIME_TWICE),
        (date(2026, 11, 1), time(1, 59), "America/New_York", ErrorCode.LESSON_TIME_TWICE),
        (date(2026, 11, 1), time(8, 0), "Mars/Olympus", ErrorCode.ZONE_UNKNOWN),
        (date(2026, 11, 1), time(8, 0), "../../etc/passwd", ErrorCode.ZONE_UNKNOWN),
        (date(2026, 11, 1), time(8, 0), "", ErrorCode.ZONE_UNKNOWN),
        (date(1, 1, 1), time(0, 0), "Asia/Taipei", ErrorCode.LESSON_TIME_INVALID),
    ],
)
def test_a_time_that_is_not_exactly_once_is_refused(on: date, at: time, zone: str, code: ErrorCode) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_wall_time(on, at, zone)
    assert caught.value.code is code


@pytest.mark.parametrize(
    ("on", "at", "zone", "utc"),
    [
        (date(2027, 3, 14), time(1, 59), "America/Los_Angeles", "2027-03-14T09:59+00:00"),
        (date(2027, 3, 14), time(3, 0), "America/Los_Angeles", "2027-03-14T10:00+00:00"),
        (date(2026, 11, 1), time(0, 59), "America/Los_Angeles", "2026-11-01T07:59+00:00"),
        (date(2026, 11, 1), time(2, 0), "America/Los_Angeles", "2026-11-01T10:00+00:00"),
        # Arizona and Taiwan change nothing that night
        (date(2027, 3, 14), time(2, 30), "America/Phoenix", "2027-03-14T09:30+00:00"),
        (date(2027, 3, 14), time(2, 30), "Asia/Taipei", "2027-03-13T18:30+00:00"),
    ],
)
def test_what_a_wall_time_means(on: date, at: time, zone: str, utc: str) -> None:
    assert require_wall_time(on, at, zone) == starts_at(on, at, zone) == datetime.fromisoformat(utc)


def test_a_stored_time_that_rules_made_skip_starts_when_the_gap_ends() -> None:
    assert starts_at(date(2027, 3, 14), time(2, 30), "America/Los_Angeles") == datetime(2027, 3, 14, 10, tzinfo=UTC)


def test_one_instant_reads_differently_on_both_sides() -> None:
    at = require_wall_time(date(2026, 10, 20), time(8, 40), "Asia/Taipei")
    there = wall_time(at, "America/Los_Angeles")
    assert (there.date, there.time, there.weekday, there.abbreviation) == (date(2026, 10, 19), time(17, 40), 0, "PDT")
    here = wall_time(at, "Asia/Taipei")
    assert (here.date, here.time, here.weekday) == (date(2026, 10, 20), time(8, 40), 1)


def test_the_same_taiwan_hour_moves_in_california_when_its_clock_does() -> None:
    """The trap of a series that is pinned to one side: 17:40 before the change, 16:40 after it."""
    before = require_wall_time(date(2026, 10, 27), time(8, 40), "Asia/Taipei")
    after = require_wall_time(date(2026, 11, 3), time(8, 40), "Asia/Taipei")
    assert after - before == timedelta(days=7)
    assert wall_time(before, "America/Los_Angeles").time == time(17, 40)
    assert wall_time(after, "America/Los_Angeles").time == time(16, 40)
    assert wall_time(before, "America/Phoenix").time == wall_time(after, "America/Phoenix").time


@given(
    on=st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    zone=st.sampled_from(ZONES),
    other=st.sampled_from(ZONES),
)
def test_an_accepted_time_reads_back_as_it_was_typed(on: date, minute: int, zone: str, other: str) -> None:
    at = time(minute // 60, minute % 60)
    try:
        instant = require_wall_time(on, at, zone)
    except InvalidInput:
        reject()  # the night of a change: the tables above
    assert instant.utcoffset() == timedelta()
    reading = wall_time(instant, zone)
    assert (reading.date, reading.time) == (on, at)
    elsewhere = wall_time(instant, other)
    assert elsewhere.local == instant
    assert abs((elsewhere.date - on).days) <= 1
    assert elsewhere.weekday == elsewhere.date.weekday()
