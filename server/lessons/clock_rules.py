"""A new release of the time-zone database: which future lessons it moves, told to everybody who leads them.

Stored truth is the wall time, so a lesson follows the new rules by itself; but an instant that people were told of
never changes in silence. Its version rises, and with it the SEQUENCE of the event in their calendars.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Column, Integer, String, Table, insert, select, update

from scheduler import MovedLesson, StoredLesson, moved_lessons, tzdata_release
from server.clock import Clock
from server.errors import Conflict
from server.ids import LessonId
from server.lessons import commands as c
from server.lessons.changes import LessonChanges
from server.lessons.facts import LessonState
from server.lessons.lesson import Lesson
from server.lessons.tables import lesson_table
from server.storage import Database, UtcDateTime, metadata

tzdata_table = Table(
    "tzdata_followed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("release", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

_PLANNED = tuple(str(state) for state in (LessonState.PROPOSED, LessonState.CONFIRMED, LessonState.CONSENT_CHECKED))

log = structlog.get_logger("tongchuang.lessons")


class ClockRules:
    """`release`: of the time-zone database that this process reads."""

    def __init__(self, database: Database, changes: LessonChanges, clock: Clock, *, release: str | None = None) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._release = release

    async def followed(self) -> str | None:
        """The release that the lessons were last held against; None before the first time."""
        query = select(tzdata_table.c.release).order_by(tzdata_table.c.id.desc()).limit(1)
        async with self._database.read() as connection:
            found: str | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def moved(self) -> list[MovedLesson]:
        """Future lessons whose stored wall time is another instant by now than the one that was told."""
        return [one for one, _ in await self._moved()]

    async def _moved(self) -> list[tuple[MovedLesson, int]]:
        """With the version that each was found at."""
        t = lesson_table.c
        query = select(t.id, t.date, t.start, t.zone, t.told_at, t.version).where(
            t.state.in_(_PLANNED) & (t.told_at > self._clock.now())
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        stored = [
            StoredLesson(id=row.id, local=datetime.combine(row.date, row.start), zone=row.zone, start_at=row.told_at)
            for row in rows
        ]
        # In a thread: zones are files, and a platform has some ten thousand lessons.
        versions = {row.id: row.version for row in rows}
        moved = await asyncio.to_thread(moved_lessons, stored, self._clock.now())
        return [(one, versions[one.lesson.id]) for one in moved]

    async def follow(self) -> list[MovedLesson]:
        """Once a release: tells the people of every lesson that it moves. Safe in several processes at once."""
        release = self._release or await asyncio.to_thread(tzdata_release)
        before = await self.followed()
        if before == release:
            return []
        await self._fill_in()
        moved = await self._moved()
        for one, version in moved:
            log.warning(
                "clock_rules_move_lesson",
                lesson_id=one.lesson.id,
                before=f"{one.lesson.start_at:%Y-%m-%dT%H:%MZ}",
                after=f"{one.start_at:%Y-%m-%dT%H:%MZ}",
                existence=str(one.existence),
            )
            await self._tell(LessonId(one.lesson.id), version)
        async with self._database.write() as connection:
            await connection.execute(insert(tzdata_table), {"release": release, "at": self._clock.now()})
        log.info("clock_rules_followed", before=before, release=release, moved=len(moved))
        return [one for one, _ in moved]

    async def _tell(self, lesson_id: LessonId, version: int) -> None:
        """`version`: that it was found at, so that of two processes only the first tells."""

        async def plan(_: Lesson) -> c.Command:
            return c.FollowClockRules()

        try:
            await self._changes.change(lesson_id, plan, by=None, version=version)
        except Conflict:
            # Another process has told them, or somebody has just changed it: what is stored now is what was told.
            log.info("clock_rules_told_elsewhere", lesson_id=lesson_id)

    async def _fill_in(self) -> None:
        """Lessons of before this was kept: what they are now is what was told."""
        t = lesson_table.c
        query = select(t.id).where(t.told_at.is_(None) & t.state.in_(_PLANNED))
        async with self._database.read() as connection:
            ids: Sequence[str] = (await connection.execute(query)).scalars().all()
        lessons = [await self._changes.get(LessonId(lesson_id)) for lesson_id in ids]
        async with self._database.write() as connection:
            for lesson in lessons:
                told = update(lesson_table).where((t.id == lesson.id) & t.told_at.is_(None))
                await connection.execute(told.values(told_at=lesson.starts_at))
