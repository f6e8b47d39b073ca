"""Hours painted on real dates, and calendars from elsewhere: they change those instants and nothing else.

Timeful #192 is the trap: an undated weekday poll is an hour off after a clock change. There is no such thing here:
what is painted has a date, and is read on that date's own clock.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import Interval, PaintedHour, Party, Query, WindowKind, day_sheet, find_overlaps, to_local
from scheduler.calendars import plan_day
from scheduler.expand import expand
from scheduler.interval import Grid
from scheduler.window import painted_stretches
from tests.unit.scheduler.build import TAIWAN_ELEMENTARY, american, taiwan

TUESDAY = date(2026, 10, 20)
# 18:00 of California's evening is 09:00 of Taiwan's next day while it has daylight time.
LOS_ANGELES = american("America/Los_Angeles")
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


def painted(party: Party, *hours: PaintedHour) -> Party:
    return replace(party, group=replace(party.group, painted=hours))


def hour(on: date, start: str, end: str, willingness: int = 2) -> PaintedHour:
    first, last = (int(one[:2]) * 60 + int(one[3:]) for one in (start, end))
    return PaintedHour(on=on, start_minute=first, end_minute=last, willingness=willingness)


def grid(on: date, days: int = 3) -> Grid:
    first = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(days=1)
    return Grid.covering(first, first + timedelta(days=days + 1))


def added(party: Party, *hours: PaintedHour, on: date = TUESDAY) -> list[Interval]:
    """Instants that are usable with what was painted and not without."""
    view = grid(on)
    return view.intervals(expand(painted(party, *hours), view).usable & ~expand(party, view).usable)


def taken(party: Party, *hours: PaintedHour, on: date = TUESDAY) -> list[Interval]:
    view = grid(on)
    return view.intervals(expand(party, view).usable & ~expand(painted(party, *hours), view).usable)


def test_what_is_offered_is_there_on_that_date_alone() -> None:
    (only,) = added(taiwan(), hour(TUESDAY, "16:30", "18:30"))
    assert only == Interval(datetime(2026, 10, 20, 8, 30, tzinfo=UTC), datetime(2026, 10, 20, 10, 30, tzinfo=UTC))


def test_what_is_withheld_is_gone_on_that_date_alone() -> None:
    (only,) = taken(taiwan(), hour(TUESDAY, "08:00", "10:00", 0))
    assert only == Interval(datetime(2026, 10, 20, 0, 0, tzinfo=UTC), datetime(2026, 10, 20, 2, 0, tzinfo=UTC))


def test_an_hour_until_midnight_ends_there() -> None:
    (only,) = added(taiwan(), hour(TUESDAY, "22:00", "24:00"))
    assert only.end_at == datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
    assert only.minutes == 120


@pytest.mark.parametrize(
    ("on", "start", "end", "kinds"),
    [
        (TUESDAY, "07:00", "08:40", ["before_school"]),
        (TUESDAY, "08:00", "09:00", ["before_school", "instruction"]),
        (TUESDAY, "12:00", "13:00", ["instruction"]),
        (TUESDAY, "15:00", "19:00", ["instruction", "after_school", "evening"]),
        (date(2026, 10, 24), "09:00", "20:00", ["saturday"]),
        (date(2026, 10, 25), "09:00", "10:00", ["saturday"]),
    ],
)
def test_the_kind_of_an_hour_follows_from_the_bells_of_its_date(
    on: date, start: str, end: str, kinds: list[str]
) -> None:
    plan = plan_day(taiwan(TAIWAN_ELEMENTARY).school, on)
    found = [stretch.kind for stretch in painted_stretches(hour(on, start, end), plan)]
    assert list(dict.fromkeys(found)) == kinds


def test_timeful_192_an_hour_painted_before_a_clock_change_says_nothing_about_the_weeks_after() -> None:
    """The same wall time on both sides of the change is two entries, each an instant of its own date's clock."""
    before, after = hour(date(2026, 10, 27), "20:30", "21:30"), hour(date(2026, 11, 3), "20:30", "21:30")
    assert [one.start_at for one in added(LOS_ANGELES, before, on=before.on)] == [
        datetime(2026, 10, 28, 3, 30, tzinfo=UTC)
    ]
    assert [one.start_at for one in added(LOS_ANGELES, after, on=after.on)] == [
        datetime(2026, 11, 4, 4, 30, tzinfo=UTC)
    ]
    assert added(LOS_ANGELES, before, on=after.on) == []


def test_the_sunday_of_the_change_is_painted_like_any_other() -> None:
    (whole,) = added(LOS_ANGELES, hour(AUTUMN, "10:00", "12:00"), on=AUTUMN)
    assert whole == Interval(datetime(2026, 11, 1, 18, 0, tzinfo=UTC), datetime(2026, 11, 1, 20, 0, tzinfo=UTC))
    (spring,) = added(LOS_ANGELES, hour(SPRING, "10:00", "12:00"), on=SPRING)
    assert spring.start_at == datetime(2026, 3, 8, 17, 0, tzinfo=UTC)


