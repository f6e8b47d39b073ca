"""What one person may know of the room, as JSON, and what an event changes in it. Pure.

`view` is the only place that decides who sees what. An event's message is the difference of two views, so that it can
neither show more than a view does nor leave anything out (docs/protocol/classroom.md §4, §5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from server.classroom import events as e
from server.classroom.floor import may_see
from server.classroom.model import (
    MessageStatus,
    RaisedReport,
    State,
    Status,
    What,
    Word,
)
from server.classroom.wire import Json, allowed_json, instant, lesson_json, text_json, who_json
from server.ids import PersonId


class Audience(StrEnum):
    """In what quality somebody looks; whoever changes it gets a whole new view."""

    GONE = "gone"
    WAITING = "waiting"
    SECOND_DEVICE = "second_device"
    ADMITTED = "admitted"
    TEACHER = "teacher"
    LEAD = "lead"


_IN_THE_ROOM = frozenset({Audience.ADMITTED, Audience.TEACHER, Audience.LEAD})
_TEACHERS = frozenset({Audience.TEACHER, Audience.LEAD})


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person at one page: the same card on a second device is another viewer."""

    person: PersonId
    connection: str


def audience_of(state: State, viewer: Viewer) -> Audience:
    person = state.find(viewer.person)
    if person is None or state.lesson is None or not (state.lesson.is_open or state.lesson.is_early):
        return Audience.GONE
    if person.claim is not None and person.claim.connection == viewer.connection:
        return Audience.SECOND_DEVICE
    if person.connection != viewer.connection or person.status is Status.OUT:
        return Audience.GONE
    if person.status is Status.WAITING:
        return Audience.WAITING
    if person.is_lead:
        return Audience.LEAD
    return Audience.TEACHER if person.is_teacher else Audience.ADMITTED


@dataclass(frozen=True, slots=True)
class _Sight:
    """One viewer's eyes on one state."""

    state: State
    viewer: Viewer
    audience: Audience

    # -- single values

    def you(self) -> Json:
        person = self.state.people[self.viewer.person]
        is_in = self.audience in _IN_THE_ROOM
        allowed = allowed_json(self.state, person) if is_in else dict.fromkeys(map(str, What), False)
        return {
            **who_json(person),
            "is_teacher": person.is_teacher,
            "is_lead": person.is_lead,
            "is_companion": self.state.is_companion(person),
            "status": str(Status.ADMITTED if is_in else Status.WAITING),
            "allowed": allowed,
        }

    def lesson(self) -> Json:
        assert self.state.lesson is not None
        return lesson_json(self.state.lesson)

    def lobby_note(self) -> str | None:
        state, person = self.state, self.state.people[self.viewer.person]
        assert state.lesson is not None
        if self.audience in _IN_THE_ROOM:
            return None
        if self.audience is Audience.SECOND_DEVICE:
            return "second_device"
        if state.lesson.is_early:
            return "not_open"
        if state.is_locked:
            return "locked"
        if not state.has_enough_adults:
            return "adult_needed"
        return str(person.note) if person.note is not None else "waiting"

    def hands(self) -> list[str]:
        return list(self.state.hands)

    def permissions(self) -> dict[str, bool]:
        return {str(what): allowed for what, allowed in self.state.permissions.items()}

    def is_locked(self) -> bool:
        return self.state.is_locked

    def grace_ends_at(self) -> str | None:
        return None if self.state.grace_ends_at is None else instant(self.state.grace_ends_at)

    # -- entries of lists; None: not for these eyes

    def person(self, key: PersonId) -> Json | None:
        person = self.state.find(key)
        if person is None or not person.is_admitted:
            return None
        return {
            **who_json(person),
            "status": "admitted" if person.connection is not None else "away",
            "is_companion": self.state.is_companion(person),
            "allowed": allowed_json(self.state, person),
        }

    def message(self, key: str) -> Json | None:
        message = self.state.messages.get(key)
        if message is None or not may_see(self.state.people[self.viewer.person], message):
            return None
        is_author = message.by == self.viewer.person
        is_blank = message.status is MessageStatus.DISCARDED and self.audience not in _TEACHERS
        return {
            "message": message.message,
            "seq": message.seq,
            "at": instant(message.at),
            "from": message.by,
            "name": text_json(message.name),
            "side": message.side,
            "to": str(message.to),
            "text": "" if is_blank else message.text,
            "status": str(message.status),
            "why": [str(reason) for reason in message.why],
            **({"client_id": message.client_id} if is_author else {}),
        }

    def word(self, key: str) -> Json | None:
        word: Word | None = self.state.words.get(key)
        return None if word is None else {"word": word.word, "en": word.en, "zh": word.zh, "note": word.note}

    def waiting(self, key: PersonId) -> Json | None:
        person = self.state.find(key)
        if person is None or not person.is_in_lobby or self.audience not in _TEACHERS:
            return None
        since, note = person.since, None if person.note is None else str(person.note)
        if person.claim is not None:
            since, note = person.claim.since, "second_device"
        return {**who_json(person), "since": instant(since), "note": note}

    def report(self, key: str) -> Json | None:
        report: RaisedReport | None = self.state.reports.get(key)
        if report is None or self.audience not in _TEACHERS:
            return None
        return {
            "report": report.report,
            "seq": report.seq,
            "at": instant(report.at),
            "by": report.by,
            "name": text_json(report.name),
            "about": report.about,
            "text": report.text,
        }


