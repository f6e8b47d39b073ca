"""The one table of rights: who may do what, and in which states of a lesson. Pure data; nothing else gives a right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.access.action import Action
from server.access.standing import Standing
from server.lessons import LessonState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Any of `who` may, none of `never`; `states`: of the subject's lesson, None when there is none or any will do."""

    who: frozenset[Standing]
    states: frozenset[LessonState] | None = None
    never: frozenset[Standing] = frozenset()


def _rule(*who: Standing, states: frozenset[LessonState] | None = None, never: Standing | None = None) -> Rule:
    return Rule(who=frozenset(who), states=states, never=frozenset(() if never is None else (never,)))


_IT, _LIAISON, _SELF = Standing.IT_ADMINISTRATOR, Standing.LIAISON_OFFICER, Standing.SELF
_MEMBER, _TEACHER, _COORDINATOR = (
    Standing.MEMBER_OF_SCHOOL,
    Standing.TEACHER_OF_SCHOOL,
    Standing.COORDINATOR_OF_SCHOOL,
)
_LEAD, _LEAD_OF_SIDE = Standing.LEAD_OF_LESSON, Standing.LEAD_OF_SIDE
_COORD_OF_LESSON, _COORD_OF_SIDE = Standing.COORDINATOR_OF_LESSON, Standing.COORDINATOR_OF_SIDE
_EXPECTED, _PUPIL, _ADMITTED = Standing.EXPECTED_IN_LESSON, Standing.PUPIL_OF_LESSON, Standing.PUPIL_ADMITTED

_S = LessonState
_PLANNED = frozenset({_S.PROPOSED, _S.CONFIRMED, _S.CONSENT_CHECKED})
_OPEN = frozenset({_S.LOBBY, _S.LIVE})
_NOT_OVER = _PLANNED | _OPEN
_OVER = frozenset({_S.ENDED, _S.ATTENDANCE_SIGNED, _S.REPORTED})


def _one(state: LessonState) -> frozenset[LessonState]:
    return frozenset({state})


_OWN = {
    Action.DASHBOARD_SEE: _rule(Standing.SIGNED_IN),
    Action.ACCOUNT_SEE_OWN: _rule(Standing.SIGNED_IN),
    Action.ACCOUNT_CHANGE_OWN: _rule(Standing.SIGNED_IN),
    Action.ACCOUNT_SIGN_OUT: _rule(Standing.SIGNED_IN),
    Action.NOTICE_READ: _rule(Standing.SIGNED_IN),
}

_SCHOOLS = {
    # Names and places of schools only: who proposes a lesson chooses among them.
    Action.SCHOOL_LIST: _rule(_IT, _LIAISON, Standing.VERIFIED),
    Action.SCHOOL_CREATE: _rule(_IT),
    Action.SCHOOL_SEE: _rule(_IT, _LIAISON, _MEMBER),
    Action.SCHOOL_CHANGE: _rule(_IT, _COORDINATOR),
    Action.SCHOOL_HOURS_SEE: _rule(_IT, _LIAISON, _COORDINATOR, _TEACHER),
    # A teacher too: who hears of the typhoon first writes it down.
    Action.SCHOOL_HOURS_CHANGE: _rule(_IT, _COORDINATOR, _TEACHER),
    # An address that is a secret of the school's, and whole weeks without lessons: the coordinator's word.
    Action.SCHOOL_CALENDARS_CHANGE: _rule(_COORDINATOR),
    # Whoever gives their evenings may see how they are shared.
    Action.SCHOOL_FAIRNESS_SEE: _rule(_IT, _LIAISON, _COORDINATOR, _TEACHER),
    Action.PEOPLE_SEE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.ADMINISTRATOR_LIST: _rule(_IT),
    Action.ADMINISTRATOR_INVITE: _rule(_IT),
    Action.ACCOUNT_INVITE: _rule(_IT, _COORDINATOR),
    # C19: nobody verifies themselves; and nobody locks themselves out or takes more rights by themselves.
    Action.ACCOUNT_VERIFY: _rule(_IT, _COORDINATOR, never=_SELF),
    Action.ACCOUNT_DISABLE: _rule(_IT, _COORDINATOR, never=_SELF),
    Action.ACCOUNT_SET_ROLES: _rule(_IT, _COORDINATOR, never=_SELF),
    Action.ACCOUNT_RESET: _rule(_IT, _COORDINATOR, never=_SELF),
    Action.AUDIT_SEE: _rule(_IT, _COORDINATOR),
    Action.MAIL_SEE: _rule(_IT),
}

# C13: each school controls its own pupils' data. The administrator keeps rosters for schools that have nobody for it.
_CLASS_GROUPS = {
    Action.CLASS_GROUP_LIST: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.CLASS_GROUP_CREATE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.CLASS_GROUP_SEE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.CLASS_GROUP_CHANGE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.ROSTER_CHANGE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.AUTHORISATION_RECORD: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.AUTHORISATION_REVOKE: _rule(_IT, _COORDINATOR, _TEACHER),
    Action.CARDS_PRINT: _rule(_COORDINATOR, _TEACHER),
}

