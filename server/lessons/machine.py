"""The life of a lesson as an explicit machine: proposed → confirmed by both → consent check → lobby → live → ended →
attendance signed → reported. Pure; every edge is listed, so that tests and documents can draw it.

It judges the lesson's state and the clock. Who may give a command is judged by `server.access` and, for what belongs
to one side, by the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from server.errors import Conflict, ErrorCode, InvalidInput
from server.ids import AccountId
from server.lessons import commands as c
from server.lessons.facts import SIDE_KEYS, LessonState, SideKey
from server.lessons.lesson import MAX_MINUTES, MIN_MINUTES, Lesson, LessonSide

S = LessonState

_PLANNED = frozenset({S.PROPOSED, S.CONFIRMED, S.CONSENT_CHECKED})
_OPEN = _PLANNED | {S.LOBBY}
_ACTIVE = _OPEN | {S.LIVE}

# command → from which state to which it may lead; the same state twice: the lesson changes, its state does not.
# Once pupils are in the lobby a lesson is held or cancelled, not moved from under them.
EDGES: Mapping[type[c.Command], Mapping[LessonState, frozenset[LessonState]]] = {
    c.Confirm: {S.PROPOSED: frozenset({S.PROPOSED, S.CONFIRMED})},
    c.Decline: {S.PROPOSED: frozenset({S.CANCELLED})},
    c.Move: {state: frozenset({S.PROPOSED}) for state in _PLANNED},
    c.Cancel: {state: frozenset({S.CANCELLED}) for state in _OPEN},
    c.FollowClockRules: {state: frozenset({state}) for state in _PLANNED},
    c.CheckConsent: {S.CONFIRMED: frozenset({S.CONSENT_CHECKED})},
    c.NameSubstitute: {state: frozenset({state}) for state in _ACTIVE},
    c.AddCoTeacher: {state: frozenset({state}) for state in _ACTIVE},
    c.RemoveCoTeacher: {state: frozenset({state}) for state in _ACTIVE},
    c.HandOverLead: {state: frozenset({state}) for state in _ACTIVE},
    c.SetMode: {state: frozenset({state}) for state in _ACTIVE},
    c.SetAdultsNeeded: {state: frozenset({state}) for state in _OPEN},
    c.OpenLobby: {S.CONSENT_CHECKED: frozenset({S.LOBBY})},
    c.Start: {S.LOBBY: frozenset({S.LIVE})},
    c.End: {S.LIVE: frozenset({S.ENDED})},
    c.SignAttendance: {S.ENDED: frozenset({S.ENDED, S.ATTENDANCE_SIGNED})},
    c.VoidSignature: {S.ENDED: frozenset({S.ENDED}), S.ATTENDANCE_SIGNED: frozenset({S.ENDED})},
    c.Report: {S.ATTENDANCE_SIGNED: frozenset({S.REPORTED})},
}

MAX_NOTE_CHARS = 500
MAX_REPORT_CHARS = 4000
# As many as a large class ever brings; a list without an end is a mistake.
MAX_CO_TEACHERS = 6


def allowed(state: LessonState) -> frozenset[type[c.Command]]:
    """Which commands a lesson in that state can take at all."""
    return frozenset(kind for kind, edges in EDGES.items() if state in edges)


def transition(lesson: Lesson, command: c.Command, *, by: AccountId | None, at: datetime) -> Lesson:
    """The lesson after it, one version later. Raises Conflict(LESSON_STATE …) or InvalidInput; never half-changed."""
    if lesson.state not in EDGES[type(command)]:
        raise Conflict(ErrorCode.LESSON_STATE, f"{c.name_of(command)} in {lesson.state}")
    changed = _apply(lesson, command, by, at)
    assert changed.state in EDGES[type(command)][lesson.state]
    return replace(changed, version=lesson.version + 1)


def _apply(lesson: Lesson, command: c.Command, by: AccountId | None, at: datetime) -> Lesson:
    match command:
        case c.Confirm() | c.Decline() | c.Move() | c.Cancel() | c.CheckConsent():
            return _plan(lesson, command, by, at)
        case c.NameSubstitute() | c.AddCoTeacher() | c.RemoveCoTeacher() | c.HandOverLead() | c.SetMode():
            return lesson.with_side(_staff(lesson, lesson.side(command.side), command))
        case c.FollowClockRules():
            return lesson
        case c.SetAdultsNeeded():
            return replace(lesson, adults_needed=require_adults_needed(command.number))
        case _:
            return _hold(lesson, command, by, at)


def _plan(
    lesson: Lesson,
    command: c.Confirm | c.Decline | c.Move | c.Cancel | c.CheckConsent,
    by: AccountId | None,
    at: datetime,
) -> Lesson:
    match command:
        case c.Confirm():
            if lesson.side(command.side).is_confirmed:
                raise Conflict(ErrorCode.LESSON_STATE, f"side {command.side} has confirmed before")
            return _confirmed(lesson, command.side, by, at)
        case c.Decline():
            return replace(lesson, state=S.CANCELLED, closing_note=require_text(command.reason, MAX_NOTE_CHARS))
        case c.Cancel():
            return replace(lesson, state=S.CANCELLED, closing_note=require_text(command.reason, MAX_NOTE_CHARS))
        case c.Move():
            return _moved(lesson, command, by, at)
        case c.CheckConsent():
            return replace(lesson, state=S.CONSENT_CHECKED)
        case _:
            assert_never(command)


def _confirmed(lesson: Lesson, key: SideKey, by: AccountId | None, at: datetime) -> Lesson:
    changed = lesson.with_side(replace(lesson.side(key), confirmed_by=by, confirmed_at=at))
    is_agreed = all(side.is_confirmed for side in changed.sides)
    return replace(changed, state=S.CONFIRMED if is_agreed else S.PROPOSED)


def _moved(lesson: Lesson, move: c.Move, by: AccountId | None, at: datetime) -> Lesson:
    require_minutes(move.minutes)
    a, b = (
        replace(side, zone=zone, confirmed_by=None, confirmed_at=None)
        for side, zone in zip(lesson.sides, move.zones, strict=True)
    )
    changed = replace(
        lesson,
        state=S.PROPOSED,
        sides=(a, b),
        anchor=move.anchor,
        date=move.date,
        start=move.start,
        zone=move.zones[SIDE_KEYS.index(move.anchor)],
        minutes=move.minutes,
    )
    if changed.ends_at <= at:
        raise InvalidInput(ErrorCode.LESSON_IN_THE_PAST, f"{move.date} {move.start}")
    return _confirmed(changed, move.side, by, at)


def _staff(
    lesson: Lesson,
    side: LessonSide,
    command: c.NameSubstitute | c.AddCoTeacher | c.RemoveCoTeacher | c.HandOverLead | c.SetMode,
) -> LessonSide:
    match command:
        case c.NameSubstitute():
            if command.account is not None:
                _require_new(lesson, command.account)
            return replace(side, substitute=command.account)
        case c.AddCoTeacher():
            _require_new(lesson, command.account)
            if len(side.co_teachers) >= MAX_CO_TEACHERS:
                raise InvalidInput(ErrorCode.LESSON_ADULTS, f"more than {MAX_CO_TEACHERS} co-teachers")
            return replace(side, co_teachers=(*side.co_teachers, command.account))
        case c.RemoveCoTeacher():
            if command.account not in side.co_teachers:
                raise InvalidInput(ErrorCode.LESSON_ADULTS, "is no co-teacher of this side")
            rest = tuple(account for account in side.co_teachers if account != command.account)
            return replace(side, co_teachers=rest)
        case c.HandOverLead():
            return _handed_over(side, command.to)
        case c.SetMode():
            return replace(side, mode=command.mode)
        case _:
            assert_never(command)


def _require_new(lesson: Lesson, account: AccountId) -> None:
    if account in lesson.adults:
        raise InvalidInput(ErrorCode.LESSON_ADULTS, "leads in this lesson already")


def _handed_over(side: LessonSide, to: AccountId) -> LessonSide:
    if to == side.lead or to not in side.adults:
        raise InvalidInput(ErrorCode.LESSON_ADULTS, "is no co-teacher or substitute of this side")
    others = tuple(account for account in side.co_teachers if account != to)
    substitute = None if side.substitute == to else side.substitute
    return replace(side, lead=to, co_teachers=(side.lead, *others), substitute=substitute)


def _hold(
    lesson: Lesson,
    command: c.OpenLobby | c.Start | c.End | c.SignAttendance | c.VoidSignature | c.Report,
    by: AccountId | None,
    at: datetime,
) -> Lesson:
    match command:
        case c.OpenLobby():
            if at < lesson.lobby_opens_at:
                raise Conflict(ErrorCode.LESSON_TOO_EARLY, f"opens {lesson.lobby_opens_at:%Y-%m-%dT%H:%M}Z")
            if at >= lesson.ends_at:
                raise Conflict(ErrorCode.LESSON_TOO_LATE, f"was to end {lesson.ends_at:%Y-%m-%dT%H:%M}Z")
            return replace(lesson, state=S.LOBBY)
        case c.Start():
            return replace(lesson, state=S.LIVE, started_at=at)
        case c.End():
            return replace(lesson, state=S.ENDED, ended_at=at)
        case c.SignAttendance():
            return _signed(lesson, command.side, by, at)
        case c.VoidSignature():
            side = replace(lesson.side(command.side), attendance_signed_by=None, attendance_signed_at=None)
            return replace(lesson.with_side(side), state=S.ENDED)
        case c.Report():
            return replace(lesson, state=S.REPORTED, report=require_text(command.text, MAX_REPORT_CHARS))
        case _:
            assert_never(command)


def _signed(lesson: Lesson, key: SideKey, by: AccountId | None, at: datetime) -> Lesson:
    if lesson.side(key).is_attendance_signed:
        raise Conflict(ErrorCode.LESSON_STATE, f"side {key} has signed before")
    changed = lesson.with_side(replace(lesson.side(key), attendance_signed_by=by, attendance_signed_at=at))
    is_whole = all(side.is_attendance_signed for side in changed.sides)
    return replace(changed, state=S.ATTENDANCE_SIGNED if is_whole else S.ENDED)


def require_text(text: str, longest: int) -> str:
    """Trimmed and not empty."""
    text = text.strip()
    if not text or len(text) > longest:
        raise InvalidInput(ErrorCode.LESSON_TEXT, f"1 to {longest} characters")
    return text


def require_minutes(minutes: int) -> int:
    if not MIN_MINUTES <= minutes <= MAX_MINUTES:
        raise InvalidInput(ErrorCode.LESSON_MINUTES, f"{MIN_MINUTES} to {MAX_MINUTES} minutes")
    return minutes


def require_adults_needed(number: int) -> int:
    if number not in (1, 2):
        raise InvalidInput(ErrorCode.LESSON_ADULTS, "1 or 2 adults")
    return number
