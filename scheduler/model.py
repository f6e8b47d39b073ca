"""The words of scheduling as frozen values: schools, bells, calendars, closures, windows, class groups.

Stored truth is local wall time, zone and date; nothing here knows UTC (guide scheduling.md §1). Times of day are
minutes from local midnight; an end above 1,440 lies on the next date, so that something may cross midnight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NewType

SchoolId = NewType("SchoolId", str)
ClassGroupId = NewType("ClassGroupId", str)
TeacherId = NewType("TeacherId", str)
RoomId = NewType("RoomId", str)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SCHOOL_WEEK = frozenset(range(5))
SATURDAY = 5
MINUTES_A_DAY = 1_440


class WindowKind(StrEnum):
    """What a stretch of the day is to a class; the order is that of sacrifice."""

    INSTRUCTION = "instruction"
    SELF_STUDY = "self_study"
    LUNCH = "lunch"
    BEFORE_SCHOOL = "before_school"
    AFTER_SCHOOL = "after_school"
    EVENING = "evening"
    SATURDAY = "saturday"


class Tier(StrEnum):
    """What a slot costs, from no sacrifice to most; a slot has the tier of its worse window."""

    BOTH_IN_CLASS = "both_in_class"
    SELF_STUDY = "self_study"
    AFTER_SCHOOL = "after_school"
    EVENING = "evening"
    SATURDAY = "saturday"

    @property
    def order(self) -> int:
        return TIERS.index(self)


TIERS = tuple(Tier)
TIER_OF: Mapping[WindowKind, Tier] = {
    WindowKind.INSTRUCTION: Tier.BOTH_IN_CLASS,
    WindowKind.SELF_STUDY: Tier.SELF_STUDY,
    WindowKind.LUNCH: Tier.SELF_STUDY,
    WindowKind.BEFORE_SCHOOL: Tier.AFTER_SCHOOL,
    WindowKind.AFTER_SCHOOL: Tier.AFTER_SCHOOL,
    WindowKind.EVENING: Tier.EVENING,
    WindowKind.SATURDAY: Tier.SATURDAY,
}
# Minutes in these are not a burden: pupils and teacher are at school anyway.
AT_SCHOOL = frozenset({WindowKind.INSTRUCTION, WindowKind.SELF_STUDY, WindowKind.LUNCH})


class Confidence(StrEnum):
    """Whether the school calendars behind an answer are published facts or our projection."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


