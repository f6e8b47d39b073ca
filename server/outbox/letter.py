"""A letter that waits for its time, and when it is tried again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

# A mail server that restarts is back in minutes, one that broke in the night by the next morning.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """What a calendar program reads of a letter. `method`: of iTIP, such as REQUEST; it stands in `content` too."""

    method: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`key` says what it is about: a second letter of the same key is the same letter and is not kept again.

    Not sent before `due_at`, nor after `not_after`: a reminder of an hour that has begun is worse than none.
    `follows`: key of the letter that this one belongs to; mail programs show them together.
    """

    key: str
    to: str
    subject: str
    text: str
    due_at: datetime
    not_after: datetime | None = None
    calendar: CalendarPart | None = None
    follows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """`error`: the last try's; `text` and calendar are emptied when the letter has gone or will never go."""

    id: int
    letter: Letter
    tries: int
    sent_at: datetime | None
    given_up_at: datetime | None
    error: str

    @property
    def is_waiting(self) -> bool:
        return self.sent_at is None and self.given_up_at is None


def message_id(key: str, to: str, domain: str) -> str:
    """RFC 5322 §3.6.4: the same for the same letter whenever it is sent, and no other's, here or at another school's
    server; a reader's mail may drop what it takes for a second copy."""
    name = sha256("\n".join((key, to)).encode()).hexdigest()[:40]
    return f"<{name}@{domain}>"


def next_try_at(letter: Letter, tries: int, now: datetime) -> datetime | None:
    """After `tries` failures; None when it is given up."""
    if tries > len(WAITS):
        return None
    at = now + WAITS[tries - 1]
    return None if letter.not_after is not None and at > letter.not_after else at
