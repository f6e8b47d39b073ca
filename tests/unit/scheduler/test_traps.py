"""Traps that others fell into (scheduling.md §2), each by its issue, and the facts that shape the model (§1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler import Confidence, Payer, Query, Slot, Tier, find_overlaps, find_party
from scheduler.calendars import DayCause, plan_day
from scheduler.days import utc_spans
from scheduler.fairness import Held, best_possible, ledger, propose_rotation, weighted_burden
from scheduler.interval import Interval
from scheduler.official import official_year
from scheduler.overlap import forget
from scheduler.search import search
from tests.unit.scheduler.build import US_TABLE_DAY, american, party, slots, taiwan

DEMO_TW, DEMO_CA, DEMO_NY = (
    find_party(name) for name in ("tw-taipei-chenguang-5a", "us-ca-bayview-5r", "us-ny-hudson-7m")
)


def wall(slot: Slot) -> tuple[str, str, str, str]:
    return slot.a.weekday, slot.a.start, slot.b.weekday, slot.b.start


@pytest.mark.parametrize("issue", ["cal.com #4400", "cal.com #4753", "cal.com #19589"])
def test_slots_keep_the_bells_hour_on_both_sides_of_the_change(issue: str) -> None:
    """The hours of the week after the change are those of the bells then, not an hour off."""
    found = search(
        Query(a=taiwan(), b=american("America/Los_Angeles"), from_on=date(2026, 10, 26), weeks=2, minutes=60)
    )
    after = {s.a.on: s.b.start for s in found if s.tier is Tier.AFTER_SCHOOL}
    assert after[date(2026, 10, 28)] == "16:30", issue
    assert after[date(2026, 11, 4)] == "15:30", issue


def test_cal_com_6217_the_sunday_of_the_change_can_be_booked_but_not_its_repeated_hour() -> None:
    night = "[{kind: evening, start: 00:00, end: 05:00, weekdays: [sun]}]"
    found = slots(
        party("America/Los_Angeles", US_TABLE_DAY, night), party("America/Phoenix", US_TABLE_DAY, night),
        date(2026, 10, 26), minutes=30,
    )  # fmt: skip
    starts = {(s.first_start_at, s.last_start_at) for s in found}
    # 00:00-01:00 PDT and 02:00-05:00 PST, but nothing that begins or ends in 01:00-02:00, which occurs twice.
    assert (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)) in starts
    twice = Interval(datetime(2026, 11, 1, 8, 0, tzinfo=UTC), datetime(2026, 11, 1, 10, 0, tzinfo=UTC))
    assert all(not Interval(s.start_at, s.end_at).overlaps(twice) for s in found)
    assert any(s.start_at >= twice.end_at for s in found)


def test_cal_com_10517_no_lesson_lies_in_a_gap_or_over_its_seam() -> None:
    spans = utc_spans(date(2027, 3, 14), 60, 300, "America/Los_Angeles")
    change = datetime(2027, 3, 14, 10, 0, tzinfo=UTC)
    minute = int(change.timestamp()) // 60
    assert spans == [(minute - 60, minute - 5), (minute, minute + 120)]


def test_cal_com_8918_a_holiday_blocks_on_its_own_sides_date() -> None:
    """Taiwan's Mon 26 Oct is a holiday: a Monday there, so the US evening of Sun 25 is lost, not that of Mon 26."""
    found = search(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2026, 10, 19), weeks=2))
    assert all(s.a.on != date(2026, 10, 26) for s in found)
    assert any(s.b.on == date(2026, 10, 26) and s.a.on == date(2026, 10, 27) for s in found)


def test_rally_22_90_2467_and_timeful_192_both_dates_are_part_of_every_slot() -> None:
    for slot in search(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2026, 10, 19))):
        assert (slot.a.on - slot.b.on).days == 1
        assert slot.a.on.strftime("%a").lower() == slot.a.weekday
        assert slot.b.on.strftime("%a").lower() == slot.b.weekday


def test_timeful_192_painted_dates_are_dates_not_weekdays() -> None:
    painted = "[{kind: evening, start: 18:00, end: 20:00, dates: [2026-10-27]}]"
    found = slots(party("America/Los_Angeles", US_TABLE_DAY, painted), taiwan(), date(2026, 10, 19), weeks=3)
    assert {s.a.on for s in found} == {date(2026, 10, 27)}


