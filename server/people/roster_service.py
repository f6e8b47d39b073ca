"""Who is in a class: display names only (C1, C2), and every look at them is written down (C20)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from server.errors import Conflict, ErrorCode, InvalidInput, NotFound
from server.ids import AccountId, ClassGroupId, StudentId, new_student_id
from server.people.class_group_service import existing_group
from server.people.model import Student
from server.people.parts import Parts
from server.people.roster import (
    MAX_STUDENTS,
    RosterPreview,
    check_display_name,
    decode_roster,
    parse_roster,
    same_name,
)
from server.people.student_repository import (
    count_students,
    find_student,
    insert_students,
    last_position,
    students_of,
    update_student,
)
from server.people.text import is_storable


class RosterService:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def preview(self, group_id: ClassGroupId, text: str | bytes) -> RosterPreview:
        """What would become of a typed, pasted or uploaded list; nothing is kept. Raises InvalidInput, NotFound."""
        async with self._parts.database.read() as connection:
            await existing_group(connection, group_id)
            names = [student.display_name for student in await students_of(connection, group_id)]
        # Why a thread: the largest list takes tens of milliseconds, and a lesson may be running.
        return await asyncio.to_thread(_preview, text, names)

    async def save(self, group_id: ClassGroupId, preview: RosterPreview, by: AccountId | None) -> tuple[Student, ...]:
        """The good lines, at the end of the class; those that came in meanwhile are left out. Raises Conflict."""
        async with self._parts.database.write() as connection:
            group = await existing_group(connection, group_id, lock=True)
            present = await students_of(connection, group_id)
            taken = {same_name(student.display_name) for student in present}
            names = [name for name in preview.good if same_name(name) not in taken]
            if len(present) + len(names) > MAX_STUDENTS:
                raise Conflict(ErrorCode.ROSTER_FULL, "too many pupils")
            position = await last_position(connection, group_id)
            added = tuple(
                Student(id=new_student_id(), class_group_id=group_id, display_name=name, position=position + index)
                for index, name in enumerate(names, start=1)
            )
            if added:
                await insert_students(connection, added, self._parts.clock.now())
                detail = {"added": [student.id for student in added]}
                await self._parts.audit.write(
                    "roster.added", group_id, by=by, school_id=group.school_id, detail=detail, connection=connection
                )
        return added

    async def students(self, group_id: ClassGroupId, *, by: AccountId | None = None) -> tuple[Student, ...]:
        """In the order of the class. `by`: the person who will see the names; written down (C20)."""
        if not is_storable(group_id):
            return ()
        async with self._parts.database.read() as connection:
            students = await students_of(connection, group_id)
            group = None if by is None else await existing_group(connection, group_id)
        if group is not None:
            detail = {"count": len(students)}
            await self._parts.audit.write("roster.seen", group_id, by=by, school_id=group.school_id, detail=detail)
        return students

    async def count(self, group_id: ClassGroupId) -> int:
        if not is_storable(group_id):
            return 0
        async with self._parts.database.read() as connection:
            return await count_students(connection, group_id)

    async def find_student(self, student_id: StudentId) -> Student | None:
        """Also one who was removed."""
        async with self._parts.database.read() as connection:
            return await find_student(connection, student_id)

    async def rename(self, student_id: StudentId, display_name: str, by: AccountId | None) -> Student:
        """Raises InvalidInput(TEXT_INVALID), Conflict (the name is in the class), NotFound."""
        name, problem = check_display_name(display_name[: 4 * MAX_STUDENTS])
        if problem is not None:
            raise InvalidInput(ErrorCode.TEXT_INVALID, str(problem))
        async with self._parts.database.write() as connection:
            student = await find_student(connection, student_id)
            if student is None or student.removed_at is not None:
                raise NotFound(ErrorCode.NOT_FOUND, f"student {student_id}")
            group = await existing_group(connection, student.class_group_id, lock=True)
            others = [one for one in await students_of(connection, student.class_group_id) if one.id != student_id]
            if same_name(name) in {same_name(one.display_name) for one in others}:
                raise Conflict(ErrorCode.CONFLICT, "this name is in the class")
            await update_student(connection, student_id, display_name=name)
            await self._parts.audit.write(
                "roster.renamed", student_id, by=by, school_id=group.school_id, connection=connection
            )
        return replace(student, display_name=name)

    async def remove(self, student_id: StudentId, by: AccountId | None) -> None:
        """Idempotent; stays readable for the attendance of past lessons. Raises NotFound."""
        async with self._parts.database.write() as connection:
            student = await find_student(connection, student_id)
            if student is None:
                raise NotFound(ErrorCode.NOT_FOUND, f"student {student_id}")
            if student.removed_at is not None:
                return
            await update_student(connection, student_id, removed_at=self._parts.clock.now())
            group = await existing_group(connection, student.class_group_id)
            await self._parts.audit.write(
                "roster.removed", student_id, by=by, school_id=group.school_id, connection=connection
            )


def _preview(text: str | bytes, names: list[str]) -> RosterPreview:
    return parse_roster(decode_roster(text) if isinstance(text, bytes) else text, in_class=names)
