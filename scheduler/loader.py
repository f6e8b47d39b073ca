"""Files to values: schools, templates, calendars, official days; our own data is read from the package.

Errors name file, line and what was expected. What a school leaves out comes from its template and calendar by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from scheduler import schema
from scheduler.expected import Expected, expected, expected_value
from scheduler.model import (
    SCHOOL_WEEK,
    WEEKDAYS,
    AcademicCalendar,
    BellSchedule,
    ClassGroup,
    ClassGroupId,
    Closure,
    DatedBusy,
    DateRange,
    Names,
    Period,
    Room,
    RoomId,
    School,
    SchoolId,
    SchoolYear,
    Teacher,
    TeacherId,
    Term,
    UsualTerm,
    WeeklyBusy,
    Window,
    WindowKind,
    ZoneOverride,
)
from scheduler.yaml_file import Document, Path_, Problem, SchoolFileError, dotted, parse_yaml, read_yaml

DATA = Path(__file__).parent / "data"
_File = TypeVar("_File", bound=schema.Strict)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialTable:
    verified_years: frozenset[int]
    make_up: Mapping[date, date]


def load_school(path: Path) -> School:
    """Raises SchoolFileError."""
    return _school(read_yaml(path))


def parse_school(raw: bytes, name: str) -> School:
    """The same from bytes, such as an upload. Raises SchoolFileError."""
    return _school(parse_yaml(raw, name))


def file_values(raw: bytes, name: str) -> dict[str, Any]:
    """A file's values as they were written, all text; nothing is checked. Raises SchoolFileError."""
    values = parse_yaml(raw, name).values
    if not isinstance(values, dict):
        raise SchoolFileError(Problem(name, 1, "", expected("keys_and_values")))
    return values


def template_values(name: str) -> dict[str, Any]:
    """One of ours as it is written, to be edited as a school's own. Raises KeyError for another name."""
    return _own_values("templates", name)


def calendar_values(name: str) -> dict[str, Any]:
    """One of ours as it is written, to be edited as a school's own. Raises KeyError for another name."""
    return _own_values("calendars", name)


def _own_values(folder: str, name: str) -> dict[str, Any]:
    # The name comes from a file that somebody sent: it is looked up, never joined to a path.
    path = {path.stem: path for path in (DATA / folder).glob("*.yaml")}[name]
    values = read_yaml(path).values
    assert isinstance(values, dict)
    return values


@lru_cache(maxsize=8)
def load_official(country: str) -> OfficialTable:
    file = _check(read_yaml(DATA / "official" / f"{country}.yaml"), schema.OfficialFile)
    return OfficialTable(
        verified_years=frozenset(file.verified_years), make_up={day.date: day.follows for day in file.make_up_days}
    )


def template_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (DATA / "templates").glob("*.yaml")))


@lru_cache(maxsize=64)
def load_template(name: str) -> schema.TemplateFile:
    return _check(read_yaml(DATA / "templates" / f"{name}.yaml"), schema.TemplateFile)


@lru_cache(maxsize=64)
def _named_calendar(name: str) -> AcademicCalendar:
    return _calendar(_check(read_yaml(DATA / "calendars" / f"{name}.yaml"), schema.CalendarFile))


def _check(document: Document, model: type[_File]) -> _File:
    try:
        return model.model_validate(document.values)
    except ValidationError as error:
        problems = []
        for one in error.errors():
            path: Path_ = one["loc"]
            problems.append(_problem(document, path, expected_value(dict(one))))
        raise SchoolFileError(*problems) from error


def _problem(document: Document, path: Path_, what: Expected) -> Problem:
    # pydantic adds the names of the alternatives of a union, which are in no file.
    known = tuple(part for part in path if not (isinstance(part, str) and part in ("CalendarFile", "[key]")))
    while known and known not in document.lines and known[:-1] not in document.lines:
        known = known[:-1]
    return Problem(document.file, document.line_of(known), dotted(known), what)


