"""What a lesson is: a scheduled live meeting of two class groups, led by two equal leads. Pure.

The stored truth is the wall time of the anchor school: date, time, zone. UTC is derived from it per date (ADR 0601).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from server.ids import AccountId, ClassGroupId, LessonId, PersonId, SchoolId, StudentId
from server.lessons.facts import SIDE_KEYS, LessonFacts, LessonState, SideFacts, SideKey
from server.lessons.local_time import starts_at
from server.pair import LocalizedText

# A period is 40, 45 or 50 minutes in Taiwan and up to a block of 100 in the United States.
MIN_MINUTES = 10
MAX_MINUTES = 180
# Before the start, so that a class of forty can be let in and both leads can test their sound.
LOBBY_OPENS_BEFORE = timedelta(minutes=30)


class Mode(StrEnum):
    """How a class takes part: each pupil on a device, or one big screen with tablets as silent companions."""

    INDIVIDUAL = "individual"
    CLASS_TO_CLASS = "class_to_class"


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSide:
    """One school's half. `zone`: the school's, as it was when the lesson was proposed or last moved."""

    key: SideKey
    school_id: SchoolId
    class_group_id: ClassGroupId
    zone: str
    lead: AccountId
    co_teachers: tuple[AccountId, ...] = ()
    substitute: AccountId | None = None
    confirmed_by: AccountId | None = None
    confirmed_at: datetime | None = None
    attendance_signed_by: AccountId | None = None
    attendance_signed_at: datetime | None = None
    mode: Mode = Mode.INDIVIDUAL

    @property
    def adults(self) -> tuple[AccountId, ...]:
        """All who may lead for this side; the lead comes first, and each once."""
        others = (*self.co_teachers, *((self.substitute,) if self.substitute else ()))
        return tuple(dict.fromkeys((self.lead, *others)))

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def is_attendance_signed(self) -> bool:
        return self.attendance_signed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`sides`: a, the school that proposed, then b. `version` rises with every change (optimistic locking)."""

    id: LessonId
    title: LocalizedText
    state: LessonState
    version: int
    sides: tuple[LessonSide, LessonSide]
    anchor: SideKey
    date: date
    start: time
    zone: str
    minutes: int
    adults_needed: int
    created_by: AccountId | None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    closing_note: str = ""
    """Why it was declined or cancelled."""
    report: str = ""

    @property
    def room(self) -> str:
        return room_of(self.id)

    @property
    def starts_at(self) -> datetime:
        """UTC. Of a wall time that a later change of the zone's rules made skip: the instant after the gap."""
        return starts_at(self.date, self.start, self.zone)

    @property
    def ends_at(self) -> datetime:
        """UTC, planned; `ended_at` says when it really ended."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def lobby_opens_at(self) -> datetime:
        return self.starts_at - LOBBY_OPENS_BEFORE

    @property
    def adults(self) -> tuple[AccountId, ...]:
        """All who may lead, of both sides."""
        return self.sides[0].adults + self.sides[1].adults

    def side(self, key: SideKey) -> LessonSide:
        return self.sides[SIDE_KEYS.index(key)]

    def side_of_school(self, school_id: SchoolId | None) -> LessonSide | None:
        return next((side for side in self.sides if side.school_id == school_id), None)

    def side_of_adult(self, account_id: AccountId) -> LessonSide | None:
        return next((side for side in self.sides if account_id in side.adults), None)

    def side_of_class_group(self, class_group_id: ClassGroupId) -> LessonSide | None:
        return next((side for side in self.sides if side.class_group_id == class_group_id), None)

    def with_side(self, side: LessonSide) -> Lesson:
        sides = (side, self.sides[1]) if side.key == "a" else (self.sides[0], side)
        return replace(self, sides=sides)


def facts_of(lesson: Lesson) -> LessonFacts:
    def of_side(side: LessonSide) -> SideFacts:
        return SideFacts(
            key=side.key,
            school_id=side.school_id,
            class_group_id=side.class_group_id,
            lead=side.lead,
            co_teachers=frozenset(side.co_teachers),
            substitute=side.substitute,
        )

    return LessonFacts(id=lesson.id, state=lesson.state, sides=(of_side(lesson.sides[0]), of_side(lesson.sides[1])))


_ROOM_PREFIX = "lesson-"


def room_of(lesson_id: LessonId) -> str:
    return f"{_ROOM_PREFIX}{lesson_id}"


def lesson_of_room(room: str) -> LessonId | None:
    """None for rooms that are no lesson's (self-check, other users of the same media server)."""
    return LessonId(room.removeprefix(_ROOM_PREFIX)) if room.startswith(f"{_ROOM_PREFIX}le_") else None


ADULT_PREFIX = "adult-"


def adult_person(account_id: AccountId) -> PersonId:
    return PersonId(f"{ADULT_PREFIX}{account_id}")


def pupil_person(student_id: StudentId) -> PersonId:
    return PersonId(f"pupil-{student_id}")


def screen_person(side: SideKey) -> PersonId:
    """The one camera and screen of a whole class."""
    return PersonId(f"screen-{side}")
