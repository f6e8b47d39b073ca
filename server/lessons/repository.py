"""Lessons in SQL: two tables, one transaction per change."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from server.errors import Conflict, ErrorCode
from server.lessons.lesson import Lesson, Person
from server.pair import LocalizedText, Side
from server.storage import Database, metadata

lesson_table = Table(
    "lesson",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("room", String(128), nullable=False, unique=True),
    Column("title_en", String(200), nullable=False),
    Column("title_zh", String(200), nullable=False),
    Column("is_always_live", Boolean, nullable=False),
)

person_table = Table(
    "lesson_person",
    metadata,
    Column("lesson_id", ForeignKey("lesson.id", ondelete="CASCADE"), primary_key=True),
    Column("seat", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("side", String(8), CheckConstraint("side IN ('tw', 'us')", name="side"), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("place_en", String(200), nullable=False),
    Column("place_zh", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
)


class SqlLessonRepository:
    """Implements `LessonRepository` on any engine of `server.storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, lesson_id: str) -> Lesson | None:
        return await self._find_where(lesson_table.c.id == lesson_id)

    async def find_by_room(self, room: str) -> Lesson | None:
        return await self._find_where(lesson_table.c.room == room)

    async def _find_where(self, condition: ColumnElement[bool]) -> Lesson | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(lesson_table).where(condition))).one_or_none()
            if row is None:
                return None
            its_people = (
                select(person_table).where(person_table.c.lesson_id == row.id).order_by(person_table.c.position)
            )
            people = (await connection.execute(its_people)).all()
        return Lesson(
            id=row.id,
            room=row.room,
            title=LocalizedText(row.title_en, row.title_zh),
            is_always_live=row.is_always_live,
            people=tuple(_person(person) for person in people),
        )

    async def put(self, lesson: Lesson) -> None:
        values = {
            "id": lesson.id,
            "room": lesson.room,
            "title_en": lesson.title.en,
            "title_zh": lesson.title.zh,
            "is_always_live": lesson.is_always_live,
        }
        try:
            async with self._database.write() as connection:
                # Why delete first: the same statements on every engine, and people that left are gone as well.
                await connection.execute(delete(lesson_table).where(lesson_table.c.id == lesson.id))
                await connection.execute(insert(lesson_table), values)
                if lesson.people:
                    await connection.execute(insert(person_table), _people_values(lesson))
        except IntegrityError as error:
            raise Conflict(ErrorCode.CONFLICT, f"lesson {lesson.id}: {error.orig}") from error

    async def remove(self, lesson_id: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(lesson_table).where(lesson_table.c.id == lesson_id))


def _people_values(lesson: Lesson) -> list[dict[str, object]]:
    return [
        {
            "lesson_id": lesson.id,
            "seat": person.seat,
            "position": position,
            "side": str(person.side),
            "name_en": person.name.en,
            "name_zh": person.name.zh,
            "place_en": person.place.en,
            "place_zh": person.place.zh,
            "zone": person.zone,
        }
        for position, person in enumerate(lesson.people)
    ]


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(
        seat=row.seat,
        side=Side(row.side),
        name=LocalizedText(row.name_en, row.name_zh),
        place=LocalizedText(row.place_en, row.place_zh),
        zone=row.zone,
    )
