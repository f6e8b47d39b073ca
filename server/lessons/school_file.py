"""A school's bells, calendar and closures as one file of the scheduler (docs/scheduler.md), kept with its versions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Integer, String, Table, Text, insert, select, update
from sqlalchemy.exc import IntegrityError

from server.clock import Clock
from server.errors import Conflict, ErrorCode
from server.ids import AccountId, SchoolId
from server.storage import Database, UtcDateTime, is_among, metadata

school_file_table = Table(
    "school_file",
    metadata,
    Column("school_id", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_by", String(64)),
    Column("changed_at", UtcDateTime, nullable=False),
)
_t = school_file_table.c
_TEXTS = select(_t.school_id, _t.text).where(is_among(_t.school_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolFile:
    school_id: SchoolId
    text: str
    version: int
    changed_by: AccountId | None
    changed_at: datetime


class SchoolFiles:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, school_id: SchoolId) -> SchoolFile | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(school_file_table).where(_t.school_id == school_id))).one_or_none()
        if row is None:
            return None
        return SchoolFile(
            school_id=SchoolId(row.school_id),
            text=row.text,
            version=row.version,
            changed_by=AccountId(row.changed_by) if row.changed_by else None,
            changed_at=row.changed_at,
        )

    async def texts(self, ids: Collection[SchoolId]) -> dict[SchoolId, str]:
        """Of those schools that have one, in one query."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_TEXTS, {"ids": list(ids)})).all()
        return {SchoolId(row.school_id): row.text for row in rows}

    async def put(self, school_id: SchoolId, text: str, *, version: int, by: AccountId | None) -> None:
        """`version`: the one that was changed, 0 for the first. Raises Conflict when another change came between."""
        values = {"text": text, "version": version + 1, "changed_by": by, "changed_at": self._clock.now()}
        try:
            async with self._database.write() as connection:
                if version == 0:
                    await connection.execute(insert(school_file_table), {"school_id": school_id, **values})
                    return
                unchanged = (_t.school_id == school_id) & (_t.version == version)
                changed = await connection.execute(update(school_file_table).where(unchanged).values(**values))
        except IntegrityError as error:
            raise Conflict(ErrorCode.CONFLICT, f"school file of {school_id}") from error
        if changed.rowcount != 1:
            raise Conflict(ErrorCode.CONFLICT, f"school file of {school_id}")
