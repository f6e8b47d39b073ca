"""Every class group that may be searched for hours, as the scheduler needs to know it: names only."""

from __future__ import annotations

from server.lessons.hours import ClassHours
from server.lessons.school_file import SchoolFiles
from server.people import People


async def list_classes(people: People, files: SchoolFiles) -> tuple[ClassHours, ...]:
    """In the order of schools, then of classes."""
    found: list[ClassHours] = []
    texts = await files.texts()
    for school in await people.schools.list():
        found += [
            ClassHours(
                class_group_id=group.id,
                school_id=school.id,
                class_name=group.name,
                school_name=school.name,
                side=school.side,
                zone=school.zone,
                grade=group.grade,
                size=0,
                school_file=texts.get(school.id, ""),
            )
            for group in await people.class_groups.of_school(school.id)
        ]
    return tuple(found)