def test_a_time_that_does_not_exist_offers_nothing_and_one_that_exists_twice_is_left_out() -> None:
    assert added(LOS_ANGELES, hour(SPRING, "02:00", "03:00"), on=SPRING) == []
    around = added(LOS_ANGELES, hour(SPRING, "01:00", "04:00"), on=SPRING)
    assert sum(one.minutes for one in around) == 115, "two hours, without the cell of the seam"
    # 01:00 to 02:00 happens twice: nobody could say which one was meant.
    assert added(LOS_ANGELES, hour(AUTUMN, "01:00", "02:00"), on=AUTUMN) == []
    # What is withheld is withheld both times.
    busy = painted(LOS_ANGELES, hour(AUTUMN, "00:00", "04:00"), hour(AUTUMN, "01:00", "02:00", 0))
    assert not any(
        datetime(2026, 11, 1, 8, tzinfo=UTC) < one.end_at and one.start_at < datetime(2026, 11, 1, 10, tzinfo=UTC)
        for one in grid(AUTUMN).intervals(expand(busy, grid(AUTUMN)).usable)
    )


def test_a_reluctant_hour_over_the_bells_is_reluctant() -> None:
    view = grid(TUESDAY)
    side = expand(painted(taiwan(), hour(TUESDAY, "08:00", "09:00", 1)), view)
    eager = expand(painted(taiwan(), hour(TUESDAY, "08:00", "09:00", 3)), view)
    first = Interval(datetime(2026, 10, 20, 0, 0, tzinfo=UTC), datetime(2026, 10, 20, 1, 0, tzinfo=UTC))
    assert view.intervals(side.reluctant) == [first]
    assert view.intervals(eager.eager) == [first]


def test_a_holiday_stays_one_whatever_is_painted() -> None:
    closed = taiwan(extra="closures: [{first: 2026-10-20, reason: typhoon}]")
    assert added(closed, hour(TUESDAY, "19:00", "21:30", 3)) == []


def query(a: Party) -> Query:
    return Query(a=a, b=LOS_ANGELES, from_on=TUESDAY, weeks=1, minutes=40)


def test_what_took_the_hours_away_is_told_apart() -> None:
    """The same hours, by the class itself, by another lesson of the class, and by a teacher's calendar."""
    mornings = tuple(hour(TUESDAY + timedelta(days=day), "07:30", "16:30", 0) for day in range(7))
    instants = (Interval(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 10, 28, tzinfo=UTC)),)
    for party, code in (
        (painted(taiwan(), *mornings), "class_busy"),
        (replace(taiwan(), busy=instants), "class_busy"),
        (replace(taiwan(), teachers_busy=instants), "teacher_busy"),
    ):
        answer = find_overlaps(query(party))
        assert answer.slots == ()
        assert code in [reason.code for reason in answer.none_because]


def test_what_would_open_more_does_not_forget_what_is_painted() -> None:
    """A relaxation is searched with the same busy times: it must not promise hours that were withheld."""
    instants = (Interval(datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC)),)
    for relaxation in find_overlaps(query(replace(taiwan(), teachers_busy=instants))).relaxations:
        assert relaxation.query.a.teachers_busy == instants


@settings(max_examples=60, deadline=None)
@given(
    day=st.integers(0, 6),
    start=st.integers(0, 47),
    length=st.integers(1, 12),
    willingness=st.integers(0, 3),
    month=st.sampled_from([SPRING, AUTUMN, TUESDAY]),
)
def test_law_nothing_moves_but_the_painted_hour(
    day: int, start: int, length: int, willingness: int, month: date
) -> None:
    """Outside the painted local hours every cell is what it was before."""
    on = month - timedelta(days=3) + timedelta(days=day)
    end = min(start + length, 48)
    one = PaintedHour(on=on, start_minute=start * 30, end_minute=end * 30, willingness=willingness)
    view = grid(on)
    before, after = expand(LOS_ANGELES, view), expand(painted(LOS_ANGELES, one), view)
    changed = view.intervals(before.usable ^ after.usable)
    key = LOS_ANGELES.school.zone
    for interval in changed:
        for at in (interval.start_at, interval.end_at - timedelta(minutes=5)):
            local = to_local(at, key)
            assert local.date() == on
            assert start * 30 <= local.hour * 60 + local.minute < end * 30
    if willingness == 0:
        assert not after.usable & ~before.usable
    else:
        assert not before.usable & ~after.usable


def test_a_day_sheet_says_what_the_bells_offer() -> None:
    sheet = day_sheet(taiwan(TAIWAN_ELEMENTARY), TUESDAY)
    assert [(one.kind, one.start_minute) for one in sheet.offered][:2] == [("instruction", 520), ("instruction", 570)]
    assert (sheet.is_closed, sheet.skipped, sheet.twice) == (False, (), ())
    assert sheet.kinds[7] is WindowKind.BEFORE_SCHOOL
    assert sheet.kinds[20] is WindowKind.EVENING
    assert day_sheet(LOS_ANGELES, SPRING).skipped == ((120, 180),)
    assert day_sheet(LOS_ANGELES, AUTUMN).twice == ((60, 120),)
    morning = taiwan(TAIWAN_ELEMENTARY, extra="closures: [{first: 2026-10-20, part: morning}]")
    assert min(one.start_minute for one in day_sheet(morning, TUESDAY).offered) == 13 * 60 + 30