class DayPart(StrEnum):
    """Taiwan's counties announce closures by these (guide §4.3)."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    DAY = "day"


# Local minutes; county announcements split the day at noon and at 18:00. A part may not reach into the next date.
DAY_PART_MINUTES: Mapping[DayPart, tuple[int, int]] = {
    DayPart.MORNING: (0, 720),
    DayPart.AFTERNOON: (720, 1_080),
    DayPart.EVENING: (1_080, MINUTES_A_DAY),
    DayPart.DAY: (0, MINUTES_A_DAY),
}


class ClosureMode(StrEnum):
    CLOSED = "closed"
    DISTANCE = "distance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """One name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch that the bell marks."""

    name: str
    start_minute: int
    end_minute: int
    kind: WindowKind = WindowKind.INSTRUCTION


@dataclass(frozen=True, slots=True, kw_only=True)
class DateRange:
    """Both ends belong to it, as people write dates."""

    first_on: date
    last_on: date
    name: str = ""

    def __contains__(self, on: date) -> bool:
        return self.first_on <= on <= self.last_on


@dataclass(frozen=True, slots=True, kw_only=True)
class BellSchedule:
    """The bells from one date on: named kinds of day, the weekday pattern, and dates that differ (exams, half days)."""

    first_on: date
    last_on: date | None = None
    days: Mapping[str, tuple[Period, ...]]
    week: tuple[str | None, ...]
    dates: Mapping[date, str] = field(default_factory=dict)

    def is_effective(self, on: date) -> bool:
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`week_anchors`: the term week that holds a date. Why: a term's weeks are not the calendar's (§4.3)."""

    name: str
    first_on: date
    last_on: date
    week_anchors: tuple[tuple[date, int], ...] = ()

    def week_of(self, on: date) -> int:
        """Weeks begin on Monday; without anchors the first teaching day's week is 1."""
        anchors = sorted(self.week_anchors) or [(self.first_on, 1)]
        usable = [anchor for anchor in anchors if _monday(anchor[0]) <= on] or anchors[:1]
        day, number = usable[-1]
        return number + (_monday(on) - _monday(day)).days // 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """`make_up`: a class day and the date whose timetable it follows; it is open even outside the terms."""

    label: str
    first_on: date
    last_on: date
    is_confirmed: bool
    terms: tuple[Term, ...]
    breaks: tuple[DateRange, ...] = ()
    make_up: Mapping[date, date] = field(default_factory=dict)

    def __contains__(self, on: date) -> bool:
        return self.first_on <= on <= self.last_on


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualTerm:
    """(month, day) of a term in a year that nobody has published: only ever an unconfirmed answer."""

    name: str
    first: tuple[int, int]
    last: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcademicCalendar:
    """Known years, the usual terms for unknown ones, and whose official holidays close the school ("" for none)."""

    years: tuple[SchoolYear, ...]
    usual_terms: tuple[UsualTerm, ...] = ()
    official: str = ""

    def year_of(self, on: date) -> SchoolYear | None:
        # A loop, here and below: asked of every day of a term, a generator costs as much as the answer.
        for year in self.years:
            if year.first_on <= on <= year.last_on:
                return year
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A school × day-part × mode: closed and distance teaching are different states (§4.3)."""

    first_on: date
    last_on: date
    part: DayPart = DayPart.DAY
    mode: ClosureMode = ClosureMode.CLOSED
    reason: str = ""

    def __contains__(self, on: date) -> bool:
        return self.first_on <= on <= self.last_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Time that a class offers. Without times it follows the bells: the periods of its kind, or until/from the bell.

    `dates` are painted real dates and win over `weekdays`; `willingness` 0 is not offered but may be asked for.
    """

    kind: WindowKind
    willingness: int = 2
    weekdays: frozenset[int] = SCHOOL_WEEK
    start_minute: int | None = None
    end_minute: int | None = None
    periods: frozenset[str] | None = None
    first_on: date | None = None
    last_on: date | None = None
    dates: frozenset[date] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyBusy:
    """Local time that recurs, such as a teacher's other class."""

    weekdays: frozenset[int]
    start_minute: int
    end_minute: int
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedBusy:
    """Local time on one date."""

    on: date
    start_minute: int = 0
    end_minute: int = MINUTES_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedHour:
    """What somebody said of one real date: `willingness` 0 cannot, else how gladly; it wins over the bells there.

    Which kind of window it is follows from the hour and that date's bells, so that it cannot be said wrongly.
    """

    on: date
    start_minute: int
    end_minute: int
    willingness: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    id: TeacherId
    name: str
    weekly: tuple[WeeklyBusy, ...] = ()
    dated: tuple[DatedBusy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    id: RoomId
    name: str
    has_video: bool = True
    weekly: tuple[WeeklyBusy, ...] = ()
    dated: tuple[DatedBusy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassGroup:
    """All its teachers must be free, and one of its rooms with video equipment (if it names rooms).

    `crosses_breaks`: a lesson may run over the short breaks between periods, as in a class with one teacher all day.
    `joins_from_home`: distance-teaching days are usable, because every pupil has a device at home.
    `painted`: hours of real dates that are offered beyond the windows, or withheld from them.
    """

    id: ClassGroupId
    name: Names
    size: int
    lesson_minutes: int
    windows: tuple[Window, ...]
    grade: str = ""
    teachers: tuple[Teacher, ...] = ()
    rooms: tuple[Room, ...] = ()
    crosses_breaks: bool = False
    joins_from_home: bool = False
    painted: tuple[PaintedHour, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneOverride:
    """Dates on which a school kept another clock, as Tuba City's district once did (§4.1)."""

    first_on: date
    last_on: date
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    id: SchoolId
    name: Names
    country: str
    region: str
    level: str
    zone: str
    bells: tuple[BellSchedule, ...]
    calendar: AcademicCalendar
    class_groups: tuple[ClassGroup, ...]
    zone_overrides: tuple[ZoneOverride, ...] = ()
    closures: tuple[Closure, ...] = ()
    is_demo: bool = False

    def zone_on(self, on: date) -> str:
        for override in self.zone_overrides:
            if override.first_on <= on <= override.last_on:
                return override.zone
        return self.zone

    def bells_on(self, on: date) -> BellSchedule | None:
        """The latest schedule in effect: schools change bells in the middle of a year."""
        found: BellSchedule | None = None
        for bells in self.bells:
            if bells.is_effective(on) and (found is None or bells.first_on > found.first_on):
                found = bells
        return found

    def class_group(self, group_id: str) -> ClassGroup | None:
        return next((group for group in self.class_groups if group.id == group_id), None)


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def clock_text(minute: int) -> str:
    """`07:40`; minutes after midnight of the next date start again at 00:00."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