def test_pretalx_1087_a_window_over_midnight_is_one_window() -> None:
    guam = party("Pacific/Guam", US_TABLE_DAY, "[{kind: evening, start: 23:00, end: 25:00}]")
    evening = taiwan(windows="[{kind: evening, start: 20:00, end: 24:00}]")
    found = [s for s in slots(guam, evening, date(2026, 10, 19), minutes=60) if s.b.on == date(2026, 10, 20)]
    # Cut at midnight only because a slot has one date: 23:00-23:55 on the 20th, and 00:00 on the 21st.
    assert sorted((s.a.on.day, s.a.start, s.b.start) for s in found) == [(20, "23:00", "21:00"), (21, "00:00", "22:00")]
    assert all(Interval(s.start_at, s.end_at).minutes == 60 for s in found)


def test_the_ministrys_page_10_a_m_taipei_in_may_is_7_p_m_pacific_daylight_time() -> None:
    """It said 6 p.m. Pacific Standard Time, for a day in May."""
    at_ten = taiwan(windows="[{kind: self_study, start: 10:00, end: 10:40}]")
    found = slots(at_ten, american("America/Los_Angeles"), date(2026, 5, 11))
    assert {wall(slot)[1::2] for slot in found} == {("10:00", "19:00")}


@pytest.mark.parametrize("issue", ["cal.com #13606", "cal.com #15340"])
def test_fairness_counts_inconvenient_minutes_not_bookings(issue: str) -> None:
    found = search(Query(a=DEMO_TW, b=DEMO_NY, from_on=date(2026, 10, 19)))
    evening = next(s for s in found if s.payer is Payer.B)
    held = [Held(slot=evening, a=DEMO_TW, b=DEMO_NY, best_a=0.0, best_b=0.0)] * 3
    books = ledger(held)
    assert books.classes[DEMO_TW.id].lessons == books.classes[DEMO_NY.id].lessons == 3, issue
    assert books.classes[DEMO_TW.id].weighted == 0
    assert books.countries["US"].burden_minutes == 120
    assert books.countries["US"].weighted == 240, "an evening minute weighs two"
    assert books.teachers["us-ny-hudson-7m-lead"].weighted == books.schools["us-ny-hudson"].weighted == 240


def test_fairness_is_measured_against_the_best_that_the_zones_allow_and_rotates() -> None:
    query = Query(a=DEMO_TW, b=DEMO_NY, from_on=date(2026, 10, 19))
    best = best_possible(query)
    assert sum(best) == 80, "somebody's evening: there is nothing better between Taiwan and New York"
    rotation = propose_rotation(query, paid_a=0, paid_b=240, lessons=3)
    assert rotation is not None
    assert rotation.eases is Payer.B
    assert rotation.imbalance_after < rotation.imbalance_before
    assert {slot.payer for slot in rotation.slots} == {Payer.A}
    assert len({slot.a.on for slot in rotation.slots}) == len(rotation.slots) == 3
    assert all(weighted_burden(slot.a) > 0 for slot in rotation.slots)
    assert propose_rotation(query, paid_a=0, paid_b=0, lessons=3) is None, "nothing to even out"


OFFICIAL = {
    2024: "01-01 02-08 02-09 02-12 02-13 02-14 02-28 04-04 04-05 06-10 09-17 10-10",
    2025: "01-01 01-27 01-28 01-29 01-30 01-31 02-28 04-03 04-04 05-30 09-29 10-06 10-10 10-24 12-25",
    2026: "01-01 02-16 02-17 02-18 02-19 02-20 02-27 04-03 04-06 05-01 06-19 09-25 09-28 10-09 10-26 12-25",
}


@pytest.mark.parametrize("year", OFFICIAL)
def test_taiwans_office_holidays_item_by_item(year: int) -> None:
    """Weekdays off of the published office calendars 113-115 (DGPA)."""
    found = official_year("TW", year)
    assert found.is_confirmed
    weekdays = [f"{on:%m-%d}" for on in found.days if on.weekday() < 5]
    assert " ".join(weekdays) == OFFICIAL[year]
    assert all(name.zh and name.en and name.zh != name.en for name in found.days.values())


@pytest.mark.parametrize("year", [2023, 2027, 2035])
def test_a_year_that_nobody_compared_is_unconfirmed(year: int) -> None:
    assert not official_year("TW", year).is_confirmed
    with pytest.raises(ValueError, match="no official days"):
        official_year("JP", year)


