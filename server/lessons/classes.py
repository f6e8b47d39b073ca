"""Class groups that may be searched for hours: by name for a list, and with all that is known of the few in question.

A fixed number of queries for both, however many schools there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from scheduler import DatedBusy, Interval, Teacher, TeacherId
from server.availability import ClassTeachers, OutsideStore, Owner, Painted, PaintedHours, PaintState, together
from server.clock import Clock
from server.ids import AccountId, ClassGroupId
from server.lessons.facts import LessonState
from server.lessons.hours import ClassHours, ClassName
from server.lessons.lesson import Lesson
from server.lessons.ports import LessonRepository
from server.lessons.school_file import SchoolFiles
from server.people import Account, ClassGroup, People, School
from server.storage import Database, KeptReads

# The scheduler looks at most sixty weeks ahead; a date before yesterday is asked about by nobody.
_BACK, _AHEAD = timedelta(days=2), timedelta(weeks=61)
# A proposal that the other side has not answered keeps no hour from anybody.
_AGREED = frozenset({LessonState.CONFIRMED, LessonState.CONSENT_CHECKED, LessonState.LOBBY, LessonState.LIVE})


# Class groups that are asked about on one day, and the question for all names.
_MOST_KEPT = 512


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the hours of one class group depend on beside the database."""

    id: ClassGroupId
    lead: AccountId | None
    today: date
    with_agreed: bool
    with_archived: bool


class Classes:
    """Reads only."""

    def __init__(
        self,
        *,
        database: Database,
        people: People,
        files: SchoolFiles,
        painted: PaintedHours,
        teachers: ClassTeachers,
        calendars: OutsideStore,
        lessons: LessonRepository,
        clock: Clock,
    ) -> None:
        self._people = people
        self._files = files
        self._painted = painted
        self._teachers = teachers
        self._calendars = calendars
        self._lessons = lessons
        self._clock = clock
        self._names: KeptReads[None, tuple[ClassName, ...]] = KeptReads(database, 1)
        self._hours: KeptReads[_Asked, ClassHours | None] = KeptReads(database, _MOST_KEPT)

    async def names(self) -> tuple[ClassName, ...]:
        """Of all that are not archived, in the order of schools, then of classes."""
        return await self._names.get(None, self._read_names)

    async def _read_names(self) -> tuple[ClassName, ...]:
        schools = await self._people.schools.list()
        of_school: dict[str, list[ClassGroup]] = {}
        for group in await self._people.class_groups.all():
            of_school.setdefault(group.school_id, []).append(group)
        return tuple(
            ClassName(
                class_group_id=group.id,
                school_id=school.id,
                class_name=group.name,
                school_name=school.name,
                side=school.side,
                zone=school.zone,
                grade=group.grade,
            )
            for school in schools
            for group in of_school.get(school.id, ())
        )

    async def bells(self) -> tuple[ClassHours, ...]:
        """Of all that are not archived, by the files of their schools alone: nothing painted, nobody busy."""
        names = await self.names()
        files = await self._files.texts(list({one.school_id for one in names}))
        return tuple(
            ClassHours(
                class_group_id=one.class_group_id,
                school_id=one.school_id,
                class_name=one.class_name,
                school_name=one.school_name,
                side=one.side,
                zone=one.zone,
                grade=one.grade,
                size=0,
                school_file=files.get(one.school_id, ""),
            )
            for one in names
        )

    async def hours(
        self,
        ids: Collection[ClassGroupId],
        *,
        leads: Mapping[ClassGroupId, AccountId] = MappingProxyType({}),
        with_agreed: bool = True,
        with_archived: bool = False,
    ) -> dict[ClassGroupId, ClassHours]:
        """What `hours_of` needs, of those that exist.

        `with_agreed`: lessons that both sides agreed on keep their hour; False for the lessons that are in the books
        themselves. `leads`: who would lead, whose agreed lessons count beside those of the class and its teachers.
        `with_archived`: for lessons that are in the books already.
        """
        today = self._clock.now().date()

        async def read(missing: Collection[_Asked]) -> dict[_Asked, ClassHours | None]:
            led = {one.id: one.lead for one in missing if one.lead is not None}
            read = await self._read_hours([one.id for one in missing], led, today, with_agreed, with_archived)
            return {one: read.get(one.id) for one in missing}

        asked = [_Asked(one, leads.get(one), today, with_agreed, with_archived) for one in dict.fromkeys(ids)]
        found = await self._hours.get_many(asked, read)
        return {one.id: hours for one, hours in found.items() if hours is not None}

    async def _read_hours(
        self,
        ids: Collection[ClassGroupId],
        leads: Mapping[ClassGroupId, AccountId],
        today: date,
        with_agreed: bool,
        with_archived: bool,
    ) -> dict[ClassGroupId, ClassHours]:
        found = await self._people.class_groups.find_many(ids)
        groups = {one.id: one for one in found.values() if with_archived or one.archived_at is None}
        schools = await self._people.schools.find_many({group.school_id for group in groups.values()})
        files = await self._files.texts(list(schools))
        teachers = await self._teachers.of_class_groups(list(groups))
        accounts = await self._people.accounts.find_many({one for some in teachers.values() for one in some})
        first, last = today - _BACK, today + _AHEAD
        owners = [*map(Owner.class_group, groups), *map(Owner.account, accounts)]
        painted = await self._painted.of_many(owners, first, last)
        elsewhere = await self._calendars.busy_of(list(accounts), _midnight(first), _midnight(last))
        lessons = [
            lesson
            for lesson in (
                await self._lessons.touching(list(groups), {*accounts, *leads.values()}, first, last)
                if with_agreed
                else ()
            )
            if lesson.state in _AGREED
        ]
        return {
            group.id: _hours(
                group,
                schools[group.school_id],
                files.get(group.school_id, ""),
                [accounts[one] for one in teachers.get(group.id, ()) if _counts(accounts.get(one), group)],
                painted,
                elsewhere,
                lessons,
                leads.get(group.id),
            )
            for group in groups.values()
            if group.school_id in schools
        }

    async def bells_of(self, school: School, *, first: Collection[ClassGroupId] = ()) -> ClassHours:
        """The bells of a school, as one of `first`, or else any of its classes, has them. Nothing painted is in it."""
        groups = sorted(await self._people.class_groups.of_school(school.id), key=lambda group: group.id not in first)
        group = groups[0] if groups else None
        return ClassHours(
            class_group_id=group.id if group else ClassGroupId(""),
            school_id=school.id,
            class_name=group.name if group else school.name,
            school_name=school.name,
            side=school.side,
            zone=school.zone,
            grade=group.grade if group else "",
            size=0,
            school_file=(await self._files.texts([school.id])).get(school.id, ""),
        )


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def _counts(account: Account | None, group: ClassGroup) -> bool:
    """Who left the school, or may not sign in any more, keeps no class waiting."""
    return account is not None and not account.is_disabled and account.school_id == group.school_id