_Value = Callable[[_Sight], Any]
_Entry = Callable[[_Sight, Any], Json | None]
_VALUES_OF_ALL: Mapping[str, _Value] = {"you": _Sight.you, "lesson": _Sight.lesson, "lobby_note": _Sight.lobby_note}
_VALUES_INSIDE: Mapping[str, _Value] = {
    "hands": _Sight.hands,
    "permissions": _Sight.permissions,
    "is_locked": _Sight.is_locked,
    "grace_ends_at": _Sight.grace_ends_at,
}


@dataclass(frozen=True, slots=True)
class _List:
    """A list of the view: the part of the state that its entries come from, and what else they depend on."""

    source: Callable[[State], Mapping[Any, Any]]
    entry: _Entry
    context: Callable[[State], tuple[object, ...]] = lambda _: ()


_PEOPLE = _List(lambda state: state.people, _Sight.person, lambda state: (state.lesson, state.permissions))
_CHAT = _List(lambda state: state.messages, _Sight.message)
_WORDS = _List(lambda state: state.words, _Sight.word)
_LOBBY = _List(lambda state: state.people, _Sight.waiting)
_REPORTS = _List(lambda state: state.reports, _Sight.report)
_LISTS_INSIDE: Mapping[str, _List] = {"people": _PEOPLE, "chat": _CHAT, "words": _WORDS}
_LISTS_OF_TEACHERS: Mapping[str, _List] = {**_LISTS_INSIDE, "lobby": _LOBBY, "reports": _REPORTS}
_NO_LISTS: Mapping[str, _List] = {}


def _values(audience: Audience) -> Mapping[str, _Value]:
    return {**_VALUES_OF_ALL, **_VALUES_INSIDE} if audience in _IN_THE_ROOM else _VALUES_OF_ALL


def _lists(audience: Audience) -> Mapping[str, _List]:
    if audience in _TEACHERS:
        return _LISTS_OF_TEACHERS
    return _LISTS_INSIDE if audience in _IN_THE_ROOM else _NO_LISTS


# -- the two functions that others use


def view(state: State, viewer: Viewer, at: datetime) -> Json:
    """Everything that this viewer may know. Raises LookupError for one who is gone."""
    audience = audience_of(state, viewer)
    if audience is Audience.GONE:
        raise LookupError(viewer.person)
    sight = _Sight(state, viewer, audience)
    answer: Json = {"seq": state.seq, "at": instant(at)}
    answer.update({name: value(sight) for name, value in _values(audience).items()})
    for name, listed in _lists(audience).items():
        entries = (listed.entry(sight, key) for key in listed.source(state))
        answer[name] = [entry for entry in entries if entry is not None]
    return answer


@dataclass(frozen=True, slots=True)
class Fresh:
    """The viewer's standing changed: the whole view comes in the place of an event."""

    state: Json


@dataclass(frozen=True, slots=True)
class Changed:
    event: Json


@dataclass(frozen=True, slots=True)
class Gone:
    """The viewer is not here any more; `why` None: it knows, it left by itself."""

    why: str | None


def view_event(before: State, recorded: e.Recorded, after: State, viewer: Viewer) -> Fresh | Changed | Gone:
    """What this viewer is told of `recorded`, which made `after` of `before`."""
    was, now = audience_of(before, viewer), audience_of(after, viewer)
    if now is Audience.GONE:
        return Gone(_why_gone(recorded.event, after))
    if was is not now:
        return Fresh(view(after, viewer, recorded.at))
    patch = _difference(_Sight(before, viewer, was), _Sight(after, viewer, now))
    if not patch:
        return Changed({"seq": recorded.seq, "kind": "hidden"})
    event: Json = {"seq": recorded.seq, "at": instant(recorded.at), "kind": recorded.event.kind}
    if recorded.by is not None and now in _IN_THE_ROOM:
        event["by"] = recorded.by
    return Changed({**event, **patch})


def _why_gone(event: e.Event, after: State) -> str | None:
    match event:
        case e.LessonChanged(lesson=lesson):
            if lesson.is_open or lesson.is_early:
                return "not_yours"
            return "cancelled" if lesson.state in ("cancelled", "proposed") else "ended"
        case e.Came() | e.SecondDevice():
            return "opened_elsewhere"
        case e.Admitted():
            return "seat_moved"
        case e.Refused():
            return "refused"
        case e.Removed() | e.ReturnedToLobby():
            return "removed"
        case _:
            return None if after.lesson is not None else "not_yours"


# -- differences


def _difference(before: _Sight, after: _Sight) -> Json:
    changed_values: Json = {}
    for name, value in _values(after.audience).items():
        now = value(after)
        if now != value(before):
            changed_values[name] = now
    puts: dict[str, list[Json]] = {}
    drops: dict[str, list[str]] = {}
    for name, listed in _lists(after.audience).items():
        for key in _candidates(listed, before.state, after.state):
            was, now = listed.entry(before, key), listed.entry(after, key)
            if now is None and was is not None:
                drops.setdefault(name, []).append(key)
            elif now is not None and now != was:
                puts.setdefault(name, []).append(now)
    patch = {"set": changed_values, "put": puts, "drop": drops}
    return {name: part for name, part in patch.items() if part}


def _candidates(listed: _List, before: State, after: State) -> Iterable[Any]:
    """Keys whose entry may look different now; what is the same object in both states cannot."""
    old, new = listed.source(before), listed.source(after)
    if any(a is not b for a, b in zip(listed.context(before), listed.context(after), strict=True)):
        return {**old, **new}
    if old is new:
        return ()
    return [key for key in {**old, **new} if old.get(key) is not new.get(key)]
