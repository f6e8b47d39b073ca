"""What demo data needs beside the services: which of its lessons are there, who was in them, removing old ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from server.ids import LessonId, PersonId
from server.lessons.facts import LessonState
from server.lessons.tables import lesson_table, presence_table
from server.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPresence:
    """Somebody was in the room from then to then, as the media server would have told."""

    lesson_id: LessonId
    person: PersonId
    joined_at: datetime
    left_at: datetime


async def lessons_with_prefix(database: Database, prefix: str) -> dict[LessonId, LessonState]:
    async with database.read() as connection:
        asked = select(lesson_table.c.id, lesson_table.c.state)
        asked = asked.where(lesson_table.c.id.startswith(prefix, autoescape=True))
        return {LessonId(row.id): LessonState(row.state) for row in await connection.execute(asked)}


async def remove_lessons(database: Database, lesson_ids: Collection[LessonId]) -> None:
    """With all that belongs to them."""
    async with database.write() as connection:
        await connection.execute(delete(lesson_table).where(lesson_table.c.id.in_(list(lesson_ids))))


async def add_presences(database: Database, presences: Sequence[SeedPresence]) -> None:
    rows = [
        {
            "lesson_id": one.lesson_id,
            "sid": f"PA_demo_{number:04d}",
            "person": one.person,
            "room_sid": f"RM_{one.lesson_id}",
            "joined_at": one.joined_at,
            "left_at": one.left_at,
            "left_by": "told",
            "is_interrupted": False,
        }
        for number, one in enumerate(presences)
    ]
    if rows:
        async with database.write() as connection:
            await connection.execute(insert(presence_table), rows)
