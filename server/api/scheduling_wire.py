"""What goes over the wire about hours and series: as the scheduler's own JSON has it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from server.api.wire import Bilingual, LessonOut, Minutes, TitleIn, Wire

Tier = Literal["both_in_class", "self_study", "after_school", "evening", "saturday"]
Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ClassOut(Wire):
    """A class group that hours can be searched for. `id` is what `a` and `b` take."""

    id: str
    name: Bilingual
    school_id: str
    school: Bilingual
    side: Literal["tw", "us"]
    zone: str
    grade: str


class ClassesOut(Wire):
    classes: list[ClassOut]


class PartyOut(Wire):
    id: str
    school: str
    country: str
    zone: str
    level: str
    region: str
    school_id: str
    school_name: Bilingual
    name: Bilingual
    size: int
    lesson_minutes: int
    is_demo: bool


class ReasonOut(Wire):
    code: str
    text: Bilingual


class SlotSideOut(Wire):
    """One side's wall. `burden_minutes`: outside of school hours."""

    date: date
    weekday: str
    start: str
    end: str
    window: str
    burden_minutes: int
    zone: str


class ClockChangeOut(Wire):
    side: str
    zone: str
    at: datetime
    date: date
    shift_minutes: int
    b_start_if_a_stays: str
    a_start_if_b_stays: str


class SlotOut(Wire):
    """A start at which both classes can; `start_at` may slip from `first_start_at` to `last_start_at`."""

    rank: int
    start_at: datetime
    end_at: datetime
    tier: Tier
    payer: Literal["a", "b", "both", "none"]
    first_start_at: datetime
    last_start_at: datetime
    a: SlotSideOut
    b: SlotSideOut
    confidence: Literal["confirmed", "unconfirmed"]
    clock_change: ClockChangeOut | None
    reasons: list[ReasonOut]


class RelaxationOut(Wire):
    """What would open more, computed."""

    code: str
    gain_slots: int
    gain_dates: int
    text: Bilingual


class OverlapOut(Wire):
    """As `./tongchuang overlap --json` prints it. `is_guessed`: sides whose bells nobody has entered yet."""

    a: PartyOut
    b: PartyOut
    from_on: date = Field(alias="from")
    weeks: int
    minutes: int
    worst_tier: Tier
    tzdata: str
    slots: list[SlotOut]
    none_because: list[ReasonOut]
    relaxations: list[RelaxationOut]
    is_guessed: list[Literal["a", "b"]]


class PlanIn(Wire):
    """`date` and `start`: of the first lesson, on A's wall; A is a class of the own school. `partner_lead`: whose
    agreed lessons are in the way too, as one's own are."""

    a: Key
    b: Key
    date: date
    start: time
    minutes: Minutes
    lessons: Annotated[int, Field(ge=1, le=20)] = 8
    every_weeks: Annotated[int, Field(ge=1, le=4)] = 1
    anchor: Literal["a", "b"] = "a"
    partner_lead: Key | None = None


class PlannedOut(Wire):
    """`slot` null: an exception, with its cause and the best starts instead."""

    number: int
    wanted_at: datetime
    slot: SlotOut | None
    problem: ReasonOut | None
    replacements: list[SlotOut]


class QuietWeekOut(Wire):
    monday: date
    suggestion: ReasonOut


class SeamOut(Wire):
    """Before lesson `number` that side's clock has moved against the anchor's."""

    number: int
    side: str
    before: str
    after: str


class PlanOut(Wire):
    """As `./tongchuang series --json` prints it."""

    a: PartyOut
    b: PartyOut
    from_on: date = Field(alias="from")
    weeks: int
    minutes: int
    anchor: Literal["a", "b"]
    every_weeks: int
    tzdata: str
    is_complete: bool
    lessons: list[PlannedOut]
    quiet_weeks: list[QuietWeekOut]
    seams: list[SeamOut]


class SeriesIn(PlanIn):
    """The plan is made anew and only starts of it are taken. `starts`: one of them for a lesson by its number, null to
    leave the lesson out; what is not named takes its own start, or its best replacement."""

    title: TitleIn
    partner_lead: Key
    starts: dict[Annotated[int, Field(ge=1, le=20)], datetime | None] = Field(default_factory=dict)


class NotDoneOut(Wire):
    """One lesson of several that could not be, and why."""

    number: int
    code: str
    titles: Bilingual


class SeriesOut(Wire):
    """The lessons as they are now, in the order of the term."""

    id: str
    anchor: Literal["a", "b"]
    every_weeks: int
    created_at: datetime
    lessons: list[LessonOut]
    not_done: list[NotDoneOut]
