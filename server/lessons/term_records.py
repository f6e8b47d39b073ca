"""What people wrote on a term sheet: a step for a week without a lesson, and whose clock stays at a clock change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, String, Table, Text, delete, insert, select

from server.ids import AccountId
from server.lessons.facts import SideKey
from server.storage import Database, UtcDateTime, metadata

note_table = Table(
    "term_note",
    metadata,
    Column("series_id", ForeignKey("lesson_series.id", ondelete="CASCADE"), primary_key=True),
    Column("monday", Date, primary_key=True),
    Column("text", Text, nullable=False),
    Column("by", String(64)),
    Column("at", UtcDateTime, nullable=False),
)

choice_table = Table(
    "clock_choice",
    metadata,
    Column("series_id", ForeignKey("lesson_series.id", ondelete="CASCADE"), primary_key=True),
    Column("changes_at", UtcDateTime, primary_key=True),
    Column("side", String(1), CheckConstraint("side IN ('a', 'b')", name="side"), nullable=False),
    Column("by", String(64)),
    Column("at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermNote:
    """`monday`: of the week, on the anchor side's wall."""

    monday: date
    text: str
    by: AccountId | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChoice:
    """`side`: whose wall time stays when a clock moves at `changes_at`."""

    changes_at: datetime
    side: SideKey
    by: AccountId | None
    at: datetime


class TermRecords:
    """On any engine of `server.storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def notes(self, series_id: str) -> dict[date, TermNote]:
        asked = select(note_table).where(note_table.c.series_id == series_id).order_by(note_table.c.monday)
        async with self._database.read() as connection:
            rows = (await connection.execute(asked)).all()
        return {row.monday: TermNote(monday=row.monday, text=row.text, by=_by(row.by), at=row.at) for row in rows}

    async def put_note(self, series_id: str, note: TermNote) -> None:
        """In place of an older one; an empty text takes it away."""
        one = (note_table.c.series_id == series_id) & (note_table.c.monday == note.monday)
        values = {"series_id": series_id, "monday": note.monday, "text": note.text, "by": note.by, "at": note.at}
        async with self._database.write() as connection:
            await connection.execute(delete(note_table).where(one))
            if note.text:
                await connection.execute(insert(note_table), values)

    async def choices(self, series_ids: Collection[str]) -> dict[tuple[str, datetime], ClockChoice]:
        asked = select(choice_table).where(choice_table.c.series_id.in_(list(series_ids)))
        async with self._database.read() as connection:
            rows = (await connection.execute(asked)).all()
        return {
            (row.series_id, row.changes_at): ClockChoice(
                changes_at=row.changes_at, side=row.side, by=_by(row.by), at=row.at
            )
            for row in rows
        }

    async def put_choice(self, series_id: str, choice: ClockChoice) -> None:
        """In place of an older one for the same clock change."""
        one = (choice_table.c.series_id == series_id) & (choice_table.c.changes_at == choice.changes_at)
        values = {
            "series_id": series_id,
            "changes_at": choice.changes_at,
            "side": choice.side,
            "by": choice.by,
            "at": choice.at,
        }
        async with self._database.write() as connection:
            await connection.execute(delete(choice_table).where(one))
            await connection.execute(insert(choice_table), values)


def _by(value: str | None) -> AccountId | None:
    return AccountId(value) if value else None
