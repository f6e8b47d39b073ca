"""The outbox in SQL. A worker claims a letter for a while, so that two app processes never send the same one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Index, Integer, Row, String, Table, Text, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.outbox.letter import CalendarPart, Letter, StoredLetter
from server.storage import Database, UtcDateTime, metadata

# Longer than a mail server may take for one letter; a worker that died in between is replaced after it.
CLAIM = timedelta(minutes=2)
MAX_ERROR = 200

outbox_table = Table(
    "outbox_letter",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("recipient", String(254), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("not_after", UtcDateTime),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("claimed_until", UtcDateTime),
    Column("sent_at", UtcDateTime),
    Column("given_up_at", UtcDateTime),
    Column("error", String(MAX_ERROR), nullable=False),
    Column("calendar_method", String(16), nullable=False, server_default=""),
    Column("calendar", Text, nullable=False, server_default=""),
    Column("follows", String(200), nullable=False, server_default=""),
    Index("ix_outbox_letter_waiting", "sent_at", "given_up_at", "next_try_at"),
    sqlite_autoincrement=True,
)
_t = outbox_table.c
_is_waiting = _t.sent_at.is_(None) & _t.given_up_at.is_(None)


class OutboxRepository:
    """On any engine of `server.storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, letters: Sequence[Letter], connection: AsyncConnection | None = None) -> None:
        """Keeps those whose key is new. `connection`: join the transaction of what the letters tell about."""
        if not letters:
            return
        values: list[dict[str, object]] = [
            {
                "key": one.key,
                "recipient": one.to,
                "subject": one.subject,
                "text": one.text,
                "due_at": one.due_at,
                "not_after": one.not_after,
                "next_try_at": one.due_at,
                "tries": 0,
                "error": "",
                "calendar_method": one.calendar.method if one.calendar else "",
                "calendar": one.calendar.content if one.calendar else "",
                "follows": one.follows,
            }
            for one in letters
        ]
        if connection is not None:
            await self._insert(connection, values)
            return
        async with self._database.write() as own:
            await self._insert(own, values)

    async def _insert(self, connection: AsyncConnection, values: list[dict[str, object]]) -> None:
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        await connection.execute(dialect.insert(outbox_table).on_conflict_do_nothing(index_elements=["key"]), values)

    async def claim(self, now: datetime, limit: int) -> list[StoredLetter]:
        """Letters that are due, for this worker alone until `CLAIM` has passed; the longest due first."""
        is_due = _is_waiting & (_t.next_try_at <= now) & or_(_t.claimed_until.is_(None), _t.claimed_until <= now)
        query = select(outbox_table).where(is_due).order_by(_t.next_try_at, _t.id).limit(limit)
        async with self._database.write() as connection:
            # SQLite has one writer at a time; elsewhere others step over what we hold.
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            ids = [row.id for row in rows]
            if ids:
                claimed = update(outbox_table).where(_t.id.in_(ids)).values(claimed_until=now + CLAIM)
                await connection.execute(claimed)
        return [_stored(row) for row in rows]

    async def sent(self, letter_id: int, at: datetime) -> None:
        """The text is not kept: who may read the outbox need not read what was said."""
        await self._set(letter_id, sent_at=at, claimed_until=None, text="", calendar="", error="")

    async def failed(self, letter_id: int, error: str, *, next_try_at: datetime | None, at: datetime) -> None:
        if next_try_at is None:
            values: dict[str, object] = {"given_up_at": at, "text": "", "calendar": ""}
        else:
            values = {"next_try_at": next_try_at}
        await self._set(letter_id, tries=_t.tries + 1, claimed_until=None, error=error[:MAX_ERROR], **values)

    async def _set(self, letter_id: int, **values: object) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(outbox_table).where(_t.id == letter_id).values(**values))

    async def page(self, *, before_id: int | None = None, limit: int = 50) -> list[StoredLetter]:
        """The newest first."""
        query = select(outbox_table).order_by(_t.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(_t.id < before_id)
        async with self._database.read() as connection:
            return [_stored(row) for row in (await connection.execute(query)).all()]


def _stored(row: Row[Any]) -> StoredLetter:
    letter = Letter(
        key=row.key,
        to=row.recipient,
        subject=row.subject,
        text=row.text,
        due_at=row.due_at,
        not_after=row.not_after,
        calendar=CalendarPart(method=row.calendar_method, content=row.calendar) if row.calendar else None,
        follows=row.follows,
    )
    return StoredLetter(
        id=row.id,
        letter=letter,
        tries=row.tries,
        sent_at=row.sent_at,
        given_up_at=row.given_up_at,
        error=row.error,
    )
