"""A PostgreSQL database as one file per table, and back: COPY in text format, in one transaction.

Why not pg_dump: it is not on every machine, and refuses a server newer than itself. COPY needs nothing but the
connection that we have, and our migrations know the tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, MetaData, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import ErrorCode, Unavailable
from server.storage.engine import create_engine
from server.storage.migrate import load_migrations, upgrade

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_VERSION_TABLE = "alembic_version"
_SUFFIX = ".copy"
# What triggers of ours call; those of an extension belong to it.
_OWN_FUNCTIONS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def dump_tables(url: URL, folder: Path) -> str:
    """All tables as they were at one moment, one file each; returns the revision. Raises Unavailable."""
    return str(asyncio.run(_guarded(url, _dump, folder)))


def current_revision(url: URL) -> str | None:
    """None where there are no tables yet."""
    found: str | None = asyncio.run(_guarded(url, _revision))
    return found


def load_tables(url: URL, folder: Path, revision: str) -> None:
    """Put in place of whatever the database holds what `dump_tables` wrote, in its newest form. All or nothing."""
    saved = {path.stem: path for path in folder.glob(f"*{_SUFFIX}")}
    asyncio.run(_guarded(url, _load, saved, revision, load_migrations()))


async def _guarded(url: URL, work: Any, *arguments: object) -> Any:
    # Why here: who uses SQLite never loads the driver.
    from asyncpg import InterfaceError, PostgresError

    engine = create_engine(url)
    try:
        async with engine.connect() as connection, connection.begin():
            return await work(connection, *arguments)
    except DBAPIError as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{_place(url)}: {error.orig}") from error
    except (SQLAlchemyError, PostgresError, InterfaceError, OSError) as error:
        raise Unavailable(ErrorCode.DATABASE_UNUSABLE, f"{_place(url)}: {error}") from error
    finally:
        await engine.dispose()


def _place(url: URL) -> str:
    return url.render_as_string(hide_password=True)


async def _revision(connection: AsyncConnection) -> str | None:
    if (await connection.execute(text(f"SELECT to_regclass('{_VERSION_TABLE}')"))).scalar_one() is None:
        return None
    found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return str(found) if found is not None else None


async def _dump(connection: AsyncConnection, folder: Path) -> str:
    # Why repeatable read: every table is seen as it was when the first was.
    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    revision = await _revision(connection)
    driver = await _driver(connection)
    for table in await connection.run_sync(_tables):
        await driver.copy_from_table(table, output=folder / f"{table}{_SUFFIX}", format="text")
    return revision or ""


async def _load(
    connection: AsyncConnection, saved: Mapping[str, Path], revision: str, scripts: ScriptDirectory
) -> None:
    for table in reversed(await connection.run_sync(_tables)):
        await connection.execute(text(f'DROP TABLE "{table}" CASCADE'))
    await connection.execute(text(f"DROP TABLE IF EXISTS {_VERSION_TABLE}"))
    for function in (await connection.execute(text(_OWN_FUNCTIONS))).scalars().all():
        await connection.execute(text(f"DROP FUNCTION {function} CASCADE"))
    await connection.run_sync(upgrade, scripts, revision)
    driver = await _driver(connection)
    for table in await connection.run_sync(_tables):
        if (source := saved.get(table)) is not None:
            # What a migration put into its own new table came back with the dump.
            await connection.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER USER'))
            await connection.execute(text(f'DELETE FROM "{table}"'))  # noqa: S608  # a table of ours
            await connection.execute(text(f'ALTER TABLE "{table}" ENABLE TRIGGER USER'))
            await driver.copy_to_table(table, source=source, format="text")
            await connection.run_sync(_set_sequences, table)
    await connection.run_sync(upgrade, scripts, "head")


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, inside of the same transaction: it alone speaks COPY."""
    return (await connection.get_raw_connection()).driver_connection


def _tables(connection: Connection) -> list[str]:
    """Ours, those that others refer to first."""
    found = MetaData()
    found.reflect(connection)
    return [table.name for table in found.sorted_tables if table.name != _VERSION_TABLE]


def _set_sequences(connection: Connection, table: str) -> None:
    """Counters go on after the highest number that came back."""
    columns = connection.execute(
        text(
            "SELECT column_name, pg_get_serial_sequence(quote_ident(table_name), column_name) FROM"
            " information_schema.columns WHERE table_schema = current_schema() AND table_name = :table"
        ),
        {"table": table},
    )
    for column, sequence in columns.all():
        if sequence is not None:
            highest = f'SELECT COALESCE(max("{column}"), 0) + 1 FROM "{table}"'  # noqa: S608  # names of our own tables
            connection.execute(text(f"SELECT setval('{sequence}', ({highest}), false)"))
