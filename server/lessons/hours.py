"""A class group of ours as the scheduler knows one: its own school file if there is one, else its region's template.

A new school starts from something true (scheduler/data/templates); its hours are marked as unconfirmed until its own
bells and calendar are entered.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from scheduler import ClassGroupId as PartyId
from scheduler import (
    Interval,
    PaintedHour,
    Party,
    School,
    Teacher,
    UnknownClassGroup,
    demo_values,
    find_party,
    parse_school,
)
from server.ids import ClassGroupId, SchoolId
from server.lessons.school_values import written
from server.pair import LocalizedText, Side

# What a class is taught by the clock of: template and calendar by zone. The zones are those of the MOE office's region
# and of the other demo states; a school elsewhere gets the one nearest in its school day.
_UNITED_STATES = {
    "Pacific/Guam": ("us-gu-high", "us-guam"),
    "Pacific/Honolulu": ("us-hi-middle", "us-hawaii"),
    "America/Los_Angeles": ("us-ca-elementary", "us-california"),
    "America/Phoenix": ("us-az-elementary", "us-arizona"),
    "America/Denver": ("us-nm-high", "us-new-mexico"),
    "America/Chicago": ("us-il-middle", "us-illinois"),
    "America/New_York": ("us-ny-middle", "us-new-york"),
}
_ELSEWHERE = ("us-ca-elementary", "us-california")
_CALIFORNIA_HIGH = ("us-ca-high", "us-california")
_FIRST_GRADE_OF_HIGH_SCHOOL = 9
# Upper grades of Taiwan's elementary and junior high schools.
_LAST_ELEMENTARY, _LAST_JUNIOR = 6, 9
# The country of a school file, by side.
_COUNTRY = {Side.TAIWAN: "TW", Side.UNITED_STATES: "US"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassName:
    """A class group as a list of choices names it; when it can meet another, only its `ClassHours` say."""

    class_group_id: ClassGroupId
    school_id: SchoolId
    class_name: LocalizedText
    school_name: LocalizedText
    side: Side
    zone: str
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassHours(ClassName):
    """What is known of a class group's day. `grade`: as its school writes it, "5" or "Grade 10"."""

    size: int
    # the school's own file (docs/scheduler.md, without class groups); "" when it has none yet
    school_file: str = ""
    # what the class and its teachers painted on real dates
    painted: tuple[PaintedHour, ...] = ()
    # those that its lessons need, with the hours of real dates at which they cannot; without names
    teachers: tuple[Teacher, ...] = ()
    # lessons that were agreed on, and what the teachers' own calendars tell
    busy: tuple[Interval, ...] = ()
    teachers_busy: tuple[Interval, ...] = ()
    # those of both that are lessons which were agreed on
    agreed: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHours:
    """`is_guessed`: from a template; say so wherever hours are shown."""

    party: Party
    is_guessed: bool


@lru_cache(maxsize=512)  # a file takes tens of milliseconds to read, and the same values come with every question
def hours_of(known: ClassHours) -> KnownHours:
    """The school's own file, else a demo school's by the class group's id, else the template of its level and zone.

    Reads our templates and calendars: call it in a thread. Raises SchoolFileError for a file that was never checked.
    """
    if known.school_file:
        return KnownHours(party=_with_people(party_of_file(known), known), is_guessed=False)
    try:
        return KnownHours(party=_with_people(find_party(known.class_group_id), known), is_guessed=False)
    except UnknownClassGroup:
        return KnownHours(party=_with_people(_from_template(known), known), is_guessed=True)


def _with_people(party: Party, known: ClassHours) -> Party:
    """The bells, and what people said beside them."""
    group = replace(
        party.group,
        painted=(*party.group.painted, *known.painted),
        teachers=(*party.group.teachers, *known.teachers),
    )
    return replace(party, group=group, busy=known.busy, teachers_busy=known.teachers_busy)


def template_of(side: Side, zone: str, grade: str) -> tuple[str, str]:
    """(template, calendar) of a class's level and zone."""
    digits = re.search(r"\d{1,2}", grade)
    number = int(digits.group()) if digits else 0
    if side is Side.TAIWAN:
        level = (
            "elementary" if number <= _LAST_ELEMENTARY else "junior-high" if number <= _LAST_JUNIOR else "senior-high"
        )
        return f"tw-{level}", "tw-public"
    if zone == "America/Los_Angeles" and number >= _FIRST_GRADE_OF_HIGH_SCHOOL:
        return _CALIFORNIA_HIGH
    return _UNITED_STATES.get(zone, _ELSEWHERE)


def party_of_file(known: ClassHours) -> Party:
    """The class group on the bells and calendar of its school's file."""
    return _party(_parsed(with_class_group(known.school_file, known), "school.yaml"), known)


@lru_cache(maxsize=512)  # both sides of some hundred pairs; a file is some kilobytes
def _parsed(text: str, name: str) -> School:
    """Why kept: reading YAML takes ten times as long as searching a term."""
    return parse_school(text.encode(), name)


def _party(school: School, known: ClassHours) -> Party:
    """With our own id of the class group, which is no id of a file."""
    return Party(school, replace(school.class_groups[0], id=PartyId(known.class_group_id)))


def with_class_group(text: str, known: ClassHours) -> str:
    """The stored file has none: classes live in the rosters, so they are put beside it for the scheduler."""
    return f"{text.rstrip()}\nclass_groups:\n  - {json.dumps(_class_group(known), ensure_ascii=False)}\n"


def _class_group(known: ClassHours) -> dict[str, object]:
    return {
        "id": "own-class",
        "name": {"en": known.class_name.en, "zh-Hant-TW": known.class_name.zh},
        "size": max(known.size, 1),
    }


def starting_file(known: ClassHours) -> str:
    """What a school begins with: a demo school's own, else the template and calendar of its kind; no closures."""
    own = demo_values(known.school_id)
    if own is not None:
        return written({**own, "closures": own.get("closures") or []})
    template, calendar = template_of(known.side, known.zone, known.grade)
    file = {
        "school": "own",
        "name": {"en": known.school_name.en, "zh-Hant-TW": known.school_name.zh},
        "country": _COUNTRY[known.side],
        "region": known.zone,
        "zone": known.zone,
        "template": template,
        "calendar": calendar,
        "closures": [],
    }
    return written(file)


def _from_template(known: ClassHours) -> Party:
    template, calendar = template_of(known.side, known.zone, known.grade)
    # Why JSON: every JSON text is YAML, so names with quotes, colons or line breaks stay one value.
    file = {
        "school": "own",
        "name": {"en": known.school_name.en, "zh-Hant-TW": known.school_name.zh},
        "country": _COUNTRY[known.side],
        "region": known.zone,
        "zone": known.zone,
        "template": template,
        "calendar": calendar,
        "class_groups": [_class_group(known)],
    }
    return _party(_parsed(json.dumps(file, ensure_ascii=False), f"{template}.yaml"), known)
