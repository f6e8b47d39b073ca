"""What goes over the wire about hours, series and a school's day: as the scheduler's own JSON and files have it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

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
    """`date` and `start`: of the first lesson, on A's wall; A is a class of the own school."""

    a: Key
    b: Key
    date: date
    start: time
    minutes: Minutes
    lessons: Annotated[int, Field(ge=1, le=20)] = 8
    every_weeks: Annotated[int, Field(ge=1, le=4)] = 1
    anchor: Literal["a", "b"] = "a"


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


# -- a school's day, in the words of its file (docs/scheduler.md); what is wrong with a value is said by path

Day = date
Clock = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}:[0-5][0-9]$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WindowKind = Literal["instruction", "self_study", "lunch", "before_school", "after_school", "evening", "saturday"]


class PeriodWire(Wire):
    name: Name
    kind: WindowKind = "instruction"
    start: Clock
    end: Clock


class BellsWire(Wire):
    """One schedule; the newest `first` that has come holds."""

    first: date
    last: date | None = None
    days: dict[Name, list[PeriodWire]]
    week: dict[Weekday, Name]
    dates: dict[date, Name] = Field(default_factory=dict)


class WeekWire(Wire):
    date: date
    week: int


class TermWire(Wire):
    name: Name
    first: date
    last: date
    weeks: list[WeekWire] = Field(default_factory=list)


class BreakWire(Wire):
    name: Name
    first: date
    last: date | None = None


class MakeUpWire(Wire):
    date: Day
    follows: Day


class YearWire(Wire):
    label: Name
    confirmed: bool
    first: date
    last: date
    terms: list[TermWire]
    breaks: list[BreakWire] = Field(default_factory=list)
    make_up_days: list[MakeUpWire] = Field(default_factory=list)


class UsualTermWire(Wire):
    """`first`, `last`: month and day, such as 08-30."""

    name: Name
    first: str
    last: str


class CalendarWire(Wire):
    calendar: str = ""
    official: Literal["TW", "US", ""] = ""
    years: list[YearWire] = Field(default_factory=list)
    usual_terms: list[UsualTermWire] = Field(default_factory=list)


class ClosureWire(Wire):
    first: date
    last: date | None = None
    part: Literal["day", "morning", "afternoon", "evening"] = "day"
    mode: Literal["closed", "distance"] = "closed"
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class SchoolHoursOut(Wire):
    """`version`: send it back with a change; 0 when nothing is stored yet. `file`: the whole, as YAML."""

    school_id: str
    zone: str
    version: int
    is_guessed: bool
    bells: list[BellsWire]
    calendar: CalendarWire
    closures: list[ClosureWire]
    file: str


class HoursIn(Wire):
    """`dry_run`: only say what it would do; nothing is stored."""

    version: Annotated[int, Field(ge=0)]
    dry_run: bool = False


class BellsIn(HoursIn):
    bells: Annotated[list[BellsWire], Field(min_length=1)]


class CalendarIn(HoursIn):
    calendar: CalendarWire


class ClosuresIn(HoursIn):
    closures: list[ClosureWire]


class FileIn(HoursIn):
    """In YAML, without class groups."""

    file: Annotated[str, StringConstraints(max_length=100_000)]


class HitOut(Wire):
    """A lesson that does not fit any more; `instead`: the best start within a fortnight, side a is this school."""

    lesson: LessonOut
    instead: SlotOut | None


class HoursChangedOut(Wire):
    """`version` is the new one when it `is_stored`."""

    version: int
    is_stored: bool
    lessons_hit: list[HitOut]


def as_file(model: Wire) -> dict[str, Any]:
    """Values as a file has them: text all through, nothing that was left out."""
    return {name: _text(value) for name, value in model.model_dump(mode="json", exclude_defaults=True).items()}


def _text(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _text(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_text(one) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