def _hours(
    group: ClassGroup,
    school: School,
    file: str,
    teachers: Sequence[Account],
    painted: Mapping[Owner, tuple[Painted, ...]],
    elsewhere: Mapping[AccountId, tuple[Interval, ...]],
    lessons: Sequence[Lesson],
    lead: AccountId | None,
) -> ClassHours:
    its = painted.get(Owner.class_group(group.id), ())
    theirs = {one.id: painted.get(Owner.account(one.id), ()) for one in teachers}
    # A teacher's "cannot" is a busy teacher; what a teacher offers is offered to the class.
    offered = [[one for one in hours if one.state is not PaintState.CANNOT] for hours in theirs.values()]
    of_class = [one for one in lessons if one.side_of_class_group(group.id) is not None]
    adults = {*theirs, lead} if lead is not None else set(theirs)
    of_adults = [one for one in lessons if any(one.side_of_adult(account) for account in adults)]
    return ClassHours(
        class_group_id=group.id,
        school_id=school.id,
        class_name=group.name,
        school_name=school.name,
        side=school.side,
        zone=school.zone,
        grade=group.grade,
        size=0,
        school_file=file,
        painted=together([its, *offered]),
        teachers=tuple(_teacher(account_id, hours) for account_id, hours in theirs.items()),
        busy=_intervals(of_class),
        teachers_busy=(
            *(interval for account in theirs for interval in elsewhere.get(account, ())),
            *_intervals(of_adults),
        ),
        agreed=_intervals({one.id: one for one in (*of_class, *of_adults)}.values()),
    )


def _teacher(account_id: AccountId, hours: Sequence[Painted]) -> Teacher:
    """Without a name: the other school learns that somebody cannot, not who."""
    return Teacher(
        id=TeacherId(account_id),
        name="",
        dated=tuple(
            DatedBusy(on=one.on, start_minute=one.start_minute, end_minute=one.end_minute)
            for one in hours
            if one.state is PaintState.CANNOT
        ),
    )


def _intervals(lessons: Iterable[Lesson]) -> tuple[Interval, ...]:
    return tuple(Interval(one.starts_at, one.ends_at) for one in lessons)
