"""What happened in a lesson's room: one frozen value per kind, the only thing that is stored. Pure.

Never rename a field or give it another meaning: old lessons are read with the newest code. A new field needs a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.classroom.model import LessonInfo, Reason, Role, To, What
from server.ids import PersonId
from server.pair import LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonChanged:
    lesson: LessonInfo
    kind: Literal["lesson_changed"] = "lesson_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """Somebody's page connected; whether that is the room or the lobby follows from what is known of them."""

    person: PersonId
    name: LocalizedText
    side: str
    role: Role
    connection: str
    device: str = ""
    asked_companion: bool = False
    kind: Literal["came"] = "came"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondDevice:
    person: PersonId
    device: str
    connection: str
    kind: Literal["second_device"] = "second_device"


@dataclass(frozen=True, slots=True, kw_only=True)
class WentAway:
    person: PersonId
    connection: str
    kind: Literal["went_away"] = "went_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Of who is in and has a second device waiting: the seat moves to it."""

    people: tuple[PersonId, ...]
    kind: Literal["admitted"] = "admitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Of who has a second device waiting: only that one is."""

    person: PersonId
    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    person: PersonId
    kind: Literal["removed"] = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedToLobby:
    people: tuple[PersonId, ...]
    kind: Literal["returned_to_lobby"] = "returned_to_lobby"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSent:
    """Seen by those it is for; `why` not empty: held for a teacher (then its kind is `chat_held`)."""

    person: PersonId
    to: To
    text: str
    client_id: str
    kind: Literal["chat_sent"] = "chat_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatHeld:
    person: PersonId
    to: To
    text: str
    client_id: str
    why: tuple[Reason, ...]
    kind: Literal["chat_held"] = "chat_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReleased:
    message: str
    kind: Literal["chat_released"] = "chat_released"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDiscarded:
    message: str
    kind: Literal["chat_discarded"] = "chat_discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaised:
    person: PersonId
    kind: Literal["hand_raised"] = "hand_raised"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandLowered:
    person: PersonId
    kind: Literal["hand_lowered"] = "hand_lowered"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsCleared:
    kind: Literal["hands_cleared"] = "hands_cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPut:
    """`word` None: a new one, named after its seq."""

    word: str | None
    en: str
    zh: str
    note: str
    kind: Literal["word_put"] = "word_put"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRemoved:
    word: str
    kind: Literal["word_removed"] = "word_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSet:
    locked: bool
    kind: Literal["lock_set"] = "lock_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """For all pupils: what was said of single ones before does not count any more."""

    what: What
    allowed: bool
    kind: Literal["permission_set"] = "permission_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPermissionSet:
    person: PersonId
    what: What
    allowed: bool | None
    kind: Literal["person_permission_set"] = "person_permission_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdultsChanged:
    """The media server reported an adult's connection (by its sid) as joined or left."""

    person: PersonId
    sid: str
    is_present: bool
    kind: Literal["adults_changed"] = "adults_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceStarted:
    ends_at: datetime
    kind: Literal["grace_started"] = "grace_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceCancelled:
    kind: Literal["grace_cancelled"] = "grace_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    report: str
    person: PersonId
    about: str | None
    text: str
    kind: Literal["reported"] = "reported"


Event = (
    LessonChanged
    | Came
    | SecondDevice
    | WentAway
    | Admitted
    | Refused
    | Removed
    | ReturnedToLobby
    | ChatSent
    | ChatHeld
    | ChatReleased
    | ChatDiscarded
    | HandRaised
    | HandLowered
    | HandsCleared
    | WordPut
    | WordRemoved
    | LockSet
    | PermissionSet
    | PersonPermissionSet
    | AdultsChanged
    | GraceStarted
    | GraceCancelled
    | Reported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event in its place: `seq` counts from 1 without gaps; `by` is nobody's when the server itself did it."""

    seq: int
    at: datetime
    by: PersonId | None
    event: Event
