"""The names around lessons: schools, class groups and adults, each kind asked for once however long the list."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from server.ids import AccountId, ClassGroupId, SchoolId
from server.lessons import Lesson, load_zones
from server.pair import LocalizedText
from server.people import Account, ClassGroup, People, School

# Who is gone stays in the books without a name.
SOMEBODY = LocalizedText("Somebody", "某位老師")
A_CLASS = LocalizedText("A class", "某個班級")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    schools: Mapping[SchoolId, School]
    groups: Mapping[ClassGroupId, ClassGroup]
    accounts: Mapping[AccountId, Account]

    def name_of(self, account_id: AccountId | str | None) -> LocalizedText:
        account = self.accounts.get(AccountId(account_id)) if account_id else None
        return account.name if account else SOMEBODY

    def group_name(self, group_id: ClassGroupId) -> LocalizedText:
        group = self.groups.get(group_id)
        return group.name if group else A_CLASS


async def directory_of(people: People, lessons: Collection[Lesson], more: Collection[AccountId] = ()) -> Directory:
    """`more`: adults who are named elsewhere on the page."""
    sides = [side for lesson in lessons for side in lesson.sides]
    adults = {adult for side in sides for adult in side.adults} | set(more)
    adults |= {who for side in sides for who in (side.confirmed_by, side.attendance_signed_by) if who}
    adults |= {lesson.created_by for lesson in lessons if lesson.created_by}
    schools = await people.schools.find_many({side.school_id for side in sides})
    groups = await people.class_groups.find_many({side.class_group_id for side in sides})
    zones = {side.zone for side in sides}
    await asyncio.to_thread(load_zones, zones)
    return Directory(schools=schools, groups=groups, accounts=await people.accounts.find_many(adults))
