"""The shape of our YAML files, documented in docs/scheduler.md: the one place where pydantic turns text into values."""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scheduler.expected import Unexpected, expected
from scheduler.model import WEEKDAYS, ClosureMode, DayPart, WindowKind
from scheduler.zone import zone_keys

_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A window may end after midnight, written 24:30; 30:00 is six in the morning.
_LATEST_HOUR = 30


def _clock(value: object) -> object:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > _LATEST_HOUR:
        raise Unexpected(expected("time"))
    return int(match[1]) * 60 + int(match[2])


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise Unexpected(expected("date_exists")) from error
    raise Unexpected(expected("date"))


def _month_day(value: object) -> object:
    """In a leap year, so that 02-29 is allowed to stand; the projection never uses such a day."""
    day = _day(f"2024-{value}")
    assert isinstance(day, date)
    return (day.month, min(day.day, 28) if day.month == 2 else day.day)


def _weekday(value: object) -> object:
    if value not in WEEKDAYS:
        raise Unexpected(expected("weekday", known=", ".join(WEEKDAYS)))
    return WEEKDAYS.index(value)


def _zone(value: object) -> object:
    if value not in zone_keys():
        raise Unexpected(expected("zone"))
    return value


Clock = Annotated[int, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_day)]
MonthDay = Annotated[tuple[int, int], BeforeValidator(_month_day)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Zone = Annotated[str, BeforeValidator(_zone)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Willingness = Annotated[int, Field(ge=0, le=3)]


class Strict(BaseModel):
    """Unknown keys are mistakes: a misspelt `closures` must not open a school."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NamesFile(Strict):
    en: Text
    zh: Text = Field(alias="zh-Hant-TW")


class Span(Strict):
    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        start, end = getattr(self, "start", None), getattr(self, "end", None)
        if start is not None and end is not None and end <= start:
            raise Unexpected(expected("end_after_start"))
        first, last = getattr(self, "first", None), getattr(self, "last", None)
        if isinstance(first, date) and isinstance(last, date) and last < first:
            raise Unexpected(expected("last_not_before_first"))
        return self


class PeriodFile(Span):
    name: Text
    kind: WindowKind = WindowKind.INSTRUCTION
    start: Clock
    end: Clock


class BellsFile(Span):
    first: Day
    last: Day | None = None
    days: dict[str, list[PeriodFile]]
    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], str]
    dates: dict[Day, str] = {}

    @model_validator(mode="after")
    def _kinds_exist(self) -> Self:
        for kind in (*self.week.values(), *self.dates.values()):
            if kind not in self.days:
                raise Unexpected(expected("kind_of_day", known=", ".join(self.days), found=repr(kind)))
        for kind, periods in self.days.items():
            for one, other in itertools.pairwise(periods):
                if other.start < one.end:
                    raise Unexpected(expected("periods_in_order", day=kind, one=one.name, other=other.name))
        return self


class WeekAnchorFile(Strict):
    date: Day
    week: int


class TermFile(Span):
    name: Text
    first: Day
    last: Day
    weeks: list[WeekAnchorFile] = []


class BreakFile(Span):
    name: Text
    first: Day
    last: Day | None = None


class MakeUpFile(Strict):
    date: Day
    follows: Day


class YearFile(Span):
    label: Text
    confirmed: bool
    first: Day
    last: Day
    terms: list[TermFile]
    breaks: list[BreakFile] = []
    make_up_days: list[MakeUpFile] = []


class UsualTermFile(Strict):
    name: Text
    first: MonthDay
    last: MonthDay


class CalendarFile(Strict):
    calendar: Id = ""
    official: Literal["TW", "US", ""] = ""
    years: list[YearFile] = []
    usual_terms: list[UsualTermFile] = []


class OfficialFile(Strict):
    country: Literal["TW", "US"]
    verified_years: list[int]
    make_up_days: list[MakeUpFile]


class WindowFile(Span):
    kind: WindowKind
    willingness: Willingness = 2
    weekdays: list[Weekday] | None = None
    start: Clock | None = None
    end: Clock | None = None
    periods: list[str] | None = None
    first: Day | None = None
    last: Day | None = None
    dates: list[Day] | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.kind is WindowKind.BEFORE_SCHOOL and self.start is None:
            raise Unexpected(expected("window_start"))
        if self.kind in (WindowKind.AFTER_SCHOOL, WindowKind.EVENING, WindowKind.SATURDAY) and self.end is None:
            raise Unexpected(expected("window_end", kind=self.kind))
        if self.kind is WindowKind.SATURDAY and self.start is None:
            raise Unexpected(expected("saturday_start"))
        return self


class TemplateFile(Strict):
    template: Id
    about: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    level: Text
    lesson_minutes: Annotated[int, Field(ge=5, le=240)]
    crosses_breaks: bool = False
    bells: list[BellsFile]
    windows: list[WindowFile]


class BusyFile(Span):
    weekdays: list[Weekday] | None = None
    date: Day | None = None
    start: Clock = 0
    end: Clock = 1_440
    first: Day | None = None
    last: Day | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.weekdays is None) == (self.date is None):
            raise Unexpected(expected("weekdays_or_date"))
        return self


class TeacherFile(Strict):
    id: Id
    name: Text
    busy: list[BusyFile] = []


class RoomFile(Strict):
    id: Id
    name: Text
    has_video: bool = True
    busy: list[BusyFile] = []


class ClosureFile(Span):
    first: Day
    last: Day | None = None
    part: DayPart = DayPart.DAY
    mode: ClosureMode = ClosureMode.CLOSED
    reason: str = ""


class ClassGroupFile(Strict):
    id: Id
    name: NamesFile
    grade: str = ""
    size: Annotated[int, Field(ge=1, le=500)]
    lesson_minutes: Annotated[int, Field(ge=5, le=240)] | None = None
    windows: list[WindowFile] | None = None
    add_windows: list[WindowFile] = []
    willingness: dict[WindowKind, Willingness] = {}
    timetable: dict[Literal["mon", "tue", "wed", "thu", "fri"], list[str]] | None = None
    teachers: list[str] = []
    rooms: list[str] = []
    crosses_breaks: bool | None = None
    joins_from_home: bool = False


class ZoneOverrideFile(Span):
    first: Day
    last: Day
    zone: Zone


class SchoolFile(Strict):
    school: Id
    demo: bool = False
    name: NamesFile
    country: Literal["TW", "US"]
    region: Text
    level: Text | None = None
    zone: Zone
    zone_overrides: list[ZoneOverrideFile] = []
    template: Id | None = None
    calendar: Id | CalendarFile
    bells: list[BellsFile] | None = None
    closures: list[ClosureFile] = []
    teachers: list[TeacherFile] = []
    rooms: list[RoomFile] = []
    class_groups: list[ClassGroupFile]
