"""Reads of an SQLite file in the event loop's own thread.

Why not in aiosqlite's: it changes threads five times for a statement, and a page asks some fifteen; that took longer
than much of the page. A read of our sizes comes from the page cache in tens of microseconds, and in WAL mode waits for
no writer. Writing waits (for the lock, and for the disk), so it stays in a thread of its own.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

_NAME = "inline"


class _Cursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """SQLAlchemy's asyncio results ask for it. Rows are fetched from the open cursor, which then closes itself."""


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class InlineSQLite(SQLiteDialect_pysqlite):
    """The standard library's driver for an async engine."""

    driver = _NAME
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """Whoever waits for a connection lets the loop run meanwhile."""
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> tuple[Any, dict[str, Any]]:
        places, options = super().create_connect_args(url)
        # Why: when a process ends, another thread than the loop's may close it.
        return places, {**options, "factory": _Connection, "check_same_thread": False}

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        """Why it awaits: SQLAlchemy refuses a driver that never does. What is awaited is there already."""
        cursor.execute(statement, parameters)
        await_only(_at_once())


async def _at_once() -> None:
    return None


def begin_reading(connection: Connection) -> None:
    """Past SQLAlchemy's own way, which takes as long as the query that follows."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN")


def open_to_look(url: URL) -> sqlite3.Connection:
    """A connection that only `data_version` is asked of. Raises sqlite3.Error."""
    places, options = InlineSQLite().create_connect_args(url)
    connect: Any = sqlite3.connect
    connection: sqlite3.Connection = connect(*places, **{**options, "isolation_level": None})
    connection.execute("PRAGMA query_only=ON")
    return connection


def data_version(connection: sqlite3.Connection) -> int:
    """Of this connection: another number when another one has committed (SQLite, "PRAGMA data_version").

    In the loop for the same reason: it looks into shared memory.
    """
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


registry.register(f"sqlite.{_NAME}", __name__, InlineSQLite.__name__)


def inline(url: URL) -> URL:
    """The same file, read in the loop's thread."""
    return url.set(drivername=f"sqlite+{_NAME}")
