"""How a connection behaves: SQLite in WAL with full durability and real transactions, PostgreSQL as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.database_file import FILE_NAME
from server.errors import ErrorCode, InvalidInput
from server.storage.reading import begin_reading, inline
from server.storage.writing import threaded

# Long enough for another writer's transaction and its fsync on a slow disk; then an error rather than a hung page.
BUSY_TIMEOUT_MS = 15000
# A reader waits for nobody but a file that is being mended after a crash; and it would wait in the loop's own thread.
READING_BUSY_TIMEOUT_MS = 1000
# Execution option that marks a transaction as writing, see `_begin`.
WRITES = "tongchuang_writes"


def database_url_for(data: Path, configured: str = "") -> URL:
    """The configured database, else SQLite in the data folder. Always an async driver."""
    if not configured:
        return URL.create("sqlite+aiosqlite", database=str(data / FILE_NAME))
    try:
        url = make_url(configured)
    except ArgumentError:
        raise InvalidInput(ErrorCode.SETTING_INVALID, "DATABASE_URL: is no database address") from None
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    backend = url.drivername.partition("+")[0]
    if backend not in drivers:
        raise InvalidInput(ErrorCode.SETTING_INVALID, "DATABASE_URL: only sqlite and postgresql are supported")
    return url.set(drivername=drivers[backend])


def create_engine(url: URL) -> AsyncEngine:
    """An engine whose every connection is set up as above."""
    if url.get_backend_name() != "sqlite":
        # pre_ping: a connection that died with a restarted server is replaced, not handed out.
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(threaded(url))
    prepare_sqlite(engine.sync_engine)
    return engine


def create_reading_engine(url: URL, writing: AsyncEngine) -> AsyncEngine:
    """An engine that reads the same database as `writing` and refuses to change it."""
    if url.get_backend_name() != "sqlite":
        return writing.execution_options(postgresql_readonly=True)
    engine = create_async_engine(inline(url))
    event.listen(engine.sync_engine, "connect", _connect)
    event.listen(engine.sync_engine, "connect", _refuse_writes)
    event.listen(engine.sync_engine, "begin", begin_reading)
    return engine


def prepare_sqlite(engine: Engine) -> None:
    """The pragmas of every connection, and transactions that begin when SQLAlchemy says so."""
    event.listen(engine, "connect", _connect)
    event.listen(engine, "begin", _begin)


def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Why None: the driver must not begin transactions by itself, it would leave DDL and reads outside of them.
    handle: Any = connection
    handle.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _refuse_writes(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute(f"PRAGMA busy_timeout={READING_BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """A writer takes the write lock at once: upgrading a read transaction later fails without waiting (SQLITE_BUSY)."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
