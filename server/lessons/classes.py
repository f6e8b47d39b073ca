"""Every class group that may be searched for hours, as the scheduler needs to know it: names only."""

from __future__ import annotations

from collections.abc import Collection

from server.ids import ClassGroupId
from server.lessons.hours import ClassHours
from server.lessons.school_file import SchoolFiles
from server.people import ClassGroup, People, School


async def list_classes(people: People, files: SchoolFiles) -> tuple[ClassHours, ...]:
    """In the order of schools, then of classes."""
    found: list[ClassHours] = []
    texts = await files.texts()
    for school in await people.schools.list():
        groups = await people.class_groups.of_school(school.id)
        found += [_hours(group, school, texts.get(school.id, "")) for group in groups]
    return tuple(found)


async def find_classes(
    people: People, files: SchoolFiles, ids: Collection[ClassGroupId]
) -> dict[ClassGroupId, ClassHours]:
    """Those class groups, archived ones too: their lessons stay in the books."""
    groups = await people.class_groups.find_many(ids)
    schools = await people.schools.find_many({group.school_id for group in groups.values()})
    found = {}
    for group in groups.values():
        school = schools.get(group.school_id)
        if school is not None:
            stored = await files.find(school.id)
            found[group.id] = _hours(group, school, stored.text if stored else "")
    return found


def _hours(group: ClassGroup, school: School, text: str) -> ClassHours:
    return ClassHours(
        class_group_id=group.id,
        school_id=school.id,
        class_name=group.name,
        school_name=school.name,
        side=school.side,
        zone=school.zone,
        grade=group.grade,
        size=0,
        school_file=text,
    )
