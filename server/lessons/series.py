"""Lessons that belong together: a term's worth of one pair, proposed in one go and changed one by one or all."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, insert, select, update

from server.ids import AccountId, LessonId
from server.lessons.facts import SideKey
from server.storage import Database, UtcDateTime, metadata

series_table = Table(
    "lesson_series",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("anchor", String(1), CheckConstraint("anchor IN ('a', 'b')", name="anchor"), nullable=False),
    Column("every_weeks", Integer, nullable=False),
    Column("created_by", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
)

member_table = Table(
    "lesson_of_series",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("series_id", ForeignKey("lesson_series.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("number", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`lessons`: in the order of their numbers, from 1."""

    id: str
    anchor: SideKey
    every_weeks: int
    created_by: AccountId | None
    created_at: datetime
    lessons: tuple[LessonId, ...]


def new_series_id() -> str:
    return f"se_{secrets.token_hex(8)}"


class SeriesRepository:
    """On any engine of `server.storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, series: Series) -> None:
        """After its lessons were stored."""
        async with self._database.write() as connection:
            await connection.execute(
                insert(series_table),
                {
                    "id": series.id,
                    "anchor": series.anchor,
                    "every_weeks": series.every_weeks,
                    "created_by": series.created_by,
                    "created_at": series.created_at,
                },
            )
            if series.lessons:
                await connection.execute(insert(member_table), _members(series))

    async def find(self, series_id: str) -> Series | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(series_table).where(series_table.c.id == series_id))).one_or_none()
            if row is None:
                return None
            members = (
                select(member_table.c.lesson_id)
                .where(member_table.c.series_id == series_id)
                .order_by(member_table.c.number)
            )
            lessons = (await connection.execute(members)).scalars().all()
        return Series(
            id=row.id,
            anchor=row.anchor,
            every_weeks=row.every_weeks,
            created_by=AccountId(row.created_by) if row.created_by else None,
            created_at=row.created_at,
            lessons=tuple(LessonId(one) for one in lessons),
        )

    async def set_anchor(self, series_id: str, anchor: SideKey) -> None:
        """Whose wall time the series keeps from now on."""
        changed = update(series_table).where(series_table.c.id == series_id).values(anchor=anchor)
        async with self._database.write() as connection:
            await connection.execute(changed)

    async def of_lessons(self, lesson_ids: Sequence[LessonId]) -> dict[LessonId, tuple[str, int]]:
        """(series, number) of those that belong to one."""
        query = select(member_table).where(member_table.c.lesson_id.in_(lesson_ids))
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return {LessonId(row.lesson_id): (row.series_id, row.number) for row in rows}


def _members(series: Series) -> list[dict[str, object]]:
    return [
        {"lesson_id": lesson_id, "series_id": series.id, "number": number}
        for number, lesson_id in enumerate(series.lessons, start=1)
    ]
