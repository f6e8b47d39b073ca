"""C14: no pupil is in the room without enough adults. What is due now, as events. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.classroom import events as e
from server.classroom.lobby import Events
from server.classroom.model import State
from server.ids import PersonId

# C14: an adult's computer may start anew in the meantime, a class does not stay alone for longer.
GRACE = timedelta(seconds=60)


def due(state: State, now: datetime, grace: timedelta = GRACE) -> Events:
    """Nothing, the start or the end of the grace, or the way back to the lobby."""
    if state.lesson is None or not state.lesson.is_open:
        return ()
    minors = tuple(person.person for person in state.people.values() if person.is_admitted and not person.is_teacher)
    if state.has_enough_adults or not minors:
        return () if state.grace_ends_at is None else (e.GraceCancelled(),)
    if state.grace_ends_at is None:
        return (e.GraceStarted(ends_at=now + grace),)
    return (e.ReturnedToLobby(people=minors),) if now >= state.grace_ends_at else ()


def may_have_media(state: State) -> bool:
    """Whether pupils and screens get tokens now: enough adults, or their grace still runs."""
    return state.has_enough_adults or state.grace_ends_at is not None


def media_joined(state: State, person: str, sid: str) -> Events:
    """An adult of the lesson came into the media room; twice is once."""
    adult = PersonId(person)
    if state.lesson is None or state.lesson.role_of(adult) is None or sid in state.adults.get(adult, frozenset()):
        return ()
    return (e.AdultsChanged(person=adult, sid=sid, is_present=True),)


def media_left(state: State, person: str, sid: str) -> Events:
    """One connection of an adult ended; a newer one of the same adult stays."""
    return tuple(
        e.AdultsChanged(person=adult, sid=sid, is_present=False)
        for adult, sids in state.adults.items()
        if adult == person and sid in sids
    )


def media_is(state: State, present: dict[str, str]) -> Events:
    """After a restart: who is there by the media server's own list (identity → sid)."""
    left = tuple(
        e.AdultsChanged(person=adult, sid=sid, is_present=False)
        for adult, sids in state.adults.items()
        for sid in sorted(sids)
        if present.get(str(adult)) != sid
    )
    joined = tuple(event for person, sid in present.items() for event in media_joined(state, person, sid))
    return left + joined
