"""What programs read and send of a term that was proposed: how its lessons stand, what a change would do, and did."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from server.api.scheduling_wire import NotDoneOut, PlanOut, ReasonOut, SlotOut
from server.api.school_hours_wire import Weekday
from server.api.wire import Wire

SideName = Literal["a", "b"]
# As far as dates of this API go; beyond that an hour on a wall could not even be computed.
Instant = Annotated[AwareDatetime, Field(ge=datetime(2020, 1, 1, tzinfo=UTC), le=datetime(2040, 12, 31, tzinfo=UTC))]
Number = Annotated[int, Field(ge=1, le=100)]


def _naive(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("a wall's time has no offset")
    return at


class NoteOut(Wire):
    """Of a week without a lesson. `monday`: of the week, on the anchor's wall."""

    monday: date
    text: str


class TermNotesOut(Wire):
    notes: list[NoteOut]


class MoveOut(Wire):
    """A lesson that a change touches: `slot` is where it goes. null when it cannot be there, for the `problem`; then it
    stays, unless one of the `replacements` is chosen for it."""

    number: int
    starts_at: datetime
    slot: SlotOut | None
    problem: ReasonOut | None
    replacements: list[SlotOut]


class ClockLessonOut(Wire):
    """Its start when a's wall time stays, and when b's does."""

    number: int
    starts_at: datetime
    start_if_a: datetime
    start_if_b: datetime


class ClockNoticeOut(Wire):
    """`side`: whose clock moves; `usual_a`, `usual_b`: the hour before it on either wall; `stays`: whose wall time
    stays as the lessons stand; `chosen`: by somebody's choice. `is_due`: within 14 days."""

    changes_at: datetime
    side: SideName
    shift_minutes: int
    usual_a: str
    usual_b: str
    stays: SideName
    chosen: SideName | None
    is_due: bool
    lessons: list[ClockLessonOut]


class TermOut(Wire):
    """`seen` names this state: send it back with a change. `plan`: of the lessons still to come, each with its slot
    and, where it does not fit, its problem and replacements; null when there are none, or a class is gone.
    `smallest`: what to do about those, moving nothing else."""

    id: str
    seen: str
    plan: PlanOut | None
    smallest: list[MoveOut]
    notes: list[NoteOut]
    clock: list[ClockNoticeOut]


class TermChangedOut(Wire):
    """`moved` of `moves` were proposed anew, with one letter; `staying`: how many lessons were not touched."""

    is_stored: bool
    seen: str
    moves: list[MoveOut]
    staying: int
    moved: int
    not_done: list[NotDoneOut]


# -- what is sent to us


class TermIn(Wire):
    """`dry_run`: only say what it would do; nothing is moved."""

    seen: Annotated[str, StringConstraints(max_length=1_000)]
    dry_run: bool = False


class ChangeTermIn(TermIn):
    """Lesson `lesson` to `start` of `weekday`, in its own week, on the wall of the own side; `weekday` null leaves the
    day. `following`: all after it take the same day and hour; `all`: those before it too."""

    lesson: Number
    scope: Literal["one", "following", "all"] = "one"
    weekday: Weekday | None = None
    start: Annotated[time, AfterValidator(_naive)]


class MoveTermIn(TermIn):
    """Where lessons go, by their numbers; all others stay."""

    starts: Annotated[dict[Number, Instant], Field(min_length=1, max_length=100)]


class RepairTermIn(TermIn):
    """The smallest change that makes every lesson fit again."""


class ClockIn(TermIn):
    """`anchor`: whose wall time stays when a clock moves at `changes_at`. Lessons that stand elsewhere are moved even
    where they do not fit, so that both sides see it."""

    changes_at: Instant
    anchor: SideName


class TermNoteIn(Wire):
    """An empty text takes the note away."""

    monday: date
    text: Annotated[str, StringConstraints(max_length=300)]
