"""Who may do what, written down once more by hand and in other words than the table of rules: by person.

School a and school b have a lesson; school c has nothing to do with it. What is asked for is about school a, or about
side a of the lesson. Every action, every person, every state: 11,000 decisions.
"""

from __future__ import annotations

import pytest

from server.access import RULES, Action, Adult, Pupil, Subject, Visitor, authorise, may
from server.errors import Conflict, ErrorCode, Forbidden, NotFound, TongchuangError, Unauthorized
from server.lessons import LessonState
from tests.fakes.world import ACCOUNTS, SCHOOL_A, VIEWERS, lesson_subject

S = LessonState
ALL = frozenset(LessonState)

EVERY_ADULT = set(ACCOUNTS) - {"disabled_co_a"}
VERIFIED = EVERY_ADULT - {"unverified_co_a", "unverified_a"}
TEACHERS_OF_A = {"lead_a", "co_a", "substitute_a", "teacher_a"}
COORDINATORS_OF_A = {"coordinator_a", "substitute_a"}
STAFF_OF_A = TEACHERS_OF_A | COORDINATORS_OF_A
MEMBERS_OF_A = STAFF_OF_A | {"unverified_co_a", "unverified_a", "roleless_co_a"}
LEADS_OF_SIDE_A = {"lead_a", "co_a", "substitute_a"}
LEADS = LEADS_OF_SIDE_A | {"lead_b"}
COORDINATORS_OF_LESSON = COORDINATORS_OF_A | {"coordinator_b"}
PUPILS = {"waiting_pupil", "admitted_pupil"}

# Places of one's own; nothing but the person counts.
PLACES: dict[Action, set[str]] = {
    Action.DASHBOARD_SEE: EVERY_ADULT,
    Action.ACCOUNT_SEE_OWN: EVERY_ADULT,
    Action.ACCOUNT_CHANGE_OWN: EVERY_ADULT,
    Action.ACCOUNT_SIGN_OUT: EVERY_ADULT,
    Action.NOTICE_READ: EVERY_ADULT,
    Action.LESSON_LIST: EVERY_ADULT,
    Action.SCHOOL_LIST: VERIFIED,
    Action.HOURS_FIND: VERIFIED,
    Action.CALENDAR_REPLY_READ: VERIFIED,
    Action.SCHOOL_CREATE: {"it"},
    Action.ADMINISTRATOR_LIST: {"it"},
    Action.ADMINISTRATOR_INVITE: {"it"},
}

# About school a.
SCHOOL: dict[Action, set[str]] = {
    Action.SCHOOL_SEE: {"it", "liaison"} | MEMBERS_OF_A,
    Action.SCHOOL_CHANGE: {"it"} | COORDINATORS_OF_A,
    # roleless_co_a is a liaison officer by now.
    Action.SCHOOL_HOURS_SEE: {"it", "liaison", "roleless_co_a"} | STAFF_OF_A,
    Action.SCHOOL_HOURS_CHANGE: {"it"} | STAFF_OF_A,
    Action.PEOPLE_SEE: {"it"} | STAFF_OF_A,
    Action.ACCOUNT_INVITE: {"it"} | COORDINATORS_OF_A,
    Action.ACCOUNT_VERIFY: {"it"} | COORDINATORS_OF_A,
    Action.ACCOUNT_DISABLE: {"it"} | COORDINATORS_OF_A,
    Action.ACCOUNT_SET_ROLES: {"it"} | COORDINATORS_OF_A,
    Action.ACCOUNT_RESET: {"it"} | COORDINATORS_OF_A,
    Action.AUDIT_SEE: {"it"} | COORDINATORS_OF_A,
    Action.MAIL_SEE: {"it"},
    Action.CLASS_GROUP_LIST: {"it"} | STAFF_OF_A,
    Action.CLASS_GROUP_CREATE: {"it"} | STAFF_OF_A,
    Action.CLASS_GROUP_SEE: {"it"} | STAFF_OF_A,
    Action.CLASS_GROUP_CHANGE: {"it"} | STAFF_OF_A,
    Action.ROSTER_CHANGE: {"it"} | STAFF_OF_A,
    Action.AUTHORISATION_RECORD: {"it"} | STAFF_OF_A,
    Action.AUTHORISATION_REVOKE: {"it"} | STAFF_OF_A,
    Action.CARDS_PRINT: STAFF_OF_A,
    Action.LESSON_PROPOSE: STAFF_OF_A,
    Action.SCHOOL_CALENDARS_CHANGE: COORDINATORS_OF_A,
    Action.SCHOOL_FAIRNESS_SEE: {"it", "liaison", "roleless_co_a"} | STAFF_OF_A,
    Action.HOURS_PAINT_OWN: STAFF_OF_A,
    Action.HOURS_SEE_CLASS: STAFF_OF_A,
    Action.HOURS_PAINT_CLASS: COORDINATORS_OF_A,
}

