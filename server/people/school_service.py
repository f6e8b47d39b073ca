"""Schools: made by an administrator, kept by their coordinators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import available_timezones

from server.errors import ErrorCode, InvalidInput, NotFound
from server.ids import AccountId, SchoolId, new_school_id
from server.pair import LocalizedText, Side
from server.people.model import LANGUAGES, Language, School
from server.people.parts import Parts
from server.people.school_repository import all_schools, find_schools, insert_school, update_school
from server.people.text import clean_name
from server.storage import KeptReads

# Each page of staff names its own school.
_MOST_KEPT = 256


class SchoolService:
    """Made at start: the names of zones are read from files then, and never while serving."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._found: KeptReads[SchoolId, School | None] = KeptReads(parts.database, _MOST_KEPT)
        self._zones = frozenset(available_timezones())

    async def create(
        self,
        *,
        side: Side,
        name: LocalizedText,
        place: LocalizedText,
        zone: str,
        language: Language,
        by: AccountId | None,
        is_demo: bool = False,
    ) -> School:
        """Raises InvalidInput."""
        self._check(zone, language)
        school = School(
            id=new_school_id(),
            side=side,
            name=clean_name(name),
            place=clean_name(place),
            zone=zone,
            language=language,
            is_demo=is_demo,
        )
        async with self._parts.database.write() as connection:
            await insert_school(connection, school, self._parts.clock.now())
            await self._parts.audit.write(
                "school.created", school.id, by=by, school_id=school.id, connection=connection
            )
        return school

    async def update(
        self,
        school_id: SchoolId,
        *,
        name: LocalizedText,
        place: LocalizedText,
        zone: str,
        language: Language,
        by: AccountId | None,
    ) -> School:
        """Its side never changes. Raises NotFound, InvalidInput."""
        self._check(zone, language)
        async with self._parts.database.write() as connection:
            found = (await find_schools(connection, [school_id])).get(school_id)
            if found is None:
                raise NotFound(ErrorCode.NOT_FOUND, f"school {school_id}")
            school = replace(found, name=clean_name(name), place=clean_name(place), zone=zone, language=language)
            await update_school(connection, school)
            detail = {"zone": zone} if zone != found.zone else {}
            await self._parts.audit.write(
                "school.changed", school.id, by=by, school_id=school.id, detail=detail, connection=connection
            )
        return school

    async def list(self) -> tuple[School, ...]:
        """By side and name; those of the demo only in demo mode."""
        async with self._parts.database.read() as connection:
            schools = await all_schools(connection)
        return tuple(school for school in schools if self._parts.is_demo or not school.is_demo)

    async def find(self, school_id: SchoolId) -> School | None:
        async def read() -> School | None:
            return (await self.find_many([school_id])).get(school_id)

        return await self._found.get(school_id, read)

    async def find_many(self, ids: Iterable[SchoolId]) -> dict[SchoolId, School]:
        async with self._parts.database.read() as connection:
            return await find_schools(connection, ids)

    def _check(self, zone: str, language: str) -> None:
        if zone not in self._zones:
            raise InvalidInput(ErrorCode.ZONE_UNKNOWN, "no IANA zone")
        if language not in LANGUAGES:
            raise InvalidInput(ErrorCode.TEXT_INVALID, "language")
