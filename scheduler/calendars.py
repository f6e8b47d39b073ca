"""What a date is to a school: in class, closed and why, following another date's timetable, confirmed or projected."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from scheduler.model import SATURDAY, Closure, Confidence, Period, School, SchoolYear, Term
from scheduler.official import OfficialYear, official_year


class DayCause(StrEnum):
    """Why a date has no lessons; machine codes."""

    BREAK = "break"
    HOLIDAY = "holiday"
    NO_CLASS = "no_class"


class DayPlan(NamedTuple):
    """One is made for every day of every term that is looked at, which is why it is a tuple: made in half the time.

    `timetable_on`: the date whose weekday and bells hold; `closed_by`: None when the date is in term and no holiday.

    Saturdays and Sundays of a term are not closed but have no periods.
    """

    on: date
    timetable_on: date
    periods: tuple[Period, ...]
    closed_by: DayCause | None
    closed_name: str
    confidence: Confidence
    closures: tuple[Closure, ...]
    term: Term | None

    @property
    def week(self) -> int | None:
        """The term's week number, which is not the calendar's."""
        return self.term.week_of(self.on) if self.term else None

    @property
    def first_bell(self) -> int | None:
        return min((period.start_minute for period in self.periods), default=None)

    @property
    def dismissal(self) -> int | None:
        return max((period.end_minute for period in self.periods), default=None)


def plan_day(school: School, on: date) -> DayPlan:
    """The same answer for the same values, whatever today is."""
    calendar = school.calendar
    official = official_year(calendar.official, on.year) if calendar.official else None
    year = calendar.year_of(on)
    follows = _make_up(year, official, on)
    timetable_on = follows or on
    cause, name, term = _standing(school, on, year, official, is_made_up=follows is not None)
    is_confirmed = year is not None and year.is_confirmed and (official is None or official.is_confirmed)
    return DayPlan(
        on=on,
        timetable_on=timetable_on,
        periods=_periods(school, on, timetable_on),
        closed_by=cause,
        closed_name=name,
        confidence=Confidence.CONFIRMED if is_confirmed else Confidence.UNCONFIRMED,
        closures=tuple(one for one in school.closures if on in one) if school.closures else (),
        term=term,
    )


def _make_up(year: SchoolYear | None, official: OfficialYear | None, on: date) -> date | None:
    """The date whose timetable is followed; the school's own table wins over the country's."""
    own = year.make_up.get(on) if year else None
    return own or (official.make_up.get(on) if official else None)


def _periods(school: School, on: date, timetable_on: date) -> tuple[Period, ...]:
    """Bells in effect on the date itself, with the kind of day of the date whose timetable is followed."""
    bells = school.bells_on(on)
    if bells is None:
        return ()
    kind = bells.dates.get(on) or bells.dates.get(timetable_on) or bells.week[timetable_on.weekday()]
    return bells.days[kind] if kind else ()


def _standing(
    school: School, on: date, year: SchoolYear | None, official: OfficialYear | None, *, is_made_up: bool
) -> tuple[DayCause | None, str, Term | None]:
    term = _term_of(school, on, year, is_made_up=is_made_up)
    if is_made_up:
        return None, "", term
    if year is not None:
        for pause in year.breaks:
            if pause.first_on <= on <= pause.last_on:
                cause = DayCause.HOLIDAY if pause.first_on == pause.last_on else DayCause.BREAK
                return cause, pause.name, term
    if term is None:
        return DayCause.BREAK, "", None
    if official is not None and on in official.days and on.weekday() <= SATURDAY:
        return DayCause.HOLIDAY, official.days[on].en, term
    return None, "", term


def _term_of(school: School, on: date, year: SchoolYear | None, *, is_made_up: bool) -> Term | None:
    if year is not None:
        for inside in year.terms:
            if inside.first_on <= on <= inside.last_on:
                return inside
        if not is_made_up:
            return None
        # Why: make-up class days lie in the break before the term that they count for (§4.3).
        return next((term for term in year.terms if term.first_on > on), None)
    for usual in school.calendar.usual_terms:
        for first_year in (on.year - 1, on.year):
            first = date(first_year, *usual.first)
            last = date(first_year + (usual.last < usual.first), *usual.last)
            if first <= on <= last:
                return Term(name=usual.name, first_on=first, last_on=last)
    return None
