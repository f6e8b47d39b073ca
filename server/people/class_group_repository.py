"""Class groups, and the school's word for each (C3), in SQL. Functions take the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Row, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import ClassGroupId, SchoolId
from server.pair import LocalizedText
from server.people.model import ClassGroup, SchoolAuthorisation
from server.people.text import is_storable
from server.storage import UtcDateTime, is_among, metadata

class_group_table = Table(
    "class_group",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school_id", ForeignKey("school.id"), nullable=False, index=True),
    Column("name_en", String(200), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("grade", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("archived_at", UtcDateTime),
)

authorisation_table = Table(
    "school_authorisation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class_group_id", ForeignKey("class_group.id"), nullable=False, index=True),
    Column("school_id", ForeignKey("school.id"), nullable=False),
    Column("given_by", String(200), nullable=False),
    Column("given_on", Date, nullable=False),
    Column("text_version", String(40), nullable=False),
    Column("recorded_by", ForeignKey("account.id"), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)


_BY_ID = select(class_group_table).where(is_among(class_group_table.c.id))
_FOR_UPDATE = _BY_ID.with_for_update()
_TAUGHT = (
    select(class_group_table)
    .where(class_group_table.c.archived_at.is_(None))
    .order_by(class_group_table.c.name_en, class_group_table.c.id)
)


async def insert_class_group(connection: AsyncConnection, group: ClassGroup, now: datetime) -> None:
    values = {
        "id": group.id,
        "school_id": group.school_id,
        "name_en": group.name.en,
        "name_zh": group.name.zh,
        "grade": group.grade,
        "created_at": now,
        "archived_at": group.archived_at,
    }
    await connection.execute(insert(class_group_table), values)


async def update_class_group(connection: AsyncConnection, group: ClassGroup) -> None:
    values = {
        "name_en": group.name.en,
        "name_zh": group.name.zh,
        "grade": group.grade,
        "archived_at": group.archived_at,
    }
    await connection.execute(update(class_group_table).where(class_group_table.c.id == group.id), values)


async def find_class_groups(
    connection: AsyncConnection, ids: Iterable[ClassGroupId], *, lock: bool = False
) -> dict[ClassGroupId, ClassGroup]:
    """`lock`: their rows, until the end of the transaction (SQLite locks as a whole anyway)."""
    query = _FOR_UPDATE if lock else _BY_ID
    rows = await connection.execute(query, {"ids": [one for one in ids if is_storable(one)]})
    return {row.id: _class_group(row) for row in rows}


async def all_class_groups(connection: AsyncConnection) -> tuple[ClassGroup, ...]:
    rows = await connection.execute(_TAUGHT)
    return tuple(_class_group(row) for row in rows)


async def class_groups_of_school(
    connection: AsyncConnection, school_id: SchoolId, *, with_archived: bool
) -> tuple[ClassGroup, ...]:
    query = select(class_group_table).where(class_group_table.c.school_id == school_id)
    if not with_archived:
        query = query.where(class_group_table.c.archived_at.is_(None))
    rows = await connection.execute(query.order_by(class_group_table.c.name_en, class_group_table.c.id))
    return tuple(_class_group(row) for row in rows)


async def insert_authorisation(connection: AsyncConnection, authorisation: SchoolAuthorisation) -> None:
    values = {
        "id": authorisation.id,
        "class_group_id": authorisation.class_group_id,
        "school_id": authorisation.school_id,
        "given_by": authorisation.given_by,
        "given_on": authorisation.given_on,
        "text_version": authorisation.text_version,
        "recorded_by": authorisation.recorded_by,
        "recorded_at": authorisation.recorded_at,
        "revoked_at": authorisation.revoked_at,
    }
    await connection.execute(insert(authorisation_table), values)


async def revoke_authorisations(connection: AsyncConnection, group_id: ClassGroupId, now: datetime) -> int:
    """How many were in force."""
    condition = (authorisation_table.c.class_group_id == group_id) & authorisation_table.c.revoked_at.is_(None)
    done = await connection.execute(update(authorisation_table).where(condition).values(revoked_at=now))
    return done.rowcount


async def authorisations_of(connection: AsyncConnection, group_id: ClassGroupId) -> tuple[SchoolAuthorisation, ...]:
    """The newest first."""
    query = select(authorisation_table).where(authorisation_table.c.class_group_id == group_id)
    rows = await connection.execute(query.order_by(authorisation_table.c.recorded_at.desc(), authorisation_table.c.id))
    return tuple(_authorisation(row) for row in rows)


def _class_group(row: Row[Any]) -> ClassGroup:
    return ClassGroup(
        id=row.id,
        school_id=row.school_id,
        name=LocalizedText(row.name_en, row.name_zh),
        grade=row.grade,
        archived_at=row.archived_at,
    )


def _authorisation(row: Row[Any]) -> SchoolAuthorisation:
    return SchoolAuthorisation(
        id=row.id,
        class_group_id=row.class_group_id,
        school_id=row.school_id,
        given_by=row.given_by,
        given_on=row.given_on,
        text_version=row.text_version,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        revoked_at=row.revoked_at,
    )
