"""The log of what was done to people and their data (C20). Only added to: triggers in the database refuse the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Integer, Row, String, Table, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import Clock
from server.ids import LessonId, SchoolId
from server.people.model import AuditEntry
from server.storage import Database, UtcDateTime, metadata

# Who acts when nobody is signed in: a command, demo data, a job.
SYSTEM = "system"
MAX_PAGE = 200
MAX_ID = 80

audit_table = Table(
    "audit_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(MAX_ID), nullable=False, index=True),
    Column("action", String(64), nullable=False),
    Column("subject", String(MAX_ID), nullable=False),
    # no foreign keys: an entry outlives what it is about
    Column("school_id", String(64), index=True),
    Column("lesson_id", String(64), index=True),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Everything that is given must hold. `action_prefix`: `roster.` for all that concerns rosters."""

    school_id: SchoolId | None = None
    lesson_id: LessonId | None = None
    actor: str | None = None
    action_prefix: str = ""
    before_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """The newest first; `next_before_seq`: ask with it for what is older, None at the end."""

    entries: tuple[AuditEntry, ...]
    next_before_seq: int | None


class AuditLog:
    """Writes in the caller's transaction when given one, so that nothing is done without its entry."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def write(
        self,
        action: str,
        subject: str,
        *,
        by: str | None,
        school_id: SchoolId | None = None,
        lesson_id: LessonId | None = None,
        detail: Mapping[str, object] | None = None,
        connection: AsyncConnection | None = None,
    ) -> None:
        """`detail`: ids and counts only; no names of pupils, no secrets."""
        values = {
            "at": self._clock.now(),
            "actor": (by or SYSTEM)[:MAX_ID],
            "action": action,
            "subject": subject[:MAX_ID],
            "school_id": school_id,
            "lesson_id": lesson_id,
            "detail": json.dumps(dict(detail or {}), ensure_ascii=False, sort_keys=True),
        }
        if connection is not None:
            await connection.execute(insert(audit_table), values)
            return
        async with self._database.write() as own:
            await own.execute(insert(audit_table), values)

    async def read(self, wanted: AuditFilter, limit: int = 50) -> AuditPage:
        limit = max(1, min(limit, MAX_PAGE))
        query = select(audit_table).order_by(audit_table.c.seq.desc()).limit(limit + 1)
        for column, value in (
            (audit_table.c.school_id, wanted.school_id),
            (audit_table.c.lesson_id, wanted.lesson_id),
            (audit_table.c.actor, wanted.actor),
        ):
            if value is not None:
                query = query.where(column == value)
        if wanted.action_prefix:
            query = query.where(audit_table.c.action.startswith(wanted.action_prefix, autoescape=True))
        if wanted.before_seq is not None:
            query = query.where(audit_table.c.seq < wanted.before_seq)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        entries = tuple(_entry(row) for row in rows[:limit])
        return AuditPage(entries=entries, next_before_seq=entries[-1].seq if len(rows) > limit else None)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        school_id=row.school_id,
        lesson_id=row.lesson_id,
        detail=json.loads(row.detail),
    )
