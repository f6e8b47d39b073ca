"""Who was in a lesson's room, when, and for how long: from the connections that the media server told of. Pure.

One connection (`Presence`) has an id of its own, so that whatever comes twice, late or in the wrong order ends in the
same rows. Times are those of the media server, not of when its word arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.errors import ErrorCode, InvalidInput
from server.ids import AccountId, LessonId, PersonId
from server.lessons.facts import SideKey
from server.lessons.lesson import Lesson
from server.pair import LocalizedText

# A device that lost its network is back within this, or its person was away. LiveKit's clients give up after as long.
RECONNECT_WITHIN = timedelta(seconds=30)
# A correction names times of the lesson's day: an hour before it to three after its planned end.
CORRECTED_FROM, CORRECTED_UNTIL = timedelta(hours=1), timedelta(hours=3)
MAX_INTERVALS = 20


class LeftBy(StrEnum):
    """How we know when somebody left."""

    TOLD = "told"
    """The media server said so."""
    GUESSED = "guessed"
    """It was found out later; the media server's own word, should it still come, replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Half-open, UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return round((self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One connection. `is_interrupted`: it ended by a failure, not by leaving."""

    lesson_id: LessonId
    sid: str
    person: PersonId
    room_sid: str
    joined_at: datetime
    left_at: datetime | None = None
    left_by: LeftBy | None = None
    is_interrupted: bool = False

    @property
    def is_open(self) -> bool:
        return self.left_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a lead says instead; the recorded times stay beside it."""

    person: PersonId
    intervals: tuple[Interval, ...]
    by: AccountId
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One who belongs to the lesson."""

    person: PersonId
    side: SideKey
    is_adult: bool
    name: LocalizedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person's line. `recorded`: as the media server told; `intervals`: what counts."""

    person: PersonId
    side: SideKey
    is_adult: bool
    name: LocalizedText
    recorded: tuple[Interval, ...]
    correction: Correction | None

    @property
    def intervals(self) -> tuple[Interval, ...]:
        return self.correction.intervals if self.correction else self.recorded

    @property
    def seconds(self) -> int:
        return sum(interval.seconds for interval in self.intervals)

    @property
    def first_at(self) -> datetime | None:
        return self.intervals[0].start if self.intervals else None

    @property
    def last_at(self) -> datetime | None:
        return self.intervals[-1].end if self.intervals else None

    @property
    def was_there(self) -> bool:
        return self.seconds > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everybody who belongs to the lesson, adults of a side before its pupils; absent ones with no time."""

    lesson: Lesson
    rows: tuple[Row, ...]

    def of_side(self, key: SideKey) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.side == key)


def joined_again(before: Presence | None, told: Presence) -> Presence:
    """After a `joined` for a connection that may be known: its end, if it came first, stays."""
    if before is None:
        return told
    return Presence(
        lesson_id=before.lesson_id,
        sid=before.sid,
        person=before.person,
        room_sid=before.room_sid or told.room_sid,
        joined_at=min(before.joined_at, told.joined_at),
        left_at=before.left_at,
        left_by=before.left_by,
        is_interrupted=before.is_interrupted,
    )


def left_again(before: Presence | None, told: Presence) -> Presence:
    """After a `left`: the media server's first word on it counts, and beats a guess of ours."""
    if before is None:
        return told
    if before.left_by is LeftBy.TOLD or (before.left_by is LeftBy.GUESSED and told.left_by is LeftBy.GUESSED):
        return before
    return Presence(
        lesson_id=before.lesson_id,
        sid=before.sid,
        person=before.person,
        room_sid=before.room_sid or told.room_sid,
        joined_at=min(before.joined_at, told.joined_at),
        left_at=max(told.left_at, before.joined_at) if told.left_at else None,
        left_by=told.left_by,
        is_interrupted=told.is_interrupted,
    )


def merge(presences: Iterable[Presence], until: datetime) -> tuple[Interval, ...]:
    """One person's connections as times of presence; `until` bounds those that are still open.

    An identity is in a room once: a new connection ends the one before. A gap after a failure that lasts no longer
    than RECONNECT_WITHIN is no absence; a gap after leaving is one, however short.
    """
    ordered = sorted(presences, key=lambda one: (one.joined_at, one.sid))
    merged: list[tuple[datetime, datetime, bool]] = []
    for index, one in enumerate(ordered):
        following = ordered[index + 1].joined_at if index + 1 < len(ordered) else until
        latest = max(one.joined_at, min(following, until))
        end = one.left_at or latest
        if one.left_by is LeftBy.GUESSED:
            # Why: a guess is made when the loss is found out, which may be long after the lesson.
            end = min(end, latest)
        if merged:
            start, last, is_interrupted = merged[-1]
            bridged = last + RECONNECT_WITHIN if is_interrupted else last
            if one.joined_at <= bridged:
                # of two that end one in another, the later end decides how it ended
                still = one.is_interrupted if end >= last else is_interrupted
                merged[-1] = (start, max(last, end), still)
                continue
        merged.append((one.joined_at, end, one.is_interrupted))
    return tuple(Interval(start=start, end=end) for start, end, _ in merged if end > start)


def until_of(lesson: Lesson, now: datetime) -> datetime:
    """Nobody is in a lesson after its end."""
    return min(lesson.ended_at, now) if lesson.ended_at else now


def build_sheet(
    lesson: Lesson,
    expected: Sequence[Expected],
    presences: Iterable[Presence],
    corrections: Mapping[PersonId, Correction],
    now: datetime,
) -> Sheet:
    """`expected`: in the order of the sheet; whoever else was there must be among them (see `AttendanceService`)."""
    until = until_of(lesson, now)
    by_person: dict[PersonId, list[Presence]] = {}
    for presence in presences:
        by_person.setdefault(presence.person, []).append(presence)
    rows = tuple(
        Row(
            person=one.person,
            side=one.side,
            is_adult=one.is_adult,
            name=one.name,
            recorded=merge(by_person.get(one.person, ()), until),
            correction=corrections.get(one.person),
        )
        for one in expected
    )
    return Sheet(lesson=lesson, rows=rows)


def require_intervals(intervals: Sequence[Interval], lesson: Lesson, now: datetime) -> tuple[Interval, ...]:
    """Sorted; none empty, overlapping, in the future or far from the lesson. No interval at all: was not there."""
    ordered = sorted(intervals, key=lambda interval: interval.start)
    if len(ordered) > MAX_INTERVALS:
        raise InvalidInput(ErrorCode.ATTENDANCE_INVALID, f"more than {MAX_INTERVALS} intervals")
    earliest = min(lesson.starts_at, lesson.started_at or lesson.starts_at) - CORRECTED_FROM
    latest = min(now, max(lesson.ends_at, lesson.ended_at or lesson.ends_at) + CORRECTED_UNTIL)
    last = earliest
    for interval in ordered:
        if not last <= interval.start < interval.end <= latest:
            raise InvalidInput(ErrorCode.ATTENDANCE_INVALID, f"{interval.start} to {interval.end}")
        last = interval.end
    return tuple(ordered)
