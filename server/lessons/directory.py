"""What lessons need to know of people, and how they get it from `server.people`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from server.ids import AccountId, ClassGroupId, SchoolId, StudentId
from server.people import Account, ClassGroup, People, School, Student


class Directory(Protocol):
    """Who is who. Unknown ids are left out of what comes back."""

    async def accounts(self, ids: Collection[AccountId]) -> Mapping[AccountId, Account]: ...

    async def schools(self, ids: Collection[SchoolId]) -> Mapping[SchoolId, School]: ...

    async def class_groups(self, ids: Collection[ClassGroupId]) -> Mapping[ClassGroupId, ClassGroup]: ...

    async def is_authorised(self, class_group_id: ClassGroupId) -> bool:
        """Whether the school's authorisation of that class group is in force (C3)."""
        ...

    async def students(self, class_group_id: ClassGroupId) -> tuple[Student, ...]:
        """In the order of the roster, without those that were removed."""
        ...

    async def find_student(self, student_id: StudentId) -> Student | None:
        """Also one that was removed."""
        ...


class PeopleDirectory:
    """Implements `Directory` on the services of `server.people`."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def accounts(self, ids: Collection[AccountId]) -> Mapping[AccountId, Account]:
        return await self._people.accounts.find_many(ids)

    async def schools(self, ids: Collection[SchoolId]) -> Mapping[SchoolId, School]:
        return await self._people.schools.find_many(ids)

    async def class_groups(self, ids: Collection[ClassGroupId]) -> Mapping[ClassGroupId, ClassGroup]:
        return await self._people.class_groups.find_many(ids)

    async def is_authorised(self, class_group_id: ClassGroupId) -> bool:
        return await self._people.class_groups.authorisation_of(class_group_id) is not None

    async def students(self, class_group_id: ClassGroupId) -> tuple[Student, ...]:
        return await self._people.rosters.students(class_group_id)

    async def find_student(self, student_id: StudentId) -> Student | None:
        return await self._people.rosters.find_student(student_id)