PLANNED = {S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED}
OPEN = {S.LOBBY, S.LIVE}
SIDE_A = LEADS_OF_SIDE_A | COORDINATORS_OF_A
EITHER = LEADS | COORDINATORS_OF_LESSON

# About side a of the lesson: who, and in which states.
LESSON: dict[Action, tuple[set[str], set[LessonState] | frozenset[LessonState]]] = {
    Action.LESSON_SEE: (EITHER | {"it", "unverified_co_a", "roleless_co_a"}, ALL),
    Action.LESSON_CONFIRM: (SIDE_A, {S.PROPOSED}),
    Action.LESSON_DECLINE: (SIDE_A, {S.PROPOSED}),
    Action.CALENDAR_REPLY_TAKE: ({"it"} | SIDE_A, {S.PROPOSED}),
    Action.LESSON_MOVE: (EITHER, PLANNED),
    Action.LESSON_CANCEL: (EITHER, PLANNED | {S.LOBBY}),
    Action.LESSON_CHECK_CONSENT: (EITHER, {S.CONFIRMED}),
    Action.LESSON_NAME_SUBSTITUTE: (SIDE_A, PLANNED | OPEN),
    Action.LESSON_CHANGE_CO_TEACHERS: (SIDE_A, PLANNED | OPEN),
    Action.LESSON_HAND_OVER: (SIDE_A, PLANNED | OPEN),
    Action.LESSON_SET_MODE: (SIDE_A, PLANNED | OPEN),
    Action.LESSON_OPEN_LOBBY: (LEADS, {S.CONSENT_CHECKED}),
    Action.LESSON_START: (LEADS, {S.LOBBY}),
    Action.LESSON_END: (LEADS, {S.LIVE}),
    Action.LESSON_REPORT: (LEADS, {S.ATTENDANCE_SIGNED}),
    Action.ATTENDANCE_SEE: (EITHER, {S.LIVE, S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED}),
    Action.ATTENDANCE_CORRECT: (SIDE_A, {S.ENDED, S.ATTENDANCE_SIGNED}),
    Action.ATTENDANCE_SIGN: (LEADS_OF_SIDE_A, {S.ENDED}),
    Action.ROOM_SEE: (LEADS | PUPILS, ALL),
    Action.ROOM_CONNECT: (LEADS | PUPILS, ALL),
    Action.ROOM_SYNC: (LEADS | PUPILS, ALL),
    Action.ROOM_TOKEN: (LEADS | {"admitted_pupil"}, OPEN),
    Action.ROOM_SCREEN_TOKEN: (LEADS_OF_SIDE_A, OPEN),
    Action.REPORT_RAISE: (LEADS | PUPILS, OPEN),
    Action.REPORTS_READ: (EITHER, OPEN | {S.ENDED, S.ATTENDANCE_SIGNED, S.REPORTED}),
    **{
        action: (LEADS | {"admitted_pupil"}, OPEN)
        for action in (Action.CHAT_SEND, Action.HAND_RAISE, Action.HAND_LOWER, Action.REACT)
    },
    **dict.fromkeys(
        (
            Action.CHAT_RELEASE,
            Action.CHAT_DISCARD,
            Action.HANDS_CLEAR,
            Action.WORD_PUT,
            Action.WORD_REMOVE,
            Action.ADMIT,
            Action.REFUSE,
            Action.MUTE,
            Action.ASK_UNMUTE,
            Action.REMOVE,
            Action.LOCK,
            Action.PERMIT,
            Action.SET_MODE,
        ),
        (LEADS, OPEN),
    ),
}

