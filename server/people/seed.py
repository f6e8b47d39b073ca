"""Whole values with ids of their own, written in one transaction: for demo data, where ids must stay the same.

Everything else goes through the services, which check and audit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.people.account_repository import insert_account
from server.people.class_group_repository import insert_authorisation, insert_class_group
from server.people.model import Account, ClassGroup, School, SchoolAuthorisation, Student
from server.people.school_repository import find_schools, insert_school
from server.people.student_repository import insert_students
from server.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    schools: tuple[School, ...]
    accounts: tuple[Account, ...]
    class_groups: tuple[ClassGroup, ...]
    students: tuple[Student, ...]
    authorisations: tuple[SchoolAuthorisation, ...] = ()


async def seed_people(database: Database, seed: Seed, now: datetime) -> bool:
    """All or nothing; False when its first school is there already, and then nothing is written."""
    async with database.read() as connection:
        if await find_schools(connection, [seed.schools[0].id]):
            return False
    async with database.write() as connection:
        for school in seed.schools:
            await insert_school(connection, school, now)
        for account in seed.accounts:
            await insert_account(connection, account, now)
        for group in seed.class_groups:
            await insert_class_group(connection, group, now)
        await insert_students(connection, seed.students, now)
        for authorisation in seed.authorisations:
            await insert_authorisation(connection, authorisation)
    return True
