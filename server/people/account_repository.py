"""Accounts of adults and their roles in SQL. Functions take the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Row,
    Select,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import AccountId
from server.pair import LocalizedText
from server.people.model import Account, Role
from server.people.school_repository import school_table
from server.people.text import email_key, is_storable
from server.storage import UtcDateTime, is_among, metadata

account_table = Table(
    "account",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school_id", ForeignKey("school.id"), index=True),
    Column("email", String(254), nullable=False),
    # lower case, so that one address has one account
    Column("email_key", String(254), nullable=False, unique=True),
    Column("name_en", String(200), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("language", String(16), nullable=False),
    # argon2id; null until an invitation is accepted
    Column("password_hash", String(300)),
    Column("verified_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

role_table = Table(
    "account_role",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(32), primary_key=True),
)


# Any number that no other lock of this database has.
ADMINISTRATORS_LOCK = 730_201


@dataclass(frozen=True, slots=True)
class Kept:
    """An account with what never leaves this package."""

    account: Account
    password_hash: str | None = field(repr=False)
    is_of_demo_school: bool = False


async def insert_account(
    connection: AsyncConnection, account: Account, now: datetime, password_hash: str | None = None
) -> None:
    values = {
        "id": account.id,
        "school_id": account.school_id,
        "email": account.email,
        "email_key": email_key(account.email),
        "name_en": account.name.en,
        "name_zh": account.name.zh,
        "language": account.language,
        "password_hash": password_hash,
        "verified_at": account.verified_at,
        "disabled_at": account.disabled_at,
        "created_at": now,
    }
    await connection.execute(insert(account_table), values)
    await put_roles(connection, account.id, account.roles)


async def put_roles(connection: AsyncConnection, account_id: AccountId, roles: Iterable[Role]) -> None:
    await connection.execute(delete(role_table).where(role_table.c.account_id == account_id))
    if rows := [{"account_id": account_id, "role": str(role)} for role in sorted(roles)]:
        await connection.execute(insert(role_table), rows)


async def update_account(connection: AsyncConnection, account_id: AccountId, **values: object) -> None:
    """Columns by name."""
    await connection.execute(update(account_table).where(account_table.c.id == account_id), values)


def _with_school(condition: ColumnElement[bool]) -> Select[Any]:
    joined = account_table.outerjoin(school_table, account_table.c.school_id == school_table.c.id)
    query = select(account_table, school_table.c.is_demo).select_from(joined).where(condition)
    return query.order_by(account_table.c.name_en, account_table.c.id)


_BY_ID = _with_school(is_among(account_table.c.id))
_FOR_UPDATE = _BY_ID.with_for_update(of=account_table)
_ROLES = select(role_table).where(is_among(role_table.c.account_id))


async def find_kept(connection: AsyncConnection, account_id: AccountId, *, lock: bool = False) -> Kept | None:
    """`lock`: its row, until the end of the transaction (SQLite locks as a whole anyway)."""
    if not is_storable(account_id):
        return None
    query = _FOR_UPDATE if lock else _BY_ID
    return next(iter(await _select(connection, query, {"ids": [account_id]})), None)


async def lock_administrators(connection: AsyncConnection) -> None:
    """One at a time: who makes the first administrator, and who may take away the last one."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(ADMINISTRATORS_LOCK)))


async def find_kept_by_email(connection: AsyncConnection, email: str) -> Kept | None:
    return next(iter(await _select(connection, _with_school(account_table.c.email_key == email_key(email)))), None)


async def find_accounts(connection: AsyncConnection, ids: Iterable[AccountId]) -> dict[AccountId, Account]:
    found = await _select(connection, _BY_ID, {"ids": [one for one in ids if is_storable(one)]})
    return {kept.account.id: kept.account for kept in found}


async def accounts_of_school(connection: AsyncConnection, school_id: str) -> tuple[Account, ...]:
    return tuple(
        kept.account for kept in await _select(connection, _with_school(account_table.c.school_id == school_id))
    )


async def accounts_with_role(connection: AsyncConnection, *roles: Role) -> tuple[Account, ...]:
    having = select(role_table.c.account_id).where(role_table.c.role.in_([str(role) for role in roles]))
    return tuple(kept.account for kept in await _select(connection, _with_school(account_table.c.id.in_(having))))


async def accounts_of_demo_schools(connection: AsyncConnection) -> tuple[Account, ...]:
    return tuple(kept.account for kept in await _select(connection, _with_school(school_table.c.is_demo.is_(True))))


async def _select(
    connection: AsyncConnection, query: Select[Any], values: Mapping[str, object] | None = None
) -> list[Kept]:
    """With their roles, by name."""
    rows = (await connection.execute(query, values)).all()
    if not rows:
        return []
    roles: defaultdict[str, set[Role]] = defaultdict(set)
    for row in await connection.execute(_ROLES, {"ids": [row.id for row in rows]}):
        roles[row.account_id].add(Role(row.role))
    return [Kept(_account(row, frozenset(roles[row.id])), row.password_hash, bool(row.is_demo)) for row in rows]


def _account(row: Row[Any], roles: frozenset[Role]) -> Account:
    return Account(
        id=row.id,
        school_id=row.school_id,
        email=row.email,
        name=LocalizedText(row.name_en, row.name_zh),
        language=row.language,
        roles=roles,
        has_password=row.password_hash is not None,
        verified_at=row.verified_at,
        disabled_at=row.disabled_at,
    )
