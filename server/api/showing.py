"""Lessons as the API shows them: both walls, names in both languages, nothing of any pupil outside the attendance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.api.wire import (
    AttendanceOut,
    AttendanceRowOut,
    Bilingual,
    IntervalOut,
    LessonOut,
    PersonOut,
    SideOut,
)
from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import Interval, Lesson, LessonSide, Sheet, load_zones, wall_time
from server.pair import LocalizedText
from server.people import Account, ClassGroup, People, School

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Who is gone stays in the books without a name.
_NOBODY: Final = LocalizedText("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    schools: Mapping[SchoolId, School]
    groups: Mapping[ClassGroupId, ClassGroup]
    accounts: Mapping[AccountId, Account]


async def names_of(people: People, lessons: Sequence[Lesson]) -> Names:
    """Each kind is asked for once, however long the list."""
    sides = [side for lesson in lessons for side in lesson.sides]
    await asyncio.to_thread(load_zones, {side.zone for side in sides})
    return Names(
        schools=await people.schools.find_many({side.school_id for side in sides}),
        groups=await people.class_groups.find_many({side.class_group_id for side in sides}),
        accounts=await people.accounts.find_many({adult for side in sides for adult in side.adults}),
    )


def lesson_out(lesson: Lesson, names: Names) -> LessonOut:
    return LessonOut(
        id=lesson.id,
        title=both(lesson.title),
        state=lesson.state.value,
        version=lesson.version,
        anchor=lesson.anchor,
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        lobby_opens_at=lesson.lobby_opens_at,
        minutes=lesson.minutes,
        adults_needed=2 if lesson.adults_needed == 2 else 1,
        started_at=lesson.started_at,
        ended_at=lesson.ended_at,
        closing_note=lesson.closing_note,
        report=lesson.report,
        sides=[_side(lesson, side, names) for side in lesson.sides],
    )


def _side(lesson: Lesson, side: LessonSide, names: Names) -> SideOut:
    school, group = names.schools[side.school_id], names.groups.get(side.class_group_id)
    begins = wall_time(lesson.starts_at, side.zone)
    return SideOut(
        key=side.key,
        side=school.side.value,
        school=both(school.name),
        place=both(school.place),
        class_group_id=side.class_group_id,
        class_group=both(group.name if group else _NOBODY),
        zone=side.zone,
        date=begins.date,
        weekday=_WEEKDAYS[begins.weekday],
        starts_at_local=begins.local.isoformat(timespec="minutes"),
        ends_at_local=wall_time(lesson.ends_at, side.zone).local.isoformat(timespec="minutes"),
        lead=_person(side.lead, names),
        co_teachers=[_person(one, names) for one in side.co_teachers],
        substitute=_person(side.substitute, names) if side.substitute else None,
        confirmed_at=side.confirmed_at,
        attendance_signed_at=side.attendance_signed_at,
        mode=side.mode.value,
    )


def _person(account_id: AccountId, names: Names) -> PersonOut:
    account = names.accounts.get(account_id)
    return PersonOut(id=account_id, name=both(account.name if account else _NOBODY))


def attendance_out(sheet: Sheet, names: Names) -> AttendanceOut:
    rows = [
        AttendanceRowOut(
            person=row.person,
            side=row.side,
            is_adult=row.is_adult,
            name=both(row.name),
            recorded=[_interval(one) for one in row.recorded],
            intervals=[_interval(one) for one in row.intervals],
            seconds=row.seconds,
            correction_reason=row.correction.reason if row.correction else None,
        )
        for row in sheet.rows
    ]
    return AttendanceOut(lesson=lesson_out(sheet.lesson, names), rows=rows)


def _interval(one: Interval) -> IntervalOut:
    return IntervalOut(start=one.start, end=one.end)


def both(text: LocalizedText) -> Bilingual:
    return Bilingual(en=text.en, zh=text.zh)


def problem_of(where: str, code: str, text: LocalizedText, *, line: int | None = None) -> dict[str, object]:
    """One of the `problems` of an error, as `FileProblemOut` has it."""
    told: dict[str, object] = {"where": where, "code": code, "expected": text.en}
    told["text"] = both(text).model_dump(by_alias=True)
    return told if line is None else {**told, "line": line}
