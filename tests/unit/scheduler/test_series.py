"""Series: the anchor holds its hour, exceptions have replacements, a closure moves nothing that still works."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler import Closure, DayPart, Query, Tier, find_party
from scheduler.interval import Interval
from scheduler.replan import (
    accept_replacements,
    change_all,
    change_following,
    change_one,
    place,
    repair,
    with_closure,
)
from scheduler.search import search
from scheduler.series import Anchor, SeriesError, SeriesPlan, plan_series
from scheduler.standing import price_at, review
from tests.unit.scheduler.build import american, taiwan

CALIFORNIA = american("America/Los_Angeles")
TAIWAN = taiwan()
QUERY = Query(a=TAIWAN, b=CALIFORNIA, from_on=date(2026, 10, 12), weeks=16, minutes=40)
# Fri 16 Oct 08:20 in Taiwan = Thu 15 Oct 17:20 PDT: the example of scheduling.md §1.4.
START = datetime(2026, 10, 16, 0, 20, tzinfo=UTC)
DEMO = Query(
    a=find_party("tw-taipei-chenguang-5a"),
    b=find_party("us-ca-bayview-5r"),
    from_on=date(2026, 10, 12),
    weeks=16,
    worst_tier=Tier.EVENING,
)
DEMO_START = datetime(2026, 10, 20, 23, 40, tzinfo=UTC)


def walls(plan: SeriesPlan) -> list[tuple[str, str]]:
    return [(x.slot.a.start, x.slot.b.start) for x in plan.lessons if x.slot]


def test_cal_com_4400_pinned_to_taiwan_los_angeles_jumps_from_1720_to_1620() -> None:
    plan = plan_series(QUERY, START, 5, anchor=Anchor.A)
    assert walls(plan) == [("08:20", "17:20")] * 3 + [("08:20", "16:20")] * 2
    assert [(s.number, s.side, s.before, s.after) for s in plan.seams] == [(4, "b", "17:20", "16:20")]


def test_cal_com_4702_pinned_to_los_angeles_taiwan_jumps_from_0820_to_0920() -> None:
    plan = plan_series(QUERY, START, 5, anchor=Anchor.B)
    assert walls(plan) == [("08:20", "17:20")] * 3 + [("09:20", "17:20")] * 2
    assert [(s.number, s.side, s.before, s.after) for s in plan.seams] == [(4, "a", "08:20", "09:20")]


@pytest.mark.parametrize("zone", ["America/Phoenix", "Pacific/Honolulu", "Pacific/Guam"])
def test_zones_that_do_not_shift_have_no_seam(zone: str) -> None:
    query = replace(QUERY, b=american(zone))
    assert plan_series(query, search(query)[0].start_at, 8).seams == ()


def test_navajo_shifts_although_arizona_does_not() -> None:
    query = replace(DEMO, b=find_party("us-az-redmesa-6"), weeks=12)
    start = next(s.start_at for s in search(query) if s.a.on == date(2026, 10, 20))
    assert len(plan_series(query, start, 8).seams) == 1
    arizona = replace(query, b=find_party("us-az-saguaro-5b"))
    assert plan_series(arizona, search(arizona)[0].start_at, 8).seams == ()


def test_every_lesson_is_checked_and_exceptions_have_the_best_replacement() -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    assert len(plan.lessons) == 8
    thanksgiving = date(2026, 11, 23)
    assert [week.monday for week in plan.quiet_weeks] == [thanksgiving], "no common hour: a step apart instead"
    assert plan.quiet_weeks[0].suggestion.code == "asynchronous_week"
    # Wed 11 Nov in Taiwan is Tue 10 Nov there: a school day; the lesson of that week stands.
    assert all(lesson.slot is not None for lesson in plan.lessons)
    tuesdays = plan_series(DEMO, DEMO_START + timedelta(days=1), 8)
    (missing,) = tuesdays.exceptions
    assert missing.problem is not None
    assert missing.problem.code == "holiday", "Veterans Day"
    assert missing.replacements
    best = missing.replacements[0]
    assert best.tier is Tier.AFTER_SCHOOL
    assert abs(best.start_at - missing.wanted_at) <= timedelta(days=3)
    accepted = accept_replacements(tuesdays)
    assert accepted.plan.is_complete
    assert [move.number for move in accepted.moves] == [missing.number]


def test_change_one_moves_one() -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    target = datetime(2026, 10, 28, 23, 40, tzinfo=UTC)
    change = change_one(plan, 2, target)
    assert [(m.number, m.after) for m in change.moves] == [(2, target)]
    with pytest.raises(SeriesError, match="already stands there"):
        change_one(plan, 2, plan.lessons[2].wanted_at)
    with pytest.raises(SeriesError, match="no start"):
        change_one(plan, 2, datetime(2026, 10, 31, 23, 40, tzinfo=UTC))
    with pytest.raises(SeriesError, match="1 to 8"):
        change_one(plan, 9, target)


def test_change_following_keeps_those_before() -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    moved = change_following(plan, 4, datetime(2026, 11, 12, 23, 40, tzinfo=UTC))
    assert moved.plan.lessons[:3] == plan.lessons[:3]
    assert [m.number for m in moved.moves] == [4, 5, 6, 7, 8]
    assert {x.slot.a.weekday for x in moved.plan.lessons[3:] if x.slot} == {"fri"}
    assert [x.number for x in moved.plan.lessons] == list(range(1, 9))


def test_change_all_moves_all() -> None:
    plan = plan_series(DEMO, DEMO_START, 4)
    moved = change_all(plan, DEMO_START + timedelta(days=1))
    assert [m.number for m in moved.moves] == [1, 2, 3, 4]


@pytest.mark.parametrize("part", [DayPart.DAY, DayPart.MORNING])
def test_a_typhoon_moves_only_the_lesson_that_it_hits(part: DayPart) -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    typhoon = Closure(first_on=date(2026, 11, 4), last_on=date(2026, 11, 4), part=part, reason="typhoon")
    change = repair(plan, with_closure(DEMO, "a", typhoon))
    (move,) = change.moves
    assert move.number == 3
    assert move.after is not None
    assert change.plan.lesson(3).slot is not None
    untouched = [(x.number, x.slot) for x in plan.lessons if x.number != 3]
    assert [(x.number, x.slot) for x in change.plan.lessons if x.number != 3] == untouched
    day = {slot.a.on for slot in search(with_closure(DEMO, "a", typhoon))}
    assert change.plan.lesson(3).slot.a.on in day  # type: ignore[union-attr]  # asserted above
    if part is DayPart.DAY:
        assert date(2026, 11, 4) not in day


def test_an_afternoon_closure_moves_no_morning_lesson() -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    closure = Closure(first_on=date(2026, 11, 4), last_on=date(2026, 11, 4), part=DayPart.AFTERNOON)
    assert repair(plan, with_closure(DEMO, "a", closure)).moves == ()


def test_a_lesson_that_fits_nowhere_near_says_why() -> None:
    plan = plan_series(DEMO, DEMO_START, 8)
    closure = Closure(first_on=date(2026, 10, 26), last_on=date(2026, 11, 22), reason="earthquake")
    change = repair(plan, with_closure(DEMO, "a", closure))
    lost = [lesson for lesson in change.plan.lessons if lesson.slot is None]
    assert lost
    assert all(lesson.problem is not None and lesson.problem.code == "closure" for lesson in lost)


def test_more_lessons_than_weeks_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(SeriesError, match="do not fit into 16 weeks"):
        plan_series(DEMO, DEMO_START, 17)
    with pytest.raises(SeriesError, match=r"only \d+ of 15 lessons"):
        plan_series(DEMO, DEMO_START, 15)
    with pytest.raises(SeriesError, match="no start"):
        plan_series(DEMO, DEMO_START - timedelta(minutes=60), 8)


def test_cal_com_14422_a_busy_calendar_is_not_bookable() -> None:
    busy = Interval(DEMO_START - timedelta(hours=1), DEMO_START + timedelta(minutes=5))
    query = replace(DEMO, busy=(busy,))
    with pytest.raises(SeriesError):
        plan_series(query, DEMO_START, 8)
    assert all(not busy.overlaps(Interval(slot.start_at, slot.end_at)) for slot in search(query))


def test_a_term_that_stands_is_reviewed_lesson_by_lesson() -> None:
    """One fits, one stands on Veterans Day, one at an hour that nobody offers: each has its walls and its price."""
    starts = [
        (1, DEMO_START),
        (2, datetime(2026, 11, 11, 23, 40, tzinfo=UTC)),
        (3, datetime(2026, 11, 18, 10, 0, tzinfo=UTC)),
    ]
    plan = review(DEMO, starts, anchor=Anchor.A)
    assert [lesson.problem.code if lesson.problem else None for lesson in plan.lessons] == [
        None, "holiday", "outside_windows",
    ]  # fmt: skip
    assert [lesson.slot.start_at for lesson in plan.lessons if lesson.slot] == [at for _, at in starts]
    assert [len(lesson.replacements) for lesson in plan.lessons] == [0, 3, 3]
    assert [week.monday for week in plan.quiet_weeks] == [], "in the weeks between them an hour was possible"
    change = repair(plan, DEMO)
    assert [move.number for move in change.moves] == [2, 3]
    assert change.plan.lesson(1) == plan.lesson(1)


def test_hours_that_are_taken_are_no_replacements() -> None:
    at = datetime(2026, 11, 11, 23, 40, tzinfo=UTC)
    best = review(DEMO, [(1, at)], anchor=Anchor.A).lessons[0].replacements[0]
    taken = [Interval(best.start_at, best.end_at)]
    again = review(DEMO, [(1, at)], anchor=Anchor.A, taken=taken).lessons[0].replacements
    assert again
    assert all(slot.end_at <= best.start_at or slot.start_at >= best.end_at for slot in again)


def test_a_lesson_is_not_placed_on_another_one_of_its_series() -> None:
    plan = plan_series(DEMO, DEMO_START, 4)
    change = place(plan, {1: plan.lessons[1].wanted_at})
    assert change.plan.lesson(1).slot is None
    assert change.plan.lessons[1:] == plan.lessons[1:]


def test_all_following_keep_their_own_weeks() -> None:
    """A lesson that was moved within its week follows into it, and a week left out stays out."""
    plan = plan_series(DEMO, DEMO_START, 8)
    odd = change_one(plan, 3, datetime(2026, 11, 5, 23, 40, tzinfo=UTC)).plan
    odd = replace(odd, lessons=tuple(lesson for lesson in odd.lessons if lesson.number != 4))
    moved = change_following(odd, 2, datetime(2026, 10, 27, 23, 40, tzinfo=UTC) + timedelta(days=1)).plan
    days = [lesson.slot.a.on for lesson in moved.lessons if lesson.slot]
    assert days[:4] == [date(2026, 10, 21), date(2026, 10, 29), date(2026, 11, 5), date(2026, 11, 19)]


@pytest.mark.parametrize(
    ("at", "window", "burden"),
    [
        # Fri 16 Oct in Taiwan: 10:00 in class; 16:30 after it; 20:00 at home; Sat 17 and Sun 18; the National Day.
        (datetime(2026, 10, 16, 2, tzinfo=UTC), "instruction", 0),
        (datetime(2026, 10, 16, 8, 30, tzinfo=UTC), "after_school", 40),
        (datetime(2026, 10, 16, 12, tzinfo=UTC), "evening", 40),
        (datetime(2026, 10, 18, 2, tzinfo=UTC), "saturday", 40),
        (datetime(2026, 10, 9, 2, tzinfo=UTC), "saturday", 40),
    ],
)
def test_an_hour_that_nobody_offered_has_its_price_by_the_bells(at: datetime, window: str, burden: int) -> None:
    query = replace(DEMO, from_on=date(2026, 10, 5))
    (slot,) = price_at(query, [at])
    assert (slot.a.window, slot.a.burden_minutes) == (window, burden)
