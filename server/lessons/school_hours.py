"""What a school changes about its hours: closures added and taken away, a whole file checked, and whom it hits.

Pure but for our templates and calendars, which are read from files: call it in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml

from scheduler import Query, SchoolFileError, SeriesError, parse_school, plan_series, to_local
from server.lessons.hours import ClassHours, hours_of, with_class_group
from server.lessons.lesson import Lesson

# A file of ten years with every closure named is some 30 kB.
MAX_FILE_CHARS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """`line`: from 1, of the text that was given."""

    line: int
    where: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """One closure of the file. `part`: morning, afternoon, evening or day; `mode`: closed or distance."""

    first: date
    last: date
    part: str
    mode: str
    reason: str


def check_file(text: str, known: ClassHours) -> tuple[FileProblem, ...]:
    """Empty when the scheduler can use it for this school. The zone is the school's own: no file changes it."""
    if len(text) > MAX_FILE_CHARS:
        return (FileProblem(line=1, where="", expected=f"at most {MAX_FILE_CHARS} characters"),)
    try:
        school = parse_school(with_class_group(text, known).encode("utf-8", "replace"), "school.yaml")
    except SchoolFileError as error:
        return tuple(FileProblem(line=one.line, where=one.where, expected=one.expected) for one in error.problems)
    if school.zone != known.zone:
        return (FileProblem(line=1, where="zone", expected=f"{known.zone}, the zone of the school"),)
    return ()


def closures_of(text: str) -> tuple[Closed, ...]:
    """Of a checked file, in its order."""
    found = _values(text).get("closures") or []
    return tuple(
        Closed(
            first=date.fromisoformat(str(one["first"])),
            last=date.fromisoformat(str(one.get("last", one["first"]))),
            part=str(one.get("part", "day")),
            mode=str(one.get("mode", "closed")),
            reason=str(one.get("reason", "")),
        )
        for one in found
    )


def with_closure(text: str, closed: Closed) -> str:
    values = _values(text)
    entry = {
        "first": closed.first.isoformat(),
        "last": closed.last.isoformat(),
        "part": closed.part,
        "mode": closed.mode,
        "reason": closed.reason,
    }
    return _written(values | {"closures": [*(values.get("closures") or []), entry]})


def without_closure(text: str, index: int) -> str:
    """Unchanged when there is none at that place."""
    values = _values(text)
    closures = list(values.get("closures") or [])
    if not 0 <= index < len(closures):
        return text
    del closures[index]
    return _written(values | {"closures": closures})


def hit_by(text: str, known: ClassHours, lessons: Sequence[Lesson]) -> tuple[Lesson, ...]:
    """Lessons that fit this school's hours now and would not with that text; the others are moved by nobody."""
    before, after = known, replace(known, school_file=text)
    return tuple(lesson for lesson in lessons if fits(before, lesson) and not fits(after, lesson))


def fits(known: ClassHours, lesson: Lesson) -> bool:
    """Whether the class may take part at that time by its own bells, calendar and closures."""
    party = hours_of(known).party
    on = to_local(lesson.starts_at, party.school.zone).date()
    try:
        plan_series(Query(a=party, b=party, from_on=on, weeks=1, minutes=lesson.minutes), lesson.starts_at, 1)
    except (SeriesError, ValueError):
        return False
    return True


def _values(text: str) -> dict[str, Any]:
    # Why the base loader: every scalar stays the text that was written, as the scheduler reads it (10:30, no, on).
    values = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # builds text, lists and mappings only
    return values if isinstance(values, dict) else {}


def _written(values: dict[str, Any]) -> str:
    """One key a line; every JSON value is YAML, and times and dates stay text."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
