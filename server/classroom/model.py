"""A lesson's room as a value: who is in, who waits, what was said, and what pupils may do now. Pure.

Everything here follows from the events of `server.classroom.events`; nothing is known that they do not say. Mappings
are never changed in place: a new state shares what stayed the same with the old one, which `view` makes use of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from server.ids import PersonId
from server.pair import LocalizedText, Side

_EMPTY: Mapping[Any, Any] = MappingProxyType({})


class Role(StrEnum):
    LEAD = "lead"
    CO_TEACHER = "co_teacher"
    SUBSTITUTE = "substitute"
    PUPIL = "pupil"
    SCREEN = "screen"


# Adults who may lead a side: all of them look after pupils.
TEACHERS = frozenset({Role.LEAD, Role.CO_TEACHER, Role.SUBSTITUTE})
# The two equal leads, and who stands in for one.
LEADS = frozenset({Role.LEAD, Role.SUBSTITUTE})


class Status(StrEnum):
    """`out`: neither in the room nor in the lobby, but known."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    OUT = "out"


class Note(StrEnum):
    """Why somebody who was here before waits."""

    RETURNED = "returned"
    REMOVED = "removed"
    REFUSED = "refused"


class What(StrEnum):
    """What pupils may be allowed; all but chat are publish sources of the media server."""

    CHAT = "chat"
    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN_SHARE = "screen_share"


class To(StrEnum):
    """Whom a message is for. There is no way to write to one pupil (C16)."""

    EVERYONE = "everyone"
    LEADS = "leads"
    BETWEEN_LEADS = "between_leads"


class MessageStatus(StrEnum):
    SHOWN = "shown"
    HELD = "held"
    DISCARDED = "discarded"


class Reason(StrEnum):
    """Why a message is held (C17)."""

    PHONE = "phone"
    EMAIL = "email"
    LINK = "link"
    HANDLE = "handle"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideInfo:
    """`side`: the country; `key`: which half of the lesson."""

    key: str
    side: Side
    school: LocalizedText
    place: LocalizedText
    zone: str
    class_group: LocalizedText
    lead: PersonId
    co_teachers: tuple[PersonId, ...] = ()
    substitute: PersonId | None = None
    is_class_to_class: bool = False

    def role_of(self, person: PersonId) -> Role | None:
        if person == self.lead:
            return Role.LEAD
        if person in self.co_teachers:
            return Role.CO_TEACHER
        return Role.SUBSTITUTE if person == self.substitute else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonInfo:
    """What the room knows of the lesson; `state` in the words of `server.lessons`."""

    id: str
    title: LocalizedText
    state: str
    starts_at: datetime
    ends_at: datetime
    adults_needed: int
    sides: tuple[SideInfo, SideInfo]

    def side(self, key: str) -> SideInfo:
        return self.sides[0] if key == "a" else self.sides[1]

    def role_of(self, person: PersonId) -> tuple[str, Role] | None:
        """Side and role of an adult; None for who leads neither side (any more)."""
        for side in self.sides:
            if (role := side.role_of(person)) is not None:
                return side.key, role
        return None

    @property
    def is_open(self) -> bool:
        """The room exists: people come in."""
        return self.state in ("lobby", "live")

    @property
    def is_early(self) -> bool:
        """Agreed upon, the lobby is not open yet."""
        return self.state == "consent_checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A second device with the same card, waiting beside the first."""

    device: str
    connection: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`connection`: of the one page that is open, None when there is none, since `away_since` when it ended. `device`:
    of a pupil's seat."""

    person: PersonId
    name: LocalizedText
    side: str
    role: Role
    status: Status
    since: datetime
    device: str = ""
    connection: str | None = None
    away_since: datetime | None = None
    asked_companion: bool = False
    note: Note | None = None
    overrides: Mapping[What, bool] = field(default_factory=lambda: _EMPTY)
    claim: Claim | None = None

    @property
    def is_pupil(self) -> bool:
        return self.role is Role.PUPIL

    @property
    def is_teacher(self) -> bool:
        return self.role in TEACHERS

    @property
    def is_lead(self) -> bool:
        return self.role in LEADS

    @property
    def is_admitted(self) -> bool:
        return self.status is Status.ADMITTED

    @property
    def is_in_lobby(self) -> bool:
        """Seen by teachers as waiting: with an open page, or with a second device that waits."""
        return (self.status is Status.WAITING and self.connection is not None) or self.claim is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    message: str
    seq: int
    at: datetime
    by: PersonId
    name: LocalizedText
    side: str
    to: To
    text: str
    status: MessageStatus
    why: tuple[Reason, ...]
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    word: str
    en: str
    zh: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedReport:
    report: str
    seq: int
    at: datetime
    by: PersonId
    name: LocalizedText
    about: str | None
    text: str


Permissions = Mapping[What, bool]
# A share by a pupil is asked for; the rest is what a class is for.
FIRST_PERMISSIONS: Permissions = MappingProxyType(
    {What.CHAT: True, What.MICROPHONE: True, What.CAMERA: True, What.SCREEN_SHARE: False}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`adults`: whose media the media server reports as in the room, each with the sids of their connections."""

    seq: int = 0
    lesson: LessonInfo | None = None
    people: Mapping[PersonId, Person] = field(default_factory=lambda: _EMPTY)
    messages: Mapping[str, Message] = field(default_factory=lambda: _EMPTY)
    sent: Mapping[tuple[PersonId, str], int] = field(default_factory=lambda: _EMPTY)
    hands: tuple[PersonId, ...] = ()
    words: Mapping[str, Word] = field(default_factory=lambda: _EMPTY)
    reports: Mapping[str, RaisedReport] = field(default_factory=lambda: _EMPTY)
    permissions: Permissions = field(default_factory=lambda: FIRST_PERMISSIONS)
    is_locked: bool = False
    grace_ends_at: datetime | None = None
    adults: Mapping[PersonId, frozenset[str]] = field(default_factory=lambda: _EMPTY)

    @property
    def has_enough_adults(self) -> bool:
        """C14. Who leads neither side any more does not count, even if the media server still has them."""
        lesson = self.lesson
        if lesson is None:
            return False
        return sum(lesson.role_of(adult) is not None for adult in self.adults) >= lesson.adults_needed

    def find(self, person: PersonId) -> Person | None:
        return self.people.get(person)

    def is_companion(self, person: Person) -> bool:
        """A pupil without media of their own: by their own page, or because their class shares one big screen."""
        if not person.is_pupil or self.lesson is None:
            return False
        return person.asked_companion or self.lesson.side(person.side).is_class_to_class

    def may(self, person: Person, what: What) -> bool:
        """What somebody in the room may do now; teachers and screens all, pupils what they are allowed."""
        if not person.is_pupil:
            return what is not What.CHAT or person.is_teacher
        if what is not What.CHAT and self.is_companion(person):
            return False
        return person.overrides.get(what, self.permissions[what])


_K = TypeVar("_K")
_V = TypeVar("_V")


def put(mapping: Mapping[_K, _V], key: _K, value: _V) -> Mapping[_K, _V]:
    """A new mapping with one entry more or another."""
    return {**mapping, key: value}


def drop(mapping: Mapping[_K, _V], key: _K) -> Mapping[_K, _V]:
    """A new mapping without one entry; the same when it has none."""
    return {k: v for k, v in mapping.items() if k != key} if key in mapping else mapping
