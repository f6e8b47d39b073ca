"""What must hold of the people, classes and time of a lesson before it may be made or changed. Pure.

C19: only verified adults lead. Leads belong to the school of their side, class groups too, and the schools differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from server.errors import ErrorCode, Forbidden, InvalidInput
from server.ids import AccountId, ClassGroupId, LessonId, SchoolId
from server.lessons.booking import AGREED
from server.lessons.facts import SIDE_KEYS, LessonState, SideKey
from server.lessons.lesson import Lesson, LessonSide, Mode
from server.lessons.local_time import require_wall_time, wall_time
from server.lessons.machine import MAX_CO_TEACHERS, require_adults_needed, require_minutes, require_text
from server.pair import LocalizedText
from server.people import SCHOOL_ROLES, Account, ClassGroup, School

MAX_TITLE_CHARS = 120
# A school plans a year ahead, and zones are not known for longer either.
FURTHEST = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Own side first. `date` and `start` are the wall time of the `anchor` side's school."""

    title: LocalizedText
    class_groups: tuple[ClassGroupId, ClassGroupId]
    leads: tuple[AccountId, AccountId]
    co_teachers: tuple[tuple[AccountId, ...], tuple[AccountId, ...]] = ((), ())
    anchor: SideKey = "a"
    date: date
    start: time
    minutes: int
    adults_needed: int = 1
    modes: tuple[Mode, Mode] = (Mode.INDIVIDUAL, Mode.INDIVIDUAL)

    @property
    def adults(self) -> tuple[AccountId, ...]:
        return (*self.leads, *self.co_teachers[0], *self.co_teachers[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Involved:
    """What was found of the ids in a proposal."""

    accounts: Mapping[AccountId, Account]
    class_groups: Mapping[ClassGroupId, ClassGroup]
    schools: Mapping[SchoolId, School]


def build_lesson(
    lesson_id: LessonId, proposal: Proposal, involved: Involved, *, by: AccountId | None, at: datetime
) -> Lesson:
    """The proposed lesson, confirmed by its own side. Raises InvalidInput or Forbidden with what is wrong."""
    groups = [_require_class_group(involved.class_groups.get(group)) for group in proposal.class_groups]
    if groups[0].school_id == groups[1].school_id:
        raise InvalidInput(ErrorCode.LESSON_SIDES, "both class groups are of one school")
    if len(set(proposal.adults)) != len(proposal.adults):
        raise InvalidInput(ErrorCode.LESSON_ADULTS, "an adult is named twice")
    a, b = (_build_side(index, proposal, involved, groups[index]) for index in (0, 1))
    zone = (a, b)[SIDE_KEYS.index(proposal.anchor)].zone
    require_start(proposal.date, proposal.start, zone, require_minutes(proposal.minutes), at)
    return Lesson(
        id=lesson_id,
        title=require_title(proposal.title),
        state=LessonState.PROPOSED,
        version=1,
        sides=(replace(a, confirmed_by=by, confirmed_at=at), b),
        anchor=proposal.anchor,
        date=proposal.date,
        start=proposal.start,
        zone=zone,
        minutes=proposal.minutes,
        adults_needed=require_adults_needed(proposal.adults_needed),
        created_by=by,
        created_at=at,
    )


def _require_class_group(group: ClassGroup | None) -> ClassGroup:
    if group is None or group.archived_at is not None:
        raise InvalidInput(ErrorCode.LESSON_SIDES, "no such class group")
    return group


def _build_side(index: int, proposal: Proposal, involved: Involved, group: ClassGroup) -> LessonSide:
    school = involved.schools.get(group.school_id)
    if school is None:
        raise InvalidInput(ErrorCode.LESSON_SIDES, "no such school")
    if len(proposal.co_teachers[index]) > MAX_CO_TEACHERS:
        raise InvalidInput(ErrorCode.LESSON_ADULTS, f"more than {MAX_CO_TEACHERS} co-teachers")
    for account_id in (proposal.leads[index], *proposal.co_teachers[index]):
        require_leader(involved.accounts.get(account_id), school.id)
    return LessonSide(
        key=SIDE_KEYS[index],
        school_id=school.id,
        class_group_id=group.id,
        zone=school.zone,
        lead=proposal.leads[index],
        co_teachers=proposal.co_teachers[index],
        mode=proposal.modes[index],
    )


def require_leader(account: Account | None, school_id: SchoolId) -> Account:
    """One who may lead for that school: C19."""
    if account is None or account.school_id != school_id:
        raise InvalidInput(ErrorCode.LESSON_SIDES, "leads belong to the school of their side")
    if account.is_disabled or not account.is_verified or not account.roles & SCHOOL_ROLES:
        raise Forbidden(ErrorCode.ADULT_NOT_VERIFIED, account.id)
    return account


def require_title(title: LocalizedText) -> LocalizedText:
    """One language is enough: it then stands for both."""
    either = title.en.strip() or title.zh.strip()
    return LocalizedText(
        require_text(title.en.strip() or either, MAX_TITLE_CHARS),
        require_text(title.zh.strip() or either, MAX_TITLE_CHARS),
    )


def require_start(on: date, start: time, zone: str, minutes: int, now: datetime) -> datetime:
    """UTC. Whole minutes, happening once, not over, not years away."""
    if start.second or start.microsecond or start.tzinfo is not None:
        raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, "a lesson starts on a whole minute")
    starts_at = require_wall_time(on, start, zone)
    if starts_at + timedelta(minutes=minutes) <= now:
        raise InvalidInput(ErrorCode.LESSON_IN_THE_PAST, f"{on} {start}")
    if starts_at > now + FURTHEST:
        raise InvalidInput(ErrorCode.LESSON_TIME_INVALID, f"more than {FURTHEST.days} days ahead")
    return starts_at


def choose_for_class_group(
    lessons: Collection[Lesson], class_group_id: ClassGroupId, around: datetime
) -> Lesson | None:
    """The one a pupil's card leads to: an open room first, else the next one of that local day that both agreed to."""

    def is_open(lesson: Lesson) -> bool:
        return lesson.state in (LessonState.LOBBY, LessonState.LIVE)

    def is_today(lesson: Lesson, side: LessonSide) -> bool:
        return wall_time(lesson.starts_at, side.zone).date == wall_time(around, side.zone).date

    fitting = []
    for lesson in lessons:
        side = lesson.side_of_class_group(class_group_id)
        is_next = side is not None and lesson.state in AGREED and lesson.ends_at > around and is_today(lesson, side)
        if side is not None and (is_open(lesson) or is_next):
            fitting.append(lesson)
    return min(
        fitting,
        key=lambda lesson: (not is_open(lesson), abs(lesson.starts_at - around), lesson.id),
        default=None,
    )