def test_an_unknown_school_year_is_unconfirmed_never_silently_open() -> None:
    far = search(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2029, 10, 1)))
    assert far
    assert {slot.confidence for slot in far} == {Confidence.UNCONFIRMED}
    assert all("calendar_unconfirmed" in {r.code for r in s.reasons}
               for s in find_overlaps(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2029, 10, 1))).slots)  # fmt: skip
    assert search(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2029, 7, 10))) == [], "nobody is at school in July"
    near = search(Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2026, 10, 19)))
    assert {slot.confidence for slot in near} == {Confidence.CONFIRMED}


def test_a_year_without_the_ministrys_letter_is_unconfirmed_for_real_schools() -> None:
    """The letter for 115 was not found (scheduling.md §4.3), so its calendar is a projection."""
    real = taiwan(year="calendar: tw-public")
    confidence = {on.year: plan_day(real.school, on).confidence for on in (date(2025, 10, 14), date(2026, 10, 14))}
    assert confidence == {2025: Confidence.CONFIRMED, 2026: Confidence.UNCONFIRMED}


@pytest.mark.parametrize(("on", "follows"), [(21, 11), (22, 12), (23, 13)])
def test_roc_114_make_up_days_follow_february_and_are_week_1_of_term_2(on: int, follows: int) -> None:
    plan = plan_day(DEMO_TW.school, date(2026, 1, on))
    assert plan.closed_by is None
    assert plan.timetable_on == date(2026, 2, follows)
    assert plan.term is not None
    assert (plan.term.name, plan.week) == ("Term 2", 1)
    assert plan_day(DEMO_TW.school, date(2026, 2, follows)).closed_by is DayCause.BREAK
    monday = plan_day(DEMO_TW.school, date(2026, 2, 23))
    assert (monday.closed_by, monday.week) == (None, 3), "a term week is not a calendar week"


def test_los_angeles_lets_out_early_on_tuesdays() -> None:
    ends = {
        on.weekday(): plan_day(DEMO_CA.school, on).dismissal
        for on in (date(2026, 10, 19) + timedelta(days=d) for d in range(5))
    }
    assert ends == {0: 870, 1: 810, 2: 870, 3: 870, 4: 870}


def test_albuquerque_changed_its_bells() -> None:
    school = find_party("us-nm-sandia-chinese1").school
    bells = [plan_day(school, on).first_bell for on in (date(2024, 3, 5), date(2024, 9, 10))]
    assert bells == [9 * 60 + 15, 8 * 60 + 40]


def test_tuba_city_once_kept_its_own_clock() -> None:
    """Dated overrides: the same bells, an hour apart for a while (§4.1)."""
    override = "zone_overrides: [{first: 2026-10-12, last: 2026-10-31, zone: America/Phoenix}]"
    own = party("America/Denver", US_TABLE_DAY, "[{kind: instruction}]", extra=override)
    found = slots(
        own, taiwan(windows="[{kind: evening, start: 21:00, end: 24:00}]"), date(2026, 10, 5), weeks=2, minutes=30
    )
    first = {s.a.on: s.first_start_at.hour for s in found}
    assert first[date(2026, 10, 8)] == 14
    assert first[date(2026, 10, 13)] == 15
    assert {s.a.start for s in found} == {"08:00"}


def test_wednesday_afternoons_are_free_in_taiwans_elementary_schools() -> None:
    lessons = plan_day(DEMO_TW.school, date(2026, 10, 21)).periods
    assert max(p.end_minute for p in lessons) == 12 * 60 + 40


def test_kinmen_has_taipeis_hours() -> None:
    kinmen, phoenix = find_party("tw-kinmen-haifeng-5a"), find_party("us-az-saguaro-5b")
    one = [wall(s) for s in search(Query(a=kinmen, b=phoenix, from_on=date(2026, 10, 19)))]
    two = [wall(s) for s in search(Query(a=DEMO_TW, b=phoenix, from_on=date(2026, 10, 19)))]
    assert one == two


def test_the_answer_does_not_depend_on_the_hosts_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    query = Query(a=DEMO_TW, b=DEMO_CA, from_on=date(2026, 10, 19))
    before = find_overlaps(query)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    forget()
    assert find_overlaps(replace(query)) == before