def _school(document: Document) -> School:
    file = _check(document, schema.SchoolFile)
    template = _reference(document, ("template",), file.template, load_template, template_names)
    if isinstance(file.calendar, str):
        names = tuple(sorted(path.stem for path in (DATA / "calendars").glob("*.yaml")))
        calendar = _reference(document, ("calendar",), file.calendar, _named_calendar, lambda: names)
        assert calendar is not None
    else:
        calendar = _calendar(file.calendar)
    bells = file.bells if file.bells is not None else (template.bells if template else None)
    if bells is None:
        raise SchoolFileError(Problem(document.file, 1, "bells", expected("bells")))
    level = file.level or (template.level if template else None)
    if level is None:
        raise SchoolFileError(Problem(document.file, 1, "level", expected("level")))
    schedules = tuple(_bells(one) for one in bells)
    groups = [_group(document, index, file, template, schedules) for index in range(len(file.class_groups))]
    return School(
        id=SchoolId(file.school),
        name=_names(file.name),
        country=file.country,
        region=file.region,
        level=level,
        zone=file.zone,
        bells=schedules,
        calendar=calendar,
        class_groups=tuple(groups),
        zone_overrides=tuple(ZoneOverride(first_on=o.first, last_on=o.last, zone=o.zone) for o in file.zone_overrides),
        closures=tuple(
            Closure(first_on=c.first, last_on=c.last or c.first, part=c.part, mode=c.mode, reason=c.reason)
            for c in file.closures
        ),
        is_demo=file.demo,
    )


def _reference(
    document: Document, path: Path_, name: str | None, load: Callable[[str], _T], names: Callable[[], tuple[str, ...]]
) -> _T | None:
    """What stands in our own data under that name."""
    if name is None:
        return None
    if name not in names():
        what = expected("one_of", known=", ".join(names()), found=repr(name))
        raise SchoolFileError(_problem(document, path, what))
    return load(name)


def _names(file: schema.NamesFile) -> Names:
    return Names(en=file.en, zh=file.zh)


def _bells(file: schema.BellsFile) -> BellSchedule:
    return BellSchedule(
        first_on=file.first,
        last_on=file.last,
        days={
            kind: tuple(Period(name=p.name, kind=p.kind, start_minute=p.start, end_minute=p.end) for p in periods)
            for kind, periods in file.days.items()
        },
        week=tuple({str(day): kind for day, kind in file.week.items()}.get(day) for day in WEEKDAYS),
        dates=file.dates,
    )


def _calendar(file: schema.CalendarFile) -> AcademicCalendar:
    return AcademicCalendar(
        official=file.official,
        years=tuple(_year(year) for year in file.years),
        usual_terms=tuple(UsualTerm(name=t.name, first=t.first, last=t.last) for t in file.usual_terms),
    )


def _year(file: schema.YearFile) -> SchoolYear:
    terms = tuple(
        Term(name=t.name, first_on=t.first, last_on=t.last, week_anchors=tuple((w.date, w.week) for w in t.weeks))
        for t in file.terms
    )
    return SchoolYear(
        label=file.label,
        first_on=file.first,
        last_on=file.last,
        is_confirmed=file.confirmed,
        terms=tuple(sorted(terms, key=lambda term: term.first_on)),
        breaks=tuple(DateRange(first_on=b.first, last_on=b.last or b.first, name=b.name) for b in file.breaks),
        make_up={day.date: day.follows for day in file.make_up_days},
    )


def _window(file: schema.WindowFile) -> Window:
    return Window(
        kind=file.kind,
        willingness=file.willingness,
        weekdays=frozenset(file.weekdays) if file.weekdays is not None else SCHOOL_WEEK,
        start_minute=file.start,
        end_minute=file.end,
        periods=frozenset(file.periods) if file.periods is not None else None,
        first_on=file.first,
        last_on=file.last,
        dates=frozenset(file.dates) if file.dates is not None else None,
    )


