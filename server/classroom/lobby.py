"""Who comes, waits, is let in, sent away or taken out: decisions from the state, as events. Pure.

Each function is one command; it raises an error of `server.errors` or returns what happened, nothing at all when it
was so already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.classroom import events as e
from server.classroom.model import LessonInfo, Person, Role, State, Status
from server.errors import Conflict, ErrorCode, Forbidden, NotFound
from server.ids import PersonId
from server.pair import LocalizedText

Events = tuple[e.Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody at the door, as the sign-in or the seat says. `side` of adults follows from the lesson."""

    person: PersonId
    name: LocalizedText
    connection: str
    side: str = ""
    device: str = ""
    is_companion: bool = False


def teacher(state: State, by: PersonId) -> Person:
    """Who asks, when it is a teacher in the room. Raises Forbidden."""
    person = state.find(by)
    if person is None or not (person.is_teacher and person.is_admitted):
        raise Forbidden(ErrorCode.FORBIDDEN, "for teachers of the lesson")
    return person


def admitted(state: State, by: PersonId) -> Person:
    """Who asks, when let in. Raises Forbidden(NOT_ADMITTED)."""
    person = state.find(by)
    if person is None or not person.is_admitted:
        raise Forbidden(ErrorCode.NOT_ADMITTED)
    return person


def open_lesson(state: State) -> LessonInfo:
    """Raises Conflict(LESSON_STATE)."""
    if state.lesson is None or not state.lesson.is_open:
        raise Conflict(ErrorCode.LESSON_STATE, "the room is not open")
    return state.lesson


def come(state: State, visitor: Visitor) -> Events:
    """Raises Conflict(LESSON_STATE) before the lesson is agreed upon and after it, NotFound for a stranger."""
    lesson = state.lesson
    if lesson is None or not (lesson.is_open or lesson.is_early):
        raise Conflict(ErrorCode.LESSON_STATE, "nobody comes in now")
    side, role = _place(lesson, visitor)
    known = state.find(visitor.person)
    if role is Role.PUPIL and known is not None and known.device != visitor.device and _holds_seat(known):
        return (e.SecondDevice(person=visitor.person, device=visitor.device, connection=visitor.connection),)
    came = e.Came(
        person=visitor.person,
        name=visitor.name,
        side=side,
        role=role,
        connection=visitor.connection,
        device=visitor.device,
        asked_companion=visitor.is_companion,
    )
    return (came,)


def _place(lesson: LessonInfo, visitor: Visitor) -> tuple[str, Role]:
    if visitor.person.startswith("pupil-"):
        return visitor.side, Role.PUPIL
    if visitor.person.startswith("screen-"):
        return visitor.side, Role.SCREEN
    found = lesson.role_of(visitor.person)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, "leads neither side")
    return found


def _holds_seat(person: Person) -> bool:
    """Somebody let in keeps the seat also while away; in the lobby it is only held by an open page."""
    return person.is_admitted or (person.status is Status.WAITING and person.connection is not None)


def go_away(state: State, person: PersonId, connection: str) -> Events:
    known = state.find(person)
    if known is None:
        return ()
    is_claim = known.claim is not None and known.claim.connection == connection
    return (e.WentAway(person=person, connection=connection),) if is_claim or known.connection == connection else ()


def admit(state: State, by: PersonId, people: Iterable[PersonId]) -> Events:
    """Of those named, all who wait. Raises Conflict(ROOM_LOCKED | ADULT_NEEDED), NotFound when none is known."""
    teacher(state, by)
    open_lesson(state)
    chosen = [person for key in dict.fromkeys(people) if (person := state.find(key)) is not None]
    waiting = tuple(person.person for person in chosen if person.is_in_lobby)
    if not waiting:
        if any(person.is_admitted for person in chosen):
            return ()
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "nobody of them waits")
    if state.is_locked:
        raise Conflict(ErrorCode.ROOM_LOCKED)
    if not state.has_enough_adults:
        raise Conflict(ErrorCode.ADULT_NEEDED)
    return (e.Admitted(people=waiting),)


def admit_all(state: State, by: PersonId, side: str | None) -> Events:
    """All who wait, of one side or both; second devices are looked at one by one."""
    teacher(state, by)
    waiting = [
        person.person
        for person in state.people.values()
        if person.is_in_lobby and person.claim is None and side in (None, person.side)
    ]
    return admit(state, by, waiting) if waiting else ()


def refuse(state: State, by: PersonId, key: PersonId) -> Events:
    """Raises NotFound for who does not wait."""
    teacher(state, by)
    person = state.find(key)
    if person is None or not person.is_in_lobby:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "does not wait")
    return (e.Refused(person=key),)


def remove(state: State, by: PersonId, key: PersonId) -> Events:
    """A pupil or a screen. Raises Forbidden for adults: both sides are equal, nobody ends the other's lesson."""
    teacher(state, by)
    person = state.find(key)
    if person is None or person.status is Status.OUT:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND)
    if person.is_teacher:
        raise Forbidden(ErrorCode.FORBIDDEN, "an adult is not removed")
    return (e.Removed(person=key),)


def lock(state: State, by: PersonId, is_locked: bool) -> Events:
    teacher(state, by)
    open_lesson(state)
    return (e.LockSet(locked=is_locked),) if is_locked != state.is_locked else ()


def lesson_is(state: State, lesson: LessonInfo) -> Events:
    """What the lesson's own service says now, when that is news."""
    return (e.LessonChanged(lesson=lesson),) if state.lesson != lesson else ()
