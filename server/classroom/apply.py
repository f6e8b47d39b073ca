"""State after an event. Pure and total: whatever was stored once can be read again, also what made no sense by then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from server.classroom import events as e
from server.classroom.model import (
    FIRST_PERMISSIONS,
    Claim,
    Message,
    MessageStatus,
    Note,
    Permissions,
    Person,
    RaisedReport,
    Reason,
    Role,
    State,
    Status,
    To,
    What,
    Word,
    drop,
    put,
)
from server.ids import PersonId

# As much as a page can show at once and a whole state may weigh; a lesson of 50 minutes rarely says more.
MAX_MESSAGES = 500


def apply(state: State, recorded: e.Recorded) -> State:
    """Raises ValueError when an event is missing in between."""
    if recorded.seq != state.seq + 1:
        raise ValueError(f"event {recorded.seq} after {state.seq}")
    return replace(_APPLY[type(recorded.event)](state, recorded.event, recorded), seq=recorded.seq)


def fold(state: State, recorded: Iterable[e.Recorded]) -> State:
    for one in recorded:
        state = apply(state, one)
    return state


# -- the lesson


def _lesson_changed(state: State, event: e.LessonChanged, _: e.Recorded) -> State:
    """Adults get the role that they have now; who leads neither side any more is out."""
    people = dict(state.people)
    for person in state.people.values():
        if person.role in _LET_IN:
            continue
        found = event.lesson.role_of(person.person)
        if found is None:
            people[person.person] = replace(person, status=Status.OUT, connection=None)
        elif found != (person.side, person.role):
            people[person.person] = replace(person, side=found[0], role=found[1])
    return _without_hands_of_the_gone(replace(state, lesson=event.lesson, people=people))


# -- who is here

# Who comes in by being let in; teachers come and go. A screen is opened by a teacher, and only sent back waits.
_LET_IN = frozenset({Role.PUPIL, Role.SCREEN})


def _came(state: State, event: e.Came, recorded: e.Recorded) -> State:
    known = state.find(event.person)
    waits = _must_wait(known, event.role)
    person = Person(
        person=event.person,
        name=event.name,
        side=event.side,
        role=event.role,
        status=Status.WAITING if waits else Status.ADMITTED,
        since=recorded.at,
        device=event.device,
        connection=event.connection,
        asked_companion=event.asked_companion,
    )
    if known is not None:
        is_same_wait = waits and known.status is Status.WAITING and known.connection is not None
        person = replace(
            person,
            since=known.since if is_same_wait or not waits else recorded.at,
            note=known.note if waits else None,
            overrides=known.overrides,
            claim=known.claim if known.claim is not None and known.claim.device != event.device else None,
        )
    return _with(state, person)


def _must_wait(known: Person | None, role: Role) -> bool:
    if known is None or known.role not in _LET_IN:
        return role is Role.PUPIL
    # A screen that was taken out is opened by an adult again; one that was sent back waits with the class.
    return known.status is Status.WAITING if known.role is Role.SCREEN else not known.is_admitted


def _second_device(state: State, event: e.SecondDevice, recorded: e.Recorded) -> State:
    claim = Claim(device=event.device, connection=event.connection, since=recorded.at)
    return _changed(state, event.person, lambda person: replace(person, claim=claim))


def _went_away(state: State, event: e.WentAway, recorded: e.Recorded) -> State:
    def away(person: Person) -> Person:
        if person.claim is not None and person.claim.connection == event.connection:
            return replace(person, claim=None)
        if person.connection != event.connection:
            return person
        if person.claim is not None and person.status is Status.WAITING:
            # Who waited on two devices waits on the other now.
            return _seat_moved(person, person.claim)
        return replace(person, connection=None, away_since=recorded.at)

    return _changed(state, event.person, away)


def _seat_moved(person: Person, claim: Claim) -> Person:
    return replace(
        person, device=claim.device, connection=claim.connection, since=claim.since, claim=None, away_since=None
    )


def _admitted(state: State, event: e.Admitted, _: e.Recorded) -> State:
    def admit(person: Person) -> Person:
        if person.claim is not None and (person.is_admitted or person.connection is None):
            person = _seat_moved(person, person.claim)
        return replace(person, status=Status.ADMITTED, note=None)

    return _changed_all(state, event.people, admit)


def _refused(state: State, event: e.Refused, _: e.Recorded) -> State:
    def refuse(person: Person) -> Person:
        if person.claim is not None:
            return replace(person, claim=None)
        return replace(person, status=Status.OUT, connection=None, note=Note.REFUSED)

    return _changed(state, event.person, refuse)


def _removed(state: State, event: e.Removed, _: e.Recorded) -> State:
    def remove(person: Person) -> Person:
        return replace(person, status=Status.OUT, connection=None, note=Note.REMOVED, claim=None)

    return _without_hands_of_the_gone(_changed(state, event.person, remove))


def _returned(state: State, event: e.ReturnedToLobby, _: e.Recorded) -> State:
    def send_back(person: Person) -> Person:
        return replace(person, status=Status.WAITING, note=Note.RETURNED)

    back = _changed_all(state, event.people, send_back)
    return _without_hands_of_the_gone(replace(back, grace_ends_at=None))


# -- chat


def _chat_sent(state: State, event: e.ChatSent, recorded: e.Recorded) -> State:
    return _with_message(state, recorded, event.person, event.to, event.text, event.client_id, ())


def _chat_held(state: State, event: e.ChatHeld, recorded: e.Recorded) -> State:
    return _with_message(state, recorded, event.person, event.to, event.text, event.client_id, event.why)


def _with_message(
    state: State, recorded: e.Recorded, by: PersonId, to: To, text: str, client_id: str, why: tuple[Reason, ...]
) -> State:
    author = state.people.get(by)
    if author is None:
        return state
    message = Message(
        message=f"m{recorded.seq}",
        seq=recorded.seq,
        at=recorded.at,
        by=by,
        name=author.name,
        side=author.side,
        to=to,
        text=text,
        status=MessageStatus.HELD if why else MessageStatus.SHOWN,
        why=why,
        client_id=client_id,
    )
    messages = dict(state.messages)
    messages[message.message] = message
    if len(messages) > MAX_MESSAGES:
        del messages[next(iter(messages))]
    return replace(state, messages=messages, sent=put(state.sent, (by, client_id), recorded.seq))


def _chat_judged(status: MessageStatus) -> Callable[[State, Any, e.Recorded], State]:
    def judge(state: State, event: e.ChatReleased | e.ChatDiscarded, _: e.Recorded) -> State:
        message = state.messages.get(event.message)
        if message is None:
            return state
        return replace(state, messages=put(state.messages, message.message, replace(message, status=status)))

    return judge


# -- the floor


def _hand_raised(state: State, event: e.HandRaised, _: e.Recorded) -> State:
    return state if event.person in state.hands else replace(state, hands=(*state.hands, event.person))


def _hand_lowered(state: State, event: e.HandLowered, _: e.Recorded) -> State:
    return replace(state, hands=tuple(person for person in state.hands if person != event.person))


def _hands_cleared(state: State, _: e.HandsCleared, __: e.Recorded) -> State:
    return replace(state, hands=())


def _word_put(state: State, event: e.WordPut, recorded: e.Recorded) -> State:
    key = event.word or f"w{recorded.seq}"
    return replace(state, words=put(state.words, key, Word(word=key, en=event.en, zh=event.zh, note=event.note)))


def _word_removed(state: State, event: e.WordRemoved, _: e.Recorded) -> State:
    return replace(state, words=drop(state.words, event.word))


def _lock_set(state: State, event: e.LockSet, _: e.Recorded) -> State:
    return replace(state, is_locked=event.locked)


def _permission_set(state: State, event: e.PermissionSet, _: e.Recorded) -> State:
    def forget(person: Person) -> Person:
        return replace(person, overrides=drop(person.overrides, event.what))

    changed = _changed_all(state, [p.person for p in state.people.values() if event.what in p.overrides], forget)
    permissions: Permissions = {**FIRST_PERMISSIONS, **state.permissions, event.what: event.allowed}
    return replace(changed, permissions=permissions)


def _person_permission_set(state: State, event: e.PersonPermissionSet, _: e.Recorded) -> State:
    def allow(person: Person) -> Person:
        if event.allowed is None:
            return replace(person, overrides=drop(person.overrides, event.what))
        overrides: dict[What, bool] = {**person.overrides, event.what: event.allowed}
        return replace(person, overrides=overrides)

    return _changed(state, event.person, allow)


def _reported(state: State, event: e.Reported, recorded: e.Recorded) -> State:
    by = state.find(event.person)
    if by is None:
        return state
    report = RaisedReport(
        report=event.report,
        seq=recorded.seq,
        at=recorded.at,
        by=event.person,
        name=by.name,
        about=event.about,
        text=event.text,
    )
    return replace(state, reports=put(state.reports, report.report, report))


# -- adults (C14)


def _adults_changed(state: State, event: e.AdultsChanged, _: e.Recorded) -> State:
    sids = state.adults.get(event.person, frozenset())
    sids = sids | {event.sid} if event.is_present else sids - {event.sid}
    return replace(state, adults=put(state.adults, event.person, sids) if sids else drop(state.adults, event.person))


def _grace_started(state: State, event: e.GraceStarted, _: e.Recorded) -> State:
    return replace(state, grace_ends_at=event.ends_at)


def _grace_cancelled(state: State, _: e.GraceCancelled, __: e.Recorded) -> State:
    return replace(state, grace_ends_at=None)


# -- small change


def _with(state: State, person: Person) -> State:
    return replace(state, people=put(state.people, person.person, person))


def _changed(state: State, key: PersonId, change: Callable[[Person], Person]) -> State:
    return _changed_all(state, (key,), change)


def _changed_all(state: State, keys: Iterable[PersonId], change: Callable[[Person], Person]) -> State:
    people = dict(state.people)
    for key in keys:
        if key in people:
            people[key] = change(people[key])
    return replace(state, people=people)


def _without_hands_of_the_gone(state: State) -> State:
    hands = tuple(key for key in state.hands if (person := state.find(key)) is not None and person.is_admitted)
    return state if hands == state.hands else replace(state, hands=hands)


# Any: each function takes the one type of event that it stands beside.
_APPLY: dict[type[Any], Callable[[State, Any, e.Recorded], State]] = {
    e.LessonChanged: _lesson_changed,
    e.Came: _came,
    e.SecondDevice: _second_device,
    e.WentAway: _went_away,
    e.Admitted: _admitted,
    e.Refused: _refused,
    e.Removed: _removed,
    e.ReturnedToLobby: _returned,
    e.ChatSent: _chat_sent,
    e.ChatHeld: _chat_held,
    e.ChatReleased: _chat_judged(MessageStatus.SHOWN),
    e.ChatDiscarded: _chat_judged(MessageStatus.DISCARDED),
    e.HandRaised: _hand_raised,
    e.HandLowered: _hand_lowered,
    e.HandsCleared: _hands_cleared,
    e.WordPut: _word_put,
    e.WordRemoved: _word_removed,
    e.LockSet: _lock_set,
    e.PermissionSet: _permission_set,
    e.PersonPermissionSet: _person_permission_set,
    e.AdultsChanged: _adults_changed,
    e.GraceStarted: _grace_started,
    e.GraceCancelled: _grace_cancelled,
    e.Reported: _reported,
}
