"""Sign-ins and one-time links in SQL, both by the hash of their token. Functions take the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ForeignKey, Row, String, Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.ids import AccountId
from server.people.token import hash_of, new_token
from server.storage import UtcDateTime, equals, metadata

sign_in_table = Table(
    "sign_in",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

link_table = Table(
    "one_time_link",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    # null for the set-up link: there is nobody yet
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)


class LinkKind(StrEnum):
    """Also the first part of the link's path."""

    SET_UP = "set-up"
    INVITATION = "invitation"
    RESET = "reset"


async def insert_sign_in(
    connection: AsyncConnection, account_id: AccountId, now: datetime, expires_at: datetime
) -> str:
    """The new token."""
    token = new_token()
    values = {
        "token_hash": hash_of(token),
        "account_id": account_id,
        "created_at": now,
        "seen_at": now,
        "expires_at": expires_at,
    }
    await connection.execute(insert(sign_in_table), values)
    return token


_SIGN_IN = select(sign_in_table).where(equals(sign_in_table.c.token_hash, "hash"))


async def find_sign_in(connection: AsyncConnection, token: str) -> Row[Any] | None:
    return (await connection.execute(_SIGN_IN, {"hash": hash_of(token)})).one_or_none()


async def touch_sign_in(connection: AsyncConnection, token: str, now: datetime) -> None:
    await connection.execute(
        update(sign_in_table).where(sign_in_table.c.token_hash == hash_of(token)).values(seen_at=now)
    )


async def delete_sign_in(connection: AsyncConnection, token: str) -> None:
    await connection.execute(delete(sign_in_table).where(sign_in_table.c.token_hash == hash_of(token)))


async def delete_sign_ins(connection: AsyncConnection, account_id: AccountId, *, keep: str | None = None) -> None:
    """All of one account, but the one with the token `keep`."""
    condition = sign_in_table.c.account_id == account_id
    if keep is not None:
        condition &= sign_in_table.c.token_hash != hash_of(keep)
    await connection.execute(delete(sign_in_table).where(condition))


async def trim_sign_ins(connection: AsyncConnection, account_id: AccountId, at_most: int) -> None:
    """The newest stay."""
    newest = (
        select(sign_in_table.c.token_hash)
        .where(sign_in_table.c.account_id == account_id)
        .order_by(sign_in_table.c.created_at.desc(), sign_in_table.c.token_hash)
        .limit(at_most)
    )
    condition = (sign_in_table.c.account_id == account_id) & sign_in_table.c.token_hash.not_in(newest)
    await connection.execute(delete(sign_in_table).where(condition))


async def delete_old_sign_ins(connection: AsyncConnection, expired_at: datetime, unseen_since: datetime) -> None:
    condition = (sign_in_table.c.expires_at <= expired_at) | (sign_in_table.c.seen_at <= unseen_since)
    await connection.execute(delete(sign_in_table).where(condition))


async def insert_link(
    connection: AsyncConnection, kind: LinkKind, account_id: AccountId | None, now: datetime, expires_at: datetime
) -> str:
    """The new token. Earlier links of the same kind for the same account end, and so do all that have expired.

    Set-up links stay: what `serve` printed must hold when one of its processes starts again.
    """
    over = link_table.c.expires_at <= now
    if account_id is not None:
        over |= (link_table.c.kind == str(kind)) & (link_table.c.account_id == account_id)
    await connection.execute(delete(link_table).where(over))
    token = new_token()
    values = {
        "token_hash": hash_of(token),
        "kind": str(kind),
        "account_id": account_id,
        "created_at": now,
        "expires_at": expires_at,
    }
    await connection.execute(insert(link_table), values)
    return token


async def find_link(connection: AsyncConnection, kind: LinkKind, token: str, now: datetime) -> Row[Any] | None:
    query = select(link_table).where(
        link_table.c.token_hash == hash_of(token), link_table.c.kind == str(kind), link_table.c.expires_at > now
    )
    return (await connection.execute(query)).one_or_none()


async def take_link(connection: AsyncConnection, kind: LinkKind, token: str, now: datetime) -> Row[Any] | None:
    """As `find_link`, and it is gone: of two who use it at once, one gets it."""
    row = await find_link(connection, kind, token, now)
    if row is None:
        return None
    done = await connection.execute(delete(link_table).where(link_table.c.token_hash == row.token_hash))
    return row if done.rowcount == 1 else None


async def delete_links(connection: AsyncConnection, account_id: AccountId) -> None:
    await connection.execute(delete(link_table).where(link_table.c.account_id == account_id))
