"""Chat, hands, words, permissions and reports: decisions from the state, as events. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.classroom import events as e
from server.classroom.lobby import Events, admitted, open_lesson, teacher
from server.classroom.model import Message, MessageStatus, Person, Reason, State, Status, To, What
from server.errors import Conflict, ErrorCode, Forbidden, LimitExceeded, NotFound
from server.ids import PersonId

# Today's words fit on a page; a lesson teaches a dozen.
MAX_WORDS = 100
# As many as two classes can raise in a lesson without somebody misusing it; the audit log has all of them.
MAX_REPORTS = 200
# A page that loads again or a phone that slept is back sooner; the queue of a class waits for nobody for longer.
HAND_KEPT = timedelta(seconds=60)


def send(
    state: State, by: PersonId, *, to: To, text: str, client_id: str, why: tuple[Reason, ...]
) -> tuple[Events, int | None]:
    """The events, or the seq of the same message sent before. `why`: what `moderation` says of a pupil's text."""
    author = admitted(state, by)
    if (before := state.sent.get((by, client_id))) is not None:
        return (), before
    open_lesson(state)
    _may_write(state, author, to)
    if why and to is To.EVERYONE and author.is_pupil:
        return (e.ChatHeld(person=by, to=to, text=text, client_id=client_id, why=why),), None
    return (e.ChatSent(person=by, to=to, text=text, client_id=client_id),), None


def _may_write(state: State, author: Person, to: To) -> None:
    if to is To.BETWEEN_LEADS and not author.is_lead:
        raise Forbidden(ErrorCode.FORBIDDEN, "between the leads only")
    if not (author.is_pupil or author.is_teacher):
        raise Forbidden(ErrorCode.FORBIDDEN, "a screen does not write")
    # Why only there: a pupil can always reach the teachers.
    if to is To.EVERYONE and not state.may(author, What.CHAT):
        raise Conflict(ErrorCode.NOT_ALLOWED_NOW, "chat is closed")


def release(state: State, by: PersonId, message: str) -> Events:
    held = _held(state, by, message)
    return (e.ChatReleased(message=message),) if held.status is not MessageStatus.SHOWN else ()


def discard(state: State, by: PersonId, message: str) -> Events:
    held = _held(state, by, message)
    return (e.ChatDiscarded(message=message),) if held.status is not MessageStatus.DISCARDED else ()


def _held(state: State, by: PersonId, key: str) -> Message:
    teacher(state, by)
    message = state.messages.get(key)
    if message is None or not message.why:
        raise NotFound(ErrorCode.MESSAGE_NOT_FOUND, "was not held")
    return message


def raise_hand(state: State, by: PersonId) -> Events:
    person = admitted(state, by)
    open_lesson(state)
    if not (person.is_pupil or person.is_teacher):
        raise Forbidden(ErrorCode.FORBIDDEN, "a screen has no hand")
    return (e.HandRaised(person=by),) if by not in state.hands else ()


def lower_hand(state: State, by: PersonId, key: PersonId | None) -> Events:
    """One's own, or as a teacher another's."""
    admitted(state, by)
    target = key or by
    if target != by:
        teacher(state, by)
    return (e.HandLowered(person=target),) if target in state.hands else ()


def clear_hands(state: State, by: PersonId) -> Events:
    teacher(state, by)
    return (e.HandsCleared(),) if state.hands else ()


def lower_hands_of_the_absent(state: State, now: datetime) -> Events:
    """Whose page has been gone for `HAND_KEPT`; who comes back sooner has kept the place in the queue."""
    gone = (person for key in state.hands if (person := state.find(key)) is not None and person.connection is None)
    return tuple(
        e.HandLowered(person=person.person)
        for person in gone
        if person.away_since is not None and now - person.away_since >= HAND_KEPT
    )


def put_word(state: State, by: PersonId, *, word: str | None, en: str, zh: str, note: str) -> Events:
    """Raises NotFound for a changed word that is gone, LimitExceeded when the list is full."""
    teacher(state, by)
    open_lesson(state)
    if word is not None and word not in state.words:
        raise NotFound(ErrorCode.WORD_NOT_FOUND)
    if word is None and len(state.words) >= MAX_WORDS:
        raise LimitExceeded(ErrorCode.TOO_MANY, f"{MAX_WORDS} words")
    return (e.WordPut(word=word, en=en, zh=zh, note=note),)


def remove_word(state: State, by: PersonId, word: str) -> Events:
    teacher(state, by)
    return (e.WordRemoved(word=word),) if word in state.words else ()


def permit(state: State, by: PersonId, what: What, is_allowed: bool) -> Events:
    """For all pupils; what was said of single ones before is void then."""
    teacher(state, by)
    open_lesson(state)
    is_news = state.permissions[what] is not is_allowed or any(what in p.overrides for p in state.people.values())
    return (e.PermissionSet(what=what, allowed=is_allowed),) if is_news else ()


def permit_person(state: State, by: PersonId, key: PersonId, what: What, is_allowed: bool | None) -> Events:
    teacher(state, by)
    open_lesson(state)
    person = state.find(key)
    if person is None or not person.is_pupil or person.status is Status.OUT:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "no pupil here")
    if person.overrides.get(what) is is_allowed:
        return ()
    return (e.PersonPermissionSet(person=key, what=what, allowed=is_allowed),)


def report(state: State, by: PersonId, *, report_id: str, about: str | None, text: str) -> Events:
    """C18: everybody who is here may, also from the lobby. Raises NotFound for what the reporter cannot know of."""
    reporter = state.find(by)
    if reporter is None or reporter.status is Status.OUT:
        raise Forbidden(ErrorCode.NOT_ADMITTED)
    if len(state.reports) >= MAX_REPORTS:
        raise LimitExceeded(ErrorCode.TOO_MANY, f"{MAX_REPORTS} reports")
    if about is not None and not _may_point_at(state, reporter, about):
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "nobody or nothing of that name")
    return (e.Reported(report=report_id, person=by, about=about, text=text),)


def _may_point_at(state: State, reporter: Person, about: str) -> bool:
    if not reporter.is_admitted:
        return False
    if (message := state.messages.get(about)) is not None:
        return may_see(reporter, message)
    return PersonId(about) in state.people and (state.people[PersonId(about)].is_admitted or reporter.is_teacher)


def may_see(person: Person, message: Message) -> bool:
    """Whether somebody in the room sees a message's text now (as `view` shows it)."""
    if message.by == person.person:
        return True
    match message.to:
        case To.BETWEEN_LEADS:
            return person.is_lead
        case To.LEADS:
            return person.is_teacher
        case To.EVERYONE:
            return person.is_teacher or message.status is MessageStatus.SHOWN
