"""What a school changes about its hours: closures added and taken away, a whole file checked.

Pure but for our templates and calendars, which are read from files: call it in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scheduler import Expected, SchoolFileError, expected_by_code, parse_school
from server.lessons.hours import ClassHours, with_class_group
from server.lessons.school_values import values_of, with_key
from server.pair import LocalizedText

# A file of ten years with every closure named is some 30 kB.
MAX_FILE_CHARS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """`line`: from 1, of the text that was given. `code`: of what was expected there."""

    line: int
    where: str
    code: str
    expected: LocalizedText


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
        return (_problem(1, "", expected_by_code("file_too_long", most=MAX_FILE_CHARS)),)
    try:
        school = parse_school(with_class_group(text, known).encode("utf-8", "replace"), "school.yaml")
    except SchoolFileError as error:
        return tuple(_problem(one.line, one.where, one.what) for one in error.problems)
    if school.zone != known.zone:
        return (_problem(1, "zone", expected_by_code("zone_of_school", zone=known.zone)),)
    return ()


def _problem(line: int, where: str, what: Expected) -> FileProblem:
    return FileProblem(line=line, where=where, code=what.code, expected=LocalizedText(what.text.en, what.text.zh))


def closures_of(text: str) -> tuple[Closed, ...]:
    """Of a checked file, in its order."""
    found = values_of(text).get("closures") or []
    return tuple(
        Closed(
            first=date.fromisoformat(str(one["first"])),
            last=date.fromisoformat(str(one.get("last") or one["first"])),
            part=str(one.get("part", "day")),
            mode=str(one.get("mode", "closed")),
            reason=str(one.get("reason", "")),
        )
        for one in found
    )


def closure_entry(closed: Closed) -> dict[str, str]:
    return {
        "first": closed.first.isoformat(),
        "last": closed.last.isoformat(),
        "part": closed.part,
        "mode": closed.mode,
        "reason": closed.reason,
    }


def with_closure(text: str, closed: Closed) -> str:
    return with_key(text, "closures", [*(values_of(text).get("closures") or []), closure_entry(closed)])


def without_closure(text: str, index: int) -> str:
    """Unchanged when there is none at that place."""
    closures = list(values_of(text).get("closures") or [])
    if not 0 <= index < len(closures):
        return text
    del closures[index]
    return with_key(text, "closures", closures)
