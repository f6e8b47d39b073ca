"""Attendance in SQL. A word of the media server is taken in one transaction with its id, so that it counts once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row, and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import AccountId, LessonId, PersonId
from server.lessons.attendance import Correction, Interval, LeftBy, Presence
from server.lessons.lesson import ADULT_PREFIX
from server.lessons.ports import Done
from server.lessons.presence_log import Told, changed_by
from server.lessons.tables import correction_table, lesson_table, presence_table, webhook_table
from server.people import AuditLog
from server.storage import Database


class AttendanceRepository(Protocol):
    """Every implementation passes tests/contract/storage/test_attendance.py."""

    async def take(self, lesson_id: LessonId, told: Told | None, *, event_id: str, at: datetime) -> bool:
        """False when that id was taken before, or there is no such lesson. An empty id is never remembered."""
        ...

    async def presences(self, lesson_id: LessonId) -> list[Presence]:
        """By `joined_at`, then sid."""
        ...

    async def with_open_presences(self) -> list[LessonId]:
        """Lessons in which, as far as we know, somebody is."""
        ...

    async def correct(self, lesson_id: LessonId, correction: Correction, done: Done) -> None: ...

    async def corrections(self, lesson_id: LessonId) -> dict[PersonId, Correction]:
        """The newest of each person."""
        ...

    async def adults_present(self, lesson_ids: Collection[LessonId]) -> dict[LessonId, frozenset[PersonId]]:
        """Adults who were in each lesson's room, or of whom a correction says so. Lessons without any are left out."""
        ...

    async def note_seen(self, lesson_id: LessonId, done: Done) -> None:
        """That somebody looked at names and times of pupils (C20)."""
        ...

    async def forget_events(self, before: datetime) -> None:
        """Ids of words that nobody will send again."""
        ...


class SqlAttendanceRepository:
    """Implements `AttendanceRepository` on any engine of `server.storage`."""

    def __init__(self, database: Database, audit: AuditLog | None = None) -> None:
        self._database = database
        self._audit = audit

    async def take(self, lesson_id: LessonId, told: Told | None, *, event_id: str, at: datetime) -> bool:
        async with self._database.write() as connection:
            if not await _lock(connection, lesson_id):
                return False
            if event_id:
                known = select(webhook_table.c.id).where(webhook_table.c.id == event_id)
                if (await connection.execute(known)).one_or_none() is not None:
                    return False
                await connection.execute(insert(webhook_table), {"id": event_id, "at": at})
            if told is not None:
                for presence in changed_by(await _presences(connection, lesson_id), told):
                    await _put(connection, presence)
        return True

    async def presences(self, lesson_id: LessonId) -> list[Presence]:
        async with self._database.read() as connection:
            return await _presences(connection, lesson_id)

    async def with_open_presences(self) -> list[LessonId]:
        asked = select(presence_table.c.lesson_id).where(presence_table.c.left_at.is_(None)).distinct()
        async with self._database.read() as connection:
            return sorted(LessonId(row.lesson_id) for row in (await connection.execute(asked)).all())

    async def correct(self, lesson_id: LessonId, correction: Correction, done: Done) -> None:
        its = and_(correction_table.c.lesson_id == lesson_id, correction_table.c.person == correction.person)
        async with self._database.write() as connection:
            await _lock(connection, lesson_id)
            last = (await connection.execute(select(func.max(correction_table.c.seq)).where(its))).scalar_one()
            values = {
                "lesson_id": lesson_id,
                "person": correction.person,
                "seq": (last or 0) + 1,
                "intervals": [[one.start.isoformat(), one.end.isoformat()] for one in correction.intervals],
                "by": correction.by,
                "at": correction.at,
                "reason": correction.reason,
            }
            await connection.execute(insert(correction_table), values)
            await self._write(lesson_id, correction.person, done, connection)

    async def note_seen(self, lesson_id: LessonId, done: Done) -> None:
        await self._write(lesson_id, lesson_id, done, None)

    async def _write(self, lesson_id: LessonId, subject: str, done: Done, connection: AsyncConnection | None) -> None:
        if self._audit is not None:
            await self._audit.write(
                done.action,
                subject,
                by=done.by,
                school_id=done.school_id,
                lesson_id=lesson_id,
                detail=done.detail,
                connection=connection,
            )

    async def corrections(self, lesson_id: LessonId) -> dict[PersonId, Correction]:
        asked = (
            select(correction_table).where(correction_table.c.lesson_id == lesson_id).order_by(correction_table.c.seq)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(asked)).all()
        return {PersonId(row.person): _correction(row) for row in rows}

    async def adults_present(self, lesson_ids: Collection[LessonId]) -> dict[LessonId, frozenset[PersonId]]:
        ids, adult = list(lesson_ids), f"{ADULT_PREFIX}%"
        told = select(presence_table.c.lesson_id, presence_table.c.person).where(
            presence_table.c.lesson_id.in_(ids), presence_table.c.person.like(adult)
        )
        said = (
            select(correction_table)
            .where(correction_table.c.lesson_id.in_(ids), correction_table.c.person.like(adult))
            .order_by(correction_table.c.seq)
        )
        async with self._database.read() as connection:
            there = {(row.lesson_id, row.person): True for row in (await connection.execute(told)).all()}
            there |= {
                (row.lesson_id, row.person): bool(row.intervals) for row in (await connection.execute(said)).all()
            }
        found: dict[LessonId, set[PersonId]] = {}
        for (lesson_id, person), was_there in there.items():
            if was_there:
                found.setdefault(LessonId(lesson_id), set()).add(PersonId(person))
        return {lesson_id: frozenset(people) for lesson_id, people in found.items()}

    async def forget_events(self, before: datetime) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(webhook_table).where(webhook_table.c.at < before))


