"""What the table of rights must know of a lesson: its state, and who stands on which side. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from server.ids import AccountId, ClassGroupId, LessonId, SchoolId

SideKey = Literal["a", "b"]
SIDE_KEYS: tuple[SideKey, SideKey] = ("a", "b")


class LessonState(StrEnum):
    """In the order that a lesson goes through them; the first four may end in `cancelled`. Edges: `machine.EDGES`."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    CONSENT_CHECKED = "consent_checked"
    LOBBY = "lobby"
    LIVE = "live"
    ENDED = "ended"
    ATTENDANCE_SIGNED = "attendance_signed"
    REPORTED = "reported"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFacts:
    """One half: `adults` are the lead, the co-teachers and the substitute."""

    key: SideKey
    school_id: SchoolId
    class_group_id: ClassGroupId
    lead: AccountId
    co_teachers: frozenset[AccountId] = frozenset()
    substitute: AccountId | None = None

    @property
    def adults(self) -> frozenset[AccountId]:
        substitutes = frozenset() if self.substitute is None else frozenset((self.substitute,))
        return self.co_teachers | substitutes | {self.lead}


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonFacts:
    """`LessonService.facts(lesson_id)`; the two sides are `a` and `b`."""

    id: LessonId
    state: LessonState
    sides: tuple[SideFacts, SideFacts]

    @property
    def schools(self) -> frozenset[SchoolId]:
        return frozenset(side.school_id for side in self.sides)

    @property
    def adults(self) -> frozenset[AccountId]:
        return self.sides[0].adults | self.sides[1].adults

    def side_of_school(self, school_id: SchoolId | None) -> SideFacts | None:
        return next((side for side in self.sides if side.school_id == school_id), None)

    def side_of_adult(self, account_id: AccountId) -> SideFacts | None:
        return next((side for side in self.sides if account_id in side.adults), None)
