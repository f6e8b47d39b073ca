"""The two-zone week grid: every slot once, both weekdays, the seam where a clock moves."""

from __future__ import annotations

from datetime import date

import pytest

from scheduler import Query, find_overlaps, find_party
from server.pages.scheduling.week_grid import Seam, weeks_of

TAIPEI, BAYVIEW, SAGUARO, GUAM, HUDSON = (
    find_party(name)
    for name in (
        "tw-taipei-chenguang-5a",
        "us-ca-bayview-5r",
        "us-az-saguaro-5b",
        "us-gu-latte-10",
        "us-ny-hudson-7m",
    )
)


def grid(a, b, from_on: date, weeks: int = 2):  # type: ignore[no-untyped-def]  # two lines of a test
    slots = find_overlaps(Query(a=a, b=b, from_on=from_on, weeks=weeks)).slots
    found = weeks_of(slots, zone_a=a.school.zone, zone_b=b.school.zone, from_on=from_on, weeks=weeks)
    return slots, found


@pytest.mark.parametrize("b", [BAYVIEW, SAGUARO, GUAM, HUDSON], ids=lambda party: party.id)
def test_every_slot_stands_in_exactly_one_cell_of_its_own_date(b) -> None:  # type: ignore[no-untyped-def]
    slots, weeks = grid(TAIPEI, b, date(2026, 10, 19), 4)
    shown = []
    for week in weeks:
        for row in week.rows:
            assert len(row.cells) == len(week.days)
            for day, cell in zip(week.days, row.cells, strict=True):
                for slot in cell:
                    assert slot.a.on == day.on
                    assert slot.b.on in day.other_dates
                    assert int(slot.a.start[:2]) == row.hour
                    assert int(slot.b.start[:2]) in row.other_hours
                    shown.append(slot)
    assert sorted(shown, key=lambda slot: slot.rank) == list(slots)


def test_the_clock_change_is_a_seam_before_the_first_date_that_feels_it() -> None:
    _, weeks = grid(TAIPEI, BAYVIEW, date(2026, 10, 26))
    seams = {day.on: day.seam for week in weeks for day in week.days if day.seam}
    # 1 November in California is already 2 November in Taipei when a school there opens.
    assert seams == {date(2026, 11, 2): Seam("b", -60)}
    row = next(row for row in weeks[1].rows if row.hour == 7)
    assert row.other_hours == (15,)
    assert next(row for row in weeks[0].rows if row.hour == 7).other_hours == (16,)


def test_a_zone_without_summer_time_has_no_seam() -> None:
    _, weeks = grid(TAIPEI, SAGUARO, date(2026, 10, 26), 4)
    assert not any(day.seam for week in weeks for day in week.days)


def test_a_taiwan_day_is_two_american_dates_and_nearly_one_on_guam() -> None:
    _, weeks = grid(TAIPEI, BAYVIEW, date(2026, 10, 19), 1)
    assert weeks[0].days[0].other_dates == (date(2026, 10, 18), date(2026, 10, 19))
    _, weeks = grid(TAIPEI, GUAM, date(2026, 10, 19), 1)
    assert weeks[0].days[0].other_dates == (date(2026, 10, 19), date(2026, 10, 20))


def test_weeks_without_hours_are_there_and_empty() -> None:
    _, weeks = grid(TAIPEI, BAYVIEW, date(2026, 12, 21))
    assert [week.is_empty for week in weeks] == [True, True] or len(weeks) == 2
    assert weeks[0].days[0].on == date(2026, 12, 21)


def test_a_question_from_the_middle_of_a_week_begins_with_its_monday() -> None:
    _, weeks = grid(TAIPEI, SAGUARO, date(2026, 10, 21), 1)
    assert weeks[0].days[0].on == date(2026, 10, 19)
    assert len(weeks) == 2
