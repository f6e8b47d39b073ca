"""One private calendar address per adult: all their lessons for any calendar program; a new address ends the old."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, String, Table, delete, insert, select

from scheduler import write_calendar
from server.clock import Clock
from server.errors import ErrorCode, NotFound
from server.ids import AccountId, SchoolId
from server.lessons.calendar_entry import calendar_entry
from server.lessons.directory import Directory
from server.lessons.lesson import Lesson
from server.lessons.ports import LessonRepository
from server.people import Account, School, hash_of, new_token
from server.storage import Database, UtcDateTime, metadata

feed_table = Table(
    "calendar_feed",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("made_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFile:
    """`etag`: of the content, quoted as HTTP wants it."""

    content: bytes
    etag: str


class CalendarFeeds:
    """`origin`: for links in the calendar. The address is the right: as hard to guess as a sign-in."""

    def __init__(
        self, database: Database, lessons: LessonRepository, directory: Directory, clock: Clock, *, origin: str
    ) -> None:
        self._database = database
        self._lessons = lessons
        self._directory = directory
        self._clock = clock
        self._origin = origin

    async def make(self, account_id: AccountId) -> str:
        """The secret part of the address, told this once; the earlier address ends."""
        token = new_token()
        values = {"account_id": account_id, "token_hash": hash_of(token), "made_at": self._clock.now()}
        async with self._database.write() as connection:
            await connection.execute(delete(feed_table).where(feed_table.c.account_id == account_id))
            await connection.execute(insert(feed_table), values)
        return token

    async def made_at(self, account_id: AccountId) -> datetime | None:
        """When the present address was made; None when there is none."""
        query = select(feed_table.c.made_at).where(feed_table.c.account_id == account_id)
        async with self._database.read() as connection:
            found: datetime | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def end(self, account_id: AccountId) -> None:
        """Idempotent."""
        async with self._database.write() as connection:
            await connection.execute(delete(feed_table).where(feed_table.c.account_id == account_id))

    async def file(self, token: str) -> FeedFile:
        """Raises NotFound for an address that ended, never was, or whose owner was disabled: all alike."""
        query = select(feed_table.c.account_id).where(feed_table.c.token_hash == hash_of(token))
        async with self._database.read() as connection:
            account_id = (await connection.execute(query)).scalar_one_or_none()
        account = (await self._directory.accounts({account_id})).get(account_id) if account_id else None
        if account is None or account.is_disabled:
            raise NotFound(ErrorCode.NOT_FOUND, "no such calendar")
        lessons = await self._lessons.of_account(account.id)
        schools = await self._directory.schools({side.school_id for lesson in lessons for side in lesson.sides})
        # In a thread: a term of lessons takes some milliseconds, and the calendar library reads files when first used.
        content = await asyncio.to_thread(_write, account, lessons, schools, self._origin)
        return FeedFile(content=content, etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _write(account: Account, lessons: list[Lesson], schools: Mapping[SchoolId, School], origin: str) -> bytes:
    entries = [calendar_entry(lesson, account.language, schools, origin) for lesson in lessons]
    return write_calendar(entries, name=_name(account))


def _name(account: Account) -> str:
    return "Tongchuang lessons" if account.language == "en" else "同窗課堂"