_LESSONS = {
    Action.LESSON_LIST: _rule(Standing.SIGNED_IN),
    # Names of classes and schools, and their bell times: what two schools must know of one another to meet.
    Action.HOURS_FIND: _rule(_IT, _LIAISON, Standing.VERIFIED),
    # One's own, of the own school's day; nobody paints, or reads, another person's.
    Action.HOURS_PAINT_OWN: _rule(_COORDINATOR, _TEACHER),
    Action.HOURS_SEE_CLASS: _rule(_COORDINATOR, _TEACHER),
    Action.HOURS_PAINT_CLASS: _rule(_COORDINATOR),
    Action.LESSON_PROPOSE: _rule(_COORDINATOR, _TEACHER),
    Action.LESSON_SEE: _rule(_LEAD, _COORD_OF_LESSON, _EXPECTED, _IT),
    Action.LESSON_CONFIRM: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_one(_S.PROPOSED)),
    # The page; and a file that answers for a side: for who may answer for it anyway, and who reads the mailbox.
    Action.CALENDAR_REPLY_READ: _rule(_IT, Standing.VERIFIED),
    Action.CALENDAR_REPLY_TAKE: _rule(_IT, _LEAD_OF_SIDE, _COORD_OF_SIDE, states=_one(_S.PROPOSED)),
    Action.LESSON_DECLINE: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_one(_S.PROPOSED)),
    Action.LESSON_MOVE: _rule(_LEAD, _COORD_OF_LESSON, states=_PLANNED),
    Action.LESSON_CANCEL: _rule(_LEAD, _COORD_OF_LESSON, states=_PLANNED | _one(_S.LOBBY)),
    Action.LESSON_CHECK_CONSENT: _rule(_LEAD, _COORD_OF_LESSON, states=_one(_S.CONFIRMED)),
    Action.LESSON_NAME_SUBSTITUTE: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_NOT_OVER),
    Action.LESSON_CHANGE_CO_TEACHERS: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_NOT_OVER),
    Action.LESSON_HAND_OVER: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_NOT_OVER),
    Action.LESSON_SET_MODE: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_NOT_OVER),
    Action.LESSON_OPEN_LOBBY: _rule(_LEAD, states=_one(_S.CONSENT_CHECKED)),
    Action.LESSON_START: _rule(_LEAD, states=_one(_S.LOBBY)),
    Action.LESSON_END: _rule(_LEAD, states=_one(_S.LIVE)),
    Action.LESSON_REPORT: _rule(_LEAD, states=_one(_S.ATTENDANCE_SIGNED)),
    Action.ATTENDANCE_SEE: _rule(_LEAD, _COORD_OF_LESSON, states=_one(_S.LIVE) | _OVER),
    # A correction after signing voids that side's signature.
    Action.ATTENDANCE_CORRECT: _rule(_LEAD_OF_SIDE, _COORD_OF_SIDE, states=_OVER - _one(_S.REPORTED)),
    Action.ATTENDANCE_SIGN: _rule(_LEAD_OF_SIDE, states=_one(_S.ENDED)),
}

_ROOM = {
    # A pupil who is early, or late, is told so on the page; tokens and events need the room to be open.
    Action.ROOM_SEE: _rule(_LEAD, _PUPIL),
    Action.ROOM_TOKEN: _rule(_LEAD, _ADMITTED, states=_OPEN),
    Action.ROOM_SCREEN_TOKEN: _rule(_LEAD_OF_SIDE, states=_OPEN),
    Action.ROOM_CONNECT: _rule(_LEAD, _PUPIL),
    Action.ROOM_SYNC: _rule(_LEAD, _PUPIL),
    Action.CHAT_SEND: _rule(_LEAD, _ADMITTED, states=_OPEN),
    Action.CHAT_RELEASE: _rule(_LEAD, states=_OPEN),
    Action.CHAT_DISCARD: _rule(_LEAD, states=_OPEN),
    Action.HAND_RAISE: _rule(_LEAD, _ADMITTED, states=_OPEN),
    Action.HAND_LOWER: _rule(_LEAD, _ADMITTED, states=_OPEN),
    Action.HANDS_CLEAR: _rule(_LEAD, states=_OPEN),
    Action.REACT: _rule(_LEAD, _ADMITTED, states=_OPEN),
    Action.WORD_PUT: _rule(_LEAD, states=_OPEN),
    Action.WORD_REMOVE: _rule(_LEAD, states=_OPEN),
    Action.ADMIT: _rule(_LEAD, states=_OPEN),
    Action.REFUSE: _rule(_LEAD, states=_OPEN),
    Action.MUTE: _rule(_LEAD, states=_OPEN),
    Action.ASK_UNMUTE: _rule(_LEAD, states=_OPEN),
    Action.REMOVE: _rule(_LEAD, states=_OPEN),
    Action.LOCK: _rule(_LEAD, states=_OPEN),
    Action.PERMIT: _rule(_LEAD, states=_OPEN),
    Action.SET_MODE: _rule(_LEAD, states=_OPEN),
    # C18: in every view, also from the lobby.
    Action.REPORTS_READ: _rule(_LEAD, _COORD_OF_LESSON, states=_OPEN | _OVER),
    Action.REPORT_RAISE: _rule(_LEAD, _PUPIL, states=_OPEN),
}

RULES: Mapping[Action, Rule] = {**_OWN, **_SCHOOLS, **_CLASS_GROUPS, **_LESSONS, **_ROOM}
