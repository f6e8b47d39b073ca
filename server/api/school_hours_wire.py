"""What programs read and send of a school's day: in the words of its file (docs/scheduler.md)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from server.api.scheduling_wire import SlotOut
from server.api.wire import Bilingual, Wire

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


class HitSideOut(Wire):
    """That side's own wall."""

    zone: str
    date: Day
    starts_at_local: str
    ends_at_local: str


class HitOut(Wire):
    """A lesson that does not fit any more; `instead`: the best start within a fortnight, side a is this school."""

    lesson_id: str
    title: Bilingual
    starts_at: datetime
    ends_at: datetime
    sides: list[HitSideOut]
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
