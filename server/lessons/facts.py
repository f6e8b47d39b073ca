"""What the table of rights must know of a lesson: its state, and who stands on which side. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.ids import AccountId, ClassGroupId, LessonId, SchoolId


class LessonState(StrEnum):
    """In the order that a lesson goes through them; any of the first four may end in `cancelled`."""

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

    key: str
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
