"""Reports (C18): what somebody saw when they asked for help, kept with what was to be seen, and who is told of it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.classroom import floor
from server.classroom import tables as t
from server.classroom.events import Recorded
from server.classroom.hub import Hub
from server.classroom.model import State
from server.classroom.session import Session
from server.classroom.wire import Json
from server.errors import TongchuangError
from server.ids import LessonId
from server.lessons import LessonFacts, room_of
from server.outbox import Letter, OutboxRepository
from server.people import AuditLog
from server.storage import Database

# contract: enough to see what led to it, little enough to read
SNAPSHOT_MESSAGES = 50

# To who is not in the room and must learn of a report: the coordinators of both schools.
WriteLetters = Callable[[LessonFacts, str], Awaitable[Sequence[Letter]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    id: str
    lesson_id: LessonId
    at: datetime
    reporter: str
    about: str | None
    text: str
    snapshot: Json


class ReportService:
    def __init__(
        self, database: Database, audit: AuditLog, letters: OutboxRepository, write_letters: WriteLetters
    ) -> None:
        self._database, self._audit, self._letters, self._write = database, audit, letters, write_letters

    async def raise_report(self, hub: Hub, session: Session, *, about: str | None, text: str) -> tuple[int | None, str]:
        """Its seq and id. The snapshot, the event, the audit entry and the letters are one transaction."""
        room = session.room(hub)
        report_id = f"r{secrets.token_hex(6)}"
        snapshot = await _snapshot(hub, session)
        letters = await self._write(room.facts, report_id) if room.facts is not None else ()

        async def keep(connection: AsyncConnection, _: State, added: Sequence[Recorded]) -> None:
            row = {
                "id": report_id,
                "lesson_id": session.lesson_id,
                "at": added[0].at,
                "reporter": session.person,
                "about": about,
                "text": text,
                "snapshot": snapshot,
            }
            await connection.execute(insert(t.report), row)
            await self._audit.write(
                "report.raised",
                report_id,
                by=session.person,
                lesson_id=session.lesson_id,
                detail={"about": about},
                connection=connection,
            )
            await self._letters.put(letters, connection)

        written = await hub.run(
            session.lesson_id,
            session.person,
            lambda state: floor.report(state, session.person, report_id=report_id, about=about, text=text),
            also=keep,
        )
        return (written.added[0].seq if written.added else None), report_id

    async def of_lesson(self, lesson_id: LessonId) -> tuple[StoredReport, ...]:
        """For leads and coordinators of the lesson, oldest first."""
        rows = select(t.report).where(t.report.c.lesson_id == lesson_id).order_by(t.report.c.at, t.report.c.id)
        async with self._database.read() as connection:
            return tuple(StoredReport(**row) for row in (await connection.execute(rows)).mappings())


async def _snapshot(hub: Hub, session: Session) -> dict[str, Any]:
    """What the reporter could see, and whose microphone and camera were on."""
    seen = hub.view(session.lesson_id, session.connection) or {}
    chat = sorted(seen.get("chat", ()), key=lambda message: int(message["seq"]))
    try:
        media = await hub.media.people(room_of(session.lesson_id))
    except TongchuangError:
        media = ()
    return {
        "at": seen.get("at"),
        "seq": seen.get("seq"),
        "lobby_note": seen.get("lobby_note"),
        "chat": chat[-SNAPSHOT_MESSAGES:],
        "people": seen.get("people", []),
        "media": [
            {
                "person": person.identity,
                "tracks": [f"{t.source}{' (off)' if t.is_muted else ''}" for t in person.tracks],
            }
            for person in media
        ],
    }
