"""The life of a lesson: every edge, every refusal, and what each command leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import Conflict, ErrorCode, InvalidInput
from server.ids import AccountId
from server.lessons import EDGES, Lesson, LessonState, Mode, allowed, transition
from server.lessons import commands as c
from tests.fakes.lessons import BROWN, CHEN, DIAZ, LIN, ORTEGA, make_lesson

S = LessonState
# 08:20 in Taipei on the day, twenty minutes before the start
AT = datetime(2026, 10, 20, 0, 20, tzinfo=UTC)
MOVE = c.Move(
    side="b",
    anchor="b",
    date=date(2026, 10, 22),
    start=time(17, 0),
    minutes=50,
    zones=("Asia/Taipei", "America/Phoenix"),
)
COMMANDS: tuple[c.Command, ...] = (
    c.Confirm(side="b"),
    c.Decline(side="b", reason="exams"),
    MOVE,
    c.Cancel(reason="typhoon"),
    c.FollowClockRules(),
    c.CheckConsent(),
    c.NameSubstitute(side="b", account=BROWN),
    c.AddCoTeacher(side="a", account=CHEN),
    c.RemoveCoTeacher(side="b", account=DIAZ),
    c.HandOverLead(side="b", to=DIAZ),
    c.SetMode(side="a", mode=Mode.CLASS_TO_CLASS),
    c.SetAdultsNeeded(number=2),
    c.OpenLobby(),
    c.Start(),
    c.End(),
    c.SignAttendance(side="a"),
    c.VoidSignature(side="a"),
    c.Report(text="It went well."),
)
PATH: tuple[tuple[c.Command, LessonState], ...] = (
    (c.Confirm(side="b"), S.CONFIRMED),
    (c.CheckConsent(), S.CONSENT_CHECKED),
    (c.OpenLobby(), S.LOBBY),
    (c.Start(), S.LIVE),
    (c.End(), S.ENDED),
    (c.SignAttendance(side="b"), S.ENDED),
    (c.SignAttendance(side="a"), S.ATTENDANCE_SIGNED),
    (c.Report(text="It went well."), S.REPORTED),
)


def lesson_in(state: LessonState) -> Lesson:
    a, b = make_lesson().sides
    return make_lesson(state=state, sides=(a, replace(b, co_teachers=(DIAZ,))))


def do(lesson: Lesson, command: c.Command, at: datetime = AT) -> Lesson:
    return transition(lesson, command, by=ORTEGA, at=at)


def test_the_commands_here_are_all_there_are() -> None:
    assert {type(command) for command in COMMANDS} == set(EDGES) == set(c.Command.__args__)


def test_a_lesson_goes_its_whole_way() -> None:
    lesson = make_lesson()
    for number, (command, state) in enumerate(PATH, start=2):
        lesson = do(lesson, command)
        assert (lesson.state, lesson.version) == (state, number)
    assert lesson.started_at == lesson.ended_at == AT
    assert lesson.report == "It went well."


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("command", COMMANDS, ids=c.name_of)
def test_only_listed_edges_can_be_gone(state: LessonState, command: c.Command) -> None:
    lesson = lesson_in(state)
    if state not in EDGES[type(command)]:
        with pytest.raises(Conflict) as caught:
            do(lesson, command)
        assert caught.value.code is ErrorCode.LESSON_STATE
        assert type(command) not in allowed(state)
        return
    after = do(lesson, command)
    assert after.state in EDGES[type(command)][state]
    assert after.version == lesson.version + 1
    assert type(command) in allowed(state)


def test_the_last_states_are_last() -> None:
    assert allowed(S.CANCELLED) == allowed(S.REPORTED) == frozenset()


def test_from_every_state_one_can_come_to_an_end() -> None:
    ends = {S.CANCELLED, S.REPORTED}
    reached = set(ends)
    while True:
        more = {start for edges in EDGES.values() for start, ends_of in edges.items() if ends_of & reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(S)


def test_both_must_confirm_and_each_once() -> None:
    with pytest.raises(Conflict):
        do(make_lesson(), c.Confirm(side="a"))
    confirmed = do(make_lesson(), c.Confirm(side="b"))
    assert (confirmed.side("b").confirmed_by, confirmed.side("b").confirmed_at) == (ORTEGA, AT)
    assert confirmed.side("a").confirmed_by == LIN


def test_moving_voids_the_other_confirmation_and_keeps_the_movers() -> None:
    moved = do(lesson_in(S.CONSENT_CHECKED), MOVE)
    assert moved.state is S.PROPOSED
    assert moved.side("a").confirmed_at is None
    assert moved.side("a").confirmed_by is None
    assert (moved.side("b").confirmed_by, moved.side("b").confirmed_at) == (ORTEGA, AT)
    assert (moved.anchor, moved.zone, moved.minutes) == ("b", "America/Phoenix", 50)
    assert moved.starts_at == datetime(2026, 10, 23, 0, 0, tzinfo=UTC)
    again = transition(moved, c.Confirm(side="a"), by=LIN, at=AT)
    assert again.state is S.CONFIRMED


def test_moving_takes_the_zones_of_today() -> None:
    moved = do(make_lesson(), replace(MOVE, zones=("Asia/Taipei", "America/Denver")))
    assert (moved.side("b").zone, moved.zone) == ("America/Denver", "America/Denver")
    assert moved.starts_at == datetime(2026, 10, 22, 23, 0, tzinfo=UTC)


def test_a_lesson_cannot_be_moved_into_the_past() -> None:
    with pytest.raises(InvalidInput) as caught:
        do(make_lesson(), replace(MOVE, date=date(2026, 10, 18)))
    assert caught.value.code is ErrorCode.LESSON_IN_THE_PAST


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (datetime(2026, 10, 20, 0, 9, 59, tzinfo=UTC), ErrorCode.LESSON_TOO_EARLY),
        (datetime(2026, 10, 20, 0, 10, tzinfo=UTC), None),
        (datetime(2026, 10, 20, 1, 19, 59, tzinfo=UTC), None),
        (datetime(2026, 10, 20, 1, 20, tzinfo=UTC), ErrorCode.LESSON_TOO_LATE),
    ],
)
def test_the_lobby_opens_half_an_hour_before_and_until_the_end(at: datetime, code: ErrorCode | None) -> None:
    lesson = lesson_in(S.CONSENT_CHECKED)
    if code is None:
        assert do(lesson, c.OpenLobby(), at).state is S.LOBBY
        return
    with pytest.raises(Conflict) as caught:
        do(lesson, c.OpenLobby(), at)
    assert caught.value.code is code


def test_an_early_start_is_a_start() -> None:
    started = do(lesson_in(S.LOBBY), c.Start(), AT)
    assert started.starts_at > AT
    assert (started.state, started.started_at) == (S.LIVE, AT)


@pytest.mark.parametrize("account", [LIN, ORTEGA, DIAZ])
def test_nobody_leads_twice(account: AccountId) -> None:
    for command in (c.AddCoTeacher(side="a", account=account), c.NameSubstitute(side="a", account=account)):
        with pytest.raises(InvalidInput) as caught:
            do(lesson_in(S.LIVE), command)
        assert caught.value.code is ErrorCode.LESSON_ADULTS


def test_a_substitute_is_named_replaced_and_taken_away() -> None:
    with_one = do(lesson_in(S.LIVE), c.NameSubstitute(side="b", account=BROWN))
    assert with_one.side("b").substitute == BROWN
    assert BROWN in with_one.adults
    with_another = do(with_one, c.NameSubstitute(side="b", account=CHEN))
    assert with_another.side("b").substitute == CHEN
    assert do(with_another, c.NameSubstitute(side="b", account=None)).side("b").substitute is None


def test_handing_over_keeps_everybody_in_the_lesson() -> None:
    after = do(lesson_in(S.LIVE), c.HandOverLead(side="b", to=DIAZ))
    assert (after.side("b").lead, after.side("b").co_teachers) == (DIAZ, (ORTEGA,))
    named = do(lesson_in(S.LIVE), c.NameSubstitute(side="b", account=BROWN))
    after = do(named, c.HandOverLead(side="b", to=BROWN))
    side = after.side("b")
    assert (side.lead, side.co_teachers, side.substitute) == (BROWN, (ORTEGA, DIAZ), None)


@pytest.mark.parametrize("to", [ORTEGA, LIN, BROWN])
def test_the_lead_goes_only_to_another_of_that_side(to: AccountId) -> None:
    with pytest.raises(InvalidInput):
        do(lesson_in(S.LIVE), c.HandOverLead(side="b", to=to))


def test_who_is_no_co_teacher_cannot_be_removed_as_one() -> None:
    for account in (ORTEGA, LIN, CHEN):
        with pytest.raises(InvalidInput):
            do(lesson_in(S.PROPOSED), c.RemoveCoTeacher(side="b", account=account))


def test_co_teachers_are_counted() -> None:
    lesson = make_lesson()
    for number in range(6):
        lesson = do(lesson, c.AddCoTeacher(side="a", account=AccountId(f"ac_{number}")))
    with pytest.raises(InvalidInput):
        do(lesson, c.AddCoTeacher(side="a", account=CHEN))


def test_a_voided_signature_opens_the_attendance_again() -> None:
    lesson = lesson_in(S.ENDED)
    signed = do(do(lesson, c.SignAttendance(side="a")), c.SignAttendance(side="b"))
    assert signed.state is S.ATTENDANCE_SIGNED
    voided = do(signed, c.VoidSignature(side="b"))
    assert voided.state is S.ENDED
    assert voided.side("b").attendance_signed_at is None
    assert voided.side("a").is_attendance_signed
    assert do(voided, c.SignAttendance(side="b")).state is S.ATTENDANCE_SIGNED
    with pytest.raises(Conflict):
        do(do(lesson, c.SignAttendance(side="a")), c.SignAttendance(side="a"))


@pytest.mark.parametrize("text", ["", " \n ", "x" * 501])
def test_a_reason_is_needed_and_bounded(text: str) -> None:
    for command in (c.Cancel(reason=text), c.Decline(side="b", reason=text)):
        with pytest.raises(InvalidInput) as caught:
            do(make_lesson(), command)
        assert caught.value.code is ErrorCode.LESSON_TEXT
    assert do(make_lesson(), c.Cancel(reason=" 颱風 ")).closing_note == "颱風"


@pytest.mark.parametrize("minutes", [-1, 0, 9, 181])
def test_a_lesson_has_a_sensible_length(minutes: int) -> None:
    with pytest.raises(InvalidInput):
        do(make_lesson(), replace(MOVE, minutes=minutes))


@pytest.mark.parametrize("number", [0, 3, -1])
def test_one_or_two_adults_are_needed(number: int) -> None:
    with pytest.raises(InvalidInput):
        do(make_lesson(), c.SetAdultsNeeded(number=number))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), st.integers(0, 120)), max_size=25))
def test_whatever_is_done_a_lesson_stays_sound(steps: list[tuple[c.Command, int]]) -> None:
    lesson, now = make_lesson(), AT - timedelta(hours=1)
    for command, minutes in steps:
        now += timedelta(minutes=minutes)
        try:
            after = transition(lesson, command, by=LIN, at=now)
        except (Conflict, InvalidInput):
            continue
        assert after.version == lesson.version + 1
        assert after.state in EDGES[type(command)][lesson.state]
        assert len(set(after.adults)) == len(after.adults)
        assert after.sides[0].key == "a"
        assert after.zone == after.side(after.anchor).zone
        is_agreed = all(side.is_confirmed for side in after.sides)
        assert is_agreed or after.state in (S.PROPOSED, S.CANCELLED)
        is_signed = all(side.is_attendance_signed for side in after.sides)
        assert is_signed == (after.state in (S.ATTENDANCE_SIGNED, S.REPORTED))
        assert (after.ended_at is not None) == (after.state in (S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED))
        lesson = after
