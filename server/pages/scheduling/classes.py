"""Every class group that may be searched for hours, as the scheduler needs to know it: names only."""

from __future__ import annotations

from server.lessons import ClassHours
from server.people import People


async def list_classes(people: People) -> tuple[ClassHours, ...]:
    """In the order of schools, then of classes."""
    found: list[ClassHours] = []
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
            )
            for group in await people.class_groups.of_school(school.id)
        ]
    return tuple(found)
