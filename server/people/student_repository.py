"""Pupils of rosters in SQL: a display name and a place in the list, nothing else (C2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Row, String, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import ClassGroupId, StudentId
from server.people.model import Student
from server.people.text import is_storable
from server.storage import UtcDateTime, metadata

student_table = Table(
    "student",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class_group_id", ForeignKey("class_group.id"), nullable=False, index=True),
    Column("display_name", String(80), nullable=False),
    Column("position", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
)


async def insert_students(connection: AsyncConnection, students: Sequence[Student], now: datetime) -> None:
    rows = [
        {
            "id": student.id,
            "class_group_id": student.class_group_id,
            "display_name": student.display_name,
            "position": student.position,
            "created_at": now,
            "removed_at": None,
        }
        for student in students
    ]
    if rows:
        await connection.execute(insert(student_table), rows)


async def students_of(connection: AsyncConnection, group_id: ClassGroupId) -> tuple[Student, ...]:
    """Those who are in the class, in its order."""
    if not is_storable(group_id):
        return ()
    condition = (student_table.c.class_group_id == group_id) & student_table.c.removed_at.is_(None)
    rows = await connection.execute(
        select(student_table).where(condition).order_by(student_table.c.position, student_table.c.id)
    )
    return tuple(_student(row) for row in rows)


async def count_students(connection: AsyncConnection, group_id: ClassGroupId) -> int:
    condition = (student_table.c.class_group_id == group_id) & student_table.c.removed_at.is_(None)
    return int(
        (await connection.execute(select(func.count()).select_from(student_table).where(condition))).scalar_one()
    )


async def last_position(connection: AsyncConnection, group_id: ClassGroupId) -> int:
    query = select(func.max(student_table.c.position)).where(student_table.c.class_group_id == group_id)
    return int((await connection.execute(query)).scalar_one() or 0)


async def find_student(connection: AsyncConnection, student_id: StudentId) -> Student | None:
    """Also one who was removed: past lessons name them."""
    if not is_storable(student_id):
        return None
    row = (await connection.execute(select(student_table).where(student_table.c.id == student_id))).one_or_none()
    return None if row is None else _student(row)


async def update_student(connection: AsyncConnection, student_id: StudentId, **values: object) -> None:
    await connection.execute(update(student_table).where(student_table.c.id == student_id), values)


def _student(row: Row[Any]) -> Student:
    return Student(
        id=row.id,
        class_group_id=row.class_group_id,
        display_name=row.display_name,
        position=row.position,
        removed_at=row.removed_at,
    )
