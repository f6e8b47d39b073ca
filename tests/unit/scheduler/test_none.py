"""Empty and thin answers: every one has causes in both languages, and relaxations that keep their promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from scheduler import Closure, Party, Query, Tier, find_overlaps, find_party
from scheduler.model import ClosureMode
from scheduler.overlap import Answer
from scheduler.replan import with_closure
from scheduler.search import search
from tests.unit.scheduler.build import TAIWAN_ELEMENTARY, US_TABLE_DAY, american, party, taiwan

TW, CA, NY, HI = (
    find_party(name) for name in ("tw-taipei-chenguang-5a", "us-ca-bayview-5r", "us-ny-hudson-7m", "us-hi-kukui-7a")
)
OCTOBER = date(2026, 10, 19)


def party_at_noon(zone: str) -> Party:
    return party(zone, US_TABLE_DAY, "[{kind: lunch, start: 12:00, end: 12:40}]")


def codes(answer: Answer) -> set[str]:
    return {reason.code for reason in answer.none_because}


BOTH, SELF_STUDY = Tier.BOTH_IN_CLASS, Tier.SELF_STUDY
PHOENIX, NEW_YORK = american("America/Phoenix"), american("America/New_York")
WEEK = Query(a=TW, b=CA, from_on=OCTOBER, weeks=1)
SHUT = Closure(first_on=OCTOBER, last_on=date(2026, 10, 25))
BUSY = "{weekdays: [mon, tue, wed, thu, fri], start: 07:00, end: 22:00}"
CASES = {
    "no common school hours": (
        Query(a=TW, b=NY, from_on=OCTOBER, worst_tier=Tier.BOTH_IN_CLASS),
        "no_common_school_hours",
    ),
    "Friday is Saturday": (Query(a=TW, b=CA, from_on=OCTOBER, worst_tier=SELF_STUDY), "us_friday_is_saturday"),
    "Monday is Sunday": (Query(a=TW, b=CA, from_on=OCTOBER, worst_tier=SELF_STUDY), "tw_monday_is_sunday"),
    "only worse tiers": (Query(a=TW, b=CA, from_on=OCTOBER, worst_tier=SELF_STUDY), "only_worse_tiers"),
    "break": (Query(a=TW, b=CA, from_on=date(2026, 12, 21), weeks=2), "break"),
    "too short": (
        Query(a=taiwan(), b=NEW_YORK, from_on=OCTOBER, weeks=1, minutes=100),
        "too_short",
    ),
    "closure": (
        with_closure(WEEK, "a", replace(SHUT, mode=ClosureMode.DISTANCE)),
        "distance_teaching",
    ),
    "teacher busy": (
        Query(
            a=taiwan(
                TAIWAN_ELEMENTARY,
                extra=f"teachers: [{{id: t, name: 林, busy: [{BUSY}]}}]",
                group="    teachers: [t]",
            ),
            b=PHOENIX,
            from_on=OCTOBER,
        ),
        "teacher_busy",
    ),
    "room busy": (
        Query(
            a=taiwan(
                TAIWAN_ELEMENTARY,
                "[{kind: instruction}]",
                extra="rooms: [{id: r, name: R, has_video: false}]",
                group="    rooms: [r]",
            ),
            b=PHOENIX,
            from_on=OCTOBER,
        ),
        "room_busy",
    ),
    "not offered": (
        Query(a=taiwan(windows="[{kind: instruction, willingness: 0}]"), b=PHOENIX, from_on=OCTOBER),
        "not_offered",
    ),
    "nothing meets": (
        Query(
            a=taiwan(windows="[{kind: lunch, start: 12:00, end: 12:40}]"),
            b=american("America/New_York"),
            from_on=OCTOBER,
        ),
        "no_common_hours",
    ),
}


@pytest.mark.parametrize(("query", "code"), CASES.values(), ids=CASES)
def test_an_empty_answer_says_why_and_what_would_help(query: Query, code: str) -> None:
    answer = find_overlaps(query)
    assert answer.slots == ()
    assert code in codes(answer) or (code == "no_common_hours" and codes(answer))
    for reason in answer.none_because:
        assert reason.text.en
        assert any("\u4e00" <= char <= "\u9fff" for char in reason.text.zh)
    assert answer.relaxations


@pytest.mark.parametrize("query", [case[0] for case in CASES.values()], ids=CASES)
def test_a_relaxation_yields_exactly_what_it_promised(query: Query) -> None:
    answer = find_overlaps(query)
    for relaxation in answer.relaxations:
        then = search(relaxation.query)
        assert len(then) - len(answer.slots) == relaxation.gain_slots > 0
        dates = {slot.a.on for slot in then} - {slot.a.on for slot in answer.slots}
        assert len(dates) == relaxation.gain_dates
        assert f"+{relaxation.gain_slots}" in relaxation.text.en


def test_hours_that_nobody_thought_of_are_asked_for_on_both_sides_when_one_is_not_enough() -> None:
    noon = "[{kind: lunch, start: 12:00, end: 12:40}]"
    answer = find_overlaps(Query(a=taiwan(windows=noon), b=party_at_noon("America/New_York"), from_on=OCTOBER))
    offers = [one for one in answer.relaxations if one.code == "offer_new_hours"]
    assert len(offers) == 1
    assert " offers " in offers[0].text.en
    assert "開放" in offers[0].text.zh
    assert search(offers[0].query)


def test_in_the_middle_of_a_break_the_weeks_after_it_are_offered() -> None:
    answer = find_overlaps(Query(a=TW, b=CA, from_on=date(2026, 12, 21), weeks=1))
    assert answer.slots == ()
    assert {"more_weeks", "later_weeks"} & {one.code for one in answer.relaxations}


def test_a_milder_tier_is_offered_though_a_worse_one_gives_more() -> None:
    answer = find_overlaps(Query(a=TW, b=CA, from_on=OCTOBER, worst_tier=SELF_STUDY))
    gains = {one.code: one.gain_slots for one in answer.relaxations}
    assert 0 < gains["accept_after_school"] < gains["accept_evening"]
    # Saturdays add nothing here that evenings do not.
    assert "accept_saturday" not in gains


def test_a_thin_answer_is_explained_too() -> None:
    answer = find_overlaps(Query(a=TW, b=HI, from_on=date(2026, 12, 18), weeks=2))
    assert {slot.a.on for slot in answer.slots} == {date(2026, 12, 18)}
    assert "break" in codes(answer)
    assert answer.relaxations


def test_a_full_answer_needs_no_excuse() -> None:
    answer = find_overlaps(Query(a=TW, b=HI, from_on=OCTOBER))
    assert (answer.none_because, answer.relaxations) == ((), ())
    assert answer.slots[0].tier is Tier.BOTH_IN_CLASS


@pytest.mark.parametrize("tier", list(Tier))
def test_accepting_more_never_loses_a_start(tier: Tier) -> None:
    """Tier monotonicity: what is possible at a tier stays possible, at the same tier, when more is accepted."""
    narrow = search(Query(a=TW, b=NY, from_on=OCTOBER, worst_tier=tier))
    wide = search(Query(a=TW, b=NY, from_on=OCTOBER))
    assert {(s.start_at, s.tier) for s in narrow} == {(s.start_at, s.tier) for s in wide if s.tier.order <= tier.order}
    assert [s.rank for s in wide] == list(range(1, len(wide) + 1))
    assert [s.tier.order for s in wide] == sorted(s.tier.order for s in wide)


@pytest.mark.parametrize(("weeks", "minutes"), [(0, 40), (61, 40), (4, 4), (4, 241)])
def test_questions_beyond_reason_are_refused(weeks: int, minutes: int) -> None:
    with pytest.raises(ValueError, match=r"weeks|minutes"):
        replace(Query(a=TW, b=NY, from_on=OCTOBER), weeks=weeks, minutes=minutes)
