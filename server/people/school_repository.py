"""Schools in SQL. Functions take the caller's transaction: a change and its audit entry are written together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Row, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import SchoolId
from server.pair import LocalizedText, Side
from server.people.model import School
from server.people.text import is_storable
from server.storage import UtcDateTime, is_among, metadata

school_table = Table(
    "school",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("side", String(8), CheckConstraint("side IN ('tw', 'us')", name="side"), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("place_en", String(200), nullable=False),
    Column("place_zh", String(200), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("language", String(16), nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)


async def insert_school(connection: AsyncConnection, school: School, now: datetime) -> None:
    await connection.execute(insert(school_table), {"id": school.id, **_values(school), "created_at": now})


async def update_school(connection: AsyncConnection, school: School) -> None:
    await connection.execute(update(school_table).where(school_table.c.id == school.id), _values(school))


_ALL = select(school_table).order_by(school_table.c.side, school_table.c.name_en)
_BY_ID = select(school_table).where(is_among(school_table.c.id))


async def all_schools(connection: AsyncConnection) -> tuple[School, ...]:
    rows = await connection.execute(_ALL)
    return tuple(_school(row) for row in rows)


async def find_schools(connection: AsyncConnection, ids: Iterable[SchoolId]) -> dict[SchoolId, School]:
    rows = await connection.execute(_BY_ID, {"ids": [one for one in ids if is_storable(one)]})
    return {row.id: _school(row) for row in rows}


def _values(school: School) -> dict[str, object]:
    return {
        "side": str(school.side),
        "name_en": school.name.en,
        "name_zh": school.name.zh,
        "place_en": school.place.en,
        "place_zh": school.place.zh,
        "zone": school.zone,
        "language": school.language,
        "is_demo": school.is_demo,
    }


def _school(row: Row[Any]) -> School:
    return School(
        id=row.id,
        side=Side(row.side),
        name=LocalizedText(row.name_en, row.name_zh),
        place=LocalizedText(row.place_en, row.place_zh),
        zone=row.zone,
        language=row.language,
        is_demo=row.is_demo,
    )
