"""What demo data needs beside the services: which of its lessons are there, who was in them, removing old ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select

from server.ids import LessonId, PersonId
from server.lessons.facts import LessonState
from server.lessons.series import Series, SeriesRepository
from server.lessons.tables import lesson_table, presence_table
from server.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPresence:
    """Somebody was in the room from then to then, as the media server would have told."""

    lesson_id: LessonId
    person: PersonId
    joined_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedLesson:
    """`on`: its date on its anchor's wall."""

    state: LessonState
    on: date


async def lessons_with_prefix(database: Database, prefix: str) -> dict[LessonId, SeedLesson]:
    async with database.read() as connection:
        asked = select(lesson_table.c.id, lesson_table.c.state, lesson_table.c.date)
        asked = asked.where(lesson_table.c.id.startswith(prefix, autoescape=True))
        rows = (await connection.execute(asked)).all()
    return {LessonId(row.id): SeedLesson(state=LessonState(row.state), on=row.date) for row in rows}


async def add_series(database: Database, series: Series) -> None:
    """After its lessons; one that is there already stays as it is."""
    repository = SeriesRepository(database)
    if await repository.find(series.id) is None:
        await repository.add(series)


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
