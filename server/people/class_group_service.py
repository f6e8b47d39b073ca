"""Class groups, and the school's word that their pupils may take part (C3)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import ErrorCode, InvalidInput, NotFound
from server.ids import AccountId, ClassGroupId, SchoolId, new_class_group_id
from server.pair import LocalizedText
from server.people.class_group_repository import (
    all_class_groups,
    authorisations_of,
    class_groups_of_school,
    find_class_groups,
    insert_authorisation,
    insert_class_group,
    revoke_authorisations,
    update_class_group,
)
from server.people.model import ClassGroup, SchoolAuthorisation
from server.people.parts import Parts
from server.people.school_repository import find_schools
from server.people.text import clean_line, clean_name, is_storable

MAX_GRADE = 40
MAX_VERSION = 40
# A date in Taiwan may be tomorrow's date for the server's clock in UTC.
TOMORROW = timedelta(days=1)
# Nobody signs for pupils who are not at the school yet, or have long left it.
OLDEST = timedelta(days=3 * 366)


class ClassGroupService:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def create(self, school_id: SchoolId, *, name: LocalizedText, grade: str, by: AccountId | None) -> ClassGroup:
        """Raises NotFound (no such school), InvalidInput."""
        group = ClassGroup(
            id=new_class_group_id(),
            school_id=school_id,
            name=clean_name(name),
            grade=clean_line(grade, MAX_GRADE, may_be_empty=True),
        )
        async with self._parts.database.write() as connection:
            if not await find_schools(connection, [school_id]):
                raise NotFound(ErrorCode.NOT_FOUND, f"school {school_id}")
            await insert_class_group(connection, group, self._parts.clock.now())
            await self._audit(connection, "class_group.created", group, by)
        return group

    async def update(
        self, group_id: ClassGroupId, *, name: LocalizedText, grade: str, by: AccountId | None
    ) -> ClassGroup:
        """Raises NotFound, InvalidInput."""
        name, grade = clean_name(name), clean_line(grade, MAX_GRADE, may_be_empty=True)
        async with self._parts.database.write() as connection:
            group = replace(await existing_group(connection, group_id, lock=True), name=name, grade=grade)
            await update_class_group(connection, group)
            await self._audit(connection, "class_group.changed", group, by)
        return group

    async def archive(self, group_id: ClassGroupId, by: AccountId | None) -> ClassGroup:
        """No new lessons; what was stays readable."""
        async with self._parts.database.write() as connection:
            group = replace(await existing_group(connection, group_id, lock=True), archived_at=self._parts.clock.now())
            await update_class_group(connection, group)
            await self._audit(connection, "class_group.archived", group, by)
        return group

    async def bring_back(self, group_id: ClassGroupId, by: AccountId | None) -> ClassGroup:
        """Out of the archive, with its names and its authorisation as they were. Again changes nothing."""
        async with self._parts.database.write() as connection:
            before = await existing_group(connection, group_id, lock=True)
            if before.archived_at is None:
                return before
            group = replace(before, archived_at=None)
            await update_class_group(connection, group)
            await self._audit(connection, "class_group.brought_back", group, by)
        return group

    async def find(self, group_id: ClassGroupId) -> ClassGroup | None:
        return (await self.find_many([group_id])).get(group_id)

    async def find_many(self, ids: Iterable[ClassGroupId]) -> dict[ClassGroupId, ClassGroup]:
        async with self._parts.database.read() as connection:
            return await find_class_groups(connection, ids)

    async def all(self) -> tuple[ClassGroup, ...]:
        """Of every school, without the archived ones, by name: one query."""
        async with self._parts.database.read() as connection:
            return await all_class_groups(connection)

    async def of_school(self, school_id: SchoolId, *, with_archived: bool = False) -> tuple[ClassGroup, ...]:
        """By name."""
        if not is_storable(school_id):
            return ()
        async with self._parts.database.read() as connection:
            return await class_groups_of_school(connection, school_id, with_archived=with_archived)

    async def authorise(
        self, group_id: ClassGroupId, *, given_by: str, given_on: date, text_version: str, by: AccountId
    ) -> SchoolAuthorisation:
        """Record it (C3); an earlier one is no longer the one in force. Raises NotFound, InvalidInput."""
        now = self._parts.clock.now()
        if not now.date() - OLDEST <= given_on <= now.date() + TOMORROW:
            raise InvalidInput(ErrorCode.TEXT_INVALID, "given_on")
        given_by, text_version = clean_line(given_by), clean_line(text_version, MAX_VERSION)
        async with self._parts.database.write() as connection:
            group = await existing_group(connection, group_id, lock=True)
            authorisation = SchoolAuthorisation(
                id=f"au_{secrets.token_hex(12)}",
                class_group_id=group.id,
                school_id=group.school_id,
                given_by=given_by,
                given_on=given_on,
                text_version=text_version,
                recorded_by=by,
                recorded_at=now,
            )
            await revoke_authorisations(connection, group_id, now)
            await insert_authorisation(connection, authorisation)
            detail = {"given_on": given_on.isoformat(), "text_version": text_version}
            await self._audit(connection, "authorisation.recorded", group, by, detail)
        return authorisation

    async def authorisation_of(self, group_id: ClassGroupId) -> SchoolAuthorisation | None:
        """The one in force."""
        return next((one for one in await self.authorisations(group_id) if one.revoked_at is None), None)

    async def authorisations(self, group_id: ClassGroupId) -> tuple[SchoolAuthorisation, ...]:
        """All that there were, the newest first."""
        if not is_storable(group_id):
            return ()
        async with self._parts.database.read() as connection:
            return await authorisations_of(connection, group_id)

    async def revoke(self, group_id: ClassGroupId, by: AccountId | None) -> None:
        """Idempotent. Raises NotFound."""
        async with self._parts.database.write() as connection:
            group = await existing_group(connection, group_id, lock=True)
            if await revoke_authorisations(connection, group_id, self._parts.clock.now()):
                await self._audit(connection, "authorisation.revoked", group, by)

    async def _audit(
        self,
        connection: AsyncConnection,
        action: str,
        group: ClassGroup,
        by: AccountId | None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        await self._parts.audit.write(
            action, group.id, by=by, school_id=group.school_id, detail=detail, connection=connection
        )


async def existing_group(connection: AsyncConnection, group_id: ClassGroupId, *, lock: bool = False) -> ClassGroup:
    """`lock`: who else changes this class group or its roster waits until we are done. Raises NotFound."""
    found = (await find_class_groups(connection, [group_id], lock=lock)).get(group_id)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, f"class group {group_id}")
    return found
