"""Reminders: the day and the hour before by each reader's wall, none missed and none doubled over clock changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import to_local
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId
from server.lessons import Lesson, LessonSide, LessonState
from server.lessons.reminders import ReminderKind, is_still_wanted, reminders
from server.pair import LocalizedText

LIN, ORTEGA, SUB = AccountId("ac_lin"), AccountId("ac_ortega"), AccountId("ac_sub")
TAIPEI, LOS_ANGELES = "Asia/Taipei", "America/Los_Angeles"


def lesson(
    on: date = date(2026, 11, 3),
    start: time = time(7, 40),
    *,
    state: LessonState = LessonState.CONFIRMED,
    zone: str = LOS_ANGELES,
    number: int = 1,
) -> Lesson:
    def side(key: str, school: str, lead: AccountId, its_zone: str) -> LessonSide:
        return LessonSide(
            key=key,  # type: ignore[arg-type]  # "a" or "b"
            school_id=SchoolId(school),
            class_group_id=ClassGroupId(f"cg_{key}"),
            zone=its_zone,
            lead=lead,
            substitute=SUB if key == "b" else None,
        )

    return Lesson(
        id=LessonId(f"le_{number}"),
        title=LocalizedText("Typhoons", "颱風"),
        state=state,
        version=1,
        sides=(side("a", "tw", LIN, TAIPEI), side("b", "us", ORTEGA, zone)),
        anchor="a",
        date=on,
        start=start,
        zone=TAIPEI,
        minutes=40,
        adults_needed=1,
        created_by=LIN,
        created_at=datetime(2026, 9, 1, tzinfo=UTC),
    )


def test_everybody_who_leads_is_reminded_twice() -> None:
    one = lesson()
    found = reminders([one], {}, one.starts_at - timedelta(days=2))
    assert {(found_one.account, found_one.kind) for found_one in found} == {
        (who, kind) for who in (LIN, ORTEGA, SUB) for kind in ReminderKind
    }
    assert len({found_one.key for found_one in found}) == 6


def test_the_day_before_is_the_same_hour_on_the_readers_wall_though_the_clock_changes() -> None:
    """16:40 on 1 November in California, where the night before had an hour more: 25 hours before, not 24."""
    one = lesson(date(2026, 11, 2), time(8, 40))
    (ortegas,) = (
        found
        for found in reminders([one], {}, one.starts_at - timedelta(days=2))
        if found.account == ORTEGA and found.kind is ReminderKind.DAY
    )
    assert to_local(one.starts_at, LOS_ANGELES).strftime("%d %H:%M") == "01 16:40"
    assert to_local(ortegas.due_at, LOS_ANGELES).strftime("%d %H:%M") == "31 16:40"
    assert one.starts_at - ortegas.due_at == timedelta(hours=25)


@pytest.mark.parametrize(
    "state", [state for state in LessonState if state not in (LessonState.CONFIRMED, LessonState.CONSENT_CHECKED)]
)
def test_only_agreed_lessons_that_have_not_begun(state: LessonState) -> None:
    one = lesson(state=state)
    assert reminders([one], {}, one.starts_at - timedelta(days=2)) == []


def test_late_reminders_are_left_out() -> None:
    one = lesson()
    kinds = {found.kind for found in reminders([one], {}, one.starts_at - timedelta(hours=2))}
    assert kinds == {ReminderKind.HOUR}
    assert reminders([one], {}, one.starts_at - timedelta(minutes=1)) == []
    assert reminders([one], {}, one.starts_at) == []


def test_a_moved_or_cancelled_lesson_is_not_announced_at_its_old_hour() -> None:
    one = lesson()
    (key, *_) = (found.key for found in reminders([one], {}, one.starts_at - timedelta(days=2)))
    assert is_still_wanted(key, one)
    assert not is_still_wanted(key, lesson(start=time(8, 40)))
    assert not is_still_wanted(key, lesson(state=LessonState.CANCELLED))
    assert not is_still_wanted(key, None)
    assert is_still_wanted("something:else", None)


def sent_over_time(lessons: Sequence[Lesson], steps: Sequence[timedelta], start: datetime) -> list[str]:
    """What goes out when the job runs at those moments, with an outbox that keeps one letter a key."""
    kept: dict[str, datetime] = {}
    sent: list[str] = []
    now = start
    for step in steps:
        now += step
        for found in reminders(lessons, {}, now):
            kept.setdefault(found.key, found.due_at)
        due = [key for key, due_at in kept.items() if due_at <= now and key not in sent]
        sent += due
    return sent


def _nights_of_change(year: int) -> tuple[date, date]:
    """The second Sunday of March and the first of November (15 U.S.C. 260a)."""
    march, november = date(year, 3, 8), date(year, 11, 1)
    return tuple(first + timedelta(days=(6 - first.weekday()) % 7) for first in (march, november))  # type: ignore[return-value]  # two


@pytest.mark.parametrize("zone", [LOS_ANGELES, "America/New_York", "America/Phoenix"])
def test_ten_years_of_clock_changes_miss_none_and_double_none(zone: str) -> None:
    for night in (night for year in range(2026, 2036) for night in _nights_of_change(year)):
        for on in (night, night + timedelta(days=1), night + timedelta(days=2)):
            one = lesson(on, time(7, 40), zone=zone)
            sent = sent_over_time([one], [timedelta(hours=1)] * 30, one.starts_at - timedelta(hours=29, minutes=30))
            assert len(sent) == len(set(sent)) == 6


@given(
    gaps=st.lists(st.integers(1, 600), min_size=1, max_size=40),
    on=st.dates(date(2026, 1, 1), date(2035, 12, 31)),
    hour=st.integers(7, 21),
)
def test_restarts_at_any_time_send_each_at_most_once_and_the_last_one_unless_we_slept_over_it(
    gaps: list[int], on: date, hour: int
) -> None:
    one = lesson(on, time(hour, 40))
    start = one.starts_at - timedelta(hours=30)
    steps = [timedelta(minutes=gap) for gap in gaps]
    sent = sent_over_time([one], steps, start)
    assert len(sent) == len(set(sent))
    moments, now = [], start
    for step in steps:
        now += step
        moments.append(now)
    for found in reminders([one], {}, start):
        awake = any(found.due_at <= moment <= found.not_after for moment in moments)
        assert (found.key in sent) >= awake
