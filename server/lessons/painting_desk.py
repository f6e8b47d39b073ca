"""Where hours are painted, an adult's own and a class group's: looked up, held to its dates, stored and written down.

Pages and programs stand before the same desk, so that neither can paint more, or unnoticed, than the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from scheduler import DaySheet, day_sheet, to_local
from server.availability import ClassTeachers, Owner, Painted, PaintedHours, Painting
from server.clock import Clock
from server.errors import Conflict, ErrorCode
from server.ids import AccountId, ClassGroupId
from server.lessons.classes import Classes
from server.lessons.hours import ClassHours, hours_of
from server.lessons.local_time import load_zones
from server.people import ClassGroup, People, School


@dataclass(frozen=True, slots=True, kw_only=True)
class Easel:
    """Whose hours these are, on whose bells. `group` None: an adult's own. `today`: on the school's wall."""

    owner: Owner
    school: School
    group: ClassGroup | None
    known: ClassHours
    today: date

    @property
    def is_open(self) -> bool:
        """An archived class meets nobody any more."""
        return self.group is None or self.group.archived_at is None


class PaintingDesk:
    """Says nothing of rights: who asks has asked for them before."""

    def __init__(
        self, *, people: People, painted: PaintedHours, teachers: ClassTeachers, classes: Classes, clock: Clock
    ) -> None:
        self._people = people
        self._painted = painted
        self._teachers = teachers
        self._classes = classes
        self._clock = clock

    async def own(self, account_id: AccountId, school: School) -> Easel:
        known = await self._classes.bells_of(school, first=await self.taught(account_id))
        return await self._easel(Owner.account(account_id), school, None, known)

    async def of_class(self, group: ClassGroup, school: School) -> Easel:
        known = await self._classes.bells_of(school, first={group.id})
        return await self._easel(Owner.class_group(group.id), school, group, known)

    async def _easel(self, owner: Owner, school: School, group: ClassGroup | None, known: ClassHours) -> Easel:
        await asyncio.to_thread(load_zones, [school.zone])
        today = to_local(self._clock.now(), school.zone).date()
        return Easel(owner=owner, school=school, group=group, known=known, today=today)

    async def find(self, easel: Easel, first: date, last: date) -> Painting:
        """Of the dates from `first` to `last`, both included."""
        return await self._painted.find(easel.owner, first, last)

    async def sheets(self, easel: Easel, dates: Iterable[date]) -> dict[date, DaySheet]:
        """In a thread: templates and calendars are read from files when they are first asked for."""

        def read() -> dict[date, DaySheet]:
            party = hours_of(easel.known).party
            return {on: day_sheet(party, on) for on in dates}

        return await asyncio.to_thread(read)

    async def put(
        self, easel: Easel, hours: Iterable[Painted], dates: Collection[date], *, version: int, by: AccountId
    ) -> None:
        """`hours` are all that is painted on `dates` from now on. Raises Conflict when another change came between, or
        the class is archived."""
        if not easel.is_open:
            raise Conflict(ErrorCode.CONFLICT, "an archived class")
        await self._painted.put(easel.owner, hours, dates, version=version, by=by)
        if easel.group is not None:
            await self._people.audit.write(
                "class_hours.painted",
                easel.group.id,
                by=by,
                school_id=easel.school.id,
                detail={"dates": len(dates), "from": min(dates).isoformat(), "to": max(dates).isoformat()},
            )

    async def taught(self, account_id: AccountId) -> frozenset[ClassGroupId]:
        """The classes for which this adult's own hours count."""
        return await self._teachers.of_account(account_id)

    async def teach(self, account_id: AccountId, school: School, wanted: Collection[str]) -> None:
        """These and no others; what is no class of the school is left out."""
        groups = await self._people.class_groups.of_school(school.id)
        await self._teachers.put(account_id, [one.id for one in groups if one.id in wanted])
