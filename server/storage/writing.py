"""Writes of an SQLite file, each connection in a thread of its own: they wait for the lock, and for the disk.

Why not SQLAlchemy's dialect as it is: when a task is cancelled in the middle of a statement, it closes the connection
with questions to its thread; cancelled again, it stops the thread and leaves the questions, which nobody answers any
more. Whoever then waits for that task waits for ever, and a loop that ends waits for all of them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

_NAME = "threaded"


class ThreadedSQLite(SQLiteDialect_aiosqlite):
    """aiosqlite, whose connections end without being asked anything."""

    driver = _NAME
    supports_statement_cache = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._ending: set[asyncio.Future[Any]] = set()

    def do_terminate(self, dbapi_connection: Any) -> None:
        """Closed as soon as the statement that runs has ended, whatever becomes of the task that was waiting."""
        ended = dbapi_connection.driver_connection.stop()
        if ended is not None:
            self._ending.add(ended)
            ended.add_done_callback(self._ending.discard)

    async def all_ended(self) -> None:
        """Until no thread of a connection that was given up will say anything to this loop."""
        while self._ending:
            await asyncio.wait(self._ending)


registry.register(f"sqlite.{_NAME}", __name__, ThreadedSQLite.__name__)


def threaded(url: URL) -> URL:
    """The same file, written in threads."""
    return url.set(drivername=f"sqlite+{_NAME}")