def _group(
    document: Document,
    index: int,
    school: schema.SchoolFile,
    template: schema.TemplateFile | None,
    bells: tuple[BellSchedule, ...],
) -> ClassGroup:
    file, at = school.class_groups[index], ("class_groups", index)
    given = file.windows if file.windows is not None else (template.windows if template else None)
    minutes = file.lesson_minutes or (template.lesson_minutes if template else None)
    if given is None or minutes is None:
        raise SchoolFileError(_problem(document, at, expected("windows")))
    windows = [_window(one) for one in (*given, *file.add_windows)]
    if file.timetable is not None:
        windows = _by_timetable(
            document, (*at, "timetable"), windows, {str(day): names for day, names in file.timetable.items()}, bells
        )
    windows = [replace(one, willingness=file.willingness.get(one.kind, one.willingness)) for one in windows]
    teachers = {one.id: one for one in school.teachers}
    rooms = {one.id: one for one in school.rooms}
    for key, wanted, known in (("teachers", file.teachers, teachers), ("rooms", file.rooms, rooms)):
        for place, one in enumerate(wanted):
            if one not in known:
                names = ", ".join(known) or "—"
                what = expected("one_of_school", key=key, known=names, found=repr(one))
                raise SchoolFileError(_problem(document, (*at, key, place), what))
    crosses = file.crosses_breaks
    return ClassGroup(
        id=ClassGroupId(file.id),
        name=_names(file.name),
        grade=file.grade,
        size=file.size,
        lesson_minutes=minutes,
        windows=tuple(windows),
        teachers=tuple(_teacher(teachers[one]) for one in file.teachers),
        rooms=tuple(_room(rooms[one]) for one in file.rooms),
        crosses_breaks=crosses if crosses is not None else bool(template and template.crosses_breaks),
        joins_from_home=file.joins_from_home,
    )


def _by_timetable(
    document: Document,
    path: Path_,
    windows: list[Window],
    timetable: Mapping[str, list[str]],
    bells: tuple[BellSchedule, ...],
) -> list[Window]:
    """The instruction windows become one for each weekday, with the periods that may be used on it."""
    known = {period.name for schedule in bells for periods in schedule.days.values() for period in periods}
    for day, names in timetable.items():
        for name in names:
            if name not in known:
                raise SchoolFileError(_problem(document, (*path, day), expected("period_names", found=repr(name))))
    others = [window for window in windows if window.kind is not WindowKind.INSTRUCTION]
    willingness = max((w.willingness for w in windows if w.kind is WindowKind.INSTRUCTION), default=2)
    by_day = [
        Window(
            kind=WindowKind.INSTRUCTION,
            willingness=willingness,
            weekdays=frozenset({WEEKDAYS.index(day)}),
            periods=frozenset(names),
        )
        for day, names in timetable.items()
    ]
    return [*by_day, *others]


def _teacher(file: schema.TeacherFile) -> Teacher:
    weekly, dated = _busy(file.busy)
    return Teacher(id=TeacherId(file.id), name=file.name, weekly=weekly, dated=dated)


def _room(file: schema.RoomFile) -> Room:
    weekly, dated = _busy(file.busy)
    return Room(id=RoomId(file.id), name=file.name, has_video=file.has_video, weekly=weekly, dated=dated)


def _busy(files: list[schema.BusyFile]) -> tuple[tuple[WeeklyBusy, ...], tuple[DatedBusy, ...]]:
    weekly = tuple(
        WeeklyBusy(
            weekdays=frozenset(b.weekdays), start_minute=b.start, end_minute=b.end, first_on=b.first, last_on=b.last
        )
        for b in files
        if b.weekdays is not None
    )
    dated = tuple(DatedBusy(on=b.date, start_minute=b.start, end_minute=b.end) for b in files if b.date is not None)
    return weekly, dated