async def _lock(connection: AsyncConnection, lesson_id: LessonId) -> bool:
    """One word at a time per lesson, over all processes (SQLite: one writer anyway). False: no such lesson."""
    asked = select(lesson_table.c.id).where(lesson_table.c.id == lesson_id).with_for_update()
    return (await connection.execute(asked)).one_or_none() is not None


async def _presences(connection: AsyncConnection, lesson_id: LessonId) -> list[Presence]:
    asked = (
        select(presence_table)
        .where(presence_table.c.lesson_id == lesson_id)
        .order_by(presence_table.c.joined_at, presence_table.c.sid)
    )
    return [_presence(row) for row in (await connection.execute(asked)).all()]


async def _put(connection: AsyncConnection, presence: Presence) -> None:
    its = and_(presence_table.c.lesson_id == presence.lesson_id, presence_table.c.sid == presence.sid)
    await connection.execute(delete(presence_table).where(its))
    values = {
        "lesson_id": presence.lesson_id,
        "sid": presence.sid,
        "person": presence.person,
        "room_sid": presence.room_sid,
        "joined_at": presence.joined_at,
        "left_at": presence.left_at,
        "left_by": str(presence.left_by) if presence.left_by else None,
        "is_interrupted": presence.is_interrupted,
    }
    await connection.execute(insert(presence_table), values)


def _presence(row: Row[Any]) -> Presence:
    return Presence(
        lesson_id=LessonId(row.lesson_id),
        sid=row.sid,
        person=PersonId(row.person),
        room_sid=row.room_sid,
        joined_at=row.joined_at,
        left_at=row.left_at,
        left_by=LeftBy(row.left_by) if row.left_by else None,
        is_interrupted=row.is_interrupted,
    )


def _correction(row: Row[Any]) -> Correction:
    intervals = [
        Interval(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end)) for start, end in row.intervals
    ]
    return Correction(
        person=PersonId(row.person),
        intervals=tuple(intervals),
        by=AccountId(row.by),
        at=row.at,
        reason=row.reason,
    )
