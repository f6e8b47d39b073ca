"""The lines of a term sheet: lessons on both walls, what does not fit and its replacements, weeks without one. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scheduler import PlannedLesson, Slot, offset_at
from server.lessons import Lesson, TermNote, TermPlan, wall_time
from server.pages import wall
from server.pages.scheduling.find_hour import text_of
from server.pages.scheduling.plan import key_of
from server.pair import LocalizedText, Side

Sides = tuple[Side, Side]
Walls = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An hour that a lesson can be moved to. `key`: as a form names it."""

    key: str
    walls: Walls
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRow:
    """`jumps`: of a and b, "clock" when a clock moved since the lesson before, "moved" when the lesson has another hour
    than that one, else "". `places`: instead of an hour that does not fit, the best first."""

    number: int
    lesson: Lesson
    walls: Walls
    jumps: tuple[str, str]
    problem: LocalizedText | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """A week without a lesson. `suggestion`: what to do apart, when no hour is possible; `note`: what people wrote."""

    monday: date
    day: str
    suggestion: LocalizedText | None
    note: str


def walls_at(lesson: Lesson, sides: Sides, start_at: datetime) -> Walls:
    """The walls of a lesson as long as this one that starts then."""
    ends_at = start_at + timedelta(minutes=lesson.minutes)
    found = []
    for side, half in zip(sides, lesson.sides, strict=True):
        start, end = wall_time(start_at, half.zone), wall_time(ends_at, half.zone)
        found.append(wall.wall_text(side, start.date, start.time, end.time))
    return found[0], found[1]


def place_of(lesson: Lesson, sides: Sides, slot: Slot) -> Place:
    return Place(key=key_of(slot), walls=walls_at(lesson, sides, slot.start_at), tier=str(slot.tier))


def rows_of(
    lessons: Sequence[Lesson], sides: Sides, term: TermPlan | None, notes: Mapping[date, TermNote]
) -> list[LessonRow | WeekRow]:
    """In the order of time."""
    planned = {one.number: one for one in term.plan.lessons} if term else {}
    dated: list[tuple[datetime, LessonRow | WeekRow]] = []
    before: Lesson | None = None
    for number, lesson in sorted(enumerate(lessons, start=1), key=lambda one: one[1].starts_at):
        dated.append((lesson.starts_at, _row(number, lesson, sides, before, planned.get(number))))
        before = lesson
    quiet = {week.monday: text_of(week.suggestion.text) for week in term.plan.quiet_weeks} if term else {}
    anchor = lessons[0].side(lessons[0].anchor)
    side = sides[0] if anchor is lessons[0].sides[0] else sides[1]
    for monday in quiet.keys() | notes.keys():
        note = notes[monday].text if monday in notes else ""
        row = WeekRow(monday=monday, day=wall.day_text(side, monday), suggestion=quiet.get(monday), note=note)
        dated.append((_before(monday, lessons), row))
    return [row for _, row in sorted(dated, key=lambda one: one[0])]


def _before(monday: date, lessons: Sequence[Lesson]) -> datetime:
    """Before the lessons of later weeks, after those of earlier ones."""
    later = [one.starts_at for one in lessons if one.date >= monday]
    return min(later) - timedelta(seconds=1) if later else max(one.starts_at for one in lessons) + timedelta(days=1)


def _row(number: int, lesson: Lesson, sides: Sides, before: Lesson | None, planned: PlannedLesson | None) -> LessonRow:
    problem = planned.problem if planned else None
    return LessonRow(
        number=number,
        lesson=lesson,
        walls=walls_at(lesson, sides, lesson.starts_at),
        jumps=_jumps(before, lesson),
        problem=text_of(problem.text) if problem else None,
        places=tuple(place_of(lesson, sides, slot) for slot in planned.replacements) if planned else (),
    )


def _jumps(before: Lesson | None, lesson: Lesson) -> tuple[str, str]:
    if before is None:
        return "", ""
    zones = [side.zone for side in lesson.sides]
    apart = [offset_at(at, zones[0]) - offset_at(at, zones[1]) for at in (before.starts_at, lesson.starts_at)]
    why = "moved" if apart[0] == apart[1] else "clock"
    jumps = [why if _hour(before, zone) != _hour(lesson, zone) else "" for zone in zones]
    # On both walls at once it is no clock's doing.
    return ("moved", "moved") if all(jumps) else (jumps[0], jumps[1])


def _hour(lesson: Lesson, zone: str) -> object:
    return wall_time(lesson.starts_at, zone).time