# Who has something to do with it, and so learns "you may not" instead of "there is no such thing".
RELATED_TO_SCHOOL = {"it", "liaison"} | MEMBERS_OF_A
RELATED_TO_LESSON = EITHER | PUPILS | {"it", "unverified_co_a", "roleless_co_a"}


def outcome(viewer: str, action: Action, subject: Subject) -> type[TongchuangError] | None:
    try:
        authorise(VIEWERS[viewer], action, subject)
    except TongchuangError as error:
        assert not may(VIEWERS[viewer], action, subject)
        return type(error)
    assert may(VIEWERS[viewer], action, subject)
    return None


def test_every_action_has_its_rule_and_stands_here() -> None:
    assert set(RULES) == set(Action)
    assert sorted([*PLACES, *SCHOOL, *LESSON]) == sorted(Action)


@pytest.mark.parametrize("action", PLACES)
def test_places(action: Action) -> None:
    for viewer, who in VIEWERS.items():
        expected: type[TongchuangError] | None = Forbidden
        if viewer in PLACES[action]:
            expected = None
        elif not isinstance(who, Adult):
            expected = Unauthorized
        assert outcome(viewer, action, Subject()) is expected, viewer


@pytest.mark.parametrize("action", SCHOOL)
def test_a_school(action: Action) -> None:
    for viewer, who in VIEWERS.items():
        expected: type[TongchuangError] | None = NotFound
        if viewer in SCHOOL[action]:
            expected = None
        elif isinstance(who, Visitor):
            expected = Unauthorized
        elif viewer in RELATED_TO_SCHOOL:
            expected = Forbidden
        assert outcome(viewer, action, Subject(school_id=SCHOOL_A)) is expected, viewer


@pytest.mark.parametrize("action", LESSON)
def test_a_lesson_in_every_state(action: Action) -> None:
    allowed, states = LESSON[action]
    for viewer, who in VIEWERS.items():
        for state in LessonState:
            expected: type[TongchuangError] | None = NotFound
            if viewer in allowed:
                expected = None if state in states else Conflict
            elif isinstance(who, Visitor):
                expected = Unauthorized
            elif viewer in RELATED_TO_LESSON:
                expected = Forbidden
            assert outcome(viewer, action, lesson_subject(viewer, state)) is expected, (viewer, state)


@pytest.mark.parametrize(
    "action", [Action.ACCOUNT_VERIFY, Action.ACCOUNT_DISABLE, Action.ACCOUNT_SET_ROLES, Action.ACCOUNT_RESET]
)
@pytest.mark.parametrize("viewer", ["it", "coordinator_a", "substitute_a"])
def test_nobody_does_it_to_themselves(viewer: str, action: Action) -> None:
    """C19."""
    own = ACCOUNTS[viewer]
    assert outcome(viewer, action, Subject(school_id=own.school_id, account=own.id)) is Forbidden


def test_an_action_about_a_lesson_needs_one() -> None:
    for action, (_, states) in LESSON.items():
        for viewer in VIEWERS:
            subject = Subject(school_id=SCHOOL_A)
            if states != ALL:
                assert outcome(viewer, action, subject) is not None, (viewer, action)


def test_what_is_said_never_names_anybody() -> None:
    for viewer in VIEWERS:
        for action in Action:
            with pytest.raises(TongchuangError) as caught:
                authorise(VIEWERS["visitor"], action, lesson_subject(viewer, S.LIVE))
            assert "eedle" not in str(caught.value)
            assert caught.value.code is ErrorCode.SIGN_IN_NEEDED


def test_everybody_here_is_somebody() -> None:
    assert {type(one) for one in VIEWERS.values()} == {Visitor, Adult, Pupil}
