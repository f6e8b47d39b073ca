"""Which teachers a class group's lessons need: what makes a teacher's busy times count in the search for an hour."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Column, Index, String, Table, delete, insert, select

from server.ids import AccountId, ClassGroupId
from server.storage import Database, is_among, metadata

class_teacher_table = Table(
    "class_group_teacher",
    metadata,
    Column("class_group_id", String(64), primary_key=True),
    Column("account_id", String(64), primary_key=True),
    Index("ix_class_group_teacher_account_id", "account_id"),
)
_t = class_teacher_table.c
_OF_CLASS_GROUPS = select(class_teacher_table).where(is_among(_t.class_group_id)).order_by(_t.account_id)


class ClassTeachers:
    """On any engine of `server.storage`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_account(self, account_id: AccountId) -> frozenset[ClassGroupId]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(_t.class_group_id).where(_t.account_id == account_id))
        return frozenset(ClassGroupId(row.class_group_id) for row in rows)

    async def of_class_groups(self, ids: Collection[ClassGroupId]) -> dict[ClassGroupId, tuple[AccountId, ...]]:
        """In one query; class groups without a teacher are left out."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_OF_CLASS_GROUPS, {"ids": list(ids)})).all()
        found: dict[ClassGroupId, list[AccountId]] = {}
        for row in rows:
            found.setdefault(ClassGroupId(row.class_group_id), []).append(AccountId(row.account_id))
        return {group: tuple(accounts) for group, accounts in found.items()}

    async def put(self, account_id: AccountId, ids: Collection[ClassGroupId]) -> None:
        """These and no others."""
        async with self._database.write() as connection:
            await connection.execute(delete(class_teacher_table).where(_t.account_id == account_id))
            if ids:
                await connection.execute(
                    insert(class_teacher_table),
                    [{"class_group_id": one, "account_id": account_id} for one in sorted(set(ids))],
                )
