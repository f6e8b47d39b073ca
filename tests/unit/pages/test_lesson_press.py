"""What a lesson's page says to press, how its hour is written on two walls, and what can be typed as attendance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from server.demo_data.lessons import DEMO_PLANS
from server.demo_data.writing import demo_lesson_of
from server.lessons import Lesson, LessonState
from server.pages.lessons.attendance import read_intervals
from server.pages.lessons.hour import HourForm, apart, walls_of, warnings_of
from server.pages.lessons.moments import days_apart, hours_text, offset, span, stay
from server.pages.lessons.press import (
    MORE,
    PATH,
    SHORT,
    STATES,
    TITLES,
    TONES,
    URGENT,
    Authorised,
    Press,
    next_press,
    path_of,
)
from server.pair import LocalizedText, Side
from server.people import ClassGroup, School

S = LessonState
NOW = datetime(2026, 11, 22, 19, 7, tzinfo=UTC)
WHOLE = Authorised(mine=True, other=True)


@pytest.fixture
def lesson() -> Lesson:
    plan = next(plan for plan in DEMO_PLANS if plan.at is None)
    return demo_lesson_of(plan, NOW)


def in_state(lesson: Lesson, state: LessonState) -> Lesson:
    return replace(lesson, state=state)


def unconfirmed(lesson: Lesson, key: str) -> Lesson:
    side = lesson.sides[0] if key == "a" else lesson.sides[1]
    return in_state(lesson.with_side(replace(side, confirmed_by=None, confirmed_at=None)), S.PROPOSED)


def test_every_state_and_press_has_its_words() -> None:
    assert set(STATES) == set(TONES) == set(S)
    assert set(TITLES) == set(SHORT) == set(Press)
    assert set(MORE) <= set(Press)
    assert set(PATH) == set(S) - {S.CANCELLED}
    texts: list[LocalizedText] = [*STATES.values(), *TITLES.values(), *SHORT.values(), *MORE.values()]
    assert all(text.en and text.zh and text.en != text.zh for text in texts)


def test_the_next_press_of_each_state(lesson: Lesson) -> None:
    a, b = lesson.sides
    before, late = lesson.lobby_opens_at - timedelta(seconds=1), lesson.ends_at
    asked = unconfirmed(lesson, "b")
    assert next_press(asked, asked.sides[1], WHOLE, before) is Press.ANSWER
    assert next_press(asked, asked.sides[0], WHOLE, before) is Press.WAIT_ANSWER
    assert next_press(asked, None, WHOLE, before) is Press.WAIT_ANSWER
    confirmed = in_state(lesson, S.CONFIRMED)
    assert next_press(confirmed, a, WHOLE, before) is Press.CHECK_CONSENT
    for missing in (Authorised(mine=False, other=True), Authorised(mine=True, other=False)):
        assert next_press(confirmed, b, missing, before) is Press.CONSENT_MISSING
    assert next_press(lesson, a, WHOLE, before) is Press.WAIT_LOBBY
    assert next_press(lesson, a, WHOLE, lesson.lobby_opens_at) is Press.OPEN_LOBBY
    for planned in (asked, confirmed, lesson):
        assert next_press(planned, b, WHOLE, late) is Press.MISSED
    for state in (S.LOBBY, S.LIVE):
        assert next_press(in_state(lesson, state), a, WHOLE, late) is Press.ENTER
    ended = in_state(lesson, S.ENDED)
    assert next_press(ended, a, WHOLE, late) is Press.SIGN
    signed = ended.with_side(replace(a, attendance_signed_at=late, attendance_signed_by=a.lead))
    assert next_press(signed, signed.sides[0], WHOLE, late) is Press.WAIT_SIGNATURE
    assert next_press(signed, signed.sides[1], WHOLE, late) is Press.SIGN
    assert next_press(in_state(lesson, S.ATTENDANCE_SIGNED), a, WHOLE, late) is Press.REPORT
    assert next_press(in_state(lesson, S.REPORTED), a, WHOLE, late) is Press.DONE
    assert next_press(in_state(lesson, S.CANCELLED), a, WHOLE, late) is Press.CANCELLED
    assert not {Press.WAIT_ANSWER, Press.WAIT_LOBBY, Press.WAIT_SIGNATURE, Press.DONE, Press.CANCELLED} & URGENT


def test_the_path_marks_what_is_done_and_where_it_is(lesson: Lesson) -> None:
    for index, state in enumerate(PATH):
        marks = [step.mark for step in path_of(in_state(lesson, state))]
        if state is S.REPORTED:
            assert marks == ["done"] * 8
        else:
            assert marks == ["done"] * index + ["now"] + ["todo"] * (7 - index)
    assert [step.state for step in path_of(in_state(lesson, S.CANCELLED))] == [S.PROPOSED]


def test_two_walls_of_one_hour() -> None:
    starts_at = datetime(2026, 11, 24, 0, 40, tzinfo=UTC)
    ends_at = starts_at + timedelta(minutes=40)
    taipei = stay(starts_at, ends_at, Side.TAIWAN, "Asia/Taipei")
    tucson = stay(starts_at, ends_at, Side.UNITED_STATES, "America/Phoenix")
    assert (taipei.day, taipei.hours, taipei.lang, taipei.offset) == (
        "11/24 週二",
        "08:40–09:20",
        "zh-Hant-TW",
        "UTC+8",
    )
    assert (tucson.day, tucson.hours, tucson.lang, tucson.offset) == ("Mon Nov 23", "5:40–6:20 PM", "en", "UTC−7")
    assert taipei.day_in_words == LocalizedText("Tuesday, November 24", "11月24日星期二")
    assert (days_apart(taipei, tucson), days_apart(tucson, taipei), days_apart(taipei, taipei)) == (-1, 1, 0)
    assert taipei.iso == "2026-11-24T08:40+08:00"


def test_small_words_of_time() -> None:
    assert hours_text(Side.UNITED_STATES, time(11, 40), time(12, 20)) == "11:40 AM–12:20 PM"
    assert offset(datetime(2026, 1, 1, tzinfo=UTC)) == "UTC+0"
    assert (span(0), span(59.6), span(3_661)) == ("0:00:00", "0:01:00", "1:01:01")


def home(side: Side, zone: str, place: str) -> tuple[School, ClassGroup]:
    text = LocalizedText(place, place)
    school = School(id=f"sc_{place}", side=side, name=text, place=text, zone=zone, language="en")  # type: ignore[arg-type]
    return school, ClassGroup(id=f"cg_{place}", school_id=school.id, name=text, grade="5")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("on", "start", "zone", "said", "warned"),
    [
        (date(2026, 11, 24), time(8, 40), "America/Phoenix", "still the day before", []),
        (date(2026, 11, 24), time(13, 30), "America/Phoenix", "still the day before", ["It is night in There."]),
        (date(2026, 11, 23), time(8, 40), "America/Phoenix", "still the day before", ["It is the weekend in There."]),
        (date(2026, 11, 24), time(10, 0), "Pacific/Guam", None, []),
    ],
)  # fmt: skip
def test_what_the_second_step_points_out(on: date, start: time, zone: str, said: str | None, warned: list[str]) -> None:
    form = HourForm(mine="a", partner="b", date=on, start=start, minutes=40)
    walls = walls_of(form, home(Side.TAIWAN, "Asia/Taipei", "Here"), home(Side.UNITED_STATES, zone, "There"))
    words = apart(walls)
    assert (words is None) if said is None else (words is not None and said in words.en)
    assert [text.en for text in warnings_of(walls)] == warned


def test_times_of_a_lesson_over_midnight_are_of_the_right_dates(lesson: Lesson) -> None:
    """23:50 to 00:30 on the American wall."""
    late = replace(lesson, date=date(2026, 11, 24), start=time(14, 50), zone="Asia/Taipei", anchor="a")
    side = replace(lesson.sides[1], zone="America/Phoenix")
    found = read_intervals("23:50-00:30\n00:31 - 00:40", late, side)
    assert found is not None
    assert [one.start for one in found] == [
        datetime(2026, 11, 24, 6, 50, tzinfo=UTC), datetime(2026, 11, 24, 7, 31, tzinfo=UTC),
    ]  # fmt: skip
    assert found[0].seconds == 40 * 60
    assert read_intervals("\n".join(["23:50-23:51"] * 21), late, side) is None
